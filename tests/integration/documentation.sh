#!/usr/bin/env bash
# documentation.sh TREE BUILD DOCUMENT...
# Does what the documents say, in a copy of the tree: writes each code block that is labelled with a file name
# (```cpp my_net/my_net.cpp) to that file, or compares it where a command has written that file already, and runs each
# block labelled `sh run`, in order. "build" and "$HOME" are folders of this test's own.
set -euo pipefail

tree=$1 build=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
mkdir -p "$work/tree" "$work/home"
ln -s -- "$build" "$work/tree/build"
cp -r -- "$tree/experiments" "$work/tree/"

# One line per labelled block: kind, label, file with its text.
blocks() {
  awk -v work="$work" '
    /^```/ && inside { inside = 0; close(file); next }
    inside { print > file }
    /^```[a-z]+ [^ ]+$/ && !inside {
      inside = 1; file = work "/block-" ++count
      printf "" > file
      print substr($1, 4), $2, file
    }' "$1"
}

export HOME=$work/home
cd "$work/tree"
ran=0
for document; do
  while read -r kind label file; do
    if [[ $kind == sh && $label == run ]]; then
      echo "== $document: $(head -n 1 "$file")"
      # A reader runs all blocks in one shell; here, this file carries exported variables from block to block.
      { [[ ! -e $work/exported ]] || cat "$work/exported"; cat "$file"; } >"$work/script"
      bash -euo pipefail "$work/script"
      grep '^export ' "$file" >>"$work/exported" || true
      ran=$((ran + 1))
    elif [[ -e $label ]]; then
      diff -- "$file" "$label" || { echo "$document: $label (right) is another than it says (left)" && exit 1; }
    else
      mkdir -p "$(dirname -- "$label")"
      cp -- "$file" "$label"
    fi
  done < <(blocks "$document")
done

# Models of the documents come without manifest and build, which sdk/README.md explains: added here, then built.
for net in my_net steady_net; do
  [[ -e $net/$net.cpp ]] || continue
  sed "s/^id = \"mlp\"/id = \"$net\"/" "$tree/plugins/models/mlp.toml" >"$net/$net.toml"
  printf '%s\n' 'cmake_minimum_required(VERSION 3.25)' "project($net LANGUAGES CXX)" 'find_package(Binade REQUIRED)' \
    "binade_add_plugin($net $net.cpp)" >"$net/CMakeLists.txt"
  cmake --install build --prefix "$HOME/.local" --component sdk >/dev/null
  cmake -G Ninja -S "$net" -B "$net/build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$HOME/.local;$LIBTORCH" >/dev/null
  cmake --build "$net/build"
  BINADE_PLUGIN_PATH=$PWD/$net/build build/bin/binade run my_experiment.toml --set model.plugin="$net" \
    --set train.epochs=2
done
[[ $ran -gt 0 ]] || { echo "no commands were found in: $*" && exit 1; }
