// The only file that includes toml++.
#include "host/experiment/document.h"

#include <toml++/toml.h>

#include <algorithm>
#include <tuple>

#include "host/experiment/prescan.h"

#ifndef NDEBUG
#error "toml++ aborts on malformed input unless NDEBUG is defined: see CMakeLists.txt"
#endif

namespace binade::host {
namespace {

class Converter {
 public:
  Converter(const std::string& source, Diagnostics& diagnostics) : source_(source), diagnostics_(diagnostics) {}

  Node convert(const toml::node& from) const {
    Node node;
    node.where = location(from.source());
    switch (from.type()) {
      case toml::node_type::table:
        convert_members(*from.as_table(), node);
        return node;
      case toml::node_type::array:
        node.kind = Node::Kind::array;
        for (const auto& element : *from.as_array()) node.elements.push_back(convert(element));
        return node;
      default:
        node.kind = Node::Kind::scalar;
        node.scalar = scalar(from, node.where);
        return node;
    }
  }

 private:
  // A region that goes on in a later line is underlined at its first character only.
  Location location(const toml::source_region& region) const {
    Location where{source_, region.begin.line, region.begin.column, 1};
    if (region.begin.line == region.end.line && region.end.column > region.begin.column) {
      where.length = region.end.column - region.begin.column;
    }
    return where;
  }

  void convert_members(const toml::table& table, Node& node) const {
    node.members.reserve(table.size());
    for (const auto& [key, value] : table) {
      node.members.push_back({std::string(key.str()), location(key.source()), convert(value)});
    }
    // toml++ sorts by name; people think in the order in which they wrote.
    std::stable_sort(node.members.begin(), node.members.end(), [](const Member& a, const Member& b) {
      return std::tie(a.where.line, a.where.column) < std::tie(b.where.line, b.where.column);
    });
  }

  Scalar scalar(const toml::node& from, const Location& where) const {
    switch (from.type()) {
      case toml::node_type::boolean:
        return from.as_boolean()->get();
      case toml::node_type::integer:
        return from.as_integer()->get();
      case toml::node_type::floating_point:
        return from.as_floating_point()->get();
      case toml::node_type::string:
        return from.as_string()->get();
      default:
        diagnostics_.add(
            {"E0102", "dates and times have no use here", where, "put it in quotes to make it a text", {}});
        return std::string();
    }
  }

  const std::string& source_;
  Diagnostics& diagnostics_;
};

Diagnostic syntax_error(const std::string& message, Location where) {
  return {"E0102", "this is not valid TOML", std::move(where), message, {}};
}

// "Error while parsing key-value pair: expected '=', saw 'x'" -> "expected '=', saw 'x'"
std::string without_prefix(std::string_view description) {
  const auto colon = description.find(": ");
  if (description.starts_with("Error while parsing") && colon != std::string_view::npos) {
    description.remove_prefix(colon + 2);
  }
  return std::string(description);
}

Diagnostic syntax_error(const toml::parse_error& error, const std::string& text, const std::string& source) {
  const auto message = without_prefix(error.description());
  Location where{source, error.source().begin.line, error.source().begin.column, 1};
  if (message.find("cannot redefine") == std::string::npos) return syntax_error(message, where);
  // toml++ stops behind the second key; the key itself is what a person must see.
  std::size_t begin = 0;
  for (std::uint32_t line = 1; line < where.line; ++line) begin = text.find('\n', begin) + 1;
  const auto line = std::string_view(text).substr(begin, text.find('\n', begin) - begin);
  const auto first = line.find_first_not_of(" \t[");
  const auto last = line.find_first_of("=] \t\r", first == std::string_view::npos ? 0 : first);
  if (first != std::string_view::npos && first + 1 < where.column) {
    where.column = static_cast<std::uint32_t>(first) + 1;
    where.length = static_cast<std::uint32_t>(std::min(last, line.size()) - first);
  }
  return {"E0102", "the same key stands here twice", where, message, {"a key may be given once in a table"}};
}

}  // namespace

const Member* Node::find(std::string_view key) const {
  const auto found = std::find_if(members.begin(), members.end(), [&](const Member& m) { return m.key == key; });
  return found == members.end() ? nullptr : &*found;
}

Member* Node::find(std::string_view key) {
  const auto found = std::find_if(members.begin(), members.end(), [&](const Member& m) { return m.key == key; });
  return found == members.end() ? nullptr : &*found;
}

std::string_view Node::described() const {
  constexpr std::string_view scalars[] = {"a boolean", "an integer", "a number", "a string"};
  if (kind == Kind::scalar) return scalars[scalar.index()];
  return kind == Kind::array ? "an array" : "a table";
}

std::optional<Node> parse_toml(const std::string& text, const std::string& source, Diagnostics& diagnostics) {
  if (const auto error = prescan(text)) {
    diagnostics.add(syntax_error(error->message, Location{source, error->line, error->column, 1}));
    return std::nullopt;
  }
  try {
    const auto before = diagnostics.all().size();
    const toml::table table = toml::parse(text, source);
    auto root = Converter(source, diagnostics).convert(table);
    root.where = Location{source, 0, 0, 1};
    if (diagnostics.all().size() != before) return std::nullopt;
    return root;
  } catch (const toml::parse_error& error) {
    diagnostics.add(syntax_error(error, text, source));
    return std::nullopt;
  }
}

}  // namespace binade::host
