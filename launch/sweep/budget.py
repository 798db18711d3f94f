"""How much of its budget a study has used, by whichever drivers, in whichever sittings."""

from collections.abc import Iterable, Sequence

from optuna.trial import FrozenTrial, TrialState

from launch.sweep.spec import Sweep
from launch.sweep.study import OWNER, TrialAttribute

SECONDS_PER_HOUR = 3600.0


def is_ours(trial: FrozenTrial) -> bool:
    return bool(trial.user_attrs.get(TrialAttribute.OWNER) == OWNER)


def begun_trials(trials: Iterable[FrozenTrial]) -> int:
    """Finished or running, whoever asked for them; and those of ours that were about to start."""
    return sum(trial.state != TrialState.WAITING or is_ours(trial) for trial in trials)


def begun_points(trials: Iterable[FrozenTrial]) -> int:
    """Of a grid: trials that others enqueue or add take none of them."""
    return sum(
        "grid_id" in trial.system_attrs
        or (trial.state == TrialState.WAITING and is_ours(trial) and "fixed_params" not in trial.system_attrs)
        for trial in trials
    )


def used_hours(trials: Iterable[FrozenTrial]) -> float:
    """The time in which at least one trial was training: pauses between two sittings are not counted."""
    spans = sorted(tuple(span) for trial in trials for span in trial.user_attrs.get(TrialAttribute.SPANS, []))
    seconds, until = 0.0, 0.0
    for start, end in spans:
        seconds += max(0.0, end - max(start, until))
        until = max(until, end)
    return seconds / SECONDS_PER_HOUR


def used_kwh(trials: Iterable[FrozenTrial]) -> float:
    return sum(float(trial.user_attrs.get(TrialAttribute.ENERGY_KWH, 0.0)) for trial in trials)


def trial_limit(sweep: Sweep, trials: Sequence[FrozenTrial]) -> int | None:
    """About how many trials there will be: of a grid its points, and what others add."""
    limits = [] if sweep.budget.trials is None else [sweep.budget.trials]
    if sweep.sampler.points is not None:
        limits.append(sweep.sampler.points + len(trials) - begun_points(trials))
    return min(limits, default=None)


def budget_used(sweep: Sweep, trials: Sequence[FrozenTrial]) -> dict[str, float]:
    """The share of each limit; 1 and above: it is used up."""
    used: dict[str, float] = {}
    if sweep.budget.trials is not None:
        used["trials"] = begun_trials(trials) / sweep.budget.trials
    if sweep.sampler.points is not None:
        used["points"] = begun_points(trials) / sweep.sampler.points
    if sweep.budget.hours is not None:
        used["hours"] = used_hours(trials) / sweep.budget.hours
    if sweep.budget.kwh is not None:
        used["kwh"] = used_kwh(trials) / sweep.budget.kwh
    return used


def is_used_up(sweep: Sweep, trials: Sequence[FrozenTrial]) -> bool:
    return any(share >= 1 for share in budget_used(sweep, trials).values())
