#include "host/experiment/toml/experiment_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "host/experiment/schema/table_validation.h"
#include "host/experiment/schema/value_validation.h"
#include "host/experiment/toml/environment_placeholders.h"
#include "host/experiment/toml/experiment_file.h"

namespace binade::host {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t deepest = 16;
constexpr std::size_t max_files = 256;

const OptionSpec& include_spec() {
  static const auto spec = [] {
    OptionSpec out;
    out.name = "include";
    out.type = OptionType::path;
    out.array = true;
    return out;
  }();
  return spec;
}

void merge(Node& base, Node over) {
  if (base.kind != Node::Kind::table || over.kind != Node::Kind::table) {
    base = std::move(over);
    return;
  }
  // The winner comes first, because the order counts in tables of any keys.
  for (Member& member : base.members) {
    Member* winner = over.find(member.key);
    if (winner == nullptr) {
      over.members.push_back(std::move(member));
    } else {
      merge(member.value, std::move(winner->value));
      winner->value = std::move(member.value);
    }
  }
  base = std::move(over);
}

class TreeReader {
 public:
  explicit TreeReader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  // `from` is the location of the include; it has no source for the file itself.
  std::optional<Node> read(const fs::path& file, const Location& from) {
    auto root = is_own(file) ? read_own(file, from) : read_foreign(file, from);
    if (!root) return std::nullopt;
    const Member* include = root->find("include");
    if (include == nullptr) return root;
    const auto included = read_all(include->value, file);
    if (!included) return std::nullopt;
    root->members.erase(root->members.begin() + (include - root->members.data()));
    Node merged = *included;
    merge(merged, std::move(*root));
    return merged;
  }

  std::vector<fs::path> files() && { return std::move(files_); }

 private:
  struct Inclusion {
    fs::path file, real;
    Location from;  // where in `file` the next one is included
  };

  std::optional<Node> read_own(const fs::path& file, const Location& from) {
    auto text = read_experiment_file(file, from, diagnostics_);
    if (!text) return std::nullopt;
    remember(file);
    auto root = parse_toml(*text, file.string(), diagnostics_);
    diagnostics_.add_source(file.string(), std::move(*text));
    return root;
  }

  // Messages give the location of a mistake, but not the text, the parser's view of it, or the names of files beside
  // it.
  std::optional<Node> read_foreign(const fs::path& file, const Location& from) {
    Diagnostics found;
    std::optional<Node> root;
    if (const auto text = read_experiment_file(file, from, found)) {
      remember(file);
      diagnostics_.add_remark(file.string(), "its text is not shown: it lies outside the experiment's folder");
      root = parse_toml(*text, file.string(), found);
    }
    for (auto diagnostic : found.all()) {
      diagnostic.label.clear();
      diagnostic.notes.clear();
      diagnostics_.add(std::move(diagnostic));
    }
    return root;
  }

  // The files of one `include`, merged.
  std::optional<Node> read_all(Node list, const fs::path& file) {
    std::string variables;
    if (!expand_environment(list, "include", include_spec(), variables, diagnostics_)) return std::nullopt;
    const auto names = check_value(list, "include", include_spec(), diagnostics_);
    if (!names) return std::nullopt;
    Node merged;
    bool good = true;
    for (std::size_t i = 0; i < names->size(); ++i) {
      const Location& where = list.elements[i].where;
      const auto next = (file.parent_path() / home_expanded(std::get<std::string>((*names)[i]))).lexically_normal();
      chain_.push_back({file, real(file), where});
      auto node = is_allowed(next, where) ? read(next, where) : std::nullopt;
      chain_.pop_back();
      good = good && node;
      if (node) merge(merged, std::move(*node));
    }
    return good ? std::optional(std::move(merged)) : std::nullopt;
  }

  bool is_allowed(const fs::path& next, const Location& where) {
    const auto target = real(next);
    const bool circle =
        std::any_of(chain_.begin(), chain_.end(), [&](const auto& link) { return link.real == target; });
    if (circle) return refuse("the included files form a circle", next, where);
    if (chain_.size() > deepest) {
      return refuse(fmt::format("files are included more than {} deep", deepest), next, where);
    }
    // A few files that include each other many times would take forever.
    if (++inclusions_ > max_files)
      return refuse(fmt::format("more than {} files are included", max_files), next, where);
    return true;
  }

  bool refuse(std::string message, const fs::path& next, const Location& where) {
    Diagnostic diagnostic{"E0111", std::move(message), where, "", {}};
    for (std::size_t i = 0; i < chain_.size(); ++i) {
      const auto& to = i + 1 < chain_.size() ? chain_[i + 1].file : next;
      diagnostic.notes.push_back(
          fmt::format("{}:{} includes {}", chain_[i].file.string(), chain_[i].from.line, to.string()));
    }
    diagnostics_.add(std::move(diagnostic));
    return false;
  }

  static fs::path real(const fs::path& file) {
    std::error_code ignored;
    auto path = fs::weakly_canonical(file, ignored);
    return ignored ? fs::absolute(file) : path;
  }

  // Whether it lies, with links resolved, in the folder of the first file or below. The author of the experiment can
  // read that folder; elsewhere, an include may name a file that only this process can read, such as /etc/shadow.
  bool is_own(const fs::path& file) {
    if (own_folder_.empty()) own_folder_ = real(fs::absolute(file).parent_path());
    if (chain_.empty()) return true;
    const auto path = real(fs::absolute(file)).lexically_relative(own_folder_);
    return !path.empty() && *path.begin() != "..";
  }

  void remember(const fs::path& file) {
    auto path = fs::absolute(file).lexically_normal();
    if (std::find(files_.begin(), files_.end(), path) == files_.end()) files_.push_back(std::move(path));
  }

  Diagnostics& diagnostics_;
  std::vector<Inclusion> chain_;
  std::vector<fs::path> files_;
  fs::path own_folder_;
  std::size_t inclusions_ = 0;
};

}  // namespace

std::optional<ExperimentTree> read_experiment_tree(const fs::path& file, Diagnostics& diagnostics) {
  TreeReader reader(diagnostics);
  auto root = reader.read(file, {});
  if (!root) return std::nullopt;
  return ExperimentTree{std::move(*root), std::move(reader).files()};
}

}  // namespace binade::host
