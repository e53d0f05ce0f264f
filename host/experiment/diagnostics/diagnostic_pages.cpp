// The pages of `binade explain`. diagnostic_pages_test.cpp tries the examples: those of E01xx extend a complete
// experiment with the plugins my_net, my_data, my_precision and my_logger.
#include "host/experiment/diagnostics/diagnostic_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "host/experiment/schema/plugin_sections.h"

namespace binade::host {
namespace {

constexpr DiagnosticPage pages[] = {
    {"E0101", "the file cannot be read",
     "The experiment, or a file that it includes, does not exist, is a folder, or cannot be read.",
     R"(include = ["bsae.toml"])",
     "Check the name. Paths in a file are relative to that file; paths on the command line are relative to the current "
     "folder."},
    {"E0102", "the file is not valid TOML",
     "The text breaks the rules of TOML. Only the first such mistake is reported, because the parser cannot continue "
     "after it. Dates, files of more than 1 MiB and bare keys beyond ASCII are refused, too.",
     R"([model]
plugin = my_net)",
     "Quote strings, close brackets and quotes, give each key once per table, and write dates as strings."},
    {"E0103", "a key is unknown in its table",
     "A table has a key that Binade does not know. It is not ignored, because a mistyped key would silently leave its "
     "default in force.",
     R"([optimizer]
weigth_decay = 0.1)",
     "Correct the spelling; the valid keys are listed below the message. Some keys belong to another section, or to "
     "another `name` of the same section; the message says so."},
    {"E0104", "a section is unknown", "The file has a section that Binade does not know.", R"([optimiser]
lr = 1e-3)",
     "The sections are {sections}. Options of a plugin belong in the section that names the plugin."},
    {"E0105", "a section is missing",
     "A section without a default is missing. An experiment must name at least a model and a precision, and a dataset "
     "unless an installed one is the default.",
     R"([train]
steps = 100)",
     "Add the section with `plugin = \"...\"`; `binade plugins list` shows the installed plugins."},
    {"E0106", "a required key is missing",
     "A key without a default is missing, or the length of the training is not given.", R"([[logger]]
every = 10)",
     "Add the key. The message gives its type; `binade plugins describe ID` explains it."},
    {"E0107", "an override is not of the form --set key=value, or its key cannot be reached",
     "The argument of --set is not of the form key=value, its value is not TOML, or its key leads through a value that "
     "is not a table or beyond the end of an array.",
     "--set train.steps",
     "Write --set section.key=value. Values are TOML; single words need no quotes. Elements of arrays have numbers: "
     "--set logger.0.every=10."},
    {"E0108", "there is no plugin with this id", "The plugin folders do not contain a plugin of this id and kind.",
     R"([model]
plugin = "my_nte")",
     "Correct the id, or tell Binade where the plugin is: BINADE_PLUGIN_PATH lists folders, `library = \"...\"` names "
     "one file. `binade plugins list` shows what was found."},
    {"E0109", "the plugin has a different kind than its section",
     "The plugin exists, but its kind differs from the one that its section needs.", R"([precision]
plugin = "my_logger")",
     "Name a plugin of the right kind; the message lists them."},
    {"E0110", "a value cannot be taken from the dataset",
     "An option takes its value from the dataset (or a dataset's option from the model), which does not have that "
     "value or has it with a different type. This is found when a run starts, because the dataset is not opened "
     "before.",
     R"(`model.classes` comes from the dataset's `classes`, which this dataset does not state)",
     "Write the option in its section, let the dataset state the fact, or give the option a `default` beside its "
     "`default_from` in the manifest."},
    {"E0111", "included files form a circle, are nested too deeply or are too many",
     "Files that include each other in a circle would never end. More than 16 levels or more than 256 files in all "
     "count as the same mistake. The lines below the message show the chain.",
     R"(include = ["experiment.toml"]   # in experiment.toml itself)",
     "Remove the inclusion that closes the circle; put what both files need into a third one."},
    {"E0112", "an environment variable is used where it is not allowed, or in the wrong form",
     "`${env:NAME}` is used in a text that does not accept environment variables, or is malformed. Variables are "
     "accepted where machines differ (paths, addresses, the run's name), not where they would silently change the "
     "training.",
     R"([optimizer]
name = "${env:OPTIMIZER}")",
     "Use --set, or one of the places that accept variables: paths, `include`, [experiment] name, [metrics] listen and "
     "push, and options whose manifest says `env = true`. The forms are ${env:NAME} and ${env:NAME:-default}."},
    {"E0113", "an environment variable is not set, or its value is not text",
     "The environment has no variable of this name and the text gives no default, or the value is not UTF-8.",
     R"([metrics]
listen = "${env:BINADE_EXPLAIN_NOT_SET}")",
     "Set the variable, or write ${env:NAME:-default}."},
    {"E0114", "several datasets are the default for a missing [dataset]",
     "The experiment has no [dataset], and the manifests of several installed datasets declare them as the default "
     "(`default = true`).",
     R"([model]
plugin = "my_net"   # and no [dataset])",
     "Write [dataset] with the plugin that you want, or remove the other plugins from the plugin folders."},
    {"E0115", "a value has the wrong type",
     "The type of the value is not the one that the key needs. Only integers are converted, where a number is "
     "expected.",
     R"([train]
steps = "100")",
     "Write integers without a decimal point and quotes, strings in quotes, arrays in brackets, true and false in "
     "lower case."},
    {"E0116", "a value is not one of the choices", "The key accepts only certain values, and this is not one of them.",
     R"([schedule]
name = "cosinus")",
     "Use one of the valid values below the message."},
    {"E0117", "a number is out of range", "The number is outside the range of its key, or is not finite.", R"([train]
steps = 0)",
     "Use a number in the range that the message names. For a value from --set, the message also shows the value in "
     "the file."},
    {"E0118", "a text does not have the required form",
     "The text must have a certain form: a duration, an address, a device, a name for a folder.", R"([train]
max_time = "5 minutes")",
     "Write it as the message shows."},
    {"E0119", "keys contradict each other", "Each key is valid on its own, but together they contradict each other.",
     R"([optimizer]
name = "sgd"
nesterov = true)",
     "Change one of them; the message names both."},
    {"E0202", "the manifest is not valid TOML", "The manifest is not valid TOML.", R"(id = my_net)",
     "Quote strings, and close brackets and quotes."},
    {"E0203", "a key is unknown in a manifest",
     "The manifest, or one of its options, has a key that Binade does not know.", R"(id = "my_net"
kind = "model"
version = "1.0.0"
sumary = "A net.")",
     "Correct the spelling; the valid keys are listed below the message."},
    {"E0206", "a required key is missing in a manifest",
     "A manifest needs id, kind and version, and each option needs its type.", R"(id = "my_net"
kind = "model")",
     "Add the key."},
    {"E0215", "a value in a manifest has the wrong type",
     "The type of a value in the manifest is not the one that its key needs. Defaults and choices must have the type "
     "that the option declares.",
     R"(id = "my_net"
kind = "model"
version = 1.0)",
     "Write it in the type that the message names."},
    {"E0216", "a value in a manifest is not one of the choices",
     "A key of the manifest accepts only certain values, and this is not one of them; or a default is not among the "
     "option's own choices.",
     R"(id = "my_net"
kind = "network"
version = "1.0.0")",
     "Use one of the valid values below the message."},
    {"E0217", "a number in a manifest is out of range",
     "A default or a choice is outside the range that the option declares.", R"(id = "my_net"
kind = "model"
version = "1.0.0"
[options.units]
type = "integer"
default = 0
min = 1)",
     "Change the value or the range."},
    {"E0218", "a text in a manifest does not have the required form",
     "A text in the manifest must have a certain form: an id, an option's name, the source of `default_from`.",
     R"(id = "My Net"
kind = "model"
version = "1.0.0")",
     "Write it as the message shows."},
    {"E0219", "keys in a manifest contradict each other", "Keys of the manifest contradict each other.",
     R"(id = "my_net"
kind = "model"
version = "1.0.0"
[options.units]
type = "integer"
default = 128
optional = true)",
     "Keep one of them."},
    {"E0220", "a manifest declares an option with a reserved name",
     "The host itself reads some keys in a plugin's section (`plugin`, `library`, in [model] `init_from` and "
     "`init_strict`, in [dataset] `standardize_target`, in [precision] `cpu`, `use_amp`, `overrides` and "
     "`operations`), so options must not have these names.",
     R"(id = "my_net"
kind = "model"
version = "1.0.0"
[options.library]
type = "path")",
     "Give the option another name."},
    {"E0301", "the file is not a plugin: it carries no Binade note",
     "The file cannot be read, or it is a library without Binade's note, in which a plugin describes itself.",
     R"(library = "/usr/lib/libm.so")", "Build the plugin with binade_add_plugin(), which embeds its manifest."},
    {"E0302", "the plugin's note is truncated or malformed",
     "The file ends too early, or its note does not have the form that the SDK writes.",
     "a plugin that was copied while it was being written", "Copy or build it again."},
    {"E0303", "the plugin's note does not match its checksum",
     "The manifest in the file is not the one that was built into it: the file was changed.",
     "a plugin in which the id was overwritten with a hex editor", "Copy or build it again."},
    {"E0304", "the plugin was built for another version of the plugin interface",
     "The plugin was built with an SDK whose interface differs from this host's, or needs a newer one.",
     "a plugin of last year in today's Binade", "Build it again with this Binade's SDK."},
    {"E0305", "the plugin differs from the requested one in id or kind",
     "The file is a plugin, but not the one that the experiment names.", R"([model]
plugin = "my_net"
library = "my_logger.so")",
     "Name the right file in `library`, or the right id in `plugin`."},
    {"E0306", "the plugin was built against another LibTorch",
     "A model shares LibTorch's C++ classes with the host. Their layout changes between versions, so both must use the "
     "same LibTorch. This is found from the file; its code was not run.",
     "a model built against LibTorch 2.10 in a Binade with 2.11",
     "Build the model against the host's LibTorch; the message shows both."},
    {"E0307", "the plugin was built with other settings than the host",
     "The model was built with different settings for the layout of what it shares with the host: the C++ standard "
     "library, its debug mode, sanitizers.",
     "a model compiled with -D_GLIBCXX_DEBUG", "Build it with the flags that the message names."},
    {"E0308", "two plugins have the same id",
     "Two files in the plugin folders have the same id and kind. Binade does not guess which one you want.",
     "my_net.so in ~/.local/share/binade/plugins and in BINADE_PLUGIN_PATH",
     "Remove one, or choose with `library = \"...\"`."},
    {"E0309", "the plugin cannot be loaded",
     "The dynamic linker refuses the file, because a library or a symbol that it needs is missing.",
     "a plugin that was linked against a library of another machine", "Install what is missing; `ldd FILE` shows it."},
    {"E0310", "the plugin's symbol and its note disagree",
     "The file's note announces one plugin, but its symbol belongs to another or is missing.",
     "a manifest with kind = \"logger\" beside a source with BINADE_DATASET",
     "Make manifest and macro agree, and build it again."},
    {"E0311", "the file is not an ELF library for this machine",
     "The file is not a shared library, or it is one for another kind of machine.",
     "a plugin built for arm64 on x86-64", "Build it on, or for, this machine."},
    {"E0312", "the plugin's manifest has mistakes",
     "The manifest that the plugin carries has mistakes, which are listed below the message with codes E02xx.",
     "a manifest whose option has no type", "Correct the plugin's .toml and build it again."},
    {"E0313", "the lock does not allow what would be loaded",
     "The experiment runs with --locked, and a plugin, one of its libraries, Binade or LibTorch is not the one that "
     "the lock names, or somebody could replace it while it is loaded.",
     "a plugin that was built again since `binade lock` wrote the lock",
     "Find out who changed it. If that was you, write the lock again: binade lock FILE."},
};

std::string with_sections(std::string_view remedy) {
  constexpr std::string_view placeholder = "{sections}";
  std::string text(remedy);
  const auto at = text.find(placeholder);
  return at == std::string::npos ? text : text.replace(at, placeholder.size(), listed(section_names()));
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

// Lines of at most 100 characters, broken at blanks.
std::string wrapped(std::string_view text) {
  constexpr std::size_t width = 100;
  std::string out;
  while (text.size() > width) {
    const auto blank = text.rfind(' ', width);
    if (blank == std::string_view::npos) break;
    out += fmt::format("{}\n", text.substr(0, blank));
    text.remove_prefix(blank + 1);
  }
  return out + fmt::format("{}\n", text);
}

std::string indented(std::string_view text) {
  std::string out = "    ";
  for (const char c : text) out += c == '\n' ? std::string("\n    ") : std::string(1, c);
  return out + "\n";
}

}  // namespace

std::span<const DiagnosticPage> diagnostic_pages() { return pages; }

std::optional<std::string> explanation_of(std::string_view code) {
  const auto wanted = upper(code);
  const auto* page = std::find_if(std::begin(pages), std::end(pages), [&](const auto& p) { return p.code == wanted; });
  if (page == std::end(pages)) return std::nullopt;
  return fmt::format("{}: {}\n\n{}\nExample:\n\n{}\nHow to fix it:\n\n{}", page->code, page->meaning,
                     wrapped(page->explanation), indented(page->example), wrapped(with_sections(page->remedy)));
}

std::string explain_hint(const std::string& code) { return fmt::format("explain: binade explain {}\n", code); }

std::string explain_hint(const Diagnostics& diagnostics) {
  std::set<std::string> codes;
  for (const auto& diagnostic : diagnostics.all()) codes.insert(diagnostic.code);
  return codes.empty() ? "" : explain_hint(fmt::format("{}", fmt::join(codes, " ")));
}

}  // namespace binade::host
