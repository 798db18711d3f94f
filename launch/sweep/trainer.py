"""`lambdaforge train --json` as a process: how it is started, what it tells, how it is stopped."""

import asyncio
import contextlib
import ctypes
import fcntl
import json
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from launch.sweep.errors import OutsideFault
from launch.sweep.slots import Place, visible_gpus
from launch.sweep.spec import RunOptions, Sweep, recipe_value, threads_per_rank
from launch.sweep.study import trial_name

# Exit codes of the trainer; every other one, and every signal, is the machine's fault.
DONE, INVALID, DIVERGED, STOPPED = 0, 2, 3, 75

LONGEST_LINE = 1 << 28  # bytes; the values of all queries are one line
PR_SET_PDEATHSIG = 1

# After a SIGTERM mpirun kills its ranks 1 s later, and goes.
MPIRUN_ENDS_SECONDS = 5


def program() -> str:
    """The dispatcher beside this program; its launcher says where it is."""
    folder = os.environ.get("LAMBDAFORGE_BIN")
    if folder is None:
        raise OutsideFault("LAMBDAFORGE_BIN is not set: start me as `lambdaforge sweep`")
    return f"{folder}/lambdaforge"


def to_toml(value: Any) -> str:
    """A value for `--set section.key=`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ", ".join(map(to_toml, value)) + "]"
    return repr(value)


def train_arguments(recipe: Path, settings: Mapping[str, Any]) -> list[str]:
    arguments = ["train", str(recipe)]
    for word in setting_words(settings):
        arguments += ["--set", word]
    return arguments


def run_settings(sweep: Sweep, number: int) -> dict[str, Any]:
    """Where a trial's run is: no other run has these three."""
    return {
        "run.output_dir": str(sweep.folder.parent.absolute()),
        "run.project": sweep.name,
        "run.name": trial_name(number),
    }


def setting_words(settings: Mapping[str, Any]) -> list[str]:
    return [f"{key}={to_toml(value)}" for key, value in settings.items()]


def trial_command(sweep: Sweep, number: int, parameters: Mapping[str, Any], place: Place, resume: bool) -> list[str]:
    settings = {
        # What the machine consumes would be counted once by each of the trials that share it; RAPL's counter is.
        "tracking.energy_mode": recipe_value(sweep, "tracking.energy_mode", "process"),
        **sweep.settings,
        **parameters,
        **run_settings(sweep, number),
        "training.resume_from_checkpoint": "latest" if resume else "",
    }
    command = [program(), *train_arguments(sweep.recipe, settings), "--json"]
    ranks = sweep.run.ranks_per_trial
    if ranks == 1 and place.is_here:
        return command
    # mpirun would bind the ranks of every trial to the host's first processors.
    mpirun = ["mpirun", "-n", str(ranks), "--host", ",".join(place.hosts), "--bind-to", "none"]
    for name in ("OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES"):
        mpirun += ["-x", name] if name in trial_environment(sweep.run, place) else []
    return [*mpirun, *sweep.run.mpirun, *command]


def trial_environment(run: RunOptions, place: Place) -> dict[str, str]:
    environment = dict(os.environ)
    environment["OMP_NUM_THREADS"] = str(threads_per_rank(run))
    gpus = visible_gpus(run, place)
    if gpus is not None:
        environment["CUDA_VISIBLE_DEVICES"] = gpus
    return environment


class TrialLog:
    """What the trainer says on its standard error, in <folder>/trial-0007.log. Who holds its lock runs the trial.

    The trainer has the file open too: the lock is free when the driver and the trainer have both ended.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    @classmethod
    def take(cls, path: Path) -> "TrialLog | None":
        """None: another driver, or what it left behind, runs the trial."""
        file = path.open("a+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        return cls(file)

    def size(self) -> int:
        return os.fstat(self.file.fileno()).st_size

    def write(self, line: str) -> None:
        self.file.write(line.encode() + b"\n")
        self.file.flush()

    def last_line(self, since: int) -> str:
        """What was said last, of what was said since the file had that size."""
        self.file.seek(max(since, self.size() - 4096))
        lines = self.file.read().decode(errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip().startswith("lambdaforge")] or [
            line.strip() for line in lines if line.strip() and not line.startswith("---")
        ]
        return said[-1] if said else ""

    def close(self) -> None:
        self.file.close()


def dies_with(parent: int, stop: signal.Signals) -> Callable[[], None]:
    """For a child before it becomes another program: it gets `stop` when its parent is gone, however it went.

    What forks must be the parent's main thread: the death that counts is the thread's.
    """
    libc = ctypes.CDLL(None, use_errno=True)

    def prepare() -> None:
        libc.prctl(PR_SET_PDEATHSIG, stop)
        if os.getppid() != parent:  # it went before that
            os.kill(os.getpid(), signal.SIGKILL)

    return prepare


def stop_signal(is_mpirun: bool) -> signal.Signals:
    """mpirun passes SIGUSR1 on and leaves its ranks their time; after SIGTERM it kills them."""
    return signal.SIGUSR1 if is_mpirun else signal.SIGTERM


class Trainer:
    """One start of the trainer."""

    def __init__(self, process: asyncio.subprocess.Process, is_mpirun: bool, grace_seconds: float) -> None:
        self.process = process
        self.is_mpirun = is_mpirun
        self.grace_seconds = grace_seconds
        self.stop_requested = False
        self._stopping: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, command: list[str], run: RunOptions, place: Place, log: TrialLog) -> "Trainer":
        is_mpirun = command[0] == "mpirun"
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log.file,
                limit=LONGEST_LINE,
                env=trial_environment(run, place),
                # A Ctrl-C on the terminal is the driver's, which stops its trials in its own way.
                start_new_session=True,
                # SIGPIPE stays ignored: a trainer whose driver has gone can still save a checkpoint.
                restore_signals=False,
                preexec_fn=dies_with(os.getpid(), stop_signal(is_mpirun)),
            )
        except OSError as error:
            raise OutsideFault(f"cannot start {command[0]}: {error.strerror}") from error
        return cls(process, is_mpirun, run.grace_seconds)

    async def events(self, handle: Callable[[dict[str, Any]], None], log: TrialLog) -> int:
        """Hands over every event, and returns the exit code; negative: the signal that ended it."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            try:
                event = json.loads(line)
                assert isinstance(event, dict)
            except (ValueError, AssertionError):
                log.write(line.decode(errors="replace").rstrip())  # a library's, on its way past the sink
                continue
            handle(event)
        code = await self.process.wait()
        if self._stopping is not None:
            self._stopping.cancel()
        return code

    def request_stop(self) -> None:
        """It ends its step, saves a checkpoint and goes; or is killed when that takes too long."""
        if self.stop_requested:
            return
        self.stop_requested = True
        self._send(stop_signal(self.is_mpirun))
        self._stopping = asyncio.create_task(self._kill_later())

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    async def _kill_later(self) -> None:
        await asyncio.sleep(self.grace_seconds)
        if self.is_mpirun:
            self._send(signal.SIGTERM)
            await asyncio.sleep(MPIRUN_ENDS_SECONDS)
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
