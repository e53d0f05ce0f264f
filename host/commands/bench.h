// `binade bench FILE --precision A,B`: what other precisions gain and cost compared with the first.
#pragma once

namespace binade::host {

class CommandLine;

// Runs `binade run` for each contender and repeat in a process of its own. All read the same data. A repeat pairs runs
// of one seed, which begin with the same weights and see the same samples in the same order; their hashes are compared.
// Measures speed (samples per second after the warm-up), memory (the peak of live tensors and of the process), and
// accuracy and loss of the last evaluation. verdict.h defines the verdicts, statistics.h what counts as learning.
void add_bench(CommandLine& line);

}  // namespace binade::host
