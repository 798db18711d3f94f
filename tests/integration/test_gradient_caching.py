"""micro_batch_tokens: the same training in less memory."""

import json
import os
import subprocess

import numpy

from runs import environment, read_losses, train, train_command, write_recipe


def test_micro_batches_train_alike(small_recipe, tmp_path):
    """Lists are split between micro-batches, masks are drawn twice, and the losses are those of one pass."""
    whole = read_losses(train(tmp_path, name="whole", **small_recipe(max_steps=8)))
    pieces = read_losses(train(tmp_path, name="pieces", **small_recipe(max_steps=8, micro_batch_tokens=100)))
    numpy.testing.assert_allclose(pieces, whole, rtol=1e-5)


def peak_mib(tmp_path, recipe_sections, documents):
    line = {
        "query": "a financial institution",
        "docs": [f"a bank that accepts deposit number {i} and lends it to somebody else" for i in range(documents)],
        "labels": [float(i % 10 == 0) for i in range(documents)],
    }
    lists = tmp_path / f"{documents}.jsonl"
    lists.write_text(json.dumps(line) + "\n")
    recipe = write_recipe(
        tmp_path / f"{documents}.toml",
        **recipe_sections
        | {"run": {"project": "test", "name": f"list-{documents}", "output_dir": tmp_path / "runs"}}
        | {"data": {"train": lists, "eval": lists}}
        | {"evaluation": {"batch_tokens": 1024}},
    )
    process = subprocess.Popen(train_command(recipe), env=environment(), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0
    return usage.ru_maxrss / 1024


def test_memory_does_not_grow_with_the_list(small_recipe, tmp_path):
    """Neither that of training nor that of the held-out loss."""
    sections = small_recipe(
        max_steps=2, per_device_train_batch_size=1, micro_batch_tokens=1024, eval_strategy="steps", eval_steps=1
    )
    short = peak_mib(tmp_path, sections, 50)
    long = peak_mib(tmp_path, sections, 1000)
    assert long < 1.2 * short, f"{long:.0f} MiB against {short:.0f} MiB"
