#include "host/storage/safetensors_reading.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "binade/abi/tensor.h"
#include "host/storage/safetensors.h"
#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

using ::testing::HasSubstr;

std::string file_of(const std::string& header, const std::string& data = "") {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(header.size() >> (8 * i));
  return bytes + header + data;
}

std::string refusal_of(const std::string& bytes) {
  try {
    parse_safetensors(bytes);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "believed";
}

TEST(SafetensorsReading, FindsTensorsAndMetadata) {
  const TemporaryFolder folder;
  const float weights[] = {1, 2, 3, 4};
  const std::uint8_t flag = 7;
  write_safetensors(folder / "w",
                    {{"flag", BINADE_UINT8, {}, &flag, 1}, {"weights", BINADE_FLOAT32, {2, 2}, weights, 16}},
                    {{"format", "pt"}});
  const auto file = read_safetensors(folder / "w");
  ASSERT_EQ(file.tensors.size(), 2u);
  EXPECT_EQ(file.tensors[0].name, "flag");
  EXPECT_TRUE(file.tensors[0].shape.empty());
  EXPECT_EQ(file.tensors[1].dtype, static_cast<std::uint32_t>(BINADE_FLOAT32));
  EXPECT_THAT(file.tensors[1].shape, ::testing::ElementsAre(2, 2));
  EXPECT_EQ(std::string(static_cast<const char*>(file.tensors[1].data), 16),
            std::string(reinterpret_cast<const char*>(weights), 16));
  EXPECT_EQ(file.metadata.at("format"), "pt");
}

TEST(SafetensorsReading, TakesTensorsWithoutElements) {
  const auto file = parse_safetensors(file_of(
      R"({"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]}})",
      "1234"));
  ASSERT_EQ(file.tensors.size(), 2u);
  EXPECT_EQ(file.tensors[0].name, "a");
}

TEST(SafetensorsReading, RefusesOtherFiles) {
  const auto tensor = [](const std::string& rest) { return file_of("{\"a\":{" + rest + "}}", "1234"); };
  EXPECT_THAT(refusal_of("1234567"), HasSubstr("ends before its header"));
  EXPECT_THAT(refusal_of(std::string(8, '\xff')), HasSubstr("ends within its header"));
  EXPECT_THAT(refusal_of(file_of("[]")), HasSubstr("not a JSON object"));
  EXPECT_THAT(refusal_of(file_of("{\"a\":")), HasSubstr("not JSON"));
  EXPECT_THAT(refusal_of(file_of("{\"a\":" + std::string(10000, '[') + std::string(10000, ']') + "}")),
              HasSubstr("is not an object but an array"));
  EXPECT_THAT(refusal_of(tensor(R"("shape":[1],"data_offsets":[0,4])")), HasSubstr("no `dtype`"));
  EXPECT_THAT(refusal_of(tensor(R"("dtype":"F31","shape":[1],"data_offsets":[0,4])")), HasSubstr("F31"));
  EXPECT_THAT(refusal_of(tensor(R"("dtype":"F32","shape":[-1],"data_offsets":[0,4])")), HasSubstr("a negative number"));
  EXPECT_THAT(refusal_of(tensor(R"("dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4])")),
              HasSubstr("larger than the address space"));
  EXPECT_THAT(refusal_of(tensor(R"("dtype":"F32","shape":[1],"data_offsets":[4,8])")), HasSubstr("outside"));
  EXPECT_THAT(refusal_of(tensor(R"("dtype":"F32","shape":[1],"data_offsets":[0,4],"dtype":"I32")")),
              HasSubstr("has `dtype` twice"));
  EXPECT_THAT(refusal_of(tensor(R"("dtype":"F32","shape":[1],"data_offsets":[0,4,4])")), HasSubstr("data_offsets"));
  EXPECT_THAT(refusal_of(tensor(R"("dtype":"F32","shape":[[1]],"data_offsets":[0,4])")), HasSubstr("an array"));
  EXPECT_THAT(refusal_of(tensor(R"("dtype":"F32","shape":[1],"data_offsets":[0,4],"code":"x")")),
              HasSubstr("the unknown member `code`"));
  EXPECT_THAT(refusal_of(file_of(R"({"__metadata__":{"a":"1","a":"2"}})")), HasSubstr("duplicate key"));
  EXPECT_THAT(refusal_of(file_of("{} {}")), HasSubstr("not JSON"));
  EXPECT_THAT(refusal_of(tensor(R"("dtype":"F32","shape":[1],"data_offsets":[4,0])")), HasSubstr("outside"));
  EXPECT_THAT(refusal_of(tensor(R"("dtype":"F32","shape":[2],"data_offsets":[0,4])")), HasSubstr("bytes"));
  EXPECT_THAT(refusal_of(tensor(R"("dtype":"U8","shape":[2],"data_offsets":[2,4])")), HasSubstr("does not begin"));
  EXPECT_THAT(refusal_of(tensor(R"("dtype":"U8","shape":[2],"data_offsets":[0,2])")),
              HasSubstr("does not belong to a tensor"));
  EXPECT_THAT(refusal_of(file_of(R"({"__metadata__":{"a":1}})")), HasSubstr("not a string"));
  const std::string a = R"("a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]})";
  EXPECT_THAT(refusal_of(file_of("{" + a + "," + a + "}", "12")), HasSubstr("has `a` twice"));
  EXPECT_THAT(refusal_of(file_of("{" + a + R"(,"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})", "123")),
              HasSubstr("`b` does not begin"));
}

TEST(SafetensorsReading, NamesTheFile) {
  const TemporaryFolder folder;
  EXPECT_THAT([&] { read_safetensors(folder / "missing"); },
              testing::ThrowsMessage<std::runtime_error>(HasSubstr((folder / "missing").string())));
  std::ofstream(folder / "pickle.pt") << "PK\x03\x04 and what a pickle has";
  EXPECT_THAT([&] { read_safetensors(folder / "pickle.pt"); },
              testing::ThrowsMessage<std::runtime_error>(HasSubstr((folder / "pickle.pt").string())));
}

}  // namespace
}  // namespace binade::host
