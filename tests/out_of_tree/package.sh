#!/usr/bin/env bash
# package.sh BUILD_FOLDER LIBTORCH
# Makes the Debian package, unpacks it in a folder of its own, and lives with what is there.
set -euo pipefail

build=$1 libtorch=$2
tree=$(dirname -- "$(dirname -- "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")")")
for tool in cpack dpkg-deb dpkg-query pkg-config cmake; do
  command -v "$tool" >/dev/null || { echo "skipped: $tool was not found" && exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
fail() { echo "$*" && exit 1; }
contains() { grep -qF -- "$2" <<<"$1" || fail "\`$2\` is not in: $1"; }

cpack --config "$build/CPackConfig.cmake" -B "$work/made" >"$work/log" 2>&1 || fail "$(<"$work/log")"
package=$(echo "$work"/made/*.deb)
dpkg-deb -x "$package" "$work/unpacked"
mv -- "$work/unpacked/usr" "$work/here"
here=$work/here

# Whatever is linked is in the package, is LibTorch, or comes from a package that it depends on.
depends=$(dpkg-deb -f "$package" Depends)
while read -r library; do
  [[ -n $(find "$here" -name "$library") || $library == libtorch_cpu.so || $library == libc10.so ]] && continue
  owners=$({ dpkg-query -S "*/$library" 2>/dev/null || true; } | cut -d: -f1 | sort -u)
  tr ',' '\n' <<<"$depends" | awk '{ print $1 }' | grep -qxF -- "${owners:-none}" ||
    fail "$library is of ${owners:-no package}, which is not in: $depends"
done < <(find "$here" -type f \( -name '*.so' -o -name binade -o -name validate \) -exec readelf -d {} + | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u)

# Nothing of the machine that built it, and nothing that only the host needs.
! grep -rFl -e "$tree/build" -e "$build" -e "$libtorch" "$here" || fail "these files name folders of this machine"
! grep -rElI 'boost/|toml\+\+|prometheus/' "$here/include" "$here/lib/cmake" || fail "these files leak libraries of the host's"
! find "$here" -type f -exec readelf -d {} + 2>/dev/null | grep -E 'R(UN)?PATH' || fail "a path to libraries was left"

binade() { env -u BINADE_LIBTORCH -u BINADE_PLUGIN_PATH HOME="$work/home" XDG_CACHE_HOME="$work/home/cache" "$@"; }
contains "$(binade "$here/bin/binade" plugins describe mlp)" "$here/lib/binade/plugins/mlp.so"
contains "$(binade "$here/bin/binade" plugins validate "$here/lib/binade/plugins/fp32.so")" ', 0 failed'

# Without LibTorch it says what to do; with one of the user's, or one that was fetched, it trains.
cd "$work"
train=("$here/bin/binade" run "$here/share/binade/experiments/tabular.toml" --set train.steps=3 --set metrics.enabled=false)
! said=$(binade "${train[@]}" 2>&1) || fail "it trained without LibTorch"
contains "$said" 'binade setup'
contains "$said" 'BINADE_LIBTORCH'
! said=$(binade env BINADE_LIBTORCH="$work" "${train[@]}" 2>&1) || fail "it trained with a LibTorch that is none"
contains "$said" "BINADE_LIBTORCH names $work"
contains "$(binade env BINADE_LIBTORCH="$libtorch" "${train[@]}" 2>&1)" 'finished after'
mkdir -p "$work/home/cache/binade/libtorch-2.11.0"
ln -s "$libtorch" "$work/home/cache/binade/libtorch-2.11.0/torch"
contains "$(binade "${train[@]}" 2>&1)" 'finished after'
contains "$(binade "$here/bin/binade" setup --cpu 2>&1)" 'LibTorch 2.11.0 is already in'

# Authors: in C by pkg-config alone, and by what `binade new` writes.
export PKG_CONFIG_PATH=$here/lib/pkgconfig
embed=$(pkg-config --variable=embed_manifest binade)
binade "$here/bin/binade" new logger by_hand --lang c >/dev/null
cmake -D MANIFEST=by_hand/by_hand.toml -D OUTPUT=manifest.c -P "$embed"
# shellcheck disable=SC2046
cc $(pkg-config --cflags binade) by_hand/by_hand.c manifest.c $(pkg-config --libs binade) -o by_hand.so
contains "$(binade "$here/bin/binade" plugins describe ./by_hand.so)" by_hand
cmake -S by_hand -B by_hand/build -DCMAKE_PREFIX_PATH="$here" >"$work/log" 2>&1 || fail "$(<"$work/log")"
cmake --build by_hand/build >"$work/log" 2>&1 || fail "$(<"$work/log")"
(cd by_hand/build && ctest >"$work/log" 2>&1) || fail "$(<"$work/log")"
echo "$(basename -- "$package"): $(stat -c %s -- "$package") bytes, $(du -sk -- "$here" | cut -f1) KiB unpacked"
