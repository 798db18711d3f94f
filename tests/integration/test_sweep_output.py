"""What people see of a sweep: show, best, export, the page, optuna-dashboard and Prometheus' gauges.

The studies are made by Optuna itself, without a training, as the drivers of a sweep leave them.
"""

import csv
import html
import io
import json
import re
import shutil
import subprocess
import sys
import tomllib
import urllib.request
from dataclasses import replace

import optuna
import pytest
from conftest import DEPS
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState
from runs import BIN, ROOT, free_port, started, wait_for, write_recipe

sys.path.append(str(ROOT))
from launch.sweep import gauges  # noqa: E402
from launch.sweep.prometheus_options import PrometheusOptions  # noqa: E402
from launch.sweep.spec import load_sweep  # noqa: E402
from launch.sweep.study import TrialAttribute, create_study  # noqa: E402
from launch.sweep.toml_text import toml_text  # noqa: E402

optuna.logging.set_verbosity(optuna.logging.WARNING)

METRIC = "NanoBEIR_R30_mean_ndcg@10"
HOSTILE = "<script>alert(1)</script> & \x1b[31mred\nsecond line \u202e"
SPACE = """
[space]
"training.learning_rate" = {log_uniform = [1e-6, 1e-4]}
"loss.weighting_scheme" = {choice = ["NDCGLoss2PP", "LambdaRank"]}
"loss.sigma" = {uniform = [0.5, 2.0], when = {"loss.weighting_scheme" = "LambdaRank"}}
"""
TWO = '[objective]\nsecond = "energy_kwh"\n'


# --- studies ---


def write_sweep(folder, name, more=""):
    write_recipe(
        folder / "recipe.toml",
        run={"project": "by-hand", "name": "first", "output_dir": folder / "runs"},
        model={"path": "models/base"},
        data={"train": "data/train.jsonl"},
        training={"max_steps": 100, "eval_strategy": "steps", "eval_steps": 20, "metric_for_best_model": METRIC},
        evaluation={"nano_beir": "data/nano", "dataset_names": ["noun", 'v\u00e9rb "quoted"']},
        tracking={"energy": True},
    )
    path = folder / f"{name}.toml"
    head = 'recipe = "recipe.toml"\n[set]\n"training.max_steps" = 80\n'
    path.write_text(f"{head}{SPACE}{more}[budget]\ntrials = 16\n")
    return path


def parameters_of(number):
    parameters = {"training.learning_rate": 1e-6 * 1.3**number}
    if number % 2 == 0:
        return parameters | {"loss.weighting_scheme": "NDCGLoss2PP"}
    return parameters | {"loss.weighting_scheme": "LambdaRank", "loss.sigma": 0.5 + number / 10}


def values_of(number):
    """NDCG, the best of trial 10; and kWh, the least of trial 6."""
    return [0.4 + 1.3**number / 100, (number - 6) ** 2 / 1e4]


def make_study(sweep_file):
    """Trials 0 to 10 have ended: 3 was pruned, 5 failed, the others are complete. 11 goes on, 12 waits."""
    sweep = load_sweep(sweep_file)
    study = create_study(sweep)
    for number in range(12):
        study.enqueue_trial(parameters_of(number))
        trial = study.ask()
        sweep.space.suggest(trial)
        run_trial(study, trial, values_of(trial.number))
    study.enqueue_trial(parameters_of(12))
    return study


def run_trial(study, trial, values):
    steps = [20, 40] if trial.number == 3 else [20, 40, 60, 80]
    evaluations = {step: values[0] * step / 80 for step in steps}
    attributes = {
        TrialAttribute.EVALUATIONS: {str(step): value for step, value in evaluations.items()},
        TrialAttribute.STEP: steps[-1],
        TrialAttribute.TRAIN_SECONDS: 10.0 + trial.number,
        TrialAttribute.ENERGY_KWH: values[1],
        TrialAttribute.FOLDER: f"/runs/trial-{trial.number:04d}",
    }
    if trial.number == 5:
        attributes[TrialAttribute.REASON] = HOSTILE
    for key, value in attributes.items():
        trial.set_user_attr(key, value)
    if len(study.directions) == 1:
        for step, value in evaluations.items():
            trial.report(value, step)
    if trial.number == 3:
        study.tell(trial, state=TrialState.PRUNED)
    elif trial.number == 5:
        study.tell(trial, state=TrialState.FAIL)
    elif trial.number != 11:
        study.tell(trial, values[: len(study.directions)])


COMPLETE = [0, 1, 2, 4, 6, 7, 8, 9, 10]
FRONT = [10, 9, 8, 7, 6]  # more NDCG costs more kWh from trial 6 on; those before it are worse in both


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """A sweep file with one objective, and its study."""
    path = write_sweep(tmp_path_factory.mktemp("one"), "one")
    return path, make_study(path)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    path = write_sweep(tmp_path_factory.mktemp("two"), "two", TWO)
    return path, make_study(path)


def sweep(*arguments):
    command = [BIN / "lambdaforge-sweep", *arguments]
    return subprocess.run([str(part) for part in command], capture_output=True, text=True)


def told(*arguments):
    done = sweep(*arguments)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout


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


# --- the page, in a browser ---


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """browser(url) -> the document as Chromium has it when its scripts have run."""
    profile = tmp_path_factory.mktemp("chromium")

    def open_page(url, milliseconds=4000):
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=1400,2000"]
        options += [f"--user-data-dir={profile}", f"--virtual-time-budget={milliseconds}", "--dump-dom"]
        done = subprocess.run(["chromium", *options, url], capture_output=True, text=True, timeout=100)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return open_page


def texts_of(document):
    """What a reader sees, one space between texts."""
    without_code = re.sub(r"<(script|style)\b.*?</\1>", " ", document, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", without_code)).split())


def test_the_page_draws_everything_and_runs_nothing_of_others(two, browser):
    path, _ = two
    printed = told("page", path).strip()
    assert printed == str(path.parent / "runs/two/sweep.html")
    document = browser(f"file://{printed}")
    assert document.count('class="main-svg"') >= 10  # two or three layers a figure
    seen = texts_of(document)
    for words in ("Pareto front", "What matters", "Parallel coordinates", "The two that matter most", "When they ran"):
        assert words in seen, words
    assert HOSTILE.split("\x1b")[0] in seen and "<script>alert(1)" not in document
    assert not re.search(r'<(script|link|img|iframe)\b[^>]*\b(src|href)="?http', document)


def test_names_and_choices_that_look_like_markup(tmp_path, browser):
    """A study that Optuna filled by itself, in a sweep's folder."""
    path = write_sweep(tmp_path, "markup")
    study = create_study(load_sweep(path))
    name, choices = '<b onclick="alert(1)">x</b>', ["<i>a</i>", '<a href="javascript:alert(1)">b</a>']
    for number in range(6):
        trial = study.ask()
        trial.suggest_categorical(name, choices)
        trial.suggest_float("y & <u>z</u>", 0, 1)
        study.tell(trial, number / 10)
    told("page", tmp_path / "runs/markup", "--output", tmp_path / "page.html")
    document = browser(f"file://{tmp_path / 'page.html'}")
    drawn = re.findall(r"<text\b.*?</text>", document, re.DOTALL)
    seen = {texts_of(text).strip("'") for text in drawn}  # Optuna quotes choices in some pictures
    assert {name, *choices, "y & <u>z</u>"} <= seen


@pytest.mark.parametrize("more", ["", TWO])
def test_a_study_that_has_just_begun_has_a_page(tmp_path, more):
    path = write_sweep(tmp_path, "new", more)
    study = create_study(load_sweep(path))
    for page_of in ("no trial yet", "no trial is complete yet", "1 complete"):
        assert page_of in told("show", path)
        told("page", path)
        assert page_of in texts_of((tmp_path / "runs/new/sweep.html").read_text())
        if not study.trials:
            trial = study.ask()
            load_sweep(path).space.suggest(trial)
        elif trial.number == 0 and study.trials[0].state == TrialState.RUNNING:
            study.tell(trial, [0.5, 0.1][: len(study.directions)])


# --- optuna-dashboard ---


def test_optuna_dashboard_shows_the_study(one, browser):
    path, study = one
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    journal = path.parent / "runs/one/study.journal"
    command = [DEPS / "venv/bin/optuna-dashboard", journal, "--port", port, "--quiet"]

    def answer():
        try:
            with urllib.request.urlopen(f"{url}/api/studies", timeout=10) as studies:
                return json.load(studies)["study_summaries"]
        except OSError:
            return None

    with started(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        wait_for(answer, 60)
        (summary,) = answer()
        address = f"{url}/dashboard/studies/{summary['study_id']}"
        overview = texts_of(browser(address))
        trials = texts_of(browser(f"{address}/trials?numbers=9"))
    assert "Best Trial (number=10)" in overview and str(study.best_value) in overview
    assert f"training.learning_rate: {study.best_params['training.learning_rate']}" in overview
    for words in ("13 Trials", "Trial 3 Pruned", "Trial 5 Fail", "Trial 10 Complete Best Trial", "Trial 11 Running"):
        assert words in trials, words
    assert f"loss.sigma {parameters_of(9)['loss.sigma']}" in trials
    for step, value in study.trials[9].intermediate_values.items():
        assert f"{step} {value}" in trials


# --- Prometheus' gauges ---


def metrics_at(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        lines = [line for line in answer.read().decode().splitlines() if not line.startswith("#")]
    return {series: float(value) for series, _, value in (line.rpartition(" ") for line in lines)}


def test_gauges_follow_the_study(tmp_path):
    path = write_sweep(tmp_path, "watched", TWO)
    study = make_study(path)
    progress = gauges.Progress(slots=4, busy_slots=1, budget_used={"trials": 11 / 16, "kwh": 0.5})
    options = PrometheusOptions(port=0, targets=tmp_path / "targets")
    series = gauges.SweepGauges(study, lambda: progress)
    with gauges.SweepExporter(series, "watched", options) as exporter:
        (target,) = (tmp_path / "targets").iterdir()
        told_prometheus = [{"targets": [f"127.0.0.1:{exporter.port}"], "labels": {"project": "watched"}}]
        assert json.loads(target.read_text()) == told_prometheus
        before = metrics_at(exporter.port)
        progress = replace(progress, busy_slots=0)
        study.tell(11, [0.9, 0.7])  # as another driver may
        after = metrics_at(exporter.port)
    assert not target.exists()
    watched = 'project="watched"'
    expected = {"complete": 9, "pruned": 1, "failed": 1, "running": 1, "waiting": 1}
    states = {state: before[f'lambdaforge_sweep_trials{{{watched},state="{state}"}}'] for state in expected}
    assert states == expected
    ndcg, kwh = (f'{{objective="{name}",{watched}}}' for name in (METRIC, "energy_kwh"))
    assert [before[f"lambdaforge_sweep_best{labels}"] for labels in (ndcg, kwh)] == [values_of(10)[0], 0]
    assert [before[f"lambdaforge_sweep_best_trial{labels}"] for labels in (ndcg, kwh)] == [10, 6]
    assert before[f'lambdaforge_sweep_budget_used_ratio{{budget="kwh",{watched}}}'] == 0.5
    assert (before[f"lambdaforge_sweep_busy_slots{{{watched}}}"], before[f"lambdaforge_sweep_slots{{{watched}}}"]) == (
        1,
        4,
    )
    last = f"lambdaforge_sweep_last_result_timestamp_seconds{{{watched}}}"
    assert after[last] > before[last]
    assert after[f"lambdaforge_sweep_best{ndcg}"] == 0.9 and after[f"lambdaforge_sweep_busy_slots{{{watched}}}"] == 0


def test_the_exporter_takes_the_next_port_and_a_failed_driver_is_missed(tmp_path, one):
    options = PrometheusOptions(port=free_port(), targets=tmp_path)
    series = gauges.SweepGauges(one[1], lambda: gauges.Progress(1, 0))
    with gauges.SweepExporter(series, "a.b", options) as first:
        with pytest.raises(RuntimeError), gauges.SweepExporter(series, "a.b", options) as second:
            assert first.port == options.port < second.port
            assert metrics_at(second.port)
            raise RuntimeError
    (left,) = tmp_path.iterdir()  # of the one that failed
    assert left.name.startswith("a%2Eb.sweep.") and left.name.endswith(f"-{second.port}.json")


# --- a driver that is watched ---


@pytest.fixture
def faked(tmp_path):
    """The folder of a sweep over the fake trainer, and the command that drives it."""
    programs = tmp_path / "bin"
    programs.mkdir()
    shutil.copy(BIN / "lambdaforge-sweep", programs)
    shutil.copy(ROOT / "tests/integration/fake_trainer.py", programs / "lambdaforge")
    (programs / "lambdaforge").chmod(0o755)
    write_recipe(
        tmp_path / "recipe.toml",
        run={"output_dir": tmp_path / "runs"},
        training={"eval_strategy": "steps"},
        evaluation={"nano_beir": "data/nano"},
        fake={"steps": 4, "eval_every": 2, "step_seconds": 0.2},
    )
    text = 'recipe = "recipe.toml"\n[space]\n"training.learning_rate" = {log_uniform = [1e-6, 1e-4]}\n'
    text += "[budget]\ntrials = 4\n[run]\nslots = 2\n[prometheus]\nport = 0\n"
    path = tmp_path / "driven.toml"
    path.write_text(f"{text}targets = {json.dumps(str(tmp_path / 'targets'))}\n")
    return path, [programs / "lambdaforge-sweep", path]


def test_a_driver_serves_its_figures_and_leaves_a_page(faked):
    path, command = faked
    targets = path.parent / "targets"
    with started(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as driver:
        wait_for(lambda: driver.poll() is not None or list(targets.glob("driven.sweep.*.json")), 60)
        ((target,),) = [list(targets.glob("*.json"))]
        port = int(json.loads(target.read_text())[0]["targets"][0].rpartition(":")[2])
        best, used = 'lambdaforge_sweep_best{objective="eval_mean_ndcg@10",project="driven"}', []

        def sees_a_result():
            figures = metrics_at(port)
            used.append((figures['lambdaforge_sweep_busy_slots{project="driven"}'], figures))
            return best in figures

        wait_for(sees_a_result, 60)
        output, errors = driver.communicate(timeout=60)
    assert driver.returncode == 0, errors
    assert max(busy for busy, _ in used) == 2
    assert used[-1][1]['lambdaforge_sweep_budget_used_ratio{budget="trials",project="driven"}'] in (0.5, 0.75, 1)
    assert list(targets.iterdir()) == []
    assert "4 trials: 4 complete" in texts_of((path.parent / "runs/driven/sweep.html").read_text())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("port = 70000", "[prometheus] port: expected a port in [0, 65535], got 70000"),
        ('address = "localhost"', "[prometheus] address: expected an IPv4 address"),
        ("prot = 1", "[prometheus] prot: unknown key 'prot'; did you mean 'port'?"),
        ('address = "192.0.2.1"', "cannot serve metrics at 192.0.2.1:0: "),
    ],
)
def test_what_cannot_be_served_is_said(faked, line, message):
    path, command = faked
    path.write_text(path.read_text().replace("port = 0", line if "port =" in line else f"port = 0\n{line}"))
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode in (1, 2) and message in done.stderr, done.stderr
    assert list((path.parent / "runs").glob("driven/trial-*")) == []


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
