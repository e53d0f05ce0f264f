#!/usr/bin/env bash
# sanitized.sh asan|tsan TREE FOLDER [GOOGLETEST ARGUMENTS]
# Builds the preset of this name in FOLDER and runs its tests. asan: the tests of all folders, LibTorch's users included,
# and whole runs. tsan: folders that have threads or plugins and do not use LibTorch, whose threads are not
# instrumented. BINADE_SANITIZED_TESTS: only these test programs.
set -euo pipefail

preset=$1 tree=$2 folder=$3
shift 3
tests=(telemetry_tests data_tests loading_tests plugin_tests image_tests storage_tests)
plugins=(bf16 console csv csv_logger fp16 fp16_headroom fp32 images synthetic tensorboard text tokens)
others=("${plugins[@]}")
if [[ $preset == asan ]]; then
  tests+=(experiment_tests bench_tests sdk_tests engine_tests tensor_memory_tests model_tests)
  others+=(binade cnn gpt mlp)
fi
read -ra only <<<"${BINADE_SANITIZED_TESTS:-}"
((${#only[@]} == 0)) || tests=("${only[@]}") others=()
# LibTorch's own code does not tell AddressSanitizer how full a container is.
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:allocator_may_return_null=1:detect_container_overflow=0
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=second_deadlock_stack=1:allocator_may_return_null=1

launcher=()
! command -v ccache >/dev/null || launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
cmake -S "$tree" -B "$folder" --preset "$preset" "${launcher[@]}" >"$folder.configure.log" ||
  { cat "$folder.configure.log" && exit 1; }
cmake --build "$folder" --target "${tests[@]}" "${others[@]}" -- -j "$(nproc)" >"$folder.build.log" ||
  { tail -n 40 "$folder.build.log" && exit 1; }
cd "$folder"
failed=()

# attempt NAME COMMAND...: of a success, prints only the numbers and what was skipped.
attempt() {
  local name=$1 log=$folder/$1.log
  shift
  if "$@" >"$log" 2>&1; then
    awk -v name="$name" '/^\[  PASSED  \]|^skipped: /{ print name ": " $0; said = 1 } END { if (!said) print name ": passed" }' "$log"
  else
    grep -vE '^\[ RUN      \]|^\[       OK \]|^\[-----' "$log" || true
    failed+=("$name")
  fi
}
for test in "${tests[@]}"; do attempt "$test" "tests/$test" "$@"; done

# Whole runs, with all plugins of Binade; verify-resume trains once to the end, and once with a resumption.
if [[ $preset == asan && $# == 0 && ${#only[@]} == 0 ]]; then
  work=$(mktemp -d)
  trap 'rm -rf -- "$work"' EXIT
  cd "$work"
  binade=$folder/bin/binade
  attempt check "$binade" check "$tree/experiments/first_run.toml"
  attempt run "$binade" run "$tree/experiments/first_run.toml" --set train.steps=4 --set train.evaluate_batches=1 \
    --set checkpoint.every_steps=2
  attempt verify-resume "$binade" verify-resume "$tree/experiments/tabular.toml" --steps 8
  head -n 101 "$tree/experiments/data/spirals.csv" >points.csv # it is read a thousand times
  # `plugins validate` has an operator new of its own, on malloc; what it leaves out of that family is the sanitizer's.
  validate=(env "ASAN_OPTIONS=$ASAN_OPTIONS:alloc_dealloc_mismatch=0" "$binade" plugins validate)
  attempt validate-csv "${validate[@]}" "$folder/lib/binade/plugins/csv.so" --limit 600 \
    --set "path=\"$work/points.csv\"" --set 'label="arm"'
  for plugin in mlp synthetic bf16 fp16 fp16_headroom fp32 console csv_logger tensorboard; do
    attempt "validate-$plugin" "${validate[@]}" "$folder/lib/binade/plugins/$plugin.so" --limit 600
  done
fi
if ((${#failed[@]} > 0)); then
  echo "failed under $preset: ${failed[*]}"
  exit 1
fi
