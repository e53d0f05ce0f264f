// Filters the warnings that a plugin repeats, such as one in each read().
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
  // Whether the text is new. After `most` different texts, every text counts as new, which bounds the memory. May be
  // called from any thread.
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
