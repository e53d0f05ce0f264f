// The host's own sections.
#include "host/experiment/schema/sections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/experiment/schema/text_forms.h"
#include "tests/experiment/fixture.h"

namespace binade::host {
namespace {

using testing::Contains;
using testing::HasSubstr;

class Sections : public testing::Test {
 protected:
  // A valid experiment with `text` behind it; [train] steps = 10 unless the text has a [train] of its own.
  Loaded load(const std::string& text) {
    const bool own = text.find("[train]") != std::string::npos;
    return bench_.load((own ? plugins_text() : minimal_text()) + text);
  }
  std::string code(const std::string& text) {
    const auto loaded = load(text);
    return loaded.diagnostics.empty() ? "" : loaded.only().code;
  }
  Bench bench_;
};

TEST_F(Sections, HaveDefaults) {
  const auto loaded = load("");
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  const auto& e = *loaded.experiment;
  EXPECT_EQ(e.experiment.seed, 1337U);
  EXPECT_FALSE(e.task.loss);
  EXPECT_EQ(e.optimizer.name, "adamw");
  EXPECT_EQ(e.optimizer.lr, 1e-3);
  EXPECT_EQ(e.optimizer.weight_decay, 0.01);
  EXPECT_EQ(e.optimizer.betas, (std::array<double, 2>{0.9, 0.999}));
  EXPECT_EQ(e.schedule.name, "constant");
  EXPECT_EQ(e.schedule.warmup_steps, 0U);
  EXPECT_EQ(e.train.batch_size, 32U);
  EXPECT_EQ(e.train.accumulate, 1U);
  EXPECT_EQ(e.train.clip_norm, 1.0);
  EXPECT_EQ(e.train.device, "auto");
  EXPECT_EQ(e.train.workers, 1U);
  EXPECT_EQ(e.train.prefetch, 4U);
  EXPECT_TRUE(e.metrics.enabled);
  EXPECT_EQ(e.metrics.listen, "127.0.0.1:0");
  EXPECT_EQ(e.precision.reserved.string("cpu"), "fallback");
}

TEST_F(Sections, EveryKeyHasAHelpText) {
  for (const auto& section : host_sections()) {
    EXPECT_FALSE(section.help.empty());
    for (const auto& variant : section.variants) {
      for (const auto& option : variant.options) {
        EXPECT_FALSE(option.help.empty()) << option.name;
        const bool of_the_default = &variant == &section.variants.front();
        EXPECT_FALSE(option.required() && of_the_default) << option.name << ": a file may leave the section out";
      }
    }
  }
}

TEST_F(Sections, NameTheRunAfterTheFile) {
  EXPECT_EQ(load("").experiment->experiment.name, "test");
  const auto file = bench_.folder.write(" odd n\xC3\xA4me.v2.toml", minimal_text());
  const auto loaded = bench_.load_file(file);
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  EXPECT_EQ(loaded.experiment->experiment.name, "-odd-n--me.v2");
}

TEST_F(Sections, NamesAreFolders) {
  EXPECT_EQ(code("[experiment]\nname = \"first-run_2.0\"\n"), "");
  for (const std::string name : {"", ".hidden", "..", "a/b", "a b", "\xC3\xA9"}) {
    EXPECT_EQ(code("[experiment]\nname = \"" + name + "\"\n"), "E0118") << name;
  }
  EXPECT_EQ(code("[experiment]\nname = \"" + std::string(64, 'a') + "\"\n"), "");
  EXPECT_EQ(code("[experiment]\nname = \"" + std::string(65, 'a') + "\"\n"), "E0118");
}

TEST_F(Sections, SeedsAreNotNegative) { EXPECT_EQ(code("[experiment]\nseed = -1\n"), "E0117"); }

TEST_F(Sections, LossesAreKnown) {
  EXPECT_EQ(code("[task]\nloss = \"next_token\"\ntarget = \"label\"\n"), "");
  EXPECT_EQ(load("[task]\nloss = \"crossentropy\"\n").only().label, "did you mean \"cross_entropy\"?");
}

TEST_F(Sections, KeysOfAnotherOptimizerAreUnknownAndExplained) {
  const auto loaded = load("[optimizer]\nname = \"sgd\"\nlr = 0.1\nbetas = [0.9, 0.99]\n");
  EXPECT_EQ(loaded.only().code, "E0103");
  EXPECT_THAT(loaded.only().notes, Contains("`betas` goes with name = \"adamw\""));
  EXPECT_THAT(load("[optimizer]\nmomentum = 0.9\n").only().notes, Contains("`momentum` goes with name = \"sgd\""));
}

TEST_F(Sections, SgdHasDefaultsOfItsOwn) {
  const auto loaded = load("[optimizer]\nname = \"sgd\"\n");
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  EXPECT_EQ(loaded.experiment->optimizer.weight_decay, 0.0);
  EXPECT_EQ(loaded.experiment->optimizer.momentum, 0.0);
  EXPECT_FALSE(loaded.experiment->optimizer.nesterov);
}

TEST_F(Sections, AnUnknownOptimizerIsTheOnlyMistakeSaid) {
  const auto loaded = load("[optimizer]\nname = \"adamv\"\nmomentum = 0.5\nbetas = [0.1, 0.2]\n");
  EXPECT_EQ(loaded.only().code, "E0116");
  EXPECT_EQ(loaded.only().label, "did you mean \"adam\"?");
}

TEST_F(Sections, ParameterGroupsAreTablesWithTheirOwnRates) {
  const auto loaded = load(
      "[optimizer]\nlr = 0.1\n[[optimizer.group]]\nparameters = [\"head.*\"]\nlr = 0.01\n"
      "[[optimizer.group]]\nparameters = [\"*.bias\", \"ln_?.*\"]\nweight_decay = 0\n");
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  const auto& groups = loaded.experiment->parameter_groups;
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].lr, 0.01);
  EXPECT_FALSE(groups[0].weight_decay);
  EXPECT_THAT(groups[1].parameters, testing::ElementsAre("*.bias", "ln_?.*"));
  EXPECT_EQ(load("[[optimizer.group]]\nlr = 0.1\n").only().message, "`optimizer.group.0.parameters` is missing");
  EXPECT_EQ(load("[[optimizer.group]]\nparameters = [\"a\"]\nlr = 0\n").only().code, "E0117");
  EXPECT_EQ(load("[optimizer.group]\nparameters = [\"a\"]\n").only().label, "write [[optimizer.group]]");
  EXPECT_EQ(load("[[optimizer.group]]\nparameters = [\"a\"]\nmomentum = 0.5\n").only().code, "E0103");
}

TEST_F(Sections, EarlyStoppingNeedsEvaluations) {
  const std::string patience = "early_stopping = {patience = 2}\n";
  EXPECT_EQ(code("[train]\nsteps = 9\n" + patience), "E0119");
  EXPECT_EQ(code("[train]\nsteps = 9\nevaluate_every = 3\n" + patience), "");
  EXPECT_EQ(code("[train]\nepochs = 9\n" + patience), "");
  EXPECT_EQ(code("[train]\nepochs = 9\nevaluate_every = 0\n" + patience), "E0119");
}

TEST_F(Sections, SchedulesThatEndMustKnowWhere) {
  for (const std::string name : {"linear", "cosine", "one_cycle"}) {
    const auto loaded = load("[schedule]\nname = \"" + name + "\"\n[train]\nmax_time = \"5s\"\n");
    EXPECT_EQ(loaded.only().message, "the " + name + " schedule must know how many steps there are");
  }
  EXPECT_EQ(load("[schedule]\nname = \"step\"\n").only().message, "`schedule.step_size` is missing");
}

TEST_F(Sections, RatesArePositive) {
  EXPECT_EQ(load("[optimizer]\nlr = 0\n").only().message, "`optimizer.lr` must be greater than 0, got 0.0");
  EXPECT_EQ(code("[optimizer]\nlr = -1e-3\n"), "E0117");
  EXPECT_EQ(code("[optimizer]\neps = 0.0\n"), "E0117");
  EXPECT_EQ(code("[optimizer]\nweight_decay = -0.1\n"), "E0117");
}

TEST_F(Sections, BetasAreTwoBelowOne) {
  EXPECT_EQ(code("[optimizer]\nbetas = [0, 0.5]\n"), "");
  EXPECT_EQ(code("[optimizer]\nbetas = [0.9]\n"), "E0118");
  EXPECT_EQ(code("[optimizer]\nbetas = []\n"), "E0118");
  EXPECT_EQ(code("[optimizer]\nbetas = [0.9, 1.0]\n"), "E0117");
  EXPECT_EQ(code("[optimizer]\nbetas = [-0.1, 0.5]\n"), "E0117");
}

TEST_F(Sections, NesterovNeedsMomentumAndNoDampening) {
  EXPECT_EQ(code("[optimizer]\nname = \"sgd\"\nnesterov = true\n"), "E0119");
  EXPECT_EQ(code("[optimizer]\nname = \"sgd\"\nnesterov = true\nmomentum = 0.9\n"), "");
  EXPECT_EQ(code("[optimizer]\nname = \"sgd\"\nmomentum = 0.9\ndampening = 0.1\n"), "");
  EXPECT_EQ(code("[optimizer]\nname = \"sgd\"\nnesterov = true\nmomentum = 0.9\ndampening = 0.1\n"), "E0119");
  EXPECT_EQ(code("[optimizer]\nname = \"adamw\"\ndampening = 0.1\n"), "E0103");
}

TEST_F(Sections, AMomentumThatCyclesNeedsOneAndTwoBoundsInOrder) {
  const std::string cycle = "[schedule]\nname = \"one_cycle\"\ncycle_momentum = true\n";
  for (const std::string name : {"adamw", "adam", "sgd", "rmsprop"}) {
    EXPECT_EQ(code("[optimizer]\nname = \"" + name + "\"\n" + cycle), "") << name;
  }
  EXPECT_EQ(code("[optimizer]\nname = \"adagrad\"\n" + cycle), "E0119");
  EXPECT_EQ(code(cycle + "base_momentum = 0.96\n"), "E0119");
  EXPECT_EQ(code(cycle + "max_momentum = 1.0\n"), "E0117");
  EXPECT_EQ(code("[schedule]\nname = \"cosine\"\ncycle_momentum = true\n"), "E0103");
}

TEST_F(Sections, OnlyTheCosineEndsAtAMinimum) {
  EXPECT_EQ(code("[schedule]\nname = \"cosine\"\nmin_lr = 1e-4\n"), "");
  EXPECT_EQ(code("[schedule]\nmin_lr = 1e-4\n"), "E0103");
  EXPECT_EQ(code("[schedule]\nname = \"cosine\"\nmin_lr = 1.0\n"), "E0119");
  EXPECT_EQ(code("[schedule]\nname = \"cosine\"\nwarmup_steps = -1\n"), "E0117");
}

TEST_F(Sections, TheCosineMustKnowItsSteps) {
  EXPECT_EQ(code("[schedule]\nname = \"cosine\"\n[train]\nmax_time = \"5m\"\n"), "E0119");
  EXPECT_EQ(code("[schedule]\nname = \"cosine\"\n[train]\nmax_time = \"5m\"\nepochs = 1\n"), "");
}

TEST_F(Sections, ATrainingHasAnEnd) {
  const auto loaded = load("[train]\nbatch_size = 4\n");
  EXPECT_EQ(loaded.only().code, "E0106");
  EXPECT_EQ(loaded.only().where.line, 8U);
  EXPECT_THAT(loaded.only().notes.front(), HasSubstr("max_time"));
  EXPECT_EQ(code("[train]\nepochs = 2\n"), "");
  EXPECT_EQ(code("[train]\nmax_time = \"1s\"\n"), "");
  EXPECT_EQ(code("[train]\nsteps = \"many\"\n"), "E0115") << "a wrong end is not a missing one";
  EXPECT_EQ(bench_.load(plugins_text()).only().code, "E0106");
}

TEST_F(Sections, TimesAreTextsOrSeconds) {
  const auto seconds = [&](const std::string& value) {
    const auto loaded = load("[train]\nmax_time = " + value + "\n");
    return loaded.experiment ? loaded.experiment->train.max_time : -1.0;
  };
  EXPECT_EQ(seconds("\"90s\""), 90);
  EXPECT_EQ(seconds("\"5m\""), 300);
  EXPECT_EQ(seconds("\"2h\""), 7200);
  EXPECT_EQ(seconds("\"1h30m\""), 5400);
  EXPECT_EQ(seconds("\"1h1m1s\""), 3661);
  EXPECT_EQ(seconds("\"1.5h\""), 5400);
  EXPECT_EQ(seconds("\"500ms\""), 0.5);
  EXPECT_EQ(seconds("90"), 90);
  EXPECT_EQ(seconds("\"90\""), 90);
  EXPECT_EQ(seconds("\"1.5\""), 1.5);
  EXPECT_EQ(seconds("0.25"), 0.25);
  EXPECT_EQ(load("").experiment->train.max_time, std::nullopt);
}

TEST_F(Sections, TimesThatAreNoneAreRefused) {
  for (const std::string value : {"\"\"", "\"5 m\"", "\"m5\"", "\"5m1h\"", "\"1h1h\"", "\"-5m\"", "\"1e3s\"",
                                  "\"1..2s\"", "\"5mm\"", "\"soon\"", "\"1h30\"", "\"30 5\"", "\"-90\"", "-5"}) {
    EXPECT_EQ(code("[train]\nmax_time = " + value + "\n"), "E0118") << value;
  }
  EXPECT_EQ(code("[train]\nmax_time = \"0s\"\n"), "E0117");
  EXPECT_EQ(code("[train]\nmax_time = 0\n"), "E0117");
  EXPECT_EQ(code("[train]\nmax_time = true\n"), "E0115");
}

TEST_F(Sections, CountsAreInRange) {
  EXPECT_EQ(code("[train]\nsteps = 0\n"), "E0117");
  EXPECT_EQ(code("[train]\nsteps = 1\nepochs = 0\n"), "E0117");
  EXPECT_EQ(code("[train]\nsteps = 1\nbatch_size = 0\n"), "E0117");
  EXPECT_EQ(code("[train]\nsteps = 1\naccumulate = 0\n"), "E0117");
  EXPECT_EQ(code("[train]\nsteps = 1\nworkers = 65\n"), "E0117");
  EXPECT_EQ(code("[train]\nsteps = 1\nworkers = 0\nclip_norm = 0\nevaluate_every = 0\nthreads = 0\n"), "");
  EXPECT_EQ(code("[train]\nsteps = 1\nclip_norm = -1.0\n"), "E0117");
}

TEST_F(Sections, DevicesAreKnown) {
  for (const std::string device : {"auto", "cpu", "cuda", "cuda:0", "cuda:15"}) {
    EXPECT_EQ(code("[train]\nsteps = 1\ndevice = \"" + device + "\"\n"), "") << device;
  }
  for (const std::string device : {"", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1234", "cuda0", "CPU", "cuda: 1"}) {
    EXPECT_EQ(code("[train]\nsteps = 1\ndevice = \"" + device + "\"\n"), "E0118") << device;
  }
  EXPECT_THAT(load("[train]\nsteps = 1\ndevice = \"cud\"\n").only().notes, Contains("did you mean \"cuda\"?"));
}

TEST_F(Sections, MetricsListenAtHostAndPort) {
  for (const std::string listen : {"127.0.0.1:0", "127.0.0.1:65535", "localhost:9464", "[::1]:9464", "127.1.2.3:1"}) {
    EXPECT_EQ(code("[metrics]\nlisten = \"" + listen + "\"\n"), "") << listen;
  }
  for (const std::string listen :
       {"", "9464", ":9464", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:9464s", "127.0.0.1:-1",
        "::1:9464", "[::1:9464", "[]:1", "a b:1", "127.0.0.1:000080", "x,y:1"}) {
    EXPECT_EQ(code("[metrics]\nlisten = \"" + listen + "\"\n"), "E0118") << listen;
  }
}

TEST_F(Sections, MetricsStayOnThisMachineUnlessAllowed) {
  for (const std::string listen : {"0.0.0.0:9464", "[::]:9464", "example.org:9464", "192.168.1.2:0"}) {
    const auto loaded = load("[metrics]\nlisten = \"" + listen + "\"\n");
    EXPECT_EQ(loaded.only().code, "E0119") << listen;
    EXPECT_THAT(loaded.only().notes.front(), HasSubstr("allow_remote = true"));
    EXPECT_EQ(code("[metrics]\nallow_remote = true\nlisten = \"" + listen + "\"\n"), "") << listen;
  }
}

TEST_F(Sections, MetricsRefuseATlsPortAndSayWhatToDo) {
  EXPECT_THAT(load("[metrics]\nlisten = \"127.0.0.1:9464s\"\n").only().notes.front(), HasSubstr("reverse proxy"));
}

TEST_F(Sections, MetricsWaitPushAndAskAsTheyAreTold) {
  for (const std::string good :
       {"wait_for_scrape = \"0s\"", "wait_for_scrape = \"2m\"", "push = \"http://gateway:9091\"", "user = \"ops\"",
        "password_file = \"secret\"", "password_env = \"SECRET\"", "targets = \"targets\"", "page = false"}) {
    EXPECT_EQ(code("[metrics]\n" + good + "\n"), "") << good;
  }
  for (const std::string bad :
       {"wait_for_scrape = \"soon\"", "push = \"gateway:9091\"", "push = \"https://gateway\"", "user = \"a:b\""}) {
    EXPECT_EQ(code("[metrics]\n" + bad + "\n"), "E0118") << bad;
  }
  for (const std::string hosts : {"[\"node7\"]", "[\"a.example.org\", \"B-1\", \"2001:db8::1\", \"10.0.0.1\"]", "[]"}) {
    EXPECT_EQ(code("[metrics]\nallowed_hosts = " + hosts + "\n"), "") << hosts;
  }
  for (const std::string host : {"", "*", "http://node7", "node7:9464", "[::1]", "a b", "a/b"}) {
    EXPECT_EQ(code("[metrics]\nallowed_hosts = [\"" + host + "\"]\n"), "E0118") << host;
  }
  EXPECT_EQ(code("[metrics]\npassword_file = \"a\"\npassword_env = \"B\"\n"), "E0119");
  EXPECT_EQ(code("[metrics]\npassword = \"a\"\n"), "E0103") << "never in the TOML";
}

TEST_F(Sections, KeysOfOtherSectionsAreExplained) {
  EXPECT_THAT(load("[schedule]\nlr = 0.1\n").only().notes, Contains("`lr` is a key of [optimizer]"));
  const auto loaded = bench_.load("seed = 1\n" + minimal_text());
  EXPECT_EQ(loaded.only().code, "E0103");
  EXPECT_THAT(loaded.only().notes, Contains("`seed` is a key of [experiment]"));
}

}  // namespace
}  // namespace binade::host
