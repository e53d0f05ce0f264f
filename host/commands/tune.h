// `binade tune FILE lr` and `binade tune FILE batch_size`: find a learning rate or a batch size by short runs.
#pragma once

namespace binade::host {

class CommandLine;

void add_tune(CommandLine& line);

}  // namespace binade::host
