"""A table of a TOML file, read key by key: what is missing, of a wrong type or unknown says so by its place."""

from typing import Any, NoReturn

from launch.sweep.errors import BadInput
from launch.sweep.names import unknown_name

TYPES: list[tuple[type, str]] = [
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (str, "text"),
    (list, "list"),
    (dict, "table"),
]


def describe(value: object) -> str:
    """-1 (integer)"""
    name = next((name for kind, name in TYPES if isinstance(value, kind)), type(value).__name__)
    return f"{value!r} ({name})"


def is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class Table:
    """`place` is what stands before a key in messages: "sweep.toml: [run] "."""

    def __init__(self, values: dict[str, Any], place: str) -> None:
        self.values = values
        self.place = place
        self.known: list[str] = []  # keys that were asked for

    def fail(self, key: str, message: str) -> NoReturn:
        raise BadInput(f"{self.place}{key}: {message}")

    def wrong(self, key: str, expected: str) -> NoReturn:
        self.fail(key, f"expected {expected}, got {describe(self.values[key])}")

    def get(self, key: str) -> Any:
        """The value as it stands, None where there is none."""
        self.known.append(key)
        return self.values.get(key)

    def text(self, key: str, default: str | None = None) -> str | None:
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, str) or not value:
            self.wrong(key, "a text")
        return value

    def integer(self, key: str, default: int | None = None, at_least: int = 0) -> int | None:
        value = self.get(key)
        if value is None:
            return default
        if not is_integer(value) or value < at_least:
            self.wrong(key, f"an integer >= {at_least}")
        return int(value)

    def positive_number(self, key: str, default: float | None = None) -> float | None:
        value = self.get(key)
        if value is None:
            return default
        if not is_number(value) or not 0 < value < float("inf"):
            self.wrong(key, "a number > 0")
        return float(value)

    def texts(self, key: str) -> list[str]:
        value = self.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(element, str) for element in value):
            self.wrong(key, "a list of texts")
        return list(value)

    def table(self, key: str) -> dict[str, Any]:
        value = self.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.wrong(key, "a table")
        return value

    def section(self, key: str) -> "Table":
        return Table(self.table(key), f"{self.place}[{key}] ")

    def rest(self) -> dict[str, Any]:
        """What has not been asked for."""
        return {key: value for key, value in self.values.items() if key not in self.known}

    def finish(self) -> None:
        """Nothing else may stand here."""
        for key in self.rest():
            self.fail(key, unknown_name("key", key, self.known))
