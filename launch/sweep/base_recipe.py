"""The recipe that the trials of a sweep share."""

from typing import Any

from launch.sweep.errors import BadInput, SweepError
from launch.sweep.results import StudyResults
from launch.sweep.spec import load_sweep
from launch.sweep.study import StudyAttribute


def base_recipe(results: StudyResults) -> dict[str, dict[str, Any]]:
    """With [set] in it. Throws BadInput where it cannot be told any more.

    What makes a model stands in the study, so a recipe that was edited since does no harm. Where a run goes and what
    tracks it stands in the recipe's file alone.
    """
