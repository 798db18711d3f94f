"""lambdaforge report: figures hold what the runs' files hold, and a real browser draws them, alone."""

import html
import json
import re
import subprocess
import sys

import h5py
import pytest

from browser import rendered
from runs import BIN, ROOT, environment, started, train, train_command, wait_for, write_recipe

sys.path.insert(0, str(ROOT))

METRIC = "eval_NanoBEIR_R3_mean_ndcg@10"
SHORT = METRIC.removeprefix("eval_")
LABEL = "test/a <b>&amp; 'c'"  # a run's name, with all that could be taken for HTML
NAME = LABEL.removeprefix("test/")


def report(folder, *runs, output="report.html"):
    command = [BIN / "lambdaforge", "report", *runs, "--folder", "runs", "--output", output]
    return subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def folder(small_recipe, wordnet, tmp_path_factory):
    """runs/test: one that ended well, a damaged one, and one that goes on until `unfinished` has seen it."""
    base = tmp_path_factory.mktemp("report")
    sections = small_recipe(max_steps=6, eval_strategy="steps", eval_steps=2, eval_on_start=True)
    sections["evaluation"] = {"nano_beir": wordnet / "nano", "dataset_names": ["noun"], "rerank_k": 3}
    train(base, name=NAME, **sections)
    (base / "runs/test/damaged").mkdir()
    whole = (base / "runs/test" / NAME / "run.h5").read_bytes()
    (base / "runs/test/damaged/run.h5").write_bytes(whole[:1000] + b"\xff" * 3000 + whole[4000:9000])
    sections["run"] = {"project": "test", "name": "long", "output_dir": base / "runs"}
    sections["training"] |= {"max_steps": 100_000, "learning_rate": 2e-5, "eval_strategy": "no"}
    write_recipe(base / "long.toml", **sections)
    return base


@pytest.fixture(scope="module")
def page(folder):
    done = report(folder, LABEL)
    assert (done.returncode, done.stdout) == (0, "report.html\n"), done.stderr
    return (folder / "report.html").read_text()


def figures_of(page):
    """{caption: traces} of what the page gives to plotly."""
    decoder, figures = json.JSONDecoder(), {}
    for figure in re.findall(r"<figure>(.*?)</figure>", page, re.DOTALL):
        caption = html.unescape(re.search("<figcaption>(.*?)</figcaption>", figure)[1])
        data = re.search(r'Plotly\.newPlot\(\s*"figure-\d+",\s*', figure)
        figures[caption], _ = decoder.raw_decode(figure, data.end())
    return figures


class Store:
    """A run's file without our code."""

    def __init__(self, path):
        with h5py.File(path, "r") as file:
            self.names = [name.decode() for name in file["series"][:]]
            self.scalars, self.energy = file["scalars"][:], file["energy"][:]

    def series(self, name):
        rows = self.scalars[self.scalars["series"] == self.names.index(name)]
        return rows["step"].tolist(), rows["value"].tolist()


@pytest.fixture(scope="module")
def store(folder):
    return Store(folder / "runs/test" / NAME / "run.h5")


def test_curves_are_those_of_the_store(page, store):
    figures = figures_of(page)
    for caption, name in {
        "Training loss": "loss",
        "Learning rate": "learning_rate",
        "Gradient norm, before clipping": "grad_norm",
        "Tokens a second": "tokens_per_second",
        "loss by step": "eval_loss",
    }.items():
        (trace,) = figures[caption]
        assert (trace["x"], trace["y"]) == store.series(name), caption
        assert html.unescape(trace["name"]) == LABEL


def test_quality_stands_against_energy_and_time_with_the_best_marked(page, store, folder):
    figures = figures_of(page)
    steps, values = store.series(METRIC)
    assert steps == [0, 2, 4, 6]
    state = json.loads((folder / "runs/test" / NAME / "trainer_state.json").read_text())
    best = steps.index(state["best_global_step"])
    places = {
        f"{SHORT} by step; a star marks the best": steps,
        f"{SHORT} against energy": store.series("eval_energy_kwh")[1],
    }
    for caption, expected in places.items():
        line, star = figures[caption]
        assert (line["x"], line["y"], line["customdata"]) == (expected, values, steps)
        assert (star["x"], star["y"]) == ([expected[best]], [state["best_metric"]])
    line, _ = figures[f"{SHORT} against time"]
    times = store.scalars[store.scalars["series"] == store.names.index(METRIC)]["time"]
    assert [x - line["x"][0] for x in line["x"]] == pytest.approx((times - times[0]).tolist(), abs=1e-5)
    assert 0 < line["x"][0] < line["x"][-1]


def test_energy_is_split_by_phase_and_device(page, store):
    figures = figures_of(page)
    last = store.energy[-1]
    bars = {trace["name"]: trace["x"] for trace in figures["Energy by phase"]}
    assert bars == {name: [last[f"{name}_kwh"]] for name in ("training", "evaluation", "checkpoint", "idle")}
    bars = {trace["name"]: trace["x"] for trace in figures["Energy by device"]}
    assert bars == {name: [last[f"{name.lower()}_kwh"]] for name in ("CPU", "GPU", "memory")}
    (line,) = figures["Energy consumed"]
    assert line["y"] == (store.energy["cpu_kwh"] + store.energy["gpu_kwh"] + store.energy["memory_kwh"]).tolist()


def test_texts_of_users_are_no_html(page):
    around_plotly = re.sub(r"<script>\n/\*\*.*?</script>", "", page, flags=re.DOTALL)
    assert len(around_plotly) < 1_000_000, "plotly.js was not cut out"
    assert LABEL not in around_plotly and html.escape(LABEL) in around_plotly


def figures_in(document):
    """{caption: HTML of the figure}"""
    figures = re.findall(r"<figcaption>(.*?)</figcaption>(.*?)</figure>", document, re.DOTALL)
    return {html.unescape(caption): figure for caption, figure in figures}


def is_drawn(document):
    figures = figures_in(document).values()
    return bool(figures) and all('class="main-svg"' in figure for figure in figures)


def drawn(folder, page):
    """What Chromium makes of the page's figures; fails on a word in its console."""
    document, said = rendered((folder / page).as_uri(), is_drawn)
    words = [line for line in said if "CONSOLE" in line]
    assert not words, words
    return figures_in(document)


def points_in(figure):
    return len(re.findall(r'class="point[ "]', figure))


def test_chromium_draws_every_point_and_asks_for_nothing(page, store, folder):
    # What the page may load is nothing at all; a breach would stand in the console.
    assert "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:" in page
    figures = drawn(folder, "report.html")
    evaluations = len(store.series(METRIC)[0])
    assert points_in(figures[f"{SHORT} against energy"]) == evaluations + 1  # and the star
    assert figures["Training loss"].count('class="js-line"') == 1
    line = re.search(r'class="js-line"[^>]* d="([^"]*)"', figures["Training loss"])[1]
    assert len(re.findall("[ML]", line)) >= 2
    assert points_in(figures["Energy by phase"]) == 4


def test_a_run_is_shown_while_it_trains_and_after_a_kill_beside_others(folder):
    file = folder / "runs/test/long/run.h5"
    with started(train_command(folder / "long.toml"), env=environment(), stdout=subprocess.DEVNULL):
        wait_for(lambda: file.exists() and len(figures_of_run(folder, "test/long").get("Training loss", [])) > 0)
        done = report(folder, LABEL, "test/long", "test/damaged", "test/lnog")
        running = (folder / "report.html").read_text()
    assert done.returncode == 1
    assert "runs/test/damaged/run.h5" in done.stderr and "did you mean 'test/long'?" in done.stderr
    assert "still training" in running and "Not shown: " in running and "test/damaged/run.h5" in running
    lines = figures_of(running)["Training loss"]
    assert [html.unescape(line["name"]) for line in lines] == [LABEL, "test/long"]
    assert lines[0]["line"]["color"] != lines[1]["line"]["color"]
    table = re.search(r"<thead>.*?</thead>", running, re.DOTALL)[0]
    assert "training.learning_rate" in table and "training.max_steps" in table and "training.seed" not in table

    assert report(folder, "test/long").returncode == 0
    assert "ended without a word" in (folder / "report.html").read_text()


def figures_of_run(folder, run):
    return (
        figures_of((folder / "one.html").read_text()) if report(folder, run, output="one.html").returncode == 0 else {}
    )


def test_slips_are_told(folder):
    assert report(folder).returncode == 2
    nothing = report(folder, "test/damaged", output="none.html")
    assert nothing.returncode == 1 and not (folder / "none.html").exists()
    nowhere = report(folder, LABEL, output="no/such/folder.html")
    assert nowhere.returncode == 1 and "cannot write no/such/folder.html" in nowhere.stderr


def test_a_long_run_is_thinned_out_to_its_end():
    from launch.pages.figures import MOST_POINTS, thinned
    from launch.pages.run_data import Point

    points = [Point(step, 0.0, 1.0) for step in range(10 * MOST_POINTS + 7)]
    kept = thinned(points)
    assert len(kept) <= MOST_POINTS + 1
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert thinned(points[:MOST_POINTS]) == points[:MOST_POINTS]
