"""Runs the trials of SWEEP.toml, or goes on with a sweep that was interrupted.

Ends with 0 when the budget is used up, 2 when the file or the recipe is at fault, 1 when the outside world is, 75 when
it was stopped by SIGINT or SIGTERM: trials that were running go on from their checkpoints when it is started again.
"""

import argparse
import asyncio
import sys
from pathlib import Path

from launch.sweep.check import check
from launch.sweep.console import Console
from launch.sweep.driver import Driver
from launch.sweep.json_console import JsonConsole
from launch.sweep.spec import load_sweep
from launch.sweep.study import create_study
from launch.sweep.watching import watched


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sweep", metavar="SWEEP.toml", type=Path, help="see launch/sweep/README.md")
    parser.add_argument("--json", action="store_true", help="a JSON object a line: each trial that ends, then the end")


def run(arguments: argparse.Namespace) -> int:
    sweep = load_sweep(arguments.sweep)
    check(sweep)
    study = create_study(sweep)
    console = (JsonConsole if arguments.json else Console)(sweep, study, sys.stdout)
    driver = Driver(sweep, study, console)
    with watched(sweep, study, lambda: len(driver.jobs) * sweep.run.ranks_per_trial):
        return asyncio.run(driver.run())
