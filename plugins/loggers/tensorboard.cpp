// TensorBoard's event files, written without TensorFlow: the scalars of each step and each evaluation.
#include <binade/logger.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>

#include "tensorboard_records.h"

namespace {

using tensorboard::Message;

std::string host_name() {
  char name[256] = "";
  ::gethostname(name, sizeof(name) - 1);
  return name;
}

// Texts in place of std::filesystem::path, which GCC 12's library does not destroy well when memory runs out.
std::string inside(const std::string& folder, const std::string& path) {
  if (path.empty() || path == ".") return folder;
  return path.front() == '/' ? path : folder + "/" + path;
}

void make_folders(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const auto folder = path.substr(0, end);
    if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) {
      throw std::runtime_error("cannot create " + folder + ": " + std::strerror(errno));
    }
    if (end == std::string::npos) return;
  }
}

class TensorBoard {
 public:
  explicit TensorBoard(const binade::Options& options) : folder_(options.string("folder")) {}

  void run_start(const binade::RunStart& event) {
    const auto folder = inside(std::string(binade::view(event.directory)), folder_);
    make_folders(folder);
    // TensorBoard reads files whose names contain "tfevents", in the order of their names.
    char time[32];
    std::snprintf(time, sizeof(time), "%010lld", static_cast<long long>(event.event.time));
    const auto name = std::string("events.out.tfevents.") + time + "." + host_name() + "." + std::to_string(::getpid());
    for (int number = 0; !file_; ++number) {
      path_ = folder + "/" + name + "." + std::to_string(number);
      file_.reset(std::fopen(path_.c_str(), "wbx"));
      if (!file_ && errno != EEXIST) fail("create");
    }
    write(tensorboard::file_version(event.event.time));
  }

  void step(const binade::Step& event) {
    // A run that was resumed repeats the steps after its checkpoint.
    if (first_step_ && event.step > 1) write(tensorboard::session_start(event.event.time, event.step));
    first_step_ = false;
    Message values;
    tensorboard::add_scalar(values, "loss/train", event.loss);
    if (!std::isnan(event.accuracy)) tensorboard::add_scalar(values, "accuracy/train", event.accuracy);
    tensorboard::add_scalar(values, "lr", event.learning_rate);
    tensorboard::add_scalar(values, "grad_norm", event.gradient_norm);
    tensorboard::add_scalar(values, "amp/loss_scale", event.loss_scale);
    tensorboard::add_scalar(values, "amp/skipped_steps", static_cast<double>(event.skipped_steps));
    add_model_scalars(values, "train", event.scalars, event.scalar_count);
    write(tensorboard::summary(event.event.time, event.step, values));
  }

  void evaluation(const binade::Evaluation& event) {
    const std::string split(binade::view(event.split));
    Message values;
    tensorboard::add_scalar(values, "loss/" + split, event.loss);
    if (!std::isnan(event.accuracy)) tensorboard::add_scalar(values, "accuracy/" + split, event.accuracy);
    add_model_scalars(values, split, event.scalars, event.scalar_count);
    write(tensorboard::summary(event.event.time, event.step, values));
  }

  void flush() {
    if (file_ && std::fflush(file_.get()) != 0) fail("write to");
  }

 private:
  static void add_model_scalars(Message& values, const std::string& split, const binade_scalar* scalars,
                                std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      tensorboard::add_scalar(values, "model/" + std::string(binade::view(scalars[i].name)) + "/" + split,
                              scalars[i].value);
    }
  }

  void write(const Message& event) {
    if (!file_) throw std::runtime_error(path_ + " is not open");
    const auto record = tensorboard::record(event.text());
    if (std::fwrite(record.data(), 1, record.size(), file_.get()) != record.size()) fail("write to");
  }

  [[noreturn]] void fail(const char* what) const {
    throw std::runtime_error(std::string("cannot ") + what + " " + path_ + ": " + std::strerror(errno));
  }

  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::string folder_;
  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
  bool first_step_ = true;
};

}  // namespace

BINADE_LOGGER(TensorBoard)
