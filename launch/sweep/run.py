"""Runs the trials of SWEEP.toml, or goes on with a sweep that was interrupted."""

import argparse
from pathlib import Path

from launch.sweep.spec import load_sweep


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sweep", metavar="SWEEP.toml", type=Path, help="see launch/sweep/README.md")


def run(arguments: argparse.Namespace) -> int:
    load_sweep(arguments.sweep)
    return 0
