// Damaged plugin files, given to the code behind `check`, `plugins list`, `plugins describe` and --locked.
#include <elf.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <random>

#include "host/base/sha256.h"
#include "host/experiment/experiment.h"
#include "host/loading/catalog.h"
#include "host/loading/compatibility.h"
#include "host/loading/elf/elf_file.h"
#include "host/loading/lock/verified_copies.h"
#include "tests/loading/fixture.h"
#include "tests/support/campaign.h"

namespace binade::host {
namespace {

enum Damage { header_bit, note_bit, any_bit, some_bytes, cut, zeroed_page, swapped_pages, machine, file_class, kinds };
constexpr std::array<const char*, kinds> names{
    "a bit of the ELF header", "a bit of the notes",  "a bit anywhere",  "some bytes",   "cut short",
    "a zeroed page",           "two pages exchanged", "another machine", "another class"};

// What came of a damaged file; bits, since a child tells it by its exit status.
enum Verdict { refused = 1, refused_by_the_lock = 2, wrong = 4 };

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

class DamagedFiles {
 public:
  DamagedFiles() {
    for (const auto* name : {"good", "build_block", "locked/with_library", "variable_lengths"}) {
      bases_.push_back(base_of(fixture(name)));
    }
    std::ofstream(folder_ / "file.toml") << experiment_text();
    engine_ = read_build_block(fixture("build_block")).value();
  }

  struct Case {
    std::mt19937_64 random;
    const Base& base;
    Damage damage;
  };
  // Case `number` is the same in every run.
  Case at(std::uint64_t number) const {
    std::mt19937_64 random(number);
    const auto& base = bases_[random() % bases_.size()];
    const auto damage = static_cast<Damage>(random() % kinds);
    return {random, base, damage};
  }

  // Returns the bits of a Verdict.
  int judge(std::uint64_t number) const {
    auto [random, base, damage] = at(number);
    const auto path = folder_ / "plugins" / "plugin.so";
    std::filesystem::create_directory(path.parent_path());
    write_bytes(path, damaged(base, damage, random));
    use(path);
    const bool must_be_refused =
        damage == header_bit || damage == note_bit || damage == machine || damage == file_class || damage == cut;
    const bool is_refused = refuses(path);
    EXPECT_TRUE(is_refused || !must_be_refused);
    return (is_refused ? refused : 0) | (lock_refuses(path, base) ? refused_by_the_lock : 0);
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
    if (bytes == base.bytes) flip(below(bytes.size()));  // the pages were zero, or the same one
    return bytes;
  }

  // `check`, `plugins list` and `plugins describe` must not crash, whatever they report.
  void use(const std::filesystem::path& path) const {
    const Catalog catalog({path.parent_path()});
    for (const auto& file : catalog.files()) EXPECT_FALSE(file.manifest.id.empty());
    for (const auto& refused : catalog.refused()) EXPECT_FALSE(refused.message.empty());
    Diagnostics diagnostics;
    (void)load_experiment((folder_ / "file.toml").string(), {}, catalog, diagnostics);
    EXPECT_FALSE(diagnostics.render(false).empty());
  }
  bool refuses(const std::filesystem::path& path) const {
    try {
      const auto file = read_plugin_file(path);
      if (file.manifest.kind == PluginKind::model) require_same_build(file, engine_, "libengine.so");
      return false;
    } catch (const PluginRefused&) {
      return true;
    }
  }
  // A lock of the undamaged file.
  bool lock_refuses(const std::filesystem::path& path, const Base& base) const {
    write_bytes(folder_ / "whole.so", base.bytes);
    auto lock = make_lock(engine_, "1.0.0");
    const auto whole = read_plugin_file(folder_ / "whole.so");
    lock.plugins.push_back({whole.manifest.id, whole.manifest.kind, "", "", sha256_of(base.bytes), {}});
    std::ofstream(folder_ / "file.lock") << to_toml(lock);
    try {
      VerifiedCopies copies(folder_ / "file.lock");
      copies.verify(read_plugin_file(path));
      return false;
    } catch (const PluginRefused&) {
      return true;
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

// In a child, so that a crash is a verdict, too.
int judge_in_child(const DamagedFiles& files, std::uint64_t number) {
  const auto child = fork();
  if (child == 0) {
    int verdict = wrong;
    try {
      verdict = files.judge(number);
    } catch (const std::exception& error) {
      fmt::print(stderr, "{}\n", error.what());
    }
    _exit(testing::Test::HasFailure() ? wrong : verdict);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_FALSE(WIFSIGNALED(status)) << "signal " << WTERMSIG(status);
  return WIFEXITED(status) ? WEXITSTATUS(status) : wrong;
}

TEST(Corruption, NeverCrashesTheHostAndIsRefusedWhereItMatters) {
  const DamagedFiles files;
  Campaign campaign("corruption", 1000, 10'000);
  while (const auto number = campaign.next()) {
    const std::string damage = names[files.at(*number).damage];
    SCOPED_TRACE(fmt::format("file {}, {}", *number, damage));
    const auto verdict = judge_in_child(files, *number);
    ASSERT_EQ(verdict & wrong, 0);
    ASSERT_NE(verdict & refused_by_the_lock, 0);
    campaign.count(damage);
    if ((verdict & refused) != 0) campaign.count(damage + ", refused");
  }
}

}  // namespace
}  // namespace binade::host
