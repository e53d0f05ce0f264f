#include "host/loading/elf/mapped_file.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>
#include <system_error>

#include "host/base/regular_file.h"
#include "host/loading/refused.h"

namespace binade::host {
namespace {

constexpr std::uint64_t largest = std::uint64_t{2} << 30;

[[noreturn]] void unreadable(const std::filesystem::path& path, const std::string& why) {
  throw PluginRefused("E0301", fmt::format("`{}` cannot be read: {}", path.string(), why));
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) {
  const auto file = open_to_read(path);
  if (!file.descriptor) unreadable(path, file.reason);
  if (file.size > largest) unreadable(path, "it is larger than 2 GiB");
  if (file.size == 0) return;
  size_ = static_cast<std::size_t>(file.size);
  data_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.descriptor.number(), 0);
  if (data_ == MAP_FAILED) unreadable(path, std::generic_category().message(errno));
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace binade::host
