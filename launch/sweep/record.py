"""What a trial's run tells, told to the study."""

import json
import math
import time
from pathlib import Path
from typing import Any

from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from launch.sweep.errors import BadInput
from launch.sweep.names import unknown_name
from launch.sweep.spec import Sweep
from launch.sweep.study import TrialAttribute

RESULT_ATTRIBUTES = {
    "energy_kwh": TrialAttribute.ENERGY_KWH,
    "emissions_kg": TrialAttribute.EMISSIONS_KG,
    "train_seconds": TrialAttribute.TRAIN_SECONDS,
    "step": TrialAttribute.STEP,
    "max_steps": TrialAttribute.MAX_STEPS,
}

# training.eval_on_start evaluates before it. No run keeps the untrained model as its best, so it is no trial's value,
# and a pruner that judges by the best so far must not take it for what the trial has reached.
FIRST_STEP = 1


def _log_history(folder: Path) -> list[dict[str, Any]]:
    """Of a run that has ended, else of its newest checkpoint."""
    checkpoints = {path.name.rpartition("-")[2]: path for path in folder.glob("checkpoint-*")}
    newest = sorted((step for step in checkpoints if step.isdigit()), key=int, reverse=True)
    for place in [folder, *(checkpoints[step] for step in newest)]:
        try:
            state = json.loads((place / "trainer_state.json").read_text(encoding="utf-8"))
            return [row for row in state["log_history"] if isinstance(row, dict)]
        except (OSError, ValueError, KeyError):
            continue
    return []


class TrialRecord:
    """Of a trial that is RUNNING in the study, since now or since another driver began it."""

    def __init__(self, sweep: Sweep, study: Study, trial: Trial, folder: Path) -> None:
        self.sweep = sweep
        self.study = study
        self.trial = trial
        self.folder = folder  # the run's
        self.max_steps = 0
        self.attributes: dict[str, Any] = dict(trial.user_attrs)
        self.evaluations: dict[int, float] = {
            int(step): value for step, value in self.attributes.get(TrialAttribute.EVALUATIONS, {}).items()
        }
        self.step = max(self.evaluations, default=0)
        self.result: dict[str, Any] = {}

    @property
    def number(self) -> int:
        return self.trial.number

    def set(self, key: str, value: Any) -> None:
        """Nothing is written that stands there already: every write of the journal waits for the disk."""
        if self.attributes.get(key) != value:
            self.attributes[key] = value
            self.trial.set_user_attr(key, value)

    # --- while it runs

    def attempt_started(self, hosts: list[str], is_retry: bool) -> None:
        now = time.time()
        self.result = {}
        self.set(TrialAttribute.FOLDER, str(self.folder.absolute()))
        self.set(TrialAttribute.HOSTS, hosts)
        self.set(TrialAttribute.ATTEMPTS, self.attributes.get(TrialAttribute.ATTEMPTS, 0) + 1)
        if is_retry:
            self.set(TrialAttribute.RETRIES, self.attributes.get(TrialAttribute.RETRIES, 0) + 1)
        self.set(TrialAttribute.SPANS, [*self.attributes.get(TrialAttribute.SPANS, []), [now, now]])

    def attempt_ended(self) -> None:
        self._extend_span()
        self._keep_result()

    def handle(self, event: dict[str, Any]) -> bool:
        """True: the trial is to be pruned."""
        kind = event.get("event")
        if kind == "step":
            self.step = event["step"]
        elif kind == "start":
            self.max_steps = event["max_steps"]
        elif kind == "energy":
            self.result["energy_kwh"] = event["energy_kwh"]
        elif kind == "end":
            self.result.update(event)
        elif kind == "evaluation":
            return self._evaluated(event)
        return False

    def _evaluated(self, event: dict[str, Any]) -> bool:
        self.step = step = event["step"]
        value = self._value_of(event["metrics"], event.get("metric_for_best_model"))
        if value is None or step < FIRST_STEP or step in self.evaluations:
            return False  # no number, of the untrained model, or once more after a resume
        # How many are there before it; a resumed run repeats some.
        ordinal = sum(earlier < step for earlier in self.evaluations)
        self.evaluations[step] = value
        self._keep_evaluations()
        self._extend_span()
        if len(self.study.directions) > 1:
            return False  # Optuna keeps no intermediate values of two objectives
        if self.sweep.pruner.name == "Wilcoxon":
            for i, query_value in enumerate(self._query_values(event)):
                self.trial.report(query_value[1], ordinal * query_value[0] + i)
        else:
            self.trial.report(value, step)
        # A pruner takes notes, so it is asked about the last step too.
        prune = self.trial.should_prune()
        return prune and step < self.max_steps

    def _value_of(self, metrics: dict[str, float | None], metric_for_best_model: str | None) -> float | None:
        name = self.sweep.objective.metric or metric_for_best_model or ""
        for candidate in (name, f"eval_{name}"):
            if candidate in metrics:
                self.set(TrialAttribute.METRIC, candidate)
                value = metrics[candidate]
                return None if value is None or not math.isfinite(value) else value
        raise BadInput(f"[objective] metric: {unknown_name('metric', name, metrics)}")

    def _query_values(self, event: dict[str, Any]) -> list[tuple[int, float]]:
        """(number of queries, value) of each, in the same order for all trials.

        Those of the objective's own data set, or of all where it is a mean: "eval_NanoBEIR_R100_mean_ndcg@10" is one
        over "NanoNQ_R100_ndcg@10" and its like.
        """
        metric: str = self.attributes[TrialAttribute.METRIC].removeprefix("eval_")
        per_query: dict[str, dict[str, float | None]] = event.get("per_query") or {}
        suffix = "_" + metric.rpartition("_")[2]
        names = [metric] if metric in per_query else sorted(name for name in per_query if name.endswith(suffix))
        values = [value for name in names for _, value in sorted(per_query[name].items())]
        if not values:
            raise BadInput(
                f"[pruner] name: Wilcoxon compares queries, but the evaluation tells no query's value of '{metric}'; "
                f"known: {', '.join(per_query) or 'none'}"
            )
        return [(len(values), value if value is not None else 0.0) for value in values]

    # --- when it has ended

    def catch_up(self) -> None:
        """Evaluations that the run has behind it and nobody read, because the driver was gone."""
        rows = _log_history(self.folder)
        told = self.result.get("metric_for_best_model") or ""
        name: str = self.attributes.get(TrialAttribute.METRIC) or self.sweep.objective.metric or told
        for row in rows:
            key = next((key for key in (name, f"eval_{name}") if key in row), None)
            step = row.get("step")
            if key is None or not isinstance(step, int) or step < FIRST_STEP or step in self.evaluations:
                continue
            value = row[key]
            if isinstance(value, int | float) and math.isfinite(value):
                self.set(TrialAttribute.METRIC, key)
                self.evaluations[step] = float(value)
        self._keep_evaluations()
        if len(self.study.directions) > 1 or self.sweep.pruner.name == "Wilcoxon":
            return
        reported = self.frozen().intermediate_values
        for step in sorted(self.evaluations.keys() - reported.keys()):
            self.trial.report(self.evaluations[step], step)

    def complete(self) -> None:
        self.catch_up()
        values = self._values()
        if values is None:
            self.fail("failed", "the run is done but told no value of the objective")
            return
        self.set(TrialAttribute.OUTCOME, "done")
        self.study.tell(self.number, values)

    def will_prune(self) -> None:
        """Before the trainer is stopped: who comes after a killed driver must not go on with the trial."""
        self.set(TrialAttribute.OUTCOME, "pruned")

    def prune(self) -> None:
        if self.sweep.pruner.name != "Wilcoxon":
            self.study.tell(self.number, state=TrialState.PRUNED)
            return
        # Optuna takes the last intermediate value for the trial's, which is that of one query here.
        frozen = self.frozen()
        last = self.evaluations[max(self.evaluations)]
        self.study.sampler.after_trial(self.study, frozen, TrialState.PRUNED, [last])
        self.study._storage.set_trial_state_values(frozen._trial_id, TrialState.PRUNED, [last])

    def fail(self, outcome: str, reason: str) -> None:
        self.set(TrialAttribute.OUTCOME, outcome)
        self.set(TrialAttribute.REASON, reason)
        self.study.tell(self.number, state=TrialState.FAIL)

    def read_result(self) -> None:
        """result.json of a run that ended when no driver listened."""
        try:
            result = json.loads((self.folder / "result.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return
        if isinstance(result, dict):
            self.result = result
            self._keep_result()

    def frozen(self) -> FrozenTrial:
        return self.study.get_trials(deepcopy=False)[self.number]

    def _values(self) -> list[float] | None:
        """The best of the evaluations, as a run keeps its best checkpoint; and what the second objective counts."""
        if not self.evaluations:
            return None
        best = max if self.sweep.objective.maximizes else min
        best_step = best(self.evaluations, key=lambda step: self.evaluations[step])
        self.set(TrialAttribute.BEST_STEP, best_step)
        values = [self.evaluations[best_step]]
        if self.sweep.objective.second:
            cost = self.attributes.get(self.sweep.objective.second)
            if cost is None:
                return None
            values.append(float(cost))
        return values

    def _keep_result(self) -> None:
        if "step" not in self.result and self.step:
            self.result["step"] = self.step
        if "max_steps" not in self.result and self.max_steps:
            self.result["max_steps"] = self.max_steps
        for key, attribute in RESULT_ATTRIBUTES.items():
            if self.result.get(key) is not None:
                self.set(attribute, self.result[key])

    def _keep_evaluations(self) -> None:
        self.set(TrialAttribute.EVALUATIONS, {str(step): value for step, value in sorted(self.evaluations.items())})

    def _extend_span(self) -> None:
        spans = self.attributes.get(TrialAttribute.SPANS, [])
        if spans:
            self.set(TrialAttribute.SPANS, [*spans[:-1], [spans[-1][0], time.time()]])
