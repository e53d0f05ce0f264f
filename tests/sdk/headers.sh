#!/usr/bin/env bash
# headers.sh INCLUDE_FOLDER STANDARD... -- COMPILER... -- HEADER... [-- FLAG...]
# Each header compiles alone, as the first thing that a source includes, under the first compiler in the first standard;
# and all of them together under each compiler in each standard: "c11", "c++20", ...
set -euo pipefail

includes=$1
shift
standards=() compilers=() headers=() flags=()
for list in standards compilers headers flags; do
  declare -n words=$list
  while (($#)) && [[ $1 != -- ]]; do words+=("$1") && shift; done
  shift $(($# > 0))
done
((${#standards[@]} && ${#compilers[@]} && ${#headers[@]})) || { echo "no standard, compiler or header to try" && exit 1; }

failed=0
compile() { # COMPILER STANDARD HEADER...: each twice, because a header without a guard compiles once
  local compiler=$1 standard=$2 language=c
  shift 2
  [[ $standard != c++* ]] || language=c++
  printf '#include <%s>\n' "$@" "$@" |
    "$compiler" -x "$language" -std="$standard" -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I "$includes" \
      "${flags[@]}" - || { echo "$compiler -std=$standard does not compile: $*" && failed=1; }
}
for header in "${headers[@]}"; do compile "${compilers[0]}" "${standards[0]}" "$header"; done
for compiler in "${compilers[@]}"; do
  for standard in "${standards[@]}"; do compile "$compiler" "$standard" "${headers[@]}"; done
done
exit "$failed"
