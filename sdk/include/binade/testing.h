// Support for a plugin's own tests, in C++ (17 or later): calls the plugin, which is linked into the test, as the host
// does. In CMake: binade_add_plugin_test(my_plugin my_plugin_test.cpp). Any test framework may replace expect().
//
//     int main() {
//       const binade::testing::Dataset waves({{"noise", 0.5}});  // every option that the plugin reads
//       const auto sample = waves.read("train", 7);
//       binade::testing::expect(sample.get<float>("features").size() == 64, "a wave has 64 values");
//       return binade::testing::result();
//     }
//
// A failing call throws binade::Failure with the plugin's message. For models, see binade/testing_model.h.
#ifndef BINADE_TESTING_H
#define BINADE_TESTING_H

#include <cstring>
#include <map>

#include "abi/logger.h"
#include "abi/testing.h"
#include "dataset.h"
#include "precision.h"

extern "C" const binade_plugin binade_plugin_v1;  // the plugin under test

namespace binade::testing {

namespace detail {
inline int& failures() {
  static int count = 0;  // of this test program
  return count;
}
}  // namespace detail

inline void expect(bool held, const char* what, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (held) return;
  ++detail::failures();
  std::fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
}
// The exit code to return from main().
inline int result() { return detail::failures() == 0 ? 0 : 1; }

// {"noise", 0.5}; repeat the name to give a list. Strings must outlive the plugin.
struct Option : binade_test_option {
  Option(const char* name, bool value) : Option(name, BINADE_TYPE_BOOLEAN, value ? 1 : 0, 0, "") {}
  Option(const char* name, int value) : Option(name, BINADE_TYPE_INTEGER, value, 0, "") {}
  Option(const char* name, std::int64_t value) : Option(name, BINADE_TYPE_INTEGER, value, 0, "") {}
  Option(const char* name, double value) : Option(name, BINADE_TYPE_NUMBER, 0, value, "") {}
  Option(const char* name, const char* value) : Option(name, BINADE_TYPE_STRING, 0, 0, value) {}
  static Option path(const char* name, const char* value) { return {name, BINADE_TYPE_PATH, 0, 0, value}; }

 private:
  Option(const char* name, std::uint32_t type, std::int64_t integer, double number, const char* text)
      : binade_test_option{name, {sizeof(binade_value), type, integer, number, to_abi(text)}} {}
};

// A plugin object created with the given options, with the table of its kind.
template <class Table>
class Plugin {
 public:
  // `cache_folder` is the folder that the host gives the plugin; it must outlive the object.
  explicit Plugin(std::vector<Option> options, const char* cache_folder = nullptr)
      : options_(options.begin(), options.end()) {
    binade_test_begin(&test_, options_.data(), options_.size());
    test_.cache_folder = cache_folder;
    call([&](binade_error* error) { return table().create(&test_.host, &test_.options, &self_, error); });
  }
  ~Plugin() { table().destroy(self_); }
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;

  static const Table& table() { return *static_cast<const Table*>(binade_plugin_v1.table); }
  void* self() const { return self_; }
  // The value of one of the plugin's metrics, such as "rows_skipped{reason=empty}", or a histogram's sum.
  double metric(const char* key) const { return binade_test_metric(&test_, key); }
  template <class Call>
  void call(Call call) const {
    const std::int32_t status = call(&test_.error);
    if (status != BINADE_OK) throw Failure(status, test_.message);
  }

 private:
  std::vector<binade_test_option> options_;
  mutable binade_test test_;
  void* self_ = nullptr;
};

struct Field {
  std::string name;
  std::uint32_t dtype;
  std::vector<std::int64_t> shape;
};

// One sample, accessed by field names.
class Fields {
 public:
  template <class T>
  std::vector<T> get(const std::string& name) const {
    const auto found = bytes_.find(name);
    if (found == bytes_.end() || found->second.first != dtype<T>()) {
      throw std::invalid_argument("there is no field `" + name + "` of that type");
    }
    const auto& bytes = found->second.second;
    std::vector<T> values(bytes.size() / sizeof(T));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  bool operator==(const Fields& other) const { return bytes_ == other.bytes_; }

 private:
  friend class Dataset;
  std::map<std::string, std::pair<std::uint32_t, std::vector<unsigned char>>> bytes_;
};

class Dataset : Plugin<binade_dataset_table> {
 public:
  explicit Dataset(std::vector<Option> options = {}, const char* cache_folder = nullptr)
      : Plugin(std::move(options), cache_folder) {
    Recorder recorder{{sizeof(binade_description), 0, add_split, add_field, add_fact, [](auto*, std::int32_t) {}},
                      this};
    call([&](binade_error* error) { return table().describe(self(), &recorder.base, error); });
  }
  using Plugin::metric;
  const std::vector<Field>& fields() const { return fields_; }
  std::uint64_t size(const std::string& split) const { return splits_.at(number(split)).second; }
  // The value of an integer fact.
  std::int64_t fact(const std::string& name) const { return facts_.at(name); }

  Fields read(const std::string& split, std::uint64_t index, bool training = true, std::uint64_t seed = 0,
              std::uint64_t epoch = 0) const {
    const auto part = static_cast<std::uint32_t>(number(split));
    auto shapes = shapes_of(part, index);
    std::vector<std::vector<unsigned char>> bytes;
    std::vector<binade_buffer> buffers;
    std::vector<binade_buffer*> pointers;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      std::size_t size = element_bytes(fields_[i].dtype);
      for (const auto extent : shapes[i]) size *= static_cast<std::size_t>(extent);
      bytes.emplace_back(size);
      buffers.push_back({sizeof(binade_buffer), fields_[i].dtype, bytes[i].data(), size, shapes[i].data(),
                         static_cast<std::uint32_t>(shapes[i].size()), 0});
    }
    for (auto& buffer : buffers) pointers.push_back(&buffer);
    const binade_read request{sizeof(request), part,           &index, 1, seed, epoch, training ? 1u : 0u, 0,
                              pointers.data(), pointers.size()};
    call([&](binade_error* error) { return table().read(self(), &request, error); });
    Fields sample;
    for (std::size_t i = 0; i < fields_.size(); ++i) sample.bytes_[fields_[i].name] = {fields_[i].dtype, bytes[i]};
    return sample;
  }

 private:
  struct Recorder {
    binade_description base;  // must be first: the plugin's pointer points to it
    Dataset* dataset;
  };
  static Dataset& of(binade_description* self) { return *reinterpret_cast<Recorder*>(self)->dataset; }
  static void add_split(binade_description* self, binade_string name, std::uint64_t size) {
    of(self).splits_.emplace_back(view(name), size);
  }
  static void add_field(binade_description* self, const binade_field* field) {
    of(self).fields_.push_back(
        {std::string(view(field->name)), field->dtype, {field->shape, field->shape + field->rank}});
  }
  static void add_fact(binade_description* self, binade_string name, const binade_value* value) {
    if (value->type == BINADE_TYPE_INTEGER) of(self).facts_[std::string(view(name))] = value->integer;
  }
  static std::size_t element_bytes(std::uint32_t dtype) {
    constexpr std::size_t bytes[] = {0, 1, 1, 2, 4, 8, 2, 2, 4, 8, 1};  // BINADE_UINT8 ... BINADE_BOOL
    return bytes[dtype];
  }
  std::size_t number(const std::string& split) const {
    for (std::size_t i = 0; i < splits_.size(); ++i) {
      if (splits_[i].first == split) return i;
    }
    throw std::invalid_argument("there is no split `" + split + "`");
  }
  // The shape of each field's buffer, [1, ...].
  std::vector<std::vector<std::int64_t>> shapes_of(std::uint32_t split, std::uint64_t index) const {
    std::vector<std::int64_t> measured(8 * fields_.size());
    const auto varies = [](const Field& field) {
      return std::find(field.shape.begin(), field.shape.end(), variable) != field.shape.end();
    };
    if (std::any_of(fields_.begin(), fields_.end(), varies)) {
      call([&](binade_error* error) { return table().measure(self(), split, &index, 1, measured.data(), error); });
    }
    auto next = measured.begin();
    std::vector<std::vector<std::int64_t>> shapes;
    for (const auto& field : fields_) {
      auto shape = field.shape;
      if (varies(field)) {
        for (auto& extent : shape) extent = *next++;
      }
      shape.insert(shape.begin(), 1);
      shapes.push_back(std::move(shape));
    }
    return shapes;
  }

  std::vector<std::pair<std::string, std::uint64_t>> splits_;
  std::vector<Field> fields_;
  std::map<std::string, std::int64_t> facts_;
};

class Precision : Plugin<binade_precision_table> {
 public:
  explicit Precision(std::vector<Option> options = {}, const char* cache_folder = nullptr)
      : Plugin(std::move(options), cache_folder) {}
  using Plugin::metric;
  Policy policy() const {
    Policy policy = full_precision();
    call([&](binade_error* error) { return table().policy(self(), &policy, error); });
    return policy;
  }
  Decision update(Outcome outcome) const {
    outcome.struct_size = sizeof(outcome);
    binade_decision decision{sizeof(decision), outcome.found_inf == 0 ? 1u : 0u, outcome.scale};
    call([&](binade_error* error) { return table().update(self(), &outcome, &decision, error); });
    return {decision.scale, decision.apply != 0};
  }
  // The state that a checkpoint would keep; empty without save().
  std::string save() const {
    Saved saved{{sizeof(binade_state), 0,
                 [](binade_state* self, const void* data, std::uint64_t bytes) {
                   reinterpret_cast<Saved*>(self)->bytes.append(static_cast<const char*>(data), bytes);
                 }},
                {}};
    if (table().save != nullptr) call([&](binade_error* error) { return table().save(self(), &saved.base, error); });
    return saved.bytes;
  }
  void load(const std::string& state) const {
    call([&](binade_error* error) { return table().load(self(), state.data(), state.size(), error); });
  }
  std::vector<Override> overrides() const {
    Listed all{{sizeof(binade_overrides), 0,
                [](binade_overrides* self, std::uint32_t kind, binade_string name, std::uint32_t dtype) {
                  reinterpret_cast<Listed*>(self)->overrides.push_back({kind, std::string(view(name)), dtype});
                }},
               {}};
    if (table().overrides != nullptr) {
      call([&](binade_error* error) { return table().overrides(self(), &all.base, error); });
    }
    return all.overrides;
  }

 private:
  struct Saved {
    binade_state base;  // must be first: the plugin's pointer points to it
    std::string bytes;
  };
  struct Listed {
    binade_overrides base;
    std::vector<Override> overrides;
  };
};

class Logger : Plugin<binade_logger_table> {
 public:
  explicit Logger(std::vector<Option> options = {}, const char* cache_folder = nullptr)
      : Plugin(std::move(options), cache_folder) {}
  using Plugin::metric;
  // Sends an event; fills in its header.
  template <class Event>
  void write(std::uint32_t type, Event event) const {
    event.event = {sizeof(Event), type, 0};
    call([&](binade_error* error) { return table().write(self(), &event.event, error); });
  }
  void flush() const {
    if (table().flush == nullptr) return;
    call([&](binade_error* error) { return table().flush(self(), error); });
  }
};

}  // namespace binade::testing
#endif
