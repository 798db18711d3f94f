"""kill -9 at any moment: the run's file opens, lacks 5 s at most, and goes on without gaps or doubles.

LAMBDAFORGE_KILLS    how often (default: 5)
"""

import csv
import os
import random
import signal
import subprocess
import time
from datetime import datetime

import h5py
import numpy

from runs import environment, run_training, train_command, wait_for, write_recipe

KILLS = int(os.environ.get("LAMBDAFORGE_KILLS", "5"))
LONGEST_LOSS = 5.0  # seconds


def read_scalars(path):
    """{series: [(step, time, value), ...]} in the order of the file."""
    with h5py.File(path, "r", swmr=True) as file:
        names = [name.decode() for name in file["series"][:]]
        rows = file["scalars"][:]
    series = {}
    for row in rows:
        series.setdefault(names[row["series"]], []).append((int(row["step"]), row["time"], row["value"]))
    return series


def times_of_csv(path):
    """Every row of metrics.csv is there when its event was handled; the last one may be torn."""
    if not path.exists():
        return []
    rows = [row for row in csv.reader(path.read_text().splitlines()[1:-1]) if len(row) == 5]
    return [datetime.fromisoformat(row[2].replace("Z", "+00:00")).timestamp() for row in rows]


def wait_for_first_step(folder, run):
    deadline = time.monotonic() + 120
    while run.poll() is None and max(times_of_csv(folder / "metrics.csv"), default=0) < run.started:
        assert time.monotonic() < deadline, "waited too long for the first step"
        time.sleep(0.02)


def evaluated_steps(folder):
    """{file: the steps of its rows} of the evaluators' tables."""
    return {
        path.name: [int(row["steps"]) for row in csv.DictReader(path.read_text().splitlines())]
        for path in (folder / "eval").glob("*.csv")
    }


def test_no_evaluation_is_there_twice(small_recipe, wordnet, tmp_path):
    sections = small_recipe(
        max_steps=10**6,
        eval_strategy="steps",
        eval_steps=2,
        save_strategy="steps",
        save_steps=6,
        resume_from_checkpoint="latest",
    )
    sections["evaluation"] = {"nano_beir": wordnet / "nano", "dataset_names": ["noun"], "rerank_k": 5}
    run = {"project": "test", "name": "evaluated", "output_dir": tmp_path / "runs"}
    recipe = write_recipe(tmp_path / "evaluated.toml", run=run, **sections)
    folder = tmp_path / "runs/test/evaluated"
    for lost in (4, 10):  # before the first checkpoint, and between two
        with subprocess.Popen(train_command(recipe), env=environment(), stdout=subprocess.DEVNULL) as process:
            wait_for(lambda lost=lost: (folder / f"eval/per_query/step-{lost}.csv").exists())
            process.send_signal(signal.SIGKILL)
    (table,) = (folder / "eval").glob("*noun*.csv")
    with table.open("a") as file:
        file.write("0.")  # torn by the crash
    saved = max(int(path.name.split("-")[1]) for path in folder.glob("checkpoint-*[0-9]"))

    done = run_training(recipe, overrides=[f"training.max_steps={saved + 6}"])
    assert done.returncode == 0, done.stdout + done.stderr
    steps = evaluated_steps(folder)
    assert len(steps) == 2  # of the data set and of the mean
    assert set(map(tuple, steps.values())) == {tuple(range(2, saved + 7, 2))}


def test_a_killed_run_opens_and_goes_on(small_recipe, tmp_path):
    seed = random.SystemRandom().randrange(10**6)
    moments = random.Random(seed)
    print(f"{KILLS} kills, seed {seed}")
    sections = small_recipe(
        max_steps=10**6,
        lr_scheduler_type="constant",
        save_strategy="steps",
        save_steps=4,
        save_total_limit=1,
        resume_from_checkpoint="latest",
    )
    run = {"project": "test", "name": "killed", "output_dir": tmp_path / "runs"}
    recipe = write_recipe(tmp_path / "killed.toml", run=run, **sections)
    folder = tmp_path / "runs/test/killed"
    opened, missing = 0, []
    for kill in range(KILLS):
        with subprocess.Popen(
            train_command(recipe), env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            process.started = time.time()
            if kill % 5:  # every fifth may die while it starts, the others while they train
                wait_for_first_step(folder, process)
            time.sleep(moments.uniform(0, 2))
            assert process.poll() is None, process.stderr.read()
            process.send_signal(signal.SIGKILL)
        if not (folder / "run.h5").exists():
            continue
        scalars = read_scalars(folder / "run.h5")
        opened += 1
        if written := times_of_csv(folder / "metrics.csv"):
            kept = max((rows[-1][1] for rows in scalars.values()), default=min(written))
            lost = [moment for moment in written if moment > kept + 0.01]  # csv has milliseconds
            missing.append(max(written) - min(lost) if lost else 0.0)
    assert opened >= KILLS // 2
    assert max(missing, default=0) <= LONGEST_LOSS, missing
    print(f"{opened} opened; missing at most {max(missing, default=0):.2f} s, in the mean {numpy.mean(missing):.2f} s")

    saved = max((int(path.name.split("-")[1]) for path in folder.glob("checkpoint-*[0-9]")), default=0)
    done = run_training(recipe, overrides=[f"training.max_steps={saved + 3}"])
    assert done.returncode == 0, done.stdout + done.stderr
    scalars = read_scalars(folder / "run.h5")
    for name in ("loss", "learning_rate", "grad_norm", "epoch"):
        assert [step for step, _, _ in scalars[name]] == list(range(1, saved + 4)), name
    for name, rows in scalars.items():
        steps = [step for step, _, _ in rows]
        assert len(steps) == len(set(steps)), name
    with h5py.File(folder / "run.h5", "r") as file:  # closed well: no SWMR needed any more
        assert file["log"]["kind"][-1] == b"finished"
        assert len(file["checkpoints"]) == len(set(file["checkpoints"]["step"]))
