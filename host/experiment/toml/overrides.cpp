#include "host/experiment/toml/overrides.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "binade/printable.h"
#include "host/experiment/toml/toml_text.h"

namespace binade::host {
namespace {

void move_to(Node& node, const Location& where) {
  node.where = where;
  for (auto& element : node.elements) move_to(element, where);
  for (auto& member : node.members) {
    member.where = where;
    move_to(member.value, where);
  }
}

// Returns the keys of a dotted name with quoted parts; empty when it is malformed.
std::vector<std::string> split_key(const std::string& key) {
  constexpr std::string_view bare = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  constexpr std::size_t max_parts = 64;
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (parts.size() < max_parts) {
    if (at < key.size() && (key[at] == '"' || key[at] == '\'')) {
      const auto close = key.find(key[at], at + 1);
      if (close == std::string::npos) return {};
      parts.push_back(key.substr(at + 1, close - at - 1));
      at = close + 1;
    } else {
      const auto end = std::min(key.find_first_not_of(bare, at), key.size());
      if (end == at) return {};
      parts.push_back(key.substr(at, end - at));
      at = end;
    }
    if (at == key.size()) return parts;
    if (key[at++] != '.') return {};
  }
  return {};
}

// Returns the position of the first `=` outside of quotes.
std::size_t find_equals(const std::string& text) {
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quote != 0) {
      if (text[i] == quote) quote = 0;
    } else if (text[i] == '"' || text[i] == '\'') {
      quote = text[i];
    } else if (text[i] == '=') {
      return i;
    }
  }
  return std::string::npos;
}

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t");
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

class Override {
 public:
  Override(const std::string& text, Diagnostics& diagnostics)
      : text_(text), where_{"--set " + text, 0, 0, 1}, diagnostics_(diagnostics) {}

  void apply(Node& root) {
    const auto equals = find_equals(text_);
    if (equals == std::string::npos) {
      return fail(fmt::format("`{}` has no `=`", text_), "write --set key=value, for example --set train.steps=100");
    }
    keys_ = split_key(trimmed(text_.substr(0, equals)));
    if (keys_.empty()) {
      return fail(fmt::format("`{}` is not a key", trimmed(text_.substr(0, equals))),
                  "write --set section.key=value, for example --set train.steps=100");
    }
    auto value = parse(trimmed(text_.substr(equals + 1)));
    if (!value) return;
    move_to(*value, where_);
    place(root, std::move(*value));
  }

 private:
  void fail(std::string message, std::string note) {
    diagnostics_.add({"E0107", std::move(message), where_, "", {std::move(note)}});
  }

  std::optional<Node> parse(const std::string& value) {
    if (value.empty()) {
      fail(fmt::format("`{}` has no value", text_), "for an empty string write --set 'key=\"\"'");
      return std::nullopt;
    }
    Diagnostics mistakes;
    // More than one member: the text has another line after the value.
    auto parsed = parse_toml("value = " + value, where_.source, mistakes);
    if (parsed && parsed->members.size() == 1) return std::move(parsed->members.front().value);
    const bool dates = !mistakes.empty() && mistakes.all().front().message.starts_with("dates");
    const bool bare = std::string_view("\"'[{").find(value.front()) == std::string_view::npos;
    if (bare && !dates && value == printable(value)) {
      Node node;
      node.kind = Node::Kind::scalar;
      node.scalar = value;
      return node;
    }
    const auto reason = mistakes.empty() ? "more than one value"
                        : dates          ? "a date or time"
                                         : mistakes.all().front().label;
    fail(fmt::format("the value of `{}` is not valid: {}", text_.substr(0, find_equals(text_)), reason),
         "values are TOML; a shell wants them in single quotes: --set 'key=[\"a\", \"b\"]'");
    return std::nullopt;
  }

  std::string path(std::size_t count) const {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += (i == 0 ? "" : ".") + keys_[i];
    return out;
  }

  void place(Node& root, Node value) {
    Node* node = &root;
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      node = step(*node, i);
      if (node == nullptr) return;
    }
    remember(*node);
    *node = std::move(value);
  }

  // Descends into key `i` of `node` and creates it if it is missing.
  Node* step(Node& node, std::size_t i) {
    const std::string& key = keys_[i];
    if (node.kind == Node::Kind::array) return element(node, i);
    if (node.kind != Node::Kind::table) {
      fail(fmt::format("`{}` is {}, not a table", path(i), node.described()), fmt::format("it cannot hold `{}`", key));
      return nullptr;
    }
    if (Member* member = node.find(key)) return &member->value;
    Node made;
    made.where = where_;
    if (i + 1 < keys_.size() && keys_[i + 1].find_first_not_of("0123456789") == std::string::npos) {
      made.kind = Node::Kind::array;
    }
    // In front, because the first counts in tables of any keys.
    return &node.members.insert(node.members.begin(), {key, where_, std::move(made)})->value;
  }

  Node* element(Node& array, std::size_t i) {
    std::size_t index = 0;
    const std::string& key = keys_[i];
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
    const bool number = error == std::errc{} && end == key.data() + key.size();
    if (!number || index > array.elements.size()) {
      fail(fmt::format("`{}` is not in `{}`, which has {} element{}", key, path(i), array.elements.size(),
                       array.elements.size() == 1 ? "" : "s"),
           fmt::format("0 is the first, {} adds one: --set {}.0...=...", array.elements.size(), path(i)));
      return nullptr;
    }
    if (index == array.elements.size()) {
      array.elements.emplace_back();
      array.elements.back().where = where_;
    }
    return &array.elements[index];
  }

  // A node that this override created replaces nothing.
  void remember(const Node& old) {
    if (old.where == where_) return;
    std::string remark = fmt::format("overrides {}", old.where.source);
    if (old.where.line > 0) remark += fmt::format(":{}", old.where.line);
    const bool is_override = old.where.source.starts_with("--set ");
    if (old.kind == Node::Kind::scalar && !is_override)
      remark += fmt::format(", which said {}", toml_scalar(old.scalar));
    diagnostics_.add_remark(where_.source, std::move(remark));
  }

  const std::string& text_;
  Location where_;
  Diagnostics& diagnostics_;
  std::vector<std::string> keys_;
};

}  // namespace

void apply_overrides(Node& root, const std::vector<std::string>& overrides, Diagnostics& diagnostics) {
  for (const auto& text : overrides) Override(text, diagnostics).apply(root);
}

}  // namespace binade::host
