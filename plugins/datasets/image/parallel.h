// Loops over many files on several threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

// Calls work(i) for each i below `count`, on up to 8 threads and in no particular order. Rethrows the exception of the
// smallest i that failed, so that the same failure is reported each time.
template <class Work>
void for_each_index(std::uint64_t count, const Work& work) {
  std::atomic<std::uint64_t> next{0}, failed{count};
  std::exception_ptr failure;
  std::mutex mutex;
  const auto run = [&] {
    for (auto i = next++; i < failed; i = next++) {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(mutex);
        if (i >= failed) continue;
        failed = i;
        failure = std::current_exception();
      }
    }
  };
  const std::uint64_t wanted = std::min<std::uint64_t>(std::max(1u, std::thread::hardware_concurrency()), 8);
  std::vector<std::thread> threads;
  try {
    for (std::uint64_t i = 1; i < std::min(wanted, count); ++i) threads.emplace_back(run);
  } catch (const std::system_error&) {  // the threads that could be started do the work
  }
  run();
  for (auto& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
}
