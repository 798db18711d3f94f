"""The space of a sweep: which keys of the recipe vary, over what, and on which condition.

[space]
"training.learning_rate" = {log_uniform = [1e-6, 1e-4]}
"training.warmup_ratio" = {uniform = [0.0, 0.2], step = 0.05}
"training.per_device_train_batch_size" = {integer = [4, 16], step = 4}
"loss.weighting_scheme" = {choice = ["NDCGLoss2PP", "LambdaRank"]}
"loss.sigma" = {uniform = [0.5, 2.0], when = {"loss.weighting_scheme" = "LambdaRank"}}
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    distribution_to_json,
)
from optuna.trial import Trial

from launch.sweep.errors import BadInput
from launch.sweep.names import unknown_name
from launch.sweep.table import Table, is_integer, is_number

Value = bool | int | float | str

KINDS = ["choice", "uniform", "log_uniform", "integer"]


@dataclass(frozen=True)
class Parameter:
    key: str  # of the recipe: "training.learning_rate"
    distribution: BaseDistribution
    # It is there only where each of these choices has one of these values.
    when: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)

    def applies(self, chosen: Mapping[str, Value]) -> bool:
        # A choice that does not apply itself has no value. True is not 1 here.
        return all(key in chosen and _holds(values, chosen[key]) for key, values in self.when.items())

    def extremes(self) -> list[Value]:
        """The values that show whether all of them are possible: both ends of a range, every choice."""
        distribution = self.distribution
        if isinstance(distribution, CategoricalDistribution):
            return [value for value in distribution.choices if value is not None]
        assert isinstance(distribution, FloatDistribution | IntDistribution)
        return list(dict.fromkeys([distribution.low, distribution.high]))

    def grid(self) -> list[Value]:
        """Every value, of a choice or of a range with a step. Throws BadInput where there is no end to them."""
        distribution = self.distribution
        if isinstance(distribution, FloatDistribution):
            if distribution.step is None:
                raise BadInput(
                    f"[space] {self.key}: a grid needs a finite number of values; use choice, or give a step"
                )
            count = round((distribution.high - distribution.low) / distribution.step) + 1
            # As optuna's GridSampler compares them: the sum, not what repeated addition gives; 3 x 0.1 is above 0.3.
            return [min(distribution.low + i * distribution.step, distribution.high) for i in range(count)]
        if isinstance(distribution, IntDistribution):
            return list(range(distribution.low, distribution.high + 1, distribution.step))
        return self.extremes()

    def suggest(self, trial: Trial) -> Value:
        distribution = self.distribution
        if isinstance(distribution, FloatDistribution):
            return trial.suggest_float(
                self.key, distribution.low, distribution.high, step=distribution.step, log=distribution.log
            )
        if isinstance(distribution, IntDistribution):
            return trial.suggest_int(
                self.key, distribution.low, distribution.high, step=distribution.step, log=distribution.log
            )
        assert isinstance(distribution, CategoricalDistribution)
        value: Value = trial.suggest_categorical(self.key, distribution.choices)  # type: ignore[assignment]
        return value

    def to_json(self) -> dict[str, Any]:
        return {
            "distribution": distribution_to_json(self.distribution),
            "when": {k: list(v) for k, v in self.when.items()},
        }


@dataclass(frozen=True)
class Space:
    """Parameters in an order in which each comes after those that it depends on."""

    parameters: tuple[Parameter, ...]

    def check_enqueued(self, values: Mapping[str, Any]) -> None:
        """Throws ValueError on what the space does not have; Optuna would pass over it, or take a wrong number."""
        for key, value in values.items():
            if key not in self.keys:
                raise ValueError(unknown_name("parameter", key, self.keys))
            distribution = self[key].distribution
            try:
                is_possible = distribution._contains(distribution.to_internal_repr(value))
            except (ValueError, TypeError):
                is_possible = False
            if not is_possible:
                raise ValueError(f"{key}: {value!r} is not among the values of the space, {distribution}")

    def suggest(self, trial: Trial) -> dict[str, Value]:
        """The values that the sampler proposes for a trial; those that the trial has already stay."""
        chosen: dict[str, Value] = {}
        for parameter in self.parameters:
            if parameter.applies(chosen):
                chosen[parameter.key] = parameter.suggest(trial)
        return chosen

    def probes(self) -> Iterator[dict[str, Value]]:
        """Settings that together have every parameter at each of its extremes."""
        seen: list[dict[str, Value]] = []
        rounds = max(len(parameter.extremes()) for parameter in self.parameters)
        for shift in range(rounds):
            probe = self._probe({}, shift)
            seen.append(probe)
            yield probe
        for parameter in self.parameters:
            for value in parameter.extremes():
                if any(parameter.key in probe and _same(probe[parameter.key], value) for probe in seen):
                    continue
                probe = self._probe(self._forced(parameter) | {parameter.key: value}, 0)
                seen.append(probe)
                yield probe

    def _probe(self, forced: dict[str, Value], shift: int) -> dict[str, Value]:
        chosen: dict[str, Value] = {}
        for parameter in self.parameters:
            extremes = parameter.extremes()
            if parameter.applies(chosen):
                chosen[parameter.key] = forced.get(parameter.key, extremes[shift % len(extremes)])
        return chosen

    def _forced(self, parameter: Parameter) -> dict[str, Value]:
        """The choices under which a parameter applies."""
        forced: dict[str, Value] = {}
        for key, values in parameter.when.items():
            forced |= self._forced(self[key]) | {key: values[0]}
        return forced

    def __getitem__(self, key: str) -> Parameter:
        return next(parameter for parameter in self.parameters if parameter.key == key)

    @property
    def keys(self) -> list[str]:
        return [parameter.key for parameter in self.parameters]

    def to_json(self) -> dict[str, Any]:
        """Equal for equal spaces, in whatever order they were written."""
        return {parameter.key: parameter.to_json() for parameter in sorted(self.parameters, key=lambda p: p.key)}


def parse_space(table: Table) -> Space:
    if not table.values:
        raise BadInput(
            f"{table.place.rstrip()}: the space is empty: there is nothing to vary; "
            'as in "training.learning_rate" = {log_uniform = [1e-6, 1e-4]}'
        )
    parameters = {key: _parse_parameter(table, key) for key in table.values}
    for parameter in parameters.values():
        _check_condition(table, parameter, parameters)
    return Space(tuple(_in_order(table, parameters)))


def _holds(values: tuple[Value, ...], value: Value) -> bool:
    return any(_same(value, other) for other in values)


def _same(a: Value, b: Value) -> bool:
    return a == b and isinstance(a, bool) == isinstance(b, bool)


def _parse_parameter(table: Table, key: str) -> Parameter:
    if not isinstance(table.get(key), dict):
        table.wrong(key, "a table such as {uniform = [0.0, 0.2]} or {choice = [...]}")
    if "." not in key:
        table.fail(key, 'expected section.key in quotes, as in "training.learning_rate"')
    entry = Table(table.values[key], f"{table.place}{key}: ")
    kinds = [kind for kind in KINDS if kind in entry.values]
    if len(kinds) != 1:
        for other in entry.values:
            if other not in [*KINDS, "step", "log", "when"]:
                table.fail(key, unknown_name("key", other, [*KINDS, "step", "log", "when"]))
        table.fail(key, f"expected one of {', '.join(KINDS)}, got {' and '.join(kinds) or 'none of them'}")
    distribution = PARSERS[kinds[0]](entry)
    when = {k: tuple(v) if isinstance(v, list) else (v,) for k, v in entry.table("when").items()}
    entry.finish()
    return Parameter(key, distribution, when)


def _parse_choice(entry: Table) -> BaseDistribution:
    values = entry.get("choice")
    if not isinstance(values, list) or not values or not all(isinstance(v, bool | int | float | str) for v in values):
        entry.wrong("choice", "a list of texts, numbers or booleans, one at least")
    for i, value in enumerate(values):
        if _holds(tuple(values[:i]), value):
            entry.fail("choice", f"{value!r} stands there twice")
    return CategoricalDistribution(values)


def _range(entry: Table, kind: str, is_right: Callable[[object], bool], expected: str) -> list[Any]:
    ends = entry.get(kind)
    if not isinstance(ends, list) or len(ends) != 2 or not all(is_right(end) for end in ends):
        entry.wrong(kind, f"{expected}, [low, high]")
    if not all(math.isfinite(end) for end in ends):
        entry.wrong(kind, "finite ends")
    low, high = ends
    if low > high:
        entry.fail(kind, f"the range [{low}, {high}] is upside down; write [{high}, {low}]")
    if low == high:
        entry.fail(kind, f"the range [{low}, {high}] holds one value; write it into [set]")
    return ends


def _check_step(entry: Table, kind: str, low: float, high: float, step: float) -> None:
    steps = (high - low) / step
    if abs(steps - round(steps)) > 1e-6 * max(1.0, steps):
        entry.fail(
            "step", f"{step} does not lead from {low} to {high}; the last step before it is {low + int(steps) * step}"
        )
    if round(steps) == 0:
        entry.fail("step", f"{step} is more than the range of {kind}")


def _parse_uniform(entry: Table) -> BaseDistribution:
    low, high = map(float, _range(entry, "uniform", is_number, "two numbers"))
    step = entry.positive_number("step")
    if step is not None:
        _check_step(entry, "uniform", low, high, step)
    return FloatDistribution(low, high, step=step)


def _parse_log_uniform(entry: Table) -> BaseDistribution:
    low, high = map(float, _range(entry, "log_uniform", is_number, "two numbers > 0"))
    if low <= 0:
        entry.wrong("log_uniform", "two numbers > 0, [low, high]")
    if "step" in entry.values:
        entry.get("step")
        entry.fail("step", "a logarithmic range has none; use choice for single values")
    return FloatDistribution(low, high, log=True)


def _parse_integer(entry: Table) -> BaseDistribution:
    low, high = _range(entry, "integer", is_integer, "two integers")
    step = entry.integer("step", default=1, at_least=1)
    assert step is not None
    log = entry.get("log") or False
    if not isinstance(log, bool):
        entry.wrong("log", "true or false")
    if log and (low <= 0 or step != 1):
        entry.fail("log", "a logarithmic range starts above 0 and has no step")
    _check_step(entry, "integer", low, high, step)
    return IntDistribution(low, high, step=step, log=log)


PARSERS: dict[str, Callable[[Table], BaseDistribution]] = {
    "choice": _parse_choice,
    "uniform": _parse_uniform,
    "log_uniform": _parse_log_uniform,
    "integer": _parse_integer,
}


def _check_condition(table: Table, parameter: Parameter, parameters: dict[str, Parameter]) -> None:
    for key, values in parameter.when.items():
        place = f"{parameter.key}: when"
        if key not in parameters:
            table.fail(place, unknown_name("parameter", key, [k for k in parameters if k != parameter.key]))
        distribution = parameters[key].distribution
        if not isinstance(distribution, CategoricalDistribution):
            table.fail(place, f"'{key}' is a range; a condition needs a choice")
        if not values:
            table.fail(place, f"'{key}' has no value; the parameter would never apply")
        for value in values:
            if not _holds(tuple(parameters[key].extremes()), value):
                known = ", ".join(map(repr, distribution.choices))
                table.fail(place, f"{value!r} is not among the choices of '{key}': {known}")


def _in_order(table: Table, parameters: dict[str, Parameter]) -> list[Parameter]:
    """As they were written, except that a condition comes before what depends on it."""
    ordered: dict[str, Parameter] = {}
    waiting = dict(parameters)
    while waiting:
        ready = [parameter for parameter in waiting.values() if all(key in ordered for key in parameter.when)]
        if not ready:
            first = next(iter(waiting))
            table.fail(f"{first}: when", f"the conditions go in a circle: {', '.join(waiting)}")
        ordered[ready[0].key] = waiting.pop(ready[0].key)
    return list(ordered.values())
