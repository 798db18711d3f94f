"""Tables for a terminal, as base/text_table.h and base/printable.h make them."""

from collections.abc import Sequence

from launch.sweep.results import Cell

# Turn the reading order, so that a line could show something else than it says.
BIDIRECTIONAL = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}


def printable(text: str) -> str:
    """What could steer a terminal or turn the reading order is shown as its escape."""
    return "".join(_escape(letter) if _is_unsafe(ord(letter)) else letter for letter in text)


def _is_unsafe(code: int) -> bool:
    return code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000 or code in BIDIRECTIONAL


def _escape(letter: str) -> str:
    return letter.encode("unicode_escape").decode()


def format_cell(cell: Cell) -> str:
    if cell is None:
        return "-"
    return f"{cell:.6g}" if isinstance(cell, float) else printable(str(cell))


def aligned(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[str]:
    """Lines with columns as wide as their widest cell, numbers on the right; no spaces at a line's end."""
    on_the_right = [all(_is_number(row[i]) for row in rows) for i in range(len(columns))]
    return _lay_out([columns, *rows], on_the_right)


def aligned_rows(rows: Sequence[Sequence[Cell]]) -> list[str]:
    """The same without names above the columns; all on the left."""
    return _lay_out(rows, [False] * len(rows[0]))


def _lay_out(rows: Sequence[Sequence[Cell]], on_the_right: Sequence[bool]) -> list[str]:
    cells = [[format_cell(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(map(_place, row, widths, on_the_right)).rstrip() for row in cells]


def _place(cell: str, width: int, on_the_right: bool) -> str:
    return cell.rjust(width) if on_the_right else cell.ljust(width)


def _is_number(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, int | float) and not isinstance(cell, bool))
