// The sections of an experiment that the host itself reads: their keys as data, and what their texts mean.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/experiment/schema/option.h"

namespace binade::host {

struct Experiment;

// The keys of a section. A section whose keys depend on its `name` has one variant for each name, the default first.
struct SectionVariant {
  std::string name;  // empty for a section with one variant
  std::vector<OptionSpec> options;
};
struct SectionSpec {
  std::string name, help;
  std::vector<SectionVariant> variants;
};

// experiment, task, optimizer, schedule, train, checkpoint, watchdog, metrics. The same objects for the life of the
// process.
const std::vector<SectionSpec>& host_sections();
const SectionSpec& host_section(std::string_view name);
// One [[optimizer.group]]: parameters, lr, weight_decay.
const SectionSpec& parameter_group_section();

// What one key alone cannot tell: forms of texts, exclusive bounds, keys that contradict each other. Values that are
// wrong already, and so absent, are passed over.
void check_section_rules(const Experiment& experiment, Diagnostics& diagnostics);

// "90s", "5m", "1h30m", "1.5h", "500ms", "90" -> seconds; nullopt for anything else.
std::optional<double> parse_duration(std::string_view text);
// "10m" for 600: such a text with one unit.
std::string duration_text(double seconds);

// "127.0.0.1:9464", "localhost:0", "[::1]:0".
struct ListenAddress {
  std::string host;  // without brackets
  int port = 0;
  bool loopback() const;
};
std::optional<ListenAddress> parse_listen(std::string_view text);

// "auto", "cpu", "cuda", "cuda:1"
bool is_device(std::string_view text);

}  // namespace binade::host
