// The metrics endpoint of a live run, as Prometheus sees it.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

#include "tests/integration/process.h"
#include "tests/integration/scraping.h"

namespace binade::testing {
namespace {

const std::string forever = "train.steps=1000000000";

std::vector<std::string> with_console(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--set", forever});
  return binade_command(std::move(arguments));
}

class Endpoint : public ::testing::Test {
 protected:
  void SetUp() override {
    workspace_.write("points.csv", points_csv(200));
    workspace_.write("points.toml", points_experiment("[[logger]]\nplugin = \"console\"\nevery = 1\n"));
  }
  TemporaryFolder workspace_;
};

TEST_F(Endpoint, ShowsTheLiveRunAndItsScale) {
  Process process(
      with_console({"run", "points.toml", "--set", "precision.plugin=fp16", "--set", "precision.cpu=allow"}),
      workspace_, with_fixtures());
  ASSERT_TRUE(process.wait_for_output("loss ")) << process.out() << process.err();
  const auto body = scrape(port_in(process.out()));
  const auto run_id = run_directory(workspace_, "points").filename().string();
  const std::vector<std::string> wanted{"binade_amp_loss_scale{run_id=\"" + run_id + "\"} 65536",
                                        "binade_amp_enabled{",
                                        "binade_loss{",
                                        "binade_learning_rate{",
                                        "binade_gradient_norm_bucket{",
                                        "binade_amp_updates_total{",
                                        "state=\"running\"} 1",
                                        "binade_phase_duration_seconds_bucket{",
                                        "process_resident_memory_bytes{"};
  for (const auto& series : wanted) {
    EXPECT_NE(body.find(series), std::string::npos) << series << "\nin\n" << body;
  }
  process.send(SIGINT);
  EXPECT_EQ(process.wait().exit_code, 130);
}

TEST_F(Endpoint, SatisfiesPromtool) {
  const char* folder = std::getenv("BINADE_PROMETHEUS_BIN");
  const std::string promtool = folder != nullptr && *folder != '\0' ? std::string(folder) + "/promtool" : "promtool";
  if (std::system((promtool + " --version > /dev/null 2>&1").c_str()) != 0) {
    GTEST_SKIP() << "promtool was not found: `bash tests/run.sh` fetches it";
  }
  Process process(with_console({"run", "points.toml"}), workspace_, with_fixtures());
  ASSERT_TRUE(process.wait_for_output("loss ")) << process.out() << process.err();
  const auto body = workspace_.write("metrics.txt", scrape(port_in(process.out())));
  ASSERT_GT(std::filesystem::file_size(body), 1000u);
  EXPECT_EQ(
      std::system((promtool + " check metrics < '" + body.string() + "' > '" + body.string() + ".log' 2>&1").c_str()),
      0)
      << contents(body.string() + ".log");
}

TEST_F(Endpoint, ABusyPortIsALoudWarningAndFailsOnlyARunThatRequiresIt) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  auto address = loopback(0);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(listener, reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const auto port = std::to_string(ntohs(address.sin_port));
  const auto listen_on = "metrics.listen=\"127.0.0.1:" + port + "\"";

  const auto goes_on = binade({"run", "points.toml", "--set", listen_on}, workspace_);
  EXPECT_EQ(goes_on.exit_code, 0) << goes_on.err;
  EXPECT_NE(goes_on.err.find("NO METRICS ENDPOINT"), std::string::npos) << goes_on.err;
  EXPECT_NE(goes_on.err.find(port), std::string::npos) << goes_on.err;

  const auto required =
      binade({"run", "points.toml", "--set", listen_on, "--set", "metrics.required=true"}, workspace_);
  EXPECT_EQ(required.exit_code, 1);
  EXPECT_NE(required.err.find("required"), std::string::npos) << required.err;
  close(listener);
}

}  // namespace
}  // namespace binade::testing
