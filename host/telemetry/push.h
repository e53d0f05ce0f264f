// How a run ended, pushed to a Pushgateway: for runs that are over before Prometheus could scrape them.
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

// The few series that say how the run ended. A Pushgateway keeps what it is given until somebody deletes it, so it gets
// no more.
std::string outcome_text(const prometheus::Collectable& collectable);

// Posts `text` as the group job="binade", run_id=`run_id`; what the group held under other names stays. Returns an
// empty text, or why it failed. Whatever the gateway does, this returns within `limit`: a thread that still waits then,
// for a name server perhaps, is left to itself.
std::string push(const PushAddress& to, const std::string& run_id, const std::string& text,
                 std::chrono::milliseconds limit);

}  // namespace binade::host
