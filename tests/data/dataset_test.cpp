#include "host/data/dataset.h"

#include <gmock/gmock.h>

#include <functional>
#include <set>

#include "host/data/batch_memory.h"
#include "tests/data/linked.h"

namespace binade::host {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Indices = std::vector<std::uint64_t>;

// A plugin in C whose answers each test scripts.
struct Script {
  std::function<void(binade_description*)> describe;
  std::int32_t create_status = BINADE_OK;
  std::vector<std::int64_t> measured;
  int destroyed = 0;
};
Script* script = nullptr;  // of the running test

std::int32_t answer(binade_error* error, std::int32_t status, const char* message) {
  if (status != BINADE_OK) error->set(error, status, to_abi(message));
  return status;
}

constexpr binade_dataset_table complete_table{
    sizeof(binade_dataset_table),
    0,
    [](const binade_host*, const binade_options*, void**, binade_error* error) {
      return answer(error, script->create_status, "points.csv:7: a word where a number should be");
    },
    [](void*) { ++script->destroyed; },
    [](void*, binade_description* description, binade_error*) {
      script->describe(description);
      return BINADE_OK;
    },
    [](void*, std::uint32_t, const std::uint64_t*, std::uint64_t, std::int64_t* shapes, binade_error*) {
      std::copy(script->measured.begin(), script->measured.end(), shapes);
      return BINADE_OK;
    },
    [](void*, const binade_read*, binade_error*) { return BINADE_OK; },
    nullptr,
    nullptr};

class DatasetTest : public testing::Test {
 protected:
  DatasetTest() { script = &script_; }

  std::unique_ptr<Dataset> open(std::function<void(binade_description*)> describe, std::uint64_t seed = 1) {
    script_.describe = std::move(describe);
    symbol_ = {sizeof(symbol_), BINADE_ABI_MAJOR, BINADE_ABI_MINOR, BINADE_KIND_DATASET, &table_};
    return std::make_unique<Dataset>(Plugin::linked(symbol_, "fake", silent_host()), OptionTable{}, SplitSettings{},
                                     seed);
  }
  std::string refusal(std::function<void(binade_description*)> describe) {
    try {
      open(std::move(describe));
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "not refused";
  }

  Script script_;
  binade_dataset_table table_ = complete_table;
  binade_plugin symbol_{};
};

void add_field(binade_description* sink, std::string_view name, std::vector<std::int64_t> shape = {},
               std::uint32_t dtype = BINADE_FLOAT32, double pad_value = 0) {
  const binade_field field{
      sizeof(field), dtype, to_abi(name), shape.data(), static_cast<std::uint32_t>(shape.size()), 0, pad_value};
  sink->add_field(sink, &field);
}

void add_fact(binade_description* sink, std::string_view name, std::uint32_t type, std::int64_t integer = 0,
              std::string_view text = {}) {
  const binade_value value{sizeof(value), type, integer, 0, to_abi(text)};
  sink->add_fact(sink, to_abi(name), &value);
}

auto with_train(std::uint64_t size, bool independent = false) {
  return [=](binade_description* sink) {
    sink->add_split(sink, to_abi("train"), size);
    add_field(sink, "x");
    sink->set_independent(sink, independent ? 1 : 0);
  };
}

// --- describe() ---

TEST_F(DatasetTest, RecordsWhatThePluginDescribes) {
  const auto dataset = open([](binade_description* sink) {
    sink->add_split(sink, to_abi("train"), 10);
    sink->add_split(sink, to_abi("test"), 3);
    add_field(sink, "x", {2, 3}, BINADE_UINT8);
    add_field(sink, "words", {BINADE_VARIABLE}, BINADE_INT64, -1);
    add_fact(sink, "classes", BINADE_TYPE_INTEGER, 3);
    add_fact(sink, "loss", BINADE_TYPE_STRING, 0, "mse");
  });
  ASSERT_EQ(dataset->fields().size(), 2u);
  EXPECT_EQ(dataset->fields()[0].name, "x");
  EXPECT_EQ(dataset->fields()[0].dtype, std::uint32_t{BINADE_UINT8});
  EXPECT_THAT(dataset->fields()[0].shape, ElementsAre(2, 3));
  EXPECT_FALSE(dataset->fields()[0].variable());
  EXPECT_TRUE(dataset->fields()[1].variable());
  EXPECT_EQ(dataset->fields()[1].pad_value, -1);
  EXPECT_EQ(dataset->extents_per_sample(), 1u);
  EXPECT_EQ(std::get<std::int64_t>(dataset->facts().at("classes")), 3);
  EXPECT_EQ(std::get<std::string>(dataset->facts().at("loss")), "mse");
}

struct Contradiction {
  const char* name;
  std::function<void(binade_description*)> describe;
  const char* message;
};

class ContradictionTest : public DatasetTest, public testing::WithParamInterface<Contradiction> {};

TEST_P(ContradictionTest, IsRefusedNamingThePluginAndWhatToChange) {
  const auto message = refusal([](binade_description* sink) {
    with_train(10)(sink);
    GetParam().describe(sink);
  });
  EXPECT_THAT(message, HasSubstr("dataset plugin `fake` 0.0.0 (linked): describe(): "));
  EXPECT_THAT(message, HasSubstr(GetParam().message));
  EXPECT_EQ(script_.destroyed, 1);
}

INSTANTIATE_TEST_SUITE_P(
    All, ContradictionTest,
    testing::Values(
        Contradiction{"SplitTwice", [](auto* sink) { sink->add_split(sink, to_abi("train"), 5); },
                      "split `train` is added twice"},
        Contradiction{"EmptySplit", [](auto* sink) { sink->add_split(sink, to_abi("test"), 0); },
                      "split `test` has no samples"},
        Contradiction{"GiganticSplit", [](auto* sink) { sink->add_split(sink, to_abi("test"), ~std::uint64_t{0}); },
                      "sizes must be below 2^63"},
        Contradiction{"SplitNamedOddly", [](auto* sink) { sink->add_split(sink, to_abi("hold\"out"), 5); },
                      "the split's name `hold\"out` does not match [a-z][a-z0-9_]{0,63}; rename it"},
        Contradiction{"UnnamedSplit", [](auto* sink) { sink->add_split(sink, to_abi(""), 5); },
                      "the name of a split is empty"},
        Contradiction{"NamelessText",
                      [](auto* sink) {
                        sink->add_split(sink, {nullptr, 5}, 5);
                      },
                      "the name of a split has a size but no data"},
        Contradiction{"FieldTwice", [](auto* sink) { add_field(sink, "x"); }, "field `x` is added twice"},
        Contradiction{"UnnamedField", [](auto* sink) { add_field(sink, ""); }, "the name of a field is empty"},
        Contradiction{"NoField", [](auto* sink) { sink->add_field(sink, nullptr); }, "a field has no struct_size"},
        Contradiction{"RankNine",
                      [](auto* sink) {
                        add_field(sink, "y", {1, 1, 1, 1, 1, 1, 1, 1, 1});
                      },
                      "field `y` has 9 dimensions; at most 8"},
        Contradiction{"RankWithoutShape",
                      [](auto* sink) {
                        const binade_field field{sizeof(field), BINADE_INT8, to_abi("y"), nullptr, 1, 0, 0};
                        sink->add_field(sink, &field);
                      },
                      "field `y` has a rank but no shape"},
        Contradiction{"ExtentZero",
                      [](auto* sink) {
                        add_field(sink, "y", {4, 0});
                      },
                      "field `y` has the extent 0"},
        Contradiction{"ExtentMinusTwo", [](auto* sink) { add_field(sink, "y", {-2}); }, "field `y` has the extent -2"},
        Contradiction{"TooLarge",
                      [](auto* sink) {
                        add_field(sink, "y", {std::int64_t{1} << 40, 1 << 30});
                      },
                      "larger than the address space"},
        Contradiction{"UnknownType", [](auto* sink) { add_field(sink, "y", {}, 77); }, "unknown element type 77"},
        Contradiction{"PadValue", [](auto* sink) { add_field(sink, "y", {-1}, BINADE_UINT8, -1); },
                      "field `y` cannot hold its pad value -1"},
        Contradiction{"NameOfALength",
                      [](auto* sink) {
                        add_field(sink, "words", {-1});
                        add_field(sink, "words_length");
                      },
                      "field `words_length` has the name that the host uses"},
        Contradiction{"FactTwice",
                      [](auto* sink) {
                        add_fact(sink, "classes", BINADE_TYPE_INTEGER, 1);
                        add_fact(sink, "classes", BINADE_TYPE_INTEGER, 2);
                      },
                      "fact `classes` is given twice"},
        Contradiction{"NoClasses", [](auto* sink) { add_fact(sink, "classes", BINADE_TYPE_INTEGER, 0); },
                      "the fact `classes` is 0; it must be at least 1"},
        Contradiction{"ClassesInWords", [](auto* sink) { add_fact(sink, "classes", BINADE_TYPE_STRING, 0, "ten"); },
                      "the fact `classes` must be an integer"},
        Contradiction{"UnknownLoss", [](auto* sink) { add_fact(sink, "loss", BINADE_TYPE_STRING, 0, "crossentropy"); },
                      "the fact `loss` is \"crossentropy\"; it must be \"cross_entropy\""},
        Contradiction{"TargetThatIsNoField", [](auto* sink) { add_fact(sink, "target", BINADE_TYPE_STRING, 0, "y"); },
                      "the fact `target` is \"y\", but there is no such field"},
        Contradiction{"ClassesThatAreNotIntegers",
                      [](auto* sink) {
                        add_field(sink, "y");
                        add_fact(sink, "target", BINADE_TYPE_STRING, 0, "y");
                        add_fact(sink, "loss", BINADE_TYPE_STRING, 0, "cross_entropy");
                      },
                      "the target `y` has a floating-point type"},
        Contradiction{"NumbersThatAreIntegers",
                      [](auto* sink) {
                        add_field(sink, "y", {}, BINADE_INT64);
                        add_fact(sink, "target", BINADE_TYPE_STRING, 0, "y");
                        add_fact(sink, "loss", BINADE_TYPE_STRING, 0, "mse");
                      },
                      "the target `y` has an integer type"},
        Contradiction{"MoreFeaturesThanTheFieldHas",
                      [](auto* sink) {
                        add_field(sink, "features", {4});
                        add_fact(sink, "features", BINADE_TYPE_INTEGER, 5);
                      },
                      "the fact `features` is 5, but a sample of the field `features` has 4"},
        Contradiction{"AnotherHeightThanTheImages",
                      [](auto* sink) {
                        add_field(sink, "image", {3, 28, 32});
                        add_fact(sink, "height", BINADE_TYPE_INTEGER, 32);
                      },
                      "the fact `height` is 32, but a sample of the field `image` has 28"},
        Contradiction{"FactOfAnotherType", [](auto* sink) { add_fact(sink, "rate", BINADE_TYPE_NUMBER); },
                      "fact `rate` has type 3; facts are integers or strings"},
        Contradiction{"EmptyFact", [](auto* sink) { add_fact(sink, "loss", BINADE_TYPE_STRING); },
                      "the text of the fact `loss` is empty"},
        Contradiction{"UnnamedFact", [](auto* sink) { add_fact(sink, "", BINADE_TYPE_INTEGER); },
                      "the name of a fact is empty"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(DatasetTest, NeedsASplitToTrainOn) {
  EXPECT_THAT(refusal([](binade_description* sink) { add_field(sink, "x"); }), HasSubstr("no split `train`; add one"));
}

TEST_F(DatasetTest, NeedsAField) {
  EXPECT_THAT(refusal([](binade_description* sink) { sink->add_split(sink, to_abi("train"), 5); }),
              HasSubstr("there are no fields"));
}

TEST_F(DatasetTest, NeedsToMeasureWhatVaries) {
  table_.measure = nullptr;
  EXPECT_THAT(refusal([](binade_description* sink) {
                with_train(10)(sink);
                add_field(sink, "words", {-1});
              }),
              HasSubstr("field `words` has a variable extent, but the plugin has no measure()"));
}

TEST_F(DatasetTest, NeedsTheCallsThatEveryDatasetHas) {
  table_.read = nullptr;
  EXPECT_THAT(refusal(with_train(10)), HasSubstr("its table lacks create, destroy, describe or read"));
}

TEST_F(DatasetTest, ReadsAFieldOfAnOlderMinorAsIfTheRestWereZero) {
  const auto dataset = open([](binade_description* sink) {
    sink->add_split(sink, to_abi("train"), 10);
    binade_field field{sizeof(field), BINADE_INT8, to_abi("x"), nullptr, 0, 0, 5};
    field.struct_size = offsetof(binade_field, pad_value);
    sink->add_field(sink, &field);
  });
  EXPECT_EQ(dataset->fields()[0].pad_value, 0);
}

// --- create() and destroy() ---

TEST_F(DatasetTest, IsDestroyedOnce) {
  open(with_train(10)).reset();
  EXPECT_EQ(script_.destroyed, 1);
}

TEST_F(DatasetTest, PassesOnWhyItCouldNotBeCreated) {
  script_.create_status = BINADE_BAD_DATA;
  try {
    open(with_train(10));
    FAIL() << "opened";
  } catch (const PluginError& error) {
    EXPECT_THAT(error.what(), HasSubstr("fake"));
    EXPECT_THAT(error.what(), HasSubstr("create"));
    EXPECT_THAT(error.what(), HasSubstr("points.csv:7: a word where a number should be"));
    EXPECT_EQ(error.status(), BINADE_BAD_DATA);
  }
  EXPECT_EQ(script_.destroyed, 0);
}

// --- splits ---

TEST_F(DatasetTest, HoldsBackTheLastFifthOfTrain) {
  const auto dataset = open(with_train(103));
  const auto train = dataset->split("train"), validation = dataset->split("validation");
  EXPECT_EQ(train.size, 83u);
  EXPECT_EQ(validation.size, 20u);
  EXPECT_EQ(train.index(0), 0u);
  EXPECT_EQ(train.index(82), 82u);
  EXPECT_EQ(validation.index(0), 83u);
  EXPECT_EQ(validation.index(19), 102u);
  EXPECT_EQ(validation.plugin_split, 0u);
  EXPECT_EQ(validation.name, "validation");
  EXPECT_THAT(validation.indices, IsEmpty());
}

TEST_F(DatasetTest, HoldsBackAtLeastOneAndKeepsAtLeastOne) {
  for (const std::uint64_t size : {2, 3, 4}) {
    const auto dataset = open(with_train(size));
    EXPECT_EQ(dataset->split("train").size, size - 1);
    EXPECT_EQ(dataset->split("validation").size, 1u);
  }
}

TEST_F(DatasetTest, CannotHoldBackTheOnlySample) {
  EXPECT_THAT(refusal(with_train(1)), AllOf(HasSubstr("fake"), HasSubstr("has 1 sample in `train`"),
                                            HasSubstr("provide more data, or a split `validation`")));
}

TEST_F(DatasetTest, HoldsBackARandomFifthOfIndependentSamples) {
  const auto dataset = open(with_train(100, true));
  const auto train = dataset->split("train"), validation = dataset->split("validation");
  EXPECT_EQ(train.size, 80u);
  EXPECT_EQ(validation.size, 20u);
  std::set<std::uint64_t> all;
  for (std::uint64_t i = 0; i < train.size; ++i) all.insert(train.index(i));
  for (std::uint64_t i = 0; i < validation.size; ++i) all.insert(validation.index(i));
  EXPECT_EQ(all.size(), 100u);
  EXPECT_EQ(*all.rbegin(), 99u);
  EXPECT_TRUE(std::is_sorted(train.indices.begin(), train.indices.end()));
  Indices last_fifth;
  for (std::uint64_t i = 80; i < 100; ++i) last_fifth.push_back(i);
  EXPECT_NE(validation.indices, last_fifth);
}

TEST_F(DatasetTest, DrawsTheHeldBackFromTheSeed) {
  const auto dataset = open(with_train(100, true)), same = open(with_train(100, true));
  EXPECT_EQ(dataset->split("validation").indices, same->split("validation").indices);
  EXPECT_NE(dataset->split("validation").indices, open(with_train(100, true), 2)->split("validation").indices);
}

TEST_F(DatasetTest, TakesThePluginsOwnSplitsAsTheyAre) {
  const auto dataset = open([](binade_description* sink) {
    with_train(10, true)(sink);
    sink->add_split(sink, to_abi("test"), 3);
    sink->add_split(sink, to_abi("validation"), 4);
  });
  EXPECT_EQ(dataset->split("train").size, 10u);
  EXPECT_EQ(dataset->split("validation").size, 4u);
  EXPECT_EQ(dataset->split("validation").plugin_split, 2u);
  EXPECT_EQ(dataset->split("test").plugin_split, 1u);
  EXPECT_EQ(dataset->split("test").index(2), 2u);
}

TEST_F(DatasetTest, NamesTheSplitsThereAre) {
  const auto dataset = open(with_train(10));
  try {
    (void)dataset->split("test");
    FAIL() << "given";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("has no split `test`; it has: `train`"));
  }
}

// --- measure() ---

TEST_F(DatasetTest, RefusesMeasurementsThatContradictTheDescription) {
  const auto dataset = open([](binade_description* sink) {
    with_train(10)(sink);
    add_field(sink, "image", {3, BINADE_VARIABLE, BINADE_VARIABLE});
  });
  const auto measure = [&](std::vector<std::int64_t> answer) {
    script_.measured = std::move(answer);
    std::vector<std::int64_t> shapes(6);
    dataset->measure(dataset->split("train"), Indices{4, 5}, shapes);
    return shapes;
  };
  EXPECT_THAT(measure({3, 7, 0, 3, 1, 2}), ElementsAre(3, 7, 0, 3, 1, 2));
  for (const auto& wrong : {std::vector<std::int64_t>{3, 7, 8, 4, 1, 2}, {3, 7, 8, 3, -1, 2}}) {
    try {
      measure(wrong);
      FAIL() << "believed";
    } catch (const PluginError& error) {
      EXPECT_THAT(error.what(), HasSubstr("sample 5 of split 0: field `image`"));
    }
  }
}

// --- read() ---

struct FailsAtThree {
  static inline int mode = 0;
  Description describe() const {
    return Description().split("train", 10).split("validation", 2).field<float>("x", {2}).field<std::int64_t>("y");
  }
  void read(const Sample& sample) const {
    if (sample.index() != 3) return;
    if (mode == 0) throw Failure(BINADE_BAD_DATA, "file 7 is truncated");
    if (mode == 1) sample.field<float>(1)[0] = 1;
    if (mode == 2) sample.field<float>(2)[0] = 1;
    if (mode == 3) sample.field<std::int64_t>(1).data()[1] = 5;  // behind the last sample's slot
  }
};

// The message of a batch that cannot be read.
std::string read_failure(int mode, Indices indices) {
  FailsAtThree::mode = mode;
  const LinkedDataset<FailsAtThree> dataset;
  BatchMemory memory(dataset);
  memory.batch().indices = std::move(indices);
  try {
    memory.read(dataset, dataset.split("train"), true, 0);
  } catch (const PluginError& error) {
    return error.what();
  }
  return "no failure";
}

TEST(ReadFailures, NameTheSample) {
  EXPECT_THAT(read_failure(0, {1, 5, 3, 4}), HasSubstr("read() failed: in sample 3 of `train`: file 7 is truncated"));
  EXPECT_EQ(read_failure(0, {1, 5, 4}), "no failure");
}

TEST(ReadFailures, NameTheFieldAndBothTypes) {
  EXPECT_THAT(read_failure(1, {3}), HasSubstr("field 1 was described as int64, but read() writes it as float32"));
  EXPECT_THAT(read_failure(2, {3}), HasSubstr("describe() has no field 2, only 2"));
}

TEST(ReadFailures, AFieldThatIsWrittenBeyondItsEndIsNamed) {
  EXPECT_THAT(read_failure(3, {1, 3}), HasSubstr("it wrote beyond the end of the field `y`"));
}

struct MeasuresTooMuch {
  Description describe() const { return Description().split("train", 10).field<float>("x", {variable}); }
  std::vector<std::int64_t> measure(std::uint32_t, std::uint64_t, std::size_t) const { return {1, 2, 3}; }
  void read(const Sample&) const {}
};

TEST_F(DatasetTest, OfTheSdkCannotMeasureMoreExtentsThanItDescribed) {
  const LinkedDataset<MeasuresTooMuch> dataset;
  std::vector<std::int64_t> shapes(2, -5);
  EXPECT_THROW(dataset.measure(dataset.split("train"), Indices{0, 1}, shapes), PluginError);
  EXPECT_THAT(shapes, ElementsAre(-5, -5));
}

}  // namespace
}  // namespace binade::host
