#!/usr/bin/env bash
# From a bare Debian 12 to a built tree. Both run.sh source this file and call `bootstrap` or `bootstrap test`, which
# leaves the build folder in $build. You may set:
#   BINADE_BUILD_DIR    build folder (build/ in the tree)   BINADE_CMAKE_ARGS     more arguments for CMake
#   BINADE_CACHE        downloads (~/.cache/binade)         CC, CXXFLAGS, ...     as CMake takes them
#   CMAKE_PREFIX_PATH   a folder with your own LibTorch     BINADE_CUDA=1, =0     with or without CUDA's libraries
#   BINADE_SKIP_APT=1   leave Debian packages to you        BINADE_SKIP_SPACE=1   do not look at free disk space
set -euo pipefail

tree=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
build=$(realpath -m -- "${BINADE_BUILD_DIR:-$tree/build}")
cache=${BINADE_CACHE:-${XDG_CACHE_HOME:-~/.cache}/binade}
cache=$(realpath -m -- "$cache")
libtorch=$cache/libtorch-2.11.0 prometheus=$cache/prometheus-2.42
build_packages=(g++ cmake ninja-build ccache python3-pip ca-certificates curl libboost1.81-dev libtomlplusplus-dev
  prometheus-cpp-dev libcivetweb-dev libcli11-dev libspdlog-dev libfmt-dev nlohmann-json3-dev libssl-dev)
test_packages=(libgtest-dev libgmock-dev libbenchmark-dev pkg-config clang clang-format clang-tidy python3-jsonschema
  python3-yaml rustc cargo abigail-tools)
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

bootstrap() {
  local purpose=${1:-run} wheels=$cpu_wheels megabytes=1800 download='545 MB' own_libtorch missing=()
  own_libtorch=$(find_own_libtorch)
  [[ -n $own_libtorch || $(uname -m) == x86_64 ]] ||
    stop "LibTorch's wheel is for x86_64, this is $(uname -m): build LibTorch 2.11.0 and set CMAKE_PREFIX_PATH to it"
  if wants_cuda; then libtorch+=-cuda wheels+=$'\n'$cuda_wheels megabytes=6800 download='2.5 GB'; fi
  if manages_packages; then mapfile -t missing < <(missing_packages); fi
  manages_packages || [[ -e $build/build.ninja ]] || list_what_is_needed
  mkdir -p -- "$cache" "$build"
  # What killed starts left behind, unless a living one holds the lock.
  ! compgen -G "$cache/.new-*" >/dev/null || flock -n "$cache/.lock" rm -rf -- "$cache"/.new-* || true
  check_space
  ((${#missing[@]} == 0)) || install_packages
  [[ -n $own_libtorch || -d $libtorch ]] || alone "$cache/.lock" fetch_libtorch
  [[ $purpose != test ]] || provide_prometheus
  alone "$build/.lock" configure_and_build
} >&2

blue='' red='' plain=''
if [[ -t 2 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then blue=$'\e[1;34m' red=$'\e[1;31m' plain=$'\e[0m'; fi
say() { echo "${blue}binade:$plain $*" >&2; }
stop() { echo "${red}binade:$plain $*" >&2 && exit 2; }

manages_packages() {
  [[ -z ${BINADE_SKIP_APT:-} ]] && grep -qsx 'ID=debian' /etc/os-release && grep -qsx 'VERSION_ID="12"' /etc/os-release
}
missing_packages() {
  local wanted=("${build_packages[@]}")
  [[ $purpose != test ]] || wanted+=("${test_packages[@]}")
  comm -13 <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null |
    sed -n 's/^installed //p' | sort -u) <(printf '%s\n' "${wanted[@]}" | sort)
}
list_what_is_needed() {
  say "going on without Debian 12's packages. Needed, in these versions or newer: g++ 12, CMake 3.25, Ninja,
  Python 3.9 with pip, Boost 1.81, toml++ 3.3, prometheus-cpp 1.0 with civetweb, CLI11 2.1, spdlog 1.10, fmt 9,
  nlohmann-json 3.11, OpenSSL 3, flock and setpriv (util-linux); ccache is welcome. For the tests: GoogleTest 1.12,
  Google Benchmark 1.7, clang, clang-format and clang-tidy 14, pkg-config, prometheus and promtool 2.42,
  rustc 1.63 with Cargo, abidiff 2.2."
}

install_packages() {
  local log=$cache/apt.log as_root=()
  local line="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
  if ((EUID != 0)); then
    sudo -n true 2>/dev/null || { [[ -t 0 && -x $(command -v sudo) ]] && sudo -v; } ||
      stop "${#missing[@]} Debian packages are missing; as root, run this line, then start again:"$'\n'"$line"
    as_root=(sudo)
  fi
  say "installing ${#missing[@]} Debian packages (log: $log)"
  # An apt that was killed half-way refuses to work until dpkg has finished what it began.
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive sh -c "dpkg --configure -a && $line" >"$log" 2>&1 </dev/null ||
    stop "apt failed; all it said is in $log, which ends:"$'\n'"$(tail -n 5 -- "$log")"
}

find_own_libtorch() {
  local folder folders
  IFS=':;' read -ra folders <<<"${CMAKE_PREFIX_PATH:-}"
  for folder in "${folders[@]}"; do
    [[ ! -e $folder/lib/libtorch_cpu.so ]] || { realpath -s -- "$folder" && return; }
  done
}
wants_cuda() { [[ ${BINADE_CUDA:-} == 1 || (-z ${BINADE_CUDA:-} && (-e /dev/nvidia0 || -e /proc/driver/nvidia)) ]]; }

need() { # FOLDER MEGABYTES
  local disk
  disk=$(df --output=target -- "$1" | tail -n 1)
  free[$disk]=$(($(stat -f -c '%a * %S' -- "$1") >> 20))
  needed[$disk]=$((${needed[$disk]:-0} + $2))
}
check_space() {
  local disk && local -A free=() needed=()
  [[ -n $own_libtorch || -d $libtorch ]] || need "$cache" "$megabytes"
  [[ -e $build/build.ninja ]] || need "$build" 1000
  ((${#missing[@]} == 0)) || need / $((${#missing[@]} * 60))
  for disk in "${!needed[@]}"; do
    ((free[$disk] >= needed[$disk])) || [[ -n ${BINADE_SKIP_SPACE:-} ]] ||
      stop "too little space: $disk has ${free[$disk]} MB free, ${needed[$disk]} MB are needed. Free some, set" \
        "BINADE_CACHE ($cache) or BINADE_BUILD_DIR ($build) to a folder elsewhere, or BINADE_SKIP_SPACE=1."
  done
}

alone() { # LOCK COMMAND
  exec 9>"$1"
  flock -n 9 || { say "waiting for another start to finish" && flock 9; }
  "$2"
  exec 9>&-
}

# A killed start leaves no pip behind that works on for nobody.
helper() { setpriv --pdeathsig KILL "$@"; }
# What is fetched comes into the cache by one rename, so whatever is there is complete.
publish() { # NEW_FOLDER FINAL_FOLDER
  sync -f "$1"
  mv -T -- "$1/tree" "$2"
  rm -rf -- "$1"
}

fetch_libtorch() {
  [[ ! -d $libtorch ]] || return 0
  local new python=python3 quiet=() platforms=(--platform=manylinux2014_x86_64 --platform=manylinux_2_{17..28}_x86_64)
  [[ -t 2 ]] || quiet=(--quiet)
  "$python" -m pip --version >/dev/null 2>&1 || python=/usr/bin/python3
  new=$(mktemp -d -- "$cache/.new-XXXXXX")
  echo "$wheels" >"$new/requirements.txt"
  say "fetching LibTorch 2.11.0 ($download)"
  # pip would first write to /tmp, which is often small. One Python's tags, so that any Python fetches the same files.
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

provide_prometheus() {
  local found
  [[ -n ${BINADE_PROMETHEUS_BIN:-} || -d $prometheus ]] || ! manages_packages || alone "$cache/.lock" fetch_prometheus
  found=$(command -v "$prometheus/usr/bin/promtool" || command -v promtool || true)
  export BINADE_PROMETHEUS_BIN=${BINADE_PROMETHEUS_BIN:-${found%/*}}
}

# Not installed: the package would start a server. Own package lists: the system's may be old, and only root's to renew.
fetch_prometheus() {
  [[ ! -d $prometheus ]] || return 0
  local new
  new=$(mktemp -d -- "$cache/.new-XXXXXX")
  say "fetching Prometheus 2.42 for the tests"
  mkdir -p -- "$new"/{lists,archives}/partial
  (cd -- "$new" && export APT_CONFIG=$new/apt.conf && echo "Dir::State \"$new\"; Dir::Cache \"$new\";" >apt.conf &&
    helper apt-get update && helper apt-get download prometheus &&
    helper dpkg-deb -x prometheus_*.deb tree) >"$cache/prometheus.log" 2>&1 ||
    { say "no Prometheus (see $cache/prometheus.log): the tests that need it are skipped" && return; }
  publish "$new" "$prometheus"
}

configure_and_build() {
  local stamp=$build/.configured-with before='' tests=OFF arguments jobs name wanted
  [[ ! -e $stamp ]] || before=$(<"$stamp")
  # Once a build folder has the tests it keeps them: else the two run.sh would configure it to and fro.
  [[ $purpose != test && $before != *-DBINADE_TESTS=ON* ]] || tests=ON
  arguments=(-S "$tree" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release "-DBINADE_TESTS=$tests"
    "-DCMAKE_PREFIX_PATH=${own_libtorch:-$libtorch/torch}")
  ! command -v ccache >/dev/null || arguments+=(-DCMAKE_{C,CXX,CUDA}_COMPILER_LAUNCHER=ccache)
  mapfile -t -O "${#arguments[@]}" arguments < <(xargs -r printf '%s\n' <<<"${BINADE_CMAKE_ARGS:-}")
  wanted=$(printf '%q ' "${arguments[@]}"
    for name in CC CXX CFLAGS CXXFLAGS LDFLAGS CUDACXX CUDAFLAGS CMAKE_PREFIX_PATH; do echo "$name=${!name:-}"; done)
  if [[ ! -e $build/build.ninja || $before != "$wanted" ]]; then
    # CMake remembers earlier arguments and flags unless it starts afresh. The tests alone are no reason to.
    [[ -z $before || $before == "${wanted/TESTS=ON/TESTS=OFF}" ]] || arguments+=(--fresh)
    say "configuring (log: $build/configure.log)"
    echo "unfinished $wanted" >"$stamp"
    cmake "${arguments[@]}" --no-warn-unused-cli >"$build/configure.log" || stop "CMake failed (see above)"
    echo "$wanted" >"$stamp"
  fi
  [[ $(cmake --build "$build" -- -n 2>&1) != *'no work to do'* ]] || return 0
  say "building"
  # Compiling a file that includes LibTorch takes up to 1.5 GB of memory.
  jobs=$(awk -v cores="$(nproc)" '/^MemAv/ { n = int($2 / 1.5e6) + 1; print n < cores ? n : cores }' /proc/meminfo)
  CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$jobs} cmake --build "$build" || exit
}
