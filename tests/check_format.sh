#!/usr/bin/env bash
# Every .h, .cpp and .cu file must be as clang-format leaves it (.clang-format); --fix formats them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

die() {
  echo "check_format: $*" >&2
  exit 1
}

rooms=(base models losses evaluators experiments trainer launch tests)

# Another version formats otherwise; Debian 12 has 14.
formatter=$(command -v clang-format-14 || command -v clang-format) ||
  die "clang-format is missing: run launch/bootstrap.sh"

each_file() { find "${rooms[@]}" -name '*.h' -o -name '*.cpp' -o -name '*.cu'; }

format() { each_file | xargs --max-procs=4 --max-args=16 "$formatter" "$@"; }

case ${1-} in
  "")
    format --dry-run -Werror || die "not formatted (see above): run tests/check_format.sh --fix"
    echo "check_format: $(each_file | wc -l) files are formatted"
    ;;
  --fix) format -i ;;
  *) echo "usage: tests/check_format.sh [--fix]" >&2 && exit 2 ;;
esac
