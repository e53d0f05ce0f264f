// Handles system calls that are interrupted by signals.
#pragma once

#include <cerrno>
#include <utility>

namespace binade::host {

// Repeats a system call that is interrupted by a signal, at most a thousand times, so that a broken file system cannot
// block a run forever. Returns the last call's result, with its errno.
template <class Call>
auto uninterrupted(Call&& call) {
  constexpr int attempts = 1000;
  auto result = call();
  for (int attempt = 1; result < 0 && errno == EINTR && attempt < attempts; ++attempt) result = call();
  return result;
}

}  // namespace binade::host
