#!/usr/bin/env bash
# style.sh format TREE            clang-format finds nothing to change
# style.sh tidy TREE BUILD        clang-tidy finds nothing, in what does not include LibTorch
# style.sh tidy-torch TREE BUILD  and in what does
set -euo pipefail

mode=$1 tree=$2 build=${3:-}
cd "$tree"
sources() { find host plugins sdk tests \( -name '*.cpp' -o -name '*.h' -o -name '*.c' \) -not -path '*/build/*' | sort; }
missing() { echo "skipped: $1 was not found: \`bash tests/run.sh\` installs it" && exit 77; }

of_mode() {
  local torch='(^|/)(host/engine|plugins/models)/'
  if [[ $mode == tidy ]]; then grep -vE "$torch"; else grep -E "$torch"; fi
}
# What the compiler gets: unity files, which include ten sources and parse the headers of all of them once, and sources
# that are compiled by themselves.
compiled() {
  sed -nE 's/^ *"file": "(.*)",?$/\1/p' "$build/compile_commands.json" |
    grep -E "^($tree|$build)/(host|plugins)/.*\.c(xx|pp)$" | of_mode | sort -u
}
# A source that is not compiled would not be checked either.
require_all_compiled() {
  local lost
  lost=$(comm -23 <(sources | grep -E '^(host|plugins)/.*\.cpp$' | of_mode) \
    <({ compiled && compiled | xargs sed -n 's/^#include "\(.*\.cpp\)"$/\1/p'; } | sed "s:^$tree/::" | sort))
  [[ -z $lost ]] || { echo "not compiled, so not checked: $lost" && exit 1; }
}
# A unity file includes sources; nothing else may.
require_no_included_source() {
  ! sources | grep -E '^(host|plugins)/' | xargs grep -nE '^ *# *include .*\.c(|c|pp|xx)[">]' || exit 1
}

case $mode in
format)
  command -v clang-format >/dev/null || missing clang-format
  sources | xargs clang-format --dry-run --Werror
  ;;
tidy | tidy-torch)
  command -v clang-tidy >/dev/null || missing clang-tidy
  require_all_compiled
  require_no_included_source
  compiled | xargs -P "$(nproc)" -n 1 clang-tidy -p "$build" --quiet --checks=-bugprone-suspicious-include
  ;;
esac
