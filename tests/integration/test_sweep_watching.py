"""Watching a sweep: its page, optuna-dashboard, Prometheus' gauges, alone and from a driver that runs."""

import json
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from dataclasses import replace

import pytest
from optuna.trial import TrialState

from browser import rendered
from launch.sweep import gauges
from launch.sweep.prometheus_options import PrometheusOptions
from launch.sweep.spec import load_sweep
from launch.sweep.study import TrialAttribute, create_study
from runs import BIN, DEPS, ROOT, free_port, started, wait_for, write_recipe
from swept import (  # noqa: F401, one and two are fixtures
    HOSTILE,
    METRIC,
    TWO,
    make_study,
    one,
    parameters_of,
    texts_of,
    told,
    two,
    values_of,
    write_sweep,
)

# --- the page, in a browser ---


def layers_in(document):
    """Two or three a figure."""
    return document.count('class="main-svg"')


def test_the_page_draws_everything_and_runs_nothing_of_others(two):
    path, _ = two
    printed = told("page", path).strip()
    assert printed == str(path.parent / "runs/two/sweep.html")
    document, _ = rendered(f"file://{printed}", lambda document: layers_in(document) >= 10)
    assert layers_in(document) >= 10
    seen = texts_of(document)
    for words in ("Pareto front", "What matters", "Parallel coordinates", "The two that matter most", "When they ran"):
        assert words in seen, words
    assert HOSTILE.split("\x1b")[0] in seen and "<script>alert(1)" not in document
    assert not re.search(r'<(script|link|img|iframe)\b[^>]*\b(src|href)="?http', document)


def test_names_and_choices_that_look_like_markup(tmp_path):
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
    expected = {name, *choices, "y & <u>z</u>"}

    def drawn(document):
        texts = re.findall(r"<text\b.*?</text>", document, re.DOTALL)
        return {texts_of(text).strip("'") for text in texts}  # Optuna quotes choices in some pictures

    document, _ = rendered(f"file://{tmp_path / 'page.html'}", lambda document: expected <= drawn(document))
    assert expected <= drawn(document)


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


def test_optuna_dashboard_shows_the_study(one):
    path, study = one
    in_overview = [
        "Best Trial (number=10)",
        str(study.best_value),
        f"training.learning_rate: {study.best_params['training.learning_rate']}",
    ]
    in_trials = ["13 Trials", "Trial 3 Pruned", "Trial 5 Fail", "Trial 10 Complete Best Trial", "Trial 11 Running"]
    in_trials.append(f"loss.sigma {parameters_of(9)['loss.sigma']}")
    in_trials += [f"{step} {value}" for step, value in study.trials[9].intermediate_values.items()]
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    journal = path.parent / "runs/one/study.journal"
    command = [DEPS / "venv/bin/optuna-dashboard", journal, "--port", port, "--quiet"]

    def look_for(expected, address):
        def missing(document):
            seen = texts_of(document)
            return [words for words in expected if words not in seen]

        document, _ = rendered(address, lambda document: not missing(document))
        assert not missing(document)

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
        look_for(in_overview, address)
        look_for(in_trials, f"{address}/trials?numbers=9")


# --- Prometheus' gauges ---


def metrics_at(port, query=""):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics{query}", timeout=10) as answer:
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
        labels = {"project": "watched", "__param_run": "watched/sweep"}
        assert json.loads(target.read_text()) == [{"targets": [f"127.0.0.1:{exporter.port}"], "labels": labels}]
        assert metrics_at(exporter.port, "?run=watched%2Fsweep")
        with pytest.raises(urllib.error.HTTPError, match="404"):  # whose file was left behind
            metrics_at(exporter.port, "?run=other%2Fsweep")
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


def test_an_evaluation_is_a_result_with_two_objectives_too(tmp_path):
    """Optuna keeps no intermediate values of them."""
    study = create_study(load_sweep(write_sweep(tmp_path, "new", TWO)))
    trial = study.ask()
    series = gauges.SweepGauges(study, lambda: gauges.Progress(1, 1))

    def last_result():
        (found,) = (each for each in series.collect() if each.name.endswith("last_result_timestamp_seconds"))
        return found.samples[0].value

    before = last_result()
    assert last_result() == before
    trial.set_user_attr(TrialAttribute.EVALUATIONS, {"20": 0.4})
    assert last_result() > before


def test_the_exporter_takes_the_next_port_and_a_failed_driver_is_missed(tmp_path, one):
    options = PrometheusOptions(port=free_port(), targets=tmp_path)
    series = gauges.SweepGauges(one[1], lambda: gauges.Progress(1, 0))
    with (
        gauges.SweepExporter(series, "a.b", options) as first,
        pytest.raises(RuntimeError),
        gauges.SweepExporter(series, "a.b", options) as second,
    ):
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
