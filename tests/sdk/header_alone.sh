#!/usr/bin/env bash
# header_alone.sh HEADER INCLUDE_FOLDER STANDARD... -- COMPILER... [-- FLAG...]
# The header compiles alone, as the first thing that a source includes, under each compiler in each standard: "c11", ...
set -euo pipefail

header=$1 includes=$2
shift 2
standards=() compilers=() flags=()
for list in standards compilers flags; do
  declare -n words=$list
  while (($#)) && [[ $1 != -- ]]; do words+=("$1") && shift; done
  shift $(($# > 0))
done
((${#standards[@]} > 0 && ${#compilers[@]} > 0)) || { echo "no standard or no compiler to try" && exit 1; }

failed=0
for compiler in "${compilers[@]}"; do
  for standard in "${standards[@]}"; do
    language=c
    [[ $standard != c++* ]] || language=c++
    # Twice, because a header without a guard compiles once.
    "$compiler" -x "$language" -std="$standard" -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I "$includes" \
      "${flags[@]}" - <<<"#include <$header>"$'\n'"#include <$header>" ||
      { echo "<$header> does not compile with $compiler -std=$standard" && failed=1; }
  done
done
exit "$failed"
