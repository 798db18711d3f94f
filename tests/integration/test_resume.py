"""A run that was stopped goes on with the very same bits."""

import json
import shutil
import signal
import subprocess

import pytest

from runs import (
    environment,
    read_history,
    read_losses,
    run_training,
    started,
    train,
    train_command,
    wait_for,
    write_recipe,
)


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


def test_going_on_from_an_earlier_checkpoint_sets_the_later_ones_aside(small_recipe, tmp_path):
    sections = small_recipe(max_steps=8, save_strategy="steps", save_steps=2)
    folder = train(tmp_path, name="branch", **sections)
    earlier = [f"training.resume_from_checkpoint={folder / 'checkpoint-2'}", "training.save_total_limit=1"]
    (folder / "checkpoint-2.deleted").mkdir()  # as a killed process leaves it
    train(tmp_path, name="branch", overrides=[*earlier, "training.max_steps=3"], **sections)
    assert {path.name for path in folder.glob("checkpoint-*")} == {
        "checkpoint-3", "checkpoint-4.earlier-1", "checkpoint-6.earlier-1", "checkpoint-8.earlier-1",
    }  # fmt: skip
    train(tmp_path, name="branch", overrides=["training.resume_from_checkpoint=latest"], **sections)
    assert [row["step"] for row in read_history(folder) if "loss" in row] == list(range(1, 9))


def test_ranks_go_on_from_where_the_first_one_does(small_recipe, tmp_path):
    """Though what the others see of the folder is another state."""
    sections = small_recipe(2, max_steps=4, save_strategy="steps", save_steps=2, resume_from_checkpoint="latest")
    straight = read_losses(train(tmp_path, 2, name="seen", **sections))
    (store,) = (tmp_path / "runs/.token_stores").glob("*.h5")
    recipe = recipe_of(tmp_path, "seen", sections | {"data": sections["data"] | {"train": store}})
    for name in ("checkpoint-4", "final"):
        shutil.rmtree(tmp_path / "runs/test/seen" / name)
    first = train_command(recipe)
    other = train_command(recipe, overrides=[f"run.output_dir={tmp_path / 'elsewhere'}"])
    command = ["mpirun", "--oversubscribe", "-n", "1", *first, ":", "-n", "1", *other]
    done = subprocess.run(command, env=environment(2), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert read_losses(tmp_path / "runs/test/seen") == straight


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


def test_a_finished_run_is_not_overwritten(small_recipe, tmp_path):
    sections = small_recipe(max_steps=2, save_strategy="no")
    folder = train(tmp_path, name="finished", **sections)
    before = (folder / "final/model.safetensors").stat()
    done = run_training(recipe_of(tmp_path, "finished", sections))
    assert done.returncode == 2 and "holds the final model of an earlier run" in done.stderr
    after = (folder / "final/model.safetensors").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert read_losses(folder)


def test_two_runs_do_not_share_a_folder(small_recipe, tmp_path):
    sections = small_recipe(max_steps=400, save_strategy="no")
    recipe = recipe_of(tmp_path, "shared", sections)
    with started(train_command(recipe), env=environment(), stdout=subprocess.DEVNULL) as first:
        wait_for((tmp_path / "runs/test/shared/metrics.csv").exists)
        done = run_training(recipe)
        assert done.returncode == 1 and "another process is training in" in done.stderr, done.stderr
        assert first.poll() is None


def test_runs_without_a_name_get_folders_of_their_own(small_recipe, tmp_path):
    run = {"project": "test", "output_dir": tmp_path / "runs"}
    recipe = write_recipe(tmp_path / "unnamed.toml", run=run, **small_recipe(max_steps=2, save_strategy="no"))
    runs = [subprocess.Popen(train_command(recipe), env=environment(2), stdout=subprocess.DEVNULL) for _ in range(3)]
    assert [run.wait(120) for run in runs] == [0, 0, 0]
    assert len(list((tmp_path / "runs/test").glob("*/final"))) == 3
