// Neither side reads or writes beyond the end of the other's structs: each ends at a page that must not be touched.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <functional>

#include "binade/dataset.h"
#include "binade/logger.h"
#include "binade/precision.h"
#include "host/conformance/fake_host.h"
#include "host/conformance/guarded_memory.h"
#include "host/data/description.h"
#include "host/loading/plugin.h"
#include "host/loading/table_calls.h"

namespace binade::host {
namespace {

// The first `size` bytes of a struct, as the struct of another minor.
template <class T>
class Part {
 public:
  Part(const T& whole, std::size_t size) : memory_(size, alignof(T)) {
    std::memcpy(memory_.data(), &whole, size);
    const auto stated = static_cast<std::uint32_t>(size);
    std::memcpy(memory_.data(), &stated, sizeof(stated));
  }
  T* get() const { return reinterpret_cast<T*>(memory_.data()); }

 private:
  GuardedMemory memory_;
};

constexpr std::size_t step = sizeof(void*);

template <class Table>
class TheHostReadsATable : public testing::Test {};
using Tables = testing::Types<binade_dataset_table, binade_precision_table, binade_logger_table>;
TYPED_TEST_SUITE(TheHostReadsATable, Tables);

TYPED_TEST(TheHostReadsATable, NoFurtherThanItsEnd) {
  TypeParam full;
  std::memset(static_cast<void*>(&full), 0x11, sizeof(full));
  for (std::size_t size = sizeof(std::uint32_t); size <= sizeof(full); size += sizeof(std::uint32_t)) {
    const Part<TypeParam> part(full, size);
    const binade_plugin symbol{sizeof(symbol), BINADE_ABI_MAJOR, 0, BINADE_KIND_DATASET, part.get()};
    const auto copy = Plugin::linked(symbol, "part", nullptr).table<TypeParam>();
    const auto* bytes = reinterpret_cast<const unsigned char*>(&copy);
    for (std::size_t i = sizeof(std::uint32_t); i < sizeof(full); ++i) {
      ASSERT_EQ(bytes[i], i < size ? 0x11 : 0) << "byte " << i << " of a table of " << size;
    }
    for (const auto kind : {PluginKind::dataset, PluginKind::precision, PluginKind::logger, PluginKind::model}) {
      missing_call(kind, part.get());
    }
  }
}

using Write = std::function<void(binade_description*)>;

DatasetDescription describe_with(Write write) {
  binade_dataset_table table{};
  table.describe = [](void* self, binade_description* sink, binade_error*) -> std::int32_t {
    (*static_cast<Write*>(self))(sink);
    return BINADE_OK;
  };
  const binade_plugin symbol{sizeof(symbol), BINADE_ABI_MAJOR, 0, BINADE_KIND_DATASET, &table};
  return describe(Plugin::linked(symbol, "fixture", nullptr), table, &write, true);
}

TEST(TheHost, ReadsNoFurtherThanWhatADatasetDescribes) {
  const std::int64_t extent = 3;
  const binade_field whole{sizeof(whole), BINADE_FLOAT32, to_abi("x"), &extent, 1, 0, 7.0};
  const binade_value one{sizeof(one), BINADE_TYPE_INTEGER, 5, 0, {}};
  const Part<binade_field> field(whole, offsetof(binade_field, pad_value));
  const Part<binade_value> value(one, offsetof(binade_value, number));
  const auto described = describe_with([&](binade_description* sink) {
    sink->add_split(sink, to_abi("train"), 10);
    sink->add_field(sink, field.get());
    sink->add_fact(sink, to_abi("classes"), value.get());
  });
  EXPECT_EQ(described.fields.front().pad_value, 0);
  EXPECT_EQ(described.facts.size(), 1u);
}

TEST(TheHost, WritesNoFurtherThanThePluginsValue) {
  OptionSpec spec;
  spec.name = "units";
  spec.type = OptionType::integer;
  OptionTable options;
  options.add({&spec, {std::int64_t{7}}, Origin::file, {}});
  const OptionsView view(options);
  for (std::size_t size = offsetof(binade_value, number); size <= sizeof(binade_value); size += step) {
    const Part<binade_value> out({}, size);
    EXPECT_EQ(view.table()->get(view.table(), to_abi("units"), 0, out.get()), BINADE_OK);
    EXPECT_EQ(out.get()->integer, 7);
    EXPECT_EQ(out.get()->struct_size, size);
  }
}

struct Curious {
  std::string cache;
  explicit Curious(const Options&, const binade::Host& host) : cache(host.cache_folder()) {}
  binade::Policy policy() const { return binade::autocast(BINADE_BFLOAT16); }
  binade::Decision update(const binade::Outcome& outcome) {
    last = outcome;
    return {outcome.scale * 2};
  }
  void step(const binade::Step& event) { last_step = event; }
  binade::Outcome last{};
  binade::Step last_step{};
};

binade_error* no_error() {
  static binade_error error{sizeof(error), 0, [](binade_error*, std::int32_t, binade_string) { std::abort(); }};
  return &error;
}

TEST(ThePluginsShim, AsksNoOlderHostForWhatItDoesNotHave) {
  const OptionTable none;
  const OptionsView view(none);
  binade_host real{};
  real.struct_size = sizeof(real);
  real.cache_folder = [](const binade_host*) { return to_abi("/cache"); };
  const auto cache_in = [&](std::uint32_t minor) {
    const FakeHost host(&real, minor);
    void* self = nullptr;
    EXPECT_EQ(binade::detail::create<Curious>(host.host(), view.table(), &self, no_error()), BINADE_OK);
    const auto cache = static_cast<Curious*>(self)->cache;
    binade::detail::destroy<Curious>(self);
    return cache;
  };
  EXPECT_EQ(cache_in(0), "");
  EXPECT_EQ(cache_in(BINADE_ABI_MINOR), "/cache");
}

class Shim : public testing::Test {
 protected:
  Shim() {
    binade_host host{};
    host.struct_size = offsetof(binade_host, cache_folder);
    const OptionTable none;
    binade::detail::create<Curious>(&host, OptionsView(none).table(), &self, no_error());
  }
  ~Shim() override { binade::detail::destroy<Curious>(self); }
  Curious& plugin() { return *static_cast<Curious*>(self); }
  void* self = nullptr;
};

TEST_F(Shim, ReadsNoFurtherThanTheHostsOutcomeAndWritesNoFurtherThanItsPolicy) {
  using PrecisionShim = binade::detail::PrecisionShim<Curious>;
  const std::uint64_t exponents[BINADE_EXPONENTS] = {};
  const binade_outcome whole{sizeof(whole), 0, 3, 8.0, 1.5, 2.5, exponents};
  for (std::size_t size = offsetof(binade_outcome, loss); size <= sizeof(whole); size += step) {
    const Part<binade_outcome> outcome(whole, size);
    binade_decision decision{sizeof(decision), 1, 0};
    EXPECT_EQ(PrecisionShim::update(self, outcome.get(), &decision, no_error()), BINADE_OK);
    EXPECT_EQ(decision.scale, 16.0);
    EXPECT_EQ(plugin().last.loss, size > offsetof(binade_outcome, loss) ? 1.5 : 0.0);
    EXPECT_EQ(plugin().last.exponents, size == sizeof(whole) ? exponents : nullptr);
  }
  for (std::size_t size = step; size <= sizeof(binade_policy); size += step) {
    const Part<binade_policy> policy({}, size);
    EXPECT_EQ(PrecisionShim::policy(self, policy.get(), no_error()), BINADE_OK);
    EXPECT_EQ(policy.get()->compute_dtype, std::uint32_t{BINADE_BFLOAT16});
    EXPECT_EQ(policy.get()->struct_size, size);
  }
}

TEST_F(Shim, ReadsNoFurtherThanTheHostsEvent) {
  using LoggerShim = binade::detail::LoggerShim<Curious>;
  binade_step_event whole{};
  whole.event = {sizeof(whole), BINADE_EVENT_STEP, 1.0};
  whole.step = 7;
  whole.seconds = 0.5;
  whole.skip_cause = to_abi("nan");
  for (std::size_t size = offsetof(binade_step_event, epoch); size <= sizeof(whole); size += step) {
    const Part<binade_step_event> event(whole, size);
    EXPECT_EQ(LoggerShim::write(self, &event.get()->event, no_error()), BINADE_OK);
    EXPECT_EQ(plugin().last_step.step, 7u);
    EXPECT_EQ(plugin().last_step.seconds, size > offsetof(binade_step_event, seconds) ? 0.5 : 0.0);
    EXPECT_EQ(plugin().last_step.skip_cause.size, size >= offsetof(binade_step_event, skip_parameter) ? 3u : 0u);
  }
}

struct Counted {
  binade::Description describe() const { return {}; }
  void read(const binade::Sample& sample) const { sample.field<std::int64_t>(0)[0] = 7; }
};

TEST(ThePluginsShim, ReadsNoFurtherThanTheHostsRequestAndBuffers) {
  using DatasetShim = binade::detail::DatasetShim<Counted>;
  std::int64_t value = 0;
  const std::int64_t shape = 1;
  const Part<binade_buffer> buffer({sizeof(binade_buffer), BINADE_INT64, &value, sizeof(value), &shape, 1, 0},
                                   sizeof(binade_buffer));
  binade_buffer* const buffers[] = {buffer.get()};
  const std::uint64_t index = 0;
  const Part<binade_read> request({sizeof(binade_read), 0, &index, 1, 0, 0, 1, 0, buffers, 1}, sizeof(binade_read));
  DatasetShim::Self self{{}, {}};
  EXPECT_EQ(DatasetShim::read(&self, request.get(), no_error()), BINADE_OK);
  EXPECT_EQ(value, 7);
}

}  // namespace
}  // namespace binade::host
