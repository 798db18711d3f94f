"""One trial from its start to what is told of it: how often the trainer is started, and what its end means."""

import signal
from collections.abc import Callable
from dataclasses import dataclass, field

from launch.sweep.errors import BadInput
from launch.sweep.leftovers import end_leftovers
from launch.sweep.record import TrialRecord
from launch.sweep.slots import Place
from launch.sweep.space import Value
from launch.sweep.spec import Sweep
from launch.sweep.study import TrialAttribute
from launch.sweep.trainer import (
    DIVERGED,
    DONE,
    INVALID,
    STOPPED,
    Trainer,
    TrialLog,
    run_settings,
    setting_words,
    trial_command,
)

ENDINGS = {DONE: "done", INVALID: "invalid", DIVERGED: "diverged"}


@dataclass
class Job:
    """A trial on its slots."""

    record: TrialRecord
    log: TrialLog
    place: Place
    parameters: dict[str, Value] = field(default_factory=dict)
    trainer: Trainer | None = None  # while one runs
    log_size: int = 0  # before its attempt


@dataclass(frozen=True)
class Ended:
    outcome: str  # done, pruned, diverged, failed, invalid
    reason: str = ""


async def run_trial(sweep: Sweep, job: Job, stopping: Callable[[], bool]) -> Ended | None:
    """None: the driver is to stop, and the trial waits for the next one."""
    ended = _told_already(job)
    is_resumed = TrialAttribute.ATTEMPTS in job.record.attributes
    if ended is None:
        try:
            sweep.space.check_enqueued(job.record.frozen().system_attrs.get("fixed_params", {}))
        except ValueError as error:
            ended = Ended("invalid", str(error))
        else:
            job.parameters = sweep.space.suggest(job.record.trial)
    is_retry = False
    while ended is None:
        step = job.record.step
        code = await _attempt(sweep, job, stopping, is_resumed, is_retry)
        if isinstance(code, Ended):
            ended = code
        elif code in ENDINGS:
            ended = Ended(ENDINGS[code], _reason(job, code))
        elif (known := _known_end(job.record)) is not None:
            ended = known  # killed when it had come to its end
        elif stopping():
            return None
        elif job.record.attributes.get(TrialAttribute.OUTCOME) == "pruned":
            ended = Ended("pruned")
        elif code == STOPPED and job.record.step > step:
            is_resumed, is_retry = True, False  # stopped by someone else, and on its way
        elif job.record.attributes.get(TrialAttribute.RETRIES, 0) < sweep.run.retries:
            is_resumed, is_retry = True, True
        else:
            ended = Ended("failed", _reason(job, code))
    _tell(job, ended)
    return ended


def _told_already(job: Job) -> Ended | None:
    """What an earlier driver's trial came to without its driver."""
    record = job.record
    if TrialAttribute.ATTEMPTS not in record.attributes:
        return None
    known = _known_end(record)
    record.catch_up()
    if known is not None:
        return known
    if record.attributes.get(TrialAttribute.OUTCOME) == "pruned":
        return Ended("pruned")
    return None


def _known_end(record: TrialRecord) -> Ended | None:
    """By result.json: a run that has one with such an outcome is not started again."""
    record.read_result()
    outcome = record.result.get("outcome")
    if isinstance(outcome, str) and outcome in ENDINGS.values():
        return Ended(outcome, record.result.get("reason") or "")
    return None


async def _attempt(
    sweep: Sweep, job: Job, stopping: Callable[[], bool], is_resumed: bool, is_retry: bool
) -> int | Ended:
    """The exit code; Ended: the driver itself found the trial at fault."""
    record, log = job.record, job.log
    command = trial_command(sweep, record.number, job.parameters, job.place, is_resumed)
    left = setting_words(run_settings(sweep, record.number))
    end_leftovers(left)
    record.attempt_started(job.place.hosts, is_retry)
    log.write(f"--- attempt {record.attributes[TrialAttribute.ATTEMPTS]}: {' '.join(command)}")
    job.log_size = log.size()
    trainer = await Trainer.start(command, sweep.run, job.place, log)
    job.trainer = trainer
    if stopping():
        trainer.request_stop()

    def handle(event: dict[str, object]) -> None:
        if record.handle(event) and not trainer.stop_requested:
            record.will_prune()
            trainer.request_stop()

    try:
        return await trainer.events(handle, log)
    except Exception as error:  # such as a storage that is gone: the trial can go on another time
        trainer.request_stop()
        await trainer.events(lambda event: None, log)
        if isinstance(error, BadInput):
            return Ended("invalid", str(error))
        raise
    finally:
        job.trainer = None
        if trainer.is_mpirun:
            end_leftovers(left)
        record.attempt_ended()


def _reason(job: Job, code: int) -> str:
    if code == DONE:
        return ""
    said = job.record.result.get("reason") or job.log.last_line(job.log_size).removeprefix("lambdaforge: ")
    if code < 0:
        return f"killed by {signal.Signals(-code).name}" + (f": {said}" if said else "")
    return said or f"the trainer ended with {code}"


def _tell(job: Job, ended: Ended) -> None:
    if ended.outcome == "done":
        job.record.complete()
    elif ended.outcome == "pruned":
        job.record.prune()
    else:
        job.record.fail(ended.outcome, ended.reason)
