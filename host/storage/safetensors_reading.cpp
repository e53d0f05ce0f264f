// Reads what anyone may have written: each number is checked before it is used.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <system_error>

#include "host/storage/atomic_file.h"
#include "host/storage/safetensors.h"
#include "host/storage/safetensors_types.h"

namespace binade::host {
namespace {

using Json = nlohmann::json;

constexpr std::size_t length_bytes = 8;
constexpr std::uint64_t max_header_bytes = 100'000'000;  // the format's own limit
constexpr int max_depth = 4;                             // of the header's objects and arrays

// A name in a message: what anyone wrote may be long, and must not steer a terminal.
std::string shown(std::string name) {
  constexpr std::size_t longest = 128;
  if (name.size() > longest) name.resize(longest);
  std::replace_if(
      name.begin(), name.end(), [](unsigned char letter) { return letter < ' ' || letter == 127; }, '?');
  return "`" + name + "`";
}

[[noreturn]] void refuse(const std::string& what) { throw std::runtime_error("is no safetensors file: " + what); }

Json parse_header(const char* begin, const char* end) {
  if (begin == end || *begin != '{') refuse("its header is no JSON object");
  // JSON's readers differ in which of two equal keys they believe.
  std::array<std::set<std::string>, max_depth + 2> names;  // of the objects that are open, by their depth
  const auto check = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > max_depth) refuse("its header is nested too deep");
    if (event == Json::parse_event_t::object_start) names[static_cast<std::size_t>(depth) + 1].clear();
    if (event == Json::parse_event_t::key &&
        !names[static_cast<std::size_t>(depth)].insert(parsed.get<std::string>()).second) {
      refuse("its header says " + shown(parsed.get<std::string>()) + " twice");
    }
    return true;
  };
  try {
    return Json::parse(begin, end, check);
  } catch (const Json::exception&) {
    refuse("its header is no JSON");
  }
}

const Json& member(const Json& entry, const char* name) {
  const auto found = entry.find(name);
  if (found == entry.end()) refuse(std::string("a tensor has no `") + name + "`");
  return *found;
}

std::uint64_t natural(const Json& number, const char* what) {
  if (!number.is_number_unsigned()) refuse(std::string("a tensor's ") + what + " is no natural number");
  return number.get<std::uint64_t>();
}

const SafetensorsType& type_named(const Json& name) {
  const auto* found = safetensors_types.end();
  if (name.is_string()) {
    found = std::find_if(safetensors_types.begin(), safetensors_types.end(),
                         [&](const auto& type) { return type.name == name.get_ref<const std::string&>(); });
  }
  if (found == safetensors_types.end()) refuse("a tensor's dtype is unknown: " + name.dump().substr(0, 64));
  return *found;
}

// `offset`: where the tensor's data begin, which is checked against the others' later.
TensorBytes tensor_of(const std::string& name, const Json& entry, std::uint64_t data_bytes, std::uint64_t& offset) {
  if (!entry.is_object()) refuse(shown(name) + " is no object");
  const auto& type = type_named(member(entry, "dtype"));
  TensorBytes tensor{name, type.dtype, {}, nullptr, type.bytes};
  const auto& shape = member(entry, "shape");
  if (!shape.is_array()) refuse("a tensor's shape is no array");
  for (const auto& extent : shape) {
    const auto size = natural(extent, "extent");
    if (size > static_cast<std::uint64_t>(INT64_MAX) || __builtin_mul_overflow(tensor.bytes, size, &tensor.bytes)) {
      refuse(shown(name) + " is larger than any memory");
    }
    tensor.shape.push_back(static_cast<std::int64_t>(size));
  }
  const auto& offsets = member(entry, "data_offsets");
  if (!offsets.is_array() || offsets.size() != 2) refuse("a tensor's data_offsets are no two numbers");
  offset = natural(offsets[0], "offset");
  const auto end = natural(offsets[1], "offset");
  if (end < offset || end > data_bytes) refuse(shown(name) + " lies outside of the file");
  if (end - offset != tensor.bytes) refuse(shown(name) + " has not the bytes that its shape takes");
  return tensor;
}

void read_metadata(const Json& entries, std::map<std::string, std::string>& metadata) {
  if (!entries.is_object()) refuse("its metadata is no object");
  for (const auto& [key, value] : entries.items()) {
    if (!value.is_string()) refuse("its metadata is no text");
    metadata.emplace(key, value.get<std::string>());
  }
}

}  // namespace

SafetensorsFile parse_safetensors(std::string bytes) {
  if (bytes.size() < length_bytes) refuse("it ends before its header");
  std::uint64_t header_bytes = 0;
  for (std::size_t i = length_bytes; i-- > 0;) header_bytes = header_bytes << 8 | static_cast<unsigned char>(bytes[i]);
  if (header_bytes > max_header_bytes || header_bytes > bytes.size() - length_bytes) refuse("it ends in its header");

  SafetensorsFile file;
  file.bytes = std::move(bytes);
  const char* header = file.bytes.data() + length_bytes;
  const char* data = header + header_bytes;
  const auto data_bytes = file.bytes.size() - length_bytes - header_bytes;
  std::vector<std::pair<std::uint64_t, TensorBytes>> found;  // with where they begin
  const Json entries = parse_header(header, data);
  for (const auto& [name, entry] : entries.items()) {
    if (name == "__metadata__") {
      read_metadata(entry, file.metadata);
      continue;
    }
    std::uint64_t offset = 0;
    auto tensor = tensor_of(name, entry, data_bytes, offset);
    tensor.data = data + offset;
    found.emplace_back(offset, std::move(tensor));
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first, a.second.bytes) < std::pair(b.first, b.second.bytes);
  });
  std::uint64_t next = 0;
  for (auto& [offset, tensor] : found) {
    if (offset != next) refuse(shown(tensor.name) + " does not begin where the tensor before it ends");
    next += tensor.bytes;
    file.tensors.push_back(std::move(tensor));
  }
  if (next != data_bytes) refuse("it has data that belong to no tensor");
  return file;
}

SafetensorsFile read_safetensors(const std::filesystem::path& path) {
  auto bytes = read_whole(path);
  try {
    return parse_safetensors(std::move(bytes));
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(path.string() + " " + error.what());
  }
}

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
