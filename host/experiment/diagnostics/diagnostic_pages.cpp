// The pages of `binade explain`. Examples are tried by tests/experiment/diagnostic_pages_test.cpp: those of E01xx stand
// on a complete experiment, whose plugins are my_net, my_data, my_precision and my_logger.
#include "host/experiment/diagnostics/diagnostic_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "host/experiment/schema/plugin_sections.h"

namespace binade::host {
namespace {

constexpr DiagnosticPage pages[] = {
    {"E0101", "the file cannot be read",
     "The experiment, or a file that it includes, is not there, is a folder, or may not be read.",
     R"(include = ["bsae.toml"])",
     "Check the name; paths in a file are relative to that file, paths on the command line to the current folder."},
    {"E0102", "the file is not valid TOML",
     "The text does not follow TOML's rules. Only the first such mistake is shown, because what follows it cannot be "
     "told apart any more. Dates, files of more than 1 MiB and keys beyond ASCII have no use here and are refused, "
     "too.",
     R"([model]
plugin = my_net)",
     "Put texts in quotes, close what you open, give each key once in its table, and write dates as texts."},
    {"E0103", "a key is not known in its table",
     "A table holds a key that nobody reads. Nothing is ignored silently: a mistyped key would leave its default in "
     "force without a word.",
     R"([optimizer]
weigth_decay = 0.1)",
     "Correct the spelling; the valid keys stand below the message. Some keys belong to another section, or go with "
     "another `name` of theirs: the message says so."},
    {"E0104", "a section is not known", "The file has a section that is none of Binade's.",
     R"([optimiser]
lr = 1e-3)",
     "Sections are {sections}. What a plugin takes stands in the section that names the plugin."},
    {"E0105", "a section is missing",
     "A section that has no default is not there: an experiment says at least which model and precision it "
     "uses and which data, unless an installed dataset stands in.",
     R"([train]
steps = 100)",
     "Add the section with `plugin = \"...\"`; `binade plugins list` shows what is installed."},
    {"E0106", "a required key is missing", "A key without a default is not there, or nothing says how long to train.",
     R"([[logger]]
every = 10)",
     "Add the key; the message says of which type it is, `binade plugins describe ID` what it means."},
    {"E0107", "an override is not of the form --set key=value, or its key leads nowhere",
     "What follows --set is not of the form key=value, its value is no TOML, or its key leads through a value that is "
     "no table or beyond the end of an array.",
     "--set train.steps",
     "Write --set section.key=value. Values are TOML; words may go without quotes. Elements of arrays have numbers: "
     "--set logger.0.every=10."},
    {"E0108", "no plugin has this id", "None of the plugin folders holds a plugin of this id and kind.",
     R"([model]
plugin = "my_nte")",
     "Correct the id, or tell Binade where the plugin lies: BINADE_PLUGIN_PATH lists folders, `library = \"...\"` "
     "names "
     "one file. `binade plugins list` shows what was found."},
    {"E0109", "the plugin is of another kind than its section",
     "The plugin is there, and is of another kind than its section wants.",
     R"([precision]
plugin = "my_logger")",
     "Name a plugin of the right kind; the message lists them."},
    {"E0110", "a value cannot be taken from the dataset",
     "An option takes its value from the dataset (or a dataset's from the model), and that one has no such value, or "
     "one of another type. It shows when a run starts, since only then the dataset is asked.",
     R"(`model.classes` comes from the dataset's `classes`, which this dataset does not state)",
     "Write the option in its section; or let the dataset state the fact; or give the option a `default` beside its "
     "`default_from` in the manifest."},
    {"E0111", "included files go in a circle, are nested too deeply or are too many",
     "Files that include each other in a circle would never come to an end; more than 16 files one inside the other, "
     "or more than 256 in all, are taken for a mistake of the same kind. The lines below the message are the chain.",
     R"(include = ["experiment.toml"]   # in experiment.toml itself)",
     "Take the inclusion out that closes the circle; put what both files need into a third one."},
    {"E0112", "an environment variable is named where none may stand, or in the wrong form",
     "`${env:NAME}` stands in a text that takes no environment variables, or is not written so. They are taken where "
     "machines differ (paths, addresses, the run's name), not where they would change silently what is trained.",
     R"([optimizer]
name = "${env:OPTIMIZER}")",
     "Use --set, or another place: paths, `include`, [experiment] name, [metrics] listen and push, and options whose "
     "manifest says `env = true`. The forms are ${env:NAME} and ${env:NAME:-default}."},
    {"E0113", "an environment variable is not set, or its value is no text",
     "The environment has no variable of this name, and the text gives no default; or its value is no UTF-8.",
     R"([metrics]
listen = "${env:BINADE_EXPLAIN_NOT_SET}")",
     "Set the variable, or write ${env:NAME:-default}."},
    {"E0114", "several datasets would stand in for a missing [dataset]",
     "The experiment has no [dataset], and more than one installed dataset says in its manifest that it stands "
     "in then (`default = true`).",
     R"([model]
plugin = "my_net"   # and no [dataset])",
     "Write [dataset] with the plugin that you mean, or take one of the two out of the plugin folders."},
    {"E0115", "a value has the wrong type",
     "The value is of another type than the key wants. Nothing is converted, but for integers where a number "
     "is wanted.",
     R"([train]
steps = "100")",
     "Write integers without dot and quotes, texts in quotes, arrays in brackets, true and false in lower case."},
    {"E0116", "a value is not one of the choices", "The key takes one of a few values, and this is none of them.",
     R"([schedule]
name = "cosinus")",
     "Take one of the valid values below the message."},
    {"E0117", "a number is out of range", "The number lies outside of what makes sense for its key, or is not finite.",
     R"([train]
steps = 0)",
     "Take a number in the range; the message names it. Where the value came from --set, it says what the file had."},
    {"E0118", "a text is not of the form that is asked for",
     "A text must be of a certain form: a duration, an address, a device, a name for a folder.",
     R"([train]
max_time = "5 minutes")",
     "Write it as the message shows."},
    {"E0119", "keys contradict each other", "Each key is right in itself, and together they make no sense.",
     R"([optimizer]
name = "sgd"
nesterov = true)",
     "Change one of them; the message names both."},
    {"E0202", "the manifest is not valid TOML", "The manifest is not valid TOML.", R"(id = my_net)",
     "Put texts in quotes, and close what you open."},
    {"E0203", "a key is not known in a manifest", "The manifest, or one of its options, holds a key that nobody reads.",
     R"(id = "my_net"
kind = "model"
version = "1.0.0"
sumary = "A net.")",
     "Correct the spelling; the valid keys stand below the message."},
    {"E0206", "a required key is missing in a manifest",
     "A manifest needs id, kind and version, and each option its type.",
     R"(id = "my_net"
kind = "model")",
     "Add the key."},
    {"E0215", "a value in a manifest has the wrong type",
     "A value in the manifest is of another type than its key wants; defaults and choices have the type that "
     "the option declares.",
     R"(id = "my_net"
kind = "model"
version = 1.0)",
     "Write it in the type that the message names."},
    {"E0216", "a value in a manifest is not one of the choices",
     "A key of the manifest takes one of a few values, and this is none of them; or a default is not among the "
     "option's own choices.",
     R"(id = "my_net"
kind = "network"
version = "1.0.0")",
     "Take one of the valid values below the message."},
    {"E0217", "a number in a manifest is out of range",
     "A default or a choice lies outside of the range that the option itself declares.",
     R"(id = "my_net"
kind = "model"
version = "1.0.0"
[options.units]
type = "integer"
default = 0
min = 1)",
     "Change the value or the range."},
    {"E0218", "a text in a manifest is not of the form that is asked for",
     "A text in the manifest must be of a certain form: an id, an option's name, what `default_from` names.",
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
    {"E0220", "a manifest declares an option whose name the host keeps for itself",
     "The host itself reads some keys in a plugin's section (`plugin`, `library`, in [model] `init_from` and "
     "`init_strict`, in [dataset] `standardize_target`, in [precision] `cpu`, `use_amp`, `overrides` and "
     "`operations`), so no option may have their names.",
     R"(id = "my_net"
kind = "model"
version = "1.0.0"
[options.library]
type = "path")",
     "Give the option another name."},
    {"E0301", "the file is no plugin: it carries no Binade note",
     "The file cannot be read, or is a library without Binade's note, in which a plugin says what it is.",
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
    {"E0305", "the plugin is of another kind than asked for",
     "The file is a plugin, and another one than the experiment asks for.",
     R"([model]
plugin = "my_net"
library = "my_logger.so")",
     "Name the right file in `library`, or the right id in `plugin`."},
    {"E0306", "the plugin was built against another LibTorch",
     "A model shares LibTorch's C++ classes with the host, whose layout changes between versions, so its LibTorch must "
     "be the host's. This is found out from the file; none of its code was run.",
     "a model built against LibTorch 2.10 in a Binade with 2.11",
     "Build the model against the host's LibTorch; the message shows both."},
    {"E0307", "the plugin was built in another way than the host",
     "The model was built with other settings that change the layout of what it shares with the host: the C++ "
     "standard library, its debug mode, sanitizers.",
     "a model compiled with -D_GLIBCXX_DEBUG", "Build it with the flags that the message names."},
    {"E0308", "two plugins have the same id",
     "Two files in the plugin folders have the same id and kind, and Binade does not guess.",
     "my_net.so in ~/.local/share/binade/plugins and in BINADE_PLUGIN_PATH",
     "Remove one, or choose with `library = \"...\"`."},
    {"E0309", "the plugin cannot be loaded",
     "The dynamic linker refuses the file: a library or a symbol that it needs is missing.",
     "a plugin that was linked against a library of another machine", "Install what is missing; `ldd FILE` shows it."},
    {"E0310", "the plugin's symbol and its note disagree",
     "The file's note announces one plugin, and the symbol in it is another or is missing.",
     "a manifest with kind = \"logger\" beside a source with BINADE_DATASET",
     "Make manifest and macro agree and build it again."},
    {"E0311", "the file is not an ELF library for this machine",
     "The file is no shared library, or one for another kind of machine.", "a plugin built for arm64 on x86-64",
     "Build it on, or for, this machine."},
    {"E0312", "the plugin's manifest is wrong",
     "The manifest that the plugin carries has mistakes; they stand below the message, with codes E02xx.",
     "a manifest whose option has no type", "Correct the plugin's .toml and build it again."},
    {"E0313", "the lock does not allow what would run",
     "The experiment runs with --locked, and a plugin, a library of its own, Binade or LibTorch is not the one that "
     "the "
     "lock names, or could be exchanged while it is loaded.",
     "a plugin that was built again since `binade lock` wrote the lock",
     "Find out who changed it. If that was you, write the lock anew: binade lock FILE."},
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
  return fmt::format("{}: {}\n\n{}\nExample:\n\n{}\nTo mend it:\n\n{}", page->code, page->meaning,
                     wrapped(page->explanation), indented(page->example), wrapped(with_sections(page->remedy)));
}

std::string explain_hint(const std::string& code) { return fmt::format("explain: binade explain {}\n", code); }

std::string explain_hint(const Diagnostics& diagnostics) {
  std::set<std::string> codes;
  for (const auto& diagnostic : diagnostics.all()) codes.insert(diagnostic.code);
  return codes.empty() ? "" : explain_hint(fmt::format("{}", fmt::join(codes, " ")));
}

}  // namespace binade::host
