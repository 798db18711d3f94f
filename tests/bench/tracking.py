#!/usr/bin/env python3
"""What tracking costs: the same steps with every sink and with metrics.csv alone, in alternation: A B A B.

    .deps/tests-venv/bin/python tests/bench/tracking.py [--rounds 4] [--steps 40]

logging_steps = 1, so every step is told to every sink. MLflow's sink talks to a server that this script starts and
that takes everything at once, and somebody scrapes Prometheus' exporter every five seconds. metrics.csv stays on: the
times come out of it. Prints the median step of each run and the cost. The machine should do nothing else.

Medians of short runs differ by more than 1 % without any tracking, so the run with all sinks is also asked how long
each thread ran: the threads of sinks (sink-<name>) and of the energy meter (energy), between the first step and the
last. Their share of what the threads of compute had in that time (wall time x OMP_NUM_THREADS) is the most that
tracking can cost where no core is idle; where one is, it costs less. What the training thread does for it, a copy of
the event in each queue, is some microseconds and not in that figure.
"""

import argparse
import contextlib
import csv
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import defaultdict
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.conftest import MODEL  # noqa: E402
from tests.runs import environment, train_command, write_recipe  # noqa: E402

# The switches of experiments/sinks/registry.cpp, and the energy meter.
SINKS = ["console", "mlflow", "csv", "store", "tensorboard", "prometheus", "energy"]
COMPUTE_THREADS = int(environment()["OMP_NUM_THREADS"])
SAMPLE_SECONDS = 1
SCRAPE_SECONDS = 5


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


def steps_of(folder):
    """[(seconds since 1970, step_seconds)] of the steps."""
    with open(folder / "metrics.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["name"] == "step_seconds"]
    return [(datetime.fromisoformat(row["time"]).timestamp(), float(row["value"])) for row in rows]


def processor_seconds(whose=resource.RUSAGE_CHILDREN):
    """Of the runs so far. Other work on the machine stretches steps, but hardly this."""
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


class Threads:
    """How long the threads of a process have run, by name, at each moment that it was asked."""

    def __init__(self, pid):
        self.folder, self.samples, self.seconds = Path(f"/proc/{pid}/task"), [], {}

    def sample(self):
        """The time of a thread that has ended stays what it was at last."""
        for task in self.folder.glob("*"):
            # It may end in between. schedstat has nanoseconds where stat has utime + stime in ticks of 10 ms.
            with contextlib.suppress(OSError):
                name = (task / "comm").read_text().strip()
                self.seconds[task.name, name] = int((task / "schedstat").read_text().split()[0]) / 1e9
        self.samples.append((time.time(), dict(self.seconds)))

    def between(self, begin, end):
        """(seconds that passed, {name: seconds that its threads ran}), from just before `begin` to just after `end`."""
        first = max((sample for sample in self.samples if sample[0] <= begin), key=lambda sample: sample[0])
        last = min((sample for sample in self.samples if sample[0] >= end), key=lambda sample: sample[0])
        by_name = defaultdict(float)
        for (task, name), seconds in last[1].items():
            by_name[name] += seconds - first[1].get((task, name), 0)
        return last[0] - first[0], dict(by_name)


def scrape_now_and_then(targets, process):
    """As prometheus.yml asks for it, for as long as the process lives."""
    while process.poll() is None:
        with contextlib.suppress(OSError, ValueError):  # not there yet, or no longer
            for path in targets.glob("*.json"):
                address = json.loads(path.read_text())[0]["targets"][0]
                urllib.request.urlopen(f"http://{address}/metrics", timeout=5).read()
        time.sleep(SCRAPE_SECONDS)


class Run:
    def __init__(self, steps, processor, server, threads):
        self.steps = [seconds for _, seconds in steps]
        self.processor = processor  # seconds, of the whole process
        self.server = server  # seconds, of what stands beside it here
        self.wall, self.threads = threads.between(steps[0][0], steps[-1][0])

    def tracking(self):
        """{thread's name: share of the time of the threads of compute}"""
        mine = {name: seconds for name, seconds in self.threads.items() if name.startswith(("sink-", "energy"))}
        return {name: seconds / (self.wall * COMPUTE_THREADS) for name, seconds in mine.items()}


def train(folder, name, steps, uri, sinks):
    targets = folder / name / "targets"
    tracking = {sink: sink in sinks for sink in SINKS}
    tracking |= {"csv": True, "mlflow_tracking_uri": uri, "prometheus_port": 0, "prometheus_targets": targets}
    recipe = write_recipe(
        folder / f"{name}.toml",
        run={"project": "bench", "name": name, "output_dir": folder / "runs"},
        model={"path": MODEL, "max_length": 64},
        data={"train": folder / "lists.jsonl"},
        training={"per_device_train_batch_size": 4, "max_steps": steps, "logging_steps": 1, "save_strategy": "no"},
        tracking=tracking,
    )
    before, server_before = processor_seconds(), processor_seconds(resource.RUSAGE_SELF)
    with (
        open(folder / f"{name}.log", "w") as log,
        subprocess.Popen(train_command(recipe), env=environment(), stdout=log, stderr=subprocess.STDOUT) as process,
    ):
        threads = Threads(process.pid)
        threading.Thread(target=scrape_now_and_then, args=(targets, process), daemon=True).start()
        while process.poll() is None:
            threads.sample()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(SAMPLE_SECONDS)
    if process.returncode != 0:
        sys.exit((folder / f"{name}.log").read_text())
    threads.sample()
    server = processor_seconds(resource.RUSAGE_SELF) - server_before
    told = steps_of(folder / "runs/bench" / name)
    # The first steps warm up.
    return Run(told[2:], processor_seconds() - before, server, threads)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--steps", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ThreadingHTTPServer(("127.0.0.1", 0), Taker) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        folder, uri = Path(name), f"http://127.0.0.1:{server.server_port}"
        write_lists(folder / "lists.jsonl")
        train(folder, "start", 3, uri, [])  # makes the token store
        rounds = {"csv": [], "all": []}
        for i in range(options.rounds):
            for label, sinks in (("csv", []), ("all", SINKS)):
                run = train(folder, f"{label}-{i}", options.steps, uri, sinks)
                rounds[label].append(run)
                print(
                    f"{label}: median step {statistics.median(run.steps) * 1e3:.1f} ms, "
                    f"{run.processor:.1f} s of processors, threads of tracking {sum(run.tracking().values()):.3%}, "
                    f"servers beside it {run.server:.1f} s"
                )
        server.shutdown()
    report("median step", *(statistics.median(sum((run.steps for run in runs), [])) for runs in rounds.values()))
    report("fastest step", *(min(min(run.steps) for run in runs) for runs in rounds.values()))
    report("processors", *(statistics.median(run.processor for run in runs) for runs in rounds.values()))
    report_threads(rounds["all"])


def report(what, alone, with_all):
    print(f"{what}: {alone:.4f} s with metrics.csv alone, {with_all:.4f} s with all sinks: {with_all / alone - 1:+.2%}")


def report_threads(runs):
    print(f"time of tracking's threads, of {COMPUTE_THREADS} threads of compute, all sinks on, median of the runs:")
    shares = [run.tracking() for run in runs]
    for name in sorted(set().union(*shares)):
        print(f"  {name:<15} {statistics.median(share.get(name, 0) for share in shares):.4%}")
    print(f"  {'all':<15} {statistics.median(sum(share.values()) for share in shares):.4%}")


if __name__ == "__main__":
    main()
