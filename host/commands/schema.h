// `binade schema`: the experiment file described for editors.
#pragma once

namespace binade::host {

class CommandLine;

void add_schema(CommandLine& line);

}  // namespace binade::host
