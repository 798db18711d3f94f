"""A copy of a study for Optuna's pictures, in memory, in which plotly finds no tags."""

import copy
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalChoiceType, CategoricalDistribution
from optuna.trial import FrozenTrial, TrialState

from launch.pages.page import plotly_text
from launch.sweep.results import StudyResults


def escaped_study(results: StudyResults) -> optuna.Study:
    """Names and choices are escaped; trials have their numbers. Those that wait show nowhere and have no time."""
    study = optuna.create_study(
        study_name=results.name,
        directions=[objective.direction for objective in results.objectives],
        storage=optuna.storages.InMemoryStorage(),
    )
    # Experimental in Optuna since 3.2; without it pictures say "Objective Value".
    study.set_metric_names([plotly_text(objective.name) for objective in results.objectives])
    study.add_trials([_escaped_trial(trial) for trial in results.trials])
    return study


def _escaped_trial(trial: FrozenTrial) -> FrozenTrial:
    """User attributes, which may be long, are left out: they stand in hover texts."""
    escaped = copy.copy(trial)
    escaped.params = {plotly_text(name): _escaped_choice(value) for name, value in trial.params.items()}
    escaped.distributions = {
        plotly_text(name): _escaped_distribution(distribution) for name, distribution in trial.distributions.items()
    }
    escaped.user_attrs = {}
    return escaped


def _escaped_distribution(distribution: BaseDistribution) -> BaseDistribution:
    if isinstance(distribution, CategoricalDistribution):
        return CategoricalDistribution([_escaped_choice(choice) for choice in distribution.choices])
    return distribution


def _escaped_choice(value: Any) -> Any:
    return plotly_text(value) if isinstance(value, str) else value
