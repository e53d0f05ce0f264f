// Makes the n-th call of a function of the file system fail in this process: the test program defines these functions
// itself, in front of the C library's, and for the C++ library's <filesystem> as well.
#pragma once

#include <string>
#include <vector>

enum class Fault { none, short_write, error };

struct FaultPlan {
  std::string call;  // one of `fault_calls`: "any" counts them all
  int at = 0;        // from 1: which of them
  bool sticky = false;
  Fault fault = Fault::none;
  int error = 0;  // errno
};

// "open" is openat() too, "unlink" unlinkat(), "rename" renameat2().
inline const std::vector<std::string> fault_calls{"any",   "open",  "read",   "readdir", "write",    "fsync",
                                                  "close", "mkdir", "unlink", "rename",  "ftruncate"};

// From here on; counting starts again. Returns how often the planned call was made until now.
int plan_fault(const FaultPlan& plan);

// A file system that cannot let two folders change places, as NFS.
void forbid_exchange(bool forbidden);

// From here on fsync() says that it did.
void ignore_syncs(bool ignored);
