// Which changes of a dataset's samples a fingerprint detects, and its cost.
#include "host/data/fingerprint/fingerprint.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "host/data/fingerprint/fingerprint_differences.h"
#include "tests/data/linked.h"

namespace binade::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

bool never() { return false; }

// The contents of the test's dataset, and the requests that it received.
struct Content {
  std::uint64_t train = 71, validation = 17, width = 3;
  std::int64_t classes = 2;
  std::pair<std::uint32_t, std::uint64_t> other{9, 0};  // split and index of a sample that differs
  std::pair<std::uint32_t, std::uint64_t> unreadable{9, 0};
  bool longer = false;  // where lengths vary: that sample has one more zero at its end

  std::uint64_t reads = 0;
  bool asked_for_training = false;
};
Content content;

struct Fixed {
  Description describe() const {
    Description description;
    description.split("train", content.train).split("validation", content.validation);
    description.field<float>("x", {static_cast<std::int64_t>(content.width)}).field<std::int64_t>("label");
    description.fact("classes", content.classes).fact("loss", "cross_entropy");
    return description;
  }
  void read(const Sample& sample) const {
    ++content.reads;
    content.asked_for_training |= sample.training();
    const std::pair<std::uint32_t, std::uint64_t> here{sample.split(), sample.index()};
    if (here == content.unreadable) throw Failure(BINADE_BAD_DATA, "d.csv:7: a word");
    auto random = sample.random();
    for (auto& value : sample.field<float>(0)) {
      value = static_cast<float>(here.second % 97) + (sample.training() ? static_cast<float>(random.uniform()) : 0.0F);
    }
    sample.field<std::int64_t>(1)[0] = static_cast<std::int64_t>(here.second % 2 + (here == content.other ? 5 : 0));
  }
};

struct Variable {
  Description describe() const {
    return Description().split("train", 40).split("validation", 5).field<std::int64_t>("tokens", {variable});
  }
  static std::uint64_t length(std::uint32_t split, std::uint64_t index) {
    return 1 + index % 5 + (content.longer && content.other == std::pair(split, index) ? 1 : 0);
  }
  std::vector<std::int64_t> measure(std::uint32_t split, std::uint64_t index, std::size_t) const {
    return {static_cast<std::int64_t>(length(split, index))};
  }
  void read(const Sample& sample) const {
    for (std::uint64_t i = 0; i < length(sample.split(), sample.index()); ++i) sample.field<std::int64_t>(0)[i] = 0;
  }
};

template <class T>
Fingerprint fingerprint(std::uint64_t seed = 1) {
  const LinkedDataset<T> dataset({}, seed);
  Fingerprint fingerprint;
  add_description(fingerprint, dataset);
  for (const char* name : {"train", "validation"}) {
    EXPECT_THAT(add_split(fingerprint, dataset, dataset.split(name), never), IsEmpty());
  }
  return fingerprint;
}

class FingerprintTest : public testing::Test {
 protected:
  FingerprintTest() { content = {}; }
};

TEST_F(FingerprintTest, IsTheSameForTheSameData) {
  const auto first = fingerprint<Fixed>();
  EXPECT_EQ(first, fingerprint<Fixed>());
  EXPECT_THAT(data_differences(first, first), IsEmpty());
  EXPECT_EQ(first.at("split.train"), "71 samples");
  EXPECT_EQ(first.at("split.validation"), "17 samples");
  EXPECT_EQ(first.count("split.train.71"), 1u);
  EXPECT_EQ(first.count("split.validation.17"), 1u);
}

TEST_F(FingerprintTest, ReadsWithoutAugmentation) {
  fingerprint<Fixed>();
  EXPECT_GT(content.reads, 0u);
  EXPECT_FALSE(content.asked_for_training);
}

TEST_F(FingerprintTest, NoticesAnySampleOfASmallSplitAndNamesTheSplit) {
  const auto before = fingerprint<Fixed>();
  for (std::uint64_t index = 0; index < content.train; ++index) {
    content.other = {0, index};
    ASSERT_THAT(data_differences(before, fingerprint<Fixed>()), ElementsAre("the data of `train` changed")) << index;
  }
  for (std::uint64_t index = 0; index < content.validation; ++index) {
    content.other = {1, index};
    ASSERT_THAT(data_differences(before, fingerprint<Fixed>()), ElementsAre("the data of `validation` changed"));
  }
}

TEST_F(FingerprintTest, NoticesALengthAlone) {
  content.other = {0, 23};
  const auto before = fingerprint<Variable>();
  content.longer = true;
  EXPECT_THAT(data_differences(before, fingerprint<Variable>()), ElementsAre("the data of `train` changed"));
}

TEST_F(FingerprintTest, NoticesAnotherSize) {
  content.train = 5000;
  const auto before = fingerprint<Fixed>();
  content.train = 5001;
  EXPECT_THAT(data_differences(before, fingerprint<Fixed>()), ElementsAre("the data of `train` changed"));
}

TEST_F(FingerprintTest, NoticesOtherFactsAndFields) {
  const auto before = fingerprint<Fixed>();
  content.classes = 3;
  EXPECT_THAT(data_differences(before, fingerprint<Fixed>()),
              ElementsAre("the dataset describes other fields or facts"));
  content.classes = 2;
  content.width = 4;
  EXPECT_THAT(data_differences(before, fingerprint<Fixed>()),
              ElementsAre("the data of `train` changed, and that of `validation`",
                          "the dataset describes other fields or facts"));
}

TEST_F(FingerprintTest, NoticesAChangeOfEverythingInALargeSplit) {
  content.train = 10'000'000;
  const auto before = fingerprint<Fixed>();
  EXPECT_THAT(data_differences(before, fingerprint<Fixed>()), IsEmpty());
  content.other = {0, content.train - 1};
  EXPECT_THAT(data_differences(before, fingerprint<Fixed>()), ElementsAre("the data of `train` changed"));
}

TEST_F(FingerprintTest, ReadsAFewThousandOfTenMillionSamples) {
  content.train = 10'000'000;
  fingerprint<Fixed>();
  EXPECT_LE(content.reads, 2u + 16 + 128 + 1024 + 4096 + 2 + 16 + 17);
  EXPECT_GE(content.reads, 2u + 16 + 128);
}

TEST_F(FingerprintTest, ReadsFewerOfLargeSamples) {
  content.train = 10'000;
  content.width = 1 << 18;  // 1 MiB
  const auto print = fingerprint<Fixed>();
  EXPECT_LE(content.reads, 2u * 2 + 2 * 16);
  EXPECT_EQ(print.count("split.train.2"), 1u);
  content.other = {0, 9999};
  EXPECT_THAT(data_differences(print, fingerprint<Fixed>()), ElementsAre("the data of `train` changed"));
}

TEST_F(FingerprintTest, SaysWhatCannotBeReadAndKeepsTheRest) {
  const LinkedDataset<Fixed> dataset;
  content.unreadable = {0, 35};
  Fingerprint print;
  EXPECT_THAT(add_split(print, dataset, dataset.split("train"), never), HasSubstr("d.csv:7: a word"));
  EXPECT_EQ(print.at("split.train"), "71 samples");
  EXPECT_EQ(print.count("split.train.2"), 1u);
  EXPECT_EQ(print.count("split.train.71"), 0u);
  EXPECT_THAT(data_differences(print, print), IsEmpty());
}

TEST_F(FingerprintTest, EndsWhenItIsTold) {
  const LinkedDataset<Fixed> dataset;
  Fingerprint print;
  EXPECT_THAT(add_split(print, dataset, dataset.split("train"), [] { return content.reads >= 2; }), IsEmpty());
  EXPECT_EQ(content.reads, 2u);
  EXPECT_EQ(print.count("split.train.2"), 1u);
}

TEST(Spread, IsFirstLastAndOneOfEachPart) {
  EXPECT_THAT(spread(2, 1), ElementsAre(0));
  EXPECT_THAT(spread(5, 3), ElementsAre(0, 1, 2));
  for (const std::uint64_t size :
       {std::uint64_t{16}, std::uint64_t{17}, std::uint64_t{10'000'000}, std::uint64_t{1} << 62}) {
    const auto positions = spread(16, size);
    EXPECT_EQ(positions, spread(16, size));
    EXPECT_TRUE(std::is_sorted(positions.begin(), positions.end()));
    EXPECT_EQ(std::set(positions.begin(), positions.end()).size(), 16u);
    EXPECT_EQ(positions.front(), 0u);
    EXPECT_EQ(positions.back(), size - 1);
    for (std::uint64_t part = 0; part < 16; ++part) {
      EXPECT_GE(positions[part], size / 16 * part);
      EXPECT_LE(positions[part], size / 16 * (part + 1) + 16);
    }
  }
}

// --- comparing fingerprints ---

const std::string hash_a(64, 'a'), hash_b(64, 'b');

std::vector<HashedFile> files(const std::vector<std::pair<std::string, std::string>>& all) {
  std::vector<HashedFile> files;
  for (const auto& [path, hash] : all) files.push_back({path, 10, hash, {}});
  return files;
}

Fingerprint with(const std::vector<HashedFile>& files, const std::string& sample = hash_a) {
  Fingerprint print{{"description", "sha256 " + hash_a},   {"split.train", "9000 samples"},
                    {"split.train.2", "sha256 " + hash_a}, {"split.train.16", "sha256 " + sample},
                    {"split.validation", "2 samples"},     {"split.validation.2", "sha256 " + hash_a}};
  add_files(print, files);
  return print;
}

TEST(DataDifferences, NameTheFile) {
  const auto before = with(files({{"/d/a.csv", hash_a}, {"/d/b.csv", hash_a}}));
  EXPECT_THAT(data_differences(before, before), IsEmpty());
  EXPECT_THAT(data_differences(before, with(files({{"/d/a.csv", hash_b}, {"/d/b.csv", hash_a}}), hash_b)),
              ElementsAre("the data of `train` changed (`/d/a.csv`)"));
  EXPECT_THAT(data_differences(before, with(files({{"/d/a.csv", hash_a}, {"/d/c.csv", hash_a}}), hash_b)),
              ElementsAre("the data of `train` changed (`/d/b.csv`, which is gone, `/d/c.csv`, which is new)"));
}

TEST(DataDifferences, SayThatOnlyAFileShowsIt) {
  const auto before = with(files({{"/d/a.csv", hash_a}}));
  EXPECT_THAT(
      data_differences(before, with(files({{"/d/a.csv", hash_b}}))),
      ElementsAre("the data changed (`/d/a.csv`), but not in the samples that were compared: 16 of 9000 samples "
                  "of `train` and 2 of 2 samples of `validation`"));
}

TEST(DataDifferences, NameThreeOfManyFilesAndCountThousands) {
  std::vector<std::pair<std::string, std::string>> many, others;
  for (int i = 10; i < 20; ++i) many.emplace_back("/d/" + std::to_string(i), hash_a);
  for (const auto& [path, hash] : many) others.emplace_back(path, hash_b);
  EXPECT_THAT(data_differences(with(files(many)), with(files(others))),
              ElementsAre(HasSubstr("(`/d/10`, `/d/11`, `/d/12` and 7 more)")));
  for (int i = 1000; i < 2500; ++i) many.emplace_back("/d/" + std::to_string(i), hash_a);
  others = many;
  const auto before = with(files(many));
  EXPECT_LT(before.size(), 10u) << "a checkpoint holds all of it";
  others.back().second = hash_b;
  EXPECT_THAT(data_differences(before, before), IsEmpty());
  EXPECT_THAT(data_differences(before, with(files(others))), ElementsAre(HasSubstr("(some of 1510 files)")));
}

TEST(DataDifferences, CompareTheMostSamplesThatBothKnow) {
  auto before = with({}), now = before;
  now["split.train.128"] = "sha256 " + hash_b;
  EXPECT_THAT(data_differences(before, now), IsEmpty()) << "a slower start read fewer";
  EXPECT_THAT(data_differences(now, before), IsEmpty()) << "a slower resume reads fewer";
  before["split.train.128"] = "sha256 " + hash_a;
  EXPECT_THAT(data_differences(before, now), ElementsAre("the data of `train` changed"));
}

TEST(DataDifferences, SayThatNothingIsKnown) {
  const auto now = with({});
  EXPECT_THAT(data_differences({}, now), ElementsAre("the checkpoint does not say what data it was trained on"));
  EXPECT_THAT(data_differences({}, {}), IsEmpty());
}

TEST(DataDifferences, AreNotClaimedOfFilesThatWereNotHashed) {
  const auto before = with(files({{"/d/a.csv", hash_a}}));
  auto unhashed = with({});
  unhashed["files"] = not_hashed;
  const auto unreadable = with({{"/d/a.csv", 10, {}, "cannot be read: Permission denied"}});
  for (const auto& other : {unhashed, unreadable}) {
    EXPECT_THAT(data_differences(before, other), IsEmpty());
    EXPECT_THAT(data_differences(other, before), IsEmpty());
    EXPECT_EQ(compared_in_part(before, other),
              "as far as 16 of 9000 samples of `train` and 2 of 2 samples of `validation` show");
  }
  EXPECT_THAT(compared_in_part(before, before), IsEmpty());
  EXPECT_THAT(compared_in_part(with({}), with({})), IsEmpty()) << "a dataset without files";
}

TEST(DataDifferences, AreAssumedOfAFileThatChangedMeanwhile) {
  const auto before = with(files({{"/d/a.csv", hash_a}}));
  const auto changing = with({{"/d/a.csv", 10, {}, std::string(changed_meanwhile)}});
  EXPECT_THAT(data_differences(changing, before),
              ElementsAre(HasSubstr("(`/d/a.csv`, which changed while that run started)")));
  EXPECT_THAT(data_differences(before, changing),
              ElementsAre(HasSubstr("(`/d/a.csv`, which changed while this run started)")));
  EXPECT_THAT(data_differences(changing, changing), testing::SizeIs(1));
}

TEST(DataDifferences, OfRunsWithOtherSeedsAreThoseOfTheFiles) {
  const auto before = with(files({{"/d/a.csv", hash_a}}));
  const auto other_split = with(files({{"/d/a.csv", hash_a}}), hash_b);
  EXPECT_THAT(data_differences(without_splits(before), without_splits(other_split)), IsEmpty());
  EXPECT_THAT(data_differences(without_splits(before), without_splits(with(files({{"/d/a.csv", hash_b}})))),
              ElementsAre(HasSubstr("`/d/a.csv`")));
}

TEST(DataDifferences, TravelInARecordWithOtherThings) {
  const auto print = with(files({{"/d/a.csv", hash_a}}));
  std::map<std::string, std::string> record{{"threads", "1"}};
  add_fingerprint(record, print);
  EXPECT_EQ(fingerprint_in(record), print);
  EXPECT_EQ(record.size(), print.size() + 1);
}

}  // namespace
}  // namespace binade::host
