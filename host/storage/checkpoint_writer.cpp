// A failed sync is not retried: the files are discarded.
#include "host/storage/checkpoint_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "host/base/atomic_file.h"
#include "host/base/file_error.h"
#include "host/base/sha256.h"
#include "host/storage/checkpoint_manifest.h"

namespace binade::host {
namespace {

// A file of an unfinished checkpoint, which is hashed while it is written, and synced.
class HashedFile {
 public:
  explicit HashedFile(std::filesystem::path path) : path_(std::move(path)) {
    file_ = uninterrupted([&] { return open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666); });
    if (file_ < 0) throw_file_error("create", path_);
  }
  ~HashedFile() {
    if (file_ >= 0) ::close(file_);
  }
  HashedFile(const HashedFile&) = delete;
  HashedFile& operator=(const HashedFile&) = delete;

  void write(const void* data, std::size_t bytes) {
    if (bytes == 0) return;
    hash_.update(data, bytes);
    if (write_all(file_, data, bytes) != bytes) throw_file_error("write", path_);
    bytes_ += bytes;
  }

  CheckpointManifest::File close() {
    if (sync_file(file_) != 0) throw_file_error("sync", path_);
    // Some network file systems report a failed write only here. The descriptor is closed even if close() fails.
    if (::close(std::exchange(file_, -1)) != 0 && errno != EINTR) throw_file_error("close", path_);
    return {bytes_, hash_.hex()};
  }

 private:
  std::filesystem::path path_;
  int file_ = -1;
  std::uint64_t bytes_ = 0;
  Sha256 hash_;
};

CheckpointManifest::File write_text(const std::filesystem::path& path, const std::string& text) {
  HashedFile file(path);
  file.write(text.data(), text.size());
  return file.close();
}

CheckpointManifest::File write_tensors(const std::filesystem::path& path, const std::vector<TensorBytes>& tensors,
                                       const std::map<std::string, std::string>& metadata) {
  HashedFile file(path);
  write_safetensors([&](const void* data, std::size_t bytes) { file.write(data, bytes); }, tensors, metadata);
  return file.close();
}

bool rename_to(const std::filesystem::path& from, const std::filesystem::path& to) {
  return std::rename(from.c_str(), to.c_str()) == 0;
}

std::filesystem::path with_suffix(std::filesystem::path path, const char* suffix) { return path += suffix; }

}  // namespace

CheckpointWriter::CheckpointWriter(const std::filesystem::path& target)
    : target_(target), path_(with_suffix(target, unfinished_suffix)) {
  if (mkdir(path_.c_str(), 0777) != 0) throw_file_error("create the folder", path_);
}

CheckpointWriter::~CheckpointWriter() {
  if (path_.empty()) return;
  try {
    remove_checkpoint(path_);
  } catch (const std::exception&) {  // removed before the next checkpoint is written
  }
}

std::uint64_t CheckpointWriter::write(const CheckpointContent& content) {
  CheckpointManifest manifest{content.step, content.validation_loss, {}};
  manifest.files[checkpoint_model_file] =
      write_tensors(path_ / checkpoint_model_file, content.model, content.model_metadata);
  manifest.files[checkpoint_state_file] = write_tensors(path_ / checkpoint_state_file, content.state, {});
  manifest.files[checkpoint_json_file] = write_text(path_ / checkpoint_json_file, content.json);
  std::uint64_t bytes = write_text(path_ / CheckpointManifest::file_name, manifest.text()).bytes;
  for (const auto& [name, file] : manifest.files) bytes += file.bytes;
  sync_folder(path_);
  return bytes;
}

std::filesystem::path CheckpointWriter::put_in_place() {
  if (rename_to(path_, target_)) {
    path_.clear();
    return {};
  }
  if (errno != EEXIST && errno != ENOTEMPTY) throw_file_error("put in place", target_);
  // The target exists: exchange the two atomically, if the file system supports it.
  if (renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) == 0) {
    return std::exchange(path_, {});
  }
  if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP) throw_file_error("put in place", target_);
  // Otherwise move it aside, to a name under which it is still found.
  auto aside = with_suffix(target_, replaced_suffix);
  if (!rename_to(target_, aside)) throw_file_error("put in place", target_);
  if (!rename_to(path_, target_)) {
    const int error = errno;
    rename_to(aside, target_);  // if this fails, too, it is still found under that name
    errno = error;
    throw_file_error("put in place", target_);
  }
  path_.clear();
  return aside;
}

void remove_checkpoint(const std::filesystem::path& folder) {
  const auto manifest = folder / CheckpointManifest::file_name;
  if (unlink(manifest.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR) throw_file_error("remove", manifest);
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  if (error) throw std::system_error(error, "cannot remove " + folder.string());
}

}  // namespace binade::host
