#include "host/bench/bench_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

#include "binade/abi/plugin.h"
#include "host/experiment/diagnostics/nearest.h"

namespace binade::host {
namespace {

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    const auto part = text.substr(begin, end - begin);
    const auto first = part.find_first_not_of(' ');
    parts.push_back(first == std::string::npos ? "" : part.substr(first, part.find_last_not_of(' ') - first + 1));
    begin = end + 1;
  }
  return parts;
}

void clear(OptionTable& table, std::string_view name) {
  Option* option = table.find(name);
  if (option == nullptr) return;
  option->values.clear();
  option->origin = Origin::absent;
}

class Planner {
 public:
  Planner(const BenchArguments& arguments, const Catalog& plugins, ColorMode color)
      : arguments_(arguments), plugins_(plugins), color_(color) {}

  std::optional<BenchPlan> plan() const {
    const auto ids = split_at_commas(arguments_.precision);
    if (!good_list(ids)) return std::nullopt;
    auto base = load({}, ids.front());
    if (!base) return std::nullopt;
    if (!good_contenders(ids, *base) || !good_length(*base)) return std::nullopt;
    BenchPlan plan{std::move(*base), {}, false};
    plan.drops_use_amp = plan.experiment.precision.reserved.has("use_amp");
    for (const auto& id : ids) {
      auto experiment = contender(id, plan.experiment);
      if (!experiment) return std::nullopt;
      plan.contenders.push_back({id, std::move(*experiment)});
    }
    return plan;
  }

 private:
  // Loads the file with the user's overrides, then --steps, then `more`. `precision` is the default for [precision].
  std::optional<Experiment> load(const std::vector<std::string>& more, const std::string& precision = {}) const {
    auto argument = arguments_.experiment;
    if (arguments_.steps) argument.overrides.push_back(fmt::format("train.steps={}", *arguments_.steps));
    argument.overrides.emplace_back("checkpoint.enabled=false");  // writing would disturb the measurement
    argument.overrides.insert(argument.overrides.end(), more.begin(), more.end());
    return argument.load(plugins_, color_, precision);
  }

  bool refuse(const std::string& why) const {
    log_line(color_, BINADE_LOG_ERROR, why);
    return false;
  }

  std::string available() const {
    return fmt::format("there are: {}", fmt::join(plugins_.ids(PluginKind::precision), ", "));
  }

  bool good_list(const std::vector<std::string>& ids) const {
    for (const auto& id : ids) {
      if (id.empty()) return refuse(fmt::format("--precision {} has an empty name", arguments_.precision));
      if (std::count(ids.begin(), ids.end(), id) > 1) return refuse(fmt::format("--precision names `{}` twice", id));
    }
    if (ids.size() > 1) return true;
    return refuse(fmt::format("--precision needs at least two plugins; {}", available()));
  }

  bool good_contenders(const std::vector<std::string>& ids, const Experiment& base) const {
    const auto there = plugins_.ids(PluginKind::precision);
    for (const auto& id : ids) {
      if (id == base.precision.plugin || std::ranges::find(there, id) != there.end()) continue;
      Diagnostics diagnostics;
      plugins_.find(PluginKind::precision, id, "", {"--precision " + arguments_.precision}, diagnostics);
      if (!diagnostics.empty()) print_mistakes(diagnostics, color_);
      if (!diagnostics.empty()) return false;
      const auto close = nearest(id, there);
      return refuse(fmt::format("--precision: there is no precision plugin `{}`{}; {}", id,
                                close.empty() ? "" : fmt::format(", did you mean `{}`?", close), available()));
    }
    return true;
  }

  bool good_length(const Experiment& base) const {
    const auto& steps = base.train.steps;
    if (!steps && !base.train.epochs) {
      return refuse(
          "[train] limits the length by max_time only, in which a faster contender would do more work: give "
          "--steps N");
    }
    constexpr std::uint64_t least = 10;
    if (steps && *steps < least) {
      return refuse(fmt::format("{} steps are too few to measure: use at least {}", *steps, least));
    }
    const auto warmup = arguments_.warmup.value_or(0);
    if (!steps || warmup < *steps) return true;
    return refuse(fmt::format("--warmup {} leaves none of {} steps to time", warmup, *steps));
  }

  std::optional<Experiment> contender(const std::string& id, const Experiment& base) const {
    const bool own = id == base.precision.plugin && !base.precision.is_default;
    auto experiment =
        load({own ? "precision.cpu=\"allow\"" : fmt::format("precision={{plugin=\"{}\", cpu=\"allow\"}}", id),
              "metrics.enabled=false", "train.keep_best=false", "train.early_stopping.patience=0"});
    if (!experiment) return std::nullopt;
    experiment->loggers.clear();
    clear(experiment->precision.reserved, "use_amp");
    clear(experiment->tables.train, "max_time");
    if (arguments_.steps) clear(experiment->tables.train, "epochs");
    bind_settings(*experiment);
    return experiment;
  }

  const BenchArguments& arguments_;
  const Catalog& plugins_;
  ColorMode color_;
};

}  // namespace

std::optional<BenchPlan> plan_bench(const BenchArguments& arguments, const Catalog& plugins, ColorMode color) {
  return Planner(arguments, plugins, color).plan();
}

}  // namespace binade::host
