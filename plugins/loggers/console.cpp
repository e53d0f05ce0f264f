// Progress on standard output: one live line on a terminal, plain lines elsewhere.
#include <binade/logger.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "number_text.h"
#include "progress_line.h"

namespace {

using console::Color;

constexpr double redraw_seconds = 0.1;
constexpr double line_seconds = 5;
constexpr double rate_seconds = 3;  // time constant of the rates' moving average

std::size_t terminal_columns() {
  winsize size{};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

bool can_redraw() {
  const char* term = std::getenv("TERM");
  return term == nullptr || std::string_view(term) != "dumb";
}

// Overwrites the terminal's current line and erases the rest of it.
std::string redrawn(const std::string& text) { return std::string("\r").append(text).append("\x1b[K"); }

class Console {
 public:
  explicit Console(const binade::Options& options) : every_(static_cast<std::uint64_t>(options.integer("every"))) {}

  void run_start(const binade::RunStart& event) {
    live_ = event.interactive != 0 && every_ == 0 && can_redraw();
    colors_ = event.color != 0;
    target_steps_ = event.target_steps;
    max_seconds_ = event.max_seconds;
    start_time_ = event.event.time;
  }

  void step(const binade::Step& event) {
    remember(event);
    const double since_shown = event.event.time - shown_time_;
    const bool first = !shown_ || since_shown < 0;  // or the clock was set back
    if (live_) {
      if (first || since_shown >= redraw_seconds) show();
    } else if (first || (every_ > 0 ? event.step % every_ == 0 : since_shown >= line_seconds)) {
      show();
    }
  }

  void evaluation(const binade::Evaluation& event) {
    console::ProgressLine line(colors_);
    line.add(9, "step", console::grouped(event.step));
    line.add(9, std::string(binade::view(event.split)) + " loss", console::loss_text(event.loss),
             loss_color(event.loss));
    if (!std::isnan(event.accuracy)) line.add(8, "accuracy", console::format("%.2f %%", 100 * event.accuracy));
    for (std::uint64_t i = 0; i < event.scalar_count; ++i) {
      line.add(1, std::string(binade::view(event.scalars[i].name)), console::loss_text(event.scalars[i].value));
    }
    line.add(2, "in", console::format("%.1f s", event.seconds));
    const std::string text = line.text(room(), -1);
    print(live_ ? redrawn(text) + "\n" : text + "\n");
    if (live_ && shown_) show();
  }

  void run_end(const binade::RunEnd&) {
    ended_ = true;
    if (shown_ && (live_ || shown_step_ != last_.step)) show();
    if (live_ && shown_) print("\n");
  }

 private:
  // Columns available for a line. Leaves the last one free, because some terminals wrap a line that fills it.
  std::size_t room() const { return live_ ? terminal_columns() - 1 : 1000; }

  void remember(const binade::Step& event) {
    if (first_step_ == 0) {
      first_step_ = event.step;
      first_time_ = event.event.time;
    }
    last_ = event;
    last_.scalars = nullptr;
    scalars_.resize(event.scalar_count);
    for (std::uint64_t i = 0; i < event.scalar_count; ++i) {
      scalars_[i] = {std::string(binade::view(event.scalars[i].name)), event.scalars[i].value};
    }
    scaled_ = scaled_ || event.loss_scale != 1;
    const double decay = std::exp(-event.seconds / rate_seconds);
    recent_work_ = recent_work_ * decay + static_cast<double>(event.tokens > 0 ? event.tokens : event.samples);
    recent_seconds_ = recent_seconds_ * decay + event.seconds;
  }

  static Color loss_color(double loss) { return std::isfinite(loss) ? Color::bold : Color::red; }

  // Progress from 0 to 1 towards the limit that is closest; negative if the run has no known limit.
  double progress() const {
    double progress = -1;
    if (target_steps_ > 0) progress = static_cast<double>(last_.step) / static_cast<double>(target_steps_);
    if (max_seconds_ > 0) progress = std::max(progress, (last_.event.time - start_time_) / max_seconds_);
    return std::min(progress, 1.0);
  }

  // Estimated seconds until the run ends, at the average pace so far, evaluations included; negative if unknown.
  double seconds_left() const {
    double left = -1;
    if (target_steps_ > 0) {
      if (last_.step <= first_step_ || last_.step > target_steps_) return -1;
      const double per_step = (last_.event.time - first_time_) / static_cast<double>(last_.step - first_step_);
      left = per_step * static_cast<double>(target_steps_ - last_.step);
    }
    if (max_seconds_ > 0) {
      const double until_limit = std::max(0.0, start_time_ + max_seconds_ - last_.event.time);
      left = left < 0 ? until_limit : std::min(left, until_limit);
    }
    return left;
  }

  std::string step_text() const {
    std::string number = console::grouped(last_.step);
    if (target_steps_ == 0) return number;
    const std::string target = console::grouped(target_steps_);
    if (number.size() < target.size()) number.insert(0, target.size() - number.size(), ' ');
    return number + "/" + target;
  }

  std::string line() const {
    console::ProgressLine line(colors_);
    line.add(9, "step", step_text());
    const double done = progress();
    if (done >= 0) line.add(6, "", console::format("%3.0f %%", std::floor(100 * done)));
    line.add(8, "loss", console::loss_text(last_.loss), loss_color(last_.loss));
    if (!std::isnan(last_.accuracy)) line.add(3, "accuracy", console::format("%.1f %%", 100 * last_.accuracy));
    for (const auto& [name, value] : scalars_) line.add(1, name, console::loss_text(value));
    if (!live_) line.add(4, "lr", console::format("%.2e", last_.learning_rate));
    if (recent_seconds_ > 0) {
      line.add(5, "",
               console::short_number(recent_work_ / recent_seconds_) + (last_.tokens > 0 ? " tokens/s" : " samples/s"));
    }
    if (const double left = seconds_left(); left >= 0 && !ended_) line.add(7, "ETA", console::duration_text(left));
    if (scaled_) line.add(3, "scale", console::scale_text(last_.loss_scale));
    if (last_.skipped_steps > 0) line.add(4, "skipped", console::grouped(last_.skipped_steps), Color::yellow);
    return line.text(room(), live_ ? done : -1);
  }

  void show() {
    print(live_ ? redrawn(line()) : line() + "\n");
    shown_ = true;
    shown_step_ = last_.step;
    shown_time_ = last_.event.time;
  }

  static void print(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
      throw binade::Failure(BINADE_FAILED, std::string("cannot write to standard output: ") + std::strerror(errno));
    }
  }

  const std::uint64_t every_;
  bool live_ = false, colors_ = false, scaled_ = false, ended_ = false;
  std::uint64_t target_steps_ = 0;  // 0: unknown
  double max_seconds_ = 0;          // 0: no limit
  double start_time_ = 0;
  std::uint64_t first_step_ = 0;  // of this process: a resumed run does not begin at 1
  double first_time_ = 0;
  binade::Step last_{};
  std::vector<std::pair<std::string, double>> scalars_;
  double recent_work_ = 0, recent_seconds_ = 0;  // decayed sums of tokens or samples, and of their time
  bool shown_ = false;
  std::uint64_t shown_step_ = 0;
  double shown_time_ = 0;
};

}  // namespace

BINADE_LOGGER(Console)
