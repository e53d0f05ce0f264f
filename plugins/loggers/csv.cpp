// Writes a row per step and per evaluation to a CSV file.
#include <binade/logger.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "csv_rows.h"
#include "log_file.h"

namespace {

// RFC 4180: quotes a cell that contains a separator and doubles quotes inside.
std::string quoted(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? "\"\"" : std::string(1, c);
  return result + "\"";
}

// The shortest representation that parses to the same number.
std::string number(double value) {
  char text[32];
  return std::string(text, std::to_chars(text, text + sizeof(text), value).ptr);
}

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string number_or_empty(double value) { return std::isnan(value) ? "" : number(value); }

class Csv {
 public:
  explicit Csv(const binade::Options& options) : name_(log_file::path(options, "file")) {}

  void run_start(const binade::RunStart& event) {
    path_ = std::filesystem::path(binade::view(event.directory)) / name_;
    log_file::make_folders(path_.parent_path().string(), "file");
    file_ = log_file::open_to_write(path_.string(), O_APPEND | O_CREAT, log_file::Kinds::regular_or_pipe);
    const auto folder = std::filesystem::path(binade::view(event.directory));
    own_ = path_.lexically_relative(folder).native().rfind("..", 0) != 0;
    cut([](std::string_view) { return true; });  // drop an incomplete row left by a killed process
  }

  // A file outside the run's folder may contain rows of other runs, which cannot be told apart.
  void resumed(const binade::Resumed& event) {
    if (own_) cut([&](std::string_view row) { return csv_rows::belongs(row, event.step, event.evaluated_step); });
  }

  void step(const binade::Step& event) {
    write_row({number(event.event.time), "train", number(event.step), number(event.epoch), number(event.loss),
               number_or_empty(event.accuracy), number(event.learning_rate), number(event.gradient_norm),
               number(event.loss_scale), number(static_cast<std::uint64_t>(event.skipped)), number(event.seconds),
               number(event.samples), number(event.tokens)},
              event.scalars, event.scalar_count);
  }

  void evaluation(const binade::Evaluation& event) {
    write_row({number(event.event.time), quoted(binade::view(event.split)), number(event.step), "", number(event.loss),
               number_or_empty(event.accuracy), "", "", "", "", number(event.seconds), number(event.samples), ""},
              event.scalars, event.scalar_count);
  }

  void flush() {
    if (file_ && std::fflush(file_.get()) != 0) fail("write to");
  }

 private:
  void write_row(const std::vector<std::string>& cells, const binade_scalar* scalars, std::uint64_t scalar_count) {
    if (!file_) throw std::runtime_error(path_.string() + " is not open");
    std::string row;
    // The names of the model's scalars are not known earlier.
    if (!header_written_ && size() == 0) {
      row = "time,split,step,epoch,loss,accuracy,learning_rate,gradient_norm,loss_scale,skipped,seconds,samples,tokens";
      for (std::uint64_t i = 0; i < scalar_count; ++i) row.append(",").append(quoted(binade::view(scalars[i].name)));
      row += "\r\n";
    }
    header_written_ = true;
    for (const auto& cell : cells) row += cell + ",";
    row.pop_back();
    for (std::uint64_t i = 0; i < scalar_count; ++i) row.append(",").append(number(scalars[i].value));
    row += "\r\n";
    if (std::fwrite(row.data(), 1, row.size(), file_.get()) != row.size()) fail("write to");
  }

  // Truncates the file at the first row that does not belong or is incomplete.
  template <class Belongs>
  void cut(Belongs belongs) {
    if (!std::filesystem::is_regular_file(path_)) return;  // a pipe cannot be truncated
    const auto kept = csv_rows::size_until(path_, belongs);
    if (kept < size() && ::ftruncate(::fileno(file_.get()), static_cast<off_t>(kept)) != 0) fail("truncate");
  }

  std::uintmax_t size() const {
    std::error_code error;
    const auto size = std::filesystem::file_size(path_, error);
    return error ? 0 : size;
  }

  [[noreturn]] void fail(const char* what) const { log_file::fail(what, path_.string(), std::strerror(errno)); }

  std::string name_;
  std::filesystem::path path_;
  log_file::File file_;
  bool header_written_ = false;
  bool own_ = true;  // the file is in the run's folder
};

}  // namespace

BINADE_LOGGER(Csv)
