#include "host/base/read_file.h"

#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "host/base/regular_file.h"
#include "host/base/system_call.h"

namespace binade::host {

std::string read_file(const std::filesystem::path& path, std::uint64_t limit) {
  const auto file = require_to_read(path);
  const auto fail = [&](int error) {
    throw std::runtime_error("cannot read " + path.string() + ": " + std::generic_category().message(error));
  };
  if (file.size > limit) fail(EFBIG);
  std::string bytes;
  try {
    bytes.resize(static_cast<std::size_t>(file.size));
  } catch (const std::exception&) {  // the file may be huge, which must not end the program
    fail(ENOMEM);
  }
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto now =
        uninterrupted([&] { return ::read(file.descriptor.number(), bytes.data() + done, bytes.size() - done); });
    if (now < 0) fail(errno);
    if (now == 0) break;  // truncated meanwhile; the caller checks the size
    done += static_cast<std::size_t>(now);
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace binade::host
