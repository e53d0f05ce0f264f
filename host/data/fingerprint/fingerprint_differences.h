// Compares the data of two runs.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/data/fingerprint/fingerprint.h"

namespace binade::host {

// Returns messages without a full stop: "the data of `train` changed (`/data/a.csv`)". Empty if everything that both
// contain is equal. An empty fingerprint is unknown; it is a difference if only `before` is unknown.
std::vector<std::string> data_differences(const Fingerprint& before, const Fingerprint& now);

// If data_differences() is empty although neither the files nor all samples could be compared, returns what was
// compared: "as far as 4096 of 10000 samples of `train` show". Otherwise empty.
std::string compared_in_part(const Fingerprint& before, const Fingerprint& now);

// The part of a fingerprint that does not depend on the seed, from which the host may draw splits.
Fingerprint without_splits(Fingerprint fingerprint);
// Omits the individual files, of which there may be many; their combined hash stays.
Fingerprint without_files(Fingerprint fingerprint);

// Read a fingerprint from a record, and add it to one, with data_prefix.
Fingerprint fingerprint_in(const std::map<std::string, std::string>& record);
void add_fingerprint(std::map<std::string, std::string>& record, const Fingerprint& fingerprint);

}  // namespace binade::host
