// Manifests.
#include "host/experiment/schema/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace binade::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string head = "id = \"net\"\nkind = \"model\"\nversion = \"1.0.0\"\nsummary = \"A net.\"\n";

Manifest parse(const std::string& text) {
  Diagnostics diagnostics;
  auto manifest = parse_manifest(text, "net.toml", diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.render(false);
  return manifest;
}

Diagnostic mistake(const std::string& text) {
  Diagnostics diagnostics;
  (void)parse_manifest(text, "net.toml", diagnostics);
  if (diagnostics.all().size() != 1) throw std::runtime_error("not one mistake:\n" + diagnostics.render(false));
  return diagnostics.all().front();
}

// A mistake in the table of the option `x`.
Diagnostic option_mistake(const std::string& lines) { return mistake(head + "[options.x]\n" + lines); }

TEST(Manifests, MaySayWhichMinorOfTheAbiTheyNeed) {
  EXPECT_FALSE(parse(head).needs_abi);
  const auto needed = parse(head + "needs_abi = \"1.12\"\n").needs_abi;
  ASSERT_TRUE(needed);
  EXPECT_EQ(needed->major, 1u);
  EXPECT_EQ(needed->minor, 12u);
  for (const auto* wrong : {"", "1", "1.", ".1", "1.1.1", "1.x", "-1.1", "1.1 "}) {
    EXPECT_EQ(mistake(head + "needs_abi = \"" + wrong + "\"\n").code, "E0218") << wrong;
  }
}

TEST(Manifests, SayWhatAPluginIs) {
  const auto manifest = parse(head + "inputs = [\"tokens\", \"mask\"]\n");
  EXPECT_EQ(manifest.id, "net");
  EXPECT_EQ(manifest.kind, PluginKind::model);
  EXPECT_EQ(manifest.version, "1.0.0");
  EXPECT_EQ(manifest.summary, "A net.");
  EXPECT_THAT(manifest.inputs, ElementsAre("tokens", "mask"));
}

TEST(Manifests, KnowEveryKind) {
  for (const auto kind : {PluginKind::dataset, PluginKind::precision, PluginKind::logger, PluginKind::model}) {
    const auto manifest = parse("id = \"a\"\nversion = \"1\"\nkind = \"" + std::string(to_string(kind)) + "\"\n");
    EXPECT_EQ(manifest.kind, kind);
  }
}

TEST(Manifests, DeclareOptionsInOrder) {
  const auto manifest = parse(head + R"(
[options.units]
type = "integer"
default = 128
min = 1
max = 10_000
help = "Width."
[options.act]
type = "string"
choices = ["relu", "gelu"]
[options.files]
type = "[path]"
optional = true
[options.classes]
type = "integer"
default_from = "dataset.classes"
[options.rates]
type = "[number]"
default = [1, 0.5]
)");
  ASSERT_EQ(manifest.options.size(), 5U);
  const auto& units = manifest.options[0];
  EXPECT_EQ(units.name, "units");
  EXPECT_EQ(units.type, OptionType::integer);
  EXPECT_EQ(*units.default_value, (std::vector<Scalar>{std::int64_t{128}}));
  EXPECT_EQ(units.min, 1.0);
  EXPECT_EQ(units.max, 10000.0);
  EXPECT_EQ(units.help, "Width.");
  EXPECT_FALSE(units.required());
  EXPECT_EQ(manifest.options[1].choices.size(), 2U);
  EXPECT_TRUE(manifest.options[1].required());
  EXPECT_TRUE(manifest.options[2].array);
  EXPECT_TRUE(manifest.options[2].optional);
  EXPECT_EQ(manifest.options[2].type, OptionType::path);
  EXPECT_EQ(manifest.options[3].default_from, "dataset.classes");
  EXPECT_EQ(*manifest.options[4].default_value, (std::vector<Scalar>{1.0, 0.5}));
}

TEST(Manifests, NestTablesOfOptions) {
  const auto manifest = parse(head + R"(
[options.limits]
help = "Where it ends."
[options.limits.options.low]
type = "number"
default = 0
[options.limits.options.deep.options.er]
type = "boolean"
default = true
[options.after]
type = "string"
optional = true
)");
  std::vector<std::string> names;
  for (const auto& option : manifest.options) names.push_back(option.name);
  EXPECT_THAT(names, ElementsAre("limits.low", "limits.deep.er", "after"));
}

TEST(Manifests, ThatLackAKeyAreRefused) {
  EXPECT_EQ(mistake("kind = \"model\"\nversion = \"1\"\n").code, "E0206");
  EXPECT_EQ(mistake("kind = \"model\"\nversion = \"1\"\n").message, "`id` is missing");
  EXPECT_EQ(mistake("id = \"a\"\nversion = \"1\"\n").code, "E0206");
  EXPECT_EQ(mistake("id = \"a\"\nkind = \"model\"\n").code, "E0206");
  EXPECT_EQ(option_mistake("default = 3\n").code, "E0206");
}

TEST(Manifests, WithUnknownKeysAreRefused) {
  const auto top = mistake(head + "sumary = \"x\"\n");
  EXPECT_EQ(top.code, "E0203");
  EXPECT_EQ(top.message, "unknown key `sumary` in the manifest");
  EXPECT_EQ(top.label, "did you mean `summary`?");
  EXPECT_EQ(mistake(head + "[option.x]\ntype = \"string\"\n").label, "did you mean `options`?");
  const auto option = option_mistake("type = \"integer\"\ndefualt = 3\n");
  EXPECT_EQ(option.label, "did you mean `default`?");
  EXPECT_EQ(option.where, (Location{"net.toml", 7, 1, 7}));
}

TEST(Manifests, WithBadIdsAreRefused) {
  for (const std::string id : {"", "Net", "1net", "-net", "a b", "a.b", "n\xC3\xA9t"}) {
    EXPECT_EQ(mistake("id = \"" + id + "\"\nkind = \"model\"\nversion = \"1\"\n").code, "E0218") << id;
  }
  EXPECT_EQ(parse("id = \"a-b_2\"\nkind = \"model\"\nversion = \"1\"\n").id, "a-b_2");
  EXPECT_EQ(mistake("id = \"" + std::string(65, 'a') + "\"\nkind = \"model\"\nversion = \"1\"\n").code, "E0218");
}

TEST(Manifests, WithUnknownKindsOrTypesAreRefused) {
  EXPECT_EQ(mistake("id = \"a\"\nkind = \"models\"\nversion = \"1\"\n").label, "did you mean \"model\"?");
  EXPECT_EQ(option_mistake("type = \"int\"\n").code, "E0216");
  EXPECT_EQ(option_mistake("type = \"int\"\n").label, "did you mean \"integer\"?");
  EXPECT_EQ(option_mistake("type = 3\n").code, "E0215");
}

TEST(Manifests, WithDefaultsOfTheWrongTypeAreRefused) {
  const auto d = option_mistake("type = \"integer\"\ndefault = \"3\"\n");
  EXPECT_EQ(d.code, "E0215");
  EXPECT_EQ(d.message, "`options.x.default` must be an integer, got a string");
  EXPECT_EQ(d.where.line, 7U);
  EXPECT_EQ(option_mistake("type = \"[integer]\"\ndefault = 3\n").code, "E0215");
  EXPECT_EQ(option_mistake("type = \"boolean\"\ndefault = 1\n").code, "E0215");
  EXPECT_EQ(option_mistake("type = \"path\"\ndefault = \"\"\n").code, "E0218");
}

TEST(Manifests, WithDefaultsBeyondTheirOwnLimitsAreRefused) {
  EXPECT_EQ(option_mistake("type = \"integer\"\nmin = 1\ndefault = 0\n").code, "E0217");
  EXPECT_EQ(option_mistake("type = \"[number]\"\nmax = 1\ndefault = [0, 2]\n").code, "E0217");
  EXPECT_EQ(option_mistake("type = \"string\"\nchoices = [\"a\"]\ndefault = \"b\"\n").code, "E0216");
}

TEST(Manifests, WithChoicesOfTheWrongTypeAreRefused) {
  EXPECT_EQ(option_mistake("type = \"string\"\nchoices = [\"a\", 1]\n").message,
            "`options.x.choices[1]` must be a string, got an integer");
  EXPECT_EQ(option_mistake("type = \"string\"\nchoices = \"a\"\n").code, "E0215");
  EXPECT_EQ(option_mistake("type = \"string\"\nchoices = []\n").code, "E0218");
}

TEST(Manifests, ThatContradictThemselvesAreRefused) {
  EXPECT_EQ(option_mistake("type = \"integer\"\nmin = 2\nmax = 1\n").code, "E0219");
  EXPECT_EQ(option_mistake("type = \"string\"\nmin = 2\n").code, "E0219");
  EXPECT_EQ(option_mistake("type = \"integer\"\ndefault = 1\noptional = true\n").code, "E0219");
  EXPECT_EQ(option_mistake("type = \"integer\"\nenv = true\n").code, "E0219");
  EXPECT_EQ(option_mistake("type = \"boolean\"\ndefault_from = \"dataset.a\"\n").code, "E0219");
  EXPECT_EQ(option_mistake("type = \"[integer]\"\ndefault_from = \"dataset.a\"\n").code, "E0219");
  EXPECT_EQ(mistake("id = \"a\"\nkind = \"logger\"\nversion = \"1\"\ninputs = [\"x\"]\n").code, "E0219");
}

TEST(Manifests, WithWiringToNowhereAreRefused) {
  for (const std::string from : {"classes", "model.classes", "dataset.", "dataset.a.b", ""}) {
    EXPECT_EQ(option_mistake("type = \"integer\"\ndefault_from = \"" + from + "\"\n").code, "E0218") << from;
  }
}

TEST(Manifests, CannotDeclareTheHostsOwnKeys) {
  EXPECT_EQ(mistake(head + "[options.plugin]\ntype = \"string\"\n").code, "E0220");
  EXPECT_EQ(mistake(head + "[options.library]\ntype = \"string\"\n").code, "E0220");
  EXPECT_EQ(parse(head + "[options.cpu]\ntype = \"string\"\n").options.size(), 1U) << "reserved in [precision] only";
  EXPECT_EQ(mistake("id = \"a\"\nkind = \"precision\"\nversion = \"1\"\n[options.cpu]\ntype = \"string\"\n").code,
            "E0220");
}

TEST(Manifests, WithBadOptionNamesAreRefused) {
  EXPECT_EQ(mistake(head + "[options.\"a.b\"]\ntype = \"string\"\n").code, "E0218");
  EXPECT_EQ(mistake(head + "[options.1x]\ntype = \"string\"\n").code, "E0218");
  EXPECT_EQ(mistake(head + "[options]\nx = 3\n").code, "E0215");
  EXPECT_EQ(mistake("options = 3\n" + head).code, "E0215");
}

TEST(Manifests, TablesOfOptionsHaveNoType) {
  const auto d = mistake(head + "[options.x]\ntype = \"integer\"\n[options.x.options.y]\ntype = \"integer\"\n");
  EXPECT_EQ(d.code, "E0203");
  EXPECT_THAT(d.notes.front(), HasSubstr("is a table"));
}

TEST(Manifests, ThatAreNoTomlAreRefused) {
  EXPECT_EQ(mistake("id = \n").code, "E0202");
  EXPECT_EQ(mistake(std::string("\x7F\x45LF\0\0", 6)).code, "E0202");
}

TEST(Manifests, ReportAllMistakesAtOnce) {
  Diagnostics diagnostics;
  (void)parse_manifest(
      "id = \"A\"\nkind = \"model\"\n[options.x]\ntype = \"int\"\n[options.y]\ntype = \"integer\"\nmin = 5\n"
      "default = 1\n",
      "net.toml", diagnostics);
  EXPECT_EQ(diagnostics.all().size(), 4U) << diagnostics.render(false);
  EXPECT_THAT(diagnostics.render(false), HasSubstr("net.toml:8:11\n 8 | default = 1\n   |           ^"));
}

TEST(Manifests, NestedDeeplyAreReadOrRefused) {
  std::string path = "options.a";
  for (int i = 0; i < 40; ++i) path += ".options.a";
  EXPECT_EQ(mistake(head + "[" + path + "]\ntype = \"integer\"\n").code, "E0202");
}

TEST(Manifests, GiveAnOptionADefaultForWhenItsSourceIsSilent) {
  const auto manifest = parse(head + "[options.x]\ntype = \"integer\"\ndefault_from = \"dataset.a\"\ndefault = 3\n");
  EXPECT_EQ(manifest.options[0].default_from, "dataset.a");
  EXPECT_EQ(*manifest.options[0].default_value, (std::vector<Scalar>{std::int64_t{3}}));
}

std::string of_kind(const std::string& kind, const std::string& lines) {
  return "id = \"a\"\nversion = \"1\"\nkind = \"" + kind + "\"\n" + lines;
}

TEST(Manifests, WireModelsToDatasetsAndDatasetsToModels) {
  const auto option = [](const std::string& from) {
    return "[options.x]\ntype = \"integer\"\ndefault_from = \"" + from + "\"\n";
  };
  EXPECT_EQ(parse(of_kind("dataset", option("model.Some_length"))).options[0].default_from, "model.Some_length");
  EXPECT_EQ(mistake(of_kind("dataset", option("dataset.classes"))).code, "E0218");
  EXPECT_EQ(mistake(of_kind("model", option("model.classes"))).code, "E0218");
  EXPECT_EQ(mistake(of_kind("logger", option("dataset.classes"))).code, "E0219");
  const auto array = of_kind("dataset", "[options.x]\ntype = \"[path]\"\ndefault_from = \"model.x\"\n");
  EXPECT_TRUE(parse(array).options[0].array) << "options of a model may be of any type";
}

TEST(Manifests, MayLetADatasetStandIn) {
  EXPECT_TRUE(parse(of_kind("dataset", "default = true\n")).is_default);
  EXPECT_FALSE(parse(of_kind("dataset", "default = false\n")).is_default);
  EXPECT_EQ(mistake(of_kind("model", "default = true\n")).code, "E0219");
}

TEST(Manifests, SayWhichTextsMayNameEnvironmentVariables) {
  EXPECT_TRUE(parse(head + "[options.x]\ntype = \"string\"\nenv = true\n").options[0].env);
  EXPECT_FALSE(parse(head + "[options.x]\ntype = \"string\"\nhelp = \"${env:A} is allowed\"\n").options[0].env);
  EXPECT_EQ(option_mistake("type = \"path\"\ndefault = \"${env:HOME}/x\"\n").code, "E0218");
}

}  // namespace
}  // namespace binade::host
