// TOML as a tree with locations, and texts that crash a careless user of toml++.
#include "host/experiment/toml/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace binade::host {
namespace {

using testing::HasSubstr;

struct Parsed {
  std::optional<Node> root;
  Diagnostics diagnostics;
};

Parsed parse_text(const std::string& text) {
  Parsed out;
  out.root = parse_toml(text, "a.toml", out.diagnostics);
  return out;
}

// The only mistake in a text that is not TOML.
Diagnostic mistake_in(const std::string& text) {
  const auto parsed = parse_text(text);
  EXPECT_FALSE(parsed.root.has_value());
  if (parsed.diagnostics.all().size() != 1) {
    ADD_FAILURE() << parsed.diagnostics.all().size() << " mistakes";
    return {};
  }
  EXPECT_EQ(parsed.diagnostics.all().front().code, "E0102");
  EXPECT_EQ(parsed.diagnostics.all().front().where.source, "a.toml");
  return parsed.diagnostics.all().front();
}

TEST(Document, KnowsWhereKeysAndValuesStand) {
  const auto parsed = parse_text("[train]\nsteps = 500  # many\n  name = \"x y\"\n");
  ASSERT_TRUE(parsed.root);
  const Node& train = parsed.root->find("train")->value;
  EXPECT_EQ(train.where, (Location{"a.toml", 1, 1, 7}));
  EXPECT_EQ(train.find("steps")->where, (Location{"a.toml", 2, 1, 5}));
  EXPECT_EQ(train.find("steps")->value.where, (Location{"a.toml", 2, 9, 3}));
  EXPECT_EQ(train.find("name")->where, (Location{"a.toml", 3, 3, 4}));
  EXPECT_EQ(train.find("name")->value.where, (Location{"a.toml", 3, 10, 5}));
}

TEST(Document, KnowsLengthsAtTheEndOfTheFile) {
  const auto parsed = parse_text("steps = 500");
  ASSERT_TRUE(parsed.root);
  EXPECT_EQ(parsed.root->find("steps")->value.where, (Location{"a.toml", 1, 9, 3}));
}

TEST(Document, CountsColumnsInCodePoints) {
  const auto parsed = parse_text("a = \"\xC3\xA9\xE2\x82\xAC\"  # \xC3\xA9\nb = [\"\xC3\xA9\", 2]\n");
  ASSERT_TRUE(parsed.root);
  EXPECT_EQ(parsed.root->find("a")->value.where, (Location{"a.toml", 1, 5, 4}));
  EXPECT_EQ(parsed.root->find("b")->value.elements[1].where, (Location{"a.toml", 2, 11, 1}));
}

TEST(Document, KeepsTheOrderOfTheText) {
  const auto parsed = parse_text("[z]\n[a]\n[m]\nq = 1\nb = 2\n");
  ASSERT_TRUE(parsed.root);
  ASSERT_EQ(parsed.root->members.size(), 3U);
  EXPECT_EQ(parsed.root->members[0].key, "z");
  EXPECT_EQ(parsed.root->members[1].key, "a");
  EXPECT_EQ(parsed.root->members[2].value.members[0].key, "q");
}

TEST(Document, ReadsEveryKindOfScalar) {
  const auto parsed =
      parse_text("a = true\nb = -7\nc = 1.5\nd = 'x'\ne = 0x10\nf = [1, [2.5]]\ng.h = 1\n[[i]]\n[[i]]\n");
  ASSERT_TRUE(parsed.root);
  EXPECT_EQ(parsed.root->find("a")->value.scalar, Scalar(true));
  EXPECT_EQ(parsed.root->find("b")->value.scalar, Scalar(std::int64_t{-7}));
  EXPECT_EQ(parsed.root->find("c")->value.scalar, Scalar(1.5));
  EXPECT_EQ(parsed.root->find("d")->value.scalar, Scalar(std::string("x")));
  EXPECT_EQ(parsed.root->find("e")->value.scalar, Scalar(std::int64_t{16}));
  EXPECT_EQ(parsed.root->find("f")->value.elements[1].elements[0].scalar, Scalar(2.5));
  EXPECT_EQ(parsed.root->find("g")->value.find("h")->value.scalar, Scalar(std::int64_t{1}));
  EXPECT_EQ(parsed.root->find("i")->value.elements.size(), 2U);
}

TEST(Document, AcceptsByteOrderMarkAndWindowsLineEnds) {
  const auto parsed = parse_text("\xEF\xBB\xBF[a]\r\nb = 1\r\n");
  ASSERT_TRUE(parsed.root);
  EXPECT_EQ(parsed.root->find("a")->value.find("b")->where.line, 2U);
}

TEST(Document, RefusesDatesAndSaysWhatToDo) {
  const auto parsed = parse_text("a = 1979-05-27\nb = 07:32:00\nc = [1979-05-27T07:32:00Z]\n");
  EXPECT_FALSE(parsed.root);
  ASSERT_EQ(parsed.diagnostics.all().size(), 3U);
  EXPECT_THAT(parsed.diagnostics.all()[0].message, HasSubstr("dates"));
  EXPECT_THAT(parsed.diagnostics.all()[0].label, HasSubstr("quotes"));
  EXPECT_EQ(parsed.diagnostics.all()[0].where, (Location{"a.toml", 1, 5, 10}));
}

TEST(Document, PointsAtTheSecondOfTwoEqualKeys) {
  const auto d = mistake_in("[train]\nsteps = 1\nepochs = 2\n  steps = 3\n");
  EXPECT_THAT(d.message, HasSubstr("twice"));
  EXPECT_EQ(d.where, (Location{"a.toml", 4, 3, 5}));
}

TEST(Document, PointsAtTheSecondOfTwoEqualSections) {
  const auto d = mistake_in("[train]\nsteps = 1\n[model]\n[train]\n");
  EXPECT_THAT(d.message, HasSubstr("twice"));
  EXPECT_EQ(d.where.line, 4U);
}

TEST(Document, SaysWhereTheSyntaxBreaks) {
  EXPECT_EQ(mistake_in("a = 1\nb 2\n").where.line, 2U);
  EXPECT_EQ(mistake_in("a = 1\nb = \n").where.line, 2U);
  EXPECT_EQ(mistake_in("a = \"x\nb = 1\n").where.line, 1U);
  EXPECT_EQ(mistake_in("[optimizer\nlr = 3\n").where.line, 1U);
  EXPECT_EQ(mistake_in("a = {\nb = 1 }\n").where.line, 1U);
}

TEST(Document, NamesTheBracketThatIsNotClosed) {
  const auto d = mistake_in("[dataset]\npaths = [\n  \"a\",\n\nb = 2\n");
  EXPECT_EQ(d.where.line, 5U);
  EXPECT_THAT(d.label, HasSubstr("line 2"));
}

// Texts that abort or crash toml++ 3.3.0, or are undefined behaviour in it.

TEST(Document, SurvivesHeadersWithoutAKey) {
  for (const std::string text :
       {"[=x]", "[", "[[", "[]", "[[]]", "[ ", "[.a]", "[\n]", "[%x]", "[{]", "[#]\n", "[[=x]]"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(mistake_in(text).where.line, 1U);
    EXPECT_EQ(mistake_in("a = 1\n" + text).where.line, 2U);
  }
}

TEST(Document, SurvivesMismatchedBrackets) {
  for (const std::string text :
       {"a = [}", "a = {]", "a = [[}]", "a = {b = [}}", "a = }", "a = ]", "a = [,]", "a = [1 2]", "a = [", "a = {",
        "a = {b", "a = {b =", "a = {b = 1,}", "a = [=x]", "}", "]"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(mistake_in(text).where.line, 1U);
  }
}

TEST(Document, SurvivesAHundredThousandDottedParts) {
  std::string key = "a";
  for (int i = 0; i < 100'000; ++i) key += ".a";
  EXPECT_EQ(mistake_in(key + " = 1").where.line, 1U);
  EXPECT_EQ(mistake_in("[" + key + "]").where.line, 1U);
  EXPECT_EQ(mistake_in("[[" + key + "]]").where.line, 1U);
  EXPECT_EQ(mistake_in("x = {" + key + " = 1}").where.line, 1U);
  std::string quoted = "'a'";
  for (int i = 0; i < 100'000; ++i) quoted += " . 'a.b'";
  EXPECT_EQ(mistake_in(quoted + " = 1").where.line, 1U);
}

TEST(Document, AcceptsSixtyFourDotsInAKeyAndNoMore) {
  std::string key = "a";
  for (int i = 0; i < 64; ++i) key += ".a";
  EXPECT_TRUE(parse_text(key + " = 1\n" + "b.c = 1.5\n").root);
  EXPECT_THAT(mistake_in(key + ".a = 1").label, HasSubstr("parts"));
}

TEST(Document, CountsNoDotsInStringsAndComments) {
  const std::string dots(1000, '.');
  EXPECT_TRUE(parse_text("a = \"" + dots + "\"\nb = '''" + dots + "'''\n# " + dots + "\n'" + dots + "' = 1\n").root);
  EXPECT_TRUE(parse_text("a = \"\\\"" + dots + "\"\nb = \"\"\"\"" + dots + "\\\"\"\"\"\"\"\n").root);
}

TEST(Document, SurvivesDeepNesting) {
  for (const auto& [open, close] : {std::pair<std::string, std::string>{"[", "]"}, {"{a=", "}"}, {"[{a=", "}]"}}) {
    std::string text = "x = ";
    for (int i = 0; i < 100'000; ++i) text += open;
    EXPECT_EQ(mistake_in(text).where.line, 1U);
    text += "1";
    for (int i = 0; i < 100'000; ++i) text += close;
    EXPECT_THAT(mistake_in(text).label, HasSubstr("too deeply"));
  }
}

TEST(Document, BoundsTheDepthOfDottedKeysInNestedTables) {
  std::string key = "a";
  for (int i = 0; i < 64; ++i) key += ".a";
  const auto nested = [&](int depth) {
    std::string text = "x = ";
    for (int i = 0; i < depth; ++i) text += "{" + key + " = ";
    return text + "1" + std::string(static_cast<std::size_t>(depth), '}');
  };
  EXPECT_TRUE(parse_text(nested(16)).root);
  EXPECT_THAT(mistake_in(nested(17)).label, HasSubstr("too deeply"));
}

TEST(Document, PointsAtInvalidUtf8) {
  EXPECT_EQ(mistake_in("a = 1\nb = \"\xC3\"\n").where, (Location{"a.toml", 2, 6, 1}));
  EXPECT_EQ(mistake_in("# \xFF\n").where, (Location{"a.toml", 1, 3, 1}));
  EXPECT_THAT(mistake_in("\xC0\x80 = 1").label, HasSubstr("UTF-8"));            // overlong
  EXPECT_THAT(mistake_in("a = '\xED\xA0\x80'").label, HasSubstr("UTF-8"));      // a surrogate
  EXPECT_THAT(mistake_in("a = '\xF4\x90\x80\x80'").label, HasSubstr("UTF-8"));  // beyond U+10FFFF
  EXPECT_THAT(mistake_in("a = '\xE2\x82").label, HasSubstr("UTF-8"));           // cut short
}

TEST(Document, PointsAtControlCharacters) {
  EXPECT_EQ(mistake_in(std::string("a = 1\nb = \0\n", 12)).where, (Location{"a.toml", 2, 5, 1}));
  EXPECT_EQ(mistake_in(std::string("a = \"\0\"\n", 8)).where, (Location{"a.toml", 1, 6, 1}));
  EXPECT_EQ(mistake_in(std::string("# \x01\n")).where.column, 3U);
  EXPECT_EQ(mistake_in(std::string("\0", 1)).where.line, 1U);
}

TEST(Document, RefusesBareKeysBeyondAscii) {
  EXPECT_EQ(mistake_in("a = 1\n\xC3\xA9 = 2\n").where, (Location{"a.toml", 2, 1, 1}));
  EXPECT_THAT(mistake_in("a\xC3\xA9 = 2\n").label, HasSubstr("quotes"));
  EXPECT_THAT(mistake_in("[\xC3\xA9]\n").label, HasSubstr("name"));
  EXPECT_THAT(mistake_in("a = {\xC3\xA9 = 1}\n").label, HasSubstr("quotes"));
  EXPECT_TRUE(parse_text("\"\xC3\xA9\" = 2\n").root);
}

// They reach code of toml++ 3.3 that it takes for unreachable.
TEST(Document, SurvivesCharactersBeyondAsciiInOddPlaces) {
  for (const auto* text : {"a = 7\"\xCD\xA2", "a = 2.\"\xCA\xA4\"", "a = [1,2{n=\"s\xCA\xA4\"}]", "a = 2[\"\xCA\xA4\"]",
                           "a = 1 = \"\xC3\xA9\"\n", "a = \"\"\"b\\\xEF\xBB\x9F\"\"\"\n"}) {
    EXPECT_FALSE(parse_text(text).root) << text;
    EXPECT_FALSE(parse_text(text).diagnostics.empty()) << text;
  }
  const auto parsed = parse_text("a = \"\"\"b \\\n  \xC3\xA9\"\"\"\n");
  ASSERT_TRUE(parsed.root);
  EXPECT_EQ(std::get<std::string>(parsed.root->find("a")->value.scalar), "b \xC3\xA9");
}

TEST(Document, RefusesMoreThanOneMebibyte) {
  const std::string comment = "#" + std::string((1 << 20) - 2, 'x') + "\n";
  EXPECT_TRUE(parse_text(comment).root);
  EXPECT_THAT(mistake_in(comment + "\n").label, HasSubstr("1 MiB"));
}

TEST(Document, TakesAnEmptyTextForAnEmptyTable) {
  EXPECT_TRUE(parse_text("").root);
  EXPECT_TRUE(parse_text("# nothing").root);
  EXPECT_TRUE(parse_text("\n\n").root->members.empty());
}

TEST(Document, SurvivesNumbersWithoutEnd) {
  EXPECT_EQ(mistake_in("a = " + std::string(5000, '9')).where.line, 1U);
  EXPECT_EQ(mistake_in("a = 1e" + std::string(5000, '9')).where.line, 1U);
  EXPECT_EQ(mistake_in("a = 0x" + std::string(5000, 'f')).where.line, 1U);
  EXPECT_EQ(mistake_in("a = 9223372036854775808").where.line, 1U);
  const auto parsed = parse_text("a = -9223372036854775808");
  EXPECT_EQ(parsed.root->find("a")->value.scalar, Scalar(std::numeric_limits<std::int64_t>::min()));
}

}  // namespace
}  // namespace binade::host
