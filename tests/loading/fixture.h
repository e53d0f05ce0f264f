// Plugin files for tests: the compiled fixtures, copies of them with changed bytes, and proof of what ran.
#pragma once

#include <cstddef>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "binade/abi/note.h"
#include "tests/support/temporary_folder.h"

namespace binade::host {

using FileBytes = std::vector<std::byte>;

std::filesystem::path fixture(const std::string& name);  // the .so of tests/fixtures
FileBytes read_bytes(const std::filesystem::path& path);
void write_bytes(const std::filesystem::path& path, const FileBytes& bytes);

// While it lives, the constructor of a fixture that is loaded leaves a file.
class Marker {
 public:
  explicit Marker(const TemporaryFolder& folder);
  ~Marker();
  Marker(const Marker&) = delete;
  Marker& operator=(const Marker&) = delete;
  bool code_has_run() const { return std::filesystem::exists(path_); }

 private:
  std::filesystem::path path_;
};

// The manifest's or the build block's note inside the bytes of a file.
template <class Description>
class NoteInFile {
 public:
  NoteInFile(FileBytes& bytes, std::uint32_t type);
  // The note as it stands there; change it and put it back.
  binade_note_header header{};
  Description description{};
  void put_back();
  std::byte* place() const { return place_; }

 private:
  std::byte* place_;
};

template <class Description>
NoteInFile<Description>::NoteInFile(FileBytes& bytes, std::uint32_t type) : place_(nullptr) {
  for (std::size_t offset = 0; offset + sizeof(header) + sizeof(description) <= bytes.size(); offset += 4) {
    std::memcpy(&header, bytes.data() + offset, sizeof(header));
    if (header.name_size == sizeof(BINADE_NOTE_OWNER) && std::string_view(header.owner, 6) == BINADE_NOTE_OWNER &&
        header.type == type) {
      place_ = bytes.data() + offset;
      std::memcpy(&description, place_ + sizeof(header), sizeof(description));
      return;
    }
  }
  throw std::runtime_error("the fixture carries no such note");
}

template <class Description>
void NoteInFile<Description>::put_back() {
  std::memcpy(place_, &header, sizeof(header));
  std::memcpy(place_ + sizeof(header), &description, sizeof(description));
}

using ManifestNote = NoteInFile<binade_manifest_header>;
using BuildBlockNote = NoteInFile<binade_build_block>;

}  // namespace binade::host
