// Reads /proc/self.
#include "host/telemetry/process_usage.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>

namespace binade::host {
namespace {

std::ifstream open(const char* path) {
  std::ifstream file(path);
  file.exceptions(std::ios::badbit | std::ios::failbit);
  return file;
}

double resident_bytes() {
  double total = 0;
  double resident = 0;
  open("/proc/self/statm") >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// Unix time at which the machine started.
double boot_time() {
  auto file = open("/proc/stat");
  for (std::string word; file >> word;) {
    if (word != "btime") continue;
    double seconds = 0;
    file >> seconds;
    return seconds;
  }
  throw std::runtime_error("no btime in /proc/stat");
}

double start_time() {
  std::string text;
  std::getline(open("/proc/self/stat"), text);
  // The second field is the program's name in parentheses, which may contain any characters.
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  constexpr int field = 22 - 2;
  std::string skipped;
  for (int i = 1; i < field; ++i) fields >> skipped;
  double ticks = 0;
  fields >> ticks;
  return boot_time() + ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double open_fds() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<double>(std::distance(begin(files), end(files)) -
                             1);  // minus the descriptor that reads this folder
}

double max_fds() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) throw std::runtime_error("getrlimit failed");
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

std::optional<ProcessUsage> process_usage() noexcept {
  try {
    return ProcessUsage{cpu_seconds(), resident_bytes(), start_time(), open_fds(), max_fds()};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace binade::host
