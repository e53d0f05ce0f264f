// Files of 16-bit tokens as windows, with one field "tokens", int64 [sequence_length]. Files are memory-mapped.
#include <binade/dataset.h>

#include <algorithm>

#include "input_files.h"
#include "token_shard.h"
#include "windows.h"

namespace {

using Shards = std::vector<TokenShard>;

constexpr input_files::Kind token_file = {
    [](const std::filesystem::path& path, std::string&) { return path.extension() == ".bin"; }, "file NAME.bin"};

// The windows of one split, shard by shard.
class Split {
 public:
  void add(const TokenShard& shard, const Windows& windows) {
    if (windows.count == 0) return;
    size_ += windows.count;
    parts_.push_back({size_, shard.tokens(), windows});
  }
  std::uint64_t size() const { return size_; }

  const std::uint16_t* window(std::uint64_t index) const {
    const auto part = std::upper_bound(parts_.begin(), parts_.end(), index,
                                       [](std::uint64_t wanted, const Part& part) { return wanted < part.end; });
    return part->tokens + part->windows.start(index - (part->end - part->windows.count));
  }

 private:
  struct Part {
    std::uint64_t end;  // number of windows up to the last of this part
    const std::uint16_t* tokens;
    Windows windows;
  };
  std::vector<Part> parts_;
  std::uint64_t size_ = 0;
};

std::uint64_t total(const Shards& shards) {
  std::uint64_t sum = 0;
  for (const auto& shard : shards) sum += shard.size();
  return sum;
}

class Tokens {
 public:
  Tokens(const binade::Options& options, const binade::Host& host)
      : length_(static_cast<std::uint64_t>(options.integer("sequence_length"))),
        stride_(options.has("stride") ? static_cast<std::uint64_t>(options.integer("stride")) : length_) {
    const auto format = options.string("format");
    const auto files = input_files::find(options.paths("paths"), token_file, host);
    open(files, format, host, shards_);
    if (options.has("validation_paths")) {
      const auto others = input_files::find(options.paths("validation_paths"), token_file, host, "validation_paths");
      input_files::refuse_shared(files, others, "`paths` and in `validation_paths`");
      open(others, format, host, validation_shards_);
    }
    find_vocabulary(options);
    place_windows(options.number("validation"));
    host.info(
        std::to_string(files.size()) + (files.size() == 1 ? " file, " : " files, ") + std::to_string(total(shards_)) +
        " tokens" +
        (validation_shards_.empty() ? "" : ", and " + std::to_string(total(validation_shards_)) + " to validate") +
        "; vocab_size " + std::to_string(vocabulary_size_));
  }

  binade::Description describe() const {
    const auto length = static_cast<std::int64_t>(length_);
    binade::Description description;
    description.split("train", train_.size());
    if (validation_.size() > 0) description.split("validation", validation_.size());
    description.field<std::int64_t>("tokens", {length});
    description.fact("vocab_size", vocabulary_size_).fact("sequence_length", length);
    description.fact("loss", "next_token").fact("target", "tokens");
    return description;  // not independent: neighbouring windows continue each other
  }

  void read(const binade::Sample& sample) const {
    const auto* const window = (sample.split() == 0 ? train_ : validation_).window(sample.index());
    std::copy(window, window + length_, sample.field<std::int64_t>(0).data());
  }

 private:
  // If the experiment sets the format, a file that looks like another format only gets a warning.
  void open(const input_files::Files& files, const std::string& format, const binade::Host& host,
            Shards& shards) const {
    for (const auto& file : files) {
      const auto& shard = shards.emplace_back(file, format);
      const auto doubt = shard.doubt();
      if (!doubt.empty() && format == "auto") {
        shard.file().bad_data(doubt + "; if they are 16-bit tokens, set format = \"nanogpt\"");
      }
      if (!doubt.empty()) host.warning(shard.file().name() + ": " + doubt);
      if (shard.size() < length_) {
        const auto size = std::to_string(shard.size());
        shard.file().bad_data(size + " tokens, less than one sample: remove the file" +
                              (shard.size() < 2 ? "" : ", or set a `sequence_length` of at most " + size));
      }
    }
  }

  void find_vocabulary(const binade::Options& options) {
    constexpr std::int64_t all = 65536;  // every 16-bit token is valid
    if (options.has("vocab_size")) vocabulary_size_ = options.integer("vocab_size");
    if (vocabulary_size_ == all) return;
    for (const auto* shards : {&shards_, &validation_shards_}) {
      for (const auto& shard : *shards) {
        if (options.has("vocab_size")) {
          shard.check(vocabulary_size_);
        } else {
          vocabulary_size_ = std::max<std::int64_t>(vocabulary_size_, shard.largest() + 1);
        }
      }
    }
  }

  void place_windows(double share) {
    if (share > 0 && !validation_shards_.empty()) {
      throw std::invalid_argument("`validation` and `validation_paths` are both set: keep one of them");
    }
    for (const auto& shard : validation_shards_) add_validation(shard);
    // Hold back tokens from the last shard backwards.
    const auto tokens = total(shards_);
    auto left = held_back(tokens, share, length_);
    std::vector<std::uint64_t> train_sizes(shards_.size());
    for (std::size_t i = shards_.size(); i-- > 0;) {
      const auto size = shards_[i].size(), part = left < size ? left / (length_ - 1) * (length_ - 1) : size;
      train_sizes[i] = size - part;
      left -= std::min(left, size);
    }
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      const auto train = train_sizes[i], validation = shards_[i].size() - train;
      train_.add(shards_[i], windows_within(0, train, length_, stride_));
      if (train == 0) add_validation(shards_[i]);
      if (train > 0) validation_.add(shards_[i], {train - 1, length_ - 1, validation / (length_ - 1)});
    }
    const bool nothing_to_validate = share > 0 && validation_.size() == 0;
    if (!nothing_to_validate && train_.size() > 0) return;
    throw binade::Failure(BINADE_BAD_DATA,
                          shards_.front().file().name() + (shards_.size() > 1 ? " and the other files: " : ": ") +
                              std::to_string(tokens) + " tokens, of which `validation` " +
                              (nothing_to_validate ? "is" : "leaves to train on") +
                              " less than one sample: provide more tokens, or a " +
                              (nothing_to_validate ? "larger" : "smaller") +
                              " `validation`, or a `sequence_length` below " + std::to_string(length_));
  }

  void add_validation(const TokenShard& shard) {
    validation_.add(shard, windows_within(0, shard.size(), length_, length_ - 1));
  }

  std::uint64_t length_, stride_;  // in tokens
  Shards shards_, validation_shards_;
  Split train_, validation_;
  std::int64_t vocabulary_size_ = 0;
};

}  // namespace

BINADE_DATASET(Tokens)
