"""`lambdaforge compare` as a user starts it."""

import json
import subprocess

import pytest

from runs import BIN, environment


def run_file(path, **metrics):
    """A file of per-query values: metric -> the values of q1, q2, ..."""
    rows = [f"{metric},q{i},{value}" for metric, values in metrics.items() for i, value in enumerate(values, 1)]
    path.write_text("\n".join(["metric,query,value", *rows]) + "\n")
    return path


def compare(*arguments, env=None):
    command = [BIN / "lambdaforge", "compare", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=env)


@pytest.fixture
def runs(tmp_path):
    """Eight queries on which b is better by 1/8 to 1, and two of which one changes."""
    a = run_file(tmp_path / "a.csv", **{"noun_R10_map": [0] * 8, "noun_R10_base_map": [0], "verb_R10_map": [0.5, 0.5]})
    better = [i / 8 for i in range(1, 9)]
    b = run_file(tmp_path / "b.csv", **{"noun_R10_map": better, "noun_R10_base_map": [0], "verb_R10_map": [0.5, 0.25]})
    return a, b


def test_the_table_says_what_holds(runs):
    done = compare(*runs, "--metric", "map")
    assert done.returncode == 0, done.stderr
    head, rows, verdict = done.stdout.split("\n\n")
    assert head.split() == ["A:", str(runs[0]), "B:", str(runs[1])]
    titles, noun, verb = rows.splitlines()
    assert titles.split() == "map queries A B B - A 95% interval p (t) p (rand.) p (Holm) win/tie/loss".split()
    assert noun.split()[:5] == ["noun_R10", "8", "0.0000", "0.5625", "+0.5625"]
    # All eight for b: 2 of 2^8 choices of signs are as far out; the one of verb is always.
    assert noun.split()[-3:] == [f"{2 / 2**8:.4f}", f"{2 * 2 / 2**8:.4f}", "8/0/0"]
    assert verb.split()[-3:] == ["1.0000", "1.0000", "0/1/1"]
    assert verdict == "  Holds at 0.05 after Holm's correction: noun_R10 (B is better).\n"


def test_the_other_way_round_a_is_better(runs):
    assert "noun_R10 (A is better)" in compare(*reversed(runs), "--metric", "map").stdout


def test_a_run_and_itself_do_not_differ(runs):
    assert "No difference holds at 0.05" in compare(runs[0], runs[0], "--metric", "map").stdout


def test_run_files_are_evaluated_first(tmp_path):
    (tmp_path / "sport.qrels").write_text("".join(f"q{i} 0 good 1\n" for i in range(6)))
    for name, first in (("a", "bad"), ("b", "good")):
        second = "bad" if first == "good" else "good"
        lines = [f"q{i} Q0 {first} 1 2.0 x\nq{i} Q0 {second} 2 1.0 x\n" for i in range(6)]
        (tmp_path / name).write_text("".join(lines))
    done = compare(tmp_path / "a", tmp_path / "b", "--qrels", tmp_path / "sport.qrels", "--metric", "mrr", "--json")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["data_sets"]
    assert (row["data_set"], row["queries"], row["mean_a"], row["mean_b"]) == ("sport", 6, 0.5, 1.0)
    assert row["randomisation_test"]["p_value"] == 2 / 2**6
    folder = compare(tmp_path, tmp_path / "b", "--qrels", tmp_path / "sport.qrels")
    assert folder.returncode == 1 and "give run files in TREC's format" in folder.stderr


def test_a_data_set_may_be_called_like_a_first_stage(tmp_path):
    run = run_file(tmp_path / "a.csv", x_base_map=[0.5, 0.25], x_base_base_map=[0, 0])
    done = compare(run, run, "--metric", "map", "--json")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["data_sets"]
    assert (row["data_set"], row["mean_a"]) == ("x_base", 0.375)
    (tmp_path / "x_base.qrels").write_text("q1 0 d1 1\n")
    (tmp_path / "run").write_text("q1 Q0 d1 1 2.0 x\n")
    done = compare(tmp_path / "run", tmp_path / "run", "--qrels", tmp_path / "x_base.qrels", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["data_sets"][0]["data_set"] == "x_base"


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["a.csv", "b.csv", "--metric", "mapp"], "unknown metric 'mapp'; did you mean 'map'?"),
        (["a.csv", "missing.csv"], "missing.csv: No such file or directory"),
        (["a.csv", "."], "holds neither per_query.csv"),
        (["a.csv", "fewer.csv", "--metric", "map"], "1 of 8 noun_R10 queries of"),
    ],
)
def test_mistakes_are_named(runs, tmp_path, arguments, message):
    rows = runs[1].read_text().splitlines(keepends=True)
    (tmp_path / "fewer.csv").write_text("".join(row for row in rows if not row.startswith("noun_R10_map,q8,")))
    done = compare(*[tmp_path / part if "." in part else part for part in arguments])
    assert done.returncode == 1 and not done.stdout
    assert message in done.stderr


def test_it_needs_no_large_library(runs):
    done = compare(*runs, "--metric", "map", env=environment() | {"LD_DEBUG": "libs"})
    assert done.returncode == 0 and "lambdaforge-compare" in done.stderr
    assert not any(library in done.stderr for library in ("libtorch", "libarrow", "libparquet"))
