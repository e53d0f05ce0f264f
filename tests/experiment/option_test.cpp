// Access to checked tables.
#include "host/experiment/schema/option.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace binade::host {
namespace {

class Options : public testing::Test {
 protected:
  Options() {
    add(steps_, "steps", OptionType::integer, {std::int64_t{5}});
    add(lr_, "lr", OptionType::number, {0.5});
    add(on_, "on", OptionType::boolean, {true});
    add(name_, "name", OptionType::string, {std::string("x")});
    files_.array = true;
    add(files_, "files", OptionType::path, {std::string("/a"), std::string("/b")});
    add(absent_, "absent", OptionType::integer, {}, Origin::absent);
    add(waiting_, "waiting", OptionType::integer, {}, Origin::wired);
    none_.array = true;
    add(none_, "none", OptionType::string, {});
  }
  void add(OptionSpec& spec, const char* name, OptionType type, std::vector<Scalar> values,
           Origin origin = Origin::file) {
    spec.name = name;
    spec.type = type;
    table_.add({&spec, std::move(values), origin, {}});
  }
  OptionSpec steps_, lr_, on_, name_, files_, absent_, waiting_, none_;
  OptionTable table_;
};

TEST_F(Options, AreReadByTheirTypes) {
  EXPECT_EQ(table_.integer("steps"), 5);
  EXPECT_EQ(table_.number("lr"), 0.5);
  EXPECT_TRUE(table_.boolean("on"));
  EXPECT_EQ(table_.string("name"), "x");
  EXPECT_EQ(table_.strings("files"), (std::vector<std::string>{"/a", "/b"}));
}

TEST_F(Options, OfAnotherTypeAreAMistakeOfTheHost) {
  EXPECT_THROW((void)table_.number("steps"), std::logic_error);
  EXPECT_THROW((void)table_.integer("lr"), std::logic_error);
  EXPECT_THROW((void)table_.string("files"), std::logic_error);
  EXPECT_THROW((void)table_.strings("name"), std::logic_error);
  EXPECT_THROW((void)table_.integer("nowhere"), std::logic_error);
  EXPECT_THROW((void)table_.integer("absent"), std::logic_error);
}

TEST_F(Options, KnowWhetherTheyHaveAValue) {
  EXPECT_TRUE(table_.has("steps"));
  EXPECT_FALSE(table_.has("absent"));
  EXPECT_FALSE(table_.has("waiting"));
  EXPECT_FALSE(table_.has("nowhere"));
  EXPECT_TRUE(table_.has("none")) << "an empty array is a value";
  EXPECT_TRUE(table_.strings("none").empty());
}

}  // namespace
}  // namespace binade::host
