"""What `lambdaforge sweep` tells of a sweep: show, best, export; and the example of Optuna's own API.

The studies are made by Optuna itself, without a training, as the drivers of a sweep leave them.
"""

import csv
import io
import json
import subprocess
import tomllib

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from launch.sweep.toml_text import toml_text
from runs import BIN, DEPS, ROOT, write_recipe
from swept import (  # noqa: F401, one and two are fixtures
    COMPLETE,
    FRONT,
    HOSTILE,
    METRIC,
    make_study,
    one,
    parameters_of,
    sweep,
    told,
    two,
    values_of,
    write_sweep,
)

# --- show ---


def test_the_table_has_the_best_first_and_every_state(one):
    path, _ = one
    summary, table = told("show", path).split("\n\n")
    assert "13 trials: 9 complete, 1 pruned, 1 running, 1 waiting, 1 failed" in summary
    assert f"best {METRIC}: {values_of(10)[0]:.6g} (trial 10)" in summary
    header, *lines = table.splitlines()
    assert header.split()[:5] == ["trial", "state", "best", METRIC, "learning_rate"]
    assert [int(line.split()[0]) for line in lines] == [*reversed(COMPLETE), 3, 11, 12, 5]
    assert lines[0].split()[:4] == ["10", "complete", "*", f"{values_of(10)[0]:.6g}"]
    assert "\x1b" not in table and "\u202e" not in table
    assert "<script>alert(1)</script> & \\x1b[31mred\\nsecond line \\u202e" in lines[-1]


def test_the_table_by_number_and_cut(one):
    path, _ = one
    lines = told("show", path, "--sort", "number", "--limit", "4").split("\n\n")[1].splitlines()[1:]
    assert [line.split()[:2] for line in lines] == [
        ["0", "complete"],
        ["1", "complete"],
        ["2", "complete"],
        ["3", "pruned"],
    ]


def test_json_tells_what_optuna_knows(one):
    path, study = one
    shown = json.loads(told("show", path, "--json"))
    assert shown["objectives"] == [{"name": METRIC, "direction": "maximize"}]
    assert shown["best_trials"] == [study.best_trial.number] == [10]
    for trial, row in zip(study.trials, shown["trials"], strict=True):
        assert (row["number"], row["parameters"], row["values"]) == (trial.number, trial.params, trial.values)
        assert {int(step): value for step, value in row["intermediate_values"].items()} == trial.intermediate_values
    states = [row["state"] for row in shown["trials"]]
    assert [states[number] for number in (3, 5, 10, 11, 12)] == ["pruned", "failed", "complete", "running", "waiting"]


def test_a_folder_tells_the_same_as_the_file(two):
    path, _ = two
    shown = json.loads(told("show", path.parent / "runs/two", "--json"))
    assert shown == json.loads(told("show", path, "--json"))
    assert shown["best_trials"] == FRONT


# --- best and its recipe ---


def test_the_winning_recipe_is_the_recipe_with_the_trials_keys(one):
    path, _ = one
    recipe = tomllib.loads(told("best", path, "--recipe"))
    expected = tomllib.loads((path.parent / "recipe.toml").read_text())
    expected["training"] |= {"max_steps": 80, "learning_rate": parameters_of(10)["training.learning_rate"]}
    expected["loss"] = {"weighting_scheme": "NDCGLoss2PP"}
    expected["run"]["name"] = "one-trial-0010"
    assert recipe == expected


def test_the_trainer_takes_the_winning_recipe(one, small_recipe, tmp_path):
    """With real paths it trains: every key is known, of its type and in its bounds."""
    path, _ = one
    told("best", path, "--trial", "9", "--recipe", tmp_path / "won.toml")
    recipe = tomllib.loads((tmp_path / "won.toml").read_text())
    sections = small_recipe(max_steps=2, eval_strategy="no", metric_for_best_model="loss")
    recipe["evaluation"] = {}
    recipe["run"]["output_dir"] = str(tmp_path / "runs")
    for section, keys in sections.items():
        recipe[section] = {key: str(value) if key in ("path", "train") else value for key, value in keys.items()} | (
            recipe.get(section, {}) if section == "loss" else {}
        )
    (tmp_path / "real.toml").write_text(toml_text(recipe))
    done = subprocess.run([BIN / "lambdaforge", "train", tmp_path / "real.toml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    in_force = tomllib.loads((tmp_path / "runs/by-hand/one-trial-0009/recipe.toml").read_text())
    assert in_force["loss"]["sigma"] == parameters_of(9)["loss.sigma"]


def test_a_recipe_that_was_edited_or_lost_changes_nothing_of_the_model(tmp_path):
    path = write_sweep(tmp_path, "edited")
    make_study(path)
    before = tomllib.loads(told("best", path, "--recipe"))
    folder, recipe = tmp_path / "runs/edited", tmp_path / "recipe.toml"
    recipe.write_text(recipe.read_text().replace("models/base", "models/other").replace("by-hand", "elsewhere"))
    edited = tomllib.loads(told("best", folder, "--recipe"))
    assert edited == before | {"run": before["run"] | {"project": "elsewhere"}}
    recipe.unlink()
    lost = tomllib.loads(told("best", folder, "--recipe"))
    assert lost == {section: keys for section, keys in before.items() if section != "tracking"} | {
        "run": {"name": "edited-trial-0010"}
    }


def test_of_two_objectives_one_chooses_from_the_front(two):
    path, study = two
    assert sorted(trial.number for trial in study.best_trials) == sorted(FRONT)
    lines = told("best", path).split("\n\n")[1].splitlines()[1:]
    assert [int(line.split()[0]) for line in lines] == FRONT
    refused = sweep("best", path, "--recipe")
    assert refused.returncode == 2 and refused.stdout == ""
    assert "choose with --trial: 10, 9, 8, 7, 6" in refused.stderr
    chosen = tomllib.loads(told("best", path, "--trial", "7", "--recipe"))
    assert chosen["loss"]["sigma"] == parameters_of(7)["loss.sigma"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--trial", "3"], "trial 3 is pruned, expected a complete one"),
        (["--trial", "99"], "no trial 99 in the sweep 'one'; it has 13"),
        (["--recipe", "/no/such/folder/won.toml"], "cannot write /no/such/folder/won.toml: No such file"),
    ],
)
def test_what_cannot_be_chosen_or_written_is_said(one, arguments, message):
    done = sweep("best", one[0], *arguments)
    assert done.returncode in (1, 2) and done.stdout == ""
    assert message in done.stderr and "Traceback" not in done.stderr


def test_a_study_that_is_not_there_is_not_made(tmp_path):
    path = write_sweep(tmp_path, "absent")
    for command in ("show", "best", "export", "page"):
        done = sweep(command, path)
        assert done.returncode == 2 and "there is no study 'absent' yet" in done.stderr, done.stderr
    assert not (tmp_path / "runs").exists()


# --- export ---


def test_csv_has_all_trials_with_all_digits(one):
    path, study = one
    rows = list(csv.DictReader(io.StringIO(told("export", path))))
    for trial, row in zip(study.trials, rows, strict=True):
        assert int(row["trial"]) == trial.number
        assert row[METRIC] == ("" if trial.values is None else repr(trial.value))
        for name in ("training.learning_rate", "loss.sigma"):
            assert row[name] == (repr(trial.params[name]) if name in trial.params else "")
    assert rows[5]["reason"] == HOSTILE


def test_csv_of_evaluations(two, tmp_path):
    path, _ = two
    told("export", path, "--table", "evaluations", "--output", tmp_path / "evaluations.csv")
    with (tmp_path / "evaluations.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows if row["trial"] == "3"] == ["20", "40"]
    assert float(rows[-1]["value"]) == values_of(11)[0]


# --- Optuna from outside ---


def test_the_example_of_optunas_own_api(wordnet, small_recipe, tmp_path):
    sections = small_recipe(max_steps=4, eval_strategy="steps", eval_steps=2)
    sections["evaluation"] = {"nano_beir": wordnet / "nano", "dataset_names": ["noun"], "rerank_k": 3}
    recipe = write_recipe(tmp_path / "recipe.toml", run={"output_dir": tmp_path / "runs"}, **sections)
    program = ROOT / "launch/examples/optuna_search.py"
    command = [DEPS / "venv/bin/python", program, recipe, "training.seed=3", "--trials", "1"]
    command += ["--journal", tmp_path / "search.journal", "--lambdaforge", BIN / "lambdaforge"]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    storage = JournalStorage(JournalFileBackend(str(tmp_path / "search.journal")))
    study = optuna.load_study(study_name="search", storage=storage)
    assert json.loads(done.stdout.splitlines()[-1])["value"] == study.best_value
    first = study.trials[0]
    assert first.state == TrialState.COMPLETE and list(first.intermediate_values) == [2, 4]
    in_force = tomllib.loads((tmp_path / "runs/default/search-0000/recipe.toml").read_text())
    assert in_force["training"]["learning_rate"] == pytest.approx(first.params["training.learning_rate"], rel=1e-12)
    assert in_force["training"]["seed"] == 3


# --- TOML ---


def test_toml_is_read_back_as_it_was_written():
    recipe = {
        "run": {"name": 'quo"te \\ back\nline \x7f \u00e9 \U0001f600', "a key": True},
        "training": {"learning_rate": 1e-05, "big": 1e22, "steps": 3, "list": ["a", "b"], "none": [], "whole": 2.0},
    }
    assert tomllib.loads(toml_text(recipe)) == recipe
