#!/usr/bin/env bash
# Installs everything that a bare Debian 12 or 13 lacks, and builds the tree. Both run.sh scripts source this file and
# call `bootstrap` or `bootstrap test`, which sets $build to the build folder. You may set:
#   BINADE_BUILD_DIR    build folder (build/ in the tree)   BINADE_CMAKE_ARGS     more arguments for CMake
#   BINADE_CACHE        downloads (~/.cache/binade)         CC, CXXFLAGS, ...     as for CMake
#   CMAKE_PREFIX_PATH   a folder with your own LibTorch     BINADE_CUDA=1, =0     with or without CUDA's libraries
#   BINADE_SKIP_APT=1   do not install Debian packages      BINADE_SKIP_SPACE=1   do not check free disk space
set -euo pipefail

tree=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
build=$(realpath -m -- "${BINADE_BUILD_DIR:-$tree/build}")
# shellcheck source-path=SCRIPTDIR source=libtorch.sh
source "$tree/experiments/libtorch.sh"
# Package names on each system. On Debian, missing packages are installed; elsewhere they are listed.
prometheus=$cache/prometheus
system=$(. /etc/os-release 2>/dev/null && echo "${ID:-unknown} ${VERSION_ID:-}") || system=unknown
case $system in
'debian 12') boost=libboost1.81-dev prometheus+=-2.42 ;;
'debian 13') boost=libboost1.83-dev prometheus+=-2.53 ;;
*) boost=libboost-dev ;;
esac
build_packages=(g++ cmake ninja-build ccache python3-pip ca-certificates curl "$boost" libtomlplusplus-dev
  prometheus-cpp-dev libcivetweb-dev libcli11-dev libfmt-dev nlohmann-json3-dev libssl-dev libjpeg62-turbo-dev
  libspng-dev libwebp-dev zlib1g-dev)
test_packages=(libgtest-dev libgmock-dev libbenchmark-dev pkg-config clang clang-format clang-tidy python3-jsonschema
  python3-yaml rustc cargo abigail-tools chromium-headless-shell fonts-dejavu-core)
fedora_packages=(gcc-c++ cmake ninja-build ccache python3-pip ca-certificates curl boost-devel tomlplusplus-devel
  prometheus-cpp-devel civetweb-devel cli11-devel fmt-devel json-devel openssl-devel libjpeg-turbo-devel libspng-devel
  libwebp-devel zlib-devel util-linux)
fedora_test_packages=(gtest-devel gmock-devel google-benchmark-devel pkgconf clang clang-tools-extra python3-jsonschema
  python3-pyyaml rust cargo libabigail chromium-headless dejavu-sans-fonts)
arch_packages=(gcc cmake ninja ccache python-pip ca-certificates curl boost tomlplusplus prometheus-cpp civetweb cli11
  fmt nlohmann-json openssl libjpeg-turbo libspng libwebp zlib util-linux)
arch_test_packages=(gtest benchmark pkgconf clang python-jsonschema python-yaml rust libabigail chromium ttf-dejavu
  prometheus)

bootstrap() {
  local purpose=${1:-run} own_libtorch missing=()
  own_libtorch=$(find_own_libtorch)
  ! lacks_libtorch || require_x86_64
  if manages_packages; then mapfile -t missing < <(missing_packages); fi
  manages_packages || [[ -e $build/build.ninja ]] || list_what_is_needed
  mkdir -p -- "$cache" "$build"
  remove_leftovers
  check_space
  ((${#missing[@]} == 0)) || install_packages
  ! lacks_libtorch || [[ -d $libtorch ]] || alone "$cache/.lock" fetch_libtorch
  [[ $purpose != test ]] || provide_prometheus
  alone "$build/.lock" configure_and_build
} >&2

manages_packages() { [[ -z ${BINADE_SKIP_APT:-} && $system == 'debian '1[23] ]]; }
missing_packages() {
  local wanted=("${build_packages[@]}")
  [[ $purpose != test ]] || wanted+=("${test_packages[@]}")
  comm -13 <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null |
    sed -n 's/^installed //p' | sort -u) <(printf '%s\n' "${wanted[@]}" | sort)
}
list_what_is_needed() {
  local command note='' wanted=("${build_packages[@]}") more=("${test_packages[@]}")
  case $system in
  debian* | ubuntu* | linuxmint* | pop*) command='apt-get install' ;;
  fedora* | rhel* | centos*)
    command='dnf install' wanted=("${fedora_packages[@]}") more=("${fedora_test_packages[@]}")
    ;;
  arch* | manjaro*)
    command='pacman -S' wanted=("${arch_packages[@]}") more=("${arch_test_packages[@]}")
    note=$'\n  (prometheus-cpp and civetweb are in the AUR)'
    ;;
  *) command='(Debian package names)' ;;
  esac
  [[ $purpose != test ]] || wanted+=("${more[@]}")
  say "this script does not install packages on this system (${system% }). Please install:
  $command ${wanted[*]}$note
  in these versions or newer: g++ 12, CMake 3.25, Python 3.9 with pip, Boost 1.81, toml++ 3.3, prometheus-cpp 1.0 with
  civetweb, CLI11 2.1, fmt 9, nlohmann-json 3.11, OpenSSL 3, libjpeg-turbo 2.1, libspng 0.7, libwebp 1.2, zlib 1.2; for
  the tests GoogleTest 1.12, Google Benchmark 1.7, clang 14, rustc 1.63, abidiff 2.2, prometheus and promtool 2.42."
}

install_packages() {
  local log=$cache/apt.log as_root=()
  local line="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
  if ((EUID != 0)); then
    sudo -n true 2>/dev/null || { [[ -t 0 && -x $(command -v sudo) ]] && sudo -v; } ||
      stop "${#missing[@]} Debian packages are missing; run this line as root, then start again:"$'\n'"$line"
    as_root=(sudo)
  fi
  say "installing ${#missing[@]} Debian packages (log: $log)"
  # After an interrupted installation, apt refuses to work until dpkg has been run to completion.
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive sh -c "dpkg --configure -a && $line" >"$log" 2>&1 </dev/null ||
    stop "apt failed; its output is in $log, which ends:"$'\n'"$(tail -n 5 -- "$log")"
}

find_own_libtorch() {
  local folder folders
  IFS=':;' read -ra folders <<<"${CMAKE_PREFIX_PATH:-}"
  for folder in "${folders[@]}"; do
    [[ ! -e $folder/lib/libtorch_cpu.so ]] || { realpath -s -- "$folder" && return; }
  done
}

# True if the bootstrap has to provide LibTorch.
lacks_libtorch() { [[ -z $own_libtorch && ${BINADE_CMAKE_ARGS:-} != *BINADE_ENGINE=OFF* ]]; }

check_space() {
  local disk && local -A free=() needed=()
  ! lacks_libtorch || [[ -d $libtorch ]] || need "$cache" "$megabytes"
  [[ -e $build/build.ninja ]] || need "$build" 1000
  ((${#missing[@]} == 0)) || need / $((${#missing[@]} * 60))
  for disk in "${!needed[@]}"; do
    ((free[$disk] >= needed[$disk])) || [[ -n ${BINADE_SKIP_SPACE:-} ]] ||
      stop "not enough disk space: $disk has ${free[$disk]} MB free, ${needed[$disk]} MB are needed. Free some space," \
        "set BINADE_CACHE ($cache) or BINADE_BUILD_DIR ($build) to another folder, or set BINADE_SKIP_SPACE=1."
  done
}

provide_prometheus() {
  local found
  [[ -n ${BINADE_PROMETHEUS_BIN:-} || -d $prometheus ]] || ! manages_packages || alone "$cache/.lock" fetch_prometheus
  found=$(command -v "$prometheus/usr/bin/promtool" || command -v promtool || true)
  export BINADE_PROMETHEUS_BIN=${BINADE_PROMETHEUS_BIN:-${found%/*}}
}

# Unpacks Prometheus instead of installing it, because the package would start a server. Uses package lists of its own,
# because only root can update the system's.
fetch_prometheus() {
  [[ ! -d $prometheus ]] || return 0
  local new
  new=$(mktemp -d -- "$cache/.new-XXXXXX")
  say "fetching Prometheus ${prometheus##*-} for the tests"
  mkdir -p -- "$new"/{lists,archives}/partial
  (cd -- "$new" && export APT_CONFIG=$new/apt.conf && echo "Dir::State \"$new\"; Dir::Cache \"$new\";" >apt.conf &&
    helper apt-get update && helper apt-get download prometheus &&
    helper dpkg-deb -x prometheus_*.deb tree) >"$cache/prometheus.log" 2>&1 ||
    { say "Prometheus could not be fetched (see $cache/prometheus.log): tests that need it are skipped" && return; }
  publish "$new" "$prometheus"
}

configure_and_build() {
  local stamp=$build/.configured-with before='' tests=OFF arguments jobs name wanted
  [[ ! -e $stamp ]] || before=$(<"$stamp")
  # Once a build folder has the tests, it keeps them: otherwise the two run.sh scripts would reconfigure it alternately.
  [[ $purpose != test && $before != *-DBINADE_TESTS=ON* ]] || tests=ON
  arguments=(-S "$tree" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release "-DBINADE_TESTS=$tests"
    "-DCMAKE_PREFIX_PATH=${own_libtorch:-$libtorch/torch}")
  ! command -v ccache >/dev/null || arguments+=(-DCMAKE_{C,CXX,CUDA}_COMPILER_LAUNCHER=ccache)
  mapfile -t -O "${#arguments[@]}" arguments < <(xargs -r printf '%s\n' <<<"${BINADE_CMAKE_ARGS:-}")
  wanted=$(printf '%q ' "${arguments[@]}"
    for name in CC CXX CFLAGS CXXFLAGS LDFLAGS CUDACXX CUDAFLAGS CMAKE_PREFIX_PATH; do echo "$name=${!name:-}"; done)
  if [[ ! -e $build/build.ninja || $before != "$wanted" ]]; then
    # Without --fresh, CMake keeps earlier arguments and flags. Turning on the tests does not require it.
    [[ -z $before || $before == "${wanted/TESTS=ON/TESTS=OFF}" ]] || arguments+=(--fresh)
    say "configuring (log: $build/configure.log)"
    echo "unfinished $wanted" >"$stamp"
    cmake "${arguments[@]}" --no-warn-unused-cli >"$build/configure.log" || stop "CMake failed (see above)"
    echo "$wanted" >"$stamp"
  fi
  [[ $(cmake --build "$build" -- -n 2>&1) != *'no work to do'* ]] || return 0
  say "building"
  # Compiling a file that includes LibTorch needs up to 1.5 GB of memory.
  jobs=$(awk -v cores="$(nproc)" '/^MemAv/ { n = int($2 / 1.5e6) + 1; print n < cores ? n : cores }' /proc/meminfo)
  CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$jobs} cmake --build "$build" || exit
}
