"""lambdaforge sweep page: Optuna's pictures of a study and the table of its trials in one HTML file."""

import argparse
from collections.abc import Callable
from pathlib import Path

import plotly.graph_objects as go
from optuna import Study, visualization
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.search_space import intersection_search_space
from optuna.trial import FrozenTrial, TrialState

from launch.pages.page import Page
from launch.sweep.escaped_study import escaped_study
from launch.sweep.results import StudyResults, add_sweep_argument, read_results

FILE_NAME = "sweep.html"
TALL = 480  # pixels
MANY = 2000  # intermediate values of one trial: more than there are evaluations


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_sweep_argument(parser)
    parser.add_argument("--output", metavar="FILE", type=Path, help=f"file to write [{FILE_NAME} in the sweep's folder]")


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
    if not _complete(study):
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
    order = _by_importance(study, target)
    if order:
        evaluator = FanovaImportanceEvaluator(seed=0)
        importances = visualization.plot_param_importances(
            study, evaluator=evaluator, params=order, target=target, target_name=name
        )
        _add(page, importances, "What matters, of what every trial has (fANOVA)")
    _draw_parameters(page, study, order, target, name)


def _by_importance(study: Study, target: Callable[[FrozenTrial], float]) -> list[str]:
    """Parameters that vary and that every complete trial has, the most important first; none while no value differs."""
    complete = _complete(study)
    if len({target(trial) for trial in complete}) < 2:
        return []
    space = intersection_search_space(complete)
    varying = [name for name, distribution in space.items() if not distribution.single()]
    importances = get_param_importances(
        study, evaluator=FanovaImportanceEvaluator(seed=0), params=varying, target=target
    )
    return list(importances)


def _draw_parameters(
    page: Page, study: Study, order: list[str], target: Callable[[FrozenTrial], float], name: str
) -> None:
    if len(order) >= 2:
        together = visualization.plot_parallel_coordinate(study, params=order, target=target, target_name=name)
        _add(page, together, "Parallel coordinates", TALL)
        contour = visualization.plot_contour(study, params=order[:2], target=target, target_name=name)
        _add(page, contour, "The two that matter most", TALL)
    if any(trial.params for trial in _complete(study)):
        slices = visualization.plot_slice(study, target=target, target_name=name)
        _add(page, slices, "One parameter at a time", TALL)


def _draw_course(page: Page, study: Study) -> None:
    trials = study.get_trials(deepcopy=False)
    if any(trial.intermediate_values for trial in trials):
        values = visualization.plot_intermediate_values(study)
        _add(page, values, "Values that were reported on the way", TALL)
    if any(trial.state != TrialState.WAITING for trial in trials):
        _add(page, visualization.plot_timeline(study), "When they ran", TALL)


def _complete(study: Study) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def _add(page: Page, figure: go.Figure, caption: str, height: int = 340) -> None:
    """The page has a caption where Optuna has a title, and gives the figure its width."""
    figure.update_layout(title=None, width=None)
    page.figure(figure, caption, height)
