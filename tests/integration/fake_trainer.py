#!/usr/bin/env python3
"""Speaks as `lambdaforge train --json` does, and trains nothing: what a sweep's driver is tested with.

The recipe's section [fake] says how it goes:

    steps, eval_every, step_seconds
    pause, pause_below    at most so many seconds after an evaluation, at learning rates below that
    crash_at      killed at this step, the first `crashes` times; each start and each end adds a line to a file
    diverge_above, invalid_above     of the learning rate
    untrained     with training.eval_on_start: the metric before the first step
    ignore_signals
"""

import contextlib
import json
import os
import signal
import sys
import time
import tomllib
from pathlib import Path

RANK = os.environ.get("OMPI_COMM_WORLD_RANK", "0").removeprefix("0")  # "" for the first; others keep to themselves
stop_requested = 0.0  # when


def request_stop(number, frame):
    """The first one; mpirun sends each twice, so one within a second is a copy. Another ends it at once."""
    global stop_requested
    if stop_requested and time.monotonic() - stop_requested >= 1:
        os.kill(os.getpid(), signal.SIGKILL)
    stop_requested = stop_requested or time.monotonic()


def read_settings(words):
    recipe = tomllib.loads(Path(words[0]).read_text())
    for i, word in enumerate(words):
        if word == "--set":
            key, _, text = words[i + 1].partition("=")
            section, _, name = key.partition(".")
            if name not in KNOWN.get(section, []):
                finish_early(f"--set {words[i + 1]}: {key}: unknown key '{name}'; did you mean 'learning_rate'?")
            recipe.setdefault(section, {})[name] = tomllib.loads(f"value = {text}")["value"] if text else ""
    return recipe


KNOWN = {
    "run": ["project", "name", "output_dir"],
    "training": ["learning_rate", "warmup_ratio", "resume_from_checkpoint", "max_steps", "seed"],
    "loss": ["weighting_scheme", "sigma"],
    "tracking": ["energy_mode"],
    "fake": ["steps", "step_seconds", "crash_at", "crashes"],
}


def finish_early(message, code=2):
    print(f"lambdaforge: {message}", file=sys.stderr)
    sys.exit(code)


def tell(event, **more):
    if RANK:
        return
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps({"event": event, "time": time.time()} | more), flush=True)


def quality(settings, step):
    """Best at a learning rate of 1e-4, and rising with the steps."""
    from math import log10

    rate = settings["training"]["learning_rate"]
    bonus = 0.05 if settings.get("loss", {}).get("weighting_scheme") == "LambdaRank" else 0.0
    return 0.5 + bonus - 0.1 * abs(log10(rate) + 4) - 0.2 / (1 + step)


class Run:
    def __init__(self, settings):
        self.settings = settings
        self.fake = settings["fake"]
        run = settings["run"]
        self.folder = Path(run["output_dir"]) / (run["project"] + RANK) / run["name"]
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "result.json").unlink(missing_ok=True)
        self.state = {"step": 0, "log_history": [], "starts": 0, "best_metric": None, "best_step": None}
        checkpoint = self.folder / "trainer_state.json"
        if settings["training"].get("resume_from_checkpoint") == "latest" and checkpoint.exists():
            self.state = json.loads(checkpoint.read_text())
        self.state["starts"] += 1
        with (self.folder / "starts").open("a") as starts:
            starts.write(f"{self.state['step']}\n")

    def save(self):
        path = self.folder / "trainer_state.json"
        path.with_suffix(".tmp").write_text(json.dumps(self.state))
        path.with_suffix(".tmp").replace(path)

    def end(self, outcome, code, reason=None):
        step = self.state["step"]
        result = {
            "outcome": outcome,
            "exit_code": code,
            "reason": reason,
            "step": step,
            "max_steps": self.fake["steps"],
            "metrics": {},
            "best_metric": self.state["best_metric"],
            "best_step": self.state["best_step"],
            "energy_kwh": step * 0.001,
            "train_seconds": float(step),
        }
        path = self.folder / "result.json"
        path.with_suffix(".tmp").write_text(json.dumps(result))
        path.with_suffix(".tmp").replace(path)
        if outcome == "done":
            with (self.folder / "ends").open("a") as ends:
                ends.write(f"{step}\n")
        if reason:
            print(f"lambdaforge: {reason}", file=sys.stderr)
        tell("end", **result)
        sys.exit(code)

    def wait_for_first_rank(self):
        """As MPI_Finalize does: mpirun kills the others when one leaves with a code."""
        first = self.folder.parent.with_name(self.settings["run"]["project"]) / self.folder.name / "result.json"
        deadline = time.monotonic() + 5
        while RANK and not first.exists() and time.monotonic() < deadline:
            time.sleep(0.01)

    def wait_for_the_driver(self):
        """For its answer to an evaluation, which finds a real trainer in its next step: that takes longer than ours."""
        deadline = time.monotonic() + self.fake.get("pause", 0)
        if self.settings["training"]["learning_rate"] < self.fake.get("pause_below", 1):
            while not stop_requested and time.monotonic() < deadline:
                time.sleep(0.01)

    def evaluate(self):
        step = self.state["step"]
        value = quality(self.settings, step) if step > 0 else self.fake["untrained"]
        if step > 0 and (self.state["best_metric"] is None or value > self.state["best_metric"]):
            self.state |= {"best_metric": value, "best_step": step}  # as the trainer: never the untrained model
        self.state["log_history"].append({"step": step, "eval_mean_ndcg@10": value})
        queries = {f"q{i}": value + 0.01 * ((i * 7 + step) % 5) for i in range(20)}
        metrics = {"eval_mean_ndcg@10": value, "eval_loss": 1 - value}
        tell(
            "evaluation",
            step=step,
            epoch=0.1,
            metrics=metrics,
            metric_for_best_model="eval_mean_ndcg@10",
            best_so_far=True,
            per_query={"NanoX_ndcg@10": queries},
        )

    def train(self):
        rate = self.settings["training"]["learning_rate"]
        tell("start", max_steps=self.fake["steps"], first_step=self.state["step"] + 1)
        if rate > self.fake.get("invalid_above", 1):
            self.end("invalid", 2, "the recipe asks for what cannot be")
        if self.settings["training"].get("eval_on_start") and self.state["step"] == 0:
            self.evaluate()
        while self.state["step"] < self.fake["steps"]:
            time.sleep(self.fake.get("step_seconds", 0.01))
            self.state["step"] += 1
            step = self.state["step"]
            if rate > self.fake.get("diverge_above", 1):
                self.end("diverged", 3, f"the loss is not finite at step {step}")
            if step == self.fake.get("crash_at") and self.starts() <= self.fake.get("crashes", 1):
                os.kill(os.getpid(), signal.SIGKILL)
            tell("step", step=step, max_steps=self.fake["steps"], loss=1.0)
            if step % self.fake["eval_every"] == 0:
                self.evaluate()
                self.save()
                if step < self.fake["steps"]:
                    self.wait_for_the_driver()
            if stop_requested:
                self.save()
                self.wait_for_first_rank()
                self.end("stopped", 75, f"stopped on request at step {step}")
        self.end("done", 0)

    def starts(self):
        return len((self.folder / "starts").read_text().split())


def main(words):
    assert words[0] == "train"
    settings = read_settings([word for word in words[1:] if word not in ("--json", "--check")])
    if "--check" in words:
        return
    for number in (signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN if settings["fake"].get("ignore_signals") else request_stop)
    Run(settings).train()


main(sys.argv[1:])
