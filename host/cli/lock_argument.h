// The options --locked and --lock of verbs that load plugins.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "host/cli/verb.h"
#include "host/loading/lock/verified_copies.h"

namespace binade::host {

// FILE with .lock in place of .toml.
std::filesystem::path lock_beside(const std::filesystem::path& experiment);

struct LockArgument {
  bool locked = false;
  std::string file;  // empty: beside the experiment

  void add_to(Verb& verb);
  // Returns nullptr without a lock. Throws PluginRefused E0313 where the lock is missing or names another Binade or
  // LibTorch.
  std::unique_ptr<VerifiedCopies> open(const std::filesystem::path& experiment, const binade_build_block& engine) const;
};

}  // namespace binade::host
