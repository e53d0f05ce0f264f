// Whether a resumed run reproduces the interrupted one.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace binade::host {

// Of two descriptions of a run, by key: "threads" "libtorch" "cpu_capability" "device" "binade", "plugin.<kind>.<id>",
// "option.<section>.<key>", and "data.<key>" of a fingerprint (host/data/fingerprint/fingerprint.h). One sentence for
// each difference that can change a number, those of the data first; options that only say where to report, or when to
// stop on a schedule that does not look ahead, are not a difference.
std::vector<std::string> resume_differences(const std::map<std::string, std::string>& before,
                                            const std::map<std::string, std::string>& now);

// Where only a part of the data was compared, and no difference was found: how far. Else empty.
std::string compared_data(const std::map<std::string, std::string>& before,
                          const std::map<std::string, std::string>& now);

// The differences that make it impossible to resume: another model, dataset or optimizer.
std::vector<std::string> incompatibilities(const std::map<std::string, std::string>& before,
                                           const std::map<std::string, std::string>& now);

}  // namespace binade::host
