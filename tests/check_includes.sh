#!/usr/bin/env bash
# Who may include whom:
#
#     launch -> trainer -> models, losses, evaluators, experiments   (these four: not each other)
#     base: everyone may, and it knows nobody
#
# - an include of ours is written from the root: "models/token_batch.h"
# - MPI, NCCL, HDF5, Prometheus, Arrow, curl, libmicrohttpd and GnuTLS stay out of headers,
#   torch/torch.h out of everything
# - what must answer without libtorch sees none of it, not even through another header of ours
#
#     tests/check_includes.sh [ROOT]        checks ROOT (default: the project)
#     tests/check_includes.sh --self-test   checks that each kind of violation is caught
set -euo pipefail

die() {
  echo "check_includes: $*" >&2
  exit 1
}

rooms='base models losses evaluators experiments trainer launch tests'

each_file() {
  local room
  for room in $rooms; do
    [[ ! -d $room ]] || find "$room" -name '*.h' -o -name '*.cpp' -o -name '*.cu'
  done | sort
}

check() {  # ROOT
  local files
  cd "$1"
  mapfile -t files < <(each_file)
  awk -v rooms="$rooms" '
    BEGIN {
      FS = "[<>\"]"
      split(rooms, list, " ")
      for (i in list) is_room[list[i]]
      may["models"] = may["losses"] = may["evaluators"] = may["experiments"] = " base "
      may["trainer"] = " base models losses evaluators experiments "
      may["launch"] = may["trainer"] "trainer "
      may["tests"] = may["launch"] "launch "
      third_party = "^((mpi|nccl|hdf5|H5Cpp|microhttpd)\\.h|(prometheus|arrow|parquet|curl|gnutls)/)"
      torch = "^(torch|ATen|c10|caffe2)/"
      torch_free = "^(base|evaluators|experiments|models/tokenizer|trainer/data)/"
    }

    function complain(file, text) {
      print "  " file ": " text
      violations++
    }

    function room_of(path) { return substr(path, 1, index(path, "/") - 1) }

    function check_ours(from, to) {
      if (!(to in is_room))
        complain(FILENAME, "\"" target "\" is not written from the root (others go in <...>)")
      else if (to != from && index(may[from], " " to " ") == 0)
        complain(FILENAME, "\"" target "\": " from "/ must not know of " to "/")
    }

    # The way from a file to a header of torch through headers of ours; empty when there is none.
    function way_to_torch(path, seen,    i, rest) {
      if (path in torch_include) return path " -> <" torch_include[path] ">"
      if (path in seen) return ""
      seen[path]
      for (i = 1; i <= count[path]; i++) {
        rest = way_to_torch(includes[path, i], seen)
        if (rest != "") return path " -> " rest
      }
      return ""
    }

    /^[ \t]*#[ \t]*include/ {
      target = $2
      files[FILENAME]
      if (target == "torch/torch.h")
        complain(FILENAME, "<torch/torch.h> takes a minute to parse: take what is used (ATen/...)")
      if (FILENAME ~ /\.h$/ && target ~ third_party)
        complain(FILENAME, "<" target "> in a header; it belongs into the .cpp file that owns it")
      if (target ~ torch) torch_include[FILENAME] = target
      if ($0 ~ /include *"/) {
        check_ours(room_of(FILENAME), room_of(target))
        includes[FILENAME, ++count[FILENAME]] = target
      }
    }

    END {
      for (file in files) {
        if (file !~ torch_free) continue
        split("", seen)
        way = way_to_torch(file, seen)
        if (way != "") complain(file, "must not see libtorch: " way)
      }
      exit violations > 0
    }' "${files[@]}" </dev/null
}

# --- self-test ---

put() {  # FILE LINE...
  mkdir -p "$(dirname "$tree/$1")"
  printf '%s\n' "${@:2}" >"$tree/$1"
}

valid_tree() {
  rm -rf "${tree:?}"/*
  put base/files.h '#include <string>'
  put models/bert.h '#include <ATen/core/Tensor.h>' '#include "base/files.h"'
  put models/tokenizer/tokenizer.h '#include "base/files.h"' '// #include "losses/loss.h"'
  put losses/loss.h '#include <ATen/core/Tensor.h>'
  put evaluators/bm25.h '#include <vector>'
  put experiments/store.cpp '#include <hdf5.h>'
  put trainer/data/store.cpp '#include <arrow/api.h>' '#include "models/tokenizer/tokenizer.h"'
  put trainer/trainer.h '#include "models/bert.h"' '#include "losses/loss.h"'
  put trainer/scoring.h '#include "evaluators/bm25.h"'
  put launch/train.cpp '#include <mpi.h>' '#include "trainer/trainer.h"'
  put tests/models/bert_test.cpp '#include "models/bert.h"' '#include "tests/models/data.h"'
}

expect_caught() {  # FILE LINE
  local output
  valid_tree
  put "$@"
  if output=$(check "$tree"); then
    die "not caught: $2 in $1"
  fi
  grep -qF "  $1: " <<<"$output" || die "$2 in $1 should be named, but it says: $output"
}

self_test() {
  tree=$(mktemp -d)
  trap 'rm -rf "$tree"' EXIT
  valid_tree
  (check "$tree") || die "a valid tree is called wrong"

  expect_caught base/files.h '#include "models/bert.h"'
  expect_caught models/bert.h '#include "losses/loss.h"'
  expect_caught losses/loss.h '#include "evaluators/bm25.h"'
  expect_caught evaluators/bm25.h '#include "experiments/event.h"'
  expect_caught experiments/event.h '#include "trainer/trainer.h"'
  expect_caught trainer/trainer.h '#include "launch/common.h"'
  expect_caught launch/train.cpp '#include "tests/models/data.h"'
  expect_caught models/bert.h '#include "files.h"'
  expect_caught models/bert.h '#  include "../base/files.h"'
  for header in mpi.h nccl.h hdf5.h microhttpd.h prometheus/counter.h arrow/api.h curl/curl.h \
    gnutls/gnutls.h; do
    expect_caught trainer/trainer.h "#include <$header>"
  done
  expect_caught models/bert.cpp '#include <torch/torch.h>'
  expect_caught tests/models/bert_test.cpp '#include <torch/torch.h>'
  for file in base/a.h {evaluators,experiments,models/tokenizer}/a.cpp trainer/data/a.h; do
    expect_caught "$file" '#include <ATen/core/Tensor.h>'
  done
  expect_caught trainer/data/batch.h '#include "models/bert.h"'
  echo "check_includes: every kind of violation is caught"
}

if [[ ${1-} == --self-test ]]; then
  self_test
else
  root=$(realpath -- "${1:-$(dirname "${BASH_SOURCE[0]}")/..}")
  (check "$root") || die "these break the rules at the head of tests/check_includes.sh"
  echo "check_includes: the include rules hold"
fi
