// Trainings that PyTorch recorded, and others of an independent implementation, replayed: losses, norms, rates, scales,
// skips and weights.
#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/engine/golden_trace.h"
#include "tests/engine/reference_training.h"

namespace binade::host {
namespace {

using testing::Json;

// The suite's name is how a machine with goldens of its own selects it: BINADE_GOLDENS=FOLDER ctest -R golden.
TEST(golden, TrajectoriesTrainAsPyTorchDid) {
  const auto file = testing::golden_file("mlp_trajectory.json");
  int replayed = 0;
  for (const auto& run : file["runs"]) {
    EXPECT_EQ(testing::replay_trace(run), "") << run["name"];
    ++replayed;
  }
  std::cout << replayed << " trainings replayed\n";
  EXPECT_GT(replayed, 0);
}

// Numbers between -1 and 1, the same everywhere.
class Noise {
 public:
  float next() {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<float>(static_cast<double>(state_ >> 40U) / static_cast<double>(1U << 23U) - 1);
  }
  Json rows(std::size_t count, std::size_t width, float size) {
    Json out = Json::array();
    for (std::size_t i = 0; i < count; ++i) out.push_back(row(width, size));
    return out;
  }
  Json row(std::size_t width, float size) {
    Json out = Json::array();
    for (std::size_t i = 0; i < width; ++i) out.push_back(next() * size);
    return out;
  }

 private:
  std::uint64_t state_ = 15;
};

// Its constants are other than those of the recorded file.
Json small_run() {
  auto run = Json::parse(R"({"name": "small", "precision": "fp32", "layers": [5, 7, 3], "activation": "tanh",
    "loss": "mse", "optimizer": {"type": "sgd", "momentum": 0.7, "dampening": 0.0, "weight_decay": 0.03,
    "nesterov": false}, "schedule": {"type": "constant", "base_lr": 0.07}, "clip_max_norm": 0.6, "accumulation": 3,
    "steps": 20, "scaler": null})");
  Noise noise;
  run["params"] = {noise.rows(7, 5, 0.5F), noise.row(7, 0.2F), noise.rows(3, 7, 0.5F), noise.row(3, 0.2F)};
  run["data"] = {{"micro_batch_size", 4}, {"inputs", noise.rows(20, 5, 1.5F)}, {"targets", noise.rows(20, 3, 2.0F)}};
  return run;
}

Json changed(Json run, const std::string& patch) {
  run.merge_patch(Json::parse(patch));  // which takes out what is null there
  if (!run.contains("clip_max_norm")) run["clip_max_norm"] = nullptr;
  if (run["loss"] == "cross_entropy") {
    auto& targets = run["data"]["targets"];
    for (std::size_t i = 0; i < targets.size(); ++i) targets[i] = i * i % 3;
  }
  return run;
}

constexpr const char* adamw = R"({"optimizer": {"type": "adamw", "betas": [0.8, 0.95], "eps": 1e-3,
  "weight_decay": 0.2, "momentum": null, "dampening": null, "nesterov": null}, "schedule": {"base_lr": 0.02}})";
constexpr const char* cosine = R"({"schedule": {"type": "warmup_cosine", "base_lr": 0.05, "min_lr": 0.01,
  "warmup_steps": 7, "total_steps": 45}})";

TEST(GoldenTrace, AnyConstantsAreReplayedAsAnIndependentTrainingHasThem) {
  for (const auto* patch :
       {"{}", R"({"optimizer": {"momentum": 0.95, "nesterov": true, "weight_decay": 0}})",
        R"({"optimizer": {"momentum": 0.9, "dampening": 0.3, "nesterov": false}})", adamw, cosine,
        R"({"optimizer": {"type": "adam", "betas": [0.7, 0.9], "eps": 0.01, "momentum": null, "dampening": null,
            "nesterov": null}, "schedule": {"base_lr": 0.02}})",
        R"({"optimizer": {"type": "adagrad", "lr_decay": 0.1, "eps": 0.01, "initial_accumulator_value": 0.3,
            "momentum": null, "dampening": null, "nesterov": null}})",
        R"({"optimizer": {"type": "rmsprop", "alpha": 0.8, "eps": 0.05, "momentum": 0.4, "dampening": null,
            "nesterov": null}, "schedule": {"base_lr": 0.01}})",
        R"({"activation": "relu"})", R"({"activation": "gelu", "loss": "cross_entropy", "clip_max_norm": null})",
        R"({"schedule": {"type": "warmup_cosine", "base_lr": 0.05, "min_lr": 0.0, "warmup_steps": 0,
            "total_steps": 11}})",
        R"({"accumulation": 1, "data": {"micro_batch_size": 10}, "steps": 13})"}) {
    EXPECT_EQ(testing::replay_trace(testing::reference_trace(changed(small_run(), patch))), "") << patch;
  }
}

TEST(GoldenTrace, EachFieldMatters) {
  struct Change {
    const char *run, *change;
  };
  for (const auto& [patch, change] : std::initializer_list<Change>{
           {"{}", R"({"activation": "relu"})"},
           {"{}", R"({"activation": "gelu"})"},
           {"{}", R"({"clip_max_norm": null})"},
           {"{}", R"({"clip_max_norm": 0.5})"},
           {"{}", R"({"accumulation": 4})"},
           {"{}", R"({"data": {"micro_batch_size": 5}})"},
           {"{}", R"({"precision": "amp_bf16"})"},
           {"{}", R"({"optimizer": {"momentum": 0.71}})"},
           {"{}", R"({"optimizer": {"dampening": 0.3}})"},
           {"{}", R"({"optimizer": {"weight_decay": 0.04}})"},
           {"{}", R"({"optimizer": {"nesterov": true}})"},
           {"{}", R"({"schedule": {"base_lr": 0.071}})"},
           {adamw, R"({"optimizer": {"betas": [0.81, 0.95]}})"},
           {adamw, R"({"optimizer": {"betas": [0.8, 0.96]}})"},
           {adamw, R"({"optimizer": {"eps": 2e-3}})"},
           {adamw, R"({"optimizer": {"weight_decay": 0.3}})"},
           {adamw, R"({"optimizer": {"type": "adam"}})"},
           {cosine, R"({"schedule": {"total_steps": 46}})"},
           {cosine, R"({"schedule": {"min_lr": 0.011}})"},
           {cosine, R"({"schedule": {"warmup_steps": 8}})"},
       }) {
    const auto trace = testing::reference_trace(changed(small_run(), patch));
    EXPECT_NE(testing::replay_trace(changed(trace, change)), "") << patch << change;
  }
}

TEST(GoldenTrace, WhatTheReplayDoesNotHonourIsRefused) {
  const auto trace = testing::reference_trace(small_run());
  for (const auto* change :
       {R"({"label_smoothing": 0.1})", R"({"precision": "amp_fp8"})", R"({"activation": "silu"})",
        R"({"loss": "huber"})", R"({"layers": [5, 8, 3]})", R"({"steps": 19})", R"({"optimizer": {"type": "lion"}})",
        R"({"optimizer": {"maximize": true}})", R"({"optimizer": {"lookahead": 5}})",
        R"({"optimizer": {"momentum": null}})", R"({"schedule": {"type": "linear"}})",
        R"({"schedule": {"warmup_steps": 3}})", R"({"data": {"shuffle": true}})",
        R"({"data": {"micro_batch_size": 7}})", R"({"scaler": {"init_scale": 2.0}})"}) {
    EXPECT_THROW(testing::replay_trace(changed(trace, change)), std::invalid_argument) << change;
  }
  auto step_knows_more = trace;
  step_knows_more["expect"][0]["found_inf"] = false;
  EXPECT_THROW(testing::replay_trace(step_knows_more), std::invalid_argument);
  EXPECT_EQ(testing::replay_trace(changed(trace, R"({"optimizer": {"maximize": false, "foreach": false}})")), "");
}

}  // namespace
}  // namespace binade::host
