// System calls that a signal interrupts.
#pragma once

#include <cerrno>
#include <utility>

namespace binade::host {

// Makes a system call again when a signal interrupted it; a thousand times at most, so that no broken file system holds
// a run up for ever. What the last call returned, with its errno.
template <class Call>
auto uninterrupted(Call&& call) {
  constexpr int attempts = 1000;
  auto result = call();
  for (int attempt = 1; result < 0 && errno == EINTR && attempt < attempts; ++attempt) result = call();
  return result;
}

}  // namespace binade::host
