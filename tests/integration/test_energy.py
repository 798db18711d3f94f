"""The energy of a run: held against CodeCarbon, kept over a crash, counted once a node, and cheap."""

import contextlib
import csv
import json
import math
import os
import signal
import subprocess
import sys
import time
import types
import urllib.request
from pathlib import Path

import pandas
import pytest

from runs import BIN, environment, free_port, read_history, run_training, train, train_command, wait_for, write_recipe

TRACKING = {"country_iso_code": "FRA", "energy_interval": 1}
LONG = 100_000  # steps: more than any test waits for


def recipe_of(tmp_path, name, sections, **tracking):
    run = {"project": "test", "name": name, "output_dir": tmp_path / "runs"}
    recipe = write_recipe(tmp_path / f"{name}.toml", run=run, tracking=TRACKING | tracking, **sections)
    return recipe, tmp_path / "runs/test" / name


def row_of(folder):
    with open(folder / "emissions.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    return row


def all_joules(state):
    return sum(joules for phase in state["joules"].values() for joules in phase.values())


def energy_thread(pid):
    """The folder in /proc of the meter's thread; None: it has not started."""
    for comm in Path(f"/proc/{pid}/task").glob("*/comm"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if comm.read_text() == "energy\n":
                return comm.parent
    return None


def cpu_seconds(thread):
    return int((thread / "schedstat").read_text().split()[0]) / 1e9


@pytest.fixture
def training(small_recipe, tmp_path):
    """training(name, **tracking) -> (process, run folder): steps that go on until somebody ends them."""
    processes = []

    def start(name, logging_steps=LONG, resume_from_checkpoint="", **tracking):
        sections = small_recipe(
            max_steps=LONG, logging_steps=logging_steps, resume_from_checkpoint=resume_from_checkpoint
        )
        recipe, folder = recipe_of(tmp_path, name, sections, **tracking)
        process = subprocess.Popen(
            train_command(recipe), env=environment(2), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        processes.append(process)
        wait_for(lambda: process.poll() is not None or energy_thread(process.pid))
        assert process.poll() is None
        return process, folder

    yield start
    for process in processes:
        process.kill()
        process.wait()


def codecarbon_of(mode, pid, folder):
    """CodeCarbon's tracker of the machine or of a process that is not its own, not yet started."""
    import psutil
    from codecarbon import OfflineEmissionsTracker
    from codecarbon.external.hardware import CPU
    from codecarbon.external.ram import RAM

    tracker = OfflineEmissionsTracker(
        country_iso_code="FRA",
        tracking_mode=mode,
        output_dir=str(folder),
        log_level="error",
        allow_multiple_runs=True,
    )
    tracker._ensure_hardware_ready()
    for hardware in tracker._hardware:  # CodeCarbon looks at its own process; here it is to look at ours
        if isinstance(hardware, CPU):
            hardware._pid, hardware._process = pid, psutil.Process(pid)
        if isinstance(hardware, RAM):
            hardware._pid = pid
    return tracker


@pytest.mark.parametrize("mode", ["machine", "process"])
def test_the_same_figures_as_codecarbon(mode, training, tmp_path):
    seconds = float(os.environ.get("LAMBDAFORGE_ENERGY_SECONDS", 8))
    process, folder = training(mode, energy_mode=mode)

    def next_totals():
        """Those of the next saving, just now: the two are to look at the same seconds of a busy machine."""
        before = (folder / "emissions.csv").stat().st_mtime_ns
        wait_for(lambda: (folder / "emissions.csv").stat().st_mtime_ns != before)
        return {key: float(row_of(folder)[key]) for key in COMPARED}

    def measured():
        """{what: (ours, CodeCarbon's)}, a second."""
        tracker = codecarbon_of(mode, process.pid, tmp_path)
        first = next_totals()
        tracker.start()
        time.sleep(seconds)
        last = next_totals()
        tracker.stop()
        theirs = tracker.final_emissions_data
        ours = {key: (last[key] - first[key]) / (last["duration"] - first["duration"]) for key in COMPARED}
        return {key: (ours[key], getattr(theirs, key) / theirs.duration) for key in COMPARED}

    wait_for((folder / "emissions.csv").exists)
    for _ in range(ATTEMPTS):
        figures = measured()
        for key, (ours, expected) in figures.items():
            print(f"{mode} {key}: ours {ours:.6g}, CodeCarbon {expected:.6g} a second")
        if all(math.isclose(ours, expected, rel_tol=0.02) for ours, expected in figures.values()):
            return
    pytest.fail(f"ours and CodeCarbon's differ in each attempt, lastly {figures}")


ATTEMPTS = 3  # a burst of other work falls on one's seconds and not on the other's
COMPARED = ("duration", "cpu_energy", "ram_energy", "energy_consumed", "emissions")


def test_codecarbon_appends_to_our_file_and_pandas_reads_both(small_recipe, tmp_path):
    from codecarbon.output_methods.emissions_data import EmissionsData
    from codecarbon.output_methods.file import FileOutput

    folder = train(
        tmp_path, name="run", tracking=TRACKING, **small_recipe(max_steps=3, save_strategy="steps", save_steps=3)
    )
    columns = list(EmissionsData.__dataclass_fields__)
    assert (folder / "emissions.csv").read_text().splitlines()[0].split(",") == columns

    values = {name: 0.0 for name in columns} | {"run_id": "theirs", "project_name": "a, b", "country_name": "France"}
    for on_csv_write in ("append", "update"):
        FileOutput("emissions.csv", str(folder), on_csv_write=on_csv_write).out(EmissionsData(**values), None)
    assert not list(folder.glob("emissions.csv.*")), "CodeCarbon took our file for another format"

    table = pandas.read_csv(folder / "emissions.csv")
    assert list(table.columns) == columns
    assert list(table.run_id) == ["run", "theirs"]
    ours = table.iloc[0]
    assert ours.energy_consumed == pytest.approx(ours.cpu_energy + ours.gpu_energy + ours.ram_energy)
    assert ours.emissions == pytest.approx(ours.energy_consumed * 56.039 / 1000)
    assert (ours.country_name, ours.country_iso_code, ours.tracking_mode) == ("France", "FRA", "machine")

    # A second part of the run replaces its row and leaves CodeCarbon's alone.
    recipe, _ = recipe_of(tmp_path, "run", small_recipe(max_steps=4, resume_from_checkpoint="latest"))
    assert run_training(recipe).returncode == 0
    table = pandas.read_csv(folder / "emissions.csv")
    assert list(table.run_id) == ["run", "theirs"]
    assert table.iloc[0].energy_consumed > ours.energy_consumed


def test_carbonboard_reads_our_rows_beside_codecarbons(tmp_path, monkeypatch):
    from codecarbon.output_methods.emissions_data import EmissionsData
    from codecarbon.output_methods.file import FileOutput

    # Carbonboard's data asks Dash for one thing, the table that it hands to the page.
    dash = types.ModuleType("dash")
    dash.dash_table = types.SimpleNamespace(DataTable=types.SimpleNamespace)
    monkeypatch.setitem(sys.modules, "dash", dash)
    monkeypatch.delitem(sys.modules, "codecarbon.viz.data", raising=False)
    from codecarbon.viz.data import Data

    file = tmp_path / "emissions.csv"
    measure("--country", "FRA", "--project", "both", "--output", file, "--", "sleep", "1.1")
    values = {name: 0.0 for name in EmissionsData.__dataclass_fields__}
    values |= {"timestamp": "2020-01-01T00:00:00", "project_name": "both", "energy_consumed": 2.0, "emissions": 3.0}
    FileOutput(file.name, str(tmp_path)).out(EmissionsData(**values), None)
    table = pandas.read_csv(file)
    ours = table.iloc[0]

    data = Data()
    rows = data.get_project_data(table, "both").data
    assert [row["timestamp"] for row in rows] == ["2020-01-01T00:00:00", ours.timestamp]
    summary = data.get_project_summary(rows)
    assert summary["last_run"]["timestamp"] == ours.timestamp
    assert summary["total"]["energy_consumed"] == pytest.approx(2 + ours.energy_consumed)
    assert summary["total"]["emissions"] == pytest.approx(3 + ours.emissions)
    assert (summary["country_name"], summary["country_iso_code"], summary["on_cloud"]) == ("France", "FRA", "N")
    assert data.get_car_miles(summary["total"]["emissions"]) == "7"  # 3 kg at 0.409 kg a mile
    provider, by_region = data.get_cloud_emissions_barchart_data(
        2.0, summary["on_cloud"], summary["cloud_provider"], summary["cloud_region"]
    )
    assert provider == "" and by_region.empty


def test_a_killed_run_goes_on_counting(training, small_recipe, tmp_path):
    process, folder = training("killed")
    wait_for((folder / "energy.json").exists)
    wait_for(lambda: json.loads((folder / "energy.json").read_text())["seconds"] > 2)
    assert time.time() - (folder / "energy.json").stat().st_mtime < 15  # an interval, on a slow machine
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = json.loads((folder / "energy.json").read_text())

    recipe, _ = recipe_of(tmp_path, "killed", small_recipe(max_steps=2, resume_from_checkpoint="latest"))
    done = run_training(recipe)
    assert done.returncode == 0, done.stderr
    ended = json.loads((folder / "energy.json").read_text())
    assert ended["seconds"] > left["seconds"]
    assert all_joules(ended) > all_joules(left)
    assert all(ended["joules"][phase]["cpu"] >= left["joules"][phase]["cpu"] for phase in left["joules"])
    assert float(row_of(folder)["duration"]) == ended["seconds"]


def joules_of(url):
    """{labels: joules} that a scrape finds; none where nobody answers."""
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=60) as answer:
        samples = (line.rsplit(" ", 1) for line in answer.read().decode().splitlines())
        return {series: float(value) for series, value in samples if "energy_joules_total{" in series}
    return {}


def test_no_counter_falls_over_a_crash(training, small_recipe, tmp_path):
    port = free_port()
    watched = {"prometheus": True, "prometheus_port": port, "energy_interval": 60}
    url = f"http://127.0.0.1:{port}/metrics"
    process, _ = training("counted", logging_steps=1, **watched)
    wait_for(lambda: sum(joules_of(url).values()) > 0)
    time.sleep(2)
    last = joules_of(url)
    process.send_signal(signal.SIGKILL)
    process.wait()

    process, _ = training("counted", logging_steps=1, resume_from_checkpoint="latest", **watched)
    wait_for(lambda: joules_of(url))
    first = joules_of(url)
    assert first.keys() == last.keys()
    assert all(first[series] >= last[series] for series in last), (last, first)


def test_two_ranks_count_their_node_once(small_recipe, tmp_path):
    # The meter looks every second: each half takes longer than that.
    sections = small_recipe(2, max_steps=40, eval_strategy="steps", eval_steps=20, save_strategy="steps", save_steps=20)
    folder = train(tmp_path, 2, name="two", tracking=TRACKING, **sections)
    state = json.loads((folder / "energy.json").read_text())
    row = row_of(folder)

    # Memory's power is known: the model's for this machine, once. Every phase has its share.
    total_gib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    from codecarbon.external.ram import RAM

    watts = RAM(tracking_mode="machine")._calculate_ram_power(total_gib)
    assert sum(phase["memory"] for phase in state["joules"].values()) == pytest.approx(watts * state["seconds"])
    assert all(state["joules"][phase]["cpu"] > 0 for phase in ("training", "evaluation", "checkpoint", "idle"))
    assert float(row["energy_consumed"]) == pytest.approx(all_joules(state) / 3.6e6)

    history = read_history(folder)
    kwh = [line["eval_energy_kwh"] for line in history if "eval_energy_kwh" in line]
    assert len(kwh) == 2 and 0 < kwh[0] < kwh[1] < float(row["energy_consumed"])
    end = history[-1]
    assert end["train_energy_kwh"] == pytest.approx(float(row["energy_consumed"]))
    assert end["train_energy_kwh_per_1000_lists"] == pytest.approx(end["train_energy_kwh"] / (40 * 8) * 1000)
    assert end["train_emissions_kg"] == pytest.approx(float(row["emissions"]))


def test_the_meter_costs_next_to_nothing(training):
    process, _ = training("cheap", energy_interval=15)
    thread = energy_thread(process.pid)
    wall, used = time.monotonic(), cpu_seconds(thread)
    time.sleep(float(os.environ.get("LAMBDAFORGE_ENERGY_SECONDS", 8)))
    share = (cpu_seconds(thread) - used) / (time.monotonic() - wall)
    print(f"the meter takes {100 * share:.3f} % of a core")
    assert share < 0.002


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_run_stops_when_it_has_consumed_enough(ranks, small_recipe, tmp_path):
    sections = small_recipe(ranks, max_steps=LONG, logging_steps=5, stop_when="seconds > 3")
    recipe, folder = recipe_of(tmp_path, "stopped", sections)
    done = run_training(recipe, ranks)
    assert done.returncode == 0, done.stderr
    assert 'stop_when = "seconds > 3"' in done.stdout
    (checkpoint,) = folder.glob("checkpoint-*")
    step = int(checkpoint.name.split("-")[1])
    assert 0 < step < LONG and read_history(folder)[-1]["step"] == step
    assert (folder / "final/model.safetensors").exists()


def test_a_run_stops_when_energy_gains_too_little(small_recipe, tmp_path):
    sections = small_recipe(
        max_steps=LONG, logging_steps=LONG, eval_strategy="steps", eval_steps=10, min_gain_per_kwh=1e12
    )
    recipe, folder = recipe_of(tmp_path, "gain", sections)
    done = run_training(recipe)
    assert done.returncode == 0, done.stderr
    assert "min_gain_per_kwh" in done.stdout.split("stopping after step")[1]
    assert list(folder.glob("checkpoint-*"))


def test_the_best_model_is_chosen_net_of_what_it_consumed(small_recipe, tmp_path):
    price = 1e9  # a kWh: no gain is worth that, so the first evaluation stays the best
    sections = small_recipe(
        per_device_train_batch_size=32,  # five steps take longer than the meter's second
        max_steps=10,
        eval_strategy="steps",
        eval_steps=5,
        save_strategy="best",
        load_best_model_at_end=True,
        learning_rate=5e-5,
        metric_for_best_model=f"loss + {price} * kwh",
    )
    recipe, folder = recipe_of(tmp_path, "net", sections)
    done = run_training(recipe)
    assert done.returncode == 0, done.stderr
    rows = [row for row in read_history(folder) if "eval_loss" in row]
    assert [row["step"] for row in rows] == [5, 10]
    for row in rows:
        assert row["eval_net_loss"] == row["eval_loss"] + price * row["eval_energy_kwh"]
    assert min(rows, key=lambda row: row["eval_loss"])["step"] > 5
    state = json.loads((folder / "trainer_state.json").read_text())
    assert (state["best_global_step"], state["best_metric"]) == (5, rows[0]["eval_net_loss"])
    shown = subprocess.run([BIN / "lambdaforge", "runs", "show", folder], capture_output=True, text=True).stdout
    assert "eval_net_loss" in shown and "at step 5" in shown

    # Net of so much, nothing is gained any more: any gain that is asked for ends the run.
    sections["training"] |= {"max_steps": LONG, "min_gain_per_kwh": 1e-9}
    recipe, folder = recipe_of(tmp_path, "net and stopped", sections)
    done = run_training(recipe)
    assert done.returncode == 0, done.stderr
    assert "stopping after step 10: min_gain_per_kwh" in done.stdout


def test_what_is_not_known_is_said_before_training(small_recipe, tmp_path):
    for override, words in {
        "tracking.country_iso_code=FRX": ["unknown country 'FRX'", "did you mean 'FRA'"],
        "tracking.country_iso_code=France": ["'FRA' (France)"],
        "tracking.region=Texas": ["no figures for regions of France"],
        'training.stop_when="kw > 1"': ["did you mean 'kwh'?"],
        'training.metric_for_best_model="energy_kwh"': ['"loss + 0.5 * kwh"'],
        'training.metric_for_best_model="loss - 0.5 * kwh"': ["consumption must count against it"],
    }.items():
        recipe, folder = recipe_of(tmp_path, "unknown", small_recipe(max_steps=1, eval_strategy="steps"))
        done = run_training(recipe, overrides=[override])
        assert done.returncode != 0 and not folder.exists()
        for word in words:
            assert word in done.stderr


def test_without_a_country_the_worlds_average_is_taken_and_said(small_recipe, tmp_path):
    recipe, folder = recipe_of(tmp_path, "world", small_recipe(max_steps=2), country_iso_code="")
    done = run_training(recipe)
    assert "475 g CO2e/kWh (the world's average: no country was given)" in done.stdout
    assert "kWh |" in [line for line in done.stdout.splitlines() if line.startswith("step ")][-1]
    assert "energy: CPU: " in done.stdout
    assert row_of(folder)["country_iso_code"] == ""


# --- lambdaforge energy -- COMMAND ---


def measure(*arguments):
    return subprocess.run([BIN / "lambdaforge", "energy", *arguments], capture_output=True, text=True)


def test_any_command_is_measured(tmp_path):
    busy = "import time\nwhile time.process_time() < 1.5: pass"
    output = tmp_path / "emissions.csv"
    done = measure(
        "--json", "--country", "FRA", "--output", output, "--", "python3", "-c", f"{busy}\nprint('hi'); exit(7)"
    )
    assert (done.returncode, done.stdout) == (7, "hi\n")
    report = json.loads(done.stderr.splitlines()[-1])
    assert report["exit_code"] == 7 and report["grams_per_kwh"] == 56.039
    assert report["kwh"] == pytest.approx(report["cpu_kwh"] + report["gpu_kwh"] + report["memory_kwh"])
    assert float(row_of(tmp_path)["energy_consumed"]) == pytest.approx(report["kwh"])
    if "load of the run's processes" in report["measured_by"][0]:
        watts = float(report["measured_by"][0].split("; ")[1].split(" W")[0])
        expected = 1.5 * watts / os.cpu_count() / 3.6e6
        assert report["cpu_kwh"] == pytest.approx(expected, rel=0.1)  # the interpreter's start comes on top

    measure("--output", output, "--", "true")
    assert len(pandas.read_csv(output)) == 2


def test_many_write_into_one_file(tmp_path):
    output = tmp_path / "emissions.csv"
    command = [BIN / "lambdaforge", "energy", "--output", output, "--", "true"]
    processes = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(30)]
    assert [process.wait() for process in processes] == [0] * 30
    assert len(output.read_text().splitlines()) == 31


def test_what_cannot_be_written_costs_no_command(tmp_path):
    foreign, ran = tmp_path / "foreign.csv", tmp_path / "ran"
    foreign.write_text("step,loss\n1,2\n")
    for output, word in {foreign: "columns", tmp_path / "none/emissions.csv": "no folder"}.items():
        refused = measure("--output", output, "--", "touch", ran)
        assert refused.returncode == 1 and word in refused.stderr
        assert not ran.exists() and foreign.read_text() == "step,loss\n1,2\n"

    output = tmp_path / "emissions.csv"
    spoil = f"import pathlib; pathlib.Path('{output}').write_text('step,loss\\n'); exit(5)"
    done = measure("--output", output, "--", "python3", "-c", spoil)
    assert done.returncode == 5 and "no row was written" in done.stderr
    assert output.read_text() == "step,loss\n"


def test_signals_reach_the_command_and_its_end_comes_back(tmp_path):
    script = "trap 'echo got it; exit 3' TERM; echo ready; while :; do sleep 0.05; done"
    with subprocess.Popen(
        [BIN / "lambdaforge", "energy", "--", "bash", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"ready\n"
        process.terminate()
        output, _ = process.communicate(timeout=60)
    assert (output, process.returncode) == (b"got it\n", 3)
    assert measure("--", "bash", "-c", "kill -9 $$").returncode == 128 + 9


def test_slips_of_the_command_line():
    missing = measure("--json")
    assert missing.returncode == 2 and "-- COMMAND" in missing.stderr
    unknown = measure("--", "no-such-program")
    assert unknown.returncode == 127 and "cannot start 'no-such-program'" in unknown.stderr
    country = measure("--country", "FRX", "--", "true")
    assert country.returncode == 1 and "did you mean 'FRA'" in country.stderr
