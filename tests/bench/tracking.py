#!/usr/bin/env python3
"""What tracking costs: the same steps with every sink and with metrics.csv alone, in alternation: A B A B.

    .deps/tests-venv/bin/python tests/bench/tracking.py [--rounds 4] [--steps 40]

logging_steps = 1, so every step is told to every sink. MLflow's sink talks to a server that this script starts and
that takes everything at once. metrics.csv stays on: the times come out of it. Prints the median step of each run and
the cost. The machine should do nothing else.
"""

import argparse
import csv
import json
import resource
import statistics
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.conftest import MODEL  # noqa: E402
from tests.runs import run_training, write_recipe  # noqa: E402

# The switches of experiments/sinks/registry.cpp, and the energy meter.
SINKS = ["console", "mlflow", "csv", "store", "tensorboard", "prometheus", "energy"]


class Taker(BaseHTTPRequestHandler):
    """An MLflow server as far as the sink can tell."""

    protocol_version = "HTTP/1.1"
    info = {"run_id": "1", "artifact_uri": "mlflow-artifacts:/1"}
    answer = {"experiment": {"experiment_id": "1"}, "run": {"info": info}}

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        content = json.dumps(self.answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST

    def log_message(self, *_):
        pass


def write_lists(path, lists=64):
    """All of one length, so that steps differ in nothing but the tracking."""
    words = "the cost of a step is that of its tokens and of nothing else that a run does beside it ".split()
    document = " ".join(words * 3)
    row = {"query": " ".join(words[:8]), "docs": [document] * 8, "labels": [1] + [0] * 7}
    path.write_text((json.dumps(row) + "\n") * lists)


def seconds_of(folder):
    with open(folder / "metrics.csv", newline="") as file:
        return [float(row["value"]) for row in csv.DictReader(file) if row["name"] == "step_seconds"]


def processor_seconds():
    """Of the runs so far. Other work on the machine stretches steps, but hardly this."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def train(folder, name, steps, uri, sinks):
    tracking = {sink: sink in sinks for sink in SINKS} | {"csv": True, "mlflow_tracking_uri": uri}
    recipe = write_recipe(
        folder / f"{name}.toml",
        run={"project": "bench", "name": name, "output_dir": folder / "runs"},
        model={"path": MODEL, "max_length": 64},
        data={"train": folder / "lists.jsonl"},
        training={"per_device_train_batch_size": 4, "max_steps": steps, "logging_steps": 1, "save_strategy": "no"},
        tracking=tracking,
    )
    before = processor_seconds()
    done = run_training(recipe)
    if done.returncode != 0:
        sys.exit(done.stderr)
    # The first steps warm up.
    return seconds_of(folder / "runs/bench" / name)[2:], processor_seconds() - before


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--steps", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ThreadingHTTPServer(("127.0.0.1", 0), Taker) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        folder, uri = Path(name), f"http://127.0.0.1:{server.server_port}"
        write_lists(folder / "lists.jsonl")
        train(folder, "start", 1, uri, [])  # makes the token store
        rounds = {"csv": [], "all": []}
        for i in range(options.rounds):
            for label, sinks in (("csv", []), ("all", SINKS)):
                rounds[label].append(train(folder, f"{label}-{i}", options.steps, uri, sinks))
                steps, processor = rounds[label][-1]
                print(f"{label}: median step {statistics.median(steps) * 1e3:.1f} ms, {processor:.1f} s of processors")
        server.shutdown()
    report("median step", *(statistics.median(sum((s for s, _ in runs), [])) for runs in rounds.values()))
    report("fastest step", *(min(sum((s for s, _ in runs), [])) for runs in rounds.values()))
    report("processors", *(statistics.median(p for _, p in runs) for runs in rounds.values()))


def report(what, alone, with_all):
    print(f"{what}: {alone:.4f} s with metrics.csv alone, {with_all:.4f} s with all sinks: {with_all / alone - 1:+.2%}")


if __name__ == "__main__":
    main()
