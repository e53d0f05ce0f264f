#!/usr/bin/env bash
# run.sh TREE FOLDER SECONDS [TARGET...]
# Fuzzes each target for so many seconds in all. The build, the corpus of inputs and how long each target has run so far
# stay in FOLDER, so that a campaign that was cut off goes on where it was; a finished one begins anew with its corpus.
# Without names: all targets.
set -euo pipefail

tree=$1 folder=$2 seconds=$3
shift 3
command -v clang++ >/dev/null || { echo "skipped: clang was not found: \`bash tests/run.sh\` installs it" && exit 77; }
launcher=()
! command -v ccache >/dev/null || launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
mkdir -p "$folder"
exec 9>"$folder/.lock"
flock 9 # tests of other targets build here, too
cmake -G Ninja -S "$tree/tests/fuzz" -B "$folder/build" -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ \
  "${launcher[@]}" >"$folder/configure.log"
if (($# == 0)); then
  sources=("$tree"/tests/fuzz/*_fuzz.cpp) && sources=("${sources[@]##*/}")
  set -- "${sources[@]%_fuzz.cpp}"
fi
cmake --build "$folder/build" --target "${@/%/_fuzz}" -- -j "$(nproc)" >"$folder/build.log" ||
  { tail -n 40 "$folder/build.log" && exit 1; }
exec 9>&-

for target; do
  corpus=$folder/corpus/$target spent=$folder/corpus/$target.seconds
  mkdir -p "$corpus"
  mapfile -t seeds < <(ls -d -- "$tree/tests/fuzz/seeds/$target" "$folder/build/seeds/$target" 2>/dev/null)
  ran=$(cat "$spent" 2>/dev/null || echo 0)
  ((ran < seconds)) || ran=0
  while ((ran < seconds)); do
    slice=$((seconds - ran < 60 ? seconds - ran : 60))
    "$folder/build/${target}_fuzz" -max_total_time="$slice" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
      -artifact_prefix="$folder/$target-" "$corpus" "${seeds[@]}" >"$folder/$target.log" 2>&1 ||
      { tail -n 60 "$folder/$target.log" && echo "$target: the input lies in $folder" && exit 1; }
    ran=$((ran + slice))
    echo "$ran" >"$spent"
    runs=$(sed -n 's/^stat::number_of_executed_units: //p' "$folder/$target.log")
    echo "$target: $ran of $seconds s, $runs runs in the last $slice s, $(find "$corpus" -type f | wc -l) inputs kept"
  done
done
