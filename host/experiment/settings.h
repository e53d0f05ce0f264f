// The host's own sections of an experiment as plain values. schema/sections.cpp declares each key together with the
// member that receives its value; the member's initial value is the key's default. A key that has no default is
// optional here.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace binade::host {

// [experiment]
struct ExperimentSettings {
  std::string name;                    // the run's folder; by default the file's name
  std::uint64_t seed = 1337;           // of everything that is random
  std::string fingerprint = "files";   // what is recorded of the data: files, samples
  std::vector<std::string> tags = {};  // words to find the run by
  std::string notes = {};              // what the run is for
  bool operator==(const ExperimentSettings&) const = default;
};

// [split]: fractions of the dataset's split "train", each > 0 and < 1, together at most 1.
struct SplitSettings {
  std::optional<double> train = {};       // all that the others leave
  std::optional<double> validation = {};  // 0.2, unless the dataset has a validation split or there are folds
  std::optional<double> test = {};
  std::optional<std::string> stratify = {};  // a column of the dataset; "": the target
  std::optional<std::string> group_by = {};  // a column of the dataset
  std::optional<std::uint64_t> seed = {};    // the experiment's
  std::uint64_t folds = 0;                   // 0: no cross-validation; else >= 2
  std::uint64_t fold = 0;                    // < folds
  std::uint64_t overfit = 0;                 // training samples to train on and to validate with; 0: off
  bool operator==(const SplitSettings&) const = default;
};

// [task]. Loss and target may come from the dataset.
struct TaskSettings {
  std::optional<std::string> loss = {};    // cross_entropy, next_token, mse, model
  std::optional<std::string> target = {};  // a field of the dataset
  double label_smoothing = 0;              // 0..1
  bool operator==(const TaskSettings&) const = default;
};

// [optimizer]: the keys of all optimizers, with the defaults of adamw. An optimizer reads its own ones only.
struct OptimizerSettings {
  std::string name = "adamw";  // adamw, adam, sgd, adagrad, rmsprop
  double lr = 1e-3;            // the highest; > 0
  double weight_decay = 0.01;  // >= 0
  bool decay_biases_and_norms = true;
  std::array<double, 2> betas{0.9, 0.999};  // adamw, adam: 0 <= beta < 1
  double eps = 1e-8;                        // adamw, adam, adagrad, rmsprop: > 0
  double momentum = 0;                      // sgd, rmsprop: 0..1
  double dampening = 0;                     // sgd: 0..1
  bool nesterov = false;                    // sgd
  double lr_decay = 0;                      // adagrad: per step, >= 0
  double initial_accumulator = 0;           // adagrad: >= 0
  double alpha = 0.99;                      // rmsprop: 0..1
  bool operator==(const OptimizerSettings&) const = default;
};

// [[optimizer.group]]
struct ParameterGroupSettings {
  std::vector<std::string> parameters = {};  // names, with * and ?
  std::optional<double> lr = {};             // > 0; instead of the optimizer's
  std::optional<double> weight_decay = {};
  bool operator==(const ParameterGroupSettings&) const = default;
};

// [schedule]: the keys of all schedules. A schedule reads its own ones only.
struct ScheduleSettings {
  std::string name = "constant";   // constant, linear, cosine, step, exponential, one_cycle
  std::uint64_t warmup_steps = 0;  // all but one_cycle
  double min_lr = 0;               // linear, cosine: at most the optimizer's lr
  std::uint64_t step_size = 0;     // step: >= 1 there, 0 elsewhere
  double gamma = 0.1;              // step: 0..1; exponential: > 0
  double pct_start = 0.3;          // one_cycle, and the members below: share of the run, 0..1
  double div_factor = 25;          // >= 1
  double final_div_factor = 1e4;   // >= 1
  bool cycle_momentum = false;
  double base_momentum = 0.85;  // at most max_momentum
  double max_momentum = 0.95;   // < 1
  bool operator==(const ScheduleSettings&) const = default;
};

// [train]. At least one of steps, epochs and max_time has a value.
struct TrainSettings {
  std::optional<std::uint64_t> steps = {};   // >= 1
  std::optional<std::uint64_t> epochs = {};  // >= 1
  std::optional<double> max_time = {};       // seconds, > 0
  std::uint64_t batch_size = 32;             // samples, >= 1
  std::uint64_t accumulate = 1;              // batches per step, >= 1
  bool drop_last = false;
  double clip_norm = 1;  // 0: no clipping
  std::optional<std::uint64_t> evaluate_every =
      {};                                     // steps; 0: at the end only; absent: each epoch, if `epochs` is given
  std::uint64_t evaluate_batches = 0;         // 0: the whole split
  std::uint64_t max_nonfinite_losses = 10;    // in a row; 0: no limit
  std::uint64_t early_stopping_patience = 0;  // evaluations; 0: no early stopping
  double early_stopping_min_delta = 0;        // of the loss, >= 0
  bool keep_best = true;
  double ema_decay = 0;                  // 0 <= decay < 1; 0: no average
  std::vector<std::string> freeze = {};  // names of parameters, with * and ?
  std::string sampling = "shuffle";      // shuffle, replacement
  std::uint32_t workers = 1;             // threads; 0: the training thread reads
  std::uint32_t prefetch = 4;            // batches, >= 1
  std::string device = "auto";           // auto, cpu, cuda, cuda:N
  int threads = 0;                       // of one CPU operation; 0: LibTorch's default
  bool operator==(const TrainSettings&) const = default;
};

// [checkpoint]
struct CheckpointSettings {
  bool enabled = true;
  std::uint64_t every_steps = 0;  // 0: by time alone
  double every_minutes = 10;      // 0: by steps alone
  std::uint64_t keep = 2;         // >= 1
  bool keep_best = true;
  bool operator==(const CheckpointSettings&) const = default;
};

// [watchdog]: limits in seconds, 0: no limit.
struct WatchdogSettings {
  bool enabled = true;
  double data = 600;
  double forward = 600;
  double backward = 600;
  double optimizer = 600;
  double logging = 600;
  double evaluation = 600;
  double checkpoint = 3600;
  double plugin_call = 1800;
  bool operator==(const WatchdogSettings&) const = default;
};

// [metrics]
struct MetricsSettings {
  bool enabled = true;
  std::string listen = "127.0.0.1:0";          // host:port, as parse_listen() reads it
  bool required = false;                       // a run without its endpoint fails
  std::uint64_t sample_gradients_every = 100;  // steps; 0: never
  bool allow_remote = false;
  std::vector<std::string> allowed_hosts = {};              // names for the Host header
  std::string user = "binade";                              // where there is a password
  std::optional<std::filesystem::path> password_file = {};  // absolute
  std::optional<std::string> password_env = {};             // a variable's name
  bool page = true;
  std::optional<std::filesystem::path> targets = {};  // a folder, absolute
  double wait_for_scrape = 30;                        // seconds
  std::optional<std::string> push = {};               // http://HOST:PORT
  bool operator==(const MetricsSettings&) const = default;
};

}  // namespace binade::host
