#include "host/data/fingerprint/fingerprint.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <numeric>
#include <optional>

#include "binade/random.h"
#include "host/base/sha256.h"
#include "host/data/batch_memory.h"

namespace binade::host {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array<std::uint64_t, 5> levels{2, 16, 128, 1024, 4096};  // samples
constexpr std::uint64_t max_bytes = std::uint64_t{16} << 20;            // of a split's samples, summed over all levels
constexpr std::uint64_t cheap_level = 128;
constexpr double max_seconds = 2, max_seconds_of_cheap_level = 10, given_up_after = 5;
constexpr std::size_t max_files = 1000;  // listed individually

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void add(Sha256& hash, std::string_view text) { hash.update(text.data(), text.size()); }

// Samples of equal shape are read in batches, others one at a time, so that padding is not hashed.
std::size_t samples_at_once(const Dataset& dataset) {
  constexpr std::uint64_t max_samples = 32, wanted_bytes = std::uint64_t{1} << 20;
  if (dataset.extents_per_sample() > 0) return 1;
  double bytes = 0;  // double, because it cannot overflow
  for (const auto& field : dataset.fields()) {
    bytes += std::accumulate(field.shape.begin(), field.shape.end(), static_cast<double>(element_size(field.dtype)),
                             [](double product, std::int64_t extent) { return product * static_cast<double>(extent); });
  }
  return std::clamp<std::uint64_t>(static_cast<std::uint64_t>(static_cast<double>(wanted_bytes) / bytes), 1,
                                   max_samples);
}

// Reads and hashes samples of one split, level by level.
class SampleReader {
 public:
  SampleReader(const Dataset& dataset, const Split& split)
      : dataset_(dataset), split_(split), memory_(dataset), at_once_(samples_at_once(dataset)) {}

  // Returns nullopt if stopped or too slow. Throws PluginError, and the exceptions of BatchMemory.
  std::optional<std::string> hash(std::uint64_t count, const std::function<bool()>& stop) {
    const auto start = Clock::now();
    const auto positions = spread(count, split_.size);
    std::uint64_t bytes = 0;
    Sha256 hash;
    for (std::size_t first = 0; first < positions.size(); first += at_once_) {
      if (stop() || (count > cheap_level && since(start) > given_up_after)) return std::nullopt;
      auto& batch = memory_.batch();
      batch.indices.clear();
      for (auto i = first; i < std::min(first + at_once_, positions.size()); ++i) {
        batch.indices.push_back(split_.index(positions[i]));
      }
      memory_.read(dataset_, split_, /*training=*/false, /*seed=*/0);
      for (const auto& field : batch.fields) {
        hash.update(field.shape.data(), field.shape.size() * sizeof(field.shape[0]));
        hash.update(field.data, field.bytes);
        bytes += field.bytes;
      }
    }
    const auto samples = static_cast<double>(count);
    seconds_each_ = since(start) / samples;
    bytes_each_ = static_cast<double>(bytes) / samples;
    bytes_ += bytes;
    return hash.hex();
  }

  bool affords(std::uint64_t count) const {
    const auto samples = static_cast<double>(count);
    return static_cast<double>(bytes_) + bytes_each_ * samples <= static_cast<double>(max_bytes) &&
           seconds_each_ * samples <= (count <= cheap_level ? max_seconds_of_cheap_level : max_seconds);
  }

 private:
  const Dataset& dataset_;
  const Split& split_;
  BatchMemory memory_;
  std::size_t at_once_;
  std::uint64_t bytes_ = 0;
  double seconds_each_ = 0, bytes_each_ = 0;  // at the last level
};

}  // namespace

std::vector<std::uint64_t> spread(std::uint64_t count, std::uint64_t size) {
  std::vector<std::uint64_t> positions;
  count = std::min(count, size);
  positions.reserve(count);
  Random random(count, size, 0);
  const auto begin = [&](std::uint64_t part) {
    return static_cast<std::uint64_t>(static_cast<unsigned __int128>(part) * size / count);
  };
  for (std::uint64_t part = 0; part < count; ++part) {
    positions.push_back(begin(part) + random.below(begin(part + 1) - begin(part)));
  }
  if (!positions.empty()) {
    positions.front() = 0;
    positions.back() = size - 1;
  }
  return positions;
}

void add_description(Fingerprint& fingerprint, const Dataset& dataset) {
  Sha256 hash;
  for (const auto& field : dataset.fields()) {
    add(hash,
        fmt::format("field {} {} [{}] {}\n", field.name, field.dtype, fmt::join(field.shape, ","), field.pad_value));
  }
  for (const auto& [name, fact] : dataset.facts()) {
    add(hash, fmt::format("fact {} = ", name));
    add(hash, std::visit([](const auto& value) { return fmt::format("{}\n", value); }, fact));
  }
  fingerprint["description"] = "sha256 " + hash.hex();
}

std::string add_split(Fingerprint& fingerprint, const Dataset& dataset, const Split& split,
                      const std::function<bool()>& stop) {
  const auto key = "split." + split.name;
  fingerprint[key] = fmt::format("{} sample{}", split.size, split.size == 1 ? "" : "s");
  try {
    SampleReader reader(dataset, split);
    for (const auto level : levels) {
      const auto count = std::min(level, split.size);
      if (level != levels.front() && !reader.affords(count)) break;
      const auto hash = reader.hash(count, stop);
      if (!hash) break;
      fingerprint[fmt::format("{}.{}", key, count)] = "sha256 " + *hash;
      if (count == split.size) break;
    }
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

void add_files(Fingerprint& fingerprint, const std::vector<HashedFile>& files) {
  if (files.empty()) return;
  Sha256 hash;
  std::uint64_t bytes = 0;
  std::string problem;
  for (const auto& file : files) {
    const auto path = file.path.string();
    const auto text = file.problem.empty() ? "sha256 " + file.sha256 : file.problem;
    add(hash, fmt::format("{} {}\n", text, path));
    bytes += file.bytes;
    if (problem.empty() && !file.problem.empty()) problem = fmt::format("`{}`: {}", path, file.problem);
    if (files.size() > max_files) continue;
    fingerprint["file." + path] = file.problem.empty() ? fmt::format("{} bytes, {}", file.bytes, text) : file.problem;
  }
  fingerprint["files"] = fmt::format("{} file{}, {} bytes, {}", files.size(), files.size() == 1 ? "" : "s", bytes,
                                     problem.empty() ? "sha256 " + hash.hex() : problem);
}

}  // namespace binade::host
