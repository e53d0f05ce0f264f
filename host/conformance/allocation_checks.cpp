// Checks that each call of a plugin returns when the plugin runs out of memory.
#include <fmt/format.h>
#include <sys/mman.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <new>
#include <random>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "binade/abi/dataset.h"
#include "binade/abi/logger.h"
#include "binade/abi/model.h"
#include "binade/abi/precision.h"
#include "host/conformance/checks.h"
#include "host/conformance/child.h"
#include "host/conformance/failing_allocations.h"

namespace binade::host {
namespace {

constexpr std::uint64_t never = ~std::uint64_t{0};

// The state of the exercise in progress. It lies in shared memory, so that it tells where a child died.
struct Trial {
  std::uint64_t failing = never;  // of the allocations in the plugin's calls, from 0
  std::uint64_t seen = 0;
  std::size_t call = 0;   // index of the last call, or of the call that an exception left
  bool escaped = false;   // an exception left the call
  bool answered = false;  // the call returned
};

// Globals, because the functions of a table take no context.
Trial* trial = nullptr;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
template <class Table>
Table real;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

// Replaces one entry of a table.
template <class Table, auto Entry, std::size_t Place>
struct Between;

template <class Table, std::size_t Place, class... Arguments, std::int32_t (*Table::*Entry)(Arguments...)>
struct Between<Table, Entry, Place> {
  static std::int32_t call(Arguments... arguments) {
    auto& now = *trial;
    if (!now.escaped) now.call = Place;
    now.answered = false;
    const FailingAllocation failing(now.failing < now.seen ? never : now.failing - now.seen);
    try {
      const auto status = (real<Table>.*Entry)(arguments...);
      now.seen += failing.count();
      now.answered = !now.escaped;
      return status;
    } catch (...) {
      now.seen += failing.count();
      now.escaped = true;
      throw;
    }
  }
};

template <class Table, auto... Entries, std::size_t... Places>
Table between(const Plugin& plugin, std::index_sequence<Places...>) {
  real<Table> = plugin.table<Table>();
  auto table = real<Table>;
  table.struct_size = sizeof(table);
  ((table.*Entries = table.*Entries == nullptr ? nullptr : Between<Table, Entries, Places>::call), ...);
  return table;
}

// Describes the exception that left a call; empty when the exercise ended or failed properly.
std::string what_left(const PluginUnderTest& subject, const Exercise& use, const Plugin& plugin) {
  try {
    use(subject, plugin);
  } catch (const std::exception& error) {
    if (trial->escaped) return error.what();
  } catch (...) {
  }
  return trial->escaped ? "an exception leaves it" : "";
}

void fail_in_turn(const PluginUnderTest& subject, const Exercise& use, const Plugin& plugin, const Plugin& between) {
  use(subject, plugin);  // allocates what the plugin keeps for its lifetime
  std::mt19937_64 random(subject.seed);
  // Tries all of the first allocations, and later ones ever further apart. An exercise of a model takes milliseconds,
  // of other plugins microseconds.
  const bool model = subject.model != nullptr;
  const std::uint64_t each = model ? 50 : 200, sparser = model ? 16 : 32;
  for (std::uint64_t failing = 0;;) {
    *trial = {failing, 0, 0, false, true};
    if (const auto what = what_left(subject, use, between); !what.empty()) throw Violation(what);
    if (trial->seen <= failing) return;
    try {
      use(subject, plugin);
    } catch (const std::exception& error) {
      throw Violation(fmt::format("the plugin does not work afterwards: {}", error.what()));
    }
    failing += failing < each ? 1 : 1 + random() % (failing / sparser);
  }
}

struct Unmap {
  void operator()(Trial* shared) const { munmap(shared, sizeof(Trial)); }
};

template <class Table, auto... Entries>
void try_table(const PluginUnderTest& subject, const Exercise& use,
               const std::array<const char*, sizeof...(Entries)>& names) {
  auto* const memory = mmap(nullptr, sizeof(Trial), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  const std::unique_ptr<Trial, Unmap> shared(new (memory) Trial);
  trial = shared.get();
  const auto what = run_in_child(
      [&] {
        const auto plugin = open(subject);
        const auto table = between<Table, Entries...>(plugin, std::make_index_sequence<sizeof...(Entries)>());
        fail_in_turn(subject, use, plugin, plugin.with_table(&table));
      },
      std::chrono::hours(24));  // the check itself has a time limit
  if (what.empty()) return;
  if (shared->failing == never) throw Violation(what);
  throw Violation(fmt::format("allocation {} of its calls fails{}, and then: {}", shared->failing + 1,
                              shared->answered ? "" : fmt::format(", in {}()", names[shared->call]), what));
}

}  // namespace

void survives_failing_allocations(const PluginUnderTest& subject, const Exercise& use) {
  using D = binade_dataset_table;
  using P = binade_precision_table;
  using L = binade_logger_table;
  using M = binade_model_table;
  switch (subject.file.manifest.kind) {
    case PluginKind::dataset:
      return try_table<D, &D::create, &D::describe, &D::measure, &D::read>(subject, use,
                                                                           {"create", "describe", "measure", "read"});
    case PluginKind::precision:
      return try_table<P, &P::create, &P::policy, &P::update, &P::save, &P::load, &P::overrides>(
          subject, use, {"create", "policy", "update", "save", "load", "overrides"});
    case PluginKind::logger:
      return try_table<L, &L::create, &L::write, &L::flush>(subject, use, {"create", "write", "flush"});
    case PluginKind::model:
      return try_table<M, &M::create, &M::to, &M::parameters, &M::buffers, &M::train, &M::forward, &M::loss>(
          subject, use, {"create", "to", "parameters", "buffers", "train", "forward", "loss"});
  }
}

}  // namespace binade::host
