// The sections of an experiment that the host itself reads: their keys as data.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/experiment/schema/option.h"

namespace binade::host {

// The keys of a section. A section whose keys depend on its `name` has one variant for each name, the default first.
struct SectionVariant {
  std::string name;  // empty for a section with one variant
  std::vector<OptionSpec> options;
};
struct SectionSpec {
  std::string name, help;
  std::vector<SectionVariant> variants;
};

// experiment, split, task, optimizer, schedule, train, checkpoint, watchdog, metrics. The same objects for the life of
// the process.
const std::vector<SectionSpec>& host_sections();
const SectionSpec& host_section(std::string_view name);
// One [[optimizer.group]]: parameters, lr, weight_decay.
const SectionSpec& parameter_group_section();

}  // namespace binade::host
