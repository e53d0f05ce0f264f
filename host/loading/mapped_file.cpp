#include "host/loading/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "host/loading/refused.h"

namespace binade::host {
namespace {

constexpr off_t largest = off_t{2} << 30;

std::string errno_text() { return std::generic_category().message(errno); }

[[noreturn]] void unreadable(const std::filesystem::path& path, const std::string& why) {
  throw PluginRefused("E0301", fmt::format("`{}` cannot be read: {}", path.string(), why));
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): POSIX's
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) unreadable(path, errno_text());
  struct stat status {};
  const bool known = ::fstat(descriptor, &status) == 0;
  if (known && S_ISREG(status.st_mode) && status.st_size > 0 && status.st_size <= largest) {
    size_ = static_cast<std::size_t>(status.st_size);
    data_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
  }
  const auto reason = errno_text();
  ::close(descriptor);
  if (!known || data_ == MAP_FAILED) unreadable(path, reason);
  if (!S_ISREG(status.st_mode)) unreadable(path, "it is no regular file");
  if (status.st_size > largest) unreadable(path, "it is larger than 2 GiB");
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace binade::host
