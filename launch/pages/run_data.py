"""What a run's file says, by way of `lambdaforge runs export`: the one program that knows the file's format."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any


class UnreadableRun(Exception):
    """Names the run or its file, and says what is wrong with it."""


@dataclass(frozen=True)
class Point:
    step: int
    time: float  # seconds since 1970
    value: float | None  # None: not finite


@dataclass(frozen=True)
class Best:
    metric: str
    step: int
    value: float


class Run:
    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data
        self.label = f"{data['project']}/{data['name']}"
        self.status: str = data["status"]  # running, finished, failed, crashed
        self.step: int = data["step"]
        self.max_steps: int = data["max_steps"]
        self.last_sign: float = data["heartbeat"]
        self.greater_is_better: bool = data["greater_is_better"]
        self.parameters: dict[str, Any] = data["parameters"]
        self.environment: dict[str, str] = data["environment"]
        self.configuration: str = data["configuration"]
        self.log: list[dict[str, Any]] = data["log"]
        self.energy: list[dict[str, float]] = data["energy"]  # consumed so far, row by row

    def names(self) -> list[str]:
        """Of all series, in the order in which they came."""
        return list(self._data["scalars"])

    def series(self, name: str) -> list[Point]:
        return [Point(row["step"], row["time"], row["value"]) for row in self._data["scalars"].get(name, [])]

    @property
    def metric(self) -> str | None:
        """The figure that chooses the best model."""
        return self._data["evaluations"][-1]["metric"] if self._data["evaluations"] else None

    @property
    def best(self) -> Best | None:
        best = [row for row in self._data["evaluations"] if row["best_so_far"]]
        return Best(best[-1]["metric"], best[-1]["step"], best[-1]["value"]) if best else None

    @property
    def kwh(self) -> float | None:
        if not self.energy:
            return None
        last = self.energy[-1]
        return last["cpu_kwh"] + last["gpu_kwh"] + last["memory_kwh"]

    def seconds_at(self, time: float) -> float:
        """How long the run had been at work: what lies between a crash and the next start does not count."""
        return sum(max(0.0, min(time, end) - begin) for begin, end in self._parts)

    @property
    def seconds(self) -> float:
        return self.seconds_at(float("inf"))

    @cached_property
    def _parts(self) -> list[tuple[float, float]]:
        begins = [row["time"] for row in self._data["starts"]]
        signs = sorted({self.last_sign, *self._times()})
        ends = [max((time for time in signs if time < following), default=following) for following in begins[1:]]
        return list(zip(begins, [*ends, signs[-1]], strict=True)) if begins else []

    def _times(self) -> Iterator[float]:
        for rows in (self.energy, self.log, *self._data["scalars"].values()):
            yield from (row["time"] for row in rows)


def read_run(run: str, folder: str) -> Run:
    """`run` as `lambdaforge runs` takes it. Throws UnreadableRun."""
    program = _bin() / "lambdaforge-runs"
    command = [str(program), "export", "--format", "json", "--folder", folder, "--", run]
    try:
        done = subprocess.run(command, capture_output=True)
    except OSError as error:
        raise UnreadableRun(
            f"cannot start {program}: {error.strerror}; build it: cmake --build --preset release"
        ) from error
    if done.returncode != 0:
        message = done.stderr.decode(errors="replace").strip().removeprefix("lambdaforge: ")
        raise UnreadableRun(message or f"{program} ended with {done.returncode} on {run}")
    return Run(json.loads(done.stdout))


def _bin() -> Path:
    """Where the programs are: python_program.in tells."""
    known = os.environ.get("LAMBDAFORGE_BIN")
    return Path(known) if known else Path(__file__).resolve().parents[2] / "build/release/bin"
