// Passwords in addresses: refused where they would be recorded, and never shown.
#include "host/experiment/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/experiment/fixture.h"

namespace binade::host {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Secrets, CredentialsInAddressesAreMasked) {
  EXPECT_EQ(without_passwords("http://user:secret@gateway:9091/x"), "http://***@gateway:9091/x");
  EXPECT_EQ(without_passwords("https://token@host"), "https://***@host");
  EXPECT_EQ(without_passwords("ftp://u:a/b@c@host and s3://k:v@b \"x://y:z@w\" end"),
            "ftp://***@host and s3://***@b \"x://***@w\" end");
  for (const std::string text :
       {"", "://", "http://gateway:9091/a", "somebody@example.org", "a: b@c", "http://a b@c", "http://@host"}) {
    EXPECT_EQ(without_passwords(text), text);
  }
}

TEST(Secrets, AnAddressWithAPasswordIsToldFromOneWithAName) {
  for (const std::string text : {"http://user:secret@host", "http://token@host", "ftp://u:p@host", "x://h y://a:b@c"}) {
    EXPECT_TRUE(has_password(text)) << text;
  }
  for (const std::string text : {"ssh://git@host/path", "http://host:80/", "name@example.org", ""}) {
    EXPECT_FALSE(has_password(text)) << text;
  }
}

class SecretsTest : public testing::Test {
 protected:
  Bench bench_;
};

TEST_F(SecretsTest, APasswordIsRefusedAndNotShown) {
  const auto loaded = bench_.load(minimal_text() + "[metrics]\npush = \"http://user:secret@gateway:9091\"\n");
  EXPECT_EQ(loaded.only().code, "E0118");
  EXPECT_THAT(loaded.text(), HasSubstr("push = \"http://***@gateway:9091\""));
  EXPECT_THAT(loaded.text(), HasSubstr("records"));
  EXPECT_THAT(loaded.text(), Not(HasSubstr("secret")));
  EXPECT_THAT(loaded.text(), Not(HasSubstr("user:")));
  EXPECT_THAT(loaded.text(),
              HasSubstr("\n   |        " + std::string(std::string("\"http://***@gateway:9091\"").size(), '^')))
      << "the caret fits what is shown";
}

TEST_F(SecretsTest, APasswordIsRefusedWhereverItStands) {
  EXPECT_EQ(bench_.load(minimal_text(), {"metrics.push=http://u:secret@g:1"}).only().code, "E0118");
  EXPECT_THAT(bench_.load(minimal_text(), {"metrics.push=http://u:secret@g:1"}).text(), Not(HasSubstr("secret")));
  EXPECT_EQ(bench_.load(minimal_text(), {"experiment.notes=see http://u:secret@wiki/x"}).only().code, "E0118");
  EXPECT_EQ(bench_.load(minimal_text(), {"experiment.tags=[\"a\", \"http://u:secret@wiki\"]"}).only().code, "E0118");
  EXPECT_TRUE(bench_.load(minimal_text(), {"experiment.notes=write to me@example.org"}).diagnostics.empty());
}

TEST_F(SecretsTest, APasswordFromTheEnvironmentIsRefusedAndNotShown) {
  setenv("BINADE_TEST_PUSH", "http://u:secret@g:1", 1);
  const auto loaded = bench_.load(minimal_text() + "[metrics]\npush = \"${env:BINADE_TEST_PUSH}\"\n");
  unsetenv("BINADE_TEST_PUSH");
  EXPECT_EQ(loaded.only().code, "E0118");
  EXPECT_THAT(loaded.text(), Not(HasSubstr("secret")));
}

TEST_F(SecretsTest, OtherMistakesDoNotShowAPasswordEither) {
  const auto loaded = bench_.load(minimal_text() + "[metrics]\npsuh = \"http://user:secret@gateway:9091\"\n");
  EXPECT_EQ(loaded.only().code, "E0103");
  EXPECT_THAT(loaded.text(), Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace binade::host
