"""Who runs where: a rank takes a slot, a trial as many as it has ranks."""

import glob
import os
from collections.abc import Mapping
from dataclasses import dataclass

from launch.sweep.spec import RunOptions

THIS_HOST = "localhost"


@dataclass(frozen=True)
class Place:
    """The slots of a trial: their numbers by host."""

    slots: Mapping[str, tuple[int, ...]]

    @property
    def is_here(self) -> bool:
        return list(self.slots) == [THIS_HOST]

    @property
    def hosts(self) -> list[str]:
        """As `mpirun --host` takes them: "node1:2"."""
        return [f"{host}:{len(numbers)}" for host, numbers in self.slots.items()]


class Slots:
    def __init__(self, run: RunOptions) -> None:
        counts = run.hosts or {THIS_HOST: run.slots}
        self._all = {host: set(range(count)) for host, count in counts.items()}
        self._free = {host: set(numbers) for host, numbers in self._all.items()}

    def take(self, ranks: int) -> Place | None:
        """Slots of one host where a host is large enough, else of several; None while too few are free."""
        if any(len(numbers) >= ranks for numbers in self._all.values()):
            fitting = [host for host, free in self._free.items() if len(free) >= ranks]
            # The fullest, so that others stay free for trials that need more.
            hosts = [min(fitting, key=lambda host: len(self._free[host]))] if fitting else []
        else:
            hosts = list(self._free) if sum(map(len, self._free.values())) >= ranks else []
        taken: dict[str, tuple[int, ...]] = {}
        for host in hosts:
            numbers = sorted(self._free[host])[: ranks - sum(map(len, taken.values()))]
            if numbers:
                taken[host] = tuple(numbers)
                self._free[host] -= set(numbers)
        return Place(taken) if taken else None

    def give_back(self, place: Place) -> None:
        for host, numbers in place.slots.items():
            self._free[host] |= set(numbers)


def visible_gpus(run: RunOptions, place: Place) -> str | None:
    """CUDA_VISIBLE_DEVICES of a trial, so that two trials of a host do not meet on its first GPU; None: no matter."""
    gpus = gpus_of_host(run, place.is_here)
    numbers = next(iter(place.slots.values()))
    if not gpus or len(place.slots) > 1:
        return None
    return ",".join(dict.fromkeys(gpus[number % len(gpus)] for number in numbers))


def gpus_of_host(run: RunOptions, is_here: bool) -> list[str]:
    """Those that this process may use, where a scheduler or the user has said which; else all of the host."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES") if is_here else None
    if given is not None:
        return [gpu.strip() for gpu in given.split(",") if gpu.strip()][: run.gpus]
    count = run.gpus if run.gpus is not None else len(glob.glob("/dev/nvidia[0-9]*"))
    return [str(gpu) for gpu in range(count)]
