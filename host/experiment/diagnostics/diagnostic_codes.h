// The codes that Binade's error messages carry, each with its meaning in one line.
#pragma once

#include <string_view>

namespace binade::host {

struct DiagnosticCode {
  std::string_view code, meaning;
};

// E01xx: experiment files. E02xx: manifests; those below E0220 mean what E01xx with the same last digits means.
// E03xx: plugins refused before or while they are loaded.
inline constexpr DiagnosticCode diagnostic_codes[] = {
    {"E0101", "the file cannot be read"},
    {"E0102", "the file is not valid TOML"},
    {"E0103", "a key is not known in its table"},
    {"E0104", "a section is not known"},
    {"E0105", "a section is missing"},
    {"E0106", "a required key is missing"},
    {"E0107", "an override is not of the form --set key=value, or its key leads nowhere"},
    {"E0108", "no plugin has this id"},
    {"E0109", "the plugin is of another kind than its section"},
    {"E0110", "a value cannot be taken from the dataset"},
    {"E0111", "included files go in a circle, are nested too deeply or are too many"},
    {"E0112", "an environment variable is named where none may stand, or in the wrong form"},
    {"E0113", "an environment variable is not set, or its value is no text"},
    {"E0114", "several datasets would stand in for a missing [dataset]"},
    {"E0115", "a value has the wrong type"},
    {"E0116", "a value is not one of the choices"},
    {"E0117", "a number is out of range"},
    {"E0118", "a text is not of the form that is asked for"},
    {"E0119", "keys contradict each other"},
    {"E0202", "the manifest is not valid TOML"},
    {"E0203", "a key is not known in a manifest"},
    {"E0206", "a required key is missing in a manifest"},
    {"E0215", "a value in a manifest has the wrong type"},
    {"E0216", "a value in a manifest is not one of the choices"},
    {"E0217", "a number in a manifest is out of range"},
    {"E0218", "a text in a manifest is not of the form that is asked for"},
    {"E0219", "keys in a manifest contradict each other"},
    {"E0220", "a manifest declares an option whose name the host keeps for itself"},
    {"E0301", "the file is no plugin: it carries no Binade note"},
    {"E0302", "the plugin's note is truncated or malformed"},
    {"E0303", "the plugin's note does not match its checksum"},
    {"E0304", "the plugin was built for another version of the plugin interface"},
    {"E0305", "the plugin is of another kind than asked for"},
    {"E0306", "the plugin was built against another LibTorch"},
    {"E0307", "the plugin was built in another way than the host"},
    {"E0308", "two plugins have the same id"},
    {"E0309", "the plugin cannot be loaded"},
    {"E0310", "the plugin's symbol and its note disagree"},
    {"E0311", "the file is not an ELF library for this machine"},
    {"E0312", "the plugin's manifest is wrong"},
    {"E0313", "the lock does not allow what would run"},
};

}  // namespace binade::host
