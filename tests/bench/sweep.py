#!/usr/bin/env python3
"""What a sweep saves and what it misses: a grid of 16 trials, then the same 16 points under ASHA, in three orders.

    .deps/tests-venv/bin/python tests/bench/sweep.py [--slots 2] [--steps 64] [--orders 1 2 3] [--output FOLDER]

Learning rate, loss scheme and warm-up of a model of two layers on WordNet's lists; the objective is NDCG@10 over 150
queries whose senses are not in the lists. All sweeps are of Optuna's GridSampler, which shuffles the points by its
seed; what ASHA keeps depends on who came before. Prints the steps of each, the winners, by how much ASHA's are worse,
and how long a slot was empty between two trials. The machine should do nothing else.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.conftest import MODEL  # noqa: E402
from tests.runs import BIN, environment, write_recipe  # noqa: E402

SPACE = """
[space]
"training.learning_rate" = {choice = [1e-5, 5e-5, 2e-4, 1e-3]}
"loss.weighting_scheme" = {choice = ["NDCGLoss2PP", "LambdaRank"]}
"training.warmup_ratio" = {choice = [0.0, 0.2]}
[sampler]
name = "Grid"
"""
ASHA = '[pruner]\nname = "ASHA"\nmin_resource = {first}\nreduction_factor = 3\n'


def write_files(folder, steps, slots, orders):
    interval = steps // 8
    write_recipe(
        folder / "recipe.toml",
        run={"output_dir": folder / "runs"},
        model={"path": MODEL, "num_hidden_layers": 2, "max_length": 48},
        data={"train": folder / "data/train.jsonl"},
        loss={"name": "LambdaLoss"},
        training={
            "per_device_train_batch_size": 8,
            "max_steps": steps,
            "seed": 12,
            "logging_steps": 10,
            "eval_strategy": "steps",
            "eval_steps": interval,
            "save_strategy": "steps",
            "save_steps": interval,
            "save_total_limit": 1,
            "metric_for_best_model": "NanoBEIR_R20_mean_ndcg@10",
        },
        evaluation={
            "nano_beir": folder / "data/nano",
            "dataset_names": ["noun", "verb", "adjective"],
            "rerank_k": 20,
            "at_k": 10,
        },
        tracking={"energy": True},
    )
    (folder / "grid.toml").write_text(sweep_file(orders[0], slots))
    for order in orders:
        (folder / f"asha-{order}.toml").write_text(sweep_file(order, slots) + ASHA.format(first=steps // 8))


def sweep_file(order, slots):
    return f'recipe = "recipe.toml"\n{SPACE}seed = {order}\n[run]\nslots = {slots}\n'


def sweep(folder, name):
    """The study, and the seconds that it took."""
    begun = time.monotonic()
    subprocess.run([BIN / "lambdaforge", "sweep", folder / f"{name}.toml"], env=environment(), check=True)
    seconds = time.monotonic() - begun
    storage = JournalStorage(JournalFileBackend(str(folder / "runs" / name / "study.journal")))
    return optuna.load_study(study_name=name, storage=storage), seconds


def empty_seconds(trials, slots):
    """Of a slot between two trials: the i-th that starts takes the place of the one that ended `slots` before."""
    spans = [trial.user_attrs["spans"] for trial in trials]
    starts = sorted(span[0][0] for span in spans)
    ends = sorted(span[-1][1] for span in spans)
    return [start - end for start, end in zip(starts[slots:], ends, strict=False)]


def describe(name, study, seconds, slots):
    trials = study.trials
    count = {state: sum(trial.state == state for trial in trials) for state in TrialState}
    best = study.best_trial
    gaps = empty_seconds(trials, slots)
    energy = sum(trial.user_attrs.get("energy_kwh", 0) for trial in trials)
    steps = sum(trial.user_attrs["step"] for trial in trials)
    print(f"\n{name}: {steps} steps in {seconds:.0f} s, {1000 * energy:.2f} Wh; {count[TrialState.COMPLETE]} complete, "
          f"{count[TrialState.PRUNED]} pruned, {count[TrialState.FAIL]} failed")  # fmt: skip
    print(f"  best {best.value:.4f}, trial {best.number}: {json.dumps(best.params)}")
    mean, most = 1000 * sum(gaps) / len(gaps), 1000 * max(gaps)
    print(f"  a slot was empty for {mean:.0f} ms between two trials, {most:.0f} at most")
    return steps


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slots", type=int, default=2)
    parser.add_argument("--steps", type=int, default=64, help="of a trial, a multiple of 8")
    parser.add_argument("--orders", type=int, nargs="+", default=[1, 2, 3], help="seeds of the points' order")
    parser.add_argument("--output", type=Path, help="keep the runs here (default: a temporary folder)")
    arguments = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with tempfile.TemporaryDirectory() as scratch:
        folder = (arguments.output or Path(scratch)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        write_files(folder, arguments.steps, arguments.slots, arguments.orders)
        prepare = [BIN / "lambdaforge", "prepare", "wordnet", "--output", folder / "data"]
        subprocess.run(prepare, check=True, stdout=subprocess.DEVNULL)
        grid, grid_seconds = sweep(folder, "grid")
        all_steps = describe("the full grid", grid, grid_seconds, arguments.slots)
        for order in arguments.orders:
            asha, seconds = sweep(folder, f"asha-{order}")
            steps = describe(f"ASHA, order {order}", asha, seconds, arguments.slots)
            worse = grid.best_value - asha.best_value
            print(f"  {steps / all_steps:.0%} of the steps; the winner is {worse:.4f} NDCG@10 below the grid's")


if __name__ == "__main__":
    main()
