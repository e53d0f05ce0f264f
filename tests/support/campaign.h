// A test of many numbered cases: the everyday run takes a slice of them, a campaign all. A campaign may be interrupted
// at any time, and the next call resumes it. Case number n is the same in each call.
//
//   BINADE_CAMPAIGNS          a folder for the counts; without it, the slice runs and nothing is kept
//   BINADE_CAMPAIGN_SECONDS   how long one call may take; without it, until all cases are done
//
// A campaign that is complete starts again at the next call. tests/integration/campaigns.py reads the same variables.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>

class Campaign {
 public:
  // The cases are 0 to all - 1. The slice takes `slice` of them, spread over all.
  Campaign(std::string name, std::uint64_t slice, std::uint64_t all)
      : name_(std::move(name)), all_(all), slice_(slice < all ? slice : all) {
    if (const char* folder = std::getenv("BINADE_CAMPAIGNS"); folder != nullptr && *folder != '\0') {
      std::filesystem::create_directories(folder);
      path_ = std::filesystem::path(folder) / (name_ + ".txt");
      read();
    }
    if (const char* seconds = std::getenv("BINADE_CAMPAIGN_SECONDS")) seconds_ = std::atof(seconds);
  }
  ~Campaign() {
    if (in_full()) write();
    report();
  }
  Campaign(const Campaign&) = delete;
  Campaign& operator=(const Campaign&) = delete;

  bool in_full() const { return !path_.empty(); }

  // The next case; nullopt when all are done, or the time of this call is over.
  std::optional<std::uint64_t> next() {
    if (in_full()) {
      const auto now = Clock::now();
      if (now - written_ > std::chrono::seconds(1)) write();
      const bool late = seconds_ > 0 && std::chrono::duration<double>(now - begun_).count() >= seconds_;
      if (done_ == all_ || late) return std::nullopt;
      return done_++;
    }
    if (done_ == slice_) return std::nullopt;
    return done_++ * all_ / slice_;
  }

  // Results of cases, added up over all calls.
  void count(const std::string& what, std::uint64_t more = 1) { counts_[what] += more; }
  std::uint64_t counted(const std::string& what) const {
    const auto found = counts_.find(what);
    return found == counts_.end() ? 0 : found->second;
  }

 private:
  using Clock = std::chrono::steady_clock;

  void read() {
    std::ifstream file(path_);
    std::string what;
    std::uint64_t number = 0;
    while (file >> number && std::getline(file >> std::ws, what)) {
      if (what == "cases done") {
        done_ = number;
      } else {
        counts_[what] = number;
      }
    }
    if (done_ >= all_) {
      done_ = 0;
      counts_.clear();
    }
  }
  void write() {
    auto temporary = path_;
    temporary += ".tmp";
    {
      std::ofstream file(temporary);
      file << done_ << " cases done\n";
      for (const auto& [what, number] : counts_) file << number << ' ' << what << '\n';
    }
    std::filesystem::rename(temporary, path_);
    written_ = Clock::now();
  }
  void report() const {
    std::printf("%s: %llu of %llu cases", name_.c_str(), static_cast<unsigned long long>(done_),
                static_cast<unsigned long long>(in_full() ? all_ : slice_));
    for (const auto& [what, number] : counts_) {
      std::printf(", %llu %s", static_cast<unsigned long long>(number), what.c_str());
    }
    std::printf(in_full() && done_ < all_ ? "; call again to resume\n" : "\n");
  }

  std::string name_;
  std::uint64_t all_, slice_, done_ = 0;
  std::filesystem::path path_;
  std::map<std::string, std::uint64_t> counts_;
  double seconds_ = 0;
  Clock::time_point begun_ = Clock::now(), written_ = begun_;
};
