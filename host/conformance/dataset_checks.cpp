// The checks of datasets.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <thread>

#include "host/conformance/checks.h"
#include "host/conformance/guarded_memory.h"
#include "host/conformance/sample_checks.h"
#include "host/data/dataset.h"
#include "host/data/dtype.h"

namespace binade::host {
namespace {

using Indices = std::vector<std::uint64_t>;

constexpr std::size_t buffer_alignment = 64;

// A request for some samples, with its buffers.
class Reading {
 public:
  Reading(const Dataset& dataset, const Split& split, Indices indices, unsigned char fill)
      : dataset_(dataset), split_(split), indices_(std::move(indices)) {
    std::vector<std::int64_t> extents(indices_.size() * dataset.extents_per_sample());
    dataset.measure(split, indices_, extents);
    std::size_t first = 0;
    for (const auto& field : dataset.fields()) add(field, extents, first, fill);
    for (auto& buffer : buffers_) pointers_.push_back(&buffer);
  }
  void read(std::uint64_t seed, std::uint64_t epoch, bool training) const {
    const binade_read request{
        sizeof(request),  split_.plugin_split, indices_.data(), indices_.size(), seed, epoch, training ? 1u : 0u, 0,
        pointers_.data(), pointers_.size()};
    dataset_.read(request);
  }
  void require_intact() const {
    for (std::size_t i = 0; i < memory_.size(); ++i) {
      if (!memory_[i]->intact()) throw Violation(fmt::format("read() writes beyond the buffer of {}", name(i)));
    }
  }
  std::string bytes(std::size_t field) const {
    const auto& memory = *memory_[field];
    return {reinterpret_cast<const char*>(memory.data()), memory.bytes()};
  }
  std::string bytes(std::size_t field, std::size_t position) const {
    const auto size = memory_[field]->bytes() / indices_.size();
    return bytes(field).substr(position * size, size);
  }
  std::string name(std::size_t field) const { return "field `" + dataset_.fields()[field].name + "`"; }

 private:
  void add(const Field& field, const std::vector<std::int64_t>& extents, std::size_t& first, unsigned char fill) {
    auto shape = field.shape;
    if (field.variable()) {
      for (std::size_t d = 0; d < shape.size(); ++d) {
        shape[d] = 0;
        for (std::size_t s = 0; s < indices_.size(); ++s) {
          shape[d] = std::max(shape[d], extents[s * dataset_.extents_per_sample() + first + d]);
        }
      }
      first += shape.size();
    }
    shape.insert(shape.begin(), static_cast<std::int64_t>(indices_.size()));
    std::size_t bytes = element_size(field.dtype);
    for (const auto extent : shape) bytes *= static_cast<std::size_t>(extent);
    memory_.push_back(std::make_unique<GuardedMemory>(bytes, buffer_alignment));
    std::memset(memory_.back()->data(), fill, bytes);
    if (field.variable()) pad(field, *memory_.back());
    shapes_.push_back(std::make_unique<std::vector<std::int64_t>>(std::move(shape)));
    buffers_.push_back({sizeof(binade_buffer), field.dtype, memory_.back()->data(), bytes, shapes_.back()->data(),
                        static_cast<std::uint32_t>(shapes_.back()->size()), 0});
  }
  static void pad(const Field& field, const GuardedMemory& memory) {
    const auto size = element_size(field.dtype);
    const auto element = to_element(field.dtype, field.pad_value).value_or(Element{});
    for (std::size_t at = 0; at < memory.bytes(); at += size) std::memcpy(memory.data() + at, element.data(), size);
  }

  const Dataset& dataset_;
  const Split& split_;
  Indices indices_;
  std::vector<std::unique_ptr<GuardedMemory>> memory_;
  std::vector<std::unique_ptr<std::vector<std::int64_t>>> shapes_;
  std::vector<binade_buffer> buffers_;
  std::vector<binade_buffer*> pointers_;
};

struct Opened {
  explicit Opened(const PluginUnderTest& subject) : Opened(subject, open(subject)) {}
  Opened(const PluginUnderTest& subject, const Plugin& plugin)
      : dataset(plugin, subject.options, {}, subject.seed), split(dataset.split("train")) {}
  Indices draw(std::uint64_t seed, std::size_t count) const {
    std::mt19937_64 random(seed);
    Indices indices;
    for (std::size_t i = 0; i < count; ++i) indices.push_back(split.index(random() % split.size));
    return indices;
  }
  Dataset dataset;
  Split split;
};

constexpr std::size_t batch = 13;

void describes_itself(const PluginUnderTest& subject) { const Opened opened(subject); }

// Fills the buffers with other bytes before the second read, so that bytes that read() leaves out differ, too.
void reads_the_same_each_time(const PluginUnderTest& subject) {
  const Opened opened(subject);
  const auto indices = opened.draw(subject.seed, batch);
  const Reading one(opened.dataset, opened.split, indices, 0x00), other(opened.dataset, opened.split, indices, 0xFF);
  for (const bool training : {true, false}) {
    one.read(subject.seed, 3, training);
    other.read(subject.seed, 3, training);
    for (std::size_t field = 0; field < opened.dataset.fields().size(); ++field) {
      if (one.bytes(field) == other.bytes(field)) continue;
      throw Violation("the same request returned different bytes the second time, or left some out, in " +
                      one.name(field));
    }
  }
}

void reads_each_sample_where_it_belongs(const PluginUnderTest& subject) {
  const Opened opened(subject);
  auto indices = opened.draw(subject.seed, batch);
  indices.push_back(indices.front());  // repeats are allowed
  const Reading all(opened.dataset, opened.split, indices, 0);
  all.read(subject.seed, 0, false);
  for (std::size_t position = 0; position < indices.size(); ++position) {
    const Reading alone(opened.dataset, opened.split, {indices[position]}, 0);
    alone.read(subject.seed, 0, false);
    for (std::size_t field = 0; field < opened.dataset.fields().size(); ++field) {
      if (opened.dataset.fields()[field].variable()) continue;  // padded to a different size in the batch
      if (alone.bytes(field) == all.bytes(field, position)) continue;
      throw Violation(fmt::format("sample {} differs between a read of its own and position {} of a batch, in {}",
                                  indices[position], position, all.name(field)));
    }
  }
}

// Tries both with and without a gap between the buffer's end and the forbidden page.
void stays_within_its_buffers(const PluginUnderTest& subject) {
  const Opened opened(subject);
  for (const std::size_t count : {1, 13, 64}) {
    const Reading reading(opened.dataset, opened.split, opened.draw(subject.seed, count), 0);
    reading.read(subject.seed, 0, true);
    reading.require_intact();
  }
}

void reads_nothing_when_asked_for_nothing(const PluginUnderTest& subject) {
  const Opened opened(subject);
  const Reading none(opened.dataset, opened.split, {}, 0);
  none.read(subject.seed, 0, true);
}

void reads_from_many_threads(const PluginUnderTest& subject) {
  const Opened opened(subject);
  constexpr std::size_t threads = 8, rounds = 20;
  const auto indices = [&](std::size_t number) { return opened.draw(subject.seed + number, batch); };
  std::vector<std::unique_ptr<Reading>> expected;
  for (std::size_t i = 0; i < threads; ++i) {
    expected.push_back(std::make_unique<Reading>(opened.dataset, opened.split, indices(i), 0));
    expected.back()->read(subject.seed, 0, true);
  }
  std::vector<std::string> wrong(threads);
  std::vector<std::thread> workers;
  for (std::size_t i = 0; i < threads; ++i) {
    workers.emplace_back([&, i] {
      try {
        for (std::size_t round = 0; round < rounds; ++round) {
          const Reading reading(opened.dataset, opened.split, indices(i), 0);
          reading.read(subject.seed, 0, true);
          for (std::size_t field = 0; field < opened.dataset.fields().size(); ++field) {
            if (reading.bytes(field) != expected[i]->bytes(field)) wrong[i] = reading.name(field);
          }
        }
      } catch (const std::exception& exception) {
        wrong[i] = exception.what();
      }
    });
  }
  for (auto& worker : workers) worker.join();
  for (const auto& what : wrong) {
    if (!what.empty()) throw Violation("samples differ when several threads read at once: " + what);
  }
}

void has_usable_samples(const PluginUnderTest& subject) {
  const Opened opened(subject);
  require_usable_fields(opened.dataset);
  require_usable_samples(opened.dataset, subject.seed);
}

void use_dataset(const PluginUnderTest& subject, const Plugin& plugin) {
  const Opened opened(subject, plugin);
  Reading(opened.dataset, opened.split, opened.draw(subject.seed, 2), 0).read(subject.seed, 0, true);
}

}  // namespace

std::vector<Check> dataset_checks() {
  return with_checks_of_use({{"describe", describes_itself, true},
                             {"determinism", reads_the_same_each_time},
                             {"strides", reads_each_sample_where_it_belongs},
                             {"bounds", stays_within_its_buffers},
                             {"zero_samples", reads_nothing_when_asked_for_nothing},
                             {"threads", reads_from_many_threads},
                             {"samples", has_usable_samples}},
                            use_dataset);
}

}  // namespace binade::host
