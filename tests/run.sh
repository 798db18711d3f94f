#!/usr/bin/env bash
# Sets up, builds and runs every test; stops at the first part that fails.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: tests/run.sh [--quick]

  --quick   only what ctest runs: no parity and integration tests, no Python packages for them

LAMBDAFORGE_DEPS     wheels and base model (default: .deps in the project)
LAMBDAFORGE_SHARED   folder with the real data sets (default: ../shared); tests that need one skip
                     without it
TEXT
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export LAMBDAFORGE_DEPS LAMBDAFORGE_BUILD=$root/build/release LAMBDAFORGE_SHARED
LAMBDAFORGE_DEPS=$(realpath -m -- "${LAMBDAFORGE_DEPS:-$root/.deps}")
LAMBDAFORGE_SHARED=$(realpath -m -- "${LAMBDAFORGE_SHARED:-$root/../shared}")
export LAMBDAFORGE_MODEL=$LAMBDAFORGE_DEPS/models/all-MiniLM-L6-v2
if ((EUID == 0)); then  # Open MPI wants to hear twice that root means it
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

# --- parts ---

set_up_for_ctest() { launch/bootstrap.sh; }

set_up() { launch/bootstrap.sh --tests; }

check_format() { tests/check_format.sh; }

check_python() { tests/check_python.sh; }

build() {
  cmake --preset release -DLAMBDAFORGE_DEPS="$LAMBDAFORGE_DEPS" -DBUILD_TESTING=ON
  cmake --build --preset release
}

run_ctest() { ctest --preset release; }

# Whatever Hugging Face's libraries would keep in the home folder goes to a folder that is removed.
run_pytest() {
  env HF_HUB_OFFLINE=1 HF_HOME="$scratch/hf" HF_DATASETS_CACHE="$scratch/hf/datasets" \
    XDG_CACHE_HOME="$scratch/cache" TOKENIZERS_PARALLELISM=false \
    "$LAMBDAFORGE_DEPS/tests-venv/bin/python" -m pytest tests/parity tests/integration \
    -p no:cacheprovider --basetemp="$scratch/pytest" -ra --durations=10
}

# --- one after another ---

timings=()
current=start

part() {  # NAME COMMAND
  local start=$SECONDS
  current=$1
  printf '\n== %s\n' "$current"
  "$2"
  timings+=("$(printf '%6d s  %s' $((SECONDS - start)) "$current")")
}

finish() {
  local status=$?
  rm -rf "$scratch"
  ((${#timings[@]} == 0)) || printf '\n== seconds for each part\n'
  ((${#timings[@]} == 0)) || printf '%s\n' "${timings[@]}"
  if ((status != 0)); then
    printf '\ntests/run.sh: FAILED at: %s (after %d s; its messages stand above)\n' \
      "$current" "$SECONDS" >&2
  else
    printf '\ntests/run.sh: every part passed in %d s\n' "$SECONDS"
  fi
}

say_what_data_is_there() {
  if [[ -d $LAMBDAFORGE_SHARED/data ]]; then
    echo "real data sets: $LAMBDAFORGE_SHARED/data"
  else
    echo "real data sets: none at $LAMBDAFORGE_SHARED/data; the tests that need one are skipped"
  fi
}

quick=no
case ${1-} in
  "") ;;
  --quick) quick=yes ;;
  -h | --help) usage && exit ;;
  *) usage >&2 && exit 2 ;;
esac

cd "$root"
scratch=$(mktemp -d)
trap finish EXIT
say_what_data_is_there
if [[ $quick == yes ]]; then
  part "set-up" set_up_for_ctest
else
  part "set-up" set_up
fi
part "format" check_format
if [[ $quick == no ]]; then part "ruff, mypy" check_python; fi
part "build" build
part "ctest" run_ctest
if [[ $quick == no ]]; then
  part "pytest: parity with sentence-transformers, integration" run_pytest
fi
