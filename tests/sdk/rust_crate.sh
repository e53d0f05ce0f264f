#!/usr/bin/env bash
# rust_crate.sh TREE
# The SDK's crate compiles without warnings, passes its tests, and lays its structs out as the headers do.
set -euo pipefail

tree=$1
command -v cargo >/dev/null || { echo "skipped: cargo was not found: \`bash tests/run.sh\` installs it" && exit 77; }
command -v clang >/dev/null || { echo "skipped: clang was not found: \`bash tests/run.sh\` installs it" && exit 77; }
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
cp -r -- "$tree/sdk/rust/binade" "$work"

export CARGO_HOME=$work/cargo
RUSTFLAGS='-D warnings' cargo test --quiet --offline --manifest-path "$work/binade/Cargo.toml"
python3 -B "$tree/tests/sdk/abi/rust_layout.py" "$tree/sdk/include" "$work/binade/src/abi.rs"
