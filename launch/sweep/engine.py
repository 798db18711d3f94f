"""Optuna's samplers and pruners by their names, with their options."""

import inspect
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy
import optuna
from optuna.distributions import BaseDistribution
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from launch.sweep.best_so_far import judging_by_best
from launch.sweep.errors import BadInput
from launch.sweep.names import unknown_name
from launch.sweep.space import Space, Value
from launch.sweep.table import Table

warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
optuna.logging.set_verbosity(optuna.logging.WARNING)

SAMPLERS: dict[str, type[BaseSampler]] = {
    "TPE": optuna.samplers.TPESampler,
    "Grid": optuna.samplers.GridSampler,
    "Random": optuna.samplers.RandomSampler,
    "QMC": optuna.samplers.QMCSampler,
    "GP": optuna.samplers.GPSampler,
    "CmaEs": optuna.samplers.CmaEsSampler,
    "NSGAII": optuna.samplers.NSGAIISampler,
    "NSGAIII": optuna.samplers.NSGAIIISampler,
}

PRUNERS: dict[str, type[BasePruner]] = {
    "none": optuna.pruners.NopPruner,
    "SuccessiveHalving": optuna.pruners.SuccessiveHalvingPruner,
    "Hyperband": optuna.pruners.HyperbandPruner,
    "Median": optuna.pruners.MedianPruner,
    "Percentile": optuna.pruners.PercentilePruner,
    "Threshold": optuna.pruners.ThresholdPruner,
    "Wilcoxon": optuna.pruners.WilcoxonPruner,
}

OTHER_NAMES = {"ASHA": "SuccessiveHalving", "Nop": "none"}

# How a signature of Optuna's names what TOML can say; the others are objects and functions.
KINDS: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "dict": (dict,),
}


@dataclass(frozen=True)
class SamplerOptions:
    name: str
    seed: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    grid: Mapping[str, list[Value]] = field(default_factory=dict)  # of the grid sampler

    @property
    def points(self) -> int | None:
        """How many different trials there are; None: no end to them."""
        if not self.grid:
            return None
        count = 1
        for values in self.grid.values():
            count *= len(values)
        return count


@dataclass(frozen=True)
class PrunerOptions:
    name: str = "none"
    options: Mapping[str, Any] = field(default_factory=dict)


class SeededSampler(BaseSampler):
    """A sampler anew for each trial, its seed mixed with the trial's number.

    One that goes on with its own random numbers would propose the first trials again in each driver that
    is started with the same seed. What samplers learn is in the study, not in them.
    """

    def __init__(self, options: SamplerOptions) -> None:
        self.options = options
        self.inner = build_plain(options, trial=0)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        self.inner = build_plain(self.options, trial.number)
        self.inner.before_trial(study, trial)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self.inner.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self.inner.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self.inner.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Any) -> None:
        # The grid sampler would stop Study.optimize, which is not what runs here.
        if self.options.name != "Grid":
            self.inner.after_trial(study, trial, state, values)

    def reseed_rng(self) -> None:
        self.inner.reseed_rng()


def build_plain(options: SamplerOptions, trial: int) -> BaseSampler:
    """Optuna's sampler for the trial of this number."""
    arguments = dict(options.options)
    mixed = options.seed
    if mixed is not None:
        mixed = int(numpy.random.SeedSequence([mixed, trial]).generate_state(1)[0])
    arguments["seed"] = options.seed if options.name == "Grid" else mixed
    if options.name == "Grid":
        arguments["search_space"] = dict(options.grid)
    elif options.name == "QMC":
        # One sequence for all trials; and what is not in it, as where a condition holds, is drawn anew for each.
        arguments["seed"] = options.seed or 0
        arguments["independent_sampler"] = optuna.samplers.RandomSampler(mixed)
    return SAMPLERS[options.name](**arguments)


def build_sampler(options: SamplerOptions) -> BaseSampler:
    return SeededSampler(options)


def build_pruner(options: PrunerOptions) -> BasePruner:
    kind = PRUNERS[options.name]
    if options.name != "Wilcoxon":  # whose steps are queries
        kind = judging_by_best(kind)
    return kind(**options.options)


def parse_sampler(table: Table, space: Space) -> SamplerOptions:
    name = _known(table, table.text("name", "TPE") or "TPE", SAMPLERS, "Sampler")
    seed = table.integer("seed")
    options = _options(table, SAMPLERS[name], left_out=["seed", "search_space"])
    grid: dict[str, list[Value]] = {}
    if name == "Grid":
        for parameter in space.parameters:
            if parameter.when:
                table.fail("name", f"a grid has no conditions, but '{parameter.key}' has one; remove it, or take TPE")
            grid[parameter.key] = parameter.grid()
    sampler = SamplerOptions(name, seed, options, grid)
    _try(table, lambda: build_sampler(sampler))
    return sampler


def parse_pruner(table: Table, objectives: int) -> PrunerOptions:
    name = _known(table, table.text("name", "none") or "none", PRUNERS, "Pruner")
    if name != "none" and objectives > 1:
        table.fail("name", "Optuna prunes by one objective only; set it to 'none' or remove objective.second")
    pruner = PrunerOptions(name, _options(table, PRUNERS[name], left_out=[]))
    _try(table, lambda: build_pruner(pruner))
    return pruner


def _known(table: Table, name: str, known: Mapping[str, object], suffix: str) -> str:
    """ "TPE" and "TPESampler" are one."""
    short = name.removesuffix(suffix)
    short = OTHER_NAMES.get(short, short)
    if short not in known:
        others = [other for other, meant in OTHER_NAMES.items() if meant in known]
        table.fail("name", unknown_name(suffix.lower(), name, [*known, *others]))
    return short


def _options(table: Table, kind: type, left_out: list[str]) -> dict[str, Any]:
    parameters = inspect.signature(kind).parameters
    kinds = {name: _kinds_of(parameter) for name, parameter in parameters.items() if name not in left_out}
    known = [name for name, names in kinds.items() if names]
    options = table.rest()
    for key, value in options.items():
        if key not in known:
            table.fail(key, unknown_name("option", key, [*table.known, *known]))
        if not any(_is_of(value, name) for name in kinds[key]):
            table.wrong(key, " or ".join(kinds[key]))
    return options


def _kinds_of(parameter: inspect.Parameter) -> list[str]:
    """Of KINDS: of "int | None" int. None of "Callable[[int], int]", which no file can say."""
    text = str(parameter.annotation)
    words = re.findall(r"\w+", text)
    is_object = re.search(r"Callable|Base[A-Z]|FrozenTrial|ndarray", text)
    return [] if is_object else [name for name in KINDS if name in words]


def _is_of(value: object, kind: str) -> bool:
    return isinstance(value, KINDS[kind]) and (kind == "bool" or not isinstance(value, bool))


def _try(table: Table, build: Any) -> None:
    """What Optuna says of a value that it cannot take is said of the table."""
    try:
        build()
    except (ValueError, TypeError) as error:
        raise BadInput(f"{table.place.rstrip()}: {error}") from error
