"""The recipe that the trials of a sweep share."""

import copy
from typing import Any

from launch.sweep.errors import BadInput, SweepError
from launch.sweep.results import StudyResults
from launch.sweep.spec import Sweep, load_sweep
from launch.sweep.study import UNCOMPARED_SECTIONS, StudyAttribute

Recipe = dict[str, dict[str, Any]]


def base_recipe(results: StudyResults) -> Recipe:
    """With [set] in it. Throws BadInput where it cannot be told any more.

    What makes a model stands in the study, so a recipe that was edited since does no harm. Where a run goes and what
    tracks it stands in the recipe's file alone.
    """
    of_study: Recipe | None = results.study.user_attrs.get(StudyAttribute.RECIPE)
    try:
        of_file = _recipe_of(_load(results))
    except SweepError as error:
        if of_study is None:
            raise BadInput(f"the recipe of the sweep '{results.name}' is not there any more: {error}") from error
        return copy.deepcopy(of_study)
    if of_study is None:
        return of_file
    return copy.deepcopy(of_study) | {name: keys for name, keys in of_file.items() if name in UNCOMPARED_SECTIONS}


def _load(results: StudyResults) -> Sweep:
    if results.sweep_file is None:
        raise BadInput("nothing says where its file is")
    return load_sweep(results.sweep_file)


def _recipe_of(sweep: Sweep) -> Recipe:
    recipe = {section: dict(keys) for section, keys in sweep.recipe_table.items()}
    for name, value in sweep.settings.items():
        section, _, key = name.partition(".")
        recipe.setdefault(section, {})[key] = value
    return recipe
