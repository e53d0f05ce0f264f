// SHA-256 through OpenSSL's EVP interface.
#include "host/base/sha256.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "host/base/regular_file.h"
#include "host/base/system_call.h"

namespace binade::host {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() = default;
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  if (state_->context == nullptr || EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL does not provide SHA-256; check its configuration (openssl.cnf)");
  }
}

Sha256::~Sha256() = default;

void Sha256::update(const void* data, std::size_t bytes) {
  if (EVP_DigestUpdate(state_->context, data, bytes) != 1) throw std::runtime_error("OpenSSL failed to hash");
}

std::string Sha256::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_DigestFinal_ex(state_->context, digest.data(), &size) != 1)
    throw std::runtime_error("OpenSSL failed to hash");
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += digits[digest[i] >> 4];
    text += digits[digest[i] & 15];
  }
  return text;
}

std::string sha256_of_file(const std::filesystem::path& path) {
  const auto file = require_to_read(path);
  Sha256 hash;
  std::vector<char> buffer(std::size_t{1} << 18);
  ssize_t bytes = 0;
  do {
    bytes = uninterrupted([&] { return ::read(file.descriptor.number(), buffer.data(), buffer.size()); });
    if (bytes > 0) hash.update(buffer.data(), static_cast<std::size_t>(bytes));
  } while (bytes > 0);
  if (bytes < 0) {
    throw std::runtime_error("cannot read " + path.string() + ": " + std::generic_category().message(errno));
  }
  return hash.hex();
}

}  // namespace binade::host
