#!/usr/bin/env bash
# setup.sh BINADE
# `binade setup` where pip fails, is missing, or where the disk is full: each leaves a message and nothing half-done.
set -euo pipefail

binade=$1
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
fail() { echo "$*" && exit 1; }
mkdir "$work/bin"
export BINADE_CACHE=$work/cache PATH=$work/bin:$PATH

refused() { # WANTED TEXT: setup fails and says so
  local said status=0
  said=$("$binade" setup --cpu 2>&1) || status=$?
  ((status == 2)) || fail "exit $status: $said"
  grep -qF -- "$1" <<<"$said" || fail "\`$1\` is not in: $said"
  [[ -z $(compgen -G "$work/cache/.new-*") && ! -e $work/cache/libtorch-2.11.0 ]] || fail "something half-done was left"
}

# shellcheck disable=SC2016
printf '#!/bin/sh\n[ "$3" = --version ] && exit; echo "$@" >%q; exit 1\n' "$work/arguments" >"$work/bin/python3"
chmod +x "$work/bin/python3"
refused 'LibTorch could not be fetched'
for word in --require-hashes --no-deps --only-binary=:all:; do
  grep -qF -- "$word" "$work/arguments" || fail "pip was called without $word"
done

printf '#!/bin/sh\necho Mounted on; echo /\n' >"$work/bin/df"
# shellcheck disable=SC2016
printf '#!/bin/sh\n[ "$1" = -f ] && echo "10 * 1000000" || exec /usr/bin/stat "$@"\n' >"$work/bin/stat"
chmod +x "$work/bin/df" "$work/bin/stat"
refused 'not enough disk space: / has 9 MB free, 1800 MB are needed'
