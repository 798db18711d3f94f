"""All trials of a sweep for other programs."""

import argparse
import csv
import io
import json
import sys
from pathlib import Path

from launch.atomic_write import write_atomically
from launch.sweep.errors import BadInput
from launch.sweep.facts import facts_of, values_on_the_way
from launch.sweep.results import StudyResults, add_sweep_argument, read_results
from launch.sweep.show import to_json
from launch.sweep.states import STATES

DESCRIPTION = """
csv   one row a trial; with --table evaluations one row an evaluation: trial, step, value
json  everything: objectives, trials, their evaluations and what was reported to the pruner
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_sweep_argument(parser)
    parser.epilog = DESCRIPTION
    parser.add_argument("--format", choices=["csv", "json"], default="csv", help="[csv]")
    parser.add_argument("--table", choices=["trials", "evaluations"], help="of csv [trials]")
    parser.add_argument("--output", metavar="FILE", type=Path, help="file to write [standard output]")


def run(arguments: argparse.Namespace) -> int:
    if arguments.format == "json" and arguments.table is not None:
        raise BadInput("--table goes with --format csv only; json holds trials and evaluations")
    results = read_results(arguments.sweep)
    if arguments.format == "json":
        text = json.dumps(to_json(results), indent=2, allow_nan=False) + "\n"
    else:
        text = evaluations_csv(results) if arguments.table == "evaluations" else trials_csv(results)
    if arguments.output is None:
        sys.stdout.write(text)
    else:
        write_atomically(arguments.output, text)
    return 0


def trials_csv(results: StudyResults) -> str:
    names = results.parameter_names()
    objectives = [objective.name for objective in results.objectives]
    header = ["trial", "state", "reason", *objectives, *names, "steps", "seconds", "energy_kwh", "run_folder"]
    rows = []
    for trial in results.trials:
        facts = facts_of(trial)
        values = trial.values or [None] * len(objectives)
        parameters = [trial.params.get(name) for name in names]
        ending = [facts.steps, facts.seconds, facts.energy_kwh, facts.run_folder]
        rows.append([trial.number, STATES[trial.state], facts.reason, *values, *parameters, *ending])
    return _csv(header, rows)


def evaluations_csv(results: StudyResults) -> str:
    rows: list[list[object]] = [
        [trial.number, step, value] for trial in results.trials for step, value in values_on_the_way(trial).items()
    ]
    return _csv(["trial", "step", "value"], rows)


def _csv(header: list[str], rows: list[list[object]]) -> str:
    """What is not there is an empty cell; floats have all their digits."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
