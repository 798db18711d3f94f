"""Bad input gets a clear error and loses nothing."""

import json
import shutil
import subprocess

import pytest

from runs import BIN, environment, read_history, run_training, train, train_command, write_recipe


@pytest.fixture
def fails(small_recipe, tmp_path):
    """fails(section={key: value}) -> what `lambdaforge train` says about a recipe with that change."""

    def run(ranks=None, **changes):
        sections = small_recipe(max_steps=2)
        for section, keys in changes.items():
            sections[section] = sections.get(section, {}) | keys
        run_section = {"project": "test", "name": "bad", "output_dir": tmp_path / "runs"}
        done = run_training(write_recipe(tmp_path / "bad.toml", run=run_section, **sections), ranks)
        assert done.returncode != 0, done.stdout
        assert not list((tmp_path / "runs").glob("test/bad/checkpoint-*"))
        return done.stderr

    return run


def lists_file(tmp_path, **last):
    rows = [{"query": "a river", "docs": ["water", "money"], "labels": [1, 0]}, last]
    path = tmp_path / "lists.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return {"train": path, "eval_size": 0}


def test_unknown_key_names_the_nearest(fails):
    errors = fails(training={"learning_rat": 1e-5})
    assert "bad.toml:" in errors and "did you mean 'learning_rate'" in errors


def test_every_rank_fails_but_one_message_is_enough(fails):
    errors = fails(2, training={"learning_rate": "fast"})
    assert errors.count("learning_rate") == 1 and "'fast'" in errors or '"fast"' in errors


def test_unknown_loss(fails):
    assert "did you mean 'LambdaLoss'" in fails(loss={"name": "LamdaLoss"})


def test_empty_list(fails, tmp_path):
    errors = fails(data=lists_file(tmp_path, query="q", docs=[], labels=[]))
    assert "lists.jsonl" in errors and "line 2" in errors


def test_label_count_that_differs(fails, tmp_path):
    errors = fails(data=lists_file(tmp_path, query="q", docs=["a", "b"], labels=[1]))
    assert "line 2" in errors and "2" in errors and "1" in errors


def test_nan_label(fails, tmp_path):
    assert "line 2" in fails(data=lists_file(tmp_path, query="q", docs=["a"], labels=[float("nan")]))


def test_invalid_utf8(fails, tmp_path):
    data = lists_file(tmp_path, query="q", docs=["a", "b"], labels=[1, 0])
    data["train"].write_bytes(data["train"].read_bytes().replace(b'"q"', b'"\xff"'))
    assert "UTF-8" in fails(data=data)


@pytest.mark.parametrize(
    "override, message",
    [
        ("loss.name=LambdaLos", "did you mean 'LambdaLoss'?"),
        ("loss.name=CrossEntropyLoss", "chooses between classes"),
        ("data.train=none.jsonl", "data.train = 'none.jsonl': there is no such file"),
        ("training.seeed=1", "did you mean 'seed'?"),
    ],
)
def test_check_finds_what_shows_before_anything_is_loaded(small_recipe, tmp_path, override, message):
    recipe = tmp_path / "recipe.toml"
    write_recipe(recipe, **small_recipe())
    command = [BIN / "lambdaforge", "train", recipe, "--check"]
    assert subprocess.run(command, capture_output=True, text=True).returncode == 0
    done = subprocess.run([*command, "--set", override], capture_output=True, text=True)
    assert done.returncode == 2 and message in done.stderr and done.stdout == ""
    assert not (tmp_path / "runs").exists()


def test_a_list_of_one_document_teaches_nothing_but_trains(small_recipe, tmp_path):
    sections = small_recipe(max_steps=1, per_device_train_batch_size=2, save_strategy="no")
    sections["data"] = lists_file(tmp_path, query="q", docs=["a"], labels=[1])
    folder = train(tmp_path, **sections)
    assert read_history(folder)[0]["loss"] > 0


@pytest.fixture
def broken_model(base_model, tmp_path):
    """broken_model(name, content) -> a copy of the base model with one file replaced."""

    def make(name, content):
        folder = tmp_path / "model"
        shutil.copytree(base_model, folder)
        (folder / name).write_bytes(content)
        return {"path": folder}

    return make


def test_truncated_weights(fails, broken_model, base_model):
    whole = (base_model / "model.safetensors").read_bytes()
    assert "truncated" in fails(model=broken_model("model.safetensors", whole[:-1000]))


def test_lying_weights(fails, broken_model):
    assert "safetensors" in fails(model=broken_model("model.safetensors", b"\xff" * 64))


def test_config_of_another_model(fails, broken_model):
    assert "unknown model_type 'roberta'" in fails(model=broken_model("config.json", b'{"model_type": "roberta"}'))


def test_a_diverged_run_says_so(fails):
    assert "diverged" in fails(training={"learning_rate": 1e30, "max_grad_norm": 0, "max_steps": 5, "warmup_ratio": 0})


def test_a_full_disk_keeps_the_last_checkpoint(small_recipe, tmp_path):
    """A file-size limit stands for the full disk: the write fails half-way through the weights."""
    sections = small_recipe(max_steps=2, save_strategy="steps", save_steps=2, resume_from_checkpoint="latest")
    folder = train(tmp_path, name="full", **sections)
    before = {path.name: path.read_bytes() for path in (folder / "checkpoint-2").iterdir()}

    megabytes = 1 << 20
    command = train_command(tmp_path / "full.toml", overrides=["training.max_steps=4"])
    limited = ["prlimit", f"--fsize={8 * megabytes}", *command]
    done = subprocess.run(limited, env=environment(), capture_output=True, text=True)
    assert done.returncode != 0
    assert "model.safetensors" in done.stderr and "File too large" in done.stderr
    assert [path.name for path in folder.glob("checkpoint-*")] == ["checkpoint-2"]
    assert {path.name: path.read_bytes() for path in (folder / "checkpoint-2").iterdir()} == before

    assert subprocess.run(command, env=environment(), capture_output=True).returncode == 0
    assert (folder / "checkpoint-4").is_dir()


def test_help_and_errors_need_no_libtorch():
    for arguments in (["--help"], ["train", "--help"], ["--version"]):
        done = subprocess.run(
            [BIN / "lambdaforge", *arguments], env=environment() | {"LD_DEBUG": "libs"}, capture_output=True, text=True
        )
        assert done.returncode == 0 and done.stdout
        assert "libtorch" not in done.stderr
    done = subprocess.run([BIN / "lambdaforge", "trian"], capture_output=True, text=True)
    assert done.returncode != 0 and "'train'" in done.stderr
