#!/usr/bin/env bash
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=bootstrap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/bootstrap.sh"

if [[ ${1:-} == -h || ${1:-} == --help ]]; then
  cat <<'HELP'
bash experiments/run.sh [FILE.toml] [ARGUMENTS]

Installs missing packages, builds Binade, and runs the experiment FILE.toml
(default: experiments/first_run.toml). ARGUMENTS are passed to `binade run`.
Results are written to runs/ in the current folder.

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
