#!/usr/bin/env bash
# sanitized.sh asan|tsan TREE FOLDER [GOOGLETEST ARGUMENTS]
# Builds all of the host that does not use LibTorch with its tests, by the preset of this name, in FOLDER, and runs them.
set -euo pipefail

preset=$1 tree=$2 folder=$3
shift 3
targets=(experiment_tests storage_tests loading_tests data_tests telemetry_tests sdk_tests)
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

cmake -S "$tree" -B "$folder" --preset "$preset" >"$folder.configure.log" || { cat "$folder.configure.log" && exit 1; }
cmake --build "$folder" --target "${targets[@]}" -- -j "$(nproc)" >"$folder.build.log" ||
  { tail -n 40 "$folder.build.log" && exit 1; }
cd "$folder"
failed=()
for target in "${targets[@]}"; do
  "tests/$target" --gtest_brief=1 "$@" || failed+=("$target")
done
if ((${#failed[@]} > 0)); then
  echo "failed under $preset: ${failed[*]}"
  exit 1
fi
