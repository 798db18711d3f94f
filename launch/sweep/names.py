"""Names that nobody knows, and which one was meant: the messages of base/suggestion.h."""

from collections.abc import Iterable


def edit_distance(a: str, b: str) -> int:
    """Levenshtein's, with one row of memory."""
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, start=1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(b, start=1):
            substituted = diagonal + (letter != other)
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, substituted)
    return row[-1]


def unknown_name(kind: str, name: str, known: Iterable[str]) -> str:
    names = list(known)
    distances = {candidate: edit_distance(name, candidate) for candidate in names}
    nearest = min(distances, key=distances.__getitem__, default=None)
    near = nearest is not None and distances[nearest] <= max(2, len(name) // 3)
    meant = f"did you mean '{nearest}'? " if near else ""
    return f"unknown {kind} '{name}'; {meant}known: {', '.join(names)}"
