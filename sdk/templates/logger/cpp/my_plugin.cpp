// Writes the loss of every Nth step to a file in the run's folder.
#include <binade/logger.h>
#include <unistd.h>

#include <fstream>

struct MyPlugin {
  explicit MyPlugin(const binade::Options& options) : name(options.string("file")), every(options.integer("every")) {}

  void run_start(const binade::RunStart& event) {
    path = std::string(binade::view(event.directory)) + "/" + name;
    file.open(path, std::ios::app);
    if (!file) throw binade::Failure(BINADE_NOT_FOUND, "cannot write " + path);
  }
  // A process that was killed may have written steps after its checkpoint, and an incomplete line.
  void resumed(const binade::Resumed& event) {
    std::ifstream lines(path);
    lines.exceptions(std::ios::badbit);
    std::size_t kept = 0;
    for (std::string line; std::getline(lines, line) && !lines.eof() && std::stoull(line) <= event.step;) {
      kept += line.size() + 1;
    }
    if (::truncate(path.c_str(), static_cast<off_t>(kept)) != 0)
      throw binade::Failure(BINADE_FAILED, "cannot truncate " + path);
  }
  void step(const binade::Step& event) {
    if (event.step % static_cast<std::uint64_t>(every) == 0) file << event.step << ' ' << event.loss << '\n';
  }
  void flush() { file.flush(); }

  std::string name, path;
  std::ofstream file;
  std::int64_t every;
};

BINADE_LOGGER(MyPlugin)
