#!/usr/bin/env bash
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=bootstrap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/bootstrap.sh"

if [[ ${1:-} == -h || ${1:-} == --help ]]; then
  cat <<'HELP'
bash experiments/run.sh [FILE.toml] [ARGUMENTS]

Installs what is missing, builds Binade, and trains what FILE.toml describes
(experiments/first_run.toml if none is named). ARGUMENTS go to `binade run`.
Results go to runs/ in the folder where you call this.

HELP
  sed -n 's/^#   /  /p' "$tree/experiments/bootstrap.sh"
  exit
fi

file=$tree/experiments/first_run.toml
if [[ ${1:-} == *.toml ]]; then
  file=$1
  shift
fi

bootstrap run
exec "$build/bin/binade" run "$file" "$@"
