// A logger that counts steps.
#include <binade/logger.h>

#include <string>

struct Tally {
  Tally(const binade::Options&, const binade::Host& host) : host(host) {}
  void step(const binade::Step&) { ++steps; }
  void run_end(const binade::RunEnd&) { host.info(std::to_string(steps) + " steps"); }

  binade::Host host;
  int steps = 0;
};

BINADE_LOGGER(Tally)
