"""Asks the study for trials and runs them on the slots, until the budget is used up."""

import asyncio
import contextlib
import fcntl
import signal
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from launch.sweep.attempts import Ended, Job, run_trial
from launch.sweep.budget import is_ours, is_used_up
from launch.sweep.console import Console
from launch.sweep.errors import BadInput, OutsideFault, SweepError
from launch.sweep.faults import STORAGE_FAULTS, fault_of
from launch.sweep.record import TrialRecord
from launch.sweep.slots import Slots
from launch.sweep.spec import Sweep
from launch.sweep.study import OWNER, TrialAttribute, trial_name
from launch.sweep.trainer import STOPPED, TrialLog

LOCK = "driver.lock"
POLL_SECONDS = 0.5

# The sweep ends when the recipe is at fault in each of its first trials, or the machine in so many one after the other.
TOO_MANY_FAILURES = 3


@dataclass
class Driver:
    sweep: Sweep
    study: Study
    console: Console
    jobs: dict[int, Job] = field(default_factory=dict)
    signals: int = 0  # how many have asked it to stop
    fault: SweepError | None = None
    failures: int = 0  # of the machine, one after the other

    def __post_init__(self) -> None:
        self.slots = Slots(self.sweep.run)

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)
        tasks: set[asyncio.Task[None]] = set()
        waits = False
        while True:
            try:
                while (job := self._next_job()) is not None:
                    tasks.add(asyncio.create_task(self._run_job(job)))
            except Exception as error:
                self._give_up(error)
            if not tasks and not self._others_run():
                break
            if not tasks and not waits:
                waits = True
                self.console.say("waiting for trials that other drivers run")
            if tasks:
                done, tasks = await asyncio.wait(tasks, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            else:
                await asyncio.sleep(POLL_SECONDS)
        return self._end()

    # --- which trial is next

    @property
    def stopping(self) -> bool:
        return self.signals > 0 or self.fault is not None

    def _next_job(self) -> Job | None:
        if self.stopping:
            return None
        place = self.slots.take(self.sweep.run.ranks_per_trial)
        if place is None:
            return None
        with self._only_driver():
            found = self._interrupted_trial() or self._new_trial()
        if found is None:
            self.slots.give_back(place)
            return None
        trial, log = found
        record = TrialRecord(self.sweep, self.study, trial, self.sweep.folder / trial_name(trial.number))
        job = Job(record, log, place)
        self.jobs[trial.number] = job
        return job

    @contextlib.contextmanager
    def _only_driver(self) -> Iterator[None]:
        """One driver at a time looks for a trial, or the budget would be overrun and a trial run twice."""
        with (self.sweep.folder / LOCK).open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _interrupted_trial(self) -> tuple[Trial, TrialLog] | None:
        """One that a driver left when it ended."""
        for frozen in self._running_elsewhere():
            log = self._take_log(frozen.number)
            if log is not None:
                return Trial(self.study, frozen._trial_id), log
        return None

    def _running_elsewhere(self) -> list[FrozenTrial]:
        trials = self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        return [trial for trial in trials if is_ours(trial) and trial.number not in self.jobs]

    def _others_run(self) -> bool:
        """A driver stays until the sweep has ended: what another one leaves behind is its to finish."""
        return not self.stopping and bool(self._running_elsewhere())

    def _new_trial(self) -> tuple[Trial, TrialLog] | None:
        trials = self.study.get_trials(deepcopy=False)
        waiting = [trial for trial in trials if trial.state == TrialState.WAITING]
        if not any(map(is_ours, waiting)) and is_used_up(self.sweep, trials):
            return None
        # The trial is marked as ours before it runs: whoever finds it running and without a driver may go on with it.
        if waiting:
            storage = self.study._storage
            storage.set_trial_user_attr(waiting[0]._trial_id, TrialAttribute.OWNER, OWNER)
        else:
            self.study.add_trial(create_trial(state=TrialState.WAITING, user_attrs={TrialAttribute.OWNER: OWNER}))
        trial = self.study.ask()
        log = self._take_log(trial.number)
        if log is None:
            raise OutsideFault(f"{self._log_path(trial.number)} is locked, but its trial is new; who has it open?")
        return trial, log

    def _log_path(self, number: int) -> Path:
        return self.sweep.folder / f"{trial_name(number)}.log"

    def _take_log(self, number: int) -> TrialLog | None:
        path = self._log_path(number)
        try:
            return TrialLog.take(path)
        except OSError as error:
            raise OutsideFault(f"cannot open {path}: {error.strerror}") from error

    # --- its end

    async def _run_job(self, job: Job) -> None:
        try:
            ended = await run_trial(self.sweep, job, lambda: self.stopping)
            if ended is not None:
                self._count_failures(ended)
                self.console.finished(job.record.number)
        except Exception as error:
            self._give_up(error)
        finally:
            job.log.close()
            self.slots.give_back(job.place)
            del self.jobs[job.record.number]

    def _count_failures(self, ended: Ended) -> None:
        self.failures = self.failures + 1 if ended.outcome == "failed" else 0
        if self.failures == TOO_MANY_FAILURES:
            self._give_up(OutsideFault(f"{self.failures} trials failed one after the other; the last: {ended.reason}"))
        if ended.outcome != "invalid":
            return
        finished = [t for t in self.study.get_trials(deepcopy=False) if t.state.is_finished()]
        enough = min(TOO_MANY_FAILURES, self.sweep.budget.trials or TOO_MANY_FAILURES)
        if len(finished) >= enough and all(t.user_attrs.get(TrialAttribute.OUTCOME) == "invalid" for t in finished):
            self._give_up(BadInput(f"the first {len(finished)} trials failed by the recipe's fault: {ended.reason}"))

    def _give_up(self, error: Exception) -> None:
        """The other trials save a checkpoint and stop."""
        self.fault = self.fault or fault_of(error)
        if not isinstance(error, (SweepError, OSError, *STORAGE_FAULTS)):
            traceback.print_exception(error)  # nobody expected it
        self._stop_trials()

    # --- on request

    def _stop(self) -> None:
        self.signals += 1
        if self.signals == 1:
            if self.jobs:
                self.console.say(f"stopping {len(self.jobs)} trials; a second signal kills them")
            self._stop_trials()
            return
        for job in self.jobs.values():
            if job.trainer is not None:
                job.trainer.kill()

    def _stop_trials(self) -> None:
        for job in self.jobs.values():
            if job.trainer is not None:
                job.trainer.request_stop()

    def _end(self) -> int:
        self.console.table()
        if self.fault is not None:
            raise self.fault
        if self.signals:
            self.console.say(f"stopped on request; go on with: lambdaforge sweep {self.sweep.path}")
            return STOPPED
        trials = self.study.get_trials(deepcopy=False)
        if any(trial.state == TrialState.COMPLETE for trial in trials):
            return 0
        raise OutsideFault("no trial was completed: see the reasons above, and the logs in " + str(self.sweep.folder))
