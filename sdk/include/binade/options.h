// The plugin's options and the host's services in C++ (17 or later).
//
//     explicit Mlp(const binade::Options& options) : units(options.integer("units")) {}
#ifndef BINADE_OPTIONS_H
#define BINADE_OPTIONS_H

#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "abi/plugin.h"

namespace binade {

inline binade_string to_abi(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view view(binade_string text) { return {text.data, static_cast<std::size_t>(text.size)}; }

// Throw this to choose the status that the host receives: `throw Failure(BINADE_BAD_DATA, "line 7: ...")`.
// Any other std::exception becomes BINADE_FAILED with its what().
class Failure : public std::runtime_error {
 public:
  Failure(std::int32_t status, const std::string& message) : std::runtime_error(message), status_(status) {}
  std::int32_t status() const { return status_; }

 private:
  std::int32_t status_;
};

// The plugin's table in the experiment, checked against the manifest and completed with defaults. Valid only in the
// constructor that receives it. Each call throws std::invalid_argument if the manifest does not declare the option, or
// declares it with another type.
class Options {
 public:
  explicit Options(const binade_options* table) : table_(table) {}

  // False for an `optional = true` option that the experiment does not set.
  bool has(std::string_view name) const { return count(name) > 0; }

  bool boolean(std::string_view name) const { return value(name, 0, BINADE_TYPE_BOOLEAN).integer != 0; }
  std::int64_t integer(std::string_view name) const { return value(name, 0, BINADE_TYPE_INTEGER).integer; }
  double number(std::string_view name) const { return value(name, 0, BINADE_TYPE_NUMBER).number; }
  std::string string(std::string_view name) const { return text(name, 0, BINADE_TYPE_STRING); }
  std::string path(std::string_view name) const { return text(name, 0, BINADE_TYPE_PATH); }

  std::vector<std::int64_t> integers(std::string_view name) const {
    return all<std::int64_t>(name, [&](auto i) { return value(name, i, BINADE_TYPE_INTEGER).integer; });
  }
  std::vector<double> numbers(std::string_view name) const {
    return all<double>(name, [&](auto i) { return value(name, i, BINADE_TYPE_NUMBER).number; });
  }
  std::vector<std::string> strings(std::string_view name) const {
    return all<std::string>(name, [&](auto i) { return text(name, i, BINADE_TYPE_STRING); });
  }
  std::vector<std::string> paths(std::string_view name) const {
    return all<std::string>(name, [&](auto i) { return text(name, i, BINADE_TYPE_PATH); });
  }

 private:
  std::uint64_t count(std::string_view name) const { return table_->count(table_, to_abi(name)); }

  binade_value value(std::string_view name, std::uint64_t index, std::uint32_t type) const {
    binade_value value{};
    value.struct_size = sizeof(value);
    if (table_->get(table_, to_abi(name), index, &value) != BINADE_OK) {
      throw std::invalid_argument("option `" + std::string(name) + "` has no value: is it in the manifest?");
    }
    if (value.type != type) {
      throw std::invalid_argument("option `" + std::string(name) + "` has another type in the manifest");
    }
    return value;
  }
  std::string text(std::string_view name, std::uint64_t index, std::uint32_t type) const {
    return std::string(view(value(name, index, type).string));
  }
  template <class T, class Get>
  std::vector<T> all(std::string_view name, Get get) const {
    std::vector<T> values;
    const auto size = count(name);
    values.reserve(size);
    for (std::uint64_t index = 0; index < size; ++index) values.push_back(get(index));
    return values;
  }

  const binade_options* table_;
};

// Series of the metrics that the manifest declares. Cheap to copy; keep them as members. An update takes about ten
// nanoseconds, on any thread. Valid until the plugin object is destroyed. A series that the manifest does not declare
// does nothing and is counted in binade_plugin_metrics_rejected_total.
class Series {
 public:
  Series(const binade_host* host, binade_series* series) : host(host), series(series) {}

 protected:
  const binade_host* host;
  binade_series* series;
};
struct Counter : Series {
  using Series::Series;
  void add(double amount = 1) const { host->add(host, series, amount); }
};
struct Gauge : Series {
  using Series::Series;
  void set(double value) const { host->set(host, series, value); }
  void add(double amount) const { host->add(host, series, amount); }
};
struct Histogram : Series {
  using Series::Series;
  void observe(double value) const { host->observe(host, series, value); }
};

// The host's services. Cheap to copy; may be used on any thread. Valid until the plugin object is destroyed.
class Host {
 public:
  explicit Host(const binade_host* host) : host_(host) {}
  void debug(std::string_view text) const { host_->log(host_, BINADE_LOG_DEBUG, to_abi(text)); }
  void info(std::string_view text) const { host_->log(host_, BINADE_LOG_INFO, to_abi(text)); }
  void warning(std::string_view text) const { host_->log(host_, BINADE_LOG_WARNING, to_abi(text)); }
  void error(std::string_view text) const { host_->log(host_, BINADE_LOG_ERROR, to_abi(text)); }

  // A cache folder for files that the plugin can recreate, see binade_host. Empty if none is available.
  std::string cache_folder() const {
    return BINADE_HAS(host_, cache_folder) ? std::string(view(host_->cache_folder(host_))) : std::string();
  }

  // host.counter("rows_skipped", {{"reason", "empty"}})
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;
  Counter counter(std::string_view name, Labels labels = {}) const { return {host_, series(name, labels)}; }
  Gauge gauge(std::string_view name, Labels labels = {}) const { return {host_, series(name, labels)}; }
  Histogram histogram(std::string_view name, Labels labels = {}) const { return {host_, series(name, labels)}; }

 private:
  binade_series* series(std::string_view name, Labels labels) const {
    std::vector<binade_label> listed;
    listed.reserve(labels.size());
    for (const auto& [label, value] : labels) listed.push_back({to_abi(label), to_abi(value)});
    return host_->series(host_, to_abi(name), listed.data(), listed.size());
  }

  const binade_host* host_;
};

}  // namespace binade
#endif
