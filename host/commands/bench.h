// binade bench FILE --precision A,B: what other precisions gain over the first, and cost.
#pragma once

namespace binade::host {

class CommandLine;

// Runs `binade run` for each contender and repeat in a process of its own. All read the same data; a repeat pairs runs
// of one seed, which begin with the same weights and see the same samples in the same order (compared by their hashes,
// not taken for granted). Measured are: speed, samples per second of training steps after the warm-up; memory, the most
// bytes that tensors held at once over the whole run, and the most memory of the process; accuracy and loss of the last
// evaluation. What a verdict means stands in bench/verdict.h, what counts as having learned in bench/statistics.h.
void add_bench(CommandLine& line);

}  // namespace binade::host
