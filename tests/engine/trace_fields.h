// The members of a recorded object, each of which must be read.
#pragma once

#include <set>
#include <stdexcept>
#include <string>

#include "tests/engine/goldens.h"

namespace binade::host::testing {

class Fields {
 public:
  // `where` names the object in messages.
  Fields(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object.is_object()) throw std::invalid_argument(where_ + " is not an object");
  }

  const Json& at(const std::string& name) {
    if (!object_.contains(name)) throw std::invalid_argument(where_ + " lacks the field `" + name + "`");
    read_.insert(name);
    return object_.at(name);
  }
  double number(const std::string& name) { return at(name).get<double>(); }
  std::int64_t integer(const std::string& name) { return at(name).get<std::int64_t>(); }
  bool boolean(const std::string& name) { return at(name).get<bool>(); }
  std::string text(const std::string& name) { return at(name).get<std::string>(); }
  const Json* find(const std::string& name) { return object_.contains(name) ? &at(name) : nullptr; }

  // Remarks for people, and switches that choose another implementation of the same.
  void pass_over(const std::string& name) { read_.insert(name); }
  // What the engine does not have may be there, switched off.
  void must_be_off(const std::string& name) {
    const auto* value = find(name);
    if (value == nullptr || value->is_null() || *value == false) return;
    refuse(name + "\": " + value->dump());
  }
  [[noreturn]] void refuse(const std::string& what) const {
    throw std::invalid_argument(where_ + " has \"" + what + ", which this replay does not honour");
  }

  // All was read.
  void done() const {
    for (const auto& [name, value] : object_.items()) {
      if (!read_.contains(name)) refuse(name + "\"");
    }
  }

 private:
  const Json& object_;
  std::string where_;
  std::set<std::string> read_;
};

}  // namespace binade::host::testing
