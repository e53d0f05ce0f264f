#include "host/cli/lock_argument.h"

#include "host/cli/version.h"

namespace binade::host {

std::filesystem::path lock_beside(const std::filesystem::path& experiment) {
  auto lock = experiment;
  return lock.replace_extension(".lock");
}

void LockArgument::add_to(Verb& verb) {
  verb.flag("--locked", locked, "Load only the exact files that the experiment's lock names (`binade lock`)");
  verb.option("--lock", file, "LOCK", "The lock file, if not FILE with .lock in place of .toml; implies --locked");
}

std::unique_ptr<VerifiedCopies> LockArgument::open(const std::filesystem::path& experiment,
                                                   const binade_build_block& engine) const {
  if (!locked && file.empty()) return nullptr;
  auto copies = std::make_unique<VerifiedCopies>(file.empty() ? lock_beside(experiment) : std::filesystem::path(file));
  copies->require_host(engine, version());
  return copies;
}

}  // namespace binade::host
