// `binade schema`: writes a JSON Schema of experiment files for editors.
#pragma once

namespace binade::host {

class CommandLine;

void add_schema(CommandLine& line);

}  // namespace binade::host
