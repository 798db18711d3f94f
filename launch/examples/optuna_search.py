"""Optuna's own API over `lambdaforge train`: three keys, TPE, unpromising trials are dropped early.

    .deps/venv/bin/python launch/examples/optuna_search.py launch/recipes/wordnet.toml --trials 8

The study lies in search.journal: started again it goes on, optuna-dashboard shows it.
"""

import argparse
import json
import signal
import subprocess
from collections.abc import Sequence
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

RECIPES_FAULT = 2


class RunFailed(Exception):
    """The trial is marked as failed and the search goes on."""


def objective(trial: optuna.Trial, command: Sequence[str]) -> float:
    settings = {
        "training.learning_rate": trial.suggest_float("training.learning_rate", 1e-6, 1e-3, log=True),
        "training.warmup_ratio": trial.suggest_float("training.warmup_ratio", 0, 0.2, step=0.1),
        "loss.weighting_scheme": trial.suggest_categorical("loss.weighting_scheme", ["NDCGLoss2PP", "LambdaRank"]),
        "run.name": f"{trial.study.study_name}-{trial.number:04d}",
    }
    overrides = [f"{key}={value}" for key, value in settings.items()]
    end, dropped = train([*command, *overrides], trial)
    if dropped:
        raise optuna.TrialPruned
    if end.get("exit_code") == RECIPES_FAULT:
        trial.study.stop()  # every other trial would end the same way
    if end.get("outcome") != "done":
        raise RunFailed(end.get("reason") or "the run was killed")
    return float(end["best_metric"])


def train(command: Sequence[str], trial: optuna.Trial) -> tuple[dict[str, Any], bool]:
    """Follows the run's events; returns the last one, {} where there is none, and whether the trial was dropped."""
    end: dict[str, Any] = {}
    dropped = False
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        for line in run.stdout:
            event = json.loads(line)
            if event["event"] == "end":
                end = event
            if event["event"] == "evaluation" and event["step"] > 0 and not dropped:  # 0: the untrained model
                trial.report(event["metrics"][event["metric_for_best_model"]], event["step"])
                dropped = trial.should_prune()
                if dropped:
                    run.send_signal(signal.SIGUSR1)  # it saves a checkpoint and ends with 75
    return end, dropped


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", help="it evaluates while it trains: training.eval_strategy")
    parser.add_argument("overrides", nargs="*", help="section.key=value of all trials")
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--journal", default="search.journal")
    parser.add_argument("--lambdaforge", default="build/release/bin/lambdaforge")
    arguments = parser.parse_intermixed_args()

    study = optuna.create_study(
        study_name="search",
        storage=JournalStorage(JournalFileBackend(arguments.journal)),
        load_if_exists=True,
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=12),
        pruner=optuna.pruners.SuccessiveHalvingPruner(),
    )
    command = [arguments.lambdaforge, "train", arguments.recipe, "--json", *arguments.overrides]
    study.optimize(lambda trial: objective(trial, command), n_trials=arguments.trials, catch=(RunFailed,))
    if any(trial.state == optuna.trial.TrialState.COMPLETE for trial in study.trials):
        print(json.dumps({"trial": study.best_trial.number, "value": study.best_value} | study.best_params))


if __name__ == "__main__":
    main()
