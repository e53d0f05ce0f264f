// Keeps credentials off the screen and out of records.
#pragma once

#include <string>
#include <string_view>

namespace binade::host {

class Diagnostics;
struct Experiment;

// Replaces "http://user:password@host" by "http://***@host" everywhere in a text. Replaces everything before the @,
// because a name alone may be a token.
std::string without_passwords(std::string_view text);

// Whether an address in the text has a password: "user:password@", or anything before the @ of a web address.
bool has_password(std::string_view text);

// Reports a mistake for each address with a password, because it would stay in the run's records.
void refuse_passwords(const Experiment& experiment, Diagnostics& diagnostics);

}  // namespace binade::host
