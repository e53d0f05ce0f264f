// A plugin that runs out of memory: each call comes back all the same.
#include <fmt/format.h>

#include <random>
#include <stdexcept>

#include "binade/abi/dataset.h"
#include "binade/abi/logger.h"
#include "binade/abi/model.h"
#include "binade/abi/precision.h"
#include "host/conformance/failing_allocations.h"
#include "host/conformance/subject.h"

namespace binade::host {
namespace {

constexpr std::uint64_t never = ~std::uint64_t{0};

// Of the use under way. The tables of plugins have no room for it.
struct Trial {
  std::uint64_t failing = never;  // of the allocations in the plugin's calls, from 0
  std::uint64_t seen = 0;
  bool escaped = false;  // an exception left a call
};
Trial trial;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
template <class Table>
Table real;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

// What one entry of a table is replaced by.
template <class Table, auto Entry>
struct Between;

template <class Table, class... Arguments, std::int32_t (*Table::*Entry)(Arguments...)>
struct Between<Table, Entry> {
  static std::int32_t call(Arguments... arguments) {
    const FailingAllocation failing(trial.failing < trial.seen ? never : trial.failing - trial.seen);
    try {
      const auto status = (real<Table>.*Entry)(arguments...);
      trial.seen += failing.count();
      return status;
    } catch (...) {
      trial.escaped = true;
      throw;
    }
  }
};

template <class Table, auto... Entries>
Table between(const Plugin& plugin) {
  real<Table> = plugin.table<Table>();
  auto table = real<Table>;
  table.struct_size = sizeof(table);
  ((table.*Entries = table.*Entries == nullptr ? nullptr : Between<Table, Entries>::call), ...);
  return table;
}

// Nothing when the use came to its end or failed as it may.
std::string what_left(const Subject& subject, const Use& use, const Plugin& plugin) {
  try {
    use(subject, plugin);
  } catch (const std::exception& error) {
    if (trial.escaped) return error.what();
  } catch (...) {
    if (trial.escaped) return "an exception that is no std::exception left a call";
  }
  return {};
}

void fail_in_turn(const Subject& subject, const Use& use, const Plugin& plugin, const Plugin& between) {
  use(subject, plugin);  // what is made once and kept is there from now on
  std::mt19937_64 random(subject.seed);
  // All of the first; later ones ever further apart. A use of a model takes milliseconds, of others microseconds.
  const std::uint64_t each = subject.model != nullptr ? 50 : 200, sparser = subject.model != nullptr ? 16 : 32;
  for (std::uint64_t failing = 0;;) {
    trial = {failing, 0, false};
    if (const auto what = what_left(subject, use, between); !what.empty()) {
      throw Violation(fmt::format("its allocation {} fails, and then: {}", failing + 1, what));
    }
    if (trial.seen <= failing) return;
    try {
      use(subject, plugin);
    } catch (const std::exception& error) {
      throw Violation(fmt::format("after its allocation {} failed: {}", failing + 1, error.what()));
    }
    failing += failing < each ? 1 : 1 + random() % (failing / sparser);
  }
}

template <class Table, auto... Entries>
void try_table(const Subject& subject, const Use& use) {
  const auto plugin = open(subject);
  const auto table = between<Table, Entries...>(plugin);
  fail_in_turn(subject, use, plugin, plugin.with_table(&table));
}

}  // namespace

void stands_failing_allocations(const Subject& subject, const Use& use) {
  using D = binade_dataset_table;
  using P = binade_precision_table;
  using L = binade_logger_table;
  using M = binade_model_table;
  switch (subject.file.manifest.kind) {
    case PluginKind::dataset:
      return try_table<D, &D::create, &D::describe, &D::measure, &D::read>(subject, use);
    case PluginKind::precision:
      return try_table<P, &P::create, &P::policy, &P::update, &P::save, &P::load, &P::overrides>(subject, use);
    case PluginKind::logger:
      return try_table<L, &L::create, &L::write, &L::flush>(subject, use);
    case PluginKind::model:
      return try_table<M, &M::create, &M::forward, &M::loss, &M::parameters, &M::buffers, &M::train, &M::to>(subject,
                                                                                                             use);
  }
}

}  // namespace binade::host
