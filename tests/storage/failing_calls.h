// Makes the n-th call of a function of the file system fail in this process: the test program defines these functions
// itself, in front of the C library's.
#pragma once

#include <string>

enum class Fault { none, short_write, error };

struct FaultPlan {
  std::string call;  // "open", "write", "fsync", "close", "mkdir", "rename", "unlink"
  int at = 0;        // from 1: which of them
  bool sticky = false;
  Fault fault = Fault::none;
  int error = 0;  // errno
};

// From here on; counting starts again. Returns how often the planned call was made until now.
int plan_fault(const FaultPlan& plan);
