#!/usr/bin/env bash
# bash tests/run.sh [--long] [CTEST ARGUMENTS]    --long runs only the tests that take minutes
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../experiments/bootstrap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../experiments/bootstrap.sh"

if [[ ${1:-} == -h || ${1:-} == --help ]]; then
  sed -n '2s/^# //p' "$tree/tests/run.sh"
  exit
fi

labels=(-LE long)
if [[ ${1:-} == --long ]]; then
  labels=(-L long)
  shift
fi

bootstrap test

# ctest says which tests were skipped; why stands only in its log: GoogleTest's words, or a line "skipped: WHY".
print_why_skipped() {
  [[ ! -e $1 ]] || awk '
    function note(test, why) { lines = lines "\t" test ": " (why ? why : "no reason given") "\n"; reading = 0 }
    $2 == "Testing:" { name = $3 }
    /^skipped: / { note(name, substr($0, 10)) }
    /^\[  SKIPPED \] .* \([0-9]+ ms\)$/ { note($4, why) }
    reading && NF { why = why (why ? " " : "") $0 }
    /: Skipped$/ { why = ""; reading = 1 }
    END { if (lines) printf "\nWhy tests were skipped:\n%s", lines }' "$1"
}

log=$build/Testing/Temporary/LastTest.log
rm -f -- "$log"
status=0
ctest --output-on-failure "${labels[@]}" -j2 --no-tests=error --test-dir "$build" "$@" || status=$?
print_why_skipped "$log"
exit "$status"
