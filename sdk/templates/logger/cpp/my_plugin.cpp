// Writes the loss of every so many steps to a file.
#include <binade/logger.h>

#include <fstream>

struct MyPlugin {
  explicit MyPlugin(const binade::Options& options) : file(options.path("file")), every(options.integer("every")) {
    if (!file) throw binade::Failure(BINADE_NOT_FOUND, "cannot write " + options.path("file"));
  }
  void step(const binade::Step& event) {
    if (event.step % static_cast<std::uint64_t>(every) == 0) file << event.step << ' ' << event.loss << '\n';
  }
  void flush() { file.flush(); }

  std::ofstream file;
  std::int64_t every;
};

BINADE_LOGGER(MyPlugin)
