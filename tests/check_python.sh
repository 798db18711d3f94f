#!/usr/bin/env bash
# The Python programs of launch/ must be as ruff formats them, without what it finds wrong, and their
# types must hold (pyproject.toml); --fix formats them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python=${LAMBDAFORGE_DEPS:-.deps}/tests-venv/bin/python
[[ -x $python ]] || {
  echo "check_python: $python is missing: run launch/bootstrap.sh --tests" >&2
  exit 1
}
cache=$(mktemp -d)
trap 'rm -rf "$cache"' EXIT
export RUFF_NO_CACHE=true

case ${1-} in
  "")
    "$python" -m ruff format --quiet --diff launch || {
      echo "check_python: not formatted (see above): run tests/check_python.sh --fix" >&2
      exit 1
    }
    "$python" -m ruff check --quiet launch
    "$python" -m mypy --cache-dir "$cache" launch
    ;;
  --fix)
    "$python" -m ruff format launch
    "$python" -m ruff check --quiet --fix launch
    ;;
  *) echo "usage: tests/check_python.sh [--fix]" >&2 && exit 2 ;;
esac
