#!/usr/bin/env bash
# Fetches LibTorch 2.11.0 as a wheel and unpacks it into the cache. The bootstrap sources this script; `binade setup`
# runs it. You may set:
#   BINADE_CACHE   the cache (~/.cache/binade)   BINADE_CUDA=1, =0   with or without CUDA's libraries
#   BINADE_SKIP_SPACE=1   do not check free disk space
set -euo pipefail

cache=${BINADE_CACHE:-${XDG_CACHE_HOME:-~/.cache}/binade}
cache=$(realpath -m -- "$cache")
cpu_wheels='torch==2.11.0             --hash=sha256:7aa2f9bbc6d4595ba72138026b2074be1233186150e9292865e04b7a63b8c67a
nvidia-cuda-runtime==13.0.96          --hash=sha256:7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548
nvidia-cuda-cupti==13.0.85            --hash=sha256:4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8'
cuda_wheels='nvidia-cublas==13.1.0.3  --hash=sha256:ee8722c1f0145ab246bccb9e452153b5e0515fd094c3678df50b2a0888b8b171
nvidia-cuda-nvrtc==13.0.88            --hash=sha256:ad9b6d2ead2435f11cbb6868809d2adeeee302e9bb94bcf0539c7a40d80e8575
nvidia-cudnn-cu13==9.19.0.56          --hash=sha256:d20e1734305e9d68889a96e3f35094d733ff1f83932ebe462753973e53a572bf
nvidia-cufft==12.0.0.61               --hash=sha256:6c44f692dce8fd5ffd3e3df134b6cdb9c2f72d99cf40b62c32dde45eea9ddad3
nvidia-cufile==1.15.1.6               --hash=sha256:08a3ecefae5a01c7f5117351c64f17c7c62efa5fffdbe24fc7d298da19cd0b44
nvidia-curand==10.4.0.35              --hash=sha256:1aee33a5da6e1db083fe2b90082def8915f30f3248d5896bcec36a579d941bfc
nvidia-cusolver==12.0.4.66            --hash=sha256:0a759da5dea5c0ea10fd307de75cdeb59e7ea4fcb8add0924859b944babf1112
nvidia-cusparse==12.6.3.3             --hash=sha256:2b3c89c88d01ee0e477cb7f82ef60a11a4bcd57b6b87c33f789350b59759360b
nvidia-cusparselt-cu13==0.8.0         --hash=sha256:25e30a8a7323935d4ad0340b95a0b69926eee755767e8e0b1cf8dd85b197d3fd
nvidia-nccl-cu13==2.28.9              --hash=sha256:e4553a30f34195f3fa1da02a6da3d6337d28f2003943aa0a3d247bbc25fefc42
nvidia-nvjitlink==13.0.88             --hash=sha256:13a74f429e23b921c1109976abefacc69835f2f433ebd323d3946e11d804e47b
nvidia-nvshmem-cu13==3.4.5            --hash=sha256:290f0a2ee94c9f3687a02502f3b9299a9f9fe826e6d0287ee18482e78d495b80'

blue='' red='' plain=''
if [[ -t 2 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then blue=$'\e[1;34m' red=$'\e[1;31m' plain=$'\e[0m'; fi
say() { echo "${blue}binade:$plain $*" >&2; }
stop() { echo "${red}binade:$plain $*" >&2 && exit 2; }

wants_cuda() { [[ ${BINADE_CUDA:-} == 1 || (-z ${BINADE_CUDA:-} && (-e /dev/nvidia0 || -e /proc/driver/nvidia)) ]]; }
require_x86_64() {
  [[ $(uname -m) == x86_64 ]] ||
    stop "LibTorch's wheel is for x86_64, this is $(uname -m): build LibTorch 2.11.0; set CMAKE_PREFIX_PATH to" \
      "it to build Binade, and BINADE_LIBTORCH to run it"
}

need() { # FOLDER MEGABYTES: adds to `free` and `needed`, in MB by disk
  local disk
  disk=$(df --output=target -- "$1" | tail -n 1)
  free[$disk]=$(($(stat -f -c '%a * %S' -- "$1") >> 20))
  needed[$disk]=$((${needed[$disk]:-0} + $2))
}

alone() { # LOCK COMMAND
  exec 9>"$1"
  flock -n 9 || { say "waiting for another process to finish" && flock 9; }
  "$2"
  exec 9>&-
}

# Ends the helper together with this script.
helper() { setpriv --pdeathsig KILL "$@"; }
# Moves a download into the cache with one rename, so that everything in the cache is complete.
publish() { # NEW_FOLDER FINAL_FOLDER
  sync -f "$1"
  mv -T -- "$1/tree" "$2"
  rm -rf -- "$1"
}

# Removes leftovers of killed processes, unless a running one holds the lock.
remove_leftovers() {
  ! compgen -G "$cache/.new-*" >/dev/null || flock -n "$cache/.lock" rm -rf -- "$cache"/.new-* || true
}

fetch_libtorch() {
  [[ ! -d $libtorch ]] || return 0
  local new python=python3 quiet=() platforms=(--platform=manylinux2014_x86_64 --platform=manylinux_2_{17..28}_x86_64)
  [[ -t 2 ]] || quiet=(--quiet)
  "$python" -m pip --version >/dev/null 2>&1 || python=/usr/bin/python3
  new=$(mktemp -d -- "$cache/.new-XXXXXX")
  echo "$wheels" >"$new/requirements.txt"
  say "fetching LibTorch 2.11.0 ($download)"
  # Keep pip out of /tmp, which is often small. Fixed Python tags make every Python fetch the same files.
  TMPDIR=$new PIP_REQUIRE_VIRTUALENV=0 helper "$python" -m pip download "${quiet[@]}" --disable-pip-version-check \
    --no-cache-dir --no-deps --only-binary=:all: --python-version 3.11 --implementation cp --abi cp311 \
    "${platforms[@]}" --require-hashes --requirement "$new/requirements.txt" --dest "$new/wheels" ||
    { rm -rf -- "$new" && stop "LibTorch could not be fetched (see above)"; }
  say "unpacking LibTorch"
  helper "$python" - "$new" <<'PYTHON'
import pathlib, re, sys, zipfile
keep = re.compile(r"(torch/include|torch/lib/(?!libtorch_python)|nvidia/|[^/]+\.dist-info/licenses/)")
for wheel in pathlib.Path(sys.argv[1], "wheels").iterdir():
    archive = zipfile.ZipFile(wheel)
    archive.extractall(sys.argv[1] + "/tree", filter(keep.match, archive.namelist()))
    wheel.unlink()
PYTHON
  publish "$new" "$libtorch"
}

libtorch=$cache/libtorch-2.11.0 wheels=$cpu_wheels megabytes=1800 download='545 MB'
if wants_cuda; then libtorch+=-cuda wheels+=$'\n'$cuda_wheels megabytes=6800 download='2.5 GB'; fi

setup() {
  [[ ! -d $libtorch ]] || { say "LibTorch 2.11.0 is already in $libtorch" && return; }
  require_x86_64
  { python3 -m pip || /usr/bin/python3 -m pip; } >/dev/null 2>&1 || stop "pip is needed: apt-get install python3-pip"
  mkdir -p -- "$cache" || stop "$cache cannot be created; set BINADE_CACHE to another folder"
  remove_leftovers
  local disk && local -A free=() needed=()
  need "$cache" "$megabytes"
  for disk in "${!needed[@]}"; do
    ((free[$disk] >= needed[$disk])) || [[ -n ${BINADE_SKIP_SPACE:-} ]] ||
      stop "not enough disk space: $disk has ${free[$disk]} MB free, $megabytes MB are needed. Free some space, or" \
        "set BINADE_CACHE ($cache) to another folder"
  done
  alone "$cache/.lock" fetch_libtorch
  say "LibTorch 2.11.0 is in $libtorch"
}
[[ ${BASH_SOURCE[0]} != "$0" ]] || setup
