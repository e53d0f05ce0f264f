#!/usr/bin/env bash
# bash tests/plugins/input_speed.sh BUILD [ROUNDS]    compares datasets with PyTorch's DataLoader on the same files, in
# turns
#
# BUILD/tests/input_benchmark must be built; BINADE_PEER_PYTHON names a Python with torch and numpy. Five rounds, half
# a minute each, unless ROUNDS says otherwise. Files of 75 MB go to a temporary folder.
set -euo pipefail

tree=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
build=${1:?name the build folder} rounds=${2:-5} peer=$tree/tests/plugins/input_peer.py
if [[ -z ${BINADE_PEER_PYTHON:-} ]]; then
  echo "skipped: set BINADE_PEER_PYTHON to a Python that has torch and numpy"
  exit 77
fi

folder=$(mktemp -d)
trap 'rm -rf -- "$folder"' EXIT
export BINADE_INPUT_FILES=$folder
"$BINADE_PEER_PYTHON" "$peer" make "$folder" "$tree/host"

binade() {
  "$build/tests/input_benchmark" --benchmark_format=json >"$folder/binade.$1" 2>"$folder/errors" || {
    cat "$folder/errors"
    exit 1
  }
}
dataloader() { "$BINADE_PEER_PYTHON" "$peer" measure "$folder" >"$folder/dataloader.$1"; }
for ((round = 1; round <= rounds; ++round)); do
  echo "round $round of $rounds" >&2
  if ((round % 2)); then
    binade "$round" && dataloader "$round"
  else
    dataloader "$round" && binade "$round"
  fi
done

"$BINADE_PEER_PYTHON" "$peer" table "$folder"
