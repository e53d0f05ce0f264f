// Damaged and malicious checkpoints: none may be accepted that does not match its manifest, and none may end the
// program.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <ctime>
#include <nlohmann/json.hpp>
#include <random>

#include "host/base/sha256.h"
#include "host/storage/checkpoint_manifest.h"
#include "host/storage/safetensors_reading.h"
#include "tests/storage/sample_checkpoint.h"
#include "tests/support/campaign.h"
#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::HasSubstr;

const std::vector<std::string> file_names{"model.safetensors", "state.safetensors", "state.json", "manifest.json"};

void put(const std::filesystem::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

std::string hash_of(const std::string& bytes) {
  Sha256 hash;
  hash.update(bytes.data(), bytes.size());
  return hash.hex();
}

// A manifest with arbitrary contents and a valid hash of its own.
std::string signed_manifest(Json json) {
  json.erase("sha256");
  const auto rest = json.dump();
  json["sha256"] = hash_of(rest);
  return json.dump(2) + "\n";
}

class Mutation {
 public:
  explicit Mutation(std::uint64_t seed) : random_(seed) {
    CheckpointFolder folder(run_ / "checkpoints", 2, false);
    folder.write(SampleCheckpoint(4).content());
    path_ = folder.write(sample_.content()).folder;
    older_ = run_ / "checkpoints/step-00000004";
  }

  std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }
  std::filesystem::path any_file() { return path_ / file_names[below(file_names.size())]; }

  // Damage as by a disk or an incomplete copy.
  std::string damaged(std::string bytes) {
    switch (below(6)) {
      case 0:
        if (!bytes.empty()) bytes[below(bytes.size())] ^= static_cast<char>(1u << below(8));
        break;
      case 1:
        bytes.resize(below(bytes.size()));
        break;
      case 2:
        bytes.insert(below(bytes.size()), 1 + below(9), static_cast<char>(random_()));
        break;
      case 3:
        for (auto at = below(bytes.size()), end = std::min(bytes.size(), at + 512); at < end; ++at) bytes[at] = 0;
        break;
      case 4:
        bytes.erase(below(bytes.size()), 1 + below(16));
        break;
      default: {
        const auto piece = bytes.substr(below(bytes.size()), below(64));
        bytes.replace(below(bytes.size()), std::min(piece.size(), bytes.size()), piece);
      }
    }
    return bytes;
  }
  void damage_a_file() {
    const auto file = any_file();
    put(file, damaged(contents(file)));
  }
  void swap_files() {
    const auto from = (below(2) == 0 ? path_ : older_) / file_names[below(file_names.size())];
    const auto bytes = contents(from);
    put(any_file(), bytes);
  }
  void replace_a_file_by_something_else() {
    const auto file = any_file();
    std::filesystem::remove(file);
    switch (below(4)) {
      case 0:
        return;
      case 1:
        return std::filesystem::create_directory(file), void();
      case 2:
        return void(mkfifo(file.c_str(), 0600));
      default:
        return std::filesystem::create_symlink(below(2) == 0 ? "/dev/zero" : file.filename(), file);
    }
  }
  // A malicious change by someone who knows the format: every hash is valid.
  void damage_a_file_and_hide_it() {
    const auto& name = file_names[below(2)];
    auto bytes = contents(path_ / name);
    for (auto changes = 1 + below(3); changes > 0; --changes) bytes = damaged(std::move(bytes));
    if (below(2) == 0 && bytes.size() >= 8) {
      const std::uint64_t lengths[] = {0,     1,          7,         bytes.size() - 8, bytes.size(),
                                       ~0ull, 1ull << 63, 100000000, below(300)};
      const auto length = lengths[below(std::size(lengths))];
      for (int i = 0; i < 8; ++i) bytes[static_cast<std::size_t>(i)] = static_cast<char>(length >> (8 * i));
    }
    put_and_hide(name, bytes);
  }
  // Tensors that may overlap, leave gaps, or lie outside.
  void compose_a_file() {
    std::string header = "{";
    for (char name = 'a'; name < static_cast<char>('b' + below(3)); ++name) {
      const auto begin = below(6), bytes = below(4);
      header += std::string(name == 'a' ? "" : ",") + '"' + name + R"(":{"dtype":"U8","shape":[)" +
                std::to_string(bytes) + R"(],"data_offsets":[)" + std::to_string(begin) + ',' +
                std::to_string(begin + bytes) + "]}";
    }
    header += "}";
    std::string bytes;
    for (int i = 0; i < 8; ++i) bytes += static_cast<char>(header.size() >> (8 * i));
    put_and_hide(file_names[below(2)], bytes + header + std::string(below(8), 'x'));
  }
  void edit_the_manifest_and_sign_it() {
    auto manifest = Json::parse(contents(path_ / "manifest.json"));
    const Json values[] = {nullptr,
                           true,
                           -1,
                           0,
                           1,
                           5,
                           6,
                           1e300,
                           ~0ull,
                           "text",
                           std::string(70000, 'x'),
                           Json::array(),
                           Json::object(),
                           {{"bytes", 1}},
                           {{"bytes", 3}, {"sha256", std::string(64, 'a')}}};
    const auto& value = values[below(std::size(values))];
    auto& files = manifest["files"];
    const auto& name = file_names[below(3)];
    const char* names[] = {
        "../../step-00000004/state.json", "..", ".hidden", "/etc/passwd", "a/b", "", "model.safetensors"};
    switch (below(6)) {
      case 0:
        manifest[std::vector<const char*>{"checkpoint", "step", "files", "more"}[below(4)]] = value;
        break;
      case 1:
        files[name] = value;
        break;
      case 2:
        files[name]["bytes"] = value;
        break;
      case 3:
        files[name]["sha256"] = value;
        break;
      case 4:
        files.erase(name);
        break;
      default:
        files[names[below(std::size(names))]] = files[name];
    }
    put(path_ / "manifest.json", signed_manifest(std::move(manifest)));
  }

  // By the case's number. False: the mutation is one that an attacker may make of a checkpoint of his own, and only
  // what is wrong in itself must be refused.
  bool mutate(std::uint64_t number) {
    switch (number % 9) {
      case 8:
        compose_a_file();
        return false;
      case 4:
        swap_files();
        return true;
      case 5:
        replace_a_file_by_something_else();
        return true;
      case 6:
        damage_a_file_and_hide_it();
        return false;
      case 7:
        edit_the_manifest_and_sign_it();
        return false;
      default:
        damage_a_file();
        return true;
    }
  }

  // Mutates the newer checkpoint. The older one must be found in any case.
  std::optional<Checkpoint> read() {
    std::vector<std::string> passed_over;
    auto found = CheckpointFolder(run_ / "checkpoints", 2, false).newest(passed_over);
    EXPECT_TRUE(found.has_value());
    if (!found) return std::nullopt;
    EXPECT_EQ(passed_over.empty(), found->step == sample_step);
    for (const auto& reason : passed_over) EXPECT_THAT(reason.substr(0, 1000), HasSubstr(path_.string()));
    if (found->step == sample_step) return found;
    EXPECT_TRUE(SampleCheckpoint(4).is(*found));
    return std::nullopt;
  }
  bool is_the_sample(const Checkpoint& checkpoint) const { return sample_.is(checkpoint); }
  const std::filesystem::path& path() const { return path_; }

 private:
  static constexpr std::uint64_t sample_step = 5;

  void put_and_hide(const std::string& name, const std::string& bytes) {
    put(path_ / name, bytes);
    auto manifest = Json::parse(contents(path_ / "manifest.json"));
    manifest["files"][name] = {{"bytes", bytes.size()}, {"sha256", hash_of(bytes)}};
    put(path_ / "manifest.json", signed_manifest(std::move(manifest)));
  }

  std::mt19937_64 random_;
  TemporaryFolder run_{TemporaryFolder::in_memory()};
  SampleCheckpoint sample_{sample_step};
  std::filesystem::path path_, older_;
};

// Every tensor must be within its file, have the size of its shape, and not overlap another.
bool is_sound(const SafetensorsFile& file) {
  const char* next = file.tensors.empty() ? nullptr : static_cast<const char*>(file.tensors.front().data);
  for (const auto& tensor : file.tensors) {
    if (tensor.data != next) return false;
    next += tensor.bytes;
  }
  return next == nullptr || next == file.bytes.data() + file.bytes.size();
}

TEST(CheckpointMutation, IsNeverAcceptedAndNeverCrashes) {
  Campaign campaign("checkpoint-mutations", 2000, 20000);
  while (const auto number = campaign.next()) {
    SCOPED_TRACE(testing::Message() << "case " << *number);
    Mutation mutation(*number);
    const bool is_damage = mutation.mutate(*number);
    const auto start = std::clock();  // CPU time, which does not depend on other programs
    const auto read = mutation.read();
    const bool slow = std::clock() - start > CLOCKS_PER_SEC;
    campaign.count("longer than 1 s", slow);
    EXPECT_FALSE(campaign.in_full() && slow);
    if (!read) {
      campaign.count("refused");
      continue;
    }
    EXPECT_TRUE(is_damage ? mutation.is_the_sample(*read) : is_sound(read->model) && is_sound(read->state));
    campaign.count(mutation.is_the_sample(*read) ? "unchanged in effect" : "sound, of another content");
    if (HasFailure()) break;
  }
}

std::string refusal_of(const std::filesystem::path& folder) {
  try {
    read_checkpoint(folder);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "believed";
}

TEST(CheckpointMutation, AManifestThatLeadsOutOfItsFolderIsRefused) {
  for (const std::string name : {"../state.json", "..", "/etc/passwd", ".x", "a/b", ""}) {
    Mutation mutation(1);
    auto manifest = Json::parse(contents(mutation.path() / "manifest.json"));
    manifest["files"][name] = manifest["files"]["state.json"];
    put(mutation.path() / "manifest.json", signed_manifest(std::move(manifest)));
    EXPECT_THAT(refusal_of(mutation.path()), HasSubstr("not a file in its folder")) << name;
  }
}

TEST(CheckpointMutation, AManifestIsRefusedForWhatItsTextIs) {
  const std::string deep(100000, '[');
  std::string many = "{\"files\":{";
  for (int i = 0; i < 200000; ++i) many.append("\"").append(std::to_string(i)).append("\":{},");
  for (const std::string& text :
       {deep, std::string("{\"checkpoint\":1,\"step\":").append(deep), std::string(), std::string(5, '\0'),
        many + "\"a\":{}}}",
        std::string("{\"checkpoint\":1,\"checkpoint\":1,\"step\":5,\"validation_loss\":null,\"files\":{}}"),
        std::string("{\"checkpoint\":1e999}"), std::string("{\"checkpoint\":99999999999999999999}"),
        std::string("{\"a\":\"\xff\"}")}) {
    Mutation mutation(1);
    put(mutation.path() / "manifest.json", text);
    EXPECT_THAT(refusal_of(mutation.path()).substr(0, 500), HasSubstr("manifest.json")) << text.substr(0, 80);
  }
}

TEST(CheckpointMutation, TwoKeysOfOneNameInASignedManifestAreRefused) {
  Mutation mutation(1);
  auto text = contents(mutation.path() / "manifest.json");
  const std::string step = "  \"step\": 5,\n";
  text.insert(text.find(step), "  \"step\": 9,\n");
  put(mutation.path() / "manifest.json", text);
  EXPECT_THAT(refusal_of(mutation.path()), HasSubstr("damaged or changed"));
}

// A file larger than memory, with the size in its manifest but another hash.
TEST(CheckpointMutation, AFileThatFitsIntoNoMemoryIsRefused) {
  constexpr std::uint64_t huge = std::uint64_t{1} << 46;
  Mutation mutation(1);
  const auto file = mutation.path() / "state.json";
  if (truncate(file.c_str(), static_cast<off_t>(huge)) != 0) GTEST_SKIP() << "no sparse file of this size here";
  auto manifest = Json::parse(contents(mutation.path() / "manifest.json"));
  manifest["files"]["state.json"]["bytes"] = huge;
  put(mutation.path() / "manifest.json", signed_manifest(std::move(manifest)));
  EXPECT_THAT(refusal_of(mutation.path()), HasSubstr("Cannot allocate memory"));
}

}  // namespace
}  // namespace binade::host
