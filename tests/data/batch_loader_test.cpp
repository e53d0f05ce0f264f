#include "host/data/batch_loader.h"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <latch>
#include <mutex>
#include <set>
#include <thread>

#include "tests/data/linked.h"
#include "tests/support/counted_allocations.h"

namespace binade::host {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint64_t seed = 7;

// Words of 0 to 6 letters with random letters, and pictures that vary in two extents.
struct Ragged {
  Description describe() const {
    return Description()
        .split("train", 53)
        .split("validation", 10)
        .field<std::int16_t>("word", {variable}, -1)
        .field<std::int64_t>("index")
        .field<float>("picture", {variable, 2, variable}, 0.5);
  }
  std::vector<std::int64_t> measure(std::uint32_t, std::uint64_t index, std::size_t field) const {
    const auto number = static_cast<std::int64_t>(index);
    if (field == 0) return {number % 7};
    return {1 + number % 3, 2, 1 + number % 5};
  }
  void read(const Sample& sample) const {
    auto random = sample.random();
    const auto index = sample.index();
    const auto word = sample.field<std::int16_t>(0);
    for (std::size_t i = 0; i < index % 7; ++i) word[i] = static_cast<std::int16_t>(random.below(26));
    sample.field<std::int64_t>(1)[0] = static_cast<std::int64_t>(index);
    const auto picture = sample.field<float>(2);
    const auto width = static_cast<std::size_t>(picture.extent(2));
    for (std::size_t row = 0; row < (1 + index % 3) * 2; ++row) {
      for (std::size_t column = 0; column < 1 + index % 5; ++column) {
        picture[row * width + column] = sample.training() ? static_cast<float>(random.uniform()) : 1;
      }
    }
  }
};

std::string bytes(const HostBatch& batch) {
  std::string text;
  const auto add = [&](std::uint64_t number) { text.append(std::to_string(number)).append(","); };
  add(batch.epoch);
  add(batch.batch);
  for (const auto index : batch.indices) add(index);
  for (const auto& field : batch.fields) {
    text.append(field.name).append(":");
    for (const auto extent : field.shape) add(static_cast<std::uint64_t>(extent));
    text.append(static_cast<const char*>(field.data), field.bytes);
  }
  return text;
}

std::vector<std::string> batches(const Dataset& dataset, std::uint32_t workers, int count, std::uint64_t epoch = 0,
                                 std::uint64_t batch = 0) {
  const auto split = dataset.split("train");
  BatchLoader loader(dataset, split, Sampler(split.size, 8, Order::shuffled, true, seed, {}), true, seed, workers, 3,
                     epoch, batch);
  std::vector<std::string> all;
  for (int i = 0; i < count; ++i) all.push_back(bytes(loader.next()));
  return all;
}

template <class T>
std::vector<T> values(const BatchField& field) {
  std::vector<T> values(field.bytes / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), field.data, field.bytes);
  return values;
}

TEST(BatchLoader, GivesTheSameBytesForAnyNumberOfWorkers) {
  const LinkedDataset<Ragged> dataset;
  const auto expected = batches(dataset, 0, 3 * 6);
  EXPECT_EQ(std::set<std::string>(expected.begin(), expected.end()).size(), 18u);
  EXPECT_EQ(batches(dataset, 1, 18), expected);
  EXPECT_EQ(batches(dataset, 4, 18), expected);
}

TEST(BatchLoader, StartsAtAnyBatch) {
  const LinkedDataset<Ragged> dataset;
  const auto all = batches(dataset, 0, 18);
  for (const std::uint32_t workers : {0, 2}) {
    EXPECT_EQ(batches(dataset, workers, 10, 1, 2), std::vector(all.begin() + 8, all.end()));
    EXPECT_EQ(batches(dataset, workers, 6, 1, 6),
              std::vector(all.begin() + 12, all.end()));  // after the last batch: next epoch
  }
}

TEST(BatchLoader, PadsToTheLargestOfTheBatch) {
  const LinkedDataset<Ragged> dataset;
  const auto split = dataset.split("validation");
  BatchLoader loader(dataset, split, Sampler(10, 4, Order::sequential, false, seed, {}), false, seed, 0, 0, 0, 0);
  const auto& batch = loader.next();
  ASSERT_EQ(batch.fields.size(), 5u);
  EXPECT_THAT(batch.fields[0].shape, ElementsAre(4, 3));
  const auto words = values<std::int16_t>(batch.fields[0]);
  EXPECT_THAT(std::vector(words.begin(), words.begin() + 3), Each(-1));
  EXPECT_GE(words[3], 0);
  EXPECT_THAT(std::vector(words.begin() + 4, words.begin() + 6), Each(-1));

  EXPECT_THAT(batch.fields[2].shape, ElementsAre(4, 3, 2, 4));
  const auto pictures = values<float>(batch.fields[2]);
  EXPECT_EQ(std::count(pictures.begin(), pictures.end(), 1), 2 * (1 * 1 + 2 * 2 + 3 * 3 + 1 * 4));
  EXPECT_EQ(std::count(pictures.begin(), pictures.end(), 0.5), 96 - 36);

  EXPECT_EQ(batch.fields[3].name, "word_length");
  EXPECT_EQ(batch.fields[3].dtype, std::uint32_t{BINADE_INT64});
  EXPECT_THAT(batch.fields[3].shape, ElementsAre(4));
  EXPECT_THAT(values<std::int64_t>(batch.fields[3]), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(batch.fields[4].name, "picture_length");
  EXPECT_THAT(values<std::int64_t>(batch.fields[4]), ElementsAre(1, 2, 3, 1));
}

TEST(BatchLoader, KeepsTheLastShortBatchOrLeavesItOut) {
  const LinkedDataset<Ragged> dataset;
  const auto split = dataset.split("validation");
  const auto sizes = [&](std::uint64_t batch_size, bool drop_last) {
    BatchLoader loader(dataset, split, Sampler(10, batch_size, Order::sequential, drop_last, seed, {}), false, seed, 2,
                       2, 0, 0);
    std::vector<std::size_t> sizes;
    for (int i = 0; i < 4; ++i) {
      const auto& batch = loader.next();
      EXPECT_EQ(batch.batch_size, batch_size);
      EXPECT_EQ(batch.epoch * batch.epoch_batches + batch.batch, static_cast<std::uint64_t>(i));
      sizes.push_back(batch.indices.size());
    }
    return sizes;
  };
  EXPECT_THAT(sizes(4, false), ElementsAre(4, 4, 2, 4));
  EXPECT_THAT(sizes(4, true), ElementsAre(4, 4, 4, 4));
  EXPECT_THAT(sizes(100, true), ElementsAre(10, 10, 10, 10));
}

TEST(BatchLoader, HandsOutIndicesOfThePluginsSplit) {
  const LinkedDataset<Ragged> dataset;
  const Split part{"train", 0, 3, 0, {50, 7, 21}};
  BatchLoader loader(dataset, part, Sampler(3, 3, Order::sequential, false, seed, {}), true, seed, 0, 0, 0, 0);
  const auto& batch = loader.next();
  EXPECT_THAT(batch.indices, ElementsAre(50, 7, 21));
  EXPECT_THAT(values<std::int64_t>(batch.fields[1]), ElementsAre(50, 7, 21));
  const Split later{"train", 0, 3, 40, {}};
  BatchLoader contiguous(dataset, later, Sampler(3, 3, Order::sequential, false, seed, {}), true, seed, 0, 0, 0, 0);
  EXPECT_THAT(contiguous.next().indices, ElementsAre(40, 41, 42));
}

TEST(BatchLoader, RefusesASamplerOfAnotherSize) {
  const LinkedDataset<Ragged> dataset;
  const auto split = dataset.split("validation");
  EXPECT_THROW(BatchLoader(dataset, split, Sampler(11, 4, Order::sequential, false, seed, {}), false, seed, 1, 1, 0, 0),
               std::invalid_argument);
}

TEST(BatchLoader, AlignsEveryFieldTo64Bytes) {
  const LinkedDataset<Ragged> dataset;
  const auto split = dataset.split("train");
  BatchLoader loader(dataset, split, Sampler(53, 7, Order::shuffled, false, seed, {}), true, seed, 2, 2, 0, 0);
  for (int i = 0; i < 16; ++i) {
    for (const auto& field : loader.next().fields) EXPECT_EQ(reinterpret_cast<std::uintptr_t>(field.data) % 64, 0u);
  }
}

TEST(BatchLoader, AllocatesNothingOnceItHasSeenItsLargestBatch) {
  struct Squares {
    Description describe() const { return Description().split("train", 61).field<float>("x", {4}); }
    void read(const Sample& sample) const { sample.field<float>(0)[3] = static_cast<float>(sample.index()); }
  };
  const LinkedDataset<Squares> dataset;
  const Split split{"train", 0, 61, 0, {}};
  for (const std::uint32_t workers : {0, 3}) {  // each eighth batch has five samples
    BatchLoader loader(dataset, split, Sampler(61, 8, Order::shuffled, false, seed, {}), true, seed, workers, 2, 0, 0);
    for (int i = 0; i < 16; ++i) loader.next();
    const auto before = counted_allocations();
    for (int i = 0; i < 1000; ++i) loader.next();
    EXPECT_EQ(counted_allocations(), before) << workers;
  }
}

// Sample 5 is broken.
struct Broken {
  Description describe() const { return Description().split("train", 12).field<std::int64_t>("index"); }
  void read(const Sample& sample) const {
    if (sample.index() == 5) throw Failure(BINADE_BAD_DATA, "sample 5 is not a number");
    sample.field<std::int64_t>(0)[0] = static_cast<std::int64_t>(sample.index());
  }
};

TEST(BatchLoader, RethrowsAtTheBatchThatFailed) {
  const LinkedDataset<Broken> dataset;
  const Split split{"train", 0, 12, 0, {}};
  for (const std::uint32_t workers : {0, 1, 4}) {
    BatchLoader loader(dataset, split, Sampler(12, 2, Order::sequential, false, seed, {}), true, seed, workers, 4, 0,
                       0);
    EXPECT_THAT(loader.next().indices, ElementsAre(0, 1));
    EXPECT_THAT(loader.next().indices, ElementsAre(2, 3));
    try {
      loader.next();
      FAIL() << "handed out";
    } catch (const PluginError& error) {
      EXPECT_EQ(error.status(), BINADE_BAD_DATA);
      EXPECT_THAT(error.what(), HasSubstr("sample 5 is not a number"));
      EXPECT_THAT(error.what(), HasSubstr("fake"));
    }
    EXPECT_THAT(loader.next().indices, ElementsAre(6, 7));
  }
}

TEST(BatchLoader, SaysWhichFieldDoesNotFitIntoMemory) {
  struct Vast {
    Description describe() const { return Description().split("train", 4).field<double>("x", {variable}); }
    std::vector<std::int64_t> measure(std::uint32_t, std::uint64_t, std::size_t) const {
      return {std::int64_t{1} << 61};
    }
    void read(const Sample&) const {}
  };
  const LinkedDataset<Vast> dataset;
  const Split split{"train", 0, 4, 0, {}};
  BatchLoader loader(dataset, split, Sampler(4, 4, Order::sequential, false, seed, {}), true, seed, 1, 1, 0, 0);
  try {
    loader.next();
    FAIL() << "handed out";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("field `x`"));
    EXPECT_THAT(error.what(), HasSubstr("smaller batch_size"));
  }
}

TEST(BatchLoader, ReadsSamplesWithoutElements) {
  struct Hollow {
    Description describe() const { return Description().split("train", 4).field<float>("x", {variable, 3}); }
    std::vector<std::int64_t> measure(std::uint32_t, std::uint64_t, std::size_t) const { return {0, 3}; }
    void read(const Sample& sample) const { EXPECT_EQ(sample.field<float>(0).size(), 0u); }
  };
  const LinkedDataset<Hollow> dataset;
  const Split split{"train", 0, 4, 0, {}};
  BatchLoader loader(dataset, split, Sampler(4, 4, Order::sequential, false, seed, {}), true, seed, 0, 0, 0, 0);
  const auto& batch = loader.next();
  EXPECT_THAT(batch.fields[0].shape, ElementsAre(4, 0, 3));
  EXPECT_NE(batch.fields[0].data, nullptr);
  EXPECT_THAT(values<std::int64_t>(batch.fields[1]), Each(0));
}

TEST(BatchLoader, PadsHalfPrecisionFields) {
  struct Halves {
    Description describe() const {
      return Description().split("train", 2).field<Float16>("x", {variable}, -2).field<BFloat16>("y", {variable}, 1);
    }
    std::vector<std::int64_t> measure(std::uint32_t, std::uint64_t, std::size_t) const { return {2}; }
    void read(const Sample& sample) const { sample.field<Float16>(0)[0] = Float16{0x3C00}; }
  };
  const LinkedDataset<Halves> dataset;
  const Split split{"train", 0, 2, 0, {}};
  BatchLoader loader(dataset, split, Sampler(2, 2, Order::sequential, false, seed, {}), true, seed, 0, 0, 0, 0);
  const auto& batch = loader.next();
  EXPECT_THAT(values<std::uint16_t>(batch.fields[0]), ElementsAre(0x3C00, 0xC000, 0x3C00, 0xC000));
  EXPECT_THAT(values<std::uint16_t>(batch.fields[1]), Each(0x3F80));
}

// --- threads ---

// Measures how far workers read ahead, with batches of one sample in order, so that an index is a batch's number.
struct Ahead {
  static inline std::atomic<std::uint64_t> taken{0};  // calls of next(), including the one in progress
  static inline std::atomic<std::uint64_t> furthest{0};
  Description describe() const { return Description().split("train", 1000).field<std::int64_t>("index"); }
  void read(const Sample& sample) const {
    const auto ahead = sample.index() - std::min(sample.index(), taken.load());
    auto before = furthest.load();
    while (before < ahead && !furthest.compare_exchange_weak(before, ahead)) {
    }
    sample.field<std::int64_t>(0)[0] = 0;
  }
};

TEST(BatchLoader, ReadsAheadNoMoreThanAsked) {
  Ahead::taken = Ahead::furthest = 0;
  const LinkedDataset<Ahead> dataset;
  const Split split{"train", 0, 1000, 0, {}};
  BatchLoader loader(dataset, split, Sampler(1000, 1, Order::sequential, false, seed, {}), true, seed, 4, 3, 0, 0);
  for (int i = 0; i < 500; ++i) {
    ++Ahead::taken;
    loader.next();
  }
  EXPECT_LT(Ahead::furthest, 3u);  // index taken + 2 is the third one behind those taken
}

// A read returns only after two have started.
struct Together {
  static inline std::latch* both = nullptr;
  Description describe() const { return Description().split("train", 2).field<std::int64_t>("index"); }
  void read(const Sample& sample) const {
    if (sample.epoch() == 0) both->arrive_and_wait();
    sample.field<std::int64_t>(0)[0] = 0;
  }
};

TEST(BatchLoader, ReadsWithSeveralWorkersAtOnce) {
  std::latch both(2);
  Together::both = &both;
  const LinkedDataset<Together> dataset;
  const Split split{"train", 0, 2, 0, {}};
  BatchLoader loader(dataset, split, Sampler(2, 1, Order::sequential, false, seed, {}), true, seed, 2, 2, 0, 0);
  loader.next();
  loader.next();
}

struct Gated {
  static inline std::latch *entered = nullptr, *gate = nullptr;
  static inline std::atomic<bool> finished{false};
  Description describe() const { return Description().split("train", 2).field<std::int64_t>("index"); }
  void read(const Sample& sample) const {
    if (sample.epoch() > 0) return;
    entered->count_down();
    gate->wait();
    finished = true;
  }
};

TEST(BatchLoader, WaitsForAReadInProgressWhenDestroyed) {
  std::latch entered(1), gate(1);
  Gated::entered = &entered;
  Gated::gate = &gate;
  Gated::finished = false;
  const LinkedDataset<Gated> dataset;
  const Split split{"train", 0, 1, 0, {}};
  auto loader = std::make_unique<BatchLoader>(dataset, split, Sampler(1, 1, Order::sequential, false, seed, {}), true,
                                              seed, 1, 1, 0, 0);
  entered.wait();
  bool finished_before = false;
  std::thread end([&] {
    loader.reset();
    finished_before = Gated::finished;
  });
  gate.count_down();
  end.join();
  EXPECT_TRUE(finished_before);
}

struct Counted {
  static inline std::atomic<int> reads{0};
  Description describe() const { return Description().split("train", 120).split("validation", 1).field<float>("x"); }
  void read(const Sample&) const { ++reads; }
};

TEST(BatchLoader, ReadsNoMoreBatchesThanItWasAskedFor) {
  const LinkedDataset<Counted> dataset;
  const auto split = dataset.split("train");
  for (const std::uint32_t workers : {0, 1, 3}) {
    Counted::reads = 0;
    {
      BatchLoader loader(dataset, split, Sampler(120, 32, Order::sequential, false, seed, {}), false, seed, workers, 4,
                         0, 0, 4);
      for (int taken = 0; taken < 4; ++taken) loader.next();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    EXPECT_EQ(Counted::reads, 120) << workers << " workers";
  }
}

TEST(BatchLoader, CanBeDestroyedAtAnyMoment) {
  const LinkedDataset<Ragged> dataset;
  const auto split = dataset.split("train");
  for (int taken = 0; taken < 40; ++taken) {
    BatchLoader loader(dataset, split, Sampler(53, 8, Order::shuffled, true, seed, {}), true, seed, 3, 2, 0, 0);
    for (int i = 0; i < taken % 10; ++i) loader.next();
  }
}

}  // namespace
}  // namespace binade::host
