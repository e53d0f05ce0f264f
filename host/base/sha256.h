// SHA-256 (from OpenSSL) of files and of byte sequences.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

namespace binade::host {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void update(const void* data, std::size_t bytes);
  std::string hex();  // 64 hexadecimal digits; do not use the object afterwards

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Throws std::runtime_error that names the file and the cause if it cannot be read.
std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace binade::host
