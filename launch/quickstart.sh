#!/usr/bin/env bash
# From a fresh clone to a trained reranker: sets up, builds, prepares data, trains on two ranks and
# tries the result. What is there already is not done again; a training that was stopped goes on
# from its last checkpoint.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
deps=$(realpath -m -- "${LAMBDAFORGE_DEPS:-$root/.deps}")
lambdaforge=build/release/bin/lambdaforge
model=runs/wordnet/quickstart/final

say() { printf '\n== %s\n' "$*"; }

set_up() {
  say "1/5 setting up: Debian packages, wheels, base model"
  LAMBDAFORGE_DEPS=$deps launch/bootstrap.sh
}

build() {
  say "2/5 building the programs"
  cmake --preset release -DLAMBDAFORGE_DEPS="$deps" --log-level=WARNING
  cmake --build --preset release --target launch/all
}

prepare() {
  say "3/5 preparing training lists and evaluation sets from WordNet"
  if [[ -e data/wordnet/train.jsonl ]]; then
    echo "data/wordnet is there already"
  else
    "$lambdaforge" prepare wordnet --output data/wordnet
  fi
}

# Cores that this shell may use; two hardware threads of one core count once, as mpirun counts them.
count_cores() {
  local physical allowed
  physical=$(lscpu --parse=CORE,SOCKET | grep -v '^#' | sort -u | wc -l)
  allowed=$(env -u OMP_NUM_THREADS nproc)
  echo $((physical < allowed ? physical : allowed))
}

# Two ranks of one thread each: every rank keeps to a core of its own where there are two.
train() {
  say "4/5 training on two MPI ranks, with an evaluation every 40 steps"
  local options=(-n 2)
  if (($(count_cores) >= 2)); then
    options+=(--bind-to core:if-supported)
  else
    options+=(--oversubscribe)
  fi
  if ((EUID == 0)); then  # Open MPI wants to hear twice that root means it
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  fi
  mpirun "${options[@]}" "$lambdaforge" train launch/recipes/wordnet.toml \
    --set model.path="$deps/models/all-MiniLM-L6-v2"
}

try_it() {
  say "5/5 ranking three definitions with the trained model"
  local query="he cashed a check at the bank"
  echo "query: $query"
  "$lambdaforge" predict "$model" --query "$query" --documents - --return-documents <<'TEXT'
a financial institution that accepts deposits and channels the money into lending activities
a flight maneuver; aircraft tips laterally about its longitudinal axis (especially in turning)
sloping land (especially the slope beside a body of water)
TEXT
}

cd "$root"
echo "Lambdaforge quickstart: about 20 minutes on two cores the first time, most of them for the"
echo "downloads (2.7 GB) and the build; the training takes under 10. Stop and start it at any time."
set_up
build
prepare
train
try_it
say "done in $((SECONDS / 60)) min $((SECONDS % 60)) s; the model is in $model"
