// The different texts of a column, each with a code: 0, 1, 2, ... in the order of their first appearance.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace table {

class Dictionary {
 public:
  struct Entry {
    std::string text;
    std::uint64_t line;       // of its first appearance
    std::uint64_t count = 0;  // how often it appears
  };

  Dictionary() = default;
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;

  // Returns the code of a text. Call it in the order of lines.
  std::int32_t add(std::string_view text, std::uint64_t line, std::uint64_t count = 1) {
    auto known = codes_.find(text);
    if (known == codes_.end()) {
      const auto& entry = entries_.emplace_back(Entry{std::string(text), line, 0});
      known = codes_.emplace(entry.text, static_cast<std::int32_t>(entries_.size() - 1)).first;
    }
    entries_[static_cast<std::size_t>(known->second)].count += count;
    return known->second;
  }
  std::size_t size() const { return entries_.size(); }
  const Entry& operator[](std::size_t code) const { return entries_[code]; }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

 private:
  std::deque<Entry> entries_;  // does not move its texts, which the keys refer to
  std::unordered_map<std::string_view, std::int32_t> codes_;
};

}  // namespace table
