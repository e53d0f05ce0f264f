// Valid and invalid requests, and the host names that a server accepts.
#include "host/telemetry/exporter/http_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/telemetry/exporter/http_access.h"

namespace binade::host {
namespace {

using testing::HasSubstr;
using testing::Optional;

TEST(HttpRequest, IsReadFromItsHead) {
  const auto request = parse_request(
      "GET /history/../metrics%21?a=%20b HTTP/1.1\r\nhOST:  localhost:9464 \r\nAuthorization: Basic eA==\r\n"
      "X-Prometheus-Scrape-Timeout-Seconds: 5\r\n\r\n");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, "GET");
  EXPECT_EQ(request->path, "/metrics!");
  EXPECT_EQ(request->query, "a=%20b");
  EXPECT_THAT(request->host, Optional(std::string("localhost:9464")));
  EXPECT_EQ(request->authorization, "Basic eA==");
  EXPECT_TRUE(request->from_prometheus);
}

TEST(HttpRequest, NeedsNoHostInHttp10) {
  const auto request = parse_request("HEAD / HTTP/1.0\n\n");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->path, "/");
  EXPECT_FALSE(request->host);
  EXPECT_FALSE(request->from_prometheus);
}

TEST(HttpRequest, HasAPathWithoutDots) {
  const auto path = [](const std::string& target) {
    const auto request = parse_request("GET " + target + " HTTP/1.0\r\n\r\n");
    return request ? request->path : "refused";
  };
  EXPECT_EQ(path("/"), "/");
  EXPECT_EQ(path("/metrics/"), "/metrics/");
  EXPECT_EQ(path("/history/.."), "/");
  EXPECT_EQ(path("/history/."), "/history/");
  EXPECT_EQ(path("//a//b"), "/a/b");
  EXPECT_EQ(path("/../../etc/passwd"), "/etc/passwd");
  EXPECT_EQ(path("/..%2f..%2Fetc/passwd"), "/etc/passwd");
  EXPECT_EQ(path("/%2e%2e/metrics"), "/metrics");
  EXPECT_EQ(path("*"), "*");
  EXPECT_EQ(path("/%"), "refused");
  EXPECT_EQ(path("/%g0"), "refused");
  EXPECT_EQ(path("metrics"), "refused");
  EXPECT_EQ(path("http://localhost/metrics"), "refused");
}

TEST(HttpRequest, IsRefusedWhereItCouldBeReadInTwoWays) {
  const std::string first = "GET / HTTP/1.1\r\nHost: a\r\n";
  ASSERT_TRUE(parse_request(first + "\r\n"));
  for (const std::string more : {"Host: b\r\n", "no colon\r\n", "Name : value\r\n", " folded: x\r\n", ": value\r\n",
                                 "A: b\rC: d\r\n", "Content-Length: -5\r\n", "Content-Length: 5, 6\r\n"}) {
    EXPECT_FALSE(parse_request(first + more + "\r\n")) << more;
  }
  EXPECT_FALSE(parse_request(first + "A: " + std::string(1, '\0') + "\r\n\r\n"));
  for (const std::string line : {"", "GET", "GET /", "GET  HTTP/1.1", "GET / HTTP/1.1 ", "GET / HTTP/9.9",
                                 "GET / a HTTP/1.1", "G(T / HTTP/1.1", "PRI * HTTP/2.0"}) {
    EXPECT_FALSE(parse_request(line + "\r\nHost: a\r\n\r\n")) << line;
  }
  EXPECT_FALSE(parse_request("GET / HTTP/1.1\r\n\r\n")) << "a request of HTTP/1.1 names its host";
}

TEST(HttpRequest, EndsItsHeadWithAnEmptyLine) {
  EXPECT_EQ(head_size("GET / HTTP/1.0\r\n"), std::string::npos);
  EXPECT_EQ(head_size("GET / HTTP/1.0\r\n\r\nbody"), 18U);
  EXPECT_EQ(head_size("GET / HTTP/1.0\n\nbody\r\n\r\n"), 16U);
}

// 0: it is answered.
int status_for(const HttpAccess& access, const std::string& host) {
  HttpRequest request;
  request.host = host;
  const auto refusal = access.refusal(request);
  return refusal ? refusal->status : 0;
}

TEST(HttpAccess, KnowsTheLoopbackByItsNames) {
  const HttpAccess access({"127.0.0.1", {}, "", ""});
  for (const std::string host : {"localhost", "LOCALHOST:9464", "localhost.", "127.0.0.1:1", "127.9.8.7", "[::1]:80"}) {
    EXPECT_EQ(status_for(access, host), 0) << host;
  }
  for (const std::string host :
       {"evil.example", "evil.example:9464", "", ":9464", "localhost.evil.example", "127.0.0.1.evil.example", "[::1",
        "127.evil.example", "192.0.2.1", "[::2]", "localhost@evil.example", "evil.example#localhost", "..."}) {
    EXPECT_EQ(status_for(access, host), 421) << host;
  }
}

TEST(HttpAccess, KnowsTheAddressThatItListensOn) {
  const HttpAccess one({"192.0.2.1", {}, "", ""});
  EXPECT_EQ(status_for(one, "192.0.2.1:9464"), 0);
  EXPECT_EQ(status_for(one, "192.0.2.2:9464"), 421);
  const HttpAccess every({"0.0.0.0", {}, "", ""});
  EXPECT_EQ(status_for(every, "192.0.2.2:9464"), 0) << "one of its addresses, or a router's";
  EXPECT_EQ(status_for(every, "[2001:db8::1]:9464"), 0);
  EXPECT_EQ(status_for(every, "evil.example"), 421);
}

TEST(HttpAccess, KnowsTheNamesThatItIsGiven) {
  const HttpAccess access({"0.0.0.0", {"Machine", "run.example.org", "2001:db8::1"}, "", ""});
  for (const std::string host : {"machine:9464", "run.example.org", "RUN.example.org.:1", "[2001:db8::1]:80"}) {
    EXPECT_EQ(status_for(access, host), 0) << host;
  }
  EXPECT_EQ(status_for(access, "other.example.org"), 421);
}

TEST(HttpAccess, SaysWhichNameItDoesNotKnowAndWhatToDo) {
  HttpRequest request;
  request.host = "evil.example:80";
  const auto refusal = HttpAccess({"127.0.0.1", {}, "", ""}).refusal(request);
  EXPECT_THAT(refusal->body, testing::AllOf(HasSubstr("\"evil.example\""), HasSubstr("allowed_hosts")));
}

TEST(HttpAccess, AsksForThePasswordUnderAKnownNameOnly) {
  const HttpAccess access({"127.0.0.1", {}, "user", "word"});
  HttpRequest request;
  request.host = "localhost";
  EXPECT_EQ(access.refusal(request)->status, 401);
  request.authorization = "basic " + base64("user:word");
  EXPECT_FALSE(access.refusal(request));
  request.host = "evil.example";
  EXPECT_EQ(access.refusal(request)->status, 421);
}

}  // namespace
}  // namespace binade::host
