#!/usr/bin/env bash
# rust_crate.sh TREE CC
# The SDK's crate compiles without warnings, passes its tests, and lays its structs out as the headers do.
set -euo pipefail

tree=$1 cc=$2
command -v cargo >/dev/null || { echo "skipped: cargo was not found: \`bash tests/run.sh\` installs it" && exit 77; }
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
cp -r -- "$tree/sdk/rust/binade" "$tree/tests/sdk/rust_layout.rs" "$work"

export CARGO_HOME=$work/cargo
RUSTFLAGS='-D warnings' cargo test --quiet --offline --manifest-path "$work/binade/Cargo.toml"
cp -- "$work/binade/src/abi.rs" "$work"
rustc --edition 2021 -o "$work/crate" "$work/rust_layout.rs"
"$cc" -I "$tree/sdk/include" -o "$work/headers" "$tree/tests/sdk/rust_layout.c"
diff <("$work/headers") <("$work/crate") || { echo "abi.rs (right) differs from the headers (left)" && exit 1; }
