"""A real MLflow server shows what a run told it, whatever happened to the server in between."""

import csv
import json
import math
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import h5py
import pytest

from runs import BIN, environment, free_port, read_history, run_training, started, train_command, wait_for, write_recipe

os.environ.setdefault("MLFLOW_ENABLE_TELEMETRY", "false")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")


class Server:
    """`mlflow server` over SQLite: the same data after each start."""

    def __init__(self, folder):
        self.folder, self.port, self.process = folder, free_port(), None
        self.uri = f"http://127.0.0.1:{self.port}"

    def start(self):
        command = [
            sys.executable,
            "-m",
            "mlflow",
            "server",
            "--backend-store-uri",
            f"sqlite:///{self.folder}/mlflow.db",
        ]
        command += ["--artifacts-destination", self.folder / "artifacts", "--workers", 1, "--port", self.port]
        with open(self.folder / "server.log", "a") as log:
            # A group of its own: the server has a child, and both are to end.
            self.process = subprocess.Popen(
                [str(part) for part in command], stdout=log, stderr=log, cwd=self.folder, start_new_session=True
            )
        wait_for(self.answers)

    def answers(self):
        import requests

        assert self.process.poll() is None, (self.folder / "server.log").read_text()
        try:
            return requests.get(f"{self.uri}/health", timeout=5).ok
        except requests.RequestException:
            return False

    def kill(self):
        if self.process is not None:
            os.killpg(self.process.pid, 9)
            self.process.wait()
            self.process = None


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("mlflow"))
    try:
        server.start()
        yield server
    finally:
        server.kill()


def recipe_of(tmp_path, uri, sections, name="run", **tracking):
    run = {"project": f"of {tmp_path.name}", "name": name, "output_dir": tmp_path / "runs"}
    tracking = {"mlflow": True, "mlflow_tracking_uri": uri} | tracking
    recipe = write_recipe(tmp_path / f"{name}.toml", run=run, tracking=tracking, **sections)
    return recipe, tmp_path / "runs" / run["project"] / name


def client_of(server):
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=server.uri)


def runs_of(server, folder):
    client = client_of(server)
    experiment = client.get_experiment_by_name(folder.parent.name)
    return client.search_runs([experiment.experiment_id]) if experiment else []


def key_of(name):
    return name.replace("@", "_")


def read_metrics(folder):
    """{key: [(step, value)]} of metrics.csv."""
    series = defaultdict(list)
    with open(folder / "metrics.csv", newline="") as file:
        for row in csv.DictReader(file):
            series[key_of(row["name"])].append((int(row["step"]), float(row["value"])))
    return dict(series)


def read_server_metrics(server, run):
    """What metrics.csv has too: energy has no rows there."""
    client = client_of(server)
    keys = [key for key in run.data.metrics if key != "epoch" and not key.startswith("energy_")]
    histories = {key: client.get_metric_history(run.info.run_id, key) for key in keys}
    return {key: sorted((m.step, m.value) for m in history) for key, history in histories.items()}


def read_energy(server, run, key):
    """[(step, milliseconds, value)]; several of a step."""
    return [(m.step, m.timestamp, m.value) for m in client_of(server).get_metric_history(run.info.run_id, key)]


ENERGY = ["cpu_kwh", "memory_kwh", "emissions_kg"]


def stored_energy(folder, name):
    """The same in run.h5: every figure that was told."""
    with h5py.File(folder / "run.h5") as file:
        return {(int(row["step"]), float(row[name])) for row in file["energy"]}


def steps_of(server, run, key="loss"):
    return [metric.step for metric in client_of(server).get_metric_history(run.info.run_id, key)]


def test_the_server_shows_the_run(server, small_recipe, wordnet, tmp_path):
    sections = small_recipe(max_steps=6, eval_strategy="steps", eval_steps=3)
    sections["evaluation"] = {"nano_beir": wordnet / "nano", "dataset_names": ["verb"], "rerank_k": 5}
    recipe, folder = recipe_of(tmp_path, server.uri, sections, mlflow_log_model=True)
    done = run_training(recipe)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "mlflow" not in done.stderr

    (run,) = runs_of(server, folder)
    assert (run.info.run_name, run.info.status) == ("run", "FINISHED")
    expected = read_metrics(folder)
    assert any("ndcg_10" in key for key in expected) and len(expected["loss"]) == 6
    assert read_server_metrics(server, run) == expected
    for name in ENERGY:
        told = read_energy(server, run, f"energy_{name}")
        assert len(told) == len(set(told)) > 6
        assert {(step, value) for step, _, value in told} == stored_energy(folder, name)
    assert run.data.metrics["energy_kwh"] == pytest.approx(expected["train_energy_kwh"][-1][1], rel=1e-12)

    params = run.data.params
    assert params["training.learning_rate"] == "0.0001"
    assert params["training.max_steps"] == "6"
    assert params["tracking.mlflow"] == "True"
    assert params["loss.name"] == "LambdaLoss"
    assert len(params) > 60
    assert run.data.tags["mlflow.source.name"].startswith("lambdaforge train")
    assert run.data.tags["lambdaforge.host"] == socket.gethostname()

    client = client_of(server)
    files = {item.path for item in client.list_artifacts(run.info.run_id)}
    assert {"recipe.toml", "metrics.csv", "trainer_state.json", "model"} <= files
    model = {item.path for item in client.list_artifacts(run.info.run_id, "model")}
    assert {f"model/{path.name}" for path in (folder / "final").iterdir() if path.is_file()} <= model
    for name, source in {"metrics.csv": "metrics.csv", "model/model.safetensors": "final/model.safetensors"}.items():
        uploaded = client.download_artifacts(run.info.run_id, name, str(tmp_path))
        assert Path(uploaded).read_bytes() == (folder / source).read_bytes(), name
    assert not list((folder / "mlflow").glob("spool-*"))


def test_a_server_that_is_killed_and_comes_back_misses_nothing(server, small_recipe, tmp_path):
    recipe, folder = recipe_of(tmp_path, server.uri, small_recipe(max_steps=16))
    with started(train_command(recipe), env=environment(), stdout=subprocess.PIPE, text=True) as training:
        lines = iter(training.stdout.readline, "")
        wait_until_step(lines, 3)
        server.kill()
        wait_until_step(lines, 9)
        # The server takes its time to start, and the run is not to be over before.
        training.send_signal(signal.SIGSTOP)
        server.start()
        training.send_signal(signal.SIGCONT)
        rest = "".join(lines)
        training.wait()
    assert training.returncode == 0, rest
    (run,) = runs_of(server, folder)
    assert run.info.status == "FINISHED"
    assert read_server_metrics(server, run) == read_metrics(folder)


def wait_until_step(lines, step):
    for line in lines:
        if line.startswith(f"step {step}/"):
            return
    pytest.fail(f"step {step} never came")


def test_a_killed_run_goes_on_in_the_same_run(server, small_recipe, tmp_path):
    # A constant rate: the end of the run moves, and the steps before it stay the same.
    schedule = {"lr_scheduler_type": "constant", "warmup_ratio": 0.0, "max_steps": 400}
    sections = small_recipe(save_strategy="steps", save_steps=5, resume_from_checkpoint="latest", **schedule)
    recipe, folder = recipe_of(tmp_path, server.uri, sections)
    with started(train_command(recipe), env=environment(), stdout=subprocess.PIPE, text=True) as training:
        wait_until_step(iter(training.stdout.readline, ""), 13)
    saved = max(int(path.name.split("-")[1]) for path in folder.glob("checkpoint-*[0-9]"))
    done = run_training(recipe, overrides=[f"training.max_steps={saved + 4}"])
    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = runs_of(server, folder)
    assert run.info.status == "FINISHED"
    steps = steps_of(server, run)
    assert sorted(steps) == list(range(1, max(steps) + 1)) and max(steps) >= saved + 4
    losses = dict(read_metrics(folder)["loss"])
    shown = dict(read_server_metrics(server, run)["loss"])
    assert {step: shown[step] for step in losses} == losses


def test_a_run_without_a_server_is_sent_later(server, small_recipe, tmp_path):
    recipe, folder = recipe_of(tmp_path, f"http://127.0.0.1:{free_port()}", small_recipe(max_steps=4))
    done = run_training(recipe)
    assert done.returncode == 0
    assert f"lambdaforge sync {folder}" in done.stderr
    assert len(read_metrics(folder)["loss"]) == 4
    sync = [str(BIN / "lambdaforge"), "sync", str(folder)]
    failed = subprocess.run(sync, capture_output=True, text=True)
    assert failed.returncode == 1 and "connect to server" in failed.stderr
    # Twice: the second has nothing to send.
    for _ in range(2):
        sent = subprocess.run([*sync, "--tracking-uri", server.uri], capture_output=True, text=True)
        assert sent.returncode == 0, sent.stderr
    (run,) = runs_of(server, folder)
    assert run.info.status == "FINISHED"
    assert read_server_metrics(server, run) == read_metrics(folder)
    assert "metrics.csv" in {item.path for item in client_of(server).list_artifacts(run.info.run_id)}


def test_spooled_oddities_reach_the_server_once(server, tmp_path):
    """Values that are no numbers, names like markup, one bad parameter among good ones, a lost acknowledgement."""
    folder = tmp_path / "oddities"
    (folder / "mlflow").mkdir(parents=True)
    experiment = f"of {tmp_path.name}"
    metrics = [
        {"key": key, "value": value, "timestamp": 1000 + step, "step": step}
        for step, (key, value) in enumerate(
            [("nan", "NaN"), ("low", "-Infinity"), ("_b_markup__b_", 0.5), ("bad@key", 1)]
        )
    ]
    params = [{"key": f"p{i}", "value": "v"} for i in range(99)] + [{"key": "not@allowed", "value": "v"}]
    tags = [{"key": "lambdaforge.start", "value": f"once {tmp_path}"}]
    start = {"kind": "start", "experiment": experiment, "name": "odd", "start_time": 1, "goes_on": False, "tags": tags}
    records = [
        start,
        {"kind": "batch", "metrics": metrics, "params": params, "tags": []},
        {"kind": "end", "status": "FINISHED", "end_time": 2},
    ]
    spool = folder / "mlflow/spool-1.jsonl"
    command = [str(BIN / "lambdaforge"), "sync", str(folder), "--tracking-uri", server.uri]
    for _ in range(2):
        spool.write_text("".join(json.dumps(record) + "\n" for record in records))
        sent = subprocess.run(command, capture_output=True, text=True)
        assert sent.returncode == 0, sent.stderr
        assert "would not have 2 records" in sent.stderr and "@" in sent.stderr
        (folder / "mlflow/run.json").unlink()  # as if no answer had come
    (run,) = client_of(server).search_runs([client_of(server).get_experiment_by_name(experiment).experiment_id])
    assert math.isnan(run.data.metrics["nan"]) and run.data.metrics["low"] < -1e308
    assert run.data.metrics["_b_markup__b_"] == 0.5
    assert steps_of(server, run, "_b_markup__b_") == [2]
    assert set(run.data.params) == {f"p{i}" for i in range(99)}


class Moody(BaseHTTPRequestHandler):
    """Passes requests on to the real server, but first answers 500 and 429, and once loses an answer."""

    protocol_version = "HTTP/1.1"
    moods, seen, target = [], [], ""

    def do_POST(self):
        self.answer()

    do_GET = do_PUT = do_POST

    def log_message(self, *_):
        pass

    def answer(self):
        import requests

        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        Moody.seen.append(self.headers.get("Authorization"))
        mood = Moody.moods.pop(0) if "log-batch" in self.path and Moody.moods else 0
        if mood in (500, 429):
            self.send(mood, b"<html>not now</html>")
            return
        headers = {"Content-Type": self.headers.get("Content-Type", "")}
        answer = requests.request(self.command, Moody.target + self.path, data=body, headers=headers)
        if mood == "lose":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send(answer.status_code, answer.content)

    def send(self, status, content):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if status == 429:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(content)


def test_errors_and_lost_answers_are_made_good(server, small_recipe, tmp_path):
    Moody.moods, Moody.target = [500, 429, "lose"], server.uri
    with ThreadingHTTPServer(("127.0.0.1", 0), Moody) as moody:
        threading.Thread(target=moody.serve_forever, daemon=True).start()
        # Failures are told while the run lasts, and a busy server takes seconds to say even "not now".
        recipe, folder = recipe_of(tmp_path, f"http://127.0.0.1:{moody.server_port}", small_recipe(max_steps=150))
        secrets = {"MLFLOW_TRACKING_USERNAME": "ada", "MLFLOW_TRACKING_PASSWORD": "hush-hush"}
        done = subprocess.run(train_command(recipe), env=environment() | secrets, capture_output=True, text=True)
        moody.shutdown()
    assert done.returncode == 0 and Moody.moods == []
    assert "will be tried again" in done.stderr and "sync" not in done.stderr
    (run,) = runs_of(server, folder)
    assert read_server_metrics(server, run) == read_metrics(folder)

    assert set(Moody.seen) == {"Basic YWRhOmh1c2gtaHVzaA=="}
    assert "hush-hush" not in done.stdout + done.stderr
    written = [path for path in folder.rglob("*") if path.is_file() and b"hush-hush" in path.read_bytes()]
    assert written == []


class Hanging:
    """Accepts every connection and never answers."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.connections = []
        threading.Thread(target=self.accept, daemon=True).start()
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def accept(self):
        while True:
            try:
                self.connections.append(self.listener.accept())
            except OSError:
                return

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection, _ in self.connections:
            connection.close()


def test_steps_wait_for_no_server_that_hangs(small_recipe, tmp_path):
    sections = small_recipe(max_steps=20)

    def median_step(name, uri, **tracking):
        recipe, folder = recipe_of(tmp_path, uri, sections, name, **tracking)
        done = run_training(recipe)
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(read_history(folder)) == 21
        return statistics.median(value for _, value in read_metrics(folder)["step_seconds"]), done.stderr, folder

    with Hanging() as uri:
        without, _, _ = median_step("without", uri, mlflow=False)
        hanging, errors, folder = median_step("hanging", uri)
    print(f"median step: {without * 1e3:.1f} ms without, {hanging * 1e3:.1f} ms with a server that hangs")
    # A step that waits for the server takes 5 s or more; the machine may be busy with other work.
    assert hanging < max(3 * without, 2)
    assert f"lambdaforge sync {folder}" in errors
    assert list((folder / "mlflow").glob("spool-*"))


@pytest.mark.parametrize("uri, words", [("", "MLFLOW_TRACKING_URI"), ("http://a:hush@h", "MLFLOW_TRACKING_PASSWORD")])
def test_what_is_missing_is_said_before_training(uri, words, small_recipe, tmp_path):
    recipe, folder = recipe_of(tmp_path, uri, small_recipe(max_steps=2))
    quiet = {key: value for key, value in environment().items() if key != "MLFLOW_TRACKING_URI"}
    done = subprocess.run(train_command(recipe), env=quiet, capture_output=True, text=True)
    assert done.returncode == 2 and words in done.stderr and "hush" not in done.stderr
    assert not folder.exists()


def test_tls(server, small_recipe, tmp_path):
    """A certificate of its own is refused, unless MLFLOW_TRACKING_SERVER_CERT_PATH names it."""
    import ssl

    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    make += ["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate]
    assert shutil.which("openssl")
    subprocess.run(list(map(str, make)), check=True, capture_output=True)
    Moody.moods, Moody.target = [], server.uri
    with ThreadingHTTPServer(("127.0.0.1", 0), Moody) as secure:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        secure.socket = context.wrap_socket(secure.socket, server_side=True)
        threading.Thread(target=secure.serve_forever, daemon=True).start()
        recipe, folder = recipe_of(tmp_path, f"https://localhost:{secure.server_port}", small_recipe(max_steps=2))
        untrusting = run_training(recipe)
        sync = [str(BIN / "lambdaforge"), "sync", str(folder)]
        trust = environment() | {"MLFLOW_TRACKING_SERVER_CERT_PATH": str(certificate)}
        trusting = subprocess.run(sync, env=trust, capture_output=True, text=True)
        secure.shutdown()
    assert "certificate" in untrusting.stderr
    assert trusting.returncode == 0, trusting.stderr
    (run,) = runs_of(server, folder)
    assert read_server_metrics(server, run) == read_metrics(folder)
