"""The figures of a report: a line a run, in the run's colour."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from plotly.graph_objects import Bar, Figure, Scatter

from launch.pages.page import COLOURS, plotly_text
from launch.pages.run_data import Point, Run

MOST_POINTS = 4000  # of a line: more than a screen shows, few enough for a phone

PHASES = ("training", "evaluation", "checkpoint", "idle")
DEVICES = {"CPU": "cpu_kwh", "GPU": "gpu_kwh", "memory": "memory_kwh"}
PART_COLOURS = ("#5b6c8f", "#a3b1cc", "#c9a66b", "#8f8f8f")  # no run's

# Where on the other axis a point of a run lies; None: not known.
Place = Callable[[Run, Point], float | None]


@dataclass(frozen=True)
class Axis:
    title: str
    place: Place


BY_STEP = Axis("step", lambda run, point: point.step)


def by_kwh(runs: Iterable[Run]) -> Axis:
    """What each run had consumed when an evaluation began."""
    consumed = {id(run): {point.step: point.value for point in run.series("eval_energy_kwh")} for run in runs}
    return Axis("kWh consumed by then", lambda run, point: consumed[id(run)].get(point.step))


def by_time(runs: Sequence[Run]) -> Axis:
    unit, seconds = time_unit(max((run.seconds for run in runs), default=0))
    return Axis(f"{unit} of work", lambda run, point: run.seconds_at(point.time) / seconds)


def time_unit(longest: float) -> tuple[str, int]:
    if longest < 600:
        return "seconds", 1
    return ("minutes", 60) if longest < 3 * 3600 else ("hours", 3600)


def curves(runs: Sequence[Run], name: str, axis: Axis, *, marks: bool = False) -> Figure | None:
    """Series `name` of every run that has it; `marks`: its points are seen. None: no run has it."""
    figure = Figure()
    for run, colour in zip(runs, colours(runs), strict=True):
        points = [(axis.place(run, point), point) for point in thinned(run.series(name))]
        points = [(place, point) for place, point in points if place is not None]
        if points:
            figure.add_trace(_line(run, colour, axis, points, marks=marks))
            _add_best(figure, run, name, colour, points)
    if not figure.data:
        return None
    figure.update_layout(showlegend=len(runs) > 1)
    figure.update_xaxes(title=axis.title, rangemode="tozero", exponentformat="power")
    figure.update_yaxes(exponentformat="power")
    return figure


def add_first_stage(figure: Figure, runs: Sequence[Run], name: str) -> None:
    """A line at what the first stage, BM25, reached by the same figure."""
    data_set, _, metric = name.rpartition("_")
    points = [point for run in runs for point in run.series(f"{data_set}_base_{metric}")[-1:]]
    for value in {point.value for point in points if point.value is not None}:
        figure.add_hline(y=value, line={"dash": "dot", "color": "#7f8c8d"}, annotation={"text": "first stage"})


def colours(runs: Sequence[Run]) -> list[str]:
    """A run keeps its colour in all figures, and when more runs are named behind it."""
    return [COLOURS[i % len(COLOURS)] for i in range(len(runs))]


def thinned(points: list[Point]) -> list[Point]:
    """Every n-th point, and the last."""
    every = -(-len(points) // MOST_POINTS)
    return points if every <= 1 else [*points[:-1:every], points[-1]]


def _line(run: Run, colour: str, axis: Axis, points: list[tuple[float | None, Point]], *, marks: bool) -> Scatter:
    step = "" if axis is BY_STEP else "<br>step %{customdata}"
    return Scatter(
        x=[place for place, _ in points],
        y=[point.value for _, point in points],
        customdata=[point.step for _, point in points],
        mode="lines+markers" if marks or len(points) == 1 else "lines",
        name=plotly_text(run.label),
        legendgroup=run.label,
        line={"color": colour, "width": 2},
        hovertemplate=f"%{{y:.6g}}<br>{axis.title}: %{{x:.6g}}{step}",
    )


def _add_best(figure: Figure, run: Run, name: str, colour: str, points: list[tuple[float | None, Point]]) -> None:
    best = run.best
    if not best or best.metric != name:
        return
    figure.add_trace(
        Scatter(
            x=[place for place, point in points if point.step == best.step],
            y=[best.value],
            mode="markers",
            name="best",
            legendgroup=run.label,
            showlegend=False,
            marker={"color": colour, "symbol": "star", "size": 15, "line": {"color": "white", "width": 1}},
            hovertemplate=f"best: %{{y:.6g}}<br>step {best.step}",
        )
    )


def energy_bars(runs: Sequence[Run], parts: dict[str, str]) -> Figure | None:
    """A bar a run, split into `parts`: {name: column of the energy's rows}."""
    measured = [run for run in runs if run.energy]
    if not measured:
        return None
    figure = Figure()
    labels = [plotly_text(run.label) for run in measured]
    for (part, column), colour in zip(parts.items(), PART_COLOURS, strict=False):
        figure.add_trace(
            Bar(
                x=[run.energy[-1][column] for run in measured],
                y=labels,
                name=part,
                orientation="h",
                marker={"color": colour},
                hovertemplate=f"{part}: %{{x:.4g}} kWh<extra></extra>",
            )
        )
    figure.update_layout(barmode="stack", bargap=0.4, legend={"traceorder": "normal"})
    figure.update_xaxes(title="kWh", exponentformat="power")
    figure.update_yaxes(autorange="reversed", ticks="")
    return figure


def power(runs: Sequence[Run]) -> Figure | None:
    """Watts of each run's machines over its time."""
    return _energy_lines(runs, "W", lambda row: row["cpu_watts"] + row["gpu_watts"] + row["memory_watts"])


def consumption(runs: Sequence[Run]) -> Figure | None:
    return _energy_lines(runs, "kWh", lambda row: row["cpu_kwh"] + row["gpu_kwh"] + row["memory_kwh"])


def _energy_lines(runs: Sequence[Run], unit: str, value: Callable[[dict[str, float]], float]) -> Figure | None:
    measured = [(run, colour) for run, colour in zip(runs, colours(runs), strict=True) if run.energy]
    if not measured:
        return None
    name, seconds = time_unit(max(run.energy[-1]["seconds"] for run, _ in measured))
    figure = Figure()
    for run, colour in measured:
        every = -(-len(run.energy) // MOST_POINTS)
        rows = run.energy[::every]
        figure.add_trace(
            Scatter(
                x=[row["seconds"] / seconds for row in rows],
                y=[value(row) for row in rows],
                mode="lines",
                name=plotly_text(run.label),
                line={"color": colour, "width": 2},
                hovertemplate=f"%{{y:.4g}} {unit}<br>%{{x:.6g}} {name}",
            )
        )
    figure.update_layout(showlegend=len(runs) > 1)
    figure.update_xaxes(title=f"{name} measured", rangemode="tozero")
    figure.update_yaxes(title=unit, rangemode="tozero", exponentformat="power")
    return figure
