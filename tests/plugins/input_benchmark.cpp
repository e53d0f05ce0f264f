// Measures how fast datasets provide batches from the files in the folder $BINADE_INPUT_FILES. input_speed.sh creates
// them and also measures PyTorch's DataLoader. `copy` is the baseline: it copies a batch's bytes from one buffer to
// another.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "host/data/batch_loader.h"
#include "tests/plugins/opened_plugin.h"

namespace binade::host {
namespace {

constexpr std::uint64_t seed = 1;
constexpr std::int64_t text_batches = 6000, token_batches = 2000, image_batches = 300;  // as in input_peer.py

std::vector<Scalar> numbers(std::initializer_list<double> values) { return {values.begin(), values.end()}; }

std::optional<std::filesystem::path> folder(benchmark::State& state) {
  if (const char* path = std::getenv("BINADE_INPUT_FILES")) return path;
  state.SkipWithError("BINADE_INPUT_FILES names no folder: run tests/plugins/input_speed.sh");
  return std::nullopt;
}

std::int64_t bytes_of(const HostBatch& batch) {
  std::uint64_t bytes = 0;
  for (const auto& field : batch.fields) bytes += field.bytes;
  return static_cast<std::int64_t>(bytes);
}

void report(benchmark::State& state, std::int64_t samples, std::int64_t bytes) {
  state.SetItemsProcessed(state.iterations() * samples);
  state.SetBytesProcessed(state.iterations() * bytes);
  state.counters["batches_per_second"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

// Batches of the training split, shuffled and augmented, by state.range(0) workers.
void feed(benchmark::State& state, const std::string& name, const GivenOptions& given, std::uint64_t batch_size) {
  const OpenedPlugin plugin(name);
  const Dataset dataset(plugin.plugin(), plugin.options(given));
  const auto split = dataset.split("train");
  BatchLoader loader(dataset, split, Sampler(split.size, batch_size, Order::shuffled, true, seed, {}), true, seed,
                     static_cast<std::uint32_t>(state.range(0)), 4, 0, 0);
  for (int warm_up = 0; warm_up < 20; ++warm_up) loader.next();  // shuffles, grows buffers
  std::int64_t bytes = 0;
  for (auto _ : state) bytes = bytes_of(loader.next());
  report(state, static_cast<std::int64_t>(batch_size), bytes);
}

void text(benchmark::State& state) {
  const auto files = folder(state);
  if (!files) return;
  feed(state, "text",
       {{"paths", {Scalar(*files / "text.txt")}},
        {"encoding", {Scalar(std::string("characters"))}},
        {"sequence_length", integer(65)},
        {"stride", integer(1)}},
       64);
}

void tokens(benchmark::State& state) {
  const auto files = folder(state);
  if (!files) return;
  feed(state, "tokens",
       {{"paths", {Scalar(*files / "tokens.bin")}},
        {"format", {Scalar(std::string("nanogpt"))}},
        {"sequence_length", integer(1025)},
        {"stride", integer(1024)}},
       16);
}

void images(benchmark::State& state) {
  const auto files = folder(state);
  if (!files) return;
  feed(state, "images",
       {{"format", {Scalar(std::string("cifar10"))}},
        {"paths", {Scalar(*files / "images.bin")}},
        {"mean", numbers({0.4914, 0.4822, 0.4465})},
        {"std", numbers({0.2470, 0.2435, 0.2616})},
        {"flip", {Scalar(true)}},
        {"crop_padding", integer(4)}},
       128);
}

void copy(benchmark::State& state) {
  const auto bytes = static_cast<std::size_t>(state.range(0));
  const std::vector<char> from(bytes, 1);
  std::vector<char> to(bytes);
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), bytes);
    benchmark::ClobberMemory();
  }
  report(state, 0, state.range(0));
}

BENCHMARK(text)->ArgName("workers")->Arg(0)->Arg(1)->Iterations(text_batches)->UseRealTime();
BENCHMARK(tokens)->ArgName("workers")->Arg(0)->Arg(1)->Iterations(token_batches)->UseRealTime();
BENCHMARK(images)->ArgName("workers")->Arg(0)->Arg(1)->Iterations(image_batches)->UseRealTime();
BENCHMARK(copy)->ArgName("bytes")->Arg(64L * 65 * 8)->Arg(16L * 1025 * 8)->Arg(128L * (3072 * 4 + 8))->UseRealTime();

}  // namespace
}  // namespace binade::host
