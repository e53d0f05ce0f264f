// The format of TensorBoard event files: protocol buffers of the message Event, each framed as a TFRecord.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <istream>
#include <string>
#include <string_view>

namespace tensorboard {

// CRC-32C (Castagnoli).
inline std::uint32_t crc32c(std::string_view data) {
  static constexpr auto table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
      std::uint32_t crc = byte;
      for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82F63B78U : 0);
      table[byte] = crc;
    }
    return table;
  }();
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char c : data) crc = crc >> 8 ^ table[(crc ^ static_cast<unsigned char>(c)) & 0xFFU];
  return ~crc;
}

// The masked CRC that TFRecords store, because a CRC of data that itself contains CRCs would be weak.
inline std::uint32_t masked_crc32c(std::string_view data) {
  const auto crc = crc32c(data);
  return (crc >> 15 | crc << 17) + 0xA282EAD8U;
}

template <class Number>
std::string little_endian(Number number) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof(number); ++i) bytes += static_cast<char>(number >> (8 * i) & 0xFF);
  return bytes;
}

// A record: length, its CRC, data, its CRC.
inline std::string record(std::string_view data) {
  const auto length = little_endian(static_cast<std::uint64_t>(data.size()));
  return length + little_endian(masked_crc32c(length)) + std::string(data) + little_endian(masked_crc32c(data));
}

// Reads the next record. Returns false at the end and for an incomplete or damaged record.
inline bool read_record(std::istream& in, std::string& data) {
  constexpr std::uint64_t most = std::uint64_t{1} << 26;
  const auto take = [&in](std::string& bytes, std::size_t count) {
    bytes.resize(count);
    return static_cast<bool>(in.read(bytes.data(), static_cast<std::streamsize>(count)));
  };
  const auto number = [](std::string_view bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
  };
  std::string length, sum;
  if (!take(length, 8) || !take(sum, 4) || number(sum) != masked_crc32c(length)) return false;
  if (number(length) > most || !take(data, number(length)) || !take(sum, 4)) return false;
  return number(sum) == masked_crc32c(data);
}

// Reads a varint and removes it from the front of `message`. Returns false if there is none.
inline bool take_varint(std::string_view& message, std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; !message.empty() && shift < 64; shift += 7) {
    const auto byte = static_cast<unsigned char>(message.front());
    message.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

// The step of an event, field 2; 0 if it has none, like the file version event.
inline std::uint64_t step_of(std::string_view event) {
  for (std::uint64_t key = 0, value = 0; take_varint(event, key);) {
    std::uint64_t size = (key & 7) == 1 ? 8 : (key & 7) == 5 ? 4 : 0;
    if ((key & 7) == 0 && (!take_varint(event, value) || key >> 3 == 2)) return key >> 3 == 2 ? value : 0;
    if ((key & 7) == 2 && !take_varint(event, size)) return 0;
    if (size > event.size()) return 0;
    event.remove_prefix(size);
  }
  return 0;
}

// Builds a protocol buffer field by field.
class Message {
 public:
  Message& number(std::uint32_t field, double value) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof(bits));
    return add(field, 1, little_endian(bits));
  }
  Message& number(std::uint32_t field, float value) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof(bits));
    return add(field, 5, little_endian(bits));
  }
  Message& integer(std::uint32_t field, std::uint64_t value) { return add(field, 0, varint(value)); }
  Message& bytes(std::uint32_t field, std::string_view value) {
    return add(field, 2, varint(value.size()) + std::string(value));
  }
  Message& message(std::uint32_t field, const Message& value) { return bytes(field, value.text_); }
  const std::string& text() const { return text_; }

 private:
  static std::string varint(std::uint64_t value) {
    std::string bytes;
    for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
    return bytes + static_cast<char>(value);
  }
  Message& add(std::uint32_t field, std::uint32_t wire_type, const std::string& value) {
    text_ += varint(field << 3 | wire_type) + value;
    return *this;
  }
  std::string text_;
};

// Messages of tensorflow/core/util/event.proto and framework/summary.proto.
inline Message event(double time) { return Message().number(1, time); }
inline Message file_version(double time) { return event(time).bytes(3, "brain.Event:2"); }
// Makes readers discard this step and later ones from the folder's other files.
inline Message session_start(double time, std::uint64_t step) {
  return event(time).integer(2, step).message(7, Message().integer(1, 1));
}
// Adds a scalar to `values`, as its field 1.
inline void add_scalar(Message& values, const std::string& tag, double value) {
  values.message(1, Message().bytes(1, tag).number(2, static_cast<float>(value)));
}
inline Message summary(double time, std::uint64_t step, const Message& values) {
  return event(time).integer(2, step).message(5, values);
}

}  // namespace tensorboard
