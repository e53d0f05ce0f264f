#!/usr/bin/env bash
# build.sh CMAKE BUILD_FOLDER GENERATOR [LIBTORCH]
# Installs the SDK, moves the installation elsewhere, and builds the projects beside this file with nothing but that:
# without LIBTORCH those that do not need it, with LIBTORCH the model, which takes half a minute.
set -euo pipefail

cmake=$1 build=$2 generator=$3 libtorch=${4:-}
here=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
tree=$(dirname -- "$(dirname -- "$here")")
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
fail() { echo "$*" && exit 1; }

"$cmake" --install "$build" --component sdk --prefix "$work/installed" >"$work/log" || fail "$(<"$work/log")"
mv -- "$work/installed" "$work/sdk"
! grep -rFl -e "$tree" -e "$build" -e "$work" "$work/sdk" || fail "these installed files name folders of this machine"

# With an empty cache: LibTorch.cmake would find there what the bootstrap has fetched.
configure() { # SOURCE PREFIX_PATH
  env -u CMAKE_PREFIX_PATH BINADE_CACHE="$work/cache" "$cmake" -S "$1" -B "$1-build" -G "$generator" "-DCMAKE_PREFIX_PATH=$2" >"$work/log" 2>&1
}

build() { "$cmake" --build "$1-build" >"$work/log" 2>&1 || fail "$(<"$work/log")"; }

carries() { readelf --string-dump=.note.binade "$1" | grep -qF "$2" || fail "$1 does not carry $2"; }

check() { # PROJECT PLUGIN PREFIX_PATH
  configure "$work/$1" "$3" || fail "$(<"$work/log")"
  build "$work/$1"
  local file=$work/$1-build/$2.so
  [[ $(nm -D --defined-only --format=just-symbols "$file") == binade_plugin_v1 ]] || fail "$2 exports something else"
  carries "$file" "id = \"$2\""
}

cp -r -- "$here"/{dataset,logger,model} "$work"
if [[ -n $libtorch ]]; then
  check model line "$work/sdk;$libtorch"
  exit
fi
check dataset ramp "$work/sdk"
check logger tally "$work/sdk"

sed -i 's/1\.0\.0/1.0.1/' "$work/dataset/ramp.toml"
build "$work/dataset"
carries "$work/dataset-build/ramp.so" 'version = "1.0.1"'

! configure "$work/model" "$work/sdk" || fail "a model was configured without LibTorch"
grep -q 'a model needs LibTorch' "$work/log" || fail "$(<"$work/log")"
