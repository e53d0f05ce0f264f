#include "host/storage/read_whole.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "host/storage/atomic_file.h"

namespace binade::host {

std::string read_whole(const std::filesystem::path& path, std::uint64_t limit) {
  // A FIFO must not hold the reader up.
  const int file = uninterrupted([&] { return open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); });
  const auto fail = [&](int error) {
    if (file >= 0) close(file);
    throw std::runtime_error("cannot read " + path.string() + ": " + std::generic_category().message(error));
  };
  struct stat status {};
  if (file < 0 || fstat(file, &status) != 0) fail(errno);
  if (!S_ISREG(status.st_mode)) fail(EISDIR);
  if (static_cast<std::uint64_t>(status.st_size) > limit) fail(EFBIG);
  std::string bytes;
  try {
    bytes.resize(static_cast<std::size_t>(status.st_size));
  } catch (const std::exception&) {  // not for this much: whoever wrote the file must not end the program by that
    fail(ENOMEM);
  }
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto now = uninterrupted([&] { return read(file, bytes.data() + done, bytes.size() - done); });
    if (now < 0) fail(errno);
    if (now == 0) break;  // it was cut off since: what it lacks is found by who knows its size
    done += static_cast<std::size_t>(now);
  }
  close(file);
  bytes.resize(done);
  return bytes;
}

}  // namespace binade::host
