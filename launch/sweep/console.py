"""What a driver says: a line a finished trial, and a table at the end."""

import time
from collections.abc import Sequence
from typing import TextIO

from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from launch.sweep.budget import trial_limit
from launch.sweep.spec import Sweep
from launch.sweep.study import TrialAttribute

ROWS = 10


def number(value: float) -> str:
    """2.1e-05, 0.15, 8"""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def short(key: str) -> str:
    """learning_rate of training.learning_rate; ndcg@10 of eval_NanoBEIR_R30_mean_ndcg@10."""
    return key.rpartition(".")[2]


def best_trial(study: Study, trials: Sequence[FrozenTrial]) -> FrozenTrial | None:
    """By the first objective."""
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    best = max if study.directions[0] == StudyDirection.MAXIMIZE else min
    return best(complete, key=lambda trial: trial.values[0]) if complete else None


class Console:
    def __init__(self, sweep: Sweep, study: Study, out: TextIO) -> None:
        self.sweep = sweep
        self.study = study
        self.out = out
        self.started = time.monotonic()
        self.finished_here = 0

    def say(self, text: str) -> None:
        print(text, file=self.out, flush=True)

    def finished(self, which: int) -> None:
        """trial 7 | pruned at step 40/80 | ndcg@10 0.4012 | learning_rate 2.1e-05 | best 0.4544 (trial 3) | 12/16"""
        self.finished_here += 1
        trials = self.study.get_trials(deepcopy=False)
        trial = trials[which]
        parts = [f"trial {which}", self._ending(trial)]
        parts += [
            f"{name} {number(value)}" for name, value in zip(self._names(trial), trial.values or [], strict=False)
        ]
        parts += [f"{short(key)} {number(value)}" for key, value in trial.params.items()]
        if best := best_trial(self.study, trials):
            parts.append(f"best {best.values[0]:.4f} (trial {best.number})")
        parts += self._progress(trials)
        self.say(" | ".join(parts))

    def table(self) -> None:
        trials = self.study.get_trials(deepcopy=False)
        complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
        maximizes = self.study.directions[0] == StudyDirection.MAXIMIZE
        complete.sort(key=lambda trial: trial.values[0], reverse=maximizes)
        shown = complete[:ROWS]
        if not shown:
            return
        keys = [key for key in self.sweep.space.keys if any(key in trial.params for trial in shown)]
        rows = [["trial", *self._names(shown[0]), *map(short, keys)]]
        for trial in shown:
            rows.append(
                [
                    str(trial.number),
                    *(f"{value:.4f}" if i == 0 else number(value) for i, value in enumerate(trial.values)),
                ]
                + [number(trial.params[key]) if key in trial.params else "-" for key in keys]
            )
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        for row in rows:
            self.say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if len(complete) > len(shown):
            self.say(f"and {len(complete) - len(shown)} more")

    def _ending(self, trial: FrozenTrial) -> str:
        step = trial.user_attrs.get(TrialAttribute.STEP)
        if trial.state == TrialState.COMPLETE:
            return "complete"
        if trial.state == TrialState.PRUNED:
            return f"pruned at step {step}/{trial.user_attrs.get(TrialAttribute.MAX_STEPS, '?')}"
        return f"failed: {trial.user_attrs.get(TrialAttribute.REASON, 'no reason is known')}"

    def _names(self, trial: FrozenTrial) -> list[str]:
        metric = trial.user_attrs.get(TrialAttribute.METRIC) or self.sweep.objective.names[0]
        return [metric.rpartition("_")[2], *self.sweep.objective.names[1:]]

    def _progress(self, trials: Sequence[FrozenTrial]) -> list[str]:
        finished = sum(trial.state.is_finished() for trial in trials)
        limit = trial_limit(self.sweep, trials)
        if limit is None:
            return [f"{finished} finished"]
        left = max(0, limit - finished)
        seconds = (time.monotonic() - self.started) / self.finished_here * left
        minutes, seconds = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return [f"{finished}/{limit}"] + ([f"ETA {hours}:{minutes:02}:{seconds:02}"] if left else [])
