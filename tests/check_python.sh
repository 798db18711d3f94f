#!/usr/bin/env bash
# Python must be as ruff formats it and without what ruff finds wrong; the types of launch/ must hold
# (pyproject.toml). --fix formats.
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
    "$python" -m ruff format --quiet --diff launch tests || {
      echo "check_python: not formatted (see above): run tests/check_python.sh --fix" >&2
      exit 1
    }
    "$python" -m ruff check --quiet launch tests
    "$python" -m mypy --cache-dir "$cache" launch
    ;;
  --fix)
    "$python" -m ruff format launch tests
    "$python" -m ruff check --quiet --fix launch tests
    ;;
  *) echo "usage: tests/check_python.sh [--fix]" >&2 && exit 2 ;;
esac
