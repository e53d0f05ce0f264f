// The host's own sections, key by key.
#include "host/experiment/schema/sections.h"

#include <algorithm>
#include <stdexcept>

#include "host/experiment/experiment.h"
#include "host/experiment/schema/section_key.h"
#include "host/experiment/settings.h"

namespace binade::host {
namespace {

template <class Settings>
using Keys = typename Section<Settings>::Keys;

constexpr double many = 1e9;

const Section<ExperimentSettings>& experiment_section() {
  using S = ExperimentSettings;
  static const Section<S> section(
      "experiment", "Names the run and makes it repeatable.",
      Keys<S>{
          Key(&S::name, "name", "Name of the run's folder under runs/; the file's name by default.")
              .computed()
              .from_environment(),
          Key(&S::seed, "seed", "Seed of initialisation, shuffling, dropout and augmentation."),
          Key(&S::fingerprint, "fingerprint",
              "What is recorded of the data, so that a resumed run can tell whether it changed: hashes of some "
              "samples, and with \"files\" of all files that the dataset's options name (read once, then looked up).")
              .one_of({"files", "samples"}),
          Key(&S::tags, "tags", "Tags to find the run by."),
          Key(&S::notes, "notes", "Purpose of the run."),
      });
  return section;
}

const Section<SplitSettings>& split_section() {
  using S = SplitSettings;
  static const Section<S> section(
      "split", "How the samples of the dataset's split `train` are divided.",
      Keys<S>{
          Key(&S::train, "train", "Fraction to train on. Default: all samples that the other parts leave."),
          Key(&S::validation, "validation",
              "Fraction to validate with. Default: 0.2, unless the dataset has a split `validation`."),
          Key(&S::test, "test", "Fraction for the split `test`, which is evaluated once, at the end of the run."),
          Key(&S::stratify, "stratify",
              "true: each class has the same share of all parts. A column's name: each of its values has.")
              .or_true(""),
          Key(&S::group_by, "group_by",
              "A column: samples with the same value, such as those of one customer, stay in one part."),
          Key(&S::seed, "seed", "Seed of the division. Default: the experiment's seed."),
          Key(&S::folds, "folds",
              "Cross-validation: divides what is not `test` into this many folds, and validates with one of them.")
              .at_most(1000),
          Key(&S::fold, "fold", "The fold to validate with, counted from 0."),
          Key(&S::overfit, "overfit",
              "Train on this many training samples and validate with the same ones, to see whether the model can learn "
              "them at all; 0 disables this.")
              .at_most(many),
      });
  return section;
}

const Section<TaskSettings>& task_section() {
  using S = TaskSettings;
  static const Section<S> section(
      "task", "What the model learns. By default the dataset decides loss and target.",
      Keys<S>{
          Key(&S::loss, "loss", "Loss function; \"model\" uses the loss that the model itself computes.")
              .one_of({"cross_entropy", "next_token", "mse", "model"})
              .wired("dataset.loss"),
          Key(&S::target, "target", "The dataset field to predict.").wired("dataset.target"),
          Key(&S::label_smoothing, "label_smoothing",
              "Share of each target's probability that is spread over all classes during training; the loss without "
              "smoothing is reported as unsmoothed_loss.")
              .at_least(0)
              .at_most(1),
      });
  return section;
}

// The keys that all optimizers have, then one's own. That `lr` and `eps` are greater than 0 is checked as a rule.
Section<OptimizerSettings>::Variant optimizer(const char* name, double lr, double weight_decay,
                                              const Keys<OptimizerSettings>& own) {
  using S = OptimizerSettings;
  Keys<S> keys{
      Key(&S::name, "name", "Optimization algorithm, as in torch.optim.")
          .one_of({"adamw", "adam", "sgd", "adagrad", "rmsprop"}),
      Key(&S::lr, "lr", "Peak learning rate; must be greater than 0.").by_default(lr),
      Key(&S::weight_decay, "weight_decay", "Weight decay; decoupled for adamw, added to the gradient otherwise.")
          .by_default(weight_decay)
          .at_least(0),
      Key(&S::decay_biases_and_norms, "decay_biases_and_norms",
          "Whether weight_decay also applies to parameters with fewer than two dimensions."),
  };
  keys.insert(keys.end(), own.begin(), own.end());
  return {name, std::move(keys)};
}

const Section<OptimizerSettings>& optimizer_section() {
  using S = OptimizerSettings;
  const auto eps = Key(&S::eps, "eps", "Added to the denominator for numerical stability; must be greater than 0.");
  const auto betas = Key(&S::betas, "betas", "Decay rates of the two running averages; two numbers in 0 <= beta < 1.")
                         .at_least(0)
                         .at_most(1);
  const auto momentum = Key(&S::momentum, "momentum", "Momentum factor.").at_least(0).at_most(1);
  const Keys<S> sgd{
      momentum,
      Key(&S::dampening, "dampening", "Dampening of momentum; not applied to a parameter's first update.")
          .at_least(0)
          .at_most(1),
      Key(&S::nesterov, "nesterov", "Whether to use Nesterov momentum; requires momentum > 0 and dampening = 0."),
  };
  const Keys<S> adagrad{
      Key(&S::lr_decay, "lr_decay", "The learning rate is divided by 1 + steps * lr_decay.").at_least(0),
      Key(&S::initial_accumulator, "initial_accumulator", "Initial value of the sums of squares.").at_least(0),
      Key(eps).by_default(1e-10),
  };
  const Keys<S> rmsprop{
      Key(&S::alpha, "alpha", "Decay rate of the running average of squared gradients.").at_least(0).at_most(1),
      eps,
      momentum,
  };
  static const Section<S> section(
      "optimizer", "How the parameters are updated.",
      {optimizer("adamw", 1e-3, 0.01, {betas, eps}), optimizer("adam", 1e-3, 0, {betas, eps}),
       optimizer("sgd", 1e-3, 0, sgd), optimizer("adagrad", 1e-2, 0, adagrad), optimizer("rmsprop", 1e-2, 0, rmsprop)});
  return section;
}

const Section<ParameterGroupSettings>& group_section() {
  using S = ParameterGroupSettings;
  static const Section<S> section(
      "optimizer.group",
      "Parameters with their own learning rate or weight decay; each parameter belongs to the first group it matches.",
      Keys<S>{
          Key(&S::parameters, "parameters", "Parameter names; * matches any characters and ? matches one.").required(),
          Key(&S::lr, "lr",
              "Replaces optimizer.lr. The schedule scales both by the same factor, so the minimum for this group is "
              "min_lr * lr / optimizer.lr."),
          Key(&S::weight_decay, "weight_decay", "Replaces optimizer.weight_decay.").at_least(0),
      });
  return section;
}

Keys<ScheduleSettings> one_cycle() {
  using S = ScheduleSettings;
  return {
      Key(&S::pct_start, "pct_start", "Share of the run during which the learning rate rises.").at_least(0).at_most(1),
      Key(&S::div_factor, "div_factor", "The learning rate starts at lr / div_factor.").at_least(1),
      Key(&S::final_div_factor, "final_div_factor",
          "The learning rate ends at lr / div_factor / final_div_factor; it reaches this in the last step if no step "
          "was "
          "skipped.")
          .at_least(1),
      Key(&S::cycle_momentum, "cycle_momentum",
          "Whether momentum (for adam and adamw: the first beta) falls from max_momentum to base_momentum while the "
          "learning rate rises, and rises again afterwards, as PyTorch's OneCycleLR does by default."),
      Key(&S::base_momentum, "base_momentum", "Momentum when the learning rate is highest; at most max_momentum.")
          .at_least(0),
      Key(&S::max_momentum, "max_momentum", "Momentum at the start and at the end; less than 1.").at_least(0),
  };
}

const Section<ScheduleSettings>& schedule_section() {
  using S = ScheduleSettings;
  const auto name =
      Key(&S::name, "name", "How the learning rate changes after the warm-up. A skipped step does not advance it.")
          .one_of({"constant", "linear", "cosine", "step", "exponential", "one_cycle"});
  const auto warmup =
      Key(&S::warmup_steps, "warmup_steps",
          "Steps over which the learning rate rises linearly to lr; the first step uses lr / warmup_steps.");
  const auto min_lr =
      Key(&S::min_lr, "min_lr",
          "Final learning rate; at most lr. As in PyTorch's CosineAnnealingLR with T_max = steps, it would be reached "
          "one step after the last. A skipped step does not advance the schedule, so a run with skipped steps ends "
          "earlier in it. For a group with its own lr it is min_lr * lr / optimizer.lr.")
          .at_least(0);
  const auto step_size = Key(&S::step_size, "step_size", "Steps between drops.").required().at_least(1);
  const auto gamma =
      Key(&S::gamma, "gamma", "Factor by which each drop multiplies the learning rate.").at_least(0).at_most(1);
  const auto decay = Key(&S::gamma, "gamma",
                         "Factor by which each step multiplies the learning rate; must be greater "
                         "than 0.")
                         .required();
  auto cycle = one_cycle();
  cycle.insert(cycle.begin(), name);
  static const Section<S> section("schedule", "How the learning rate changes over the run.",
                                  {{"constant", {name, warmup}},
                                   {"linear", {name, warmup, min_lr}},
                                   {"cosine", {name, warmup, min_lr}},
                                   {"step", {name, warmup, step_size, gamma}},
                                   {"exponential", {name, warmup, decay}},
                                   {"one_cycle", cycle}});
  return section;
}

Keys<TrainSettings> length_keys() {
  using S = TrainSettings;
  return {
      Key(&S::steps, "steps", "Optimizer steps.").at_least(1).at_most(many),
      Key(&S::epochs, "epochs", "Passes over the whole training split.").at_least(1).at_most(many),
      Key(&S::max_time, "max_time", "Training time: \"90s\", \"5m\", \"1h30m\", or a number of seconds.")
          .duration()
          .also(OptionType::number),
      Key(&S::batch_size, "batch_size", "Samples per forward pass; the last batch of an epoch may be smaller.")
          .at_least(1)
          .at_most(many),
      Key(&S::accumulate, "accumulate",
          "Forward passes per optimizer step; the last step of an epoch may have fewer. Each sample or token has the "
          "same "
          "weight.")
          .at_least(1)
          .at_most(many),
      Key(&S::drop_last, "drop_last",
          "Whether to drop the last batch of an epoch if it is smaller than batch_size, for models that cannot train "
          "on "
          "few samples, such as those with batch normalization."),
      Key(&S::clip_norm, "clip_norm", "Maximum norm of all gradients together; 0 disables clipping.").at_least(0),
  };
}

Keys<TrainSettings> evaluation_keys() {
  using S = TrainSettings;
  return {
      Key(&S::evaluate_every, "evaluate_every",
          "Steps between evaluations; 0 evaluates only at the end. Default: once per epoch if `epochs` is set, "
          "otherwise "
          "0.")
          .at_most(many),
      Key(&S::evaluate_batches, "evaluate_batches",
          "Batches per evaluation, sampled once by the seed and the same each time; 0 uses the whole split.")
          .at_most(many),
      Key(&S::max_nonfinite_losses, "max_nonfinite_losses",
          "The run fails after this many consecutive steps with an inf or NaN loss; 0 disables this.")
          .at_most(many),
      Key(&S::early_stopping_patience, "early_stopping.patience",
          "The run ends after this many evaluations without a lower validation loss; 0 disables this.")
          .at_most(many),
      Key(&S::early_stopping_min_delta, "early_stopping.min_delta", "Smallest decrease that counts as an improvement.")
          .at_least(0),
      Key(&S::keep_best, "keep_best",
          "Whether to save the weights with the lowest validation loss as best.safetensors, if the run evaluates "
          "before "
          "its end. The file is updated with each checkpoint; newer weights wait beside it until then."),
      Key(&S::ema_decay, "ema_decay",
          "Decay of an exponential moving average of the weights, which evaluations then use; 0 disables it. The "
          "average "
          "starts from the initial weights; step n uses min(ema_decay, (1 + n) / (10 + n)), so that it soon forgets "
          "them.")
          .at_least(0)
          .at_most(1),
  };
}

Keys<TrainSettings> execution_keys() {
  using S = TrainSettings;
  return {
      Key(&S::freeze, "freeze", "Names of parameters that are not trained; * and ? are wildcards."),
      Key(&S::sampling, "sampling",
          "shuffle: each sample once per epoch. replacement: each sample is drawn from the whole split.")
          .one_of({"shuffle", "replacement"}),
      Key(&S::workers, "workers", "Threads that read samples; with 0 the training thread reads them.").at_most(64),
      Key(&S::prefetch, "prefetch", "Batches that are prepared ahead.").at_least(1).at_most(1024),
      Key(&S::device, "device", "auto, cpu, cuda, or cuda:N."),
      Key(&S::threads, "threads", "CPU threads per operation; 0 lets LibTorch decide.").at_least(0).at_most(1024),
  };
}

const Section<TrainSettings>& train_section() {
  auto keys = length_keys();
  for (const auto& more : {evaluation_keys(), execution_keys()}) keys.insert(keys.end(), more.begin(), more.end());
  static const Section<TrainSettings> section(
      "train", "The training loop. The run ends at the first of steps, epochs and max_time that is reached.", keys);
  return section;
}

const Section<CheckpointSettings>& checkpoint_section() {
  using S = CheckpointSettings;
  static const Section<S> section(
      "checkpoint", "Checkpoints, from which `binade resume` continues an interrupted run.",
      Keys<S>{
          Key(&S::enabled, "enabled", "Whether to write checkpoints; the last one is written at the end."),
          Key(&S::every_steps, "every_steps", "Steps between checkpoints; 0 uses every_minutes alone.").at_most(many),
          Key(&S::every_minutes, "every_minutes", "Minutes between checkpoints; 0 uses every_steps alone.").at_least(0),
          Key(&S::keep, "keep", "How many of the newest checkpoints to keep.").at_least(1).at_most(1e6),
          Key(&S::keep_best, "keep_best",
              "Whether to also keep the checkpoint with the lowest validation loss, among those that followed an "
              "evaluation."),
      });
  return section;
}

const Section<WatchdogSettings>& watchdog_section() {
  using S = WatchdogSettings;
  static const Section<S> section(
      "watchdog", "Time limits, after which the run counts as hung: it reports where, and ends. \"0s\" means no limit.",
      Keys<S>{
          Key(&S::enabled, "enabled", "Whether to enforce the limits."),
          Key(&S::data, "data", "Waiting for a batch.").duration(),
          Key(&S::forward, "forward", "A forward pass.").duration(),
          Key(&S::backward, "backward", "A backward pass.").duration(),
          Key(&S::optimizer, "optimizer", "Unscaling, clipping and the update of one step.").duration(),
          Key(&S::logging, "logging", "Logging one step.").duration(),
          Key(&S::evaluation, "evaluation", "One batch of an evaluation.").duration(),
          Key(&S::checkpoint, "checkpoint", "The training thread's wait for a checkpoint.").duration(),
          Key(&S::plugin_call, "plugin_call",
              "One call of a model, dataset or precision plugin, or of a logger's create().")
              .duration(),
      });
  return section;
}

const Section<MetricsSettings>& metrics_section() {
  using S = MetricsSettings;
  static const Section<S> section(
      "metrics", "The Prometheus endpoint.",
      Keys<S>{
          Key(&S::enabled, "enabled", "Whether to serve the endpoint."),
          Key(&S::listen, "listen", "host:port; with port 0 a free port is chosen and printed.").from_environment(),
          Key(&S::required, "required", "Whether the run fails if the port is already in use."),
          Key(&S::sample_gradients_every, "sample_gradients_every",
              "Steps between samples of the gradients' exponents, per part of the model; 0 disables sampling.")
              .at_most(many),
          Key(&S::allow_remote, "allow_remote", "Whether other machines may connect."),
          Key(&S::allowed_hosts, "allowed_hosts",
              "Host names that requests may use, as in http://NAME:PORT, besides localhost and the address in "
              "`listen`; requests with any other Host header are refused."),
          Key(&S::user, "user", "User name for basic authentication, if a password is set."),
          Key(&S::password_file, "password_file", "File with the password for basic authentication."),
          Key(&S::password_env, "password_env", "Environment variable with the password for basic authentication."),
          Key(&S::page, "page", "Whether to serve a live page on the same port."),
          Key(&S::targets, "targets", "Folder in which Prometheus discovers its targets (file_sd)."),
          Key(&S::wait_for_scrape, "wait_for_scrape",
              "How long the run waits at its end for a last scrape, such as \"30s\".")
              .duration(),
          Key(&S::push, "push", "Pushgateway that receives the final state of the run: \"http://HOST:PORT\".")
              .from_environment(),
      });
  return section;
}

}  // namespace

const std::vector<SectionSpec>& host_sections() {
  static const std::vector<SectionSpec> sections = {
      experiment_section().spec(), split_section().spec(),    task_section().spec(),
      optimizer_section().spec(),  schedule_section().spec(), train_section().spec(),
      checkpoint_section().spec(), watchdog_section().spec(), metrics_section().spec()};
  return sections;
}

const SectionSpec& parameter_group_section() { return group_section().spec(); }

const SectionSpec& host_section(std::string_view name) {
  const auto& all = host_sections();
  const auto found = std::find_if(all.begin(), all.end(), [&](const SectionSpec& s) { return s.name == name; });
  if (found == all.end()) throw std::logic_error("no section " + std::string(name));
  return *found;
}

void bind_settings(Experiment& experiment) {
  const auto& tables = experiment.tables;
  experiment.experiment = experiment_section().settings(tables.experiment);
  experiment.split = split_section().settings(tables.split);
  experiment.task = task_section().settings(tables.task);
  experiment.optimizer = optimizer_section().settings(tables.optimizer);
  experiment.parameter_groups.clear();
  for (const auto& group : tables.parameter_groups) {
    experiment.parameter_groups.push_back(group_section().settings(group));
  }
  experiment.schedule = schedule_section().settings(tables.schedule);
  experiment.train = train_section().settings(tables.train);
  experiment.checkpoint = checkpoint_section().settings(tables.checkpoint);
  experiment.watchdog = watchdog_section().settings(tables.watchdog);
  experiment.metrics = metrics_section().settings(tables.metrics);
}

}  // namespace binade::host
