// Valid manifests. Invalid ones are in cases/manifests.
#include "host/experiment/schema/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace binade::host {
namespace {

using testing::ElementsAre;

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

TEST(Manifests, MaySayWhichMinorOfTheAbiTheyNeed) {
  EXPECT_FALSE(parse(head).needs_abi);
  const auto needed = parse(head + "needs_abi = \"1.12\"\n").needs_abi;
  ASSERT_TRUE(needed);
  EXPECT_EQ(needed->major, 1u);
  EXPECT_EQ(needed->minor, 12u);
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

TEST(Manifests, MayDeclareKeysThatAreReservedInOtherSections) {
  EXPECT_EQ(parse(head + "[options.cpu]\ntype = \"string\"\n").options.size(), 1U) << "reserved in [precision] only";
}

TEST(Manifests, ThatAreNotTomlAreRefused) { EXPECT_EQ(mistake(std::string("\x7F\x45LF\0\0", 6)).code, "E0202"); }

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
  const auto array = of_kind("dataset", "[options.x]\ntype = \"[path]\"\ndefault_from = \"model.x\"\n");
  EXPECT_TRUE(parse(array).options[0].array) << "options of a model may be of any type";
}

TEST(Manifests, MayLetADatasetStandIn) {
  EXPECT_TRUE(parse(of_kind("dataset", "default = true\n")).is_default);
  EXPECT_FALSE(parse(of_kind("dataset", "default = false\n")).is_default);
}

TEST(Manifests, SayWhichTextsMayNameEnvironmentVariables) {
  EXPECT_TRUE(parse(head + "[options.x]\ntype = \"string\"\nenv = true\n").options[0].env);
  EXPECT_FALSE(parse(head + "[options.x]\ntype = \"string\"\nhelp = \"${env:A} is allowed\"\n").options[0].env);
}

}  // namespace
}  // namespace binade::host
