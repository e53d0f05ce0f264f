// Writes projects for plugin authors from the SDK's templates, share/binade/templates beside the executable's bin/:
// first the files that all projects have, then those of the language, of the kind, and of both. Of two files with one
// name the later one counts. A few words are replaced in names and contents.
#include "host/commands/new.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <map>
#include <memory>
#include <stdexcept>

#include "host/base/read_file.h"
#include "host/cli/command_line.h"
#include "host/cli/exit_codes.h"
#include "host/experiment/diagnostics/nearest.h"
#include "host/loading/catalog.h"

namespace binade::host {
namespace {

namespace fs = std::filesystem;

struct NewProject {
  std::string kind, name, language = "cpp";
};

using Replacements = std::vector<std::pair<std::string, std::string>>;

const std::vector<std::string> kinds{"model", "dataset", "precision", "logger"};
const std::vector<std::string> languages{"c", "cpp", "rust"};

bool among(const std::string& word, const std::vector<std::string>& words) {
  return std::ranges::find(words, word) != words.end();
}

std::string unknown(std::string_view what, const std::string& word, const std::vector<std::string>& known) {
  const auto meant = nearest(word, known);
  return fmt::format("there is no {} `{}`{}\nthere are: {}", what, word,
                     meant.empty() ? "" : fmt::format(", did you mean `{}`?", meant), fmt::join(known, ", "));
}

bool is_target_of_cmake(const std::string& name) {
  constexpr std::array words{"all",     "clean",          "depend",     "edit_cache",    "help", "install",
                             "package", "package_source", "preinstall", "rebuild_cache", "test"};
  return std::ranges::find(words, name) != words.end();
}

// Returns what is wrong with the request, or an empty string.
std::string mistake(const NewProject& project, const Catalog& catalog) {
  if (!among(project.kind, kinds)) return unknown("kind", project.kind, kinds);
  if (!among(project.language, languages)) return unknown("language", project.language, languages);
  if (project.kind == "model" && project.language != "cpp") {
    return "a model uses LibTorch, so it must be written in C++: leave --lang out";
  }
  if (!is_plugin_id(project.name)) {
    return fmt::format(
        "a plugin cannot be called `{}`: a name has 1 to 64 characters of a-z 0-9 _ - and begins with a letter",
        project.name);
  }
  if (is_target_of_cmake(project.name)) {
    return fmt::format("a plugin cannot be called `{}`: CMake has a target of that name", project.name);
  }
  for (const auto& file : catalog.files()) {
    if (file.manifest.id == project.name && to_string(file.manifest.kind) == project.kind) {
      return fmt::format("the {} `{}` exists already: {}", project.kind, project.name, file.path.string());
    }
  }
  if (std::error_code error; fs::exists(fs::symlink_status(project.name, error))) {
    return fmt::format("`{}` exists already; choose another name, or remove it", project.name);
  }
  return {};
}

// "my-first_net" -> "MyFirstNet"
std::string type_name(const std::string& name) {
  std::string type;
  bool begins = true;
  for (const char c : name) {
    if (c != '-' && c != '_') type += static_cast<char>(begins ? std::toupper(c) : c);
    begins = c == '-' || c == '_';
  }
  return type;
}

std::string replaced(std::string text, const Replacements& replacements) {
  for (const auto& [from, to] : replacements) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
      text.replace(at, from.size(), to);
    }
  }
  return text;
}

// The files of one template, by their names in the project.
std::map<fs::path, fs::path> files_of(const fs::path& templates, const NewProject& project) {
  std::map<fs::path, fs::path> files;
  const auto add = [&](const fs::path& folder) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.is_regular_file()) files[entry.path().filename()] = entry.path();
    }
  };
  add(templates);
  add(templates / project.language);
  add(templates / project.kind);
  add(templates / project.kind / project.language);
  return files;
}

void write_file(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw std::runtime_error(fmt::format("cannot write {}", path.string()));
}

// The commands of a README: its first code block.
std::string commands(const std::string& readme) {
  constexpr std::string_view fence = "```sh\n";
  const auto begin = readme.find(fence) + fence.size();
  return readme.substr(begin, readme.find("```", begin) - begin);
}

std::string indented(const std::string& lines) {
  auto text = replaced("  " + lines, {{"\n", "\n  "}});
  text.resize(text.size() - 2);  // after the last line
  return text;
}

int create(const NewProject& project, const CommandLine& line) {
  if (const auto wrong = mistake(project, Catalog(line.plugin_folders())); !wrong.empty()) {
    show(stderr, "{}: {}\n", Paint(wants_color(line.color(), stderr)).red("error"), wrong);
    return exit_usage;
  }
  const auto prefix = line.executable().parent_path().parent_path();
  const auto templates = prefix / BINADE_INSTALL_DATADIR / "binade/templates";
  if (!fs::is_directory(templates)) {
    throw std::runtime_error(
        fmt::format("the SDK is not installed beside this program: {} is missing; `cmake --install "
                    "BUILD --prefix {}` installs it",
                    templates.string(), prefix.string()));
  }
  const bool found_by_path = line.program_name().find('/') == std::string::npos;
  const Replacements words{{"my_plugin", project.name},
                           {"MyPlugin", type_name(project.name)},
                           {"MY_KIND", project.kind},
                           {"MY_PREFIX", prefix.string()},
                           {"MY_BINADE", found_by_path ? line.program_name() : line.executable().string()}};
  const auto files = files_of(templates, project);
  const Paint paint(wants_color(line.color(), stdout));
  fs::create_directory(project.name);
  show("{} the {} `{}`:\n", paint.green("wrote"), project.kind, project.name);
  std::string next;
  for (const auto& [name, source] : files) {
    const auto path = fs::path(project.name) / replaced(name.string(), words);
    const auto text = replaced(read_file(source), words);
    write_file(path, text);
    if (name == "README.md") next = commands(text);
    show("  {}\n", path.string());
  }
  show("\nnext:\n\n{}", Lines{indented(next)});
  return exit_ok;
}

}  // namespace

void add_new(CommandLine& line) {
  const auto project = std::make_shared<NewProject>();
  auto& verb = line.verb("new", "Write a project for a plugin, which builds, passes its test and trains",
                         "  binade new model my_net\n  binade new dataset my_data --lang rust",
                         [project, &line] { return create(*project, line); });
  verb.argument("KIND", project->kind, "model, dataset, precision or logger");
  verb.argument("NAME", project->name, "The plugin's id, and the folder to write");
  verb.option("--lang", project->language, "LANGUAGE", "c, cpp or rust; a model must be in cpp");
}

}  // namespace binade::host
