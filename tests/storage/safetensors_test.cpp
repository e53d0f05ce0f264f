#include "host/storage/safetensors.h"

#include <gmock/gmock.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <system_error>

#include "binade/abi/tensor.h"
#include "tests/support/failing_calls.h"
#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

using nlohmann::ordered_json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Parsed {
  ordered_json header;
  std::string data;
  std::size_t data_at = 0;
};

Parsed parse(const std::filesystem::path& path) {
  const auto file = contents(path);
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), sizeof(length));
  return {ordered_json::parse(file.substr(8, length)), file.substr(8 + length), 8 + length};
}

constexpr float weights[] = {1.5f, -2, 3, 4, 5, 6};
constexpr std::uint8_t flag = 1;
constexpr std::int64_t counts[] = {7, 8, 9};

// A tensor of an odd number of bytes in the middle.
std::vector<TensorBytes> three_tensors() {
  return {{"weight", BINADE_FLOAT32, {2, 3}, weights, sizeof(weights)},
          {"flag", BINADE_BOOL, {}, &flag, 1},
          {"counts", BINADE_INT64, {3}, counts, sizeof(counts)}};
}

TEST(Safetensors, ListsTheTensorsInOrderWithoutGaps) {
  const TemporaryFolder folder;
  write_safetensors(folder / "w.safetensors", three_tensors(), {{"format", "pt"}});
  const auto [header, data, data_at] = parse(folder / "w.safetensors");
  EXPECT_EQ(header.dump(), R"({"__metadata__":{"format":"pt"},)"
                           R"("weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
                           R"("flag":{"dtype":"BOOL","shape":[],"data_offsets":[24,25]},)"
                           R"("counts":{"dtype":"I64","shape":[3],"data_offsets":[25,49]}})");
  ASSERT_EQ(data.size(), 49u);
  EXPECT_EQ(std::memcmp(data.data(), weights, 24), 0);
  EXPECT_EQ(data[24], 1);
  EXPECT_EQ(std::memcmp(data.data() + 25, counts, 24), 0);
}

TEST(Safetensors, BeginsTheDataAtAMultipleOf64WhateverTheHeader) {
  const TemporaryFolder folder;
  for (std::size_t length = 1; length < 70; ++length) {
    write_safetensors(folder / "w", {{std::string(length, 'n'), BINADE_BOOL, {1}, &flag, 1}}, {});
    const auto parsed = parse(folder / "w");
    EXPECT_EQ(parsed.data_at % 64, 0u) << length;
    EXPECT_EQ(parsed.data.size(), 1u);
    EXPECT_FALSE(parsed.header.contains("__metadata__"));
  }
}

TEST(Safetensors, NamesEveryElementType) {
  const TemporaryFolder folder;
  const std::vector<std::pair<std::uint32_t, std::string>> types{
      {BINADE_UINT8, "U8"},    {BINADE_INT8, "I8"},     {BINADE_INT16, "I16"},     {BINADE_INT32, "I32"},
      {BINADE_INT64, "I64"},   {BINADE_FLOAT16, "F16"}, {BINADE_BFLOAT16, "BF16"}, {BINADE_FLOAT32, "F32"},
      {BINADE_FLOAT64, "F64"}, {BINADE_BOOL, "BOOL"}};
  const std::vector<std::uint64_t> sizes{1, 1, 2, 4, 8, 2, 2, 4, 8, 1};
  for (std::size_t i = 0; i < types.size(); ++i) {
    write_safetensors(folder / "w", {{"t", types[i].first, {2}, counts, 2 * sizes[i]}}, {});
    const auto parsed = parse(folder / "w");
    EXPECT_EQ(parsed.header["t"]["dtype"], types[i].second);
    EXPECT_EQ(parsed.data.size(), 2 * sizes[i]);
  }
}

TEST(Safetensors, WritesTheSameBytesForTheSameTensors) {
  const TemporaryFolder folder;
  for (const auto* name : {"a", "b"}) write_safetensors(folder / name, three_tensors(), {{"b", "2"}, {"a", "1"}});
  EXPECT_EQ(contents(folder / "a"), contents(folder / "b"));
}

TEST(Safetensors, EscapesNamesAndMetadata) {
  const TemporaryFolder folder;
  write_safetensors(folder / "w", {{"a\"b\\c\n", BINADE_BOOL, {}, &flag, 1}}, {{"k\"", "v\t"}});
  const auto parsed = parse(folder / "w");
  EXPECT_TRUE(parsed.header.contains("a\"b\\c\n"));
  EXPECT_EQ(parsed.header["__metadata__"]["k\""], "v\t");
}

TEST(Safetensors, HoldsTensorsWithoutElements) {
  const TemporaryFolder folder;
  write_safetensors(folder / "w", {{"none", BINADE_FLOAT32, {0, 3}, nullptr, 0}}, {});
  EXPECT_EQ(parse(folder / "w").header["none"]["data_offsets"], ordered_json({0, 0}));
}

TEST(Safetensors, RefusesTensorsThatContradictThemselves) {
  const TemporaryFolder folder;
  const TensorBytes good{"t", BINADE_FLOAT32, {2, 3}, weights, sizeof(weights)};
  auto too_short = good, unknown = good, negative = good, huge = good, reserved = good;
  too_short.bytes = 20;
  unknown.dtype = 99;
  negative.shape = {-2, -3};
  huge.shape = {std::int64_t{1} << 62, 8};
  reserved.name = "__metadata__";
  for (const auto& tensors :
       std::vector<std::vector<TensorBytes>>{{too_short}, {unknown}, {negative}, {huge}, {reserved}, {good, good}}) {
    try {
      write_safetensors(folder / "w", tensors, {});
      FAIL() << "written";
    } catch (const std::invalid_argument& error) {
      EXPECT_THAT(error.what(), HasSubstr("tensor `" + tensors.back().name + "`"));
    }
  }
  EXPECT_TRUE(folder.names().empty());
}

TEST(Safetensors, LeavesTheOlderFileWhenTheDiskIsFull) {
  const TemporaryFolder folder;
  write_safetensors(folder / "w", three_tensors(), {});
  const auto before = contents(folder / "w");
  for (int at = 1; at <= 5; ++at) {
    plan_fault({"write", at, false, Fault::error, ENOSPC});
    EXPECT_THROW(write_safetensors(folder / "w", three_tensors(), {{"new", "1"}}), std::system_error) << at;
  }
  plan_fault({});
  EXPECT_EQ(contents(folder / "w"), before);
  EXPECT_THAT(folder.names(), ElementsAre("w"));
}

}  // namespace
}  // namespace binade::host
