"""What a sweep has found so far: a summary and a table of its trials."""

import argparse
import json
from typing import Any

from launch.sweep.facts import trial_to_json
from launch.sweep.results import StudyResults, add_sweep_argument, read_results
from launch.sweep.text_table import aligned, printable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_sweep_argument(parser)
    parser.add_argument("--sort", choices=["best", "number"], default="best", help="best first, or by number [best]")
    parser.add_argument("--limit", metavar="N", type=int, help="the first N of them")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")


def run(arguments: argparse.Namespace) -> int:
    results = read_results(arguments.sweep)
    if arguments.json:
        print(json.dumps(to_json(results), indent=2, allow_nan=False))
        return 0
    trials = list(results.trials) if arguments.sort == "number" else results.by_rank()
    print(f"sweep {printable(results.name)}")
    print("\n".join(map(printable, results.summary())))
    if trials:
        print("\n" + "\n".join(aligned(*results.table(trials[: arguments.limit]))))
    return 0


def to_json(results: StudyResults) -> dict[str, Any]:
    """Trials by number, with parameters under their full names."""
    return {
        "name": results.name,
        "folder": str(results.folder),
        "objectives": [
            {"name": objective.name, "direction": objective.direction.name.lower()} for objective in results.objectives
        ],
        "best_trials": list(results.best),
        "trials": [trial_to_json(trial) for trial in results.trials],
    }
