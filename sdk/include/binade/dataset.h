// A dataset in C++ (17 or later). It describes its contents and writes samples into the host's memory; the host
// shuffles, batches, pads, shards and resumes.
//
//     struct Squares {
//       binade::Description describe() const {
//         binade::Description description;
//         description.split("train", 1000);
//         description.field<float>("x", {1}).field<float>("y", {1});
//         description.fact("features", 1).fact("loss", "mse").fact("target", "y").independent();
//         return description;
//       }
//       void read(const binade::Sample& sample) const {
//         const float x = static_cast<float>(sample.index()) / 1000;
//         sample.field<float>(0)[0] = x;
//         sample.field<float>(1)[0] = x * x;
//       }
//     };
//     BINADE_DATASET(Squares)
//
// Threads: constructor and describe() on the main thread; read() and measure() on several at once, so they are const.
// An exception ends the run with its message; throw Failure(BINADE_BAD_DATA, ...) for invalid data.
// A dataset with a variable extent also has
//     std::vector<std::int64_t> measure(std::uint32_t split, std::uint64_t index, std::size_t field) const
// which returns the shape of that field in that sample, fixed extents included. The slot passed to read() is padded to
// the batch's largest extents and filled with the pad value; write only the sample's own part.
// A dataset that learns something from its samples, such as means or categories, also has
//     void fit(std::uint32_t split, const binade::Indices& indices)
// which is called on the main thread before the first read(), with the samples that the run trains on. Learn from these
// only. describe() is called before it, when only the splits matter, and again after it. Requires a host of ABI 1.2:
// write `needs_abi = "1.2"` into the manifest. A dataset whose splits may be stratified or grouped also has
//     std::vector<std::int64_t> keys(std::uint32_t split, std::string_view column) const
// which returns one number per sample of the split, equal for equal values; the column "" is the target.
#ifndef BINADE_DATASET_H
#define BINADE_DATASET_H

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "abi/dataset.h"
#include "boundary.h"
#include "random.h"

namespace binade {

constexpr std::int64_t variable = BINADE_VARIABLE;

// Bit patterns of half-precision elements: `Float16{0x3C00}` is 1.
enum class Float16 : std::uint16_t {};
enum class BFloat16 : std::uint16_t {};

// The BINADE_* element type of a C++ type.
template <class T>
constexpr std::uint32_t dtype() {
  if constexpr (std::is_same_v<T, std::uint8_t>)
    return BINADE_UINT8;
  else if constexpr (std::is_same_v<T, std::int8_t>)
    return BINADE_INT8;
  else if constexpr (std::is_same_v<T, std::int16_t>)
    return BINADE_INT16;
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return BINADE_INT32;
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return BINADE_INT64;
  else if constexpr (std::is_same_v<T, Float16>)
    return BINADE_FLOAT16;
  else if constexpr (std::is_same_v<T, BFloat16>)
    return BINADE_BFLOAT16;
  else if constexpr (std::is_same_v<T, float>)
    return BINADE_FLOAT32;
  else if constexpr (std::is_same_v<T, double>)
    return BINADE_FLOAT64;
  else {
    static_assert(std::is_same_v<T, bool>, "no such element type");
    return BINADE_BOOL;
  }
}

// The name of an element type in messages.
inline const char* dtype_name(std::uint32_t dtype) {
  static constexpr const char* names[] = {"?",       "uint8",    "int8",    "int16",   "int32", "int64",
                                          "float16", "bfloat16", "float32", "float64", "bool"};
  return dtype < sizeof(names) / sizeof(*names) ? names[dtype] : names[0];
}

// The contents of a dataset. abi/dataset.h explains names and facts.
class Description {
 public:
  Description& split(std::string name, std::uint64_t size) {
    splits_.push_back({std::move(name), size});
    return *this;
  }
  template <class T>
  Description& field(std::string name, std::vector<std::int64_t> shape = {}, double pad_value = 0) {
    fields_.push_back({std::move(name), dtype<T>(), std::move(shape), pad_value});
    return *this;
  }
  Description& fact(std::string name, std::int64_t value) {
    facts_.push_back({std::move(name), BINADE_TYPE_INTEGER, value, {}});
    return *this;
  }
  Description& fact(std::string name, std::string value) {
    facts_.push_back({std::move(name), BINADE_TYPE_STRING, 0, std::move(value)});
    return *this;
  }
  // States that samples are independent, so that a random validation split does not leak.
  Description& independent() {
    independent_ = true;
    return *this;
  }

  void write_to(binade_description* sink) const {
    for (const auto& split : splits_) sink->add_split(sink, to_abi(split.name), split.size);
    for (const auto& field : fields_) {
      const binade_field abi{sizeof(binade_field),
                             field.dtype,
                             to_abi(field.name),
                             field.shape.data(),
                             static_cast<std::uint32_t>(field.shape.size()),
                             0,
                             field.pad_value};
      sink->add_field(sink, &abi);
    }
    for (const auto& fact : facts_) {
      const binade_value value{sizeof(binade_value), fact.type, fact.integer, 0, to_abi(fact.text)};
      sink->add_fact(sink, to_abi(fact.name), &value);
    }
    sink->set_independent(sink, independent_ ? 1 : 0);
  }
  // The fields that have a variable extent, by number and rank.
  struct VariableField {
    std::size_t number, rank;
  };
  std::vector<VariableField> variable_fields() const {
    std::vector<VariableField> found;
    for (std::size_t number = 0; number < fields_.size(); ++number) {
      const auto& shape = fields_[number].shape;
      if (std::find(shape.begin(), shape.end(), variable) != shape.end()) found.push_back({number, shape.size()});
    }
    return found;
  }

 private:
  struct Split {
    std::string name;
    std::uint64_t size;
  };
  struct Field {
    std::string name;
    std::uint32_t dtype;
    std::vector<std::int64_t> shape;
    double pad_value;
  };
  struct Fact {
    std::string name;
    std::uint32_t type;
    std::int64_t integer;
    std::string text;
  };
  std::vector<Split> splits_;
  std::vector<Field> fields_;
  std::vector<Fact> facts_;
  bool independent_ = false;
};

// One sample's part of one field, C-contiguous. In a padded field, size() and extent() are those of the padded slot.
// Without NDEBUG, operator[] throws std::out_of_range for a position that is not less than size().
template <class T>
class Slot {
 public:
  Slot(T* data, std::size_t size, const std::int64_t* shape, std::size_t rank)
      : data_(data), size_(size), shape_(shape), rank_(rank) {}
  T* data() const { return data_; }
  std::size_t size() const { return size_; }
  T* begin() const { return data_; }
  T* end() const { return data_ + size_; }
  T& operator[](std::size_t position) const {
#ifndef NDEBUG
    if (position >= size_) {
      throw std::out_of_range("element " + std::to_string(position) + " of a field that has " + std::to_string(size_) +
                              " in each sample");
    }
#endif
    return data_[position];
  }
  std::int64_t extent(std::size_t dimension) const { return shape_[dimension]; }
  std::size_t rank() const { return rank_; }

 private:
  T* data_;
  std::size_t size_;
  const std::int64_t* shape_;
  std::size_t rank_;
};

// A sample to write: its index and its destination.
class Sample {
 public:
  Sample(const binade_read& request, std::uint64_t position) : request_(request), position_(position) {}
  std::uint32_t split() const { return request_.split; }
  std::uint64_t index() const { return request_.indices[position_]; }
  std::uint64_t epoch() const { return request_.epoch; }
  // True for training: augmentation is allowed. False for evaluation: do not augment.
  bool training() const { return request_.training != 0; }
  Random random() const { return {request_.seed, request_.epoch, index()}; }

  // The slot of field `number`, in the order of describe(). Throws std::invalid_argument if T is not the field's type.
  template <class T>
  Slot<T> field(std::size_t number) const {
    if (number >= request_.buffer_count) {
      throw std::invalid_argument("describe() has no field " + std::to_string(number) + ", only " +
                                  std::to_string(request_.buffer_count));
    }
    const binade_buffer& buffer = *request_.buffers[number];
    if (buffer.dtype != dtype<T>()) {
      throw std::invalid_argument("field " + std::to_string(number) + " was described as " + dtype_name(buffer.dtype) +
                                  ", but read() writes it as " + dtype_name(dtype<T>()));
    }
    std::size_t size = 1;
    for (std::uint32_t dimension = 1; dimension < buffer.rank; ++dimension) {
      size *= static_cast<std::size_t>(buffer.shape[dimension]);
    }
    return {static_cast<T*>(buffer.data) + position_ * size, size, buffer.shape + 1, buffer.rank - 1u};
  }

 private:
  const binade_read& request_;
  std::uint64_t position_;
};

// The samples to learn from, in ascending order.
class Indices {
 public:
  Indices(const std::uint64_t* data, std::uint64_t size) : data_(data), size_(static_cast<std::size_t>(size)) {}
  const std::uint64_t* begin() const { return data_; }
  const std::uint64_t* end() const { return data_ + size_; }
  std::size_t size() const { return size_; }
  std::uint64_t operator[](std::size_t position) const { return data_[position]; }

 private:
  const std::uint64_t* data_;
  std::size_t size_;
};

namespace detail {

template <class T>
using MeasureCall = decltype(std::declval<const T&>().measure(0u, std::uint64_t{}, std::size_t{}));
template <class T>
using FitCall = decltype(std::declval<T&>().fit(0u, std::declval<const Indices&>()));
template <class T>
using KeysCall = decltype(std::declval<const T&>().keys(0u, std::declval<std::string_view>()));

template <class T>
struct DatasetShim {
  struct Self {
    T dataset;
    std::vector<Description::VariableField> variable_fields;
  };

  static std::int32_t create(const binade_host* host, const binade_options* options, void** self,
                             binade_error* error) noexcept {
    return guard(error, [&] {
      // guard() catches. NOLINTNEXTLINE(bugprone-unhandled-exception-at-new)
      *self = construct<T>(options, host, [](const auto&... arguments) { return new Self{T(arguments...), {}}; });
    });
  }
  static void destroy(void* self) noexcept { delete static_cast<Self*>(self); }

  static std::int32_t describe(void* self, binade_description* sink, binade_error* error) noexcept {
    return guard(error, [&] {
      const Description description = static_cast<Self*>(self)->dataset.describe();
      static_cast<Self*>(self)->variable_fields = description.variable_fields();
      description.write_to(sink);
    });
  }
  static std::int32_t measure(void* self, std::uint32_t split, const std::uint64_t* indices, std::uint64_t count,
                              std::int64_t* shapes, binade_error* error) noexcept {
    return guard(error, [&] {
      if constexpr (has<MeasureCall, T>) {
        const auto& [dataset, variable_fields] = *static_cast<const Self*>(self);
        for (std::uint64_t position = 0; position < count; ++position) {
          for (const auto& field : variable_fields) {
            const std::vector<std::int64_t> shape = dataset.measure(split, indices[position], field.number);
            if (shape.size() != field.rank) throw Failure(BINADE_FAILED, "measure() returned a shape of wrong rank");
            shapes = std::copy(shape.begin(), shape.end(), shapes);
          }
        }
      } else {
        throw Failure(BINADE_UNIMPLEMENTED, "a field has a variable extent, but the dataset has no measure()");
      }
    });
  }
  static std::int32_t read(void* self, const binade_read* request, binade_error* error) noexcept {
    return guard(error, [&] {
      const T& dataset = static_cast<const Self*>(self)->dataset;
      binade_read room;
      const binade_read& all = whole(request, room);
      for (std::uint64_t position = 0; position < all.count; ++position) dataset.read(Sample(all, position));
    });
  }

  static std::int32_t fit(void* self, std::uint32_t split, const std::uint64_t* indices, std::uint64_t count,
                          binade_error* error) noexcept {
    return guard(error, [&] {
      if constexpr (has<FitCall, T>) static_cast<Self*>(self)->dataset.fit(split, Indices(indices, count));
    });
  }
  static std::int32_t keys(void* self, std::uint32_t split, binade_string column, std::int64_t* keys,
                           std::uint64_t count, binade_error* error) noexcept {
    return guard(error, [&] {
      if constexpr (has<KeysCall, T>) {
        const T& dataset = static_cast<const Self*>(self)->dataset;
        const std::vector<std::int64_t> found = dataset.keys(split, {column.data, column.size});
        if (found.size() != count) throw Failure(BINADE_FAILED, "keys() returned a wrong number of numbers");
        std::copy(found.begin(), found.end(), keys);
      }
    });
  }

  static constexpr binade_dataset_table table{sizeof(binade_dataset_table),
                                              0,
                                              create,
                                              destroy,
                                              describe,
                                              has<MeasureCall, T> ? measure : nullptr,
                                              read,
                                              has<FitCall, T> ? fit : nullptr,
                                              has<KeysCall, T> ? keys : nullptr};
};

}  // namespace detail
}  // namespace binade

#define BINADE_DATASET(Type)                                                                            \
  BINADE_PLUGIN_EXPORT const binade_plugin binade_plugin_v1 = {sizeof(binade_plugin), BINADE_ABI_MAJOR, \
                                                               BINADE_ABI_MINOR, BINADE_KIND_DATASET,   \
                                                               &binade::detail::DatasetShim<Type>::table};
#endif
