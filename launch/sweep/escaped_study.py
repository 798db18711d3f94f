"""A copy of a study for Optuna's pictures, in memory, in which plotly finds no tags."""

import copy
import warnings
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial

from launch.pages.page import plotly_text
from launch.sweep.facts import values_on_the_way
from launch.sweep.results import StudyResults, short_names


def escaped_study(results: StudyResults) -> optuna.Study:
    """Names and choices are escaped; trials have their numbers. Those that wait show nowhere and have no time."""
    study = optuna.create_study(
        study_name=results.name,
        directions=[objective.direction for objective in results.objectives],
        storage=optuna.storages.InMemoryStorage(),
    )
    with warnings.catch_warnings():  # experimental since Optuna 3.2, and kept
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.set_metric_names([plotly_text(objective.name) for objective in results.objectives])
    names = results.parameter_names()
    labels = dict(zip(names, map(plotly_text, short_names(names)), strict=True))
    study.add_trials([_escaped_trial(trial, labels) for trial in results.trials])
    return study


def _escaped_trial(trial: FrozenTrial, labels: dict[str, str]) -> FrozenTrial:
    """User attributes, which may be long, are left out: they would stand in hover texts."""
    escaped = copy.copy(trial)
    escaped.params = {labels[name]: _escaped_choice(value) for name, value in trial.params.items()}
    escaped.distributions = {
        labels[name]: _escaped_distribution(distribution) for name, distribution in trial.distributions.items()
    }
    escaped.intermediate_values = values_on_the_way(trial)
    escaped.user_attrs = {}
    return escaped


def _escaped_distribution(distribution: BaseDistribution) -> BaseDistribution:
    if isinstance(distribution, CategoricalDistribution):
        return CategoricalDistribution([_escaped_choice(choice) for choice in distribution.choices])
    return distribution


def _escaped_choice(value: Any) -> Any:
    return plotly_text(value) if isinstance(value, str) else value
