"""lambdaforge runs over a folder with trainings of ours, one of Hugging Face's Trainer and a damaged file."""

import csv
import io
import json
import shutil
import subprocess

import pandas
import pytest

from runs import BIN, read_history, read_losses, train

RATES = {"slow": 1e-5, "fast": 1e-4}


@pytest.fixture(scope="module")
def folder(small_recipe, wordnet, tmp_path_factory):
    base = tmp_path_factory.mktemp("runs")
    for name, rate in RATES.items():
        sections = small_recipe(max_steps=4, eval_strategy="steps", eval_steps=2, learning_rate=rate)
        train(base, name=name, evaluation={"nano_beir": wordnet / "nano", "rerank_k": 3}, **sections)
    damaged = base / "runs/test/damaged"
    damaged.mkdir()
    whole = (base / "runs/test/slow/run.h5").read_bytes()
    (damaged / "run.h5").write_bytes(whole[:1000] + b"\xff" * 3000 + whole[4000:9000])
    return base / "runs"


@pytest.fixture
def runs(folder):
    def call(command, *arguments, input=None):
        line = [BIN / "lambdaforge", "runs", command, *map(str, arguments)]
        line += [folder] if command == "list" else ["--folder", folder]
        return subprocess.run([str(part) for part in line], input=input, capture_output=True, text=True)

    return call


def listed(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_list_shows_good_runs_and_names_the_damaged_one(runs):
    done = runs("list")
    assert done.returncode == 0, done.stderr
    table = done.stdout.split("\n\n")[0].splitlines()[1:]
    lines = {line.split()[0]: line for line in table}
    assert set(lines) == {"test/slow", "test/fast", "test/damaged"}
    assert "finished" in lines["test/slow"] and "corrupt" in lines["test/damaged"]


def test_the_list_is_filtered_and_sorted_by_parameters_and_figures(runs, folder):
    slow = runs("list", "--where", "training.learning_rate < 3e-5", "--json")
    assert [run["name"] for run in listed(slow)] == ["slow"]
    by_best = listed(runs("list", "--sort", "best", "--where", "status = finished", "--json"))
    best = {name: json.loads((folder / f"test/{name}/trainer_state.json").read_text())["best_metric"] for name in RATES}
    assert [run["name"] for run in by_best] == sorted(best, key=best.get, reverse=True)
    assert listed(runs("list", "--where", "loss > 1000", "--json")) == []


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("training.lerning_rate < 1", "training.learning_rate"),
        ("training.learning_rate <", "value"),
        ("training.learning_rate ~ 1", "<"),
    ],
)
def test_a_condition_that_cannot_be_understood_is_explained(runs, condition, words):
    done = runs("list", "--where", condition)
    assert done.returncode != 0 and done.stdout == ""
    assert words in done.stderr


def test_compare_shows_what_differs(runs):
    done = runs("compare", "test/slow", "test/fast")
    assert done.returncode == 0, done.stderr
    assert "training.learning_rate" in done.stdout and "training.seed" not in done.stdout
    assert json.loads(runs("compare", "test/slow", "test/fast", "--json").stdout)


def test_show_and_tail_tell_of_a_run(runs, folder):
    shown = runs("show", "test/fast")
    assert shown.returncode == 0, shown.stderr
    assert "training.learning_rate" in shown.stdout and "finished" in shown.stdout
    tail = runs("tail", "test/fast", "--lines", 2)
    assert tail.returncode == 0 and "4" in tail.stdout


def test_what_is_not_there_is_said_as_it_is(runs, folder, tmp_path):
    none_such = runs("list", "--where", "loss > 1000")
    assert none_such.returncode == 0 and none_such.stdout == f"none of the 3 runs in {folder} is such a run (--where)\n"

    def call(*arguments):
        line = [BIN / "lambdaforge", "runs", *arguments]
        return subprocess.run(list(map(str, line)), capture_output=True, text=True)

    assert call("list", tmp_path).stdout == f"no runs in {tmp_path}\n"
    assert f"no runs at all in {tmp_path}" in call("show", "slow", "--folder", tmp_path).stderr
    for slip in ("slow", "test/slwo"):
        assert "did you mean 'test/slow'?" in runs("show", slip).stderr


@pytest.mark.parametrize("form", ["csv", "json", "jsonl", "parquet"])
def test_an_export_holds_every_figure(runs, folder, tmp_path, form):
    losses = read_losses(folder / "test/fast")
    path = tmp_path / f"fast.{form}"
    done = runs("export", "test/fast", "--format", form, "--output", path)
    assert done.returncode == 0, done.stderr
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(path.read_text())))
        assert [float(row["value"]) for row in rows if row["name"] == "loss"] == losses
    elif form == "parquet":
        table = pandas.read_parquet(path)
        assert list(table[table["name"] == "loss"]["value"]) == losses
    elif form == "json":
        whole = json.loads(path.read_text())
        assert whole["parameters"]["training.learning_rate"] == RATES["fast"]
        assert whole["energy"] and whole["energy"][-1]["memory_kwh"] > 0
    else:
        steps = [json.loads(line) for line in path.read_text().splitlines()]
        assert [step["loss"] for step in steps if "loss" in step] == losses


def test_a_run_of_hugging_faces_trainer_is_imported(runs, tmp_path):
    from transformers import TrainerState

    state = TrainerState(
        global_step=4,
        max_steps=4,
        best_metric=0.5,
        best_global_step=2,
        log_history=[
            {"epoch": 0.5, "grad_norm": 1.0, "learning_rate": 2e-5, "loss": 1.5, "step": 2},
            {"epoch": 0.5, "eval_loss": 1.25, "eval_NanoNQ_R100_ndcg@10": 0.5, "eval_runtime": 1.0, "step": 2},
            {"epoch": 1.0, "grad_norm": 1.0, "learning_rate": 0.0, "loss": 1.0, "step": 4},
        ],
    )
    (tmp_path / "checkpoint-4").mkdir()
    state.save_to_json(str(tmp_path / "checkpoint-4/trainer_state.json"))
    done = runs("import", tmp_path, "--project", "peer", "--name", "theirs")
    assert done.returncode == 0, done.stderr
    (run,) = listed(runs("list", "--where", "project = peer", "--json"))
    assert run["name"] == "theirs" and run["metrics"]["eval_NanoNQ_R100_ndcg@10"] == 0.5
    again = runs("import", tmp_path, "--project", "peer", "--name", "theirs")
    assert again.returncode != 0 and "is a run already" in again.stderr
    assert runs("rm", "peer/theirs", "--yes").returncode == 0


def test_rm_asks_and_removes_nothing_but_runs(runs, folder):
    shutil.copytree(folder / "test/slow", folder / "test/doomed")
    refused = runs("rm", "test/doomed", input="n\n")
    assert (folder / "test/doomed/run.h5").exists(), refused.stdout
    other = folder / "test/other"
    other.mkdir()
    (other / "thesis.txt").write_text("mine")
    no_run = runs("rm", "test/other", "--yes")
    assert no_run.returncode != 0 and (other / "thesis.txt").exists()
    shutil.rmtree(other)
    assert runs("rm", "test/doomed", "--yes").returncode == 0
    assert not (folder / "test/doomed").exists()


def test_names_like_markup_stay_text(runs, small_recipe, tmp_path, folder):
    evil = "\x1b[31m<script>alert(1)</script>"
    sections = small_recipe(max_steps=1)
    sections["run"] = {"project": "test", "name": "evil", "output_dir": folder}
    sections["card"] = {"model_name": evil}
    train(tmp_path, name="evil", **sections)
    shown = runs("show", "test/evil")
    assert shown.returncode == 0 and "\x1b" not in shown.stdout
    assert "<script>" not in (folder / "test/evil/final/README.md").read_text().split("\n---\n", 1)[1]
    assert read_history(folder / "test/evil")
    shutil.rmtree(folder / "test/evil")
