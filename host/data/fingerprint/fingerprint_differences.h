// Whether two runs read the same data.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/data/fingerprint/fingerprint.h"

namespace binade::host {

// Sentences without an end, for people: "the data of `train` changed: file `/data/a.csv`". Empty where what both know
// is the same. A fingerprint that is empty is not known; `before` not known and `now` known is a difference, too.
std::vector<std::string> data_differences(const Fingerprint& before, const Fingerprint& now);

// Where data_differences() finds nothing, and yet neither the files nor all of the samples were compared, how far it
// looked: "as far as 4096 of 10000 samples of `train` show"; else empty.
std::string compared_in_part(const Fingerprint& before, const Fingerprint& now);

// The part of a fingerprint that is the same for every seed: without the splits, which the host may draw from it.
Fingerprint without_splits(Fingerprint fingerprint);
// Without the single files, of which there may be many: their common hash stays.
Fingerprint without_files(Fingerprint fingerprint);

// Out of a record, and into one, by data_prefix.
Fingerprint fingerprint_in(const std::map<std::string, std::string>& record);
void add_fingerprint(std::map<std::string, std::string>& record, const Fingerprint& fingerprint);

}  // namespace binade::host
