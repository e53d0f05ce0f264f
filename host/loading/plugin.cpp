// The host's side of a call into a plugin: error sink, options and failures.
#include "host/loading/plugin.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "host/loading/plugin_text.h"

namespace binade::host {
namespace {

std::string_view status_name(std::int32_t status) {
  switch (status) {
    case BINADE_FAILED:
      return "failed";
    case BINADE_INVALID_ARGUMENT:
      return "invalid argument";
    case BINADE_NOT_FOUND:
      return "not found";
    case BINADE_BAD_DATA:
      return "bad data";
    case BINADE_OUT_OF_MEMORY:
      return "out of memory";
    case BINADE_UNIMPLEMENTED:
      return "unimplemented";
    default:
      return "unknown status";
  }
}

binade_string to_abi(std::string_view text) { return {text.data(), text.size()}; }

binade_value to_abi(const Scalar& scalar, OptionType type) {
  binade_value value{};
  value.struct_size = sizeof(value);
  switch (type) {
    case OptionType::boolean:
      value.type = BINADE_TYPE_BOOLEAN;
      value.integer = std::get<bool>(scalar) ? 1 : 0;
      break;
    case OptionType::integer:
      value.type = BINADE_TYPE_INTEGER;
      value.integer = std::get<std::int64_t>(scalar);
      break;
    case OptionType::number:
      value.type = BINADE_TYPE_NUMBER;
      value.number = std::get<double>(scalar);
      break;
    case OptionType::string:
    case OptionType::path:
      value.type = type == OptionType::string ? BINADE_TYPE_STRING : BINADE_TYPE_PATH;
      value.string = to_abi(std::get<std::string>(scalar));
      break;
  }
  return value;
}

}  // namespace

PluginError::PluginError(const std::string& plugin, const std::string& version, std::string_view call,
                         std::int32_t status, const std::string& message)
    : std::runtime_error(fmt::format("plugin `{}` {}: {}() failed: {} ({})", plugin, version, call,
                                     message.empty() ? "it gave no reason" : message, status_name(status))),
      plugin_(plugin),
      message_(message),
      status_(status) {}

ErrorSink::ErrorSink() : sink_{{sizeof(binade_error), 0, nullptr}, this} {
  sink_.base.set = [](binade_error* self, std::int32_t, binade_string message) noexcept {
    try {
      reinterpret_cast<Sink*>(self)->owner->message_ = view(message);
    } catch (const std::exception&) {
      return;  // out of memory: only the status remains
    }
  };
}

OptionsView::OptionsView(const OptionTable& options) : view_{{sizeof(binade_options), 0, nullptr, nullptr}, &options} {
  view_.base.count = [](const binade_options* self, binade_string name) noexcept -> std::uint64_t {
    const auto* option = reinterpret_cast<const View*>(self)->options->find(view(name));
    return option == nullptr ? 0 : option->values.size();
  };
  view_.base.get = [](const binade_options* self, binade_string name, std::uint64_t index,
                      binade_value* out) noexcept -> std::int32_t {
    try {
      const auto* option = reinterpret_cast<const View*>(self)->options->find(view(name));
      if (option == nullptr || index >= option->values.size()) return BINADE_NOT_FOUND;
      auto value = to_abi(option->values[index], option->spec->type);
      value.struct_size = out->struct_size;
      std::memcpy(out, &value, std::min<std::size_t>(out->struct_size, sizeof(value)));
      return BINADE_OK;
    } catch (const std::bad_variant_access&) {
      return BINADE_FAILED;  // a bug in the host: a value whose type differs from its spec
    }
  };
}

void Plugin::fail_thrown(const char* call, std::string_view what) const {
  // LibTorch appends a stack trace to its message after these words.
  fail(call, BINADE_FAILED,
       fmt::format("it threw an exception through the C interface, which is forbidden: {}",
                   what.substr(0, what.find("\nException raised from"))));
}

void Plugin::fail(const char* call, std::int32_t status, const std::string& message) const {
  if (call_times_) call_times_->failed(call);
  throw PluginError(id_, version_, call, status, message);
}

}  // namespace binade::host
