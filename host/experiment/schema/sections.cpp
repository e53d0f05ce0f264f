// The host's own sections, key by key.
#include "host/experiment/schema/sections.h"

#include <algorithm>
#include <stdexcept>

namespace binade::host {
namespace {

using Type = OptionType;

// `name`: type, help; then what the members of OptionSpec say.
class Spec {
 public:
  Spec(std::string name, Type type, std::string help) {
    spec_.name = std::move(name);
    spec_.type = type;
    spec_.help = std::move(help);
  }
  Spec& by_default(Scalar value) {
    spec_.default_value = std::vector<Scalar>{std::move(value)};
    return *this;
  }
  Spec& by_default(std::vector<Scalar> values) {
    spec_.array = true;
    spec_.default_value = std::move(values);
    return *this;
  }
  Spec& array() {
    spec_.array = true;
    return *this;
  }
  Spec& optional() {
    spec_.optional = true;
    return *this;
  }
  // Taken from the dataset's facts; without such a fact it stays without a value.
  Spec& wired(std::string default_from) {
    spec_.default_from = std::move(default_from);
    return optional();
  }
  Spec& at_least(double min) {
    spec_.min = min;
    return *this;
  }
  Spec& at_most(double max) {
    spec_.max = max;
    return *this;
  }
  Spec& one_of(std::vector<std::string> choices) {
    spec_.choices.assign(choices.begin(), choices.end());
    return *this;
  }
  Spec& from_environment() {
    spec_.env = true;
    return *this;
  }
  operator OptionSpec() const { return spec_; }

 private:
  OptionSpec spec_;
};

Scalar integer(std::int64_t value) { return value; }
Scalar text(const char* value) { return std::string(value); }

// Not negative.
Spec number(const char* name, double value, const char* help) {
  return Spec(name, Type::number, help).by_default(Scalar(value)).at_least(0);
}

SectionSpec experiment_section() {
  return {
      "experiment",
      "Names the run and makes it repeatable.",
      {{"",
        {Spec("name", Type::string, "The run's folder under runs/; the file's name by default.")
             .optional()
             .from_environment(),
         Spec("seed", Type::integer, "Of initialisation, shuffling, dropout and augmentation.")
             .by_default(integer(1337))
             .at_least(0),
         Spec("fingerprint", Type::string,
              "What is recorded of the data, so that a resumed run can tell whether it changed: hashes of some "
              "samples, and with \"files\" of all files that the dataset's options name (read once, then looked up).")
             .one_of({"files", "samples"})
             .by_default(text("files")),
         Spec("tags", Type::string, "Words to find the run by.").by_default(std::vector<Scalar>{}),
         Spec("notes", Type::string, "What the run is for.").by_default(text(""))}}}};
}

SectionSpec task_section() {
  return {"task",
          "What is learned. The dataset has its own word for both keys.",
          {{"",
            {Spec("loss", Type::string, "What is minimised; \"model\" is the model's own loss.")
                 .one_of({"cross_entropy", "next_token", "mse", "model"})
                 .wired("dataset.loss"),
             Spec("target", Type::string, "The field of the dataset that is to be predicted.").wired("dataset.target"),
             number("label_smoothing", 0,
                    "Share of a target that is spread over all classes, in training; unsmoothed_loss stands beside.")
                 .at_most(1)}}}};
}

// Each optimizer's own keys between the ones that all have.
SectionSpec optimizer_section() {
  const auto positive = [](const char* name, double value, const char* help) {  // the bound is checked as a rule
    return Spec(name, Type::number, help).by_default(Scalar(value));
  };
  const OptionSpec eps = positive("eps", 1e-8, "Added to the denominator; greater than 0.");
  const OptionSpec betas = Spec("betas", Type::number, "Decay of the two running means; two numbers in 0 <= beta < 1.")
                               .by_default(std::vector<Scalar>{0.9, 0.999})
                               .at_least(0)
                               .at_most(1);
  const OptionSpec momentum = number("momentum", 0, "Share of the previous update that is kept.").at_most(1);
  const OptionSpec dampening =
      number("dampening", 0, "Share of each gradient that momentum leaves out, but for a parameter's first.")
          .at_most(1);
  const OptionSpec nesterov =
      Spec("nesterov", Type::boolean, "Nesterov's momentum; needs momentum > 0 and dampening = 0.")
          .by_default(Scalar(false));
  const auto optimizer = [&](const char* name, double lr, double weight_decay, std::vector<OptionSpec> own) {
    SectionVariant variant{name,
                           {Spec("name", Type::string, "How gradients become updates.")
                                .one_of({"adamw", "adam", "sgd", "adagrad", "rmsprop"})
                                .by_default(text("adamw")),
                            positive("lr", lr, "Learning rate at its highest; greater than 0."),
                            number("weight_decay", weight_decay, "Decoupled for adamw, else added to the gradient."),
                            Spec("decay_biases_and_norms", Type::boolean,
                                 "Whether weight_decay also applies to parameters with fewer than two dimensions.")
                                .by_default(Scalar(true))}};
    variant.options.insert(variant.options.end(), own.begin(), own.end());
    return variant;
  };
  return {"optimizer",
          "How the parameters are updated.",
          {optimizer("adamw", 1e-3, 0.01, {betas, eps}), optimizer("adam", 1e-3, 0, {betas, eps}),
           optimizer("sgd", 1e-3, 0, {momentum, dampening, nesterov}),
           optimizer("adagrad", 1e-2, 0,
                     {number("lr_decay", 0, "The rate is divided by 1 + steps * lr_decay."),
                      number("initial_accumulator", 0, "What the sums of squares start from."),
                      positive("eps", 1e-10, "Added to the denominator; greater than 0.")}),
           optimizer("rmsprop", 1e-2, 0,
                     {number("alpha", 0.99, "Decay of the running mean of squares.").at_most(1), eps, momentum})}};
}

SectionSpec group_section() {
  return {
      "optimizer.group",
      "Parameters with a learning rate or decay of their own; each parameter belongs to the first group it matches.",
      {{"",
        {Spec("parameters", Type::string, "Names of parameters, with * for any characters and ? for one.").array(),
         Spec("lr", Type::number,
              "Instead of optimizer.lr. The schedule multiplies both by the same factor, so that min_lr becomes "
              "min_lr * lr / optimizer.lr here.")
             .optional(),
         Spec("weight_decay", Type::number, "Instead of optimizer.weight_decay.").optional().at_least(0)}}}};
}

SectionSpec schedule_section() {
  const OptionSpec name =
      Spec("name", Type::string, "How the learning rate continues after the warm-up. A skipped step holds it.")
          .one_of({"constant", "linear", "cosine", "step", "one_cycle"})
          .by_default(text("constant"));
  const OptionSpec warmup = Spec("warmup_steps", Type::integer,
                                 "Steps over which the rate rises to lr in equal parts; the first has "
                                 "lr / warmup_steps.")
                                .by_default(integer(0))
                                .at_least(0);
  const OptionSpec min_lr =
      number("min_lr", 0,
             "What the rate falls to; at most lr. As in PyTorch's CosineAnnealingLR with T_max = steps it is reached "
             "one step after the last. Each skipped step holds the schedule, so a run that skipped some ends before. "
             "A group with a rate of its own falls to min_lr * its lr / optimizer.lr.");
  return {"schedule",
          "How the learning rate changes over the run.",
          {{"constant", {name, warmup}},
           {"linear", {name, warmup, min_lr}},
           {"cosine", {name, warmup, min_lr}},
           {"step",
            {name, warmup, Spec("step_size", Type::integer, "Steps from one drop to the next.").at_least(1),
             number("gamma", 0.1, "What each drop multiplies the rate by.").at_most(1)}},
           {"one_cycle",
            {name, number("pct_start", 0.3, "Share of the run in which the rate rises.").at_most(1),
             number("div_factor", 25, "The rate starts at lr / div_factor.").at_least(1),
             number("final_div_factor", 1e4,
                    "It ends at lr / div_factor / final_div_factor, in the last step where no step was skipped.")
                 .at_least(1),
             Spec("cycle_momentum", Type::boolean,
                  "Whether the momentum (of adam and adamw: the first beta) falls from max_momentum to base_momentum "
                  "while the rate rises, and rises again. PyTorch's OneCycleLR does so by default.")
                 .by_default(Scalar(false)),
             number("base_momentum", 0.85, "The momentum where the rate is highest; at most max_momentum."),
             number("max_momentum", 0.95, "The momentum at the start and at the end; less than 1.")}}}};
}

SectionSpec train_section() {
  constexpr double many = 1e9;
  const auto count = [](const char* name, std::int64_t value, double min, const char* help) {
    return Spec(name, Type::integer, help).by_default(integer(value)).at_least(min).at_most(many);
  };
  return {
      "train",
      "How long and how. The first of steps, epochs and max_time that is reached ends the run.",
      {{"",
        {Spec("steps", Type::integer, "Optimizer steps.").optional().at_least(1).at_most(many),
         Spec("epochs", Type::integer, "Passes over the training split, each over all of its samples.")
             .optional()
             .at_least(1)
             .at_most(many),
         Spec("max_time", Type::string, "Training time: \"90s\", \"5m\", \"1h30m\", or a number of seconds.")
             .optional(),
         count("batch_size", 32, 1, "Samples per forward pass; the last batch of an epoch has what is left."),
         count("accumulate", 1, 1,
               "Forward passes per optimizer step; the last step of an epoch takes what is left. Each sample or token "
               "counts the same."),
         Spec(
             "drop_last", Type::boolean,
             "Whether an epoch leaves its last batch out where that is smaller than batch_size: for models that cannot "
             "train on few samples, as with batch normalization.")
             .by_default(Scalar(false)),
         number("clip_norm", 1, "Largest norm of all gradients together; 0 does not clip."),
         Spec("evaluate_every", Type::integer,
              "Steps between evaluations; 0 evaluates at the end only. By default each epoch where `epochs` is given, "
              "else 0.")
             .optional()
             .at_least(0)
             .at_most(many),
         count("evaluate_batches", 0, 0,
               "Batches per evaluation, drawn once from the whole split by the seed: each evaluation is on the same "
               "ones. 0 takes the whole split."),
         count("max_nonfinite_losses", 10, 0,
               "Steps in a row whose loss is inf or NaN at which the run fails; 0 never fails it."),
         count("early_stopping.patience", 0, 0,
               "Evaluations without a lower validation loss after which the run ends; 0 never ends it."),
         number("early_stopping.min_delta", 0, "How much lower counts as lower."),
         Spec("keep_best", Type::boolean,
              "Whether best.safetensors keeps the weights of the lowest validation loss, where a run evaluates on its "
              "way. It follows the checkpoints: what came after the newest one waits beside it.")
             .by_default(Scalar(true)),
         number("ema_decay", 0,
                "Decay of a running mean of the weights, which evaluations then use; 0 keeps none. The mean begins as "
                "the initial weights; step n decays it by (1 + n) / (10 + n) where that is less, so that they are soon "
                "forgotten.")
             .at_most(1),
         Spec("freeze", Type::string, "Names of parameters that are not trained, with * and ?.")
             .by_default(std::vector<Scalar>{}),
         Spec("sampling", Type::string, "shuffle: each sample once per epoch. replacement: each draw from all samples.")
             .one_of({"shuffle", "replacement"})
             .by_default(text("shuffle")),
         count("workers", 1, 0, "Threads that read samples; 0 reads in the training thread.").at_most(64),
         count("prefetch", 4, 1, "Batches that are kept ready.").at_most(1024),
         Spec("device", Type::string, "auto, cpu, cuda, or cuda:N.").by_default(text("auto")),
         count("threads", 0, 0, "Threads of one operation on a CPU; 0 leaves it to LibTorch.").at_most(1024)}}}};
}

SectionSpec checkpoint_section() {
  return {
      "checkpoint",
      "What a run can go on from after it was interrupted: `binade resume`.",
      {{"",
        {Spec("enabled", Type::boolean, "Whether there are any; the last one is written at the end.")
             .by_default(Scalar(true)),
         Spec("every_steps", Type::integer, "Steps between two; 0 goes by time alone.")
             .by_default(integer(0))
             .at_least(0)
             .at_most(1e9),
         number("every_minutes", 10, "Minutes between two; 0 goes by steps alone."),
         Spec("keep", Type::integer, "How many stay, the newest ones.").by_default(integer(2)).at_least(1).at_most(1e6),
         Spec("keep_best", Type::boolean,
              "Whether that of the lowest validation loss stays besides, of those that followed an evaluation.")
             .by_default(Scalar(true))}}}};
}

SectionSpec watchdog_section() {
  const auto limit = [](const char* name, const char* value, const char* help) -> OptionSpec {
    return Spec(name, Type::string, help).by_default(text(value));
  };
  return {
      "watchdog",
      "How long things may take at most before the run counts as hung: then it says where, and ends. \"0s\": for ever.",
      {{"",
        {Spec("enabled", Type::boolean, "Whether anybody watches.").by_default(Scalar(true)),
         limit("data", "10m", "Waiting for a batch."), limit("forward", "10m", "A forward pass."),
         limit("backward", "10m", "A backward pass."),
         limit("optimizer", "10m", "Unscaling, clipping and the update of one step."),
         limit("logging", "10m", "Telling of one step."), limit("evaluation", "10m", "One batch of an evaluation."),
         limit("checkpoint", "1h", "The training thread's waiting for a checkpoint."),
         limit("plugin_call", "30m",
               "One call of a model, dataset or precision plugin, or of a logger's create().")}}}};
}

SectionSpec metrics_section() {
  return {"metrics",
          "The Prometheus endpoint.",
          {{"",
            {Spec("enabled", Type::boolean, "Whether there is one.").by_default(Scalar(true)),
             Spec("listen", Type::string, "host:port; port 0 takes a free one, which is printed.")
                 .by_default(text("127.0.0.1:0"))
                 .from_environment(),
             Spec("required", Type::boolean, "Whether a run fails when the port is taken.").by_default(Scalar(false)),
             Spec("sample_gradients_every", Type::integer,
                  "Steps between samples of the gradients' exponents, by part of the model; 0 takes none.")
                 .by_default(integer(100))
                 .at_least(0)
                 .at_most(1e9),
             Spec("allow_remote", Type::boolean, "Whether other machines may read it.").by_default(Scalar(false)),
             Spec("allowed_hosts", Type::string,
                  "Names by which readers may call this machine, as in http://NAME:PORT, beside localhost and the "
                  "address in `listen`; a request under another name is refused.")
                 .array()
                 .by_default(std::vector<Scalar>{}),
             Spec("user", Type::string, "Who must ask, where there is a password.").by_default(text("binade")),
             Spec("password_file", Type::path, "A file with the password that readers must give.").optional(),
             Spec("password_env", Type::string, "The environment variable that holds it.").optional(),
             Spec("page", Type::boolean, "Whether the port also shows a live page.").by_default(Scalar(true)),
             Spec("targets", Type::path, "A folder in which Prometheus finds its targets (file_sd).").optional(),
             Spec("wait_for_scrape", Type::string, "How long the end waits at most for a last scrape: \"30s\".")
                 .by_default(text("30s")),
             Spec("push", Type::string, "A Pushgateway that is told how the run ended: \"http://HOST:PORT\".")
                 .optional()
                 .from_environment()}}}};
}

}  // namespace

const std::vector<SectionSpec>& host_sections() {
  static const std::vector<SectionSpec> sections = {experiment_section(), task_section(),   optimizer_section(),
                                                    schedule_section(),   train_section(),  checkpoint_section(),
                                                    watchdog_section(),   metrics_section()};
  return sections;
}

const SectionSpec& parameter_group_section() {
  static const SectionSpec section = group_section();
  return section;
}

const SectionSpec& host_section(std::string_view name) {
  const auto& all = host_sections();
  const auto found = std::find_if(all.begin(), all.end(), [&](const SectionSpec& s) { return s.name == name; });
  if (found == all.end()) throw std::logic_error("no section " + std::string(name));
  return *found;
}

}  // namespace binade::host
