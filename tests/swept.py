"""Studies as the drivers of a sweep leave them, made by Optuna itself without a training."""

import html
import re
import subprocess
import sys

import optuna
import pytest
from optuna.trial import TrialState

from runs import BIN, ROOT, write_recipe

sys.path.append(str(ROOT))
from launch.sweep.spec import load_sweep  # noqa: E402
from launch.sweep.study import TrialAttribute, create_study  # noqa: E402

optuna.logging.set_verbosity(optuna.logging.WARNING)

METRIC = "NanoBEIR_R30_mean_ndcg@10"
HOSTILE = "<script>alert(1)</script> & \x1b[31mred\nsecond line \u202e"
SPACE = """
[space]
"training.learning_rate" = {log_uniform = [1e-6, 1e-4]}
"loss.weighting_scheme" = {choice = ["NDCGLoss2PP", "LambdaRank"]}
"loss.sigma" = {uniform = [0.5, 2.0], when = {"loss.weighting_scheme" = "LambdaRank"}}
"""
TWO = '[objective]\nsecond = "energy_kwh"\n'


def write_sweep(folder, name, more=""):
    write_recipe(
        folder / "recipe.toml",
        run={"project": "by-hand", "name": "first", "output_dir": folder / "runs"},
        model={"path": "models/base"},
        data={"train": "data/train.jsonl"},
        training={"max_steps": 100, "eval_strategy": "steps", "eval_steps": 20, "metric_for_best_model": METRIC},
        evaluation={"nano_beir": "data/nano", "dataset_names": ["noun", 'v\u00e9rb "quoted"']},
        tracking={"energy": True},
    )
    path = folder / f"{name}.toml"
    head = 'recipe = "recipe.toml"\n[set]\n"training.max_steps" = 80\n'
    path.write_text(f"{head}{SPACE}{more}[budget]\ntrials = 16\n")
    return path


def parameters_of(number):
    parameters = {"training.learning_rate": 1e-6 * 1.3**number}
    if number % 2 == 0:
        return parameters | {"loss.weighting_scheme": "NDCGLoss2PP"}
    return parameters | {"loss.weighting_scheme": "LambdaRank", "loss.sigma": 0.5 + number / 10}


def values_of(number):
    """NDCG, the best of trial 10; and kWh, the least of trial 6."""
    return [0.4 + 1.3**number / 100, (number - 6) ** 2 / 1e4]


def make_study(sweep_file):
    """Trials 0 to 10 have ended: 3 was pruned, 5 failed, the others are complete. 11 goes on, 12 waits."""
    sweep = load_sweep(sweep_file)
    study = create_study(sweep)
    for number in range(12):
        study.enqueue_trial(parameters_of(number))
        trial = study.ask()
        sweep.space.suggest(trial)
        run_trial(study, trial, values_of(trial.number))
    study.enqueue_trial(parameters_of(12))
    return study


def run_trial(study, trial, values):
    steps = [20, 40] if trial.number == 3 else [20, 40, 60, 80]
    evaluations = {step: values[0] * step / 80 for step in steps}
    attributes = {
        TrialAttribute.EVALUATIONS: {str(step): value for step, value in evaluations.items()},
        TrialAttribute.STEP: steps[-1],
        TrialAttribute.TRAIN_SECONDS: 10.0 + trial.number,
        TrialAttribute.ENERGY_KWH: values[1],
        TrialAttribute.FOLDER: f"/runs/trial-{trial.number:04d}",
    }
    if trial.number == 5:
        attributes[TrialAttribute.REASON] = HOSTILE
    for key, value in attributes.items():
        trial.set_user_attr(key, value)
    if len(study.directions) == 1:
        for step, value in evaluations.items():
            trial.report(value, step)
    if trial.number == 3:
        study.tell(trial, state=TrialState.PRUNED)
    elif trial.number == 5:
        study.tell(trial, state=TrialState.FAIL)
    elif trial.number != 11:
        study.tell(trial, values[: len(study.directions)])


COMPLETE = [0, 1, 2, 4, 6, 7, 8, 9, 10]
FRONT = [10, 9, 8, 7, 6]  # more NDCG costs more kWh from trial 6 on; those before it are worse in both


def sweep(*arguments):
    command = [BIN / "lambdaforge-sweep", *arguments]
    return subprocess.run([str(part) for part in command], capture_output=True, text=True)


def told(*arguments):
    done = sweep(*arguments)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout


def texts_of(document):
    """What a reader sees, one space between texts."""
    without_code = re.sub(r"<(script|style)\b.*?</\1>", " ", document, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", without_code)).split())


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """A sweep file with one objective, and its study."""
    path = write_sweep(tmp_path_factory.mktemp("one"), "one")
    return path, make_study(path)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    path = write_sweep(tmp_path_factory.mktemp("two"), "two", TWO)
    return path, make_study(path)
