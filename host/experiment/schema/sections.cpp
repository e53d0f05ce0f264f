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
          Key(&S::name, "name", "The run's folder under runs/; the file's name by default.")
              .computed()
              .from_environment(),
          Key(&S::seed, "seed", "Of initialisation, shuffling, dropout and augmentation."),
          Key(&S::fingerprint, "fingerprint",
              "What is recorded of the data, so that a resumed run can tell whether it changed: hashes of some "
              "samples, and with \"files\" of all files that the dataset's options name (read once, then looked up).")
              .one_of({"files", "samples"}),
          Key(&S::tags, "tags", "Words to find the run by."),
          Key(&S::notes, "notes", "What the run is for."),
      });
  return section;
}

const Section<TaskSettings>& task_section() {
  using S = TaskSettings;
  static const Section<S> section(
      "task", "What is learned. The dataset has its own word for both keys.",
      Keys<S>{
          Key(&S::loss, "loss", "What is minimised; \"model\" is the model's own loss.")
              .one_of({"cross_entropy", "next_token", "mse", "model"})
              .wired("dataset.loss"),
          Key(&S::target, "target", "The field of the dataset that is to be predicted.").wired("dataset.target"),
          Key(&S::label_smoothing, "label_smoothing",
              "Share of a target that is spread over all classes, in training; unsmoothed_loss stands beside.")
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
      Key(&S::name, "name", "How gradients become updates.").one_of({"adamw", "adam", "sgd", "adagrad", "rmsprop"}),
      Key(&S::lr, "lr", "Learning rate at its highest; greater than 0.").by_default(lr),
      Key(&S::weight_decay, "weight_decay", "Decoupled for adamw, else added to the gradient.")
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
  const auto eps = Key(&S::eps, "eps", "Added to the denominator; greater than 0.");
  const auto betas =
      Key(&S::betas, "betas", "Decay of the two running means; two numbers in 0 <= beta < 1.").at_least(0).at_most(1);
  const auto momentum =
      Key(&S::momentum, "momentum", "Share of the previous update that is kept.").at_least(0).at_most(1);
  const Keys<S> sgd{
      momentum,
      Key(&S::dampening, "dampening", "Share of each gradient that momentum leaves out, but for a parameter's first.")
          .at_least(0)
          .at_most(1),
      Key(&S::nesterov, "nesterov", "Nesterov's momentum; needs momentum > 0 and dampening = 0."),
  };
  const Keys<S> adagrad{
      Key(&S::lr_decay, "lr_decay", "The rate is divided by 1 + steps * lr_decay.").at_least(0),
      Key(&S::initial_accumulator, "initial_accumulator", "What the sums of squares start from.").at_least(0),
      Key(eps).by_default(1e-10),
  };
  const Keys<S> rmsprop{
      Key(&S::alpha, "alpha", "Decay of the running mean of squares.").at_least(0).at_most(1),
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
      "Parameters with a learning rate or decay of their own; each parameter belongs to the first group it matches.",
      Keys<S>{
          Key(&S::parameters, "parameters", "Names of parameters, with * for any characters and ? for one.").required(),
          Key(&S::lr, "lr",
              "Instead of optimizer.lr. The schedule multiplies both by the same factor, so that min_lr becomes "
              "min_lr * lr / optimizer.lr here."),
          Key(&S::weight_decay, "weight_decay", "Instead of optimizer.weight_decay.").at_least(0),
      });
  return section;
}

Keys<ScheduleSettings> one_cycle() {
  using S = ScheduleSettings;
  return {
      Key(&S::pct_start, "pct_start", "Share of the run in which the rate rises.").at_least(0).at_most(1),
      Key(&S::div_factor, "div_factor", "The rate starts at lr / div_factor.").at_least(1),
      Key(&S::final_div_factor, "final_div_factor",
          "It ends at lr / div_factor / final_div_factor, in the last step where no step was skipped.")
          .at_least(1),
      Key(&S::cycle_momentum, "cycle_momentum",
          "Whether the momentum (of adam and adamw: the first beta) falls from max_momentum to base_momentum "
          "while the rate rises, and rises again. PyTorch's OneCycleLR does so by default."),
      Key(&S::base_momentum, "base_momentum", "The momentum where the rate is highest; at most max_momentum.")
          .at_least(0),
      Key(&S::max_momentum, "max_momentum", "The momentum at the start and at the end; less than 1.").at_least(0),
  };
}

const Section<ScheduleSettings>& schedule_section() {
  using S = ScheduleSettings;
  const auto name = Key(&S::name, "name", "How the learning rate continues after the warm-up. A skipped step holds it.")
                        .one_of({"constant", "linear", "cosine", "step", "one_cycle"});
  const auto warmup = Key(&S::warmup_steps, "warmup_steps",
                          "Steps over which the rate rises to lr in equal parts; the first has lr / warmup_steps.");
  const auto min_lr =
      Key(&S::min_lr, "min_lr",
          "What the rate falls to; at most lr. As in PyTorch's CosineAnnealingLR with T_max = steps it is reached "
          "one step after the last. Each skipped step holds the schedule, so a run that skipped some ends before. "
          "A group with a rate of its own falls to min_lr * its lr / optimizer.lr.")
          .at_least(0);
  const auto step_size = Key(&S::step_size, "step_size", "Steps from one drop to the next.").required().at_least(1);
  const auto gamma = Key(&S::gamma, "gamma", "What each drop multiplies the rate by.").at_least(0).at_most(1);
  auto cycle = one_cycle();
  cycle.insert(cycle.begin(), name);
  static const Section<S> section("schedule", "How the learning rate changes over the run.",
                                  {{"constant", {name, warmup}},
                                   {"linear", {name, warmup, min_lr}},
                                   {"cosine", {name, warmup, min_lr}},
                                   {"step", {name, warmup, step_size, gamma}},
                                   {"one_cycle", cycle}});
  return section;
}

Keys<TrainSettings> length_keys() {
  using S = TrainSettings;
  return {
      Key(&S::steps, "steps", "Optimizer steps.").at_least(1).at_most(many),
      Key(&S::epochs, "epochs", "Passes over the training split, each over all of its samples.")
          .at_least(1)
          .at_most(many),
      Key(&S::max_time, "max_time", "Training time: \"90s\", \"5m\", \"1h30m\", or a number of seconds.").duration(),
      Key(&S::batch_size, "batch_size", "Samples per forward pass; the last batch of an epoch has what is left.")
          .at_least(1)
          .at_most(many),
      Key(&S::accumulate, "accumulate",
          "Forward passes per optimizer step; the last step of an epoch takes what is left. Each sample or token "
          "counts the same.")
          .at_least(1)
          .at_most(many),
      Key(&S::drop_last, "drop_last",
          "Whether an epoch leaves its last batch out where that is smaller than batch_size: for models that cannot "
          "train on few samples, as with batch normalization."),
      Key(&S::clip_norm, "clip_norm", "Largest norm of all gradients together; 0 does not clip.").at_least(0),
  };
}

Keys<TrainSettings> evaluation_keys() {
  using S = TrainSettings;
  return {
      Key(&S::evaluate_every, "evaluate_every",
          "Steps between evaluations; 0 evaluates at the end only. By default each epoch where `epochs` is given, "
          "else 0.")
          .at_most(many),
      Key(&S::evaluate_batches, "evaluate_batches",
          "Batches per evaluation, drawn once from the whole split by the seed: each evaluation is on the same "
          "ones. 0 takes the whole split.")
          .at_most(many),
      Key(&S::max_nonfinite_losses, "max_nonfinite_losses",
          "Steps in a row whose loss is inf or NaN at which the run fails; 0 never fails it.")
          .at_most(many),
      Key(&S::early_stopping_patience, "early_stopping.patience",
          "Evaluations without a lower validation loss after which the run ends; 0 never ends it.")
          .at_most(many),
      Key(&S::early_stopping_min_delta, "early_stopping.min_delta", "How much lower counts as lower.").at_least(0),
      Key(&S::keep_best, "keep_best",
          "Whether best.safetensors keeps the weights of the lowest validation loss, where a run evaluates on its "
          "way. It follows the checkpoints: what came after the newest one waits beside it."),
      Key(&S::ema_decay, "ema_decay",
          "Decay of a running mean of the weights, which evaluations then use; 0 keeps none. The mean begins as "
          "the initial weights; step n decays it by (1 + n) / (10 + n) where that is less, so that they are soon "
          "forgotten.")
          .at_least(0)
          .at_most(1),
  };
}

Keys<TrainSettings> execution_keys() {
  using S = TrainSettings;
  return {
      Key(&S::freeze, "freeze", "Names of parameters that are not trained, with * and ?."),
      Key(&S::sampling, "sampling", "shuffle: each sample once per epoch. replacement: each draw from all samples.")
          .one_of({"shuffle", "replacement"}),
      Key(&S::workers, "workers", "Threads that read samples; 0 reads in the training thread.").at_most(64),
      Key(&S::prefetch, "prefetch", "Batches that are kept ready.").at_least(1).at_most(1024),
      Key(&S::device, "device", "auto, cpu, cuda, or cuda:N."),
      Key(&S::threads, "threads", "Threads of one operation on a CPU; 0 leaves it to LibTorch.")
          .at_least(0)
          .at_most(1024),
  };
}

const Section<TrainSettings>& train_section() {
  auto keys = length_keys();
  for (const auto& more : {evaluation_keys(), execution_keys()}) keys.insert(keys.end(), more.begin(), more.end());
  static const Section<TrainSettings> section(
      "train", "How long and how. The first of steps, epochs and max_time that is reached ends the run.", keys);
  return section;
}

const Section<CheckpointSettings>& checkpoint_section() {
  using S = CheckpointSettings;
  static const Section<S> section(
      "checkpoint", "What a run can go on from after it was interrupted: `binade resume`.",
      Keys<S>{
          Key(&S::enabled, "enabled", "Whether there are any; the last one is written at the end."),
          Key(&S::every_steps, "every_steps", "Steps between two; 0 goes by time alone.").at_most(many),
          Key(&S::every_minutes, "every_minutes", "Minutes between two; 0 goes by steps alone.").at_least(0),
          Key(&S::keep, "keep", "How many stay, the newest ones.").at_least(1).at_most(1e6),
          Key(&S::keep_best, "keep_best",
              "Whether that of the lowest validation loss stays besides, of those that followed an evaluation."),
      });
  return section;
}

const Section<WatchdogSettings>& watchdog_section() {
  using S = WatchdogSettings;
  static const Section<S> section(
      "watchdog",
      "How long things may take at most before the run counts as hung: then it says where, and ends. \"0s\": for ever.",
      Keys<S>{
          Key(&S::enabled, "enabled", "Whether anybody watches."),
          Key(&S::data, "data", "Waiting for a batch.").duration(),
          Key(&S::forward, "forward", "A forward pass.").duration(),
          Key(&S::backward, "backward", "A backward pass.").duration(),
          Key(&S::optimizer, "optimizer", "Unscaling, clipping and the update of one step.").duration(),
          Key(&S::logging, "logging", "Telling of one step.").duration(),
          Key(&S::evaluation, "evaluation", "One batch of an evaluation.").duration(),
          Key(&S::checkpoint, "checkpoint", "The training thread's waiting for a checkpoint.").duration(),
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
          Key(&S::enabled, "enabled", "Whether there is one."),
          Key(&S::listen, "listen", "host:port; port 0 takes a free one, which is printed.").from_environment(),
          Key(&S::required, "required", "Whether a run fails when the port is taken."),
          Key(&S::sample_gradients_every, "sample_gradients_every",
              "Steps between samples of the gradients' exponents, by part of the model; 0 takes none.")
              .at_most(many),
          Key(&S::allow_remote, "allow_remote", "Whether other machines may read it."),
          Key(&S::allowed_hosts, "allowed_hosts",
              "Names by which readers may call this machine, as in http://NAME:PORT, beside localhost and the "
              "address in `listen`; a request under another name is refused."),
          Key(&S::user, "user", "Who must ask, where there is a password."),
          Key(&S::password_file, "password_file", "A file with the password that readers must give."),
          Key(&S::password_env, "password_env", "The environment variable that holds it."),
          Key(&S::page, "page", "Whether the port also shows a live page."),
          Key(&S::targets, "targets", "A folder in which Prometheus finds its targets (file_sd)."),
          Key(&S::wait_for_scrape, "wait_for_scrape", "How long the end waits at most for a last scrape: \"30s\".")
              .duration(),
          Key(&S::push, "push", "A Pushgateway that is told how the run ended: \"http://HOST:PORT\".")
              .from_environment(),
      });
  return section;
}

}  // namespace

const std::vector<SectionSpec>& host_sections() {
  static const std::vector<SectionSpec> sections = {
      experiment_section().spec(), task_section().spec(),       optimizer_section().spec(), schedule_section().spec(),
      train_section().spec(),      checkpoint_section().spec(), watchdog_section().spec(),  metrics_section().spec()};
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
