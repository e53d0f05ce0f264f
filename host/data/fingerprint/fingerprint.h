// What data a run reads, in a form that can be compared with another run's: of each split the hash of fixed,
// unaugmented samples, of each file that the dataset's options name its size and SHA-256, and what the dataset says
// about itself.
//
// It is made once, before the first step, and costs little whatever the size: of each split first and last sample are
// read, then 16, 128, 1024 and 4096 samples spread over it (a split with fewer is read whole), each time only while all
// of it stays below 16 MiB and is expected to take less than 2 s (10 s for the first 128); two samples are read in any
// case. Files are hashed whole, beside the dataset's opening, and kept in a cache: see file_hashing.h for that and for
// what escapes it. The samples find what no file shows: data that a plugin makes up, fetches, or keeps in a file that
// no option of type `path` names. The files find what the samples do not: a cell among ten million rows. What neither
// shows is a change between the samples that were read of data that is in no such file.
//
// Measured on a Xeon with SHA instructions: 10^7 samples of 17 numbers, 6 ms for both splits; files, 1.7 GB/s and core.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/data/dataset.h"
#include "host/data/fingerprint/file_hashing.h"

namespace binade::host {

// By key:
//   "description"      "sha256 ..." of fields and facts
//   "split.train"      "71 samples"
//   "split.train.16"   "sha256 ..." of 16 of them; where they were read. Split names have no dot.
//   "files"            "2 files, 1234 bytes, sha256 ..." of all together, or what kept them from being hashed; not
//   there
//                      where no option names one
//   "file./data/a.csv" "617 bytes, sha256 ...", or what kept it from being hashed; for at most 1000 files
using Fingerprint = std::map<std::string, std::string>;

// In a record that holds other things beside it, a fingerprint's keys begin with this.
constexpr std::string_view data_prefix = "data.";

void add_description(Fingerprint& fingerprint, const Dataset& dataset);

// Reads samples, as evaluation does. Ends early when `stop` says so. Returns what kept it from reading them, a
// plugin's failure; empty: nothing did.
std::string add_split(Fingerprint& fingerprint, const Dataset& dataset, const Split& split,
                      const std::function<bool()>& stop);

void add_files(Fingerprint& fingerprint, const std::vector<HashedFile>& files);

// The positions that are hashed as `count` of `size` samples: all of them, or first, last and one out of each of as
// many equal parts, in ascending order. The same for everybody.
std::vector<std::uint64_t> spread(std::uint64_t count, std::uint64_t size);

}  // namespace binade::host
