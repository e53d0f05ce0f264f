// Writes TensorBoard event files without TensorFlow: the scalars of each step and each evaluation.
#include <binade/logger.h>
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>

#include "log_file.h"
#include "tensorboard_records.h"

namespace {

using tensorboard::Message;

std::string host_name() {
  char name[256] = "";
  ::gethostname(name, sizeof(name) - 1);
  return name;
}

// Uses strings, because GCC 12's std::filesystem::path is not destroyed correctly when memory runs out.
std::string inside(const std::string& folder, const std::string& path) {
  if (path.empty() || path == ".") return folder;
  return path.front() == '/' ? path : folder + "/" + path;
}

std::vector<std::string> event_files(const std::string& folder) {
  struct Close {
    void operator()(DIR* open) const { ::closedir(open); }
  };
  const std::unique_ptr<DIR, Close> open(::opendir(folder.c_str()));
  if (!open) log_file::fail("read the folder", folder, std::strerror(errno));
  std::vector<std::string> files;
  while (const auto* entry = ::readdir(open.get())) {
    if (std::strncmp(entry->d_name, "events.out.tfevents.", 20) == 0) files.push_back(inside(folder, entry->d_name));
  }
  return files;
}

class TensorBoard {
 public:
  explicit TensorBoard(const binade::Options& options) : folder_(log_file::path(options, "folder")) {}

  void run_start(const binade::RunStart& event) {
    const std::string run(binade::view(event.directory));
    const auto folder = inside(run, folder_);
    log_file::make_folders(folder, "folder");
    own_folder_ = folder_.rfind('/', 0) == 0 || folder_.find("..") != std::string::npos ? "" : folder;
    // TensorBoard reads files whose names contain "tfevents", in the order of their names.
    char time[32];
    std::snprintf(time, sizeof(time), "%010lld", static_cast<long long>(event.event.time));
    const auto name = std::string("events.out.tfevents.") + time + "." + host_name() + "." + std::to_string(::getpid());
    for (int number = 0; !file_; ++number) {
      path_ = folder;
      path_.append("/").append(name).append(".").append(std::to_string(number));
      file_.reset(std::fopen(path_.c_str(), "wbx"));
      if (!file_ && errno != EEXIST) fail("create");
    }
    write(tensorboard::file_version(event.event.time));
  }

  // Removes later steps from earlier event files. Files outside the run's folder may belong to other runs and stay.
  // Readers that have seen the later steps are told to discard them.
  void resumed(const binade::Resumed& event) {
    if (!own_folder_.empty()) {
      for (const auto& file : event_files(own_folder_)) {
        if (file != path_) cut(file, event);
      }
    }
    write(tensorboard::session_start(event.event.time, event.step + 1));
    started_ = true;
  }

  void step(const binade::Step& event) {
    // A host older than ABI 1.2 does not send `resumed`.
    if (!started_ && event.step > 1) write(tensorboard::session_start(event.event.time, event.step));
    started_ = true;
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

  static void cut(const std::string& file, const binade::Resumed& resumed) {
    const auto opened = log_file::open_to_write(file, 0, log_file::Kinds::regular);
    std::ifstream in(file, std::ios::binary);
    in.exceptions(std::ios::badbit);
    std::streamoff kept = 0;
    for (std::string event; tensorboard::read_record(in, event); kept = in.tellg()) {
      const auto says = [&event](const char* tag) { return event.find(tag) != std::string::npos; };
      const bool evaluation = says("loss/") && !says("loss/train");
      if (tensorboard::step_of(event) > (evaluation ? resumed.evaluated_step : resumed.step)) break;
    }
    if (::ftruncate(::fileno(opened.get()), kept) != 0) log_file::fail("truncate", file, std::strerror(errno));
  }

  void write(const Message& event) {
    if (!file_) throw std::runtime_error(path_ + " is not open");
    const auto record = tensorboard::record(event.text());
    if (std::fwrite(record.data(), 1, record.size(), file_.get()) != record.size()) fail("write to");
  }

  [[noreturn]] void fail(const char* what) const { log_file::fail(what, path_, std::strerror(errno)); }

  std::string folder_;
  std::string path_;
  log_file::File file_;
  std::string own_folder_;  // empty if the event files are outside the run's folder
  bool started_ = false;
};

}  // namespace

BINADE_LOGGER(TensorBoard)
