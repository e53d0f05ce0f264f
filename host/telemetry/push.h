// Pushes the outcome of a run to a Pushgateway, for runs that end before Prometheus can scrape them.
#pragma once

#include <chrono>
#include <string>

namespace prometheus {
class Collectable;
}

namespace binade::host {

// "http://gateway:9091/prefix"
struct PushAddress {
  std::string host, port, prefix;
};

// Throws std::invalid_argument with a message for the user.
PushAddress parse_push(const std::string& url);

// The few series that describe how the run ended. It does not get more, because a Pushgateway keeps everything until it
// is deleted.
std::string outcome_text(const prometheus::Collectable& collectable);

// Posts `text` as the group job="binade", run_id=`run_id`; other metrics of the group stay. Returns an empty string, or
// the reason of the failure. Always returns within `limit`; a thread that is still waiting then, for a name server for
// example, is detached.
std::string push(const PushAddress& to, const std::string& run_id, const std::string& text,
                 std::chrono::milliseconds limit);

}  // namespace binade::host
