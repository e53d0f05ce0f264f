// Parses event by event: a JSON document needs ten times the memory, and the library's callbacks for a growing document
// take quadratic time in the number of tensors.
#include "host/storage/safetensors_header.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <utility>

namespace binade::host {
namespace {

class HeaderEvents : public nlohmann::json_sax<nlohmann::json> {
 public:
  SafetensorsHeader take() { return std::move(header_); }

  bool null() override { return other("null"); }
  bool boolean(bool) override { return other("true or false"); }
  bool number_integer(number_integer_t) override { return other("a negative number"); }
  bool number_float(number_float_t, const string_t&) override { return other("a number that is not an integer"); }
  bool binary(binary_t&) override { return other("bytes"); }
  bool number_unsigned(number_unsigned_t value) override {
    if (place_ == Place::shape) {
      entry().shape.push_back(value);
    } else if (place_ == Place::offsets && offsets_ < 2) {
      (offsets_ == 0 ? entry().begin : entry().end) = value;
      ++offsets_;
    } else {
      other("a number");
    }
    return true;
  }
  bool string(string_t& value) override {
    if (place_ == Place::metadata) {
      if (!header_.metadata.emplace(std::move(key_), std::move(value)).second)
        refuse_safetensors("its metadata has a duplicate key");
    } else if (place_ == Place::entry && key_ == "dtype") {
      entry().dtype = std::move(value);
    } else {
      other("a string");
    }
    return true;
  }
  bool key(string_t& name) override {
    key_ = std::move(name);
    if (place_ == Place::root && !names_.insert(key_).second)
      refuse_safetensors("its header has " + shown(key_) + " twice");
    if (place_ == Place::entry) count_member();
    return true;
  }
  bool start_object(std::size_t) override {
    if (place_ == Place::nowhere) {
      place_ = Place::root;
    } else if (place_ != Place::root) {
      other("an object");
    } else if (key_ == "__metadata__") {
      place_ = Place::metadata;
    } else {
      place_ = Place::entry;
      header_.tensors.push_back({key_, {}, {}, 0, 0});
      members_ = {};
      offsets_ = 0;
    }
    return true;
  }
  bool end_object() override {
    if (place_ == Place::entry) {
      for (std::size_t i = 0; i < std::size(member_names); ++i) {
        if (!members_[i]) refuse_safetensors(shown(entry().name) + " has no `" + member_names[i] + "`");
      }
    }
    place_ = Place::root;  // or the end of the header
    return true;
  }
  bool start_array(std::size_t) override {
    if (place_ == Place::entry && key_ == "shape") {
      place_ = Place::shape;
    } else if (place_ == Place::entry && key_ == "data_offsets") {
      place_ = Place::offsets;
    } else {
      other("an array");
    }
    return true;
  }
  bool end_array() override {
    if (place_ == Place::offsets && offsets_ != 2) other("a number of entries other than two");
    place_ = Place::entry;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    refuse_safetensors("its header is not JSON");
  }

 private:
  enum class Place { nowhere, root, metadata, entry, shape, offsets };
  static constexpr const char* member_names[] = {"dtype", "shape", "data_offsets"};

  SafetensorsEntry& entry() { return header_.tensors.back(); }
  void count_member() {
    const auto* const found = std::find(std::begin(member_names), std::end(member_names), key_);
    if (found == std::end(member_names))
      refuse_safetensors(shown(entry().name) + " has the unknown member " + shown(key_));
    if (std::exchange(members_[static_cast<std::size_t>(found - member_names)], true)) {
      refuse_safetensors(shown(entry().name) + " has " + shown(key_) + " twice");
    }
  }
  [[noreturn]] bool other(const char* what) const {
    switch (place_) {
      case Place::nowhere:
        refuse_safetensors("its header is not a JSON object");
      case Place::root:
        refuse_safetensors(shown(key_) + " is not an object but " + what);
      case Place::metadata:
        refuse_safetensors("its metadata has a value that is not a string: " + shown(key_) + " is " + what);
      default:
        refuse_safetensors("the `" + key_ + "` of " + shown(header_.tensors.back().name) + " has " + what);
    }
  }

  SafetensorsHeader header_;
  std::set<std::string> names_;
  Place place_ = Place::nowhere;
  std::string key_;
  std::array<bool, std::size(member_names)> members_{};
  int offsets_ = 0;
};

}  // namespace

void refuse_safetensors(const std::string& what) { throw std::runtime_error("is not a safetensors file: " + what); }

std::string shown(std::string name) {
  constexpr std::size_t longest = 128;
  if (name.size() > longest) name.resize(longest);
  std::replace_if(
      name.begin(), name.end(), [](unsigned char letter) { return letter < ' ' || letter == 127; }, '?');
  return "`" + name + "`";
}

SafetensorsHeader parse_safetensors_header(std::string_view text) {
  if (text.empty() || text.front() != '{') refuse_safetensors("its header is not a JSON object");
  HeaderEvents events;
  nlohmann::json::sax_parse(text.begin(), text.end(), &events);
  return events.take();
}

}  // namespace binade::host
