// The address and the contents of a push; the push itself is tested with real runs.
#include "host/telemetry/push.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "host/telemetry/exporter/http_access.h"
#include "host/telemetry/run_metrics.h"

namespace binade::host {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(PushAddress, IsReadFromAUrl) {
  const auto address = parse_push("http://gateway.example:9091/behind/a/proxy/");
  EXPECT_EQ(address.host, "gateway.example");
  EXPECT_EQ(address.port, "9091");
  EXPECT_EQ(address.prefix, "/behind/a/proxy");
  EXPECT_EQ(parse_push("http://gateway").port, "80");
}

TEST(PushAddress, RefusesAnInvalidAddress) {
  for (const auto* url : {"", "gateway:9091", "https://gateway:9091", "http://", "http://:9091",
                          "http://gateway:", "http://gateway:port", "http://gateway:9091/a b",
                          "http://gateway:9091/\r\nX: y", "http://user@gateway:9091", "http://gateway:9091/?a=b"}) {
    EXPECT_THROW(parse_push(url), std::invalid_argument) << url;
  }
}

TEST(OutcomeText, HasHowTheRunEndedAndLittleMore) {
  RunIdentity run;
  run.run_id = "test-run";
  Metrics metrics(run);
  metrics.run_ended({RunState::failed, 3, 0, 1.0});
  const auto text = outcome_text(metrics);
  EXPECT_THAT(text, HasSubstr("binade_run_state{run_id=\"test-run\",state=\"failed\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("binade_run_end_timestamp_seconds{"));
  EXPECT_THAT(text, Not(HasSubstr("_bucket")));
  EXPECT_THAT(text, Not(HasSubstr("process_")));
}

TEST(Base64, EncodesEachLengthOfTheLastGroup) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("\xFF\xFE\xFD"), "//79");
}

TEST(EqualInConstantTime, ComparesWholeTexts) {
  EXPECT_TRUE(equal_in_constant_time("secret", "secret"));
  for (const auto* given : {"", "s", "secre", "secret1", "Secret", "secreT", "secretsecret"}) {
    EXPECT_FALSE(equal_in_constant_time(given, "secret")) << given;
  }
}

}  // namespace
}  // namespace binade::host
