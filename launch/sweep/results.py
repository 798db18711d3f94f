"""What there is to tell of a study: its trials as rows, the best of them, a summary."""

import argparse
import datetime
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from optuna import Study
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial

from launch.sweep.errors import BadInput
from launch.sweep.facts import facts_of, last_value
from launch.sweep.states import STATES, state_name
from launch.sweep.study import STUDY_FILE, StudyAttribute, TrialAttribute, find_study, open_study

Cell: TypeAlias = str | int | float | None


@dataclass(frozen=True)
class Objective:
    name: str
    direction: StudyDirection

    @property
    def verb(self) -> str:
        return "maximise" if self.direction == StudyDirection.MAXIMIZE else "minimise"

    def cost(self, value: float) -> float:
        """Less is better."""
        return -value if self.direction == StudyDirection.MAXIMIZE else value


@dataclass(frozen=True)
class StudyResults:
    """A study as it stood when it was read; drivers may go on."""

    study: Study
    folder: Path
    sweep_file: Path | None
    objectives: Sequence[Objective]
    trials: Sequence[FrozenTrial]  # by number
    best: Sequence[int]  # the winner, or with two objectives the Pareto front by the first one

    @property
    def name(self) -> str:
        return self.study.study_name

    def by_rank(self) -> list[FrozenTrial]:
        """The best first; then complete, pruned, running, waiting and failed ones."""
        return sorted(self.trials, key=self._rank)

    def trial(self, number: int) -> FrozenTrial:
        if not 0 <= number < len(self.trials):
            raise BadInput(f"no trial {number} in the sweep '{self.name}'; it has {len(self.trials)}, from 0 on")
        return self.trials[number]

    def parameter_names(self) -> list[str]:
        """Of all trials, in the order in which they came up."""
        return list(dict.fromkeys(name for trial in self.trials for name in trial.params))

    def summary(self) -> list[str]:
        """Lines: what there is, and what is best."""
        count = Counter(trial.state for trial in self.trials)
        states = ", ".join(f"{count[state]} {word}" for state, word in STATES.items() if count[state])
        lines = [f"{plural(len(self.trials), 'trial')}: {states}" if self.trials else "no trial yet"]
        lines.append(self._consumed())
        if not self.best:
            wanted = " and ".join(f"{objective.verb} {objective.name}" for objective in self.objectives)
            lines.append(f"{wanted}: no trial is complete yet")
        elif len(self.objectives) == 1:
            winner = self.trial(self.best[0])
            lines.append(f"best {self.objectives[0].name}: {winner.value:.6g} (trial {winner.number})")
        else:
            numbers = ", ".join(map(str, self.best))
            names = " and ".join(objective.name for objective in self.objectives)
            lines.append(f"Pareto front of {names}: {plural(len(self.best), 'trial')}: {numbers}")
        return lines

    def table(self, trials: Sequence[FrozenTrial]) -> tuple[list[str], list[list[Cell]]]:
        """Columns and one row a trial. Parameters have their short names where these tell them apart; a column that
        would be empty is left out.
        """
        names = self.parameter_names()
        facts = [facts_of(trial) for trial in trials]
        columns: dict[str, list[Cell]] = {
            "trial": [trial.number for trial in trials],
            "state": [state_name(trial) for trial in trials],
            "best": ["*" if trial.number in self.best else "" for trial in trials],
        }
        for index, objective in enumerate(self.objectives):
            columns[objective.name] = [_value(trial, index) for trial in trials]
        for name, label in zip(names, short_names(names), strict=True):
            columns[label] = [cell_of(trial.params.get(name)) for trial in trials]
        columns["steps"] = [fact.steps for fact in facts]
        columns["seconds"] = [fact.seconds for fact in facts]
        columns.setdefault("energy_kwh", [fact.energy_kwh for fact in facts])
        columns["reason"] = [fact.reason for fact in facts]
        kept = {label: column for label, column in columns.items() if any(cell not in (None, "") for cell in column)}
        return list(kept), [list(row) for row in zip(*kept.values(), strict=True)]

    def _rank(self, trial: FrozenTrial) -> tuple[int, bool, float, int]:
        value = _value(trial, 0)
        cost = 0.0 if value is None else self.objectives[0].cost(value)
        return list(STATES).index(trial.state), trial.number not in self.best, cost, trial.number

    def _consumed(self) -> str:
        facts = [facts_of(trial) for trial in self.trials]
        seconds = sum(fact.seconds or 0 for fact in facts)
        parts = [f"{sum(fact.steps or 0 for fact in facts)} steps", str(datetime.timedelta(seconds=round(seconds)))]
        if any(fact.energy_kwh is not None for fact in facts):
            parts.append(f"{sum(fact.energy_kwh or 0 for fact in facts):.4g} kWh")
        return ", ".join(parts) + " of training"


def add_sweep_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sweep", metavar="SWEEP", type=Path, help="SWEEP.toml, or the folder of a sweep")


def read_results(path: Path) -> StudyResults:
    """Of a sweep file or a sweep's folder, also while drivers run. Throws BadInput and OutsideFault."""
    place = find_study(path)
    return results_of(open_study(place), place.folder, _sweep_file(path))


def _sweep_file(path: Path) -> Path | None:
    if not path.is_dir():
        return path
    about = json.loads((path / STUDY_FILE).read_text(encoding="utf-8"))
    return Path(about["sweep"]) if "sweep" in about else None


def results_of(study: Study, folder: Path, sweep_file: Path | None = None) -> StudyResults:
    # The best first: all of them are among the trials that are read after them.
    best = study.best_trials
    trials = study.get_trials(deepcopy=False)
    objectives = [Objective(*pair) for pair in zip(objective_names(study, trials), study.directions, strict=True)]
    best.sort(key=lambda trial: (objectives[0].cost(trial.values[0]), trial.number))
    winners = best if len(objectives) > 1 else best[:1]
    return StudyResults(study, folder, sweep_file, objectives, trials, [trial.number for trial in winners])


def objective_names(study: Study, trials: Iterable[FrozenTrial]) -> list[str]:
    """The sweep's; else what Optuna knows. What a run chose by itself, its trial says."""
    names = study.user_attrs.get(StudyAttribute.OBJECTIVES) or study.metric_names
    if not names:
        names = [f"value {i}" for i in range(len(study.directions))] if len(study.directions) > 1 else ["value"]
    chosen = (trial.user_attrs.get(TrialAttribute.METRIC) for trial in trials)
    first = next(filter(None, chosen), names[0])
    return [first, *names[1:]]


def _value(trial: FrozenTrial, index: int) -> float | None:
    """Of a trial that is not complete, the first objective's last evaluation."""
    if trial.values:
        return float(trial.values[index])
    return last_value(trial) if index == 0 else None


def short_names(names: Sequence[str]) -> list[str]:
    """learning_rate for training.learning_rate, where no other one ends like it."""
    count = Counter(name.rpartition(".")[2] for name in names)
    return [last if count[last := name.rpartition(".")[2]] == 1 else name for name in names]


def cell_of(value: object) -> Cell:
    """A parameter: a choice may be of any kind."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if value is None or isinstance(value, str | int | float) else str(value)


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")
