// Warnings that a plugin gives again and again, such as one in each read(), of which one line is enough.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace binade::host {

class ToldOnce {
 public:
  // Whether the text is new. Beyond `most` texts all are: who says something else each time is not repeating itself,
  // and remembering it would not end. Any thread.
  bool is_new(std::string_view text) {
    const std::lock_guard lock(mutex_);
    if (texts_.size() == most) return texts_.find(text) == texts_.end();
    return texts_.emplace(text).second;
  }

  static constexpr std::size_t most = 1000;

 private:
  std::mutex mutex_;
  std::set<std::string, std::less<>> texts_;
};

}  // namespace binade::host
