#!/usr/bin/env python3
"""Do a Lambdaforge run and a sentence-transformers run of the same recipe end equally good? Dropout on.

    .deps/tests-venv/bin/python tests/bench/quality.py

Makes the WordNet lists, shuffles them once a seed, gives both sides the same file, the same initial model and the same
learning settings (120 steps of 8 lists, learning rate 1e-4, linear to 0), and reranks BM25's first 30 of the three
WordNet evaluation sets with what they saved. Dropout masks and arithmetic are each side's own. Prints the
training loss along both runs and NDCG@10 at their ends. Needs what compare.py needs.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.bench.compare import peer, run  # noqa: E402
from tests.conftest import BIN, MODEL  # noqa: E402
from tests.runs import read_losses, write_recipe  # noqa: E402

STEPS, LISTS_A_STEP, LEARNING_RATE, LOSS_EVERY = 120, 8, 1e-4, 20
METRIC = "NanoBEIR_R30_mean_ndcg@10"


def shuffled_lists(folder, seed):
    lines = (folder / "wordnet/train.jsonl").read_text().splitlines(keepends=True)
    random.Random(seed).shuffle(lines)
    path = folder / f"lists-{seed}.jsonl"
    path.write_text("".join(lines[: STEPS * LISTS_A_STEP]))
    return path


def initial_model(folder, lists, seed):
    """The base model with a fresh classifier."""
    model = folder / f"initial-{seed}"
    run(peer("peer_train.py", model=MODEL, lists=lists, steps=1, batch=1, seed=seed, save_initial=model), 2)
    return model


def train_ours(folder, initial, lists, seed):
    recipe = write_recipe(
        folder / "recipe.toml",
        run={"project": "quality", "name": str(seed), "output_dir": folder / "runs"},
        model={"path": initial, "max_length": 512},
        data={"train": lists, "shuffle": False},
        training={
            "per_device_train_batch_size": LISTS_A_STEP,
            "learning_rate": LEARNING_RATE,
            "max_steps": STEPS,
            "logging_steps": 1,
            "save_strategy": "no",
            "seed": seed,
        },
    )
    run([BIN / "lambdaforge-train", recipe], 2)
    return folder / f"runs/quality/{seed}/final", read_losses(folder / f"runs/quality/{seed}")


def train_theirs(folder, initial, lists, seed):
    model = folder / f"peer-{seed}"
    command = peer(
        "peer_train.py",
        model=initial,
        lists=lists,
        steps=STEPS,
        batch=LISTS_A_STEP,
        lr=LEARNING_RATE,
        seed=seed,
        save=model,
    )
    output, _, _ = run(command, 2)
    return model, json.loads(output.splitlines()[-1])["loss"]


def ndcg(folder, model):
    data = ["--nano", folder / "wordnet/nano", "--dataset-names", "noun", "verb", "adjective", "--rerank-k", 30]
    output, _, _ = run([BIN / "lambdaforge-evaluate", model, *data, "--json"], 2)
    return json.loads(output)[METRIC]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options = parser.parse_args()
    sides = {"lambdaforge": train_ours, "sentence-transformers": train_theirs}
    scores = {name: [] for name in sides}
    curves = {name: [] for name in sides}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        subprocess.run(
            [BIN / "lambdaforge", "prepare", "wordnet", "--output", folder / "wordnet"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        for seed in options.seeds:
            lists = shuffled_lists(folder, seed)
            initial = initial_model(folder, lists, seed)
            for name, train in sides.items():
                model, losses = train(folder, initial, lists, seed)
                scores[name].append(ndcg(folder, model))
                curves[name].append(losses)
                print(f"  seed {seed}: {name}: {METRIC} {scores[name][-1]:.4f}", file=sys.stderr, flush=True)
    print("\n| training loss of steps | " + " | ".join(sides) + " |\n|---|" + "---|" * len(sides))
    for begin in range(0, STEPS, LOSS_EVERY):
        means = [
            statistics.mean(x for run in runs for x in run[begin : begin + LOSS_EVERY]) for runs in curves.values()
        ]
        print(f"| {begin + 1} to {begin + LOSS_EVERY} | " + " | ".join(f"{mean:.4f}" for mean in means) + " |")
    for name, values in scores.items():
        print(f"{name}: {METRIC} mean {statistics.mean(values):.4f} of {[round(value, 4) for value in values]}")
    ours, theirs = (statistics.mean(values) for values in scores.values())
    print(f"difference of the means: {ours - theirs:+.4f}")


if __name__ == "__main__":
    main()
