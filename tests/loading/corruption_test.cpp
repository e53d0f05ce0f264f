// Plugin files with any damage, through what `check`, `plugins list` and `plugins describe` do, and through --locked.
#include <elf.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <random>

#include "host/base/sha256.h"
#include "host/experiment/experiment.h"
#include "host/loading/catalog.h"
#include "host/loading/compatibility.h"
#include "host/loading/elf/elf_file.h"
#include "host/loading/lock/verified_copies.h"
#include "tests/loading/fixture.h"

namespace binade::host {
namespace {

enum Damage { header_bit, note_bit, any_bit, some_bytes, cut, zeroed_page, swapped_pages, machine, file_class, kinds };
constexpr std::array<const char*, kinds> names{
    "a bit of the ELF header", "a bit of the notes",  "a bit anywhere",  "some bytes",   "cut short",
    "a zeroed page",           "two pages exchanged", "another machine", "another class"};

// What a campaign counts; it adds up over several calls.
struct Counts {
  std::uint64_t files = 0;
  std::array<std::uint64_t, kinds> of{}, refused{};
  std::uint64_t refused_by_the_lock = 0;
};

struct Base {
  FileBytes bytes;
  std::size_t notes = 0, notes_end = 0;  // where .note.binade lies
};

Base base_of(const std::filesystem::path& path) {
  Base base{read_bytes(path), 0, 0};
  const auto name = path.string();
  const ElfFile elf(base.bytes, name);
  for (const auto& section : elf.sections()) {
    if (!elf.is_named(section, BINADE_NOTE_SECTION)) continue;
    base.notes = section.sh_offset;
    base.notes_end = section.sh_offset + section.sh_size;
  }
  return base;
}

class Campaign {
 public:
  Campaign() {
    for (const auto* name : {"good", "build_block", "locked/with_library", "variable_lengths"}) {
      bases_.push_back(base_of(fixture(name)));
    }
    std::ofstream(folder_ / "file.toml") << experiment_text();
    engine_ = read_build_block(fixture("build_block")).value();
  }

  // File `number` of all; each is the same in every run.
  void judge(std::uint64_t number, Counts& counts) const {
    std::mt19937_64 random(number);
    const auto& base = bases_[number % bases_.size()];
    const auto damage = static_cast<Damage>(random() % kinds);
    const auto bytes = damaged(base, damage, random);
    const auto path = folder_ / "plugins" / "plugin.so";
    std::filesystem::create_directory(path.parent_path());
    write_bytes(path, bytes);
    ++counts.files;
    ++counts.of[damage];
    use(path);
    if (is_refused(path)) {
      ++counts.refused[damage];
    } else if (damage == header_bit || damage == note_bit || damage == machine || damage == file_class ||
               damage == cut) {
      throw std::runtime_error(fmt::format("file {}, {}, was taken", number, names[damage]));
    }
    lock(path, base, counts);
  }

 private:
  static std::string experiment_text() {
    std::string text = "[experiment]\nname = \"x\"\n";
    for (const auto* kind : {"model", "dataset", "precision"}) {
      text += fmt::format("[{}]\nplugin = \"good\"\nlibrary = \"plugins/plugin.so\"\n", kind);
    }
    return text + "[train]\nsteps = 1\n";
  }

  static FileBytes damaged(const Base& base, Damage damage, std::mt19937_64& random) {
    constexpr std::size_t page = 4096;
    auto bytes = base.bytes;
    const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
    const auto flip = [&](std::size_t place) { bytes[place] ^= std::byte{1} << below(8); };
    const auto first = below(bytes.size() / page) * page, second = below(bytes.size() / page) * page;
    switch (damage) {
      case header_bit:
        flip(below(sizeof(Elf64_Ehdr)));
        break;
      case note_bit:
        flip(base.notes + below(base.notes_end - base.notes));
        break;
      case any_bit:
        flip(below(bytes.size()));
        break;
      case some_bytes:
        for (auto left = 1 + below(64), place = below(bytes.size()); left > 0 && place < bytes.size();
             --left, ++place) {
          bytes[place] = static_cast<std::byte>(random());
        }
        break;
      case cut:
        bytes.resize(below(bytes.size()));
        break;
      case zeroed_page:
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(first), page, std::byte{0});
        break;
      case swapped_pages:
        std::swap_ranges(bytes.begin() + static_cast<std::ptrdiff_t>(first),
                         bytes.begin() + static_cast<std::ptrdiff_t>(first + page),
                         bytes.begin() + static_cast<std::ptrdiff_t>(second));
        break;
      case machine:
        bytes[offsetof(Elf64_Ehdr, e_machine)] ^= static_cast<std::byte>(1 + below(255));
        break;
      case file_class:
        bytes[EI_CLASS] ^= static_cast<std::byte>(1 + below(255));
        break;
      case kinds:
        break;
    }
    if (bytes == base.bytes) flip(below(bytes.size()));  // pages that were zero, or exchanged with themselves
    return bytes;
  }

  // `check`, `plugins list`, `plugins describe`: none of them may fall over, whatever they say.
  void use(const std::filesystem::path& path) const {
    const Catalog catalog({path.parent_path()});
    for (const auto& file : catalog.files()) EXPECT_FALSE(file.manifest.id.empty());
    for (const auto& refused : catalog.refused()) EXPECT_FALSE(refused.message.empty());
    Diagnostics diagnostics;
    (void)load_experiment((folder_ / "file.toml").string(), {}, catalog, diagnostics);
    EXPECT_FALSE(diagnostics.render(false).empty());
  }
  bool is_refused(const std::filesystem::path& path) const {
    try {
      const auto file = read_plugin_file(path);
      if (file.manifest.kind == PluginKind::model) require_same_build(file, engine_, "libengine.so");
      return false;
    } catch (const PluginRefused&) {
      return true;
    }
  }
  // A lock of the undamaged file.
  void lock(const std::filesystem::path& path, const Base& base, Counts& counts) const {
    write_bytes(folder_ / "whole.so", base.bytes);
    auto lock = make_lock(engine_, "1.0.0");
    const auto whole = read_plugin_file(folder_ / "whole.so");
    lock.plugins.push_back({whole.manifest.id, whole.manifest.kind, "", "", sha256_of(base.bytes), {}});
    std::ofstream(folder_ / "file.lock") << to_toml(lock);
    try {
      VerifiedCopies copies(folder_ / "file.lock");
      copies.verify(read_plugin_file(path));
    } catch (const PluginRefused&) {
      ++counts.refused_by_the_lock;
    }
  }
  static std::string sha256_of(const FileBytes& bytes) {
    Sha256 sum;
    sum.update(bytes.data(), bytes.size());
    return sum.hex();
  }

  TemporaryFolder folder_;
  std::vector<Base> bases_;
  binade_build_block engine_{};
};

// Judges files [first, last) in a child, so that a crash is seen. Returns why it ended before the last, or "".
std::string judge_in_child(const Campaign& campaign, std::uint64_t first, std::uint64_t last, Counts& shared) {
  const auto child = fork();
  if (child == 0) {
    try {
      for (auto number = first; number < last; ++number) campaign.judge(number, shared);
    } catch (const std::exception& error) {
      fmt::print(stderr, "{}\n", error.what());
      _exit(1);
    }
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return fmt::format("signal {} at file {}", WTERMSIG(status), shared.files);
  return WEXITSTATUS(status) == 0 ? "" : "a file was judged wrongly";
}

// BINADE_CORRUPTED_FILES: how many; a slice by default. BINADE_CAMPAIGN_FOLDER: where counts are kept, so that a
// campaign that was cut off goes on.
TEST(Corruption, OfAnyKindIsNoDeathAndWhatMattersIsRefused) {
  const char *asked = std::getenv("BINADE_CORRUPTED_FILES"), *kept = std::getenv("BINADE_CAMPAIGN_FOLDER");
  const std::uint64_t files = asked == nullptr ? 1000 : std::strtoull(asked, nullptr, 10);
  const auto state = kept == nullptr ? std::filesystem::path() : std::filesystem::path(kept) / "corruption.counts";
  auto& counts =
      *static_cast<Counts*>(mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  counts = Counts{};
  if (std::ifstream file(state, std::ios::binary); file && !state.empty()) {
    file.read(reinterpret_cast<char*>(&counts), sizeof(counts));
  }
  const Campaign campaign;
  constexpr std::uint64_t batch = 250;
  while (counts.files < files) {
    const auto first = counts.files;
    ASSERT_EQ(judge_in_child(campaign, first, std::min(first + batch, files), counts), "");
    if (state.empty()) continue;
    std::filesystem::create_directories(state.parent_path());
    std::ofstream(state, std::ios::binary).write(reinterpret_cast<const char*>(&counts), sizeof(counts));
  }
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    fmt::print("{:<24} {:>6} files, {:>6} refused\n", names[kind], counts.of[kind], counts.refused[kind]);
  }
  fmt::print("{:<24} {:>6} files, {:>6} refused\n", "with a lock", counts.files, counts.refused_by_the_lock);
  EXPECT_GE(counts.files, files);
  EXPECT_EQ(counts.refused_by_the_lock, counts.files);
  if (!state.empty()) std::filesystem::remove(state);
  munmap(&counts, sizeof(Counts));
}

}  // namespace
}  // namespace binade::host
