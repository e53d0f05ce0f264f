#include "host/bench/advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace binade::host {
namespace {

// A precision, the CPU feature that multiplies matrices in it, and those of plain vectors (x86's and ARM's names).
struct Hardware {
  std::string_view precision, matrices;
  std::array<std::string_view, 2> vectors;
};
constexpr std::array hardware{Hardware{"bf16", "amx_bf16", {"avx512_bf16", "bf16"}},
                              Hardware{"fp16", "amx_fp16", {"avx512_fp16", "fphp"}}};

bool has_word(std::string_view text, std::string_view word) {
  const auto is_edge = [&](std::size_t at) { return at >= text.size() || text[at] == ' ' || text[at] == '\n'; };
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    if (at > 0 && is_edge(at - 1) && is_edge(at + word.size())) return true;
  }
  return false;
}

// Empty when the CPU is not the cause.
std::string why_slow(const std::string& precision, std::string_view cpuinfo) {
  const auto found = std::ranges::find(hardware, precision, &Hardware::precision);
  if (found == hardware.end() || has_word(cpuinfo, found->matrices)) return "";
  const auto& vectors = found->vectors;
  if (std::ranges::any_of(vectors, [&](auto word) { return has_word(cpuinfo, word); })) {
    return fmt::format(
        "this CPU has no matrix unit for {} (AMX: {}), and without one its products are slower than those of fp32",
        precision, found->matrices);
  }
  return fmt::format("this CPU cannot compute in {} ({} and {} are missing), so every operation is emulated", precision,
                     found->matrices, vectors.front());
}

}  // namespace

std::vector<std::string> bench_advice(const BenchResult& result, std::string_view cpuinfo) {
  std::vector<std::string> advice;
  bool too_few = false;
  const auto& baseline = result.contenders.front();
  for (const auto& contender : result.contenders) {
    for (const auto& c : contender.comparisons) too_few = too_few || c.verdict == Verdict::cannot_tell;
    if (&contender == &baseline) continue;
    const auto& speed = contender.comparison("speedup").interval;
    if (!(speed.high < 1)) continue;
    const auto why = result.device == "cpu" ? why_slow(contender.precision, cpuinfo) : "";
    advice.push_back(fmt::format("{} cannot win here: {:.3g}x the speed of {}{}{}. Use {}.", contender.id, speed.value,
                                 baseline.id, why.empty() ? "" : ", because ", why, baseline.id));
  }
  if (!result.accuracy && result.thresholds.accuracy && !result.thresholds.loss) {
    advice.emplace_back("The task has no accuracy to judge; --loss X judges the difference of the loss.");
  }
  if (too_few) {
    advice.emplace_back(
        "\"cannot tell\" means that the interval contains the threshold; more --repeats narrow the interval.");
  }
  return advice;
}

std::vector<std::string> nothing_learned(const BenchResult& result) {
  std::vector<std::string> sentences;
  for (const auto& contender : result.contenders) {
    if (contender.learned()) continue;
    const auto& [first, last, noise, learned] = contender.learning;
    sentences.push_back(
        contender.finite
            ? fmt::format("{} LEARNED NOTHING: its training loss went from {:.6g} (first tenth of the steps) to {:.6g} "
                          "(last tenth), which is within the noise of {:.2g}",
                          contender.id, first, last, noise)
            : fmt::format("{} LEARNED NOTHING: it ended with a loss that is inf or NaN (training loss {:.6g} in the "
                          "first tenth of the steps, {:.6g} in the last)",
                          contender.id, first, last));
  }
  return sentences;
}

}  // namespace binade::host
