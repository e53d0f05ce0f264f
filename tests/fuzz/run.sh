#!/usr/bin/env bash
# run.sh TREE BUILD                           builds the fuzzers in BUILD
# run.sh TREE BUILD FOLDER SECONDS TARGET     fuzzes TARGET for so many seconds in all
# The corpus and how long the target has run so far stay in FOLDER, so that a campaign that was interrupted resumes; a
# finished one starts again with its corpus.
set -euo pipefail

tree=$1 build=$2
shift 2
command -v clang++ >/dev/null || { echo "skipped: clang was not found: \`bash tests/run.sh\` installs it" && exit 77; }

if (($# == 0)); then
  launcher=()
  ! command -v ccache >/dev/null || launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  mkdir -p "$build"
  cmake -G Ninja -S "$tree/tests/fuzz" -B "$build" -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ \
    "${launcher[@]}" >"$build/configure.log"
  cmake --build "$build" -- -j "$(nproc)" >"$build/build.log" || { tail -n 40 "$build/build.log" && exit 1; }
  exit
fi

folder=$1 seconds=$2 target=$3
corpus=$folder/corpus/$target spent=$folder/corpus/$target.seconds
mkdir -p "$corpus"
mapfile -t seeds < <(ls -d -- "$tree/tests/fuzz/seeds/$target" "$build/seeds/$target" 2>/dev/null)
ran=$(cat "$spent" 2>/dev/null || echo 0)
((ran < seconds)) || ran=0
while ((ran < seconds)); do
  slice=$((seconds - ran < 60 ? seconds - ran : 60))
  "$build/${target}_fuzz" -max_total_time="$slice" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$folder/$target-" "$corpus" "${seeds[@]}" >"$folder/$target.log" 2>&1 ||
    { tail -n 60 "$folder/$target.log" && echo "$target: the input is in $folder" && exit 1; }
  ran=$((ran + slice))
  echo "$ran" >"$spent"
  runs=$(sed -n 's/^stat::number_of_executed_units: //p' "$folder/$target.log")
  echo "$target: $ran of $seconds s, $runs runs in the last $slice s, $(find "$corpus" -type f | wc -l) inputs kept"
done
