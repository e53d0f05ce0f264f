// Any text as a checkpoint's state.json: refused, or what a run resumes from is written back as it was read.
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "host/engine/loop/loop_state.h"
#include "host/engine/loop/skip_report.h"
#include "host/storage/state_json.h"

using namespace binade::host;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using Json = nlohmann::json;
  try {
    const auto state = parse_state(std::string(reinterpret_cast<const char*>(data), size));
    const auto loop = to_json(loop_state(state.at("loop")));
    require(to_json(loop_state(loop)) == loop);
    SkipReport skips({"weight"}, true);
    skips.load(state.at("skips"));
    for (const auto& count : skips.counts()) {
      require(static_cast<std::size_t>(count.cause) < skip_cause_names.size());
    }
    StepRecord record;
    record.step = loop["step"];
    record.skipped = true;
    skips.add(record);
    const auto again = skips.state();
    skips.load(again);
    require(skips.state() == again);
    state.at("made_by").get<std::map<std::string, std::string>>();
  } catch (const Json::exception&) {
  } catch (const std::runtime_error&) {
  }
  return 0;
}
