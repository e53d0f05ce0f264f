#include "host/experiment/schema/section_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "host/experiment/diagnostics/nearest.h"
#include "host/experiment/schema/text_forms.h"
#include "host/experiment/secrets.h"
#include "host/experiment/toml/toml_text.h"

namespace binade::host {
namespace {

// Whether it is valid in a Host header without a port, in lower or upper case. An IPv6 address must not have brackets.
bool is_host_name(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdefABCDEF:.";
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  const bool address = std::count(text.begin(), text.end(), ':') > 1;
  return !text.empty() && text.find_first_not_of(address ? digits : letters) == std::string_view::npos;
}

// On the tables, in which values that are wrong already are absent.
class Rules {
 public:
  Rules(const HostTables& tables, Diagnostics& diagnostics) : tables_(tables), diagnostics_(diagnostics) {}

  void run() {
    name();
    split();
    optimizer();
    schedule();
    momentum_cycle();
    length();
    device();
    watchdog();
    listen();
    metrics();
  }

 private:
  void add(const char* code, const OptionTable& table, std::string_view key, std::string message,
           std::vector<std::string> notes = {}) {
    diagnostics_.add({code, std::move(message), table.find(key)->where, "", std::move(notes)});
  }

  void positive(const OptionTable& table, const std::string& section, std::string_view key) {
    if (!table.has(key) || table.number(key) > 0) return;
    add("E0117", table, key,
        fmt::format("`{}.{}` must be greater than 0, got {}", section, key, toml_number(table.number(key))));
  }

  void name() {
    if (!tables_.experiment.has("name")) return;
    const auto& name = tables_.experiment.string("name");
    const auto allowed = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
             c == '-';
    };
    const bool good =
        !name.empty() && name.size() <= 64 && name.front() != '.' && std::all_of(name.begin(), name.end(), allowed);
    if (good) return;
    add("E0118", tables_.experiment, "name", fmt::format("`experiment.name` cannot be {}", toml_string(name)),
        {"it names a folder: 1 to 64 characters of A-Z a-z 0-9 . _ -, not beginning with a dot"});
  }

  void split() {
    const auto& table = tables_.split;
    double sum = 0;
    for (const char* key : {"train", "validation", "test"}) {
      if (!table.has(key)) continue;
      const double fraction = table.number(key);
      sum += fraction;
      if (fraction > 0 && fraction < 1) continue;
      add("E0117", table, key,
          fmt::format("`split.{}` must be a fraction between 0 and 1, got {}", key, toml_number(fraction)));
      return;
    }
    if (sum > 1 + 1e-9) {
      const char* last = table.has("test") ? "test" : "validation";
      add("E0119", table, last, fmt::format("the parts in [split] add up to {}, more than 1", toml_number(sum)),
          {"remove `train` to train on all samples that the other parts leave"});
    }
    if (table.has("stratify") && table.has("group_by")) {
      add("E0119", table, "group_by", "`split.stratify` and `split.group_by` exclude each other",
          {"remove one of them"});
    }
    const auto folds = table.has("folds") ? table.integer("folds") : 0;
    if (folds == 1)
      add("E0117", table, "folds", "`split.folds` must be at least 2, or 0 for no cross-validation, got 1");
    const auto fold = table.has("fold") ? table.integer("fold") : 0;
    if (fold > 0 && fold >= folds) {
      add("E0119", table, "fold",
          folds == 0 ? "`split.fold` needs `split.folds`"
                     : fmt::format("`split.fold` is {}, but there are {} folds, counted from 0", fold, folds));
    }
    for (const char* key : {"train", "validation"}) {
      if (folds < 2 || !table.has(key)) continue;
      add("E0119", table, key, fmt::format("`split.folds` and `split.{}` exclude each other", key),
          {"remove one of them; with folds, one fold is validated with and the others are trained on"});
    }
  }

  void optimizer() {
    const auto& table = tables_.optimizer;
    for (std::size_t i = 0; i < tables_.parameter_groups.size(); ++i) {
      positive(tables_.parameter_groups[i], fmt::format("optimizer.group.{}", i), "lr");
    }
    positive(table, "optimizer", "lr");
    positive(table, "optimizer", "eps");
    if (const Option* betas = table.find("betas"); betas != nullptr && betas->origin != Origin::absent) {
      if (betas->values.size() != 2) {
        add("E0118", table, "betas", fmt::format("`optimizer.betas` must be two numbers, got {}", betas->values.size()),
            {"for example: betas = [0.9, 0.999]"});
      }
      for (const Scalar& beta : betas->values) {
        if (std::get<double>(beta) < 1) continue;
        add("E0117", table, "betas",
            fmt::format("each of `optimizer.betas` must be less than 1, got {}", toml_scalar(beta)));
      }
    }
    const bool nesterov = table.has("nesterov") && table.boolean("nesterov");
    if (nesterov && table.has("momentum") && table.number("momentum") == 0) {
      add("E0119", table, "nesterov", "`optimizer.nesterov` needs `momentum` greater than 0",
          {"for example: momentum = 0.9"});
    }
    if (nesterov && table.has("dampening") && table.number("dampening") != 0) {
      add("E0119", table, "nesterov", "`optimizer.nesterov` needs `dampening` = 0",
          {"remove one of the two, as for torch.optim.SGD"});
    }
  }

  void momentum_cycle() {
    const auto& table = tables_.schedule;
    if (!table.has("cycle_momentum") || !table.boolean("cycle_momentum")) return;
    if (tables_.optimizer.has("name") && tables_.optimizer.string("name") == "adagrad") {
      add("E0119", table, "cycle_momentum", "`schedule.cycle_momentum` needs a momentum, which adagrad does not have",
          {"all other optimizers have one; for adam and adamw it is the first beta"});
    }
    if (!table.has("base_momentum") || !table.has("max_momentum")) return;
    const double base = table.number("base_momentum"), max = table.number("max_momentum");
    if (!(max < 1)) {
      add("E0117", table, "max_momentum",
          fmt::format("`schedule.max_momentum` must be less than 1, got {}", toml_number(max)));
    }
    if (base > max) {
      add("E0119", table, "base_momentum",
          fmt::format("`schedule.base_momentum` is {}, more than `max_momentum`, which is {}", toml_number(base),
                      toml_number(max)));
    }
  }

  void schedule() {
    const auto& table = tables_.schedule;
    const auto& train = tables_.train;
    if (!table.has("name")) return;
    const auto& name = table.string("name");
    if (name == "exponential") positive(table, "schedule", "gamma");
    if (name == "constant" || name == "step" || name == "exponential") return;
    if (table.has("min_lr") && tables_.optimizer.has("lr") && table.number("min_lr") > tables_.optimizer.number("lr")) {
      add("E0119", table, "min_lr",
          fmt::format("`schedule.min_lr` is {}, more than `optimizer.lr`, which is {}",
                      toml_number(table.number("min_lr")), toml_number(tables_.optimizer.number("lr"))));
    }
    if (!train.has("steps") && !train.has("epochs") && train.has("max_time")) {
      add("E0119", table, "name", fmt::format("the {} schedule must know how many steps there are", name),
          {"add `steps` or `epochs` under [train]; `max_time` may stay: whichever comes first ends the run"});
    }
  }

  void length() {
    const auto& train = tables_.train;
    if (train.has("max_time")) {
      const auto& text = train.string("max_time");
      const auto parsed = parse_duration(text);
      if (!parsed) {
        add("E0118", train, "max_time", fmt::format("`train.max_time` cannot be {}", toml_string(text)),
            {"write \"90s\", \"5m\", \"2h\", \"1h30m\", or a number of seconds"});
      } else if (!(*parsed > 0)) {
        add("E0117", train, "max_time", fmt::format("`train.max_time` must be greater than 0, got {}", text));
      }
    }
    if (train.has("ema_decay") && !(train.number("ema_decay") < 1)) {
      add("E0117", train, "ema_decay", "`train.ema_decay` must be less than 1");
    }
    const bool evaluates = train.has("evaluate_every") ? train.integer("evaluate_every") > 0 : train.has("epochs");
    if (train.has("early_stopping.patience") && train.integer("early_stopping.patience") > 0 && !evaluates) {
      add("E0119", train, "early_stopping.patience", "`train.early_stopping` needs evaluations",
          {"add `evaluate_every = 100`, or give the length in `epochs`, which end with an evaluation"});
    }
    for (const char* key : {"steps", "epochs", "max_time"}) {
      if (train.find(key)->origin != Origin::absent) return;
    }
    add("E0106", train, "steps", "[train] does not say how long to train",
        {"add `steps = 1000`, `epochs = 3` or `max_time = \"5m\"` under [train]; whichever comes first ends the run"});
  }

  void device() {
    if (!tables_.train.has("device")) return;
    const auto& device = tables_.train.string("device");
    if (is_device(device)) return;
    const auto close = nearest(device, {"auto", "cpu", "cuda"});
    std::vector<std::string> notes{"valid values: \"auto\", \"cpu\", \"cuda\", \"cuda:N\" with N the GPU's number"};
    if (!close.empty()) notes.insert(notes.begin(), fmt::format("did you mean \"{}\"?", close));
    add("E0118", tables_.train, "device", fmt::format("`train.device` cannot be {}", toml_string(device)), notes);
  }

  void watchdog() {
    for (const auto& option : tables_.watchdog.options()) {
      const auto& key = option.spec->name;
      if (key == "enabled" || !tables_.watchdog.has(key) || parse_duration(tables_.watchdog.string(key))) continue;
      add("E0118", tables_.watchdog, key,
          fmt::format("`watchdog.{}` cannot be {}", key, toml_string(tables_.watchdog.string(key))),
          {"write \"90s\", \"5m\" or \"1h30m\"; \"0s\" sets no limit"});
    }
  }

  void listen() {
    const auto& metrics = tables_.metrics;
    if (!metrics.has("listen")) return;
    const auto& text = metrics.string("listen");
    const auto address = parse_listen(text);
    if (!address) {
      const bool tls = text.ends_with('s') && parse_listen(text.substr(0, text.size() - 1));
      if (tls) {
        return add("E0118", metrics, "listen", fmt::format("`metrics.listen` cannot be {}", toml_string(text)),
                   {"TLS is not supported: put a reverse proxy in front, as monitoring/README.md shows"});
      }
      return add("E0118", metrics, "listen", fmt::format("`metrics.listen` cannot be {}", toml_string(text)),
                 {"write host:port with a port in 0..=65535, for example \"127.0.0.1:9464\"; port 0 takes a free one"});
    }
    if (address->loopback() || !metrics.has("allow_remote") || metrics.boolean("allow_remote")) return;
    add("E0119", metrics, "listen",
        fmt::format("`metrics.listen` = {} would let other machines read the metrics", toml_string(text)),
        {"if that is what you want, add `allow_remote = true` under [metrics]",
         fmt::format("otherwise listen on \"127.0.0.1:{}\"", address->port)});
  }

  void metrics() {
    const auto& metrics = tables_.metrics;
    if (metrics.has("wait_for_scrape") && !parse_duration(metrics.string("wait_for_scrape"))) {
      add("E0118", metrics, "wait_for_scrape",
          fmt::format("`metrics.wait_for_scrape` cannot be {}", toml_string(metrics.string("wait_for_scrape"))),
          {"write \"30s\" or \"2m\"; \"0s\" does not wait"});
    }
    if (metrics.has("password_file") && metrics.has("password_env")) {
      add("E0119", metrics, "password_env", "`metrics.password_file` and `metrics.password_env` are both given",
          {"keep one of them"});
    }
    if (metrics.has("user") && metrics.string("user").find(':') != std::string::npos) {
      add("E0118", metrics, "user",
          fmt::format("`metrics.user` cannot be {}: it must not contain a colon", toml_string(metrics.string("user"))));
    }
    for (const auto& host :
         metrics.has("allowed_hosts") ? metrics.strings("allowed_hosts") : std::vector<std::string>()) {
      if (is_host_name(host)) continue;
      add("E0118", metrics, "allowed_hosts", fmt::format("`metrics.allowed_hosts` cannot have {}", toml_string(host)),
          {"write names or addresses without http:// and without a port: [\"node7\", \"runs.example.org\"]"});
    }
    if (metrics.has("push") && !metrics.string("push").starts_with("http://")) {
      add("E0118", metrics, "push", fmt::format("`metrics.push` cannot be {}", toml_string(metrics.string("push"))),
          {"write http://HOST:PORT; TLS is not supported, so push to a proxy on this machine"});
    }
  }

  const HostTables& tables_;
  Diagnostics& diagnostics_;
};

}  // namespace

void check_section_rules(const Experiment& experiment, Diagnostics& diagnostics) {
  Rules(experiment.tables, diagnostics).run();
  refuse_passwords(experiment, diagnostics);
}

}  // namespace binade::host
