"""SWEEP.toml as dataclasses; README.md lists its keys."""

import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from launch.sweep.engine import PrunerOptions, SamplerOptions, parse_pruner, parse_sampler
from launch.sweep.errors import BadInput, OutsideFault
from launch.sweep.names import unknown_name
from launch.sweep.prometheus_options import PrometheusOptions, parse_prometheus
from launch.sweep.space import Space, parse_space
from launch.sweep.table import Table

Direction = Literal["maximize", "minimize"]
DIRECTIONS: list[Direction] = ["maximize", "minimize"]
COSTS = ["energy_kwh", "emissions_kg", "train_seconds"]  # of result.json; all of them are to be small


@dataclass(frozen=True)
class Objective:
    metric: str | None  # None: the metric_for_best_model that the run tells
    direction: Direction
    second: str | None = None  # one of COSTS, minimised

    @property
    def names(self) -> list[str]:
        return [self.metric or "metric_for_best_model"] + ([self.second] if self.second else [])

    @property
    def directions(self) -> list[Direction]:
        return [self.direction, "minimize"] if self.second else [self.direction]

    @property
    def maximizes(self) -> bool:
        return self.direction == "maximize"


@dataclass(frozen=True)
class Budget:
    """What is None has no limit. What is used up starts no new trial; those that run come to their end."""

    trials: int | None = None
    hours: float | None = None
    kwh: float | None = None


@dataclass(frozen=True)
class RunOptions:
    ranks_per_trial: int = 1
    slots: int = 1  # of this host; a rank takes one
    hosts: Mapping[str, int] | None = None  # slots of others, by mpirun's names for them
    threads: int | None = None  # a rank; None: the host's cores divided among its slots
    gpus: int | None = None  # of a host, divided among its slots; None: those of this host
    mpirun: tuple[str, ...] = ()
    retries: int = 1
    grace_seconds: float = 60.0


@dataclass(frozen=True)
class Sweep:
    path: Path
    recipe: Path
    recipe_table: Mapping[str, Any]
    name: str  # of the study, and the run.project of its trials
    storage: str | None  # an Optuna storage URL; None: study.journal in the folder
    settings: Mapping[str, Any]  # [set]: the recipe's keys that all trials have otherwise
    space: Space
    objective: Objective
    budget: Budget
    sampler: SamplerOptions
    pruner: PrunerOptions
    run: RunOptions
    prometheus: PrometheusOptions | None

    @property
    def folder(self) -> Path:
        """<run.output_dir>/<name>: the study's journal, and a run's folder a trial."""
        return Path(str(recipe_value(self, "run.output_dir", "runs"))) / self.name


def recipe_value(sweep: Sweep, key: str, default: Any = None) -> Any:
    """What the recipe and [set] say of a key that does not vary."""
    return _value(sweep.recipe_table, sweep.settings, key, default)


def load_sweep(path: Path) -> Sweep:
    table = Table(_read_toml(path), f"{path}: ")
    name = table.text("name", path.stem)
    assert name is not None
    if "/" in name or name in (".", ".."):
        table.fail("name", f"'{name}' is no name of a folder")
    recipe_text = table.text("recipe")
    if recipe_text is None:
        table.fail("recipe", "is required: the recipe whose keys vary, relative to this file")
    recipe = path.parent / recipe_text
    recipe_table = _read_toml(recipe)
    settings = _parse_settings(table)
    space = parse_space(table.section("space"))
    _check_keys(table, settings, space)
    objective = _parse_objective(table.section("objective"), recipe_table, settings)
    sweep = Sweep(
        path=path,
        recipe=recipe,
        recipe_table=recipe_table,
        name=name,
        storage=table.text("storage"),
        settings=settings,
        space=space,
        objective=objective,
        budget=_parse_budget(table.section("budget"), recipe_table, settings),
        sampler=parse_sampler(table.section("sampler"), space),
        pruner=parse_pruner(table.section("pruner"), len(objective.directions)),
        run=_parse_run(table.section("run")),
        prometheus=parse_prometheus(table),
    )
    table.finish()
    if sweep.budget == Budget() and sweep.sampler.points is None:
        table.fail("[budget]", "set trials, hours or kwh; without one the sweep would never end")
    return sweep


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: {error}") from error
    except FileNotFoundError as error:
        raise BadInput(f"{path}: there is no such file") from error
    except OSError as error:
        raise OutsideFault(f"cannot read {path}: {error.strerror}") from error


def _value(recipe: Mapping[str, Any], settings: Mapping[str, Any], key: str, default: Any) -> Any:
    section, _, name = key.partition(".")
    of_recipe = recipe.get(section)
    return settings.get(key, of_recipe.get(name, default) if isinstance(of_recipe, dict) else default)


def _parse_settings(table: Table) -> dict[str, Any]:
    """Both "training.seed" = 1 and training.seed = 1 (which TOML reads as a table) are understood."""
    settings: dict[str, Any] = {}
    for key, value in table.table("set").items():
        if isinstance(value, dict):
            settings |= {f"{key}.{inner}": setting for inner, setting in value.items()}
        else:
            settings[key] = value
    for key in settings:
        if "." not in key:
            table.fail(f"[set] {key}", 'expected section.key, as in "training.max_steps" = 80')
    return settings


def _check_keys(table: Table, settings: Mapping[str, Any], space: Space) -> None:
    """The sweep says where a trial's run is, and whether it goes on."""
    for key in [*settings, *space.keys]:
        place = "[set] " if key in settings else "[space] "
        if key in ("run.project", "run.name"):
            table.fail(place + key, "the sweep sets it: a trial's run is <run.output_dir>/<name>/trial-0007")
        if key == "training.resume_from_checkpoint":
            table.fail(place + key, "the sweep sets it: a trial begins anew, and goes on where it was interrupted")
        if key == "run.output_dir" and key not in settings:
            table.fail(place + key, "all trials are in one folder; write it into [set]")
        if key in settings and key in space.keys:
            table.fail(place + key, "is in [space] too; remove it from one of the two")


def _parse_objective(table: Table, recipe: Mapping[str, Any], settings: Mapping[str, Any]) -> Objective:
    named = table.text("metric")
    metric = named or _value(recipe, settings, "training.metric_for_best_model", None) or None
    word = table.text("direction") or _usual_direction(metric, recipe, settings)
    if named is None and metric is not None and len(metric.split()) > 1:
        metric = None  # "ndcg@10 - 0.5 * kwh", net of a price: the run tells what it calls that
    direction = next((known for known in DIRECTIONS if known == word), None)
    if direction is None:
        table.fail("direction", unknown_name("direction", word, DIRECTIONS))
    second = table.text("second")
    if second is not None and second not in COSTS:
        table.fail("second", unknown_name("objective", second, COSTS))
    table.finish()
    if _value(recipe, settings, "training.eval_strategy", "no") == "no":
        raise BadInput(
            f"{table.place}training.eval_strategy: a trial without evaluations has no value; "
            "set it to 'steps' or 'epoch' in the recipe or in [set]"
        )
    if second in ("energy_kwh", "emissions_kg"):
        _check_measured(table, "second", second, recipe, settings)
    return Objective(metric, direction, second)


def _check_measured(table: Table, key: str, what: str, recipe: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    if not _value(recipe, settings, "tracking.energy", True):
        table.fail(key, f"'{what}' is not measured; set tracking.energy to true in the recipe or in [set]")


def _usual_direction(metric: str | None, recipe: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    """As the trainer decides it: by greater_is_better, else by the metric's name."""
    greater = _value(recipe, settings, "training.greater_is_better", None)
    if isinstance(greater, bool) and metric == _value(recipe, settings, "training.metric_for_best_model", None):
        return "maximize" if greater else "minimize"
    if metric is None:  # the last evaluator's primary metric, else eval_loss
        evaluators = ["evaluation.nano_beir", "evaluation.correlation", "evaluation.classification"]
        return "maximize" if any(_value(recipe, settings, key, "") for key in evaluators) else "minimize"
    return "minimize" if metric.split()[0].endswith("loss") else "maximize"  # "loss + 0.5 * kwh" too


def _parse_budget(table: Table, recipe: Mapping[str, Any], settings: Mapping[str, Any]) -> Budget:
    budget = Budget(table.integer("trials", at_least=1), table.positive_number("hours"), table.positive_number("kwh"))
    if budget.kwh is not None:
        _check_measured(table, "kwh", "kwh", recipe, settings)
    table.finish()
    return budget


def _parse_run(table: Table) -> RunOptions:
    ranks = table.integer("ranks_per_trial", default=1, at_least=1) or 1
    hosts = table.table("hosts") if "hosts" in table.values else None
    slots = table.integer("slots", at_least=1)
    if hosts is not None:
        if slots is not None:
            table.fail("slots", "are those of this host; with hosts, name this one among them")
        if not hosts or not all(isinstance(n, int) and not isinstance(n, bool) and n >= 1 for n in hosts.values()):
            table.wrong("hosts", "a number of slots a host, as in {node1 = 4, node2 = 4}")
    total = sum(hosts.values()) if hosts else slots or ranks
    if ranks > total:
        table.fail(
            "ranks_per_trial",
            f"a trial of {ranks} ranks needs {ranks} slots, but there {'is' if total == 1 else 'are'} {total}; "
            f"raise {'hosts' if hosts else 'slots'} or lower ranks_per_trial",
        )
    retries = table.integer("retries", default=1)
    grace_seconds = table.positive_number("grace_seconds", 60.0)
    assert retries is not None and grace_seconds is not None
    options = RunOptions(
        ranks_per_trial=ranks,
        slots=total,
        hosts=hosts,
        threads=table.integer("threads", at_least=1),
        gpus=table.integer("gpus"),
        mpirun=tuple(table.texts("mpirun")),
        retries=retries,
        grace_seconds=grace_seconds,
    )
    table.finish()
    return options


def threads_per_rank(run: RunOptions) -> int:
    """Hosts are taken to be alike, this one among them."""
    if run.threads is not None:
        return run.threads
    slots = max(run.hosts.values()) if run.hosts else run.slots
    return max(1, math.floor((os.cpu_count() or 1) / slots))
