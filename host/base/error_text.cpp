#include "host/base/error_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <new>
#include <string_view>
#include <system_error>
#include <utility>

namespace binade::host {
namespace {

// "filesystem error: OPERATION: MESSAGE [PATH] [PATH]", as libstdc++ writes it.
std::string operation_of(const std::filesystem::filesystem_error& error) {
  constexpr std::string_view head = "filesystem error: ";
  std::string text = error.what();
  if (text.starts_with(head)) text.erase(0, head.size());
  text.resize(std::min(text.size(), text.find(": " + error.code().message())));
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> words{{
      {"cannot get current path", "cannot find the current folder"},
      {"cannot make absolute path", "cannot find the current folder for the path"},
      {"cannot make canonical path", "cannot follow the path"},
      {"directory iterator cannot open directory", "cannot read the folder"},
      {"recursive directory iterator cannot open directory", "cannot read the folder"},
      {"cannot advance", "cannot read a folder"},
      {"directory iterator cannot advance", "cannot read a folder"},
      {"cannot create directories", "cannot create the folder"},
      {"temp_directory_path", "cannot find a folder for temporary files"},
  }};
  for (const auto& [theirs, ours] : words) {
    if (text == theirs) return std::string(ours);
  }
  return text.starts_with("cannot ") ? text : "cannot look at";  // "status", "exists", ...
}

std::string of_file(const std::filesystem::filesystem_error& error) {
  const auto first = error.path1().string(), second = error.path2().string();
  return fmt::format("{}{}{}{}{}: {}", operation_of(error), first.empty() ? "" : " ", first,
                     second.empty() ? "" : " and ", second, error.code().message());
}

// std::thread and std::async report only the system's message.
std::string of_system(const std::system_error& error) {
  const bool of_a_thread = error.code() == std::errc::resource_unavailable_try_again &&
                           std::string_view(error.what()) == error.code().message();
  if (!of_a_thread) return error.what();
  return std::string("a thread cannot be started: ") + error.what() +
         "; the memory (ulimit -v) or the number of processes (ulimit -u) is limited";
}

}  // namespace

std::string error_text(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return "out of memory";
  if (const auto* file = dynamic_cast<const std::filesystem::filesystem_error*>(&error)) return of_file(*file);
  if (const auto* system = dynamic_cast<const std::system_error*>(&error)) return of_system(*system);
  std::string text = error.what();
  // By its text, so that nlohmann/json.hpp need not be compiled for its exception's type.
  if (const auto end = text.find("] "); text.starts_with("[json.exception.") && end != std::string::npos) {
    return "invalid JSON: " + text.substr(end + 2);
  }
  return text.empty() ? "an unknown error occurred" : text;
}

}  // namespace binade::host
