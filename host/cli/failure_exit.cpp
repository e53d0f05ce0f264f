#include "host/cli/failure_exit.h"

#include <fmt/format.h>

#include <new>
#include <stdexcept>

#include "binade/abi/plugin.h"
#include "host/base/error_text.h"
#include "host/cli/exit_codes.h"
#include "host/cli/last_resort.h"
#include "host/experiment/diagnostics/diagnostic_pages.h"
#include "host/loading/plugin.h"
#include "host/loading/refused.h"
#include "host/storage/checkpoint_error.h"

namespace binade::host {
namespace {

bool is_data_error(std::int32_t status) { return status == BINADE_BAD_DATA || status == BINADE_NOT_FOUND; }

void log_plugin_failure(const PluginRefused& refused, ColorMode color) {
  const Paint paint(wants_color(color, stderr));
  const auto who = refused.id().empty() ? "" : fmt::format("plugin `{}` refused: ", refused.id());
  show(stderr, "{}: {}\n{}", paint.red(fmt::format("error[{}]", refused.code())),
       Lines{shown_message(who + refused.what())}, Lines{explain_hint(refused.code())});
}

int explain(ColorMode color) {
  const auto say = [&](std::string_view text) { log_line(color, BINADE_LOG_ERROR, text); };
  try {
    throw;
  } catch (const PluginRefused& refused) {
    log_plugin_failure(refused, color);
    return exit_plugin_refused;
  } catch (const PluginError& error) {
    const bool out_of_memory = error.status() == BINADE_OUT_OF_MEMORY;
    say(fmt::format("{}{}", error.what(), out_of_memory ? "; a smaller batch_size or model needs less" : ""));
    return is_data_error(error.status()) ? exit_bad_data : exit_run_failed;
  } catch (const CheckpointError& error) {
    say(error.what());
    return exit_bad_data;
  } catch (const std::bad_alloc&) {
    end_without_memory();
  } catch (const std::logic_error& error) {
    say(fmt::format("a bug in Binade, please report it: {}", error_text(error)));
    return exit_internal;
  } catch (const std::exception& error) {
    say(error_text(error));
    return exit_run_failed;
  } catch (...) {
    say("a bug in Binade, please report it: the exception that was thrown is not a std::exception");
    return exit_internal;
  }
}

}  // namespace

int exit_code_of_failure(ColorMode color) {
  try {
    return explain(color);
  } catch (const std::exception&) {  // there is no memory for the message
    end_without_memory();
  }
}

}  // namespace binade::host
