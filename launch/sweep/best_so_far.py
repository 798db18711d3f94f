"""Pruners that judge a trial by its best evaluation so far, where Optuna's judge it by the last one."""

import copy
from itertools import accumulate

from optuna.pruners import BasePruner
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial


class BestSoFar(BasePruner):
    """To be mixed into one of Optuna's, before it.

    A run keeps its best checkpoint, and the best evaluation is what its trial is worth in the end. So a trial that
    leads is not dropped for a bad moment: what is dropped was never better than all of what goes on.
    """

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        return super().prune(study, best_so_far(study, trial))  # type: ignore[safe-super]


def judging_by_best(kind: type[BasePruner]) -> type[BasePruner]:
    """It stays one of its kind: samplers ask whether the pruner is Hyperband."""
    return type(kind.__name__, (BestSoFar, kind), {})


def best_so_far(study: Study, trial: FrozenTrial) -> FrozenTrial:
    """The trial as if no evaluation had been worse than one before it."""
    better = max if study.direction == StudyDirection.MAXIMIZE else min
    steps = sorted(trial.intermediate_values)
    values = accumulate((trial.intermediate_values[step] for step in steps), better)
    judged = copy.copy(trial)
    judged.intermediate_values = dict(zip(steps, values, strict=True))
    return judged
