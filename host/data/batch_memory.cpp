// Fills one batch's memory. Checks every size for overflow, because extents come from a plugin.
#include "host/data/batch_memory.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>

namespace binade::host {
namespace {

constexpr std::align_val_t alignment{64};

template <class T>
void fill(void* data, std::uint64_t elements, const Element& element) {
  T value{};
  std::memcpy(&value, element.data(), sizeof(value));
  std::fill_n(static_cast<T*>(data), elements, value);
}

void fill(void* data, std::uint64_t bytes, std::uint32_t dtype, const Element& element) {
  switch (element_size(dtype)) {
    case 1:
      return fill<std::uint8_t>(data, bytes, element);
    case 2:
      return fill<std::uint16_t>(data, bytes / 2, element);
    case 4:
      return fill<std::uint32_t>(data, bytes / 4, element);
    default:
      return fill<std::uint64_t>(data, bytes / 8, element);
  }
}

// Behind each field, to notice a dataset that writes beyond its end.
constexpr std::uint64_t guard_bytes = 64;
constexpr unsigned char guard_value = 0xA5;

bool is_intact(const BatchField& field) {
  const auto* guard = static_cast<const unsigned char*>(field.data) + field.bytes;
  return std::all_of(guard, guard + guard_bytes, [](unsigned char byte) { return byte == guard_value; });
}

std::size_t first_variable(const Field& field) {
  return static_cast<std::size_t>(std::find(field.shape.begin(), field.shape.end(), BINADE_VARIABLE) -
                                  field.shape.begin());
}

}  // namespace

void AlignedBuffer::Free::operator()(void* data) const noexcept { ::operator delete(data, alignment); }

void* AlignedBuffer::grow(std::uint64_t bytes) {
  if (bytes > capacity_ || data_ == nullptr) {
    // Grow by at least half, so that ever longer samples do not reallocate each time.
    capacity_ = std::max<std::uint64_t>({bytes, capacity_ + capacity_ / 2, 64});
    data_.reset();
    try {
      data_.reset(::operator new(capacity_, alignment));
    } catch (const std::bad_alloc&) {
      capacity_ = 0;
      throw;
    }
  }
  return data_.get();
}

BatchMemory::BatchMemory(const Dataset& dataset) {
  const auto& fields = dataset.fields();
  for (const auto& field : fields) {
    BatchField batch_field;
    batch_field.name = field.name;
    batch_field.dtype = field.dtype;
    batch_field.shape.assign(1, 0);
    batch_field.shape.insert(batch_field.shape.end(), field.shape.begin(), field.shape.end());
    batch_.fields.push_back(std::move(batch_field));
  }
  for (const auto& field : fields) {
    length_fields_.push_back(field.variable() ? batch_.fields.size() : 0);
    if (field.variable()) batch_.fields.push_back({field.name + "_length", BINADE_INT64, {0}, nullptr, 0});
  }
  memory_.resize(batch_.fields.size());
  buffers_.resize(fields.size());
  for (auto& buffer : buffers_) buffer_pointers_.push_back(&buffer);
}

void BatchMemory::read(const Dataset& dataset, const Split& split, bool training, std::uint64_t seed) {
  const auto& fields = dataset.fields();
  measured_.resize(batch_.indices.size() * dataset.extents_per_sample());
  dataset.measure(split, batch_.indices, measured_);

  std::size_t extent = 0;
  for (std::size_t number = 0; number < fields.size(); ++number) {
    const auto& field = fields[number];
    shape_field(number, field, extent, dataset.extents_per_sample());
    try {
      allocate(number);
    } catch (const std::exception&) {
      throw std::runtime_error("field `" + field.name + "` of " + name_in_messages(dataset.plugin()) + ": a batch of " +
                               std::to_string(batch_.indices.size()) +
                               " samples does not fit into memory; use a smaller batch_size");
    }
    const auto& memory = batch_.fields[number];
    if (field.variable()) {
      fill(memory.data, memory.bytes, field.dtype, to_element(field.dtype, field.pad_value).value_or(Element{}));
      extent += field.shape.size();
    }
    buffers_[number] = {sizeof(binade_buffer),
                        field.dtype,
                        memory.data,
                        memory.bytes,
                        memory.shape.data(),
                        static_cast<std::uint32_t>(memory.shape.size()),
                        0};
  }
  dataset.read({sizeof(binade_read), split.plugin_split, batch_.indices.data(), batch_.indices.size(), seed,
                batch_.epoch, training ? 1u : 0u, 0, buffer_pointers_.data(), buffer_pointers_.size()});
  for (std::size_t number = 0; number < fields.size(); ++number) {
    if (is_intact(batch_.fields[number])) continue;
    throw PluginError(dataset.plugin().id(), dataset.plugin().version(), "read", BINADE_FAILED,
                      "it wrote beyond the end of the field `" + fields[number].name +
                          "`: a sample has more elements than describe() or measure() say");
  }
}

// Sets the field's shape in this batch, and the lengths of its samples. `first` is the position of this field's extents
// among the `stride` measured extents of each sample.
void BatchMemory::shape_field(std::size_t number, const Field& field, std::size_t first, std::size_t stride) {
  const auto samples = batch_.indices.size();
  auto& shape = batch_.fields[number].shape;
  shape[0] = static_cast<std::int64_t>(samples);
  if (!field.variable()) return;

  std::fill(shape.begin() + 1, shape.end(), 0);
  auto& length_field = batch_.fields[length_fields_[number]];
  length_field.shape[0] = shape[0];
  allocate(length_fields_[number]);
  auto* lengths = static_cast<std::int64_t*>(length_field.data);
  const auto length = first_variable(field);
  for (std::size_t sample = 0; sample < samples; ++sample) {
    const auto* extents = measured_.data() + sample * stride + first;
    for (std::size_t i = 0; i < field.shape.size(); ++i) shape[i + 1] = std::max(shape[i + 1], extents[i]);
    lengths[sample] = extents[length];
  }
}

void BatchMemory::allocate(std::size_t number) {
  auto& field = batch_.fields[number];
  field.bytes = element_size(field.dtype);
  for (const auto extent : field.shape) {
    if (__builtin_mul_overflow(field.bytes, static_cast<std::uint64_t>(extent), &field.bytes)) throw std::bad_alloc();
  }
  if (field.bytes > std::numeric_limits<std::uint64_t>::max() - guard_bytes) throw std::bad_alloc();
  field.data = memory_[number].grow(field.bytes + guard_bytes);
  std::memset(static_cast<char*>(field.data) + field.bytes, guard_value, guard_bytes);
}

}  // namespace binade::host
