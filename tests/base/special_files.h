// One special file of each kind.
#pragma once

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace binade::testing {

struct SpecialFile {
  std::filesystem::path path;
  std::string word;  // its name in messages
};

// Creates them in `folder`.
inline std::vector<SpecialFile> special_files(const std::filesystem::path& folder) {
  const auto pipe = folder / "pipe", socket = folder / "socket", directory = folder / "directory";
  if (::mkfifo(pipe.c_str(), 0666) != 0) throw std::runtime_error("mkfifo");
  std::filesystem::create_directory(directory);
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket.c_str(), sizeof(address.sun_path) - 1);
  if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    throw std::runtime_error("bind");
  }
  ::close(descriptor);
  return {{pipe, "it is a named pipe, not a file"},
          {socket, "it is a socket, not a file"},
          {directory, "it is a folder, not a file"},
          {"/dev/zero", "it is a device, not a file"}};
}

}  // namespace binade::testing
