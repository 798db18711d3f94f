"""What a report says of runs, section by section."""

import datetime
import json
from collections.abc import Iterable, Sequence
from typing import Any

from launch.pages import figures
from launch.pages.page import Cell, Page
from launch.pages.run_data import Run

TRAINING_CURVES = {
    "loss": "Training loss",
    "learning_rate": "Learning rate",
    "grad_norm": "Gradient norm, before clipping",
    "step_seconds": "Seconds a step",
    "tokens_per_second": "Tokens a second",
}

# Figures of an evaluation that say nothing of the model.
NO_QUALITY = ("runtime", "samples_per_second", "steps_per_second", "energy_kwh")

MOST_DIFFERING_COLUMNS = 6

# These name a run; that they differ tells nothing.
NAMES_OF_A_RUN = ("run.name", "run.output_dir", "training.resume_from_checkpoint")


def build_report(runs: Sequence[Run], unreadable: Sequence[str]) -> Page:
    """`unreadable`: a sentence for each run that could not be shown."""
    page = Page(f"Lambdaforge: {runs[0].label if len(runs) == 1 else f'{len(runs)} runs'}")
    page.text(f"Written {format_time(datetime.datetime.now().timestamp())}.")
    for sentence in unreadable:
        page.warning(f"Not shown: {sentence}")
    for run in runs:
        add_state(page, run)
    add_overview(page, runs)
    add_quality(page, runs)
    add_training(page, runs)
    add_energy(page, runs)
    add_details(page, runs)
    return page


def add_state(page: Page, run: Run) -> None:
    """A sentence, where a run did not end well or has not ended."""
    where = f"{run.label}: step {run.step} of {run.max_steps}"
    if run.status == "running":
        page.warning(f"{where}; still training. The page shows what it had written by then.")
    elif run.status == "failed":
        reasons = [line["text"] for line in run.log if line["kind"] == "failed"]
        page.warning(f"{where}; failed: {reasons[-1] if reasons else 'no reason was written'}")
    elif run.status == "crashed":
        page.warning(f"{where}; ended without a word, its last sign of life came {format_time(run.last_sign)}.")


# --- the runs in a table ---


def add_overview(page: Page, runs: Sequence[Run]) -> None:
    page.heading("Runs" if len(runs) > 1 else "The run")
    differing = differing_parameters(runs)
    beside = differing if len(differing) <= MOST_DIFFERING_COLUMNS else []
    columns = ["run", *beside, "status", "steps", "best", "at step", "kWh", "kg CO2e", "time", "tokens/s"]
    page.table(
        columns, [[run.label, *(text_of(run.parameters.get(name)) for name in beside), *totals(run)] for run in runs]
    )
    metrics = distinct(run.metric for run in runs if run.metric)
    if metrics:
        page.text(f"Best by {', '.join(metrics)}.")
    if not beside and differing:
        with page.folded(f"{len(differing)} parameters that differ"):
            page.table(
                ["parameter", *(run.label for run in runs)],
                [[name, *(text_of(run.parameters.get(name)) for run in runs)] for name in differing],
            )


def totals(run: Run) -> list[Cell]:
    best = run.best
    return [
        run.status,
        f"{run.step} of {run.max_steps}",
        best.value if best else None,
        best.step if best else None,
        run.kwh,
        run.energy[-1]["emissions_kg"] if run.energy else None,
        format_duration(run.seconds),
        mean([point.value for point in run.series("tokens_per_second") if point.value is not None]),
    ]


def differing_parameters(runs: Sequence[Run]) -> list[str]:
    names = distinct(name for run in runs for name in run.parameters)
    return [
        name
        for name in names
        if name not in NAMES_OF_A_RUN and len({text_of(run.parameters.get(name)) for run in runs}) > 1
    ]


# --- figures ---


def add_quality(page: Page, runs: Sequence[Run]) -> None:
    chosen = distinct(name for run in runs if run.metric for name in (run.metric, gross(run.metric)))
    if not any(run.series(name) for run in runs for name in chosen):
        return
    page.heading("Quality")
    for name in chosen:
        title = short(name)
        add_curves(page, runs, name, f"{title} by step; a star marks the best", figures.BY_STEP)
        add_curves(page, runs, name, f"{title} against energy", figures.by_kwh(runs))
        add_curves(page, runs, name, f"{title} against time", figures.by_time(runs))
    others = [name for name in quality_names(runs) if name not in chosen]
    main = [name for name in others if is_summary(name)]
    for name in main:
        add_curves(page, runs, name, f"{short(name)} by step", figures.BY_STEP)
    rest = [name for name in others if name not in main]
    if rest:
        with page.folded(f"{len(rest)} figures of single data sets"):
            for name in rest:
                add_curves(page, runs, name, f"{short(name)} by step", figures.BY_STEP)


def gross(name: str) -> str:
    """Of a figure that is net of its energy: the figure itself."""
    return name.replace("eval_net_", "eval_", 1)


def quality_names(runs: Sequence[Run]) -> list[str]:
    """Of evaluations, without those of a first stage, which no training changes."""
    names = distinct(name for run in runs for name in run.names() if name.startswith("eval_"))
    return [name for name in names if short(name) not in NO_QUALITY and "_base_" not in name]


def is_summary(name: str) -> bool:
    """Of all data sets together: a loss, a mean, a score."""
    return name.endswith(("loss", "_score")) or "_mean_" in name


def add_curves(page: Page, runs: Sequence[Run], name: str, caption: str, axis: figures.Axis) -> None:
    figure = figures.curves(runs, name, axis, marks=name.startswith("eval_"))
    if figure:
        if axis is figures.BY_STEP:
            figures.add_first_stage(figure, runs, name)
        is_thinned = any(len(run.series(name)) > figures.MOST_POINTS for run in runs)
        page.figure(figure, f"{caption}, thinned out to {figures.MOST_POINTS} points" if is_thinned else caption)


def add_training(page: Page, runs: Sequence[Run]) -> None:
    if not any(run.series(name) for run in runs for name in TRAINING_CURVES):
        return
    page.heading("Training")
    for name, caption in TRAINING_CURVES.items():
        add_curves(page, runs, name, caption, figures.BY_STEP)


def add_energy(page: Page, runs: Sequence[Run]) -> None:
    phases = figures.energy_bars(runs, {phase: f"{phase}_kwh" for phase in figures.PHASES})
    devices = figures.energy_bars(runs, figures.DEVICES)
    consumption, power = figures.consumption(runs), figures.power(runs)
    page.heading("Energy")
    if not (phases and devices and consumption and power):
        page.text("Nothing was measured: tracking.energy was off.")
        return
    height = 160 + 40 * len(runs)
    page.figure(phases, "Energy by phase", height)
    page.figure(devices, "Energy by device", height)
    page.figure(consumption, "Energy consumed")
    page.figure(power, "Power")


# --- everything else, folded ---


def add_details(page: Page, runs: Sequence[Run]) -> None:
    page.heading("Details")
    for run in runs:
        with page.folded(f"{run.label}: parameters"):
            page.table(["parameter", "value"], [[name, text_of(value)] for name, value in run.parameters.items()])
        with page.folded(f"{run.label}: environment"):
            page.table(["", ""], [[name, value] for name, value in run.environment.items()])
        with page.folded(f"{run.label}: log"):
            page.table(
                ["time", "step", "", ""],
                [[format_time(line["time"]), line["step"], line["kind"], line["text"]] for line in run.log],
            )


# --- words ---


def short(name: str) -> str:
    return name.removeprefix("eval_")


def text_of(value: Any) -> str:
    """A parameter as a recipe writes it; a dash: not set."""
    if value is None:
        return "\N{EN DASH}"
    if isinstance(value, float):
        return f"{value:.6g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def format_time(seconds_since_1970: float) -> str:
    return datetime.datetime.fromtimestamp(seconds_since_1970).strftime("%Y-%m-%d %H:%M:%S")


def format_duration(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
