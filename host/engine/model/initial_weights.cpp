#include "host/engine/model/initial_weights.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/isnan.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "host/base/error_text.h"
#include "host/base/file_stream.h"
#include "host/engine/device/device.h"
#include "host/storage/checkpoint.h"
#include "host/storage/checkpoint_error.h"
#include "host/storage/safetensors.h"
#include "host/storage/safetensors_reading.h"

namespace binade::host {
namespace {

struct Source {
  std::filesystem::path path;  // the file or folder that was read
  SafetensorsFile file;
};

// A zip archive, as torch.save() writes it, or the bare pickle of older versions.
bool is_pickle(const std::filesystem::path& path) {
  constexpr std::size_t longest = 4;
  std::string start(longest, '\0');
  FileStream(path).read(start.data(), longest);
  return start.starts_with("PK\x03\x04") || start.starts_with("\x80\x02") || start.starts_with("\x80\x04") ||
         start.starts_with("\x80\x05");
}

[[noreturn]] void refuse_pickle(const std::filesystem::path& path) {
  auto out = path;
  out.replace_extension(".safetensors");
  throw CheckpointError(fmt::format(
      "{} is a file of torch.save(): it is a pickle, which may run any program when loaded, so Binade does not read "
      "it. Convert "
      "it once, where you trust it: python3 -c 'import torch, safetensors.torch as s; "
      "s.save_file({{k: v.contiguous().clone() for k, v in torch.load(\"{}\", weights_only=True).items()}}, \"{}\")'",
      path.string(), path.string(), out.string()));
}

Source read_file(const std::filesystem::path& path) {
  if (is_pickle(path)) refuse_pickle(path);
  return {path, read_safetensors(path)};
}

Source read_run(const std::filesystem::path& run) {
  std::vector<std::string> passed_over;
  if (auto checkpoint = CheckpointFolder(run / "checkpoints", 1, false).newest(passed_over)) {
    return {checkpoint->folder, std::move(checkpoint->model)};
  }
  const auto weights = run / "weights.safetensors";
  if (std::filesystem::exists(weights)) return read_file(weights);
  throw std::runtime_error(fmt::format("{} has neither a good checkpoint nor weights.safetensors{}{}", run.string(),
                                       passed_over.empty() ? "" : ": ", fmt::join(passed_over, "; ")));
}

Source read_source(const std::filesystem::path& from) {
  if (!std::filesystem::exists(from)) throw std::runtime_error(from.string() + " does not exist");
  if (!std::filesystem::is_directory(from)) return read_file(from);
  if (std::filesystem::exists(from / "manifest.json")) return {from, read_checkpoint(from).model};
  if (std::filesystem::exists(from / "experiment.toml")) return read_run(from);
  throw std::runtime_error(from.string() +
                           " is neither a run's directory nor a checkpoint's: it has no "
                           "experiment.toml and no manifest.json");
}

// Names, the first ones in full.
std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 12;
  if (names.size() <= shown) return fmt::format("{}", fmt::join(names, ", "));
  return fmt::format("{}, and {} more", fmt::join(names.begin(), names.begin() + shown, ", "), names.size() - shown);
}

struct Match {
  std::vector<std::pair<const TensorBytes*, const NamedTensor*>> fitting;
  std::vector<std::string> missing, unexpected, mismatched, unusable;

  bool complete() const { return missing.empty() && unexpected.empty() && mismatched.empty() && unusable.empty(); }
  std::string report() const {
    std::string text;
    const auto line = [&](const char* what, const std::vector<std::string>& names) {
      if (!names.empty()) text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", what, listed(names));
    };
    line("missing there", missing);
    line("unknown to the model", unexpected);
    line("of another form", mismatched);
    line("with values that a model cannot start from", unusable);
    return text;
  }
};

bool fits(const TensorBytes& bytes, const at::Tensor& tensor) {
  const bool same_kind = at::isFloatingType(scalar_type(bytes.dtype)) == tensor.is_floating_point();
  return same_kind && tensor.sizes() == bytes.shape;
}

at::Tensor tensor_of(const TensorBytes& bytes) {
  auto tensor = at::empty(bytes.shape, at::TensorOptions().dtype(scalar_type(bytes.dtype)));
  if (bytes.bytes != 0) std::memcpy(tensor.mutable_data_ptr(), bytes.data, bytes.bytes);
  return tensor;
}

// Describes values that are NaN or infinite, or become so in the model's type: "NaN or infinite in 3 of 64 values".
// Empty without such values. Buffers may hold infinities, as masks do, but neither NaN nor values that only the
// conversion makes infinite.
std::string unusable_values(const TensorBytes& bytes, const at::Tensor& wanted, bool is_buffer) {
  if (!wanted.is_floating_point()) return {};
  const auto count = [](const at::Tensor& which) { return which.sum().item().toLong(); };
  const auto source = tensor_of(bytes);
  const auto finite = at::isfinite(source);
  const auto wrong = is_buffer ? count(at::isnan(source)) : source.numel() - count(finite);
  if (wrong > 0) {
    return fmt::format("{} in {} of {} values", is_buffer ? "NaN" : "NaN or infinite", wrong, source.numel());
  }
  const auto beyond = count(finite.logical_and(at::isfinite(source.to(wanted.scalar_type())).logical_not()));
  if (beyond == 0) return {};
  return fmt::format("{} of {} values are beyond the model's {}", beyond, source.numel(),
                     c10::toString(wanted.scalar_type()));
}

Match match(const Model& model, const SafetensorsFile& file) {
  std::map<std::string, const TensorBytes*> there;
  for (const auto& tensor : file.tensors) there[tensor.name] = &tensor;
  std::map<std::string, std::string> first_names;
  std::multimap<std::string, std::string> other_names;
  for (const auto& [name, first] : model.aliases()) {
    first_names[name] = first;
    other_names.emplace(first, name);
  }
  Match result;
  for (const auto* part : {&model.parameters(), &model.buffers()}) {
    for (const auto& wanted : *part) {
      auto found = there.find(wanted.name);
      const auto [begin, end] = other_names.equal_range(wanted.name);
      for (auto other = begin; found == there.end() && other != end; ++other) found = there.find(other->second);
      first_names[wanted.name] = wanted.name;
      if (found == there.end()) {
        result.missing.push_back(wanted.name);
      } else if (!fits(*found->second, wanted.tensor)) {
        result.mismatched.push_back(
            fmt::format("{} ({} of [{}], the model's {} of [{}])", wanted.name,
                        c10::toString(scalar_type(found->second->dtype)), fmt::join(found->second->shape, ", "),
                        c10::toString(wanted.tensor.scalar_type()), fmt::join(wanted.tensor.sizes(), ", ")));
      } else if (const auto problem = unusable_values(*found->second, wanted.tensor, part == &model.buffers());
                 !problem.empty()) {
        result.unusable.push_back(fmt::format("{} ({})", wanted.name, problem));
      } else {
        result.fitting.emplace_back(found->second, &wanted);
      }
    }
  }
  for (const auto& tensor : file.tensors) {
    if (first_names.count(tensor.name) == 0) result.unexpected.push_back(tensor.name);
  }
  return result;
}

void copy(const TensorBytes& bytes, const at::Tensor& into) {
  const at::NoGradGuard no_grad;
  into.copy_(tensor_of(bytes));
}

}  // namespace

InitialWeights load_initial_weights(const Model& model, const std::filesystem::path& from, bool strict) {
  Source source;
  try {
    source = read_source(from);
  } catch (const CheckpointError&) {
    throw;
  } catch (const std::runtime_error& error) {
    throw CheckpointError(fmt::format("[model] init_from: {}", error_text(error)));
  }
  const auto found = match(model, source.file);
  const auto expected = model.parameters().size() + model.buffers().size();
  if (strict && !found.complete()) {
    throw CheckpointError(fmt::format(
        "[model] init_from: {} does not fit this model; {}. `init_strict = false` under [model] takes the {} of {} "
        "tensors that fit",
        source.path.string(), found.report(), found.fitting.size(), expected));
  }
  if (found.fitting.empty()) {
    throw CheckpointError(
        fmt::format("[model] init_from: {} has no tensor of this model; {}", source.path.string(), found.report()));
  }
  for (const auto& [bytes, wanted] : found.fitting) copy(*bytes, wanted->tensor);
  return {fmt::format("the model begins with weights from {}: {} of {} tensors", source.path.string(),
                      found.fitting.size(), expected),
          found.report()};
}

}  // namespace binade::host
