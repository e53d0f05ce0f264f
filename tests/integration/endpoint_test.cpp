// The metrics endpoint of a live run, as Prometheus sees it.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "tests/integration/process.h"

namespace binade::testing {
namespace {

const std::string forever = "train.steps=1000000000";

std::vector<std::string> with_console(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--set", forever});
  return binade_command(std::move(arguments));
}

int port_in(const std::string& out) {
  const std::string head = "http://127.0.0.1:";
  return std::atoi(out.c_str() + out.find(head) + head.size());
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// The body of GET /metrics.
std::string scrape(int port) {
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  const auto address = loopback(port);
  std::string answer;
  if (connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    const std::string request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    EXPECT_EQ(send(connection, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
    char buffer[65536];
    for (ssize_t got; (got = recv(connection, buffer, sizeof(buffer), 0)) > 0;) {
      answer.append(buffer, static_cast<std::size_t>(got));
    }
  }
  close(connection);
  return answer.substr(std::min(answer.size(), answer.find("\r\n\r\n") + 4));
}

class Endpoint : public ::testing::Test {
 protected:
  void SetUp() override {
    workspace_.write("points.csv", points_csv(200));
    workspace_.write("points.toml", points_experiment("[[logger]]\nplugin = \"console\"\nevery = 1\n"));
  }
  Workspace workspace_;
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
      << read_file(body.string() + ".log");
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
