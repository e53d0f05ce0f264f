#include "host/conformance/validate_verb.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <random>

#include "host/cli/exit_codes.h"
#include "host/cli/experiment_argument.h"
#include "host/conformance/model_trial.h"
#include "host/conformance/validation.h"
#include "host/experiment/diagnostics/diagnostic.h"
#include "host/experiment/schema/table_validation.h"

namespace binade::host {
namespace {

struct ValidateArguments {
  std::string file;
  std::string experiment;            // for a model
  std::vector<std::string> options;  // KEY=VALUE
  bool json = false;
  std::optional<std::uint64_t> seed;
  double limit = 60;  // seconds
};

// The plugin's options as an experiment would give them. Returns nullopt after mistakes, which are printed.
std::optional<OptionTable> options_of(const Manifest& manifest, const ValidateArguments& arguments, ColorMode color) {
  std::string text;
  for (const auto& option : arguments.options) text += option + "\n";
  Diagnostics diagnostics;
  const std::string source = "--set";
  diagnostics.add_source(source, text);
  const auto tree = parse_toml(text, source, diagnostics);
  OptionTable options;
  if (tree) {
    const CheckedSection section{
        std::string(to_string(manifest.kind)), std::filesystem::current_path(), {}, {}, false, true};
    options = check_table(*tree, section, pointers(manifest.options), diagnostics);
  }
  if (diagnostics.empty()) {
    for (const auto& spec : manifest.options) {
      auto& option = *options.find(spec.name);
      if (option.values.empty() && spec.default_value) option.values = *spec.default_value;
    }
    return options;
  }
  print_mistakes(diagnostics, color);
  return std::nullopt;
}

void print(const CheckResult& result, const Paint& paint) {
  const auto word = result.failure.empty() ? paint.green("ok  ") : paint.red("FAIL");
  show("  {} {:<20} {}\n", word, result.name, paint.dim(fmt::format("{:.2f} s", result.seconds)));
  if (!result.failure.empty()) show("       {}\n", Lines{shown_message(result.failure)});
  std::fflush(stdout);
}

nlohmann::ordered_json to_json(const PluginUnderTest& subject, const std::vector<CheckResult>& results) {
  const auto& manifest = subject.file.manifest;
  nlohmann::ordered_json json{
      {"file", subject.file.path.string()}, {"id", manifest.id},    {"kind", to_string(manifest.kind)},
      {"version", manifest.version},        {"seed", subject.seed}, {"checks", nlohmann::ordered_json::array()}};
  for (const auto& [name, failure, seconds] : results) {
    json["checks"].push_back({{"name", name}, {"passed", failure.empty()}, {"seconds", seconds}, {"failure", failure}});
  }
  return json;
}

int run(const ValidateArguments& arguments, const CommandLine& line) {
  PluginUnderTest subject{
      read_plugin_notes(arguments.file), {}, arguments.seed ? *arguments.seed : std::random_device{}(), nullptr};
  const auto& manifest = subject.file.manifest;
  std::unique_ptr<PreparedModel> model;
  if (manifest.kind == PluginKind::model) {
    model = PreparedModel::make(subject.file, arguments.experiment, arguments.options, subject.seed, line);
    if (!model) return exit_usage;
    subject.options = model->options();
    subject.model = &model->trial();
  } else {
    auto options = options_of(manifest, arguments, line.color());
    if (!options) return exit_usage;
    subject.options = std::move(*options);
  }
  const Paint paint(wants_color(line.color(), stdout));
  const auto repeat = fmt::format("--seed {}", subject.seed);
  if (!arguments.json)
    show("{} {}, a {}  {}\n", paint.bold(manifest.id), manifest.version, to_string(manifest.kind), paint.dim(repeat));
  const std::chrono::milliseconds limit(static_cast<std::int64_t>(arguments.limit * 1000));
  const auto results = validate(subject, limit, [&](const CheckResult& result) {
    if (!arguments.json) print(result, paint);
  });
  const auto failed =
      std::count_if(results.begin(), results.end(), [](const auto& result) { return !result.failure.empty(); });
  if (arguments.json) {
    show("{}\n",
         Lines{to_json(subject, results).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace)});
  } else {
    show("{} passed, {} failed\n", results.size() - static_cast<std::size_t>(failed), failed);
  }
  return failed == 0 ? exit_ok : exit_run_failed;
}

}  // namespace

void add_validate(CommandLine& line, Verb& plugins) {
  const auto arguments = std::make_shared<ValidateArguments>();
  auto& verb = line.verb(plugins, "validate", validate_description,
                         "  binade plugins validate build/my_data.so\n"
                         "  binade plugins validate build/my_data.so --set noise=0.5 --seed 7\n"
                         "  binade plugins validate build/my_net.so --experiment my_net/experiment.toml",
                         [arguments, &line] { return run(*arguments, line); });
  verb.argument("FILE", arguments->file, "The plugin");
  verb.repeatable("--set", arguments->options, "KEY=VALUE", "One option of the plugin, as TOML (repeatable)");
  verb.option("--experiment", arguments->experiment, "FILE",
              "For a model: the experiment that gives options and samples");
  verb.flag("--json", arguments->json, "Print the results as JSON");
  verb.option("--seed", arguments->seed, "N", "Repeat a run that failed");
  verb.option("--limit", arguments->limit, "SECONDS", "Time limit of one check in seconds (60)").positive();
}

}  // namespace binade::host
