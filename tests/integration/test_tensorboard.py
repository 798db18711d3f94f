"""TensorBoard's own readers and its server show what a run wrote."""

import csv
import json
import math
import struct
import subprocess
import sys
import tomllib
import urllib.request
from collections import defaultdict
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2

from runs import environment, free_port, run_training, started, train, train_command, wait_for, write_recipe

TRACKING = {"tensorboard": True}
FINISHED_SESSIONS = {"startIndex": 0, "sliceSize": 9, "allowedStatuses": ["STATUS_SUCCESS"]}


def as_float32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def tag_of(name):
    return "eval/" + name[5:] if name.startswith("eval_") else "train/" + name


def read_metrics(folder):
    """{tag: [(step, value as TensorBoard keeps it)]} of metrics.csv."""
    series = defaultdict(list)
    with open(folder / "metrics.csv", newline="") as file:
        for row in csv.DictReader(file):
            series[tag_of(row["name"])].append((int(row["step"]), as_float32(float(row["value"]))))
    return dict(series)


def accumulate(folder):
    events = EventAccumulator(str(folder / "tensorboard"), size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    return events


def scalars_of(events):
    """What metrics.csv has too: energy has no rows there."""
    tags = {tag for tag in events.Tags()["scalars"] if tag != "train/epoch" and not tag.startswith("train/energy_")}
    return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in tags}


def read_losses_of(folder):
    return scalars_of(accumulate(folder)).get("train/loss", [])


def hparams_of(events, tag):
    content = events.SummaryMetadata(f"_hparams_/{tag}").plugin_data.content
    return plugin_data_pb2.HParamsPluginData.FromString(content)


@pytest.fixture(scope="module")
def finished(small_recipe, tmp_path_factory):
    sections = small_recipe(max_steps=12, eval_strategy="steps", eval_steps=6)
    return train(tmp_path_factory.mktemp("tensorboard"), tracking=TRACKING, **sections)


def test_the_accumulator_reads_every_scalar(finished):
    expected = read_metrics(finished)
    assert len(expected["train/loss"]) == 12 and [step for step, _ in expected["eval/loss"]] == [6, 12]
    events = accumulate(finished)
    assert scalars_of(events) == expected
    kwh = [event.value for event in events.Scalars("train/energy_kwh")]
    assert kwh == sorted(kwh) and kwh[-1] == expected["train/train_energy_kwh"][-1][1]


def test_texts_and_hyperparameters(finished):
    events = accumulate(finished)
    recipe = events.Tensors("recipe/text_summary")[0].tensor_proto.string_val[0].decode()
    assert [line[4:] for line in recipe.splitlines()] == (finished / "recipe.toml").read_text().splitlines()
    start = hparams_of(events, "session_start_info").session_start_info
    assert start.group_name == "test/run"
    assert start.hparams["training.learning_rate"].number_value == 1e-4
    assert start.hparams["tracking.tensorboard"].bool_value is True
    assert start.hparams["loss.name"].string_value == "LambdaLoss"
    end = hparams_of(events, "session_end_info").session_end_info
    assert end.status == 1 and end.end_time_secs > start.start_time_secs


@pytest.fixture(scope="module")
def server(finished):
    """get("scalars/tags") -> what TensorBoard's server answers."""
    port = free_port()
    logdir = finished.parents[1]  # of all projects, as a user would start it
    command = [Path(sys.executable).parent / "tensorboard", "--logdir", logdir, "--port", port, "--host", "127.0.0.1"]
    with started(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:

        def get(path, body=None):
            data = None if body is None else json.dumps(body).encode()
            headers = {"Content-Type": "application/json"}
            request = urllib.request.Request(f"http://127.0.0.1:{port}/data/plugin/{path}", data, headers)
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.load(answer)

        def has_read_all():
            assert run.poll() is None, "the server ended"
            try:
                return get("hparams/session_groups", FINISHED_SESSIONS)["totalSize"] == 1
            except OSError:
                return False

        wait_for(has_read_all)
        yield get


def test_the_server_shows_every_scalar(finished, server):
    name = "test/run/tensorboard"
    tags = server("scalars/tags")[name]
    expected = read_metrics(finished)
    assert {tag for tag in tags if not tag.startswith("train/energy_")} == set(expected) | {"train/epoch"}
    for tag, values in expected.items():
        shown = server(f"scalars/scalars?run={name}&tag={tag.replace('@', '%40')}")
        assert [(step, pytest.approx(value)) for _, step, value in shown] == values, tag


def test_the_server_shows_hyperparameters_with_metrics(finished, server):
    experiment = server("hparams/experiment", {})
    names = {info["name"] for info in experiment["hparamInfos"]}
    recipe = tomllib.loads((finished / "recipe.toml").read_text())
    assert names == {f"{section}.{key}" for section, keys in recipe.items() for key in keys}
    metrics = {info["name"]["tag"] for info in experiment["metricInfos"]}
    assert set(read_metrics(finished)) <= metrics

    asked = FINISHED_SESSIONS | {"colParams": [{"metric": info["name"]} for info in experiment["metricInfos"]]}
    (group,) = server("hparams/session_groups", asked)["sessionGroups"]
    assert group["hparams"]["training.max_steps"] == 12
    last = {value["name"]["tag"]: value["value"] for value in group["metricValues"]}
    assert last["train/loss"] == pytest.approx(read_metrics(finished)["train/loss"][-1][1])


def test_a_killed_run_goes_on_without_doubles(small_recipe, tmp_path):
    sections = small_recipe(max_steps=400, save_strategy="steps", save_steps=8, resume_from_checkpoint="latest")
    run = {"project": "test", "name": "killed", "output_dir": tmp_path / "runs"}
    recipe = write_recipe(tmp_path / "killed.toml", run=run, tracking=TRACKING, **sections)
    folder = tmp_path / "runs/test/killed"
    with started(train_command(recipe), env=environment(), stdout=subprocess.DEVNULL):
        wait_for(lambda: (folder / "checkpoint-8").exists() and len(read_losses_of(folder)) > 12)
    before = read_losses_of(folder)
    saved = max(int(path.name.split("-")[1]) for path in folder.glob("checkpoint-*[0-9]"))

    # What a kill in the middle of a write leaves: readers pass over it.
    (torn,) = (path for path in (folder / "tensorboard").iterdir() if path.suffix != ".hparams")
    content = torn.read_bytes()
    torn.write_bytes(content[: content.rfind(b"train/loss") + 5])
    assert read_losses_of(folder) == before[:-1]

    # One that ended by an error, then one that ended well.
    failed = run_training(recipe, overrides=[f"training.max_steps={saved + 2}", "training.learning_rate=1e30"])
    assert failed.returncode != 0 and "diverged" in failed.stderr
    assert hparams_of(accumulate(folder), "session_end_info").session_end_info.status == 2
    done = run_training(recipe, overrides=[f"training.max_steps={saved + 3}"])
    assert done.returncode == 0, done.stdout + done.stderr
    events = accumulate(folder)
    after = scalars_of(events)["train/loss"]
    assert [step for step, _ in after] == list(range(1, saved + 4))
    assert all(math.isfinite(value) for _, value in after)
    assert hparams_of(events, "session_end_info").session_end_info.status == 1
    assert read_metrics(folder)["train/loss"] == after
