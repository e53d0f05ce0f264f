#include "host/experiment/doubtful_plans.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/experiment/fixture.h"

namespace binade::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DoubtfulPlans : public testing::Test {
 protected:
  Experiment load(const std::string& text) {
    auto loaded = bench_.load(plugins_text() + text);
    EXPECT_TRUE(loaded.experiment) << loaded.text();
    return loaded.experiment.value();
  }
  std::vector<std::string> of(const std::string& text) { return doubtful_plans(load(text)); }
  Bench bench_;
};

std::string cosine(int warmup_steps, const std::string& train) {
  return "[schedule]\nname = \"cosine\"\nwarmup_steps = " + std::to_string(warmup_steps) + "\n[train]\n" + train;
}

TEST_F(DoubtfulPlans, AreAWarmUpThatTakesTheWholeRun) {
  EXPECT_THAT(of(cosine(2000, "steps = 50\n")),
              ElementsAre("[schedule] warmup_steps = 2000 uses up all 50 steps: the learning rate stays "
                          "below 0.025 lr, and what follows the warm-up never begins"));
  EXPECT_THAT(of(cosine(50, "steps = 50\n")), ElementsAre(HasSubstr("steps: what follows the warm-up")));
  EXPECT_THAT(of(cosine(49, "steps = 50\n")), IsEmpty());
  EXPECT_THAT(of("[train]\nsteps = 50\n"), IsEmpty());
}

TEST_F(DoubtfulPlans, AreNotARateThatRisesOverTheWholeRun) {
  EXPECT_THAT(of("[schedule]\nwarmup_steps = 50\n[train]\nsteps = 50\n"), IsEmpty());
  EXPECT_THAT(of("[schedule]\nwarmup_steps = 51\n[train]\nsteps = 50\n"), ElementsAre(HasSubstr("warmup_steps = 51")));
}

TEST_F(DoubtfulPlans, AreToldOnceWhereEpochsSayHowManyStepsThereAre) {
  const auto epochs = load(cosine(100, "epochs = 3\n"));
  EXPECT_THAT(doubtful_plans(epochs), IsEmpty()) << "not known yet";
  EXPECT_THAT(doubtful_plans(epochs, 30), ElementsAre(HasSubstr("uses up all 30 steps")));
  EXPECT_THAT(doubtful_plans(epochs, 300), IsEmpty());
  const auto steps = load(cosine(100, "steps = 30\nepochs = 3\n"));
  EXPECT_THAT(doubtful_plans(steps, 30), IsEmpty()) << "told already";
  EXPECT_THAT(doubtful_plans(steps, 20), ElementsAre(HasSubstr("uses up all 20 steps")));
  EXPECT_THAT(doubtful_plans(load(cosine(100, "epochs = 3\n")), 0), IsEmpty()) << "until max_time";
}

TEST_F(DoubtfulPlans, AreADropThatIsNeverReached) {
  const auto step = [](int size) {
    return "[schedule]\nname = \"step\"\nwarmup_steps = 10\nstep_size = " + std::to_string(size) +
           "\n[train]\nsteps = 50\n";
  };
  EXPECT_THAT(of(step(40)), ElementsAre(HasSubstr("step_size = 40 is not reached in 50 steps")));
  EXPECT_THAT(of(step(39)), IsEmpty());
}

TEST_F(DoubtfulPlans, AreAPatienceThatOutlastsTheRun) {
  const auto patience = [](int evaluations) {
    return "[train]\nsteps = 50\nevaluate_every = 10\nearly_stopping = {patience = " + std::to_string(evaluations) +
           "}\n";
  };
  EXPECT_THAT(of(patience(5)), ElementsAre(HasSubstr("patience = 5 never ends the run: in 50 steps there are 5")));
  EXPECT_THAT(of(patience(4)), IsEmpty());
}

TEST_F(DoubtfulPlans, AreADampeningOfNoMomentum) {
  const std::string train = "[train]\nsteps = 50\n", sgd = "[optimizer]\nname = \"sgd\"\ndampening = 0.5\n";
  EXPECT_THAT(of(sgd + train), ElementsAre(HasSubstr("dampening has no effect")));
  EXPECT_THAT(of(sgd + "momentum = 0.9\n" + train), IsEmpty());
  EXPECT_THAT(of(sgd + "[schedule]\nname = \"one_cycle\"\ncycle_momentum = true\n" + train), IsEmpty());
}

}  // namespace
}  // namespace binade::host
