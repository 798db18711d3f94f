"""What a sweeper, a scheduler or a shell script relies on: JSON lines, result.json, exit codes, a stop on request."""

import csv
import json
import signal
import subprocess
from pathlib import Path

import pytest

from runs import BIN, environment, started, train_command, write_recipe

DONE, FAILED, INVALID, DIVERGED, STOPPED = 0, 1, 2, 3, 75


@pytest.fixture
def recipe(small_recipe, tmp_path):
    """recipe(name, section={key: value}) -> its path and the run's folder; ten steps over all ranks."""

    def write(name, ranks=1, **changes):
        sections = small_recipe(ranks, max_steps=10, logging_steps=1)
        for section, keys in changes.items():
            sections[section] = sections.get(section, {}) | keys
        run = {"project": "sweep", "name": name, "output_dir": tmp_path / "runs"} | sections.pop("run", {})
        path = write_recipe(tmp_path / f"{name}.toml", run=run, **sections)
        return path, Path(run["output_dir"]) / "sweep" / name

    return write


def json_command(recipe, ranks=None, overrides=()):
    return [*train_command(recipe, ranks, overrides), "--json"]


def run_json(recipe, ranks=None, overrides=(), prefix=()):
    """The exit code, the events, what stands on standard error."""
    command = [*prefix, *json_command(recipe, ranks, overrides)]
    done = subprocess.run(command, env=environment(ranks), capture_output=True, text=True)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def of_kind(events, kind):
    return [event for event in events if event["event"] == kind]


def read_result(folder):
    return json.loads((folder / "result.json").read_text())


def without_time(event):
    return {key: value for key, value in event.items() if key not in ("event", "time")}


def test_json_lines_tell_what_the_files_hold(recipe, wordnet):
    path, folder = recipe(
        "told",
        training={"eval_strategy": "steps", "eval_steps": 2, "max_steps": 4, "save_strategy": "steps", "save_steps": 2},
        evaluation={"nano_beir": wordnet / "nano", "dataset_names": ["noun"], "rerank_k": 5},
    )
    code, events, errors = run_json(path)
    assert code == DONE, errors
    assert {event["event"] for event in events} == {
        "start", "step", "evaluation", "checkpoint", "energy", "notice", "end",
    }  # fmt: skip
    times = [event["time"] for event in events]
    assert times == sorted(times)

    (start,) = of_kind(events, "start")
    assert (start["project"], start["name"], start["folder"]) == ("sweep", "told", str(folder))
    assert (start["world_size"], start["first_step"], start["max_steps"], start["restarts"]) == (1, 0, 4, 0)
    assert start["parameters"]["training.eval_steps"] == 2 and start["parameters"]["run.name"] == "told"

    with (folder / "metrics.csv").open() as file:
        kept = {(int(row["step"]), row["name"]): float(row["value"]) for row in csv.DictReader(file)}
    told = {}
    for event in of_kind(events, "step"):
        told |= {(event["step"], name): event[name] for name in event if (event["step"], name) in kept}
    for event in of_kind(events, "evaluation"):
        told |= {(event["step"], name): value for name, value in event["metrics"].items()}
    assert told == {key: value for key, value in kept.items() if not key[1].startswith("train_")}

    per_query = of_kind(events, "evaluation")[-1]["per_query"]
    mean = sum(per_query["noun_R5_ndcg@10"].values()) / len(per_query["noun_R5_ndcg@10"])
    assert mean == pytest.approx(events[-1]["metrics"]["eval_noun_R5_ndcg@10"])

    end = events[-1]
    assert without_time(end) == read_result(folder)
    assert (end["outcome"], end["exit_code"], end["reason"], end["step"]) == ("done", DONE, None, 4)
    best = max(of_kind(events, "evaluation"), key=lambda event: event["metrics"][end["metric_for_best_model"]])
    assert (end["best_metric"], end["best_step"]) == (best["metrics"][end["metric_for_best_model"]], best["step"])
    assert end["metrics"] == of_kind(events, "evaluation")[-1]["metrics"]
    assert Path(end["final_model"]).is_dir() and Path(end["best_checkpoint"]).is_dir()
    assert end["last_checkpoint"] == of_kind(events, "checkpoint")[-1]["path"]
    assert end["energy_kwh"] == pytest.approx(of_kind(events, "energy")[-1]["energy_kwh"])
    assert 0 < end["train_seconds"] < times[-1] - start["time"] + 60


def test_a_stop_does_not_wait_for_an_evaluation(recipe, wordnet):
    """It is made up for when the run goes on: what is evaluated is what a run without a stop evaluates."""
    changes = {
        "training": {"eval_strategy": "steps", "eval_steps": 1, "max_steps": 3, "save_strategy": "no"}
        | {"gradient_accumulation_steps": 8},  # a step is longer than a signal takes
        "evaluation": {"nano_beir": wordnet / "nano", "dataset_names": ["noun"], "rerank_k": 10},
    }
    evaluations = {}
    for name in ("straight", "stopped"):
        path, folder = recipe(name, **changes)
        if name == "stopped":
            with started(json_command(path), env=environment(), stdout=subprocess.PIPE, text=True) as run:
                events = []
                for line in run.stdout:
                    events.append(json.loads(line))
                    if events[-1]["event"] == "evaluation":
                        run.send_signal(signal.SIGUSR1)
                assert run.wait(60) == STOPPED
            (step,) = {event["step"] for event in of_kind(events, "checkpoint")}
            assert step > max(event["step"] for event in of_kind(events, "evaluation"))
        code, _, errors = run_json(path, overrides=["training.resume_from_checkpoint=latest"])
        assert code == DONE, errors
        rows = json.loads((folder / "trainer_state.json").read_text())["log_history"]
        evaluations[name] = [
            (row["step"], row["eval_noun_R10_ndcg@10"]) for row in rows if "eval_noun_R10_ndcg@10" in row
        ]
    assert evaluations["stopped"] == evaluations["straight"] and len(evaluations["straight"]) == 3


FAULTS = {
    "a key that is not known": (INVALID, {"training": {"learning_rat": 1e-5}}),
    "a file that is not there": (INVALID, {"data": {"train": "/no/such/lists.jsonl"}}),
    "a loss that is not known": (INVALID, {"loss": {"name": "LamdaLoss"}}),
    "a country that is not known": (INVALID, {"tracking": {"country_iso_code": "XYZ"}}),
    "a loss that is not finite": (
        DIVERGED,
        {"training": {"learning_rate": 1e30, "max_grad_norm": 0, "warmup_ratio": 0}},
    ),
    "a folder that takes no files": (FAILED, {"run": {"output_dir": "/proc"}}),
}
OUTCOMES = {FAILED: "failed", INVALID: "invalid", DIVERGED: "diverged"}


@pytest.mark.parametrize("ranks", [None, 2])
@pytest.mark.parametrize("fault", FAULTS)
def test_the_exit_code_says_whose_fault_it_is(fault, ranks, recipe):
    expected, changes = FAULTS[fault]
    path, folder = recipe("faulty", ranks or 1, **changes)
    code, events, errors = run_json(path, ranks)
    assert code == expected, errors
    assert [event["event"] for event in events].count("end") == 1
    end = events[-1]
    assert (end["event"], end["outcome"], end["exit_code"]) == ("end", OUTCOMES[expected], expected)
    assert end["reason"] in errors
    if expected == INVALID:  # a slip leaves nothing behind
        assert not folder.exists()
    if expected == DIVERGED:
        assert read_result(folder) == without_time(end)
        assert end["step"] >= 1 and end["max_steps"] == 10
    if expected == FAILED:
        assert f"cannot make {folder}" in errors


def test_what_is_no_recipe_is_the_command_lines_fault():
    for command in ([BIN / "lambdaforge", "train", "/no/such.toml"], [BIN / "lambdaforge", "train", "--jsn"]):
        assert subprocess.run(command, capture_output=True).returncode == INVALID


def test_a_full_disk_is_the_machines_fault(recipe, wordnet, tmp_path):
    """A file-size limit stands for the full disk: only the weights are larger."""
    lists = tmp_path / "lists.jsonl"
    lists.write_text("".join((wordnet / "train.jsonl").read_text().splitlines(keepends=True)[:40]))
    path, folder = recipe(
        "full", training={"max_steps": 2, "save_strategy": "steps"}, data={"train": lists, "eval_size": 0}
    )
    code, events, errors = run_json(path, prefix=["prlimit", f"--fsize={8 << 20}"])
    assert code == FAILED
    assert "File too large" in events[-1]["reason"] and "File too large" in errors
    assert read_result(folder) == without_time(events[-1])
    assert (events[-1]["step"], events[-1]["last_checkpoint"]) == (2, None)


def test_a_folder_of_another_run_keeps_its_result(recipe):
    path, folder = recipe("first", training={"max_steps": 1, "save_strategy": "steps"})
    assert run_json(path)[0] == DONE
    kept = read_result(folder)
    code, events, _ = run_json(path)  # without resume_from_checkpoint it may not go on
    assert (code, events[-1]["outcome"]) == (INVALID, "invalid")
    assert read_result(folder) == kept


def stop(recipe, ranks, is_moment, send):
    """Sends the request at the first event that is the moment; the exit code and all events."""
    events = []
    with started(
        json_command(recipe, ranks), env=environment(ranks), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        for line in run.stdout:
            events.append(json.loads(line))
            if send and is_moment(events[-1]):
                send(run)
                send = None
        return run.wait(timeout=60), events


def at_step(step):
    return lambda event: event["event"] == "step" and event["step"] == step


@pytest.mark.parametrize(
    ("ranks", "request_to_stop", "saving"),
    [
        (None, signal.SIGTERM, {"save_strategy": "no"}),
        (2, signal.SIGUSR1, {"save_strategy": "steps", "save_steps": 4, "save_total_limit": 1}),
    ],
)
def test_a_stopped_run_goes_on_with_the_same_bits(ranks, request_to_stop, saving, recipe, tmp_path):
    straight, straight_folder = recipe("straight", ranks or 1, training={"max_steps": 14})
    path, folder = recipe("stopped", ranks or 1, training={"max_steps": 14} | saving)
    assert run_json(straight, ranks)[0] == DONE

    code, events = stop(path, ranks, at_step(5), lambda run: run.send_signal(request_to_stop))
    end = events[-1]
    assert (code, end["outcome"], end["exit_code"]) == (STOPPED, "stopped", STOPPED)
    assert without_time(end) == read_result(folder)
    step = end["step"]
    assert 5 <= step < 14
    assert list(folder.glob("checkpoint-*")) == [folder / f"checkpoint-{step}"]
    assert end["last_checkpoint"] == of_kind(events, "checkpoint")[-1]["path"] == str(folder / f"checkpoint-{step}")
    assert end["final_model"] is None and not (folder / "final").exists()
    assert end["reason"] == f"stopped at step {step} on request; go on with --resume latest"
    assert status_of(folder, tmp_path) == "stopped"

    command = [*json_command(path, ranks, ["training.save_strategy=no"]), "--resume", "latest"]
    with started(command, env=environment(ranks), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        resumed = [json.loads(run.stdout.readline())]
        assert not (folder / "result.json").exists()  # it told how the part before ended
        resumed += [json.loads(line) for line in run.stdout]
        assert run.wait(timeout=60) == DONE
    assert (resumed[0]["first_step"], resumed[0]["restarts"]) == (step, 1)
    assert [event["step"] for event in of_kind(resumed, "step")] == list(range(step + 1, 15))
    for quantity in ("train_seconds", "energy_kwh", "emissions_kg"):
        assert resumed[-1][quantity] > end[quantity]
    assert status_of(folder, tmp_path) == "finished"
    weights = [run / "final/model.safetensors" for run in (straight_folder, folder)]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def status_of(folder, tmp_path):
    command = [BIN / "lambdaforge", "runs", "list", tmp_path / "runs", "--json"]
    listed = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return next(run["status"] for run in listed if run["name"] == folder.name)


def test_a_request_to_one_rank_while_all_evaluate_ends_the_run_behind_the_evaluation(recipe, wordnet):
    path, folder = recipe(
        "evaluating",
        2,
        training={"eval_strategy": "steps", "eval_steps": 3},
        evaluation={"nano_beir": wordnet / "nano", "dataset_names": ["noun"], "rerank_k": 30},
    )

    def tell_the_last_rank(_):
        ranks = subprocess.run(["pgrep", "-f", f"lambdaforge-train.*{path}"], capture_output=True, text=True)
        subprocess.run(["kill", f"-{signal.SIGUSR1.value}", ranks.stdout.split()[-1]], check=True)

    code, events = stop(path, 2, at_step(3), tell_the_last_rank)  # the event comes before its evaluation
    assert (code, events[-1]["step"]) == (STOPPED, 3)
    assert [event["step"] for event in of_kind(events, "evaluation")] == [3]
    assert events[-1]["metrics"] == of_kind(events, "evaluation")[0]["metrics"]
    assert (folder / "checkpoint-3").is_dir()


def test_a_request_before_the_first_step_has_nothing_to_save(recipe):
    path, folder = recipe("early")
    code, events = stop(
        path, None, lambda event: event["event"] == "start", lambda run: run.send_signal(signal.SIGTERM)
    )
    assert code == -signal.SIGTERM
    assert not of_kind(events, "step") and not (folder / "result.json").exists()
