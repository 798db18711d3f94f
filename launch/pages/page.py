"""A page of headings, texts, tables and plotly figures in one HTML file that needs nothing else.

    page = Page("Runs of today")
    page.text("Two runs.")
    page.table(["run", "loss"], [["first", 0.31], ["second", None]])
    page.figure(plotly.graph_objects.Figure(...), "training loss by step")
    with page.folded("Parameters"):
        page.table(["name", "value"], [["seed", 12]])
    page.write(Path("report.html"))

Texts are escaped; only what plotly draws (names of traces, titles, hover texts) knows a few tags: there a user's
text goes through `plotly_text`. plotly.js stands in the file, the policy in its head forbids every connection, and
the colours of texts and grids follow the reader's light or dark scheme. Figures that follow each other stand side
by side where there is room.
"""

import contextlib
import html
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import plotly.graph_objects
import plotly.io
import plotly.offline

from launch.atomic_write import write_atomically

# Told apart by people who do not see all colours (Okabe and Ito 2008), on white and on black.
COLOURS = ("#0072b2", "#e0700d", "#009e73", "#cc79a7", "#56b4e9", "#b8860b", "#8a63d2", "#7f8c8d")

Cell: TypeAlias = str | int | float | None

_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
      content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:">
<title>{title}</title>
<style>
{style}
</style>
<script>
{plotly}
</script>
</head>
<body>
<h1>{title}</h1>
{body}
<script>
{script}
</script>
</body>
</html>
"""

# Plotly writes its colours into each element; only !important is stronger. Paper is always light.
_STYLE = """
:root { color-scheme: light dark; --text: #1f2328; --line: #d1d9e0; --back: #fff; --stripe: #f6f8fa;
        --warn: #9a6700; }
@media screen and (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --line: #3d444d; --back: #0d1117; --stripe: #151b23; --warn: #d29922; }
}
body { max-width: 76rem; margin: 0 auto; padding: 1rem; color: var(--text); background: var(--back);
       font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2rem; }
h1, h2 { border-bottom: 1px solid var(--line); padding-bottom: .2rem; }
.warning { border-left: 4px solid var(--warn); padding-left: .7rem; }
.table { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: 14px; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top;
         overflow-wrap: break-word; max-width: 36rem; }
td:not(.number) { min-width: 4rem; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
tbody tr:nth-child(even) { background: var(--stripe); }
summary { cursor: pointer; font-weight: 600; margin: .6rem 0; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 28rem), 1fr)); gap: 1rem; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figcaption { font-size: 14px; font-weight: 600; }
svg.main-svg { background: transparent !important; }
.infolayer text, .xaxislayer-above text, .yaxislayer-above text, .cartesianlayer text { fill: var(--text) !important; }
.gridlayer path, .zerolinelayer path { stroke: var(--line) !important; }
@media print {
  body { max-width: none; padding: 0; font-size: 11px; }
  .table { overflow: visible; } table { font-size: 9px; } pre { white-space: pre-wrap; }
  th, td { padding: 2px 4px; overflow-wrap: anywhere; } td:not(.number) { min-width: 0; }
}
"""

# A figure gets its width when its place has one: not while the page is read, nor in a closed fold.
_SCRIPT = """
const observer = new ResizeObserver(entries => {
  for (const {target} of entries)
    if (target.offsetWidth) Plotly.Plots.resize(target.querySelector('.js-plotly-plot'));
});
for (const figure of document.querySelectorAll('figure')) observer.observe(figure);
"""

_LAYOUT = plotly.graph_objects.Layout(
    colorway=COLOURS,
    paper_bgcolor="rgba(0,0,0,0)",
    plot_bgcolor="rgba(0,0,0,0)",
    font={"family": "system-ui, sans-serif", "size": 12},
    margin={"l": 60, "r": 15, "t": 10, "b": 45},
    legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    xaxis={"automargin": True, "gridcolor": "#d1d9e0", "zeroline": False, "title": {"standoff": 8}},
    yaxis={"automargin": True, "gridcolor": "#d1d9e0", "zeroline": False, "title": {"standoff": 8}},
    hoverlabel={"namelength": -1},
)

_CONFIG = {"responsive": True, "displayModeBar": False}  # the bar hides legends on a narrow screen


def plotly_text(text: str) -> str:
    """A user's text as plotly shows it: without it <b> or <a href="..."> were read as tags. Plotly knows no &quot;."""
    return html.escape(text, quote=False)


def format_cell(cell: Cell) -> str:
    """A figure with as many digits as tell something; what is not there is a dash."""
    if cell is None:
        return "\N{EN DASH}"
    return f"{cell:.5g}" if isinstance(cell, float) else str(cell)


class Page:
    """What is added stands on the page in the same order."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._parts: list[str] = []
        self._figures: list[str] = []  # in a row; they are not on the page yet
        self._num_figures = 0

    def heading(self, text: str) -> None:
        self._add(f"<h2>{html.escape(text)}</h2>")

    def text(self, text: str) -> None:
        """A paragraph."""
        self._add(f"<p>{html.escape(text)}</p>")

    def warning(self, text: str) -> None:
        """A paragraph that strikes the eye."""
        self._add(f'<p class="warning">{html.escape(text)}</p>')

    def preformatted(self, text: str) -> None:
        """Lines as they are, such as a recipe."""
        self._add(f'<div class="table"><pre>{html.escape(text)}</pre></div>')

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        """Numbers stand on the right, with five digits if they are no integers; None is a dash."""
        numeric = [bool(rows) and all(_is_numeric(row[i]) for row in rows) for i in range(len(columns))]
        head = _row("th", columns, numeric)
        body = "\n".join(_row("td", row, numeric) for row in rows)
        self._add(f'<div class="table"><table>\n<thead>{head}</thead>\n<tbody>\n{body}\n</tbody>\n</table></div>')

    def figure(self, figure: plotly.graph_objects.Figure, caption: str = "", height: int = 340) -> None:
        """A copy of the figure in the page's looks; `height` in pixels. The n-th one of a page is #figure-n."""
        styled = plotly.graph_objects.Figure(figure)
        styled.update_layout(template={"layout": _LAYOUT}, height=height)
        self._num_figures += 1
        drawn = plotly.io.to_html(
            styled,
            full_html=False,
            include_plotlyjs=False,
            config=_CONFIG,
            div_id=f"figure-{self._num_figures}",
        )
        above = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
        self._figures.append(f"<figure>{above}{drawn}</figure>")

    @contextlib.contextmanager
    def folded(self, title: str) -> Iterator[None]:
        """What is added inside is shown when the reader opens it."""
        self._add(f"<details><summary>{html.escape(title)}</summary>")
        yield
        self._add("</details>")

    def html(self) -> str:
        self._lay_out_figures()
        return _HEAD.format(
            title=html.escape(self._title),
            style=_STYLE.strip(),
            plotly=plotly.offline.get_plotlyjs(),
            body="\n".join(self._parts),
            script=_SCRIPT.strip(),
        )

    def write(self, path: Path) -> None:
        """A reader finds the old page or the whole new one, never a part. Throws OSError."""
        write_atomically(path, self.html())

    def _add(self, part: str) -> None:
        self._lay_out_figures()
        self._parts.append(part)

    def _lay_out_figures(self) -> None:
        if self._figures:
            self._parts.append('<div class="figures">\n' + "\n".join(self._figures) + "\n</div>")
            self._figures = []


def _is_numeric(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, int | float) and not isinstance(cell, bool))


def _row(tag: str, cells: Sequence[Cell], numeric: Sequence[bool]) -> str:
    columns = zip(cells, numeric, strict=True)
    opening = {True: f'<{tag} class="number">', False: f"<{tag}>"}
    return "<tr>" + "".join(f"{opening[is_number]}{html.escape(format_cell(c))}" for c, is_number in columns) + "</tr>"
