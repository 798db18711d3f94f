"""What the sweep's drivers wrote down about a trial; of one that Optuna added by itself there is little."""

import math
from dataclasses import dataclass
from typing import Any

from optuna.trial import FrozenTrial

from launch.sweep.states import state_name
from launch.sweep.study import TrialAttribute


@dataclass(frozen=True)
class TrialFacts:
    steps: int | None
    seconds: float | None  # of training
    energy_kwh: float | None
    reason: str | None  # why it failed
    run_folder: str | None
    best_step: int | None  # where it has its value


def facts_of(trial: FrozenTrial) -> TrialFacts:
    attributes = trial.user_attrs
    return TrialFacts(
        attributes.get(TrialAttribute.STEP),
        attributes.get(TrialAttribute.TRAIN_SECONDS, _running_time(attributes)),
        attributes.get(TrialAttribute.ENERGY_KWH),
        attributes.get(TrialAttribute.REASON),
        attributes.get(TrialAttribute.FOLDER),
        attributes.get(TrialAttribute.BEST_STEP),
    )


def values_on_the_way(trial: FrozenTrial) -> dict[int, float]:
    """By step: the evaluations, else what was reported to the pruner, which may be something else (WilcoxonPruner)."""
    evaluations = trial.user_attrs.get(TrialAttribute.EVALUATIONS)
    if evaluations is None:
        return dict(sorted(trial.intermediate_values.items()))
    return dict(sorted((int(step), float(value)) for step, value in evaluations.items()))


def last_value(trial: FrozenTrial) -> float | None:
    on_the_way = values_on_the_way(trial)
    return on_the_way[max(on_the_way)] if on_the_way else None


def trial_to_json(trial: FrozenTrial) -> dict[str, Any]:
    """Numbers that are not finite, which JSON does not know, are null."""
    facts = facts_of(trial)
    return {
        "number": trial.number,
        "state": state_name(trial),
        "reason": facts.reason,
        "values": None if trial.values is None else [finite(value) for value in trial.values],
        "parameters": {name: finite(value) for name, value in trial.params.items()},
        "evaluations": {step: finite(value) for step, value in values_on_the_way(trial).items()},
        "intermediate_values": {step: finite(value) for step, value in trial.intermediate_values.items()},
        "steps": facts.steps,
        "seconds": finite(facts.seconds),
        "energy_kwh": finite(facts.energy_kwh),
        "best_step": facts.best_step,
        "run_folder": facts.run_folder,
        "start": trial.datetime_start.isoformat() if trial.datetime_start else None,
        "end": trial.datetime_complete.isoformat() if trial.datetime_complete else None,
    }


def finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _running_time(attributes: dict[str, Any]) -> float | None:
    spans = attributes.get(TrialAttribute.SPANS)
    return sum(end - start for start, end in spans) if spans else None
