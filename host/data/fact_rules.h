// The facts of a dataset, compared with its fields.
#pragma once

#include "host/data/description.h"

namespace binade::host {

// Throws std::runtime_error for a well-known fact that contradicts a field or that no task could use, such as
// `features` = 5 beside a field `features` of 4 elements. Says what to change.
void check_facts(const DatasetDescription& description);

}  // namespace binade::host
