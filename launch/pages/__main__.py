"""lambdaforge report: a page with the curves of one run or several."""

import argparse
import sys
from pathlib import Path

from launch.pages.report import build_report
from launch.pages.run_data import Run, UnreadableRun, read_run
from launch.standard_output import cannot_write, finish_output

EXAMPLES = """
Figures can be hovered over, and zoomed into by drawing a frame. The page needs no network and no other file. A run
that is still training is shown as far as it has come; one that cannot be read is named, and the others are shown.

Examples:
  lambdaforge report wordnet/first
  lambdaforge report wordnet/first wordnet/second --output compared.html
  lambdaforge report /mnt/runs/wordnet/*
"""


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lambdaforge report",
        description="Writes a page with the curves, the energy and the parameters of one run or several.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", help="a run's folder, or its path below --folder")
    parser.add_argument("--folder", default="runs", metavar="FOLDER", help="folder of the runs (default: runs)")
    parser.add_argument(
        "--output", type=Path, default=Path("report.html"), metavar="FILE", help="the page (default: report.html)"
    )
    return parser


def report(error: str) -> None:
    print(f"lambdaforge: {error}", file=sys.stderr)


def read_runs(names: list[str], folder: str) -> tuple[list[Run], list[str]]:
    """Those that can be read, and why the others cannot."""
    runs, unreadable = [], []
    for name in dict.fromkeys(names):
        try:
            runs.append(read_run(name, folder))
        except UnreadableRun as error:
            unreadable.append(str(error))
    return runs, unreadable


def main() -> int:
    try:
        try:
            return write_report(parser().parse_args())
        finally:
            finish_output()
    except OSError as error:
        report(cannot_write(error))
        return 1


def write_report(options: argparse.Namespace) -> int:
    runs, unreadable = read_runs(options.runs, options.folder)
    for sentence in unreadable:
        report(sentence)
    if not runs:
        return 1
    build_report(runs, unreadable).write(options.output)
    print(options.output)
    return 1 if unreadable else 0


if __name__ == "__main__":
    sys.exit(main())
