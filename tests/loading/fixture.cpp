// Plugin files for tests.
#include "tests/loading/fixture.h"

#include <stdlib.h>

#include <fstream>
#include <iterator>

namespace binade::host {

std::filesystem::path fixture(const std::string& name) {
  return std::filesystem::path(BINADE_FIXTURE_DIR) / (name + ".so");
}

FileBytes read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  FileBytes bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

void write_bytes(const std::filesystem::path& path, const FileBytes& bytes) {
  std::filesystem::remove(path);  // a library that is loaded from there lives on
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

Marker::Marker(const TemporaryFolder& folder) : path_(folder / "marker") {
  ::setenv("BINADE_FIXTURE_MARKER", path_.c_str(), 1);
}

Marker::~Marker() { ::unsetenv("BINADE_FIXTURE_MARKER"); }

}  // namespace binade::host
