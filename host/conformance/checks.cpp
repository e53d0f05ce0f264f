#include "host/conformance/checks.h"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "host/loading/elf/elf_dynamic.h"
#include "host/loading/elf/mapped_file.h"

namespace binade::host {
namespace {

ElfDynamic dynamic_of(const PluginUnderTest& subject) {
  const MappedFile file(subject.file.path);
  return read_elf_dynamic(ElfFile(file.bytes(), subject.file.path.string()));
}

void exports_one_symbol(const PluginUnderTest& subject) {
  std::vector<std::string> exported;
  for (const auto& symbol : dynamic_of(subject).exported)
    exported.push_back(symbol.name + (symbol.function ? "()" : ""));
  if (exported == std::vector<std::string>{BINADE_PLUGIN_SYMBOL}) return;
  constexpr std::size_t shown = 5;
  const auto count = exported.size();
  exported.resize(std::min(count, shown));
  throw Violation(
      fmt::format("it exports {} symbols instead of only the data symbol {}: {}{}; link it with binade_add_plugin()",
                  count, BINADE_PLUGIN_SYMBOL, fmt::join(exported, ", "), count > shown ? ", ..." : ""));
}

void needs_no_forbidden_library(const PluginUnderTest& subject) {
  for (const auto& library : dynamic_of(subject).needed) {
    const bool torch_tier = subject.file.manifest.kind == PluginKind::model;
    for (const std::string_view forbidden : {"libbinade", "libtorch", "libc10"}) {
      if (!library.starts_with(forbidden) || (torch_tier && forbidden != "libbinade")) continue;
      throw Violation(fmt::format("it needs {}, which a {} must not", library, to_string(subject.file.manifest.kind)));
    }
    if (library.find('/') != std::string::npos) {
      throw Violation(fmt::format("it needs {}, a file of the machine where it was built", library));
    }
  }
}

void loads(const PluginUnderTest& subject) {
  const auto table = open(subject).table<ObjectTable>();
  if (table.create == nullptr || table.destroy == nullptr) throw Violation("its table lacks create or destroy");
}

void is_created_and_destroyed(const PluginUnderTest& subject) {
  const auto plugin = open(subject);
  constexpr int times = 1000;
  for (int i = 0; i < times; ++i) const PluginInstance object(plugin, subject.options);
}

// The values to try for an option: the ends of its range, and each choice.
std::vector<Scalar> limits(const OptionSpec& spec) {
  if (!spec.choices.empty()) return spec.choices;
  std::vector<Scalar> values;
  for (const auto& end : {spec.min, spec.max}) {
    if (!end) continue;
    if (spec.type == OptionType::integer) values.emplace_back(static_cast<std::int64_t>(*end));
    if (spec.type == OptionType::number) values.emplace_back(*end);
  }
  if (spec.type == OptionType::boolean) values = {true, false};
  return values;
}

// A network of the maximum width may need more memory than the machine has. With a limit, the plugin reports that, and
// the kernel kills nothing.
void limit_memory() {
  constexpr rlim_t more = rlim_t{1} << 30;
  std::ifstream file("/proc/self/statm");
  rlim_t pages = 0;
  for (int field = 0; field < 6; ++field) file >> pages;  // the sixth field is the data size
  const rlim_t bytes = pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + more;
  const rlimit limit{bytes, bytes};
  setrlimit(RLIMIT_DATA, &limit);
}

void takes_options_at_their_limits(const PluginUnderTest& subject) {
  if (subject.model != nullptr) limit_memory();
  const auto plugin = open(subject);
  const auto table = plugin.table<ObjectTable>();
  for (const auto& spec : subject.file.manifest.options) {
    for (const auto& value : limits(spec)) {
      auto options = subject.options;
      options.find(spec.name)->values = {value};
      const OptionsView view(options);
      void* self = nullptr;
      const auto answer = try_call(
          "create", [&](binade_error* error) { return table.create(plugin.host(), view.table(), &self, error); });
      if (answer.status == BINADE_OK) table.destroy(self);
    }
  }
}

// Options whose get() fails at call number `failing`.
struct FailingOptions {
  binade_options base;  // first: the plugin's pointer is a pointer to this
  const binade_options* real;
  std::uint64_t failing;
  mutable std::uint64_t calls;
  bool absent;  // count() returns 0, too
};

FailingOptions failing_options(const binade_options* real, std::uint64_t failing, bool absent) {
  FailingOptions options{{sizeof(binade_options), 0, nullptr, nullptr}, real, failing, 0, absent};
  options.base.count = [](const binade_options* self, binade_string name) -> std::uint64_t {
    const auto& own = *reinterpret_cast<const FailingOptions*>(self);
    return own.absent ? 0 : own.real->count(own.real, name);
  };
  options.base.get = [](const binade_options* self, binade_string name, std::uint64_t index,
                        binade_value* out) -> std::int32_t {
    const auto& own = *reinterpret_cast<const FailingOptions*>(self);
    return own.absent || own.calls++ == own.failing ? BINADE_NOT_FOUND : own.real->get(own.real, name, index, out);
  };
  return options;
}

// Returns whether create() reached the failing call.
bool create_with(const FailingOptions& options, const Plugin& plugin) {
  const auto table = plugin.table<ObjectTable>();
  void* self = nullptr;
  const auto answer =
      try_call("create", [&](binade_error* error) { return table.create(plugin.host(), &options.base, &self, error); });
  if (answer.status == BINADE_OK) table.destroy(self);
  return options.calls > options.failing;
}

void survives_failing_callbacks(const PluginUnderTest& subject) {
  const auto plugin = open(subject);
  const OptionsView view(subject.options);
  constexpr std::uint64_t most = 1000;
  for (std::uint64_t failing = 0; failing < most; ++failing) {
    if (!create_with(failing_options(view.table(), failing, false), plugin)) return;
  }
}

void keeps_exceptions_in_create(const PluginUnderTest& subject) {
  const auto plugin = open(subject);
  const OptionsView view(subject.options);
  create_with(failing_options(view.table(), 0, true), plugin);
}

std::size_t bytes_in_use() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

std::size_t open_files() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

}  // namespace

std::vector<Check> common_checks() {
  return {{"one_symbol", exports_one_symbol, true},
          {"dependencies", needs_no_forbidden_library},
          {"loads", loads, true},
          {"create_destroy", is_created_and_destroyed},
          {"option_limits", takes_options_at_their_limits},
          {"failing_callbacks", survives_failing_callbacks},
          {"exceptions", keeps_exceptions_in_create}};
}

std::vector<Check> with_checks_of_use(std::vector<Check> own, const Exercise& use) {
  const auto add = [&](const char* name, void (*check)(const PluginUnderTest&, const Exercise&)) {
    own.push_back({name, [check, use](const PluginUnderTest& subject) { check(subject, use); }});
  };
  add("allocations", survives_failing_allocations);
  add("older_hosts", works_in_older_hosts);
  add("failing_services", survives_failing_services);
  add("leaks", require_no_leak);
  return own;
}

void require_no_leak(const PluginUnderTest& subject, const Exercise& use) {
  constexpr int warm_up = 20;
  const bool model = subject.model != nullptr;  // an exercise takes milliseconds
  const int repeats = model ? 50 : 200, rounds = model ? 20 : 5;
  const auto noise = 8 * static_cast<std::size_t>(repeats);  // malloc returns at least 24 bytes
  const auto plugin = open(subject);
  for (int i = 0; i < warm_up; ++i) use(subject, plugin);
  const auto files = open_files();
  // Memory that malloc caches counts as used and grows at first like a leak; a real leak grows in every round.
  std::size_t grown = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto bytes = bytes_in_use();
    for (int i = 0; i < repeats; ++i) use(subject, plugin);
    if (open_files() > files)
      throw Violation(fmt::format("{} files stay open after {} uses", open_files() - files, repeats));
    const auto now = bytes_in_use();
    if (now <= bytes || now - bytes <= noise) return;
    grown = now - bytes;
  }
  throw Violation(fmt::format("{} bytes stay allocated after {} uses from create() to destroy()", grown, repeats));
}

}  // namespace binade::host
