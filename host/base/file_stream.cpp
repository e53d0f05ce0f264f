#include "host/base/file_stream.h"

#include <cerrno>
#include <system_error>

#include "host/base/system_call.h"

namespace binade::host {

FileStream::FileStream(const std::filesystem::path& path)
    : std::istream(nullptr), buffer_(require_to_read(path).descriptor) {
  rdbuf(&buffer_);
}

FileStream::Buffer::int_type FileStream::Buffer::underflow() {
  const auto bytes = uninterrupted([&] { return ::read(file_.number(), block_.data(), block_.size()); });
  // The stream turns this into badbit.
  if (bytes < 0) throw std::system_error(errno, std::generic_category(), "read");
  if (bytes == 0) return traits_type::eof();
  setg(block_.data(), block_.data(), block_.data() + bytes);
  return traits_type::to_int_type(*gptr());
}

}  // namespace binade::host
