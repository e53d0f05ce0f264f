// What must not be shown to whoever reads over somebody's shoulder, or stay in a record.
#pragma once

#include <string>
#include <string_view>

namespace binade::host {

class Diagnostics;
struct Experiment;

// "http://***@host" for "http://user:password@host", wherever in a text such an address stands: a name before the @ may
// be a token, so nothing of what stands there stays.
std::string without_passwords(std::string_view text);

// Whether an address in a text has a password: "user:password@", or anything before the @ of a web address.
bool has_password(std::string_view text);

// A mistake for each address with a password in the experiment, which would stay in the run's records.
void refuse_passwords(const Experiment& experiment, Diagnostics& diagnostics);

}  // namespace binade::host
