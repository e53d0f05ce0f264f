// Any text as a checkpoint's manifest: refused, or it names files of its folder only, and says the same when it is
// written again. The text comes as it is, and with its own hash put right: the hash is what stops a fuzzer.
#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "host/base/sha256.h"
#include "host/storage/checkpoint_manifest.h"

using namespace binade::host;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void parse(const std::string& text) {
  try {
    const auto manifest = CheckpointManifest::parse(text);
    for (const auto& [name, file] : manifest.files) {
      require(!name.empty() && name.front() != '.' && name.find('/') == std::string::npos);
      require(file.sha256.size() == 64);
    }
    const auto again = CheckpointManifest::parse(manifest.text());
    require(again.step == manifest.step && again.validation_loss == manifest.validation_loss);
    require(again.files.size() == manifest.files.size());
  } catch (const std::runtime_error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1 << 17) return 0;  // no file of more than this is read
  const std::string text(reinterpret_cast<const char*>(data), size);
  parse(text);
  if (std::count_if(text.begin(), text.end(), [](char letter) { return letter == '[' || letter == '{'; }) > 1000) {
    return 0;  // writing it would nest as deep
  }
  auto json = nlohmann::ordered_json::parse(text, nullptr, false);
  if (!json.is_object()) return 0;
  json.erase("sha256");
  try {
    const auto rest = json.dump();
    Sha256 hash;
    hash.update(rest.data(), rest.size());
    json["sha256"] = hash.hex();
    parse(json.dump(2) + "\n");
  } catch (const nlohmann::json::exception&) {  // no UTF-8
  }
  return 0;
}
