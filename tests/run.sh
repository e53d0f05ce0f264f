#!/usr/bin/env bash
# bash tests/run.sh [--long | --peer] [CTEST ARGUMENTS]
#   --long: only the tests that take minutes    --peer: only those that compare with Python packages
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../experiments/bootstrap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../experiments/bootstrap.sh"

if [[ ${1:-} == -h || ${1:-} == --help ]]; then
  sed -n '2,3s/^# //p' "$tree/tests/run.sh"
  exit
fi

labels=(-LE long)
case ${1:-} in
--long | --peer)
  labels=(-L "${1#--}")
  shift
  ;;
esac

bootstrap test

# PyTorch and TensorBoard themselves, to compare with: some 5 GB, so only where they are asked for.
provide_peers() {
  local venv=$cache/peers
  export BINADE_PEER_PYTHON=$venv/bin/python
  [[ -e $venv/complete ]] && return
  say "installing the Python packages to compare with into $venv (some 5 GB)"
  rm -rf -- "$venv"
  python3 -m venv "$venv" || stop "python3-venv is needed: apt-get install python3-venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check torch==2.11.0 numpy safetensors tensorboard==2.21.0 || stop "pip failed"
  touch "$venv/complete"
}
[[ ${labels[1]} != peer ]] || provide_peers

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
