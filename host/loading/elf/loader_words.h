// Extracts the dynamic linker's message from an exception of Boost.DLL.
#pragma once

#include <string>
#include <string_view>

namespace binade::host {

// `message`: what() of an exception of boost::dll::shared_library.
inline std::string loader_words(const std::string& message) {
  static constexpr std::string_view before = "(dlerror system message: ";
  const auto begin = message.find(before);
  const auto end = message.rfind("): ");
  if (begin == std::string::npos || end == std::string::npos || end < begin) return message;
  return message.substr(begin + before.size(), end - begin - before.size());
}

}  // namespace binade::host
