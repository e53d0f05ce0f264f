// Reads and writes manifest.json, and compares files with it.
#include "host/storage/checkpoint_manifest.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "host/base/read_file.h"
#include "host/base/regular_file.h"
#include "host/base/sha256.h"

namespace binade::host {
namespace {

using OrderedJson = nlohmann::ordered_json;

// Limits, because the JSON library takes quadratic time in the number of files.
constexpr std::uint64_t max_manifest_bytes = 1 << 17;
constexpr std::size_t max_files = 1024;

[[noreturn]] void refuse_manifest(const std::string& what) {
  throw std::runtime_error("is not a checkpoint manifest: " + what);
}

const OrderedJson& member(const OrderedJson& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) refuse_manifest(std::string("`") + name + "` is missing");
  return *found;
}

bool is_plain(const std::string& name) {
  return !name.empty() && name.front() != '.' && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

bool is_digest(const OrderedJson& text) {
  return text.is_string() && text.get_ref<const std::string&>().size() == 64 &&
         text.get_ref<const std::string&>().find_first_not_of("0123456789abcdef") == std::string::npos;
}

OrderedJson parse_flat(const std::string& text) {
  constexpr int deepest = 4;
  const auto shallow = [](int depth, OrderedJson::parse_event_t, OrderedJson&) {
    if (depth > deepest) refuse_manifest("it is nested too deeply");
    return true;
  };
  try {
    return OrderedJson::parse(text, shallow);
  } catch (const OrderedJson::exception&) {
    refuse_manifest("it is not JSON");
  }
}

// Appends the hash of everything else as the last member, to detect damage of the manifest itself.
std::string signed_text(OrderedJson json) {
  const auto rest = json.dump();
  Sha256 hash;
  hash.update(rest.data(), rest.size());
  json["sha256"] = hash.hex();
  return json.dump(2) + "\n";
}

std::runtime_error other_size(const std::filesystem::path& path, std::uint64_t bytes, std::uint64_t listed) {
  return std::runtime_error(path.string() + " has " + std::to_string(bytes) + " bytes, but its manifest says " +
                            std::to_string(listed) + ": it was truncated or changed");
}

std::runtime_error other_hash(const std::filesystem::path& path) {
  return std::runtime_error(path.string() + " does not have the SHA-256 in its manifest: it was damaged or changed");
}

// Checks the size before the file is read.
void require_size(const std::filesystem::path& path, std::uint64_t listed) {
  const auto size = require_to_read(path).size;
  if (size != listed) throw other_size(path, size, listed);
}

}  // namespace

std::string CheckpointManifest::text() const {
  OrderedJson listed = OrderedJson::object();
  for (const auto& [name, file] : files) listed[name] = {{"bytes", file.bytes}, {"sha256", file.sha256}};
  const bool known = validation_loss && std::isfinite(*validation_loss);
  OrderedJson json{{"checkpoint", version},
                   {"step", step},
                   {"validation_loss", known ? OrderedJson(*validation_loss) : OrderedJson(nullptr)},
                   {"files", listed}};
  return signed_text(std::move(json));
}

CheckpointManifest CheckpointManifest::parse(const std::string& text) {
  auto json = parse_flat(text);
  if (!json.is_object()) refuse_manifest("it is not a JSON object");
  const auto& written = member(json, "checkpoint");
  if (!written.is_number_unsigned()) refuse_manifest("`checkpoint` is not a number");
  if (written.get<std::uint64_t>() != version) {
    refuse_manifest("it has version " + written.dump() + ", but this Binade reads version " + std::to_string(version));
  }
  json.erase("sha256");
  if (signed_text(json) != text) refuse_manifest("it was damaged or changed: its own SHA-256 differs");
  CheckpointManifest manifest;
  if (!member(json, "step").is_number_unsigned()) refuse_manifest("`step` is not a number");
  manifest.step = json["step"].get<std::uint64_t>();
  if (const auto& loss = member(json, "validation_loss"); loss.is_number())
    manifest.validation_loss = loss.get<double>();
  const auto& listed = member(json, "files");
  if (!listed.is_object() || listed.size() > max_files) refuse_manifest("`files` is not a list of files");
  for (const auto& [name, file] : listed.items()) {
    if (!is_plain(name) || !file.is_object()) refuse_manifest("it lists something that is not a file in its folder");
    const auto& bytes = member(file, "bytes");
    const auto& digest = member(file, "sha256");
    if (!bytes.is_number_unsigned() || !is_digest(digest)) refuse_manifest("`" + name + "` has no size or no SHA-256");
    manifest.files[name] = {bytes.get<std::uint64_t>(), digest.get<std::string>()};
  }
  return manifest;
}

CheckpointManifest read_manifest(const std::filesystem::path& folder) {
  const auto path = folder / CheckpointManifest::file_name;
  const auto text = read_file(path, max_manifest_bytes);
  try {
    return CheckpointManifest::parse(text);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(path.string() + " " + error.what());
  }
}

std::string read_listed(const std::filesystem::path& folder, const CheckpointManifest& manifest,
                        const std::string& name) {
  const auto path = folder / name;
  const auto listed = manifest.files.find(name);
  if (listed == manifest.files.end()) throw std::runtime_error("the manifest in " + folder.string() + " lacks " + name);
  require_size(path, listed->second.bytes);
  auto bytes = read_file(path, listed->second.bytes);
  if (bytes.size() != listed->second.bytes) throw other_size(path, bytes.size(), listed->second.bytes);
  Sha256 hash;
  hash.update(bytes.data(), bytes.size());
  if (hash.hex() != listed->second.sha256) throw other_hash(path);
  return bytes;
}

void verify_files(const std::filesystem::path& folder, const CheckpointManifest& manifest) {
  for (const auto& [name, file] : manifest.files) {
    require_size(folder / name, file.bytes);
    if (sha256_of_file(folder / name) != file.sha256) throw other_hash(folder / name);
  }
}

}  // namespace binade::host
