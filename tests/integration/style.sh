#!/usr/bin/env bash
# style.sh format TREE            clang-format finds nothing to change
# style.sh tidy TREE BUILD        clang-tidy finds nothing, in what does not include LibTorch
# style.sh tidy-torch TREE BUILD  and in what does: 44 s a file
set -euo pipefail

mode=$1 tree=$2 build=${3:-}
cd "$tree"
sources() { find host plugins sdk tests \( -name '*.cpp' -o -name '*.h' -o -name '*.c' \) -not -path '*/build/*' | sort; }
missing() { echo "skipped: $1 was not found: \`bash tests/run.sh\` installs it" && exit 77; }

case $mode in
format)
  command -v clang-format >/dev/null || missing clang-format
  sources | xargs clang-format --dry-run --Werror
  ;;
tidy | tidy-torch)
  command -v clang-tidy >/dev/null || missing clang-tidy
  torch='^(host/engine|plugins/models)/'
  files=$(sources | grep -E '^(host|plugins)/.*\.cpp$')
  if [[ $mode == tidy ]]; then
    files=$(grep -vE "$torch" <<<"$files")
  else
    files=$(grep -E "$torch" <<<"$files")
  fi
  xargs -P 2 -n 4 clang-tidy -p "$build" --quiet <<<"$files"
  ;;
esac
