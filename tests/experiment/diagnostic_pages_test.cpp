// The pages of `binade explain` are complete, and each example produces the code that it explains.
#include "host/experiment/diagnostics/diagnostic_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "host/experiment/schema/plugin_sections.h"
#include "host/experiment/schema/sections.h"
#include "host/experiment/wiring.h"
#include "tests/experiment/fixture.h"

namespace binade::host {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::set<std::string> codes_in_pages() {
  std::set<std::string> codes;
  for (const auto& page : diagnostic_pages()) codes.emplace(page.code);
  return codes;
}

// Every code that stands in quotes anywhere in the host.
std::set<std::string> codes_in_sources() {
  std::set<std::string> codes;
  const std::regex code("\"(E0[0-9]{3})\"");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(BINADE_SOURCE_DIR "/host")) {
    if (entry.path().extension() != ".cpp" && entry.path().extension() != ".h") continue;
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    const auto all = text.str();
    for (std::sregex_iterator match(all.begin(), all.end(), code), end; match != end; ++match)
      codes.insert((*match)[1]);
  }
  return codes;
}

TEST(DiagnosticPages, ExplainEveryCodeThatTheHostCanPrint) {
  const auto sources = codes_in_sources();
  EXPECT_GT(sources.size(), 30U);
  const auto pages = codes_in_pages();
  for (const auto& code : sources) EXPECT_TRUE(pages.contains(code)) << code << " has no page";
  EXPECT_EQ(diagnostic_pages().size(), pages.size()) << "a code twice";
}

TEST(DiagnosticPages, AreReadable) {
  for (const auto& page : diagnostic_pages()) {
    SCOPED_TRACE(page.code);
    const auto text = explanation_of(page.code).value();
    EXPECT_THAT(text, HasSubstr("How to fix it:"));
    for (const auto part : {page.meaning, page.explanation, page.example, page.remedy}) EXPECT_FALSE(part.empty());
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 104U) << line;
  }
  EXPECT_EQ(explanation_of("e0103"), explanation_of("E0103"));
  EXPECT_EQ(explanation_of("E9999"), std::nullopt);
  EXPECT_EQ(explanation_of(""), std::nullopt);
}

TEST(DiagnosticPages, NameEverySectionThatTheHostReads) {
  const auto text = explanation_of("E0104").value();
  for (const auto& section : host_sections()) EXPECT_THAT(text, HasSubstr(section.name));
  for (const auto* section : {"model", "dataset", "precision", "logger"}) EXPECT_THAT(text, HasSubstr(section));
}

TEST(DiagnosticPages, NameEveryKeyOfTheHostsThatTakesEnvironmentVariables) {
  const auto text = explanation_of("E0112").value();
  for (const auto& section : host_sections()) {
    for (const auto& variant : section.variants) {
      for (const auto& option : variant.options) {
        if (!option.env) continue;
        EXPECT_THAT(text, AllOf(HasSubstr("[" + section.name + "]"), HasSubstr(option.name)));
      }
    }
  }
}

// The codes that an experiment gives, its example standing on a complete one.
class Examples : public testing::Test {
 protected:
  Examples() {
    bench_.plugins.add(
        "id = \"my_net\"\nkind = \"model\"\nversion = \"1\"\n[options.units]\ntype = \"integer\"\n"
        "default = 64\n[options.classes]\ntype = \"integer\"\ndefault_from = \"dataset.classes\"\n");
    bench_.plugins.add("id = \"my_data\"\nkind = \"dataset\"\nversion = \"1\"\n");
    bench_.plugins.add("id = \"my_precision\"\nkind = \"precision\"\nversion = \"1\"\n");
    bench_.plugins.add(
        "id = \"my_logger\"\nkind = \"logger\"\nversion = \"1\"\n[options.every]\ntype = \"integer\"\n"
        "default = 1\n");
    bench_.folder.write("complete.toml",
                        "[model]\nplugin = \"my_net\"\n[dataset]\nplugin = \"my_data\"\n[precision]\nplugin = "
                        "\"my_precision\"\n[train]\nsteps = 1\n");
  }

  static std::string only_code(const Diagnostics& diagnostics) {
    std::set<std::string> codes;
    for (const auto& diagnostic : diagnostics.all()) codes.insert(diagnostic.code);
    return codes.size() == 1 ? *codes.begin() : diagnostics.render(false);
  }

  std::string code_of_experiment(const DiagnosticPage& page) {
    const std::string example(page.example);
    const auto complete = bench_.folder.path() / "complete.toml";
    if (page.code == "E0107") return only_code(bench_.load_file(complete, {example.substr(6)}).diagnostics);
    if (page.code == "E0111") {
      return only_code(bench_.load_file(bench_.folder.write("experiment.toml", example)).diagnostics);
    }
    if (page.code == "E0105") return only_code(bench_.load(example).diagnostics);
    if (page.code == "E0114") {
      for (const auto* id : {"a", "b"}) {
        bench_.plugins.add(std::string("id = \"") + id + "\"\nkind = \"dataset\"\nversion = \"1\"\ndefault = true\n");
      }
      return only_code(
          bench_.load("[precision]\nplugin = \"my_precision\"\n[train]\nsteps = 1\n" + example).diagnostics);
    }
    if (page.code == "E0110") {
      auto experiment = bench_.load_file(complete).experiment.value();
      Diagnostics diagnostics;
      wire(experiment.model.options, "model", {}, diagnostics);
      EXPECT_EQ(diagnostics.all().at(0).message, example);
      return only_code(diagnostics);
    }
    const bool whole = example.starts_with("include");
    return only_code(bench_.load((whole ? "" : "include = [\"complete.toml\"]\n") + example).diagnostics);
  }
  Bench bench_;
};

TEST_F(Examples, StandOnACompleteExperiment) {
  const auto complete = bench_.load_file(bench_.folder.path() / "complete.toml");
  EXPECT_TRUE(complete.experiment) << complete.text();
}

TEST_F(Examples, OfExperimentsGiveTheCodeThatTheyExplain) {
  int tried = 0;
  for (const auto& page : diagnostic_pages()) {
    if (!page.code.starts_with("E01")) continue;
    EXPECT_EQ(code_of_experiment(page), page.code) << page.example;
    ++tried;
  }
  EXPECT_GE(tried, 19);
}

TEST_F(Examples, OfManifestsGiveTheCodeThatTheyExplain) {
  int tried = 0;
  for (const auto& page : diagnostic_pages()) {
    if (!page.code.starts_with("E02")) continue;
    Diagnostics diagnostics;
    (void)parse_manifest(std::string(page.example), "manifest.toml", diagnostics);
    EXPECT_EQ(only_code(diagnostics), page.code) << page.example;
    ++tried;
  }
  EXPECT_GE(tried, 9);
}

TEST(ExplainHint, NamesEachCodeOnce) {
  Diagnostics diagnostics;
  EXPECT_EQ(explain_hint(diagnostics), "");
  for (const auto* code : {"E0117", "E0103", "E0117"}) {
    Diagnostic diagnostic;
    diagnostic.code = code;
    diagnostics.add(std::move(diagnostic));
  }
  EXPECT_EQ(explain_hint(diagnostics), "explain: binade explain E0103 E0117\n");
}

}  // namespace
}  // namespace binade::host
