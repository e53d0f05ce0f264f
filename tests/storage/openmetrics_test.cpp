#include "host/storage/openmetrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string first = R"({"step":1,"split":"train","loss":0.5,"time":1700000000})"
                          "\n";

class OpenMetrics : public ::testing::Test {
 protected:
  std::string exported(const std::string& text) {
    std::ofstream(folder_ / "m") << text;
    std::ostringstream out;
    write_openmetrics(folder_ / "m", "a-run", out);
    return out.str();
  }
  std::string refusal(const std::string& text) {
    try {
      exported(text);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "it was exported";
  }
  TemporaryFolder folder_;
};

TEST_F(OpenMetrics, HasEveryStep) {
  EXPECT_THAT(exported(first), HasSubstr("binade_history_loss{run_id=\"a-run\",split=\"train\"} 0.5 1700000000.000"));
}

TEST_F(OpenMetrics, PassesOverALineThatACrashCutShort) {
  EXPECT_EQ(exported(first + first.substr(0, 20)), exported(first));
}

TEST_F(OpenMetrics, SaysWhichLineIsNotARecordAndWhy) {
  const std::vector<std::pair<std::string, std::string>> faults{
      {"  step  1/20  loss 0.7", "it is not JSON"},
      {"", "it is not JSON"},
      {std::string("\0\x1b[2J", 5), "it is not JSON"},
      {first.substr(0, 30), "it is not JSON"},
      {"17", "it is JSON, but not an object"},
      {"null", "it is JSON, but not an object"},
      {R"({"split":"train","time":1})", "it has no number `step`"},
      {R"({"step":1,"split":7,"time":1})", "it has no string `split`"},
      {R"({"step":1,"split":"train","time":null})", "it has no number `time`"}};
  for (const auto& [line, fault] : faults) {
    const auto text = refusal(first + line + "\n" + first);
    EXPECT_THAT(
        text, AllOf(HasSubstr((folder_ / "m").string() + ":2: "), HasSubstr(fault), Not(HasSubstr("json.exception"))));
    EXPECT_TRUE(std::none_of(text.begin(), text.end(), [](char c) { return c >= 0 && c < 0x20 && c != '\n'; })) << text;
  }
}

}  // namespace
}  // namespace binade::host
