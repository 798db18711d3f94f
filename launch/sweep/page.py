"""Optuna's pictures of a study and the table of its trials in one HTML file that needs nothing else."""

import argparse
import warnings
from collections.abc import Callable
from pathlib import Path

import plotly.graph_objects as go
from optuna import Study, visualization
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.search_space import intersection_search_space
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from launch.pages.page import Page
from launch.sweep.escaped_study import escaped_study
from launch.sweep.results import StudyResults, add_sweep_argument, read_results

FILE_NAME = "sweep.html"
TALL = 480  # pixels
ENOUGH = 4  # complete trials: of fewer nothing can be said about what matters


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_sweep_argument(parser)
    parser.add_argument(
        "--output", metavar="FILE", type=Path, help=f"file to write [{FILE_NAME} in the sweep's folder]"
    )


def run(arguments: argparse.Namespace) -> int:
    results = read_results(arguments.sweep)
    path = arguments.output or results.folder / FILE_NAME
    write_page(results, path)
    print(path)
    return 0


def write_page(results: StudyResults, path: Path) -> None:
    """Throws OSError."""
    page = Page(f"Sweep {results.name}")
    for line in results.summary():
        page.text(line)
    study = escaped_study(results)
    _draw_front(page, study)
    for index, objective in enumerate(results.objectives):
        page.heading(objective.name)
        _draw_objective(page, study, index)
    page.heading("How the trials went")
    _draw_course(page, study)
    page.heading("Trials")
    page.table(*results.table(results.by_rank()))
    page.write(path)


def _draw_front(page: Page, study: Study) -> None:
    if len(study.directions) == 2 and _complete(study):
        page.heading("Pareto front")
        front = visualization.plot_pareto_front(study, target_names=study.metric_names)
        _add(page, front, "No trial is better than one of the front in both objectives", TALL)


def _draw_objective(page: Page, study: Study, index: int) -> None:
    complete = _complete(study)
    if not complete:
        page.text("No trial is complete yet.")
        return

    def target(trial: FrozenTrial) -> float:
        return float(trial.values[index])

    assert study.metric_names is not None
    name = study.metric_names[index]
    # Of one objective Optuna draws the best so far, if it is not told which value to draw.
    chosen = None if len(study.directions) == 1 else target
    history = visualization.plot_optimization_history(study, target=chosen, target_name=name)
    _add(page, history, "Value of each trial")
    importances = _draw_importances(page, study, index, name) if len(complete) >= ENOUGH else {}
    _draw_parameters(page, study, list(importances), target, name)


def _draw_importances(page: Page, study: Study, index: int, name: str) -> dict[str, float]:
    """Returns them, the largest first."""
    sign = 1 if study.directions[index] == StudyDirection.MINIMIZE else -1  # the evaluator minimises
    evaluator = PedAnovaImportanceEvaluator(target_quantile=_share_of_the_best(len(_complete(study))))

    def target(trial: FrozenTrial) -> float:
        return sign * float(trial.values[index])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the target is minimised: it is known
        importances = get_param_importances(study, evaluator=evaluator, target=target)
        figure = visualization.plot_param_importances(study, evaluator=evaluator, target=target, target_name=name)
    if importances:
        _add(page, figure, "What matters for being among the best (PED-ANOVA)")
    return importances


def _share_of_the_best(num_trials: int) -> float:
    """A tenth, but at least five trials: fewer tell little (Watanabe et al. 2023)."""
    return min(0.5, max(0.1, 5 / num_trials))


def _draw_parameters(
    page: Page, study: Study, by_importance: list[str], target: Callable[[FrozenTrial], float], name: str
) -> None:
    # Only what every complete trial has can be drawn for all of them.
    space = intersection_search_space(_complete(study))
    common = [key for key in by_importance if key in space and not space[key].single()]
    if len(common) >= 2:
        together = visualization.plot_parallel_coordinate(study, params=common, target=target, target_name=name)
        _add(page, together, "Parallel coordinates", TALL)
        contour = visualization.plot_contour(study, params=common[:2], target=target, target_name=name)
        _add(page, contour, "The two that matter most", TALL)
    if any(trial.params for trial in _complete(study)):
        page.text("One parameter at a time; the darker a trial, the later it came.")  # and a row of its own
        _add(page, visualization.plot_slice(study, target=target, target_name=name), "", TALL)


def _draw_course(page: Page, study: Study) -> None:
    trials = study.get_trials(deepcopy=False)
    if any(trial.intermediate_values for trial in trials):
        values = visualization.plot_intermediate_values(study)
        _add(page, values, "Evaluations of each trial, by step", TALL)
    if any(trial.state != TrialState.WAITING for trial in trials):
        _add(page, visualization.plot_timeline(study), "When they ran", TALL)


def _complete(study: Study) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def _add(page: Page, figure: go.Figure, caption: str, height: int = 340) -> None:
    """The page has a caption where Optuna has a title, and gives the figure its width."""
    figure.update_layout(title=None, width=None)
    page.figure(figure, caption, height)
