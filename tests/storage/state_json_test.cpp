// Valid and invalid contents of a checkpoint's state.json.
#include "host/storage/state_json.h"

#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace binade::host {
namespace {

using nlohmann::json;

TEST(StateJson, NumbersReadBackAsTheyWere) {
  for (const double number : {0.0, -0.1, 1e300, 5e-324, HUGE_VAL, -HUGE_VAL}) {
    EXPECT_EQ(to_double(json::parse(to_json(number).dump())), number);
  }
  EXPECT_TRUE(std::isnan(to_double(to_json(NAN))));
  EXPECT_EQ(to_unsigned(json::parse("18446744073709551615")), ~std::uint64_t{0});
}

TEST(StateJson, NothingIsConverted) {
  for (const char* text : {"-1", "1.0", "1e300", "18446744073709551616", "\"1\"", "true", "null", "[1]"}) {
    EXPECT_THROW(to_unsigned(json::parse(text)), json::exception) << text;
  }
  for (const char* text : {"\"1\"", "\"infinity\"", "true", "null", "[1]"}) {
    EXPECT_THROW(to_double(json::parse(text)), json::exception) << text;
  }
  EXPECT_EQ(to_unsigned_below(3, json(2u)), 2u);
  EXPECT_THROW(to_unsigned_below(3, json(3u)), json::exception);
}

TEST(StateJson, IsAnObjectOfThisVersion) {
  EXPECT_EQ(parse_state(R"({"version": 1, "loop": 2})")["loop"], 2);
  for (const char* text : {"", "{", "[]", "{}", "1", R"({"version": "1"})", R"({"version": 1e300})"}) {
    EXPECT_THROW(parse_state(text), json::exception) << text;
  }
  try {
    parse_state(R"({"version": 2})");
    FAIL() << "it was read";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("version 2, but this Binade reads version 1"));
  }
}

}  // namespace
}  // namespace binade::host
