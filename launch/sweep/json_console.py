"""What a driver says with --json: one object a line on standard output, its sentences on standard error."""

import json
import sys
import time
from collections import Counter
from typing import Any

from optuna.trial import FrozenTrial

from launch.sweep.console import Console, best_trial
from launch.sweep.study import TrialAttribute


class JsonConsole(Console):
    def say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def finished(self, which: int) -> None:
        trials = self.study.get_trials(deepcopy=False)
        best = best_trial(self.study, trials)
        self._tell("trial", **_content(trials[which]), best=best.number if best else None)

    def table(self) -> None:
        trials = self.study.get_trials(deepcopy=False)
        best = best_trial(self.study, trials)
        counts = Counter(trial.state.name.lower() for trial in trials)
        self._tell("end", trials=counts, best=_content(best) if best else None)

    def _tell(self, event: str, **content: Any) -> None:
        print(json.dumps({"event": event, "time": time.time(), **content}), file=self.out, flush=True)


def _content(trial: FrozenTrial) -> dict[str, Any]:
    attributes = trial.user_attrs
    return {
        "number": trial.number,
        "state": trial.state.name.lower(),
        "values": trial.values,
        "parameters": trial.params,
        "outcome": attributes.get(TrialAttribute.OUTCOME),
        "reason": attributes.get(TrialAttribute.REASON),
        "step": attributes.get(TrialAttribute.STEP),
        "energy_kwh": attributes.get(TrialAttribute.ENERGY_KWH),
        "folder": attributes.get(TrialAttribute.FOLDER),
    }
