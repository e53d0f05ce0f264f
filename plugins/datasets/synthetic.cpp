// Synthetic tasks of any size. Each sample is computed from (seed, index) when it is read; nothing is stored.
#include <binade/dataset.h>

#include <algorithm>
#include <cmath>
#include <variant>

#include "gaussian.h"

namespace {

// Separate random streams for the parameters of a task and for its samples.
enum Stream : std::uint64_t { samples_stream, task_stream };

// A sample of class `index % classes` comes from a Gaussian cloud around that class's centre.
class Clusters {
 public:
  explicit Clusters(const binade::Options& options)
      : seed_(static_cast<std::uint64_t>(options.integer("seed"))),
        features_(options.integer("features")),
        classes_(options.integer("classes")),
        noise_(options.has("noise") ? options.number("noise") : 1.0) {}

  void describe(binade::Description& description) const {
    description.field<float>("features", {features_}).field<std::int64_t>("label");
    description.fact("features", features_).fact("classes", classes_);
    description.fact("loss", "cross_entropy").fact("target", "label");
  }
  void read(const binade::Sample& sample) const {
    const auto label = sample.index() % static_cast<std::uint64_t>(classes_);
    binade::Random centre(seed_, task_stream, label), cloud(seed_, samples_stream, sample.index());
    for (auto& x : sample.field<float>(0)) x = static_cast<float>(gaussian(centre) + noise_ * gaussian(cloud));
    sample.field<std::int64_t>(1)[0] = static_cast<std::int64_t>(label);
  }

 private:
  std::uint64_t seed_;
  std::int64_t features_, classes_;
  double noise_;
};

// Targets come from a teacher: a network with one hidden layer, random weights and the activation x / (1 + |x|).
class Teacher {
 public:
  explicit Teacher(const binade::Options& options)
      : seed_(static_cast<std::uint64_t>(options.integer("seed"))),
        features_(options.integer("features")),
        noise_(options.has("noise") ? options.number("noise") : 0.1) {
    binade::Random random(seed_, task_stream, 0);
    weights_.resize(static_cast<std::size_t>(features_) * units);
    const double width = std::sqrt(static_cast<double>(features_));
    for (auto& weight : weights_) weight = 2 * gaussian(random) / width;
    for (auto& weight : output_) weight = gaussian(random);
  }

  void describe(binade::Description& description) const {
    description.field<float>("features", {features_}).field<float>("label", {1});
    description.fact("features", features_).fact("loss", "mse").fact("target", "label");
  }
  void read(const binade::Sample& sample) const {
    binade::Random random(seed_, samples_stream, sample.index());
    const auto features = sample.field<float>(0);
    for (auto& x : features) x = static_cast<float>(gaussian(random));
    double sum = noise_ * gaussian(random);
    for (std::size_t unit = 0; unit < units; ++unit) {
      double x = 0;
      for (std::size_t i = 0; i < features.size(); ++i) x += weights_[unit * features.size() + i] * features[i];
      sum += output_[unit] * (x / (1 + std::abs(x)));
    }
    sample.field<float>(1)[0] = static_cast<float>(sum);
  }

 private:
  static constexpr std::size_t units = 8;
  std::uint64_t seed_;
  std::int64_t features_;
  double noise_;
  std::vector<double> weights_;  // [units, features]
  double output_[units];
};

// The common part of the token tasks.
struct Sequences {
  Sequences(const binade::Options& options, std::int64_t default_length)
      : seed(static_cast<std::uint64_t>(options.integer("seed"))),
        length(options.has("sequence_length") ? options.integer("sequence_length") : default_length),
        vocabulary(options.integer("vocab_size")) {}

  void describe(binade::Description& description) const {
    description.field<std::int64_t>("tokens", {length});
    description.fact("vocab_size", vocabulary).fact("sequence_length", length);
    description.fact("loss", "next_token").fact("target", "tokens");
  }
  binade::Random random(const binade::Sample& sample) const { return {seed, samples_stream, sample.index()}; }

  std::uint64_t seed;
  std::int64_t length, vocabulary;
};

[[noreturn]] void refuse(const std::string& reason) { throw std::invalid_argument(reason); }

// Symbols, the separator (the last token of the vocabulary), and the symbols again, in the same order or sorted.
class Rewriting {
 public:
  Rewriting(const binade::Options& options, bool sorted) : sequences_(options, 33), sorted_(sorted) {
    if (sequences_.length < 3 || sequences_.length % 2 == 0) {
      refuse("`sequence_length` is " + std::to_string(sequences_.length) + ", task = \"" + (sorted ? "sort" : "copy") +
             "\" needs an odd number of at least 3: the separator stands in the middle");
    }
    if (sequences_.vocabulary < 3) refuse("`vocab_size` must be at least 3: two symbols and the separator");
  }

  void read(const binade::Sample& sample) const {
    auto random = sequences_.random(sample);
    const auto tokens = sample.field<std::int64_t>(0);
    const auto count = (sequences_.length - 1) / 2;
    const auto separator = sequences_.vocabulary - 1;
    auto* const result = tokens.begin() + count + 1;
    std::generate_n(tokens.begin(), count,
                    [&] { return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(separator))); });
    tokens.begin()[count] = separator;
    std::copy_n(tokens.begin(), count, result);
    if (sorted_) std::sort(result, result + count);
  }

  void describe(binade::Description& description) const { sequences_.describe(description); }

 private:
  Sequences sequences_;
  bool sorted_;
};

// "12+34=046": two numbers of `digits` digits and their sum, which has one more, all with leading zeros.
class Addition {
 public:
  explicit Addition(const binade::Options& options) : sequences_(options, 12), digits_(sequences_.length / 3 - 1) {
    if (sequences_.length % 3 != 0 || digits_ < 1 || digits_ > 18) {
      refuse("`sequence_length` is " + std::to_string(sequences_.length) +
             ", task = \"addition\" needs a multiple of 3 from 6 to 57: 3 * digits + 3");
    }
    if (sequences_.vocabulary < 12) {
      refuse("`vocab_size` is " + std::to_string(sequences_.vocabulary) +
             ", task = \"addition\" has 12 tokens: ten digits, + and =");
    }
  }

  void read(const binade::Sample& sample) const {
    auto random = sequences_.random(sample);
    std::uint64_t bound = 1;
    for (std::int64_t i = 0; i < digits_; ++i) bound *= 10;
    const auto a = random.below(bound), b = random.below(bound);
    auto* token = sample.field<std::int64_t>(0).data();
    token = write(token, a, digits_);
    *token++ = plus;
    token = write(token, b, digits_);
    *token++ = equals;
    write(token, a + b, digits_ + 1);
  }

  void describe(binade::Description& description) const { sequences_.describe(description); }

 private:
  static constexpr std::int64_t plus = 10, equals = 11;

  static std::int64_t* write(std::int64_t* token, std::uint64_t number, std::int64_t digits) {
    for (std::int64_t i = digits; i-- > 0; number /= 10) token[i] = static_cast<std::int64_t>(number % 10);
    return token + digits;
  }
  Sequences sequences_;
  std::int64_t digits_;
};

class Synthetic {
 public:
  explicit Synthetic(const binade::Options& options)
      : size_(static_cast<std::uint64_t>(options.integer("samples"))), task_(make(options)) {}

  binade::Description describe() const {
    binade::Description description;
    description.split("train", size_).independent();
    std::visit([&](const auto& task) { task.describe(description); }, task_);
    return description;
  }
  void read(const binade::Sample& sample) const {
    std::visit([&](const auto& task) { task.read(sample); }, task_);
  }

 private:
  using Task = std::variant<Clusters, Teacher, Rewriting, Addition>;

  static Task make(const binade::Options& options) {
    const auto fields = options.strings("fields");
    const bool reads_tokens = std::find(fields.begin(), fields.end(), "tokens") != fields.end();
    const auto task = options.has("task") ? options.string("task") : reads_tokens ? "copy" : "classification";
    if (task == "classification") return Clusters(options);
    if (task == "regression") return Teacher(options);
    if (task == "addition") return Addition(options);
    return Rewriting(options, task == "sort");
  }

  std::uint64_t size_;
  Task task_;
};

}  // namespace

BINADE_DATASET(Synthetic)
