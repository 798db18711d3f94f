"""The winner of a sweep, or its Pareto front, and the recipe that trains the winner again."""

import argparse
import json
import sys
from pathlib import Path

from optuna.trial import FrozenTrial, TrialState

from launch.atomic_write import write_atomically
from launch.sweep.base_recipe import base_recipe
from launch.sweep.errors import BadInput
from launch.sweep.facts import facts_of, trial_to_json
from launch.sweep.results import Cell, StudyResults, add_sweep_argument, cell_of, read_results
from launch.sweep.states import state_name
from launch.sweep.study import trial_name
from launch.sweep.text_table import aligned, aligned_rows, format_cell, printable
from launch.sweep.toml_text import toml_text

STANDARD_OUTPUT = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_sweep_argument(parser)
    parser.add_argument("--trial", metavar="N", type=int, help="this one instead of the winner")
    parser.add_argument(
        "--recipe",
        metavar="FILE",
        nargs="?",
        const=STANDARD_OUTPUT,
        help="write the recipe with the trial's parameters, for 'lambdaforge train' [standard output]",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    results = read_results(arguments.sweep)
    chosen = _choose(results, arguments.trial)
    if arguments.recipe is not None:
        _write_recipe(results, _the_one(results, chosen), arguments.recipe)
    elif arguments.json:
        print(json.dumps([trial_to_json(trial) for trial in chosen], indent=2, allow_nan=False))
    elif len(chosen) == 1:
        _describe(results, chosen[0])
    else:
        print("\n".join(map(printable, results.summary())))
        print("\n" + "\n".join(aligned(*results.table(chosen))))
    return 0


def _choose(results: StudyResults, number: int | None) -> list[FrozenTrial]:
    if number is None:
        if not results.best:
            raise BadInput(f"no trial of the sweep '{results.name}' is complete; see 'lambdaforge sweep show'")
        return [results.trial(best) for best in results.best]
    trial = results.trial(number)
    if trial.state != TrialState.COMPLETE:
        raise BadInput(f"trial {number} is {state_name(trial)}, expected a complete one; see 'lambdaforge sweep show'")
    return [trial]


def _the_one(results: StudyResults, chosen: list[FrozenTrial]) -> FrozenTrial:
    if len(chosen) > 1:
        numbers = ", ".join(str(trial.number) for trial in chosen)
        raise BadInput(f"the Pareto front of '{results.name}' has {len(chosen)} trials; choose with --trial: {numbers}")
    return chosen[0]


def _describe(results: StudyResults, trial: FrozenTrial) -> None:
    facts = facts_of(trial)
    named = zip(results.objectives, trial.values, strict=True)
    print(f"trial {trial.number}: {', '.join(f'{printable(o.name)} = {format_cell(v)}' for o, v in named)}")
    rows: list[list[Cell]] = [[name, cell_of(value)] for name, value in trial.params.items()]
    rows += [["best at step", facts.best_step], ["run", facts.run_folder]]
    print("\n".join(f"  {line}" for line in aligned_rows(rows)))


def _write_recipe(results: StudyResults, trial: FrozenTrial, file: str) -> None:
    text = winning_recipe(results, trial)
    if file == STANDARD_OUTPUT:
        sys.stdout.write(text)
        return
    write_atomically(Path(file), text)
    print(f"{printable(file)}: trial {trial.number}; lambdaforge train {printable(file)}")


def winning_recipe(results: StudyResults, trial: FrozenTrial) -> str:
    """TOML: what the trial ran with, under a run's name of its own."""
    recipe = base_recipe(results)
    for name, value in trial.params.items():
        section, _, key = name.partition(".")
        recipe.setdefault(section, {})[key] = value
    recipe.setdefault("run", {})["name"] = f"{results.name}-{trial_name(trial.number)}"
    values = ", ".join(
        f"{objective.name} = {value:.6g}" for objective, value in zip(results.objectives, trial.values, strict=True)
    )
    return toml_text(recipe, [printable(f"Trial {trial.number} of the sweep '{results.name}': {values}")])
