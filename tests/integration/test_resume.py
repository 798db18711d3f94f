"""A run that was stopped goes on with the very same bits."""

import json
import signal
import subprocess

import pytest

from runs import environment, read_history, read_losses, run_training, train, train_command, wait_for, write_recipe


def recipe_of(tmp_path, name, sections):
    run = {"project": "test", "name": name, "output_dir": tmp_path / "runs"}
    return write_recipe(tmp_path / f"{name}.toml", run=run, **sections)


@pytest.mark.parametrize("ranks", [1, 2])
def test_same_bits_after_a_stop(ranks, small_recipe, tmp_path):
    sections = small_recipe(
        ranks, save_strategy="steps", save_steps=10, logging_steps=3, resume_from_checkpoint="latest"
    )
    straight = train(tmp_path, ranks, name="straight", **sections)

    # The checkpoint of step 10 is all that a run stopped after it leaves behind.
    stopped = tmp_path / "runs/test/stopped"
    stopped.mkdir(parents=True)
    (straight / "checkpoint-10").rename(stopped / "checkpoint-10")
    resumed = train(tmp_path, ranks, name="stopped", **sections)

    for name in ("model.safetensors", "optimizer.safetensors"):
        a, b = straight / "checkpoint-20" / name, resumed / "checkpoint-20" / name
        assert a.read_bytes() == b.read_bytes(), name
    a, b = (json.loads((run / "checkpoint-20/resume.json").read_text()) for run in (straight, resumed))
    assert b == a | {"restarts": 1, "seconds": b["seconds"]}
    assert read_losses(resumed) == read_losses(straight)


def test_a_killed_rank_ends_the_run_and_loses_no_checkpoint(small_recipe, tmp_path):
    sections = small_recipe(
        2, max_steps=400, save_strategy="steps", save_steps=5, save_total_limit=2, resume_from_checkpoint="latest"
    )
    recipe = recipe_of(tmp_path, "killed", sections)
    folder = tmp_path / "runs/test/killed"
    command = train_command(recipe, 2)
    with subprocess.Popen(command, env=environment(2), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as run:
        wait_for(lambda: (folder / "checkpoint-5").exists() or run.poll() is not None)
        ranks = subprocess.run(["pgrep", "-f", f"lambdaforge-train.*{recipe}"], capture_output=True, text=True)
        victim = ranks.stdout.split()[-1]
        subprocess.run(["kill", f"-{signal.SIGKILL.value}", victim], check=True)
        _, errors = run.communicate(timeout=60)
    assert run.returncode != 0
    assert b"signal 9" in errors
    left = subprocess.run(["pgrep", "-f", f"lambdaforge-train.*{recipe}"], capture_output=True, text=True)
    assert left.stdout == ""

    saved = max(int(path.name.split("-")[1]) for path in folder.glob("checkpoint-*[0-9]"))
    done = run_training(recipe, 2, [f"training.max_steps={saved + 3}"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert [row["step"] for row in read_history(folder) if "loss" in row][-3:] == [saved + 1, saved + 2, saved + 3]


def test_a_resumed_run_knows_its_best_and_forgives_a_damaged_card(small_recipe, tmp_path):
    sections = small_recipe(
        max_steps=4,
        eval_strategy="steps",
        eval_steps=2,
        save_strategy="steps",
        save_steps=2,
        resume_from_checkpoint="latest",
    )
    folder = train(tmp_path, name="damaged", **sections)
    state = json.loads((folder / "trainer_state.json").read_text())
    (folder / "card.json").write_text('{"facts": {}, "models"')
    done = run_training(recipe_of(tmp_path, "damaged", sections), overrides=["training.max_steps=5"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "card.json is damaged" in done.stdout
    assert f" | best {state['best_metric']:.4f}@{state['best_global_step']} | " in done.stdout
    assert {"checkpoint-4", "final"} & set(json.loads((folder / "card.json").read_text())["models"]) == {"final"}


def test_another_batch_size_is_refused(small_recipe, tmp_path):
    sections = small_recipe(max_steps=2, save_strategy="steps", save_steps=2, resume_from_checkpoint="latest")
    train(tmp_path, name="changed", **sections)
    recipe = recipe_of(tmp_path, "changed", sections)
    done = run_training(recipe, overrides=["training.per_device_train_batch_size=4"])
    assert done.returncode != 0
    assert "lists a step" in done.stderr and "= 8" in done.stderr


def test_a_fresh_start_over_old_checkpoints_is_refused(small_recipe, tmp_path):
    sections = small_recipe(max_steps=2, save_strategy="steps", save_steps=2)
    train(tmp_path, name="again", **sections)
    done = run_training(recipe_of(tmp_path, "again", sections))
    assert done.returncode != 0
    assert "resume_from_checkpoint" in done.stderr
