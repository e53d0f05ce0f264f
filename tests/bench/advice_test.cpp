#include "host/bench/advice.h"

#include <gmock/gmock.h>

namespace binade::host {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// A contender called "half" that computes in `precision`, this many times as fast as "full".
BenchResult result(const std::string& precision, const Interval& speedup, const std::string& device = "cpu") {
  BenchResult out;
  out.device = device;
  out.contenders.resize(2);
  for (auto& contender : out.contenders) contender.learning = {2, 1, 0.1, true};
  out.contenders[0].id = "full";
  out.contenders[1].id = "half";
  out.contenders[1].precision = precision;
  out.contenders[1].comparisons = {{"speedup", speedup, 1.5, Verdict::not_met}};
  return out;
}

constexpr const char* plain_cpu = "processor : 0\nflags\t\t: fpu avx2 avx512f\n";
constexpr const char* vector_cpu = "processor : 0\nflags\t\t: fpu avx512f avx512_bf16\n";
constexpr const char* matrix_cpu = "processor : 0\nflags\t\t: fpu avx512_bf16 amx_bf16\nbugs :\n";

TEST(BenchAdvice, SaysPlainlyThatASlowerContenderCannotWin) {
  EXPECT_THAT(bench_advice(result("bf16", {0.52, 0.5, 0.54}), matrix_cpu),
              ElementsAre("half cannot win here: 0.52x the speed of full. Use full."));
}

TEST(BenchAdvice, SaysWhatTheCpuLacks) {
  EXPECT_THAT(bench_advice(result("bf16", {0.52, 0.5, 0.54}), vector_cpu),
              ElementsAre(HasSubstr("no matrix unit for bf16 (AMX: amx_bf16)")));
  EXPECT_THAT(bench_advice(result("bf16", {0.52, 0.5, 0.54}), plain_cpu),
              ElementsAre(HasSubstr("cannot compute in bf16 (amx_bf16 and avx512_bf16 are missing)")));
  EXPECT_THAT(bench_advice(result("fp16", {0.01, 0.01, 0.02}), matrix_cpu),
              ElementsAre(HasSubstr("cannot compute in fp16 (amx_fp16 and avx512_fp16 are missing)")));
}

TEST(BenchAdvice, BlamesTheCpuNeitherOnAGpuNorForFp32) {
  EXPECT_THAT(bench_advice(result("bf16", {0.52, 0.5, 0.54}, "cuda:0"), plain_cpu),
              ElementsAre(AllOf(HasSubstr("cannot win"), Not(HasSubstr("CPU")))));
  EXPECT_THAT(bench_advice(result("fp32", {0.52, 0.5, 0.54}), plain_cpu), ElementsAre(Not(HasSubstr("CPU"))));
}

TEST(BenchAdvice, IsSilentWhileTheIntervalReachesOverOne) {
  EXPECT_THAT(bench_advice(result("bf16", {0.9, 0.7, 1.1}), plain_cpu), IsEmpty());
}

TEST(BenchAdvice, AsksForMoreRepeatsWhereNothingCanBeTold) {
  auto unsure = result("bf16", {1.4, 1.2, 1.6});
  unsure.contenders[1].comparisons[0].verdict = Verdict::cannot_tell;
  EXPECT_THAT(bench_advice(unsure, plain_cpu), ElementsAre(HasSubstr("more --repeats")));
}

TEST(BenchAdvice, OffersTheLossWhereThereIsNoAccuracyToJudge) {
  auto regression = result("bf16", {2, 1.9, 2.1});
  EXPECT_THAT(bench_advice(regression, plain_cpu), IsEmpty());
  regression.accuracy = false;
  EXPECT_THAT(bench_advice(regression, plain_cpu), ElementsAre(HasSubstr("--loss X")));
  regression.thresholds.accuracy.reset();
  EXPECT_THAT(bench_advice(regression, plain_cpu), IsEmpty());
  regression.thresholds = {1.5, 40, 0.01, 0.1};
  EXPECT_THAT(bench_advice(regression, plain_cpu), IsEmpty());
}

TEST(NothingLearned, NamesTheContenderWithItsNumbers) {
  auto stuck = result("bf16", {1, 1, 1});
  EXPECT_THAT(nothing_learned(stuck), IsEmpty());
  stuck.contenders[1].learning = {2.3026, 2.3025, 0.01, false};
  EXPECT_THAT(nothing_learned(stuck),
              ElementsAre(AllOf(HasSubstr("half LEARNED NOTHING"), HasSubstr("2.3026"), HasSubstr("2.3025"))));
  stuck.contenders[1].finite = false;
  EXPECT_THAT(nothing_learned(stuck), ElementsAre(HasSubstr("inf or NaN")));
}

}  // namespace
}  // namespace binade::host
