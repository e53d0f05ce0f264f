// The metrics endpoint of a live run, asked as Prometheus does.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>

namespace binade::testing {

inline int port_in(const std::string& out) {
  const std::string head = "http://127.0.0.1:";
  return std::atoi(out.c_str() + out.find(head) + head.size());
}

inline sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// The body of GET /metrics. `headers`: further ones, each with its line end.
inline std::string scrape(int port, const std::string& headers = "") {
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  const auto address = loopback(port);
  std::string answer;
  if (connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    const std::string request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers + "\r\n";
    EXPECT_EQ(send(connection, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
    char buffer[65536];
    for (ssize_t got; (got = recv(connection, buffer, sizeof(buffer), 0)) > 0;) {
      answer.append(buffer, static_cast<std::size_t>(got));
    }
  }
  close(connection);
  return answer.substr(std::min(answer.size(), answer.find("\r\n\r\n") + 4));
}

// As Prometheus itself asks.
inline std::string prometheus_scrape(int port) { return scrape(port, "X-Prometheus-Scrape-Timeout-Seconds: 10\r\n"); }

}  // namespace binade::testing
