"""What is checked before anything runs or is written."""

import subprocess
from concurrent.futures import ThreadPoolExecutor

import optuna

from launch.sweep.engine import build_pruner, build_sampler
from launch.sweep.errors import BadInput, OutsideFault
from launch.sweep.space import Value
from launch.sweep.spec import Sweep
from launch.sweep.study import check_study, trial_name
from launch.sweep.trainer import INVALID, program, train_arguments

TRIED = 12  # Optuna's samplers draw ten at random before they think
TRIED_STEP = 1000


def check(sweep: Sweep) -> None:
    """Throws BadInput when the sweep cannot work."""
    check_sampler(sweep)
    check_study(sweep)
    check_recipe(sweep)


def check_sampler(sweep: Sweep) -> None:
    """Some samplers refuse some spaces, objectives and options, but only after the trials that they draw at random."""
    study = optuna.create_study(
        directions=sweep.objective.directions,
        sampler=build_sampler(sweep.sampler),
        pruner=build_pruner(sweep.pruner),
    )
    values = [0.0] * len(study.directions)
    try:
        for _ in range(min(TRIED, sweep.sampler.points or TRIED)):
            trial = study.ask()
            sweep.space.suggest(trial)
            if len(values) == 1:
                trial.report(values[0], TRIED_STEP)
                trial.should_prune()
            study.tell(trial, values)
    except Exception as error:  # whatever Optuna, NumPy or PyTorch make of a value
        raise BadInput(
            f"{sweep.path}: [sampler] {sweep.sampler.name}, [pruner] {sweep.pruner.name}: {error}"
        ) from error


def check_recipe(sweep: Sweep) -> None:
    """The trainer reads the recipe with the space at its ends, and with each choice."""
    with ThreadPoolExecutor() as pool:
        for _ in pool.map(lambda probe: _try_settings(sweep, probe), sweep.space.probes()):
            pass


def _try_settings(sweep: Sweep, probe: dict[str, Value]) -> None:
    settings = {**sweep.settings, **probe, "run.project": sweep.name, "run.name": trial_name(0)}
    command = [program(), *train_arguments(sweep.recipe, settings), "--check"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    except OSError as error:
        raise OutsideFault(f"cannot start {command[0]}: {error.strerror}") from error
    if done.returncode == 0:
        return
    said = done.stderr.strip().removeprefix("lambdaforge: ") or f"ended with {done.returncode}"
    if done.returncode == INVALID:
        raise BadInput(f"{sweep.path}: {said}")
    raise OutsideFault(f"cannot check {sweep.recipe}: {said}")
