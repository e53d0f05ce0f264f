// The endpoint, queried over a socket like Prometheus does.
#include "host/telemetry/exporter/exporter.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "exposition.h"
#include "host/telemetry/run_metrics.h"
#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;

std::shared_ptr<Metrics> make_metrics() {
  RunIdentity run;
  run.run_id = "test-run";
  run.run_name =
      "quoted \" back\\slash new\nline bad\xFF"
      "byte";
  run.plugins = {{"probe", "logger", "1.0.0", "0.1", "abc"}};
  return std::make_shared<Metrics>(run);
}

int port_of(const std::string& address) { return std::stoi(address.substr(address.rfind(':') + 1)); }

// A GET on the loopback; the whole answer.
std::string http_get(int port, const std::string& path) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  EXPECT_EQ(send(fd, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
  std::string answer;
  std::array<char, 4096> part{};
  for (ssize_t n = 0; (n = recv(fd, part.data(), part.size(), 0)) > 0;) {
    answer.append(part.data(), static_cast<std::size_t>(n));
  }
  close(fd);
  return answer;
}

std::string body_of(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

std::string refusal_of(const std::string& listen) {
  try {
    const Exporter exporter({{.listen = listen}}, make_metrics());
    return "not refused: " + exporter.address();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

// promtool from BINADE_PROMETHEUS_BIN's folder or PATH; empty if not found.
std::string promtool() {
  std::vector<std::string> folders;
  if (const char* folder = std::getenv("BINADE_PROMETHEUS_BIN")) folders.emplace_back(folder);
  const char* path = std::getenv("PATH");
  std::istringstream stream(path != nullptr ? path : "");
  for (std::string folder; std::getline(stream, folder, ':');) folders.push_back(folder);
  for (const auto& folder : folders) {
    const auto file = folder + "/promtool";
    if (access(file.c_str(), X_OK) == 0) return file;
  }
  return "";
}

// The output of `promtool check metrics` for a text, followed by its exit status.
std::string checked(const std::string& text) {
  const TemporaryFolder folder;
  const auto file = folder.write("scrape", text);
  FILE* pipe = popen((promtool() + " check metrics < " + file.string() + " 2>&1").c_str(), "r");
  std::string output;
  std::array<char, 4096> part{};
  while (fgets(part.data(), part.size(), pipe) != nullptr) output += part.data();
  output += "status " + std::to_string(pclose(pipe));
  return output;
}

// One exporter for all tests that only send requests.
class ExporterTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    metrics_ = make_metrics();
    exporter_ = std::make_unique<Exporter>(ExporterOptions{{.listen = "127.0.0.1:0"}}, metrics_);
  }
  static void TearDownTestSuite() {
    exporter_.reset();
    metrics_.reset();
  }
  static std::shared_ptr<Metrics> metrics_;
  static std::unique_ptr<Exporter> exporter_;
};
std::shared_ptr<Metrics> ExporterTest::metrics_;
std::unique_ptr<Exporter> ExporterTest::exporter_;

TEST_F(ExporterTest, ReportsItsActualAddress) {
  EXPECT_THAT(exporter_->address(), MatchesRegex("http://127\\.0\\.0\\.1:[1-9][0-9]*/metrics"));
}

TEST_F(ExporterTest, AnswersAScrape) {
  const auto answer = http_get(port_of(exporter_->address()), "/metrics");
  EXPECT_THAT(answer, HasSubstr("HTTP/1.1 200 OK"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain"));
  EXPECT_THAT(body_of(answer), HasSubstr("\nbinade_step{run_id=\"test-run\"} 0\n"));
}

TEST_F(ExporterTest, EscapesLabelValues) {
  EXPECT_THAT(http_get(port_of(exporter_->address()), "/metrics"),
              HasSubstr("run_name=\"quoted \\\" back\\\\slash new\\nline bad\xEF\xBF\xBD"
                        "byte\""));
}

TEST_F(ExporterTest, ServesNothingElse) {
  EXPECT_THAT(http_get(port_of(exporter_->address()), "/"), HasSubstr("HTTP/1.1 404"));
}

TEST_F(ExporterTest, PassesPromtool) {
  if (promtool().empty()) GTEST_SKIP() << "no promtool in $BINADE_PROMETHEUS_BIN or $PATH";
  RunStarted run;
  run.device = "cpu";
  run.precision = "fp16";
  run.dynamic_scaling = true;
  run.scalar_names = {"kl"};
  metrics_->run_started(run);
  StepRecord record;  // with NaN wherever NaN may be
  record.scalars = {nan};
  record.scalar_count = 1;
  metrics_->step(record);
  EvaluationRecord evaluation;
  evaluation.split = "validation";
  metrics_->evaluated(evaluation);
  metrics_->watch_logger("probe", "probe", [] { return LoggerCounts{}; });
  EXPECT_EQ(checked(body_of(http_get(port_of(exporter_->address()), "/metrics"))), "status 0");
}

TEST(Exporter, NamesTheTrueCauseOfABusyPort) {
  const Exporter first({{.listen = "127.0.0.1:0"}}, make_metrics());
  const auto listen = "127.0.0.1:" + std::to_string(port_of(first.address()));
  EXPECT_THAT(refusal_of(listen), AllOf(HasSubstr(listen), HasSubstr("Address already in use")));
}

TEST(Exporter, NamesTheTrueCauseOfAForeignAddress) {
  EXPECT_THAT(refusal_of("192.0.2.1:0"), HasSubstr("does not have that address"));
}

TEST(Exporter, ListensOnTheLoopbackUnlessToldOtherwise) {
  EXPECT_THAT(Exporter({{.listen = "0"}}, make_metrics()).address(), testing::StartsWith("http://127.0.0.1:"));
  EXPECT_THAT(Exporter({{.listen = "localhost:0"}}, make_metrics()).address(),
              testing::StartsWith("http://127.0.0.1:"));
  EXPECT_THAT(Exporter({{.listen = "0.0.0.0:0"}}, make_metrics()).address(), testing::StartsWith("http://0.0.0.0:"));
}

TEST(Exporter, RefusesWhatCannotWork) {
  EXPECT_THAT(refusal_of("9464s"), HasSubstr("TLS"));
  EXPECT_THAT(refusal_of("127.0.0.1:9464s"), HasSubstr("TLS"));
  EXPECT_THAT(refusal_of("[::1]:9464"), HasSubstr("IPv6"));
  EXPECT_THAT(refusal_of("::1"), HasSubstr("IPv6"));
  EXPECT_THAT(refusal_of(""), HasSubstr("from 0 to 65535"));
  EXPECT_THAT(refusal_of("127.0.0.1:"), HasSubstr("from 0 to 65535"));
  EXPECT_THAT(refusal_of("65536"), HasSubstr("from 0 to 65535"));
  EXPECT_THAT(refusal_of("80,81"), HasSubstr("from 0 to 65535"));
  EXPECT_THAT(refusal_of("+8080"), HasSubstr("from 0 to 65535"));
  EXPECT_THAT(refusal_of(":9464"), HasSubstr("IPv4"));
  EXPECT_THAT(refusal_of("my-host:9464"), HasSubstr("IPv4"));
}

TEST(Exporter, StopsAnsweringWhenItIsDestroyed) {
  auto exporter = std::make_unique<Exporter>(ExporterOptions{{.listen = "0"}}, make_metrics());
  const auto listen = std::to_string(port_of(exporter->address()));
  exporter.reset();
  EXPECT_NO_THROW(Exporter({{.listen = listen}}, make_metrics())) << "the port is free again";
}

TEST(Exporter, AnswersWhileTheMetricsAreDestroyed) {
  auto metrics = make_metrics();
  const Exporter exporter({{.listen = "0"}}, metrics);
  metrics.reset();
  EXPECT_THAT(http_get(port_of(exporter.address()), "/metrics"), HasSubstr("HTTP/1.1 200 OK"));
}

}  // namespace
}  // namespace binade::host
