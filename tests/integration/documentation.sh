#!/usr/bin/env bash
# documentation.sh TREE BUILD DOCUMENT...
# Does what the documents say, in a copy of the tree: writes each code block that is labelled with a file name
# (```cpp my_net/my_net.cpp) to that file, and runs each block labelled `sh run`, in order. "build" and "$HOME" are
# folders of this test's own.
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
      # One shell for all blocks would be what a reader has; what a block exports goes on through this file.
      { [[ ! -e $work/exported ]] || cat "$work/exported"; cat "$file"; } >"$work/script"
      bash -euo pipefail "$work/script"
      grep '^export ' "$file" >>"$work/exported" || true
      ran=$((ran + 1))
    else
      mkdir -p "$(dirname -- "$label")"
      cp -- "$file" "$label"
    fi
  done < <(blocks "$document")
done

# The README's model comes without its manifest and build, which sdk/README.md explains: added here, then built.
if [[ -e my_net/my_net.cpp ]]; then
  sed 's/^id = "mlp"/id = "my_net"/' "$tree/plugins/models/mlp.toml" >my_net/my_net.toml
  printf '%s\n' 'cmake_minimum_required(VERSION 3.25)' 'project(my_net LANGUAGES CXX)' 'find_package(Binade REQUIRED)' \
    'binade_add_plugin(my_net my_net.cpp)' >my_net/CMakeLists.txt
  cmake --install build --prefix "$HOME/.local" --component sdk >/dev/null
  cmake -G Ninja -S my_net -B my_net/build -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$HOME/.local;$LIBTORCH" >/dev/null
  cmake --build my_net/build
  BINADE_PLUGIN_PATH=$PWD/my_net/build build/bin/binade run my_experiment.toml --set model.plugin=my_net \
    --set train.epochs=2
fi
[[ $ran -gt 0 ]] || { echo "no commands were found in: $*" && exit 1; }
