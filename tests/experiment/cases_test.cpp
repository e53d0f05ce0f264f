// Diagnostics of documents: those in cases/NAME.toml, compared with cases/NAME.expected beside it. Documents in
// cases/manifests are manifests, the others experiments. A line "#--- TITLE" begins a document; its lines are counted
// from the next one. The sections that every experiment needs are added behind it, unless it has them or a line
// "#! whole". A line "#! --set KEY=VALUE" is an override.
//
// To rewrite the expected files and see what has changed:
//   BINADE_WRITE_EXPECTED=1 build/tests/experiment_tests --gtest_filter='*Cases*'; git diff tests/experiment/cases
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "tests/experiment/fixture.h"

namespace binade::host {
namespace {

namespace fs = std::filesystem;

const fs::path folder = fs::path(BINADE_SOURCE_DIR) / "tests/experiment/cases";

struct Document {
  std::string title;
  std::string text{};
  std::vector<std::string> overrides{};
  bool whole = false;
};

std::vector<Document> documents(const fs::path& file) {
  std::vector<Document> documents;
  std::istringstream lines(contents(file));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#--- ")) {
      documents.push_back({line.substr(5)});
    } else if (!documents.empty()) {
      auto& document = documents.back();
      if (line.starts_with("#! --set"))
        document.overrides.push_back(line.substr(std::min<std::size_t>(9, line.size())));
      document.whole |= line == "#! whole";
      document.text += line + "\n";
    }
  }
  return documents;
}

// Behind the document, so that its own lines keep their numbers.
std::string completed(const Document& document) {
  auto text = document.text;
  for (const auto& [section, lines] : {std::pair("model", "plugin = \"net\"\n"),
                                       {"dataset", "plugin = \"rows\"\nfile = \"data.csv\"\n"},
                                       {"precision", "plugin = \"full\"\n"},
                                       {"train", "steps = 10\n"}}) {
    const auto header = "[" + std::string(section) + "]\n";
    const bool has_it = ("\n" + document.text).find("\n" + header) != std::string::npos ||
                        document.text.starts_with(section + std::string(" = "));
    if (!document.whole && !has_it) text += header + lines;
  }
  return text;
}

std::string said(const fs::path& file, const Document& document) {
  const TemporaryFolder place;
  Diagnostics diagnostics;
  if (file.parent_path().filename() == "manifests") {
    (void)parse_manifest(document.text, file.filename(), diagnostics);
  } else {
    (void)load_experiment(place.write(file.filename(), completed(document)), document.overrides, FakePlugins(),
                          diagnostics);
  }
  auto text = diagnostics.empty() ? "accepted\n" : diagnostics.render(false);
  const auto prefix = place.path().string() + "/";
  for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at)) text.erase(at, prefix.size());
  return text;
}

std::vector<std::string> names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".toml")
      names.push_back(entry.path().lexically_relative(folder).replace_extension());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class Cases : public testing::TestWithParam<std::string> {};

TEST_P(Cases, AreDiagnosedAsExpected) {
  const auto file = folder / (GetParam() + ".toml"), expected = folder / (GetParam() + ".expected");
  std::string text;
  for (const auto& document : documents(file)) {
    text += (text.empty() ? "#--- " : "\n#--- ") + document.title + "\n" + said(file, document);
  }
  ASSERT_FALSE(text.empty()) << file << " has no document";
  if (std::getenv("BINADE_WRITE_EXPECTED") != nullptr) std::ofstream(expected, std::ios::binary) << text;
  EXPECT_EQ(text, contents(expected)) << "if this is right: BINADE_WRITE_EXPECTED=1 and this test once more";
}

INSTANTIATE_TEST_SUITE_P(Experiment, Cases, testing::ValuesIn(names()), [](const auto& info) {
  auto name = info.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
});

}  // namespace
}  // namespace binade::host
