"""A run that is evaluated on labelled pairs beside NanoBEIR."""

import json
import subprocess

import pytest

from runs import BIN, read_history, run_training, train, write_recipe

NANO = "eval_NanoBEIR_R10_mean_ndcg@10"


@pytest.fixture(scope="module")
def pairs_file(wordnet):
    rows = [json.loads(line) for line in (wordnet / "train.jsonl").read_text().splitlines()[:12]]
    path = wordnet / "usage.tsv"
    lines = ["query\tdocument\tlabel"]
    for row in rows:
        lines += [f"{row['query']}\t{text}\t{label}" for text, label in zip(row["docs"][:5], row["labels"])]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def sections(small_recipe, wordnet, pairs_file):
    sections = small_recipe(
        2,
        max_steps=4,
        eval_strategy="steps",
        eval_steps=2,
        save_strategy="steps",
        save_steps=2,
        load_best_model_at_end=True,
        metric_for_best_model="usage_spearman",
    )
    sections["evaluation"] = {
        "nano_beir": wordnet / "nano",
        "dataset_names": ["noun"],
        "rerank_k": 10,
        "correlation": pairs_file,
        "classification": pairs_file,
    }
    return sections


@pytest.fixture(scope="module")
def run_folder(sections, tmp_path_factory):
    return train(tmp_path_factory.mktemp("pairs"), 2, **sections)


def evaluations(folder):
    return [row for row in read_history(folder) if NANO in row]


def test_every_evaluator_reports_and_nano_beir_is_the_score(run_folder):
    rows = evaluations(run_folder)
    assert [row["step"] for row in rows] == [2, 4]
    for row in rows:
        assert -1 <= row["eval_usage_spearman"] <= 1
        assert 0 <= row["eval_usage_accuracy_threshold"] <= 1  # of a sigmoid
        assert row["eval_sequential_score"] == row[NANO]


def test_each_appends_to_its_own_csv_file(run_folder):
    names = {path.name for path in (run_folder / "eval").glob("*.csv")}
    assert names == {
        "CrossEncoderCorrelationEvaluator_usage_results.csv",
        "CrossEncoderClassificationEvaluator_usage_results.csv",
        "CrossEncoderRerankingEvaluator_noun_R10_results_@10.csv",
        "NanoBEIR_evaluation_mean_results.csv",
    }
    assert all(len((run_folder / "eval" / name).read_text().splitlines()) == 3 for name in names)


def test_a_metric_of_pairs_can_pick_the_best_model(run_folder, pairs_file, run_program):
    best = max(evaluations(run_folder), key=lambda row: row["eval_usage_spearman"])
    state = json.loads((run_folder / "trainer_state.json").read_text())
    assert state["best_metric"] == best["eval_usage_spearman"]
    for kind in ("correlation", "classification"):
        printed = run_program("lambdaforge", "evaluate", run_folder / "final", f"--{kind}", pairs_file, "--json")
        figures = json.loads(printed)
        assert figures == pytest.approx({name: best["eval_" + name] for name in figures}, abs=1e-6)


@pytest.mark.parametrize(
    ("section", "key", "value", "complaint"),
    [
        ("training", "metric_for_best_model", "usage_spearmen", "did you mean 'eval_usage_spearman'"),
        ("evaluation", "correlation", "no/such.tsv", "'no/such.tsv': there is no such file"),
        ("evaluation", "correlation", "{folder}/pairs.csv", "pairs.csv: unknown kind of file"),
    ],
)
def test_a_slip_ends_the_run_before_it_starts(sections, tmp_path, section, key, value, complaint):
    (tmp_path / "pairs.csv").touch()
    changed = sections | {section: sections[section] | {key: value.format(folder=tmp_path)}}
    done = run_training(write_recipe(tmp_path / "bad.toml", run={"output_dir": tmp_path / "runs"}, **changed))
    assert done.returncode != 0 and complaint in done.stderr
    assert not list((tmp_path / "runs").glob("**/trainer_state.json"))


def test_labels_that_are_no_classes(run_folder, tmp_path):
    path = tmp_path / "graded.tsv"
    path.write_text("query\tdocument\tlabel\na\tx\t0\na\ty\t2\n")
    command = [BIN / "lambdaforge", "evaluate", run_folder / "final", "--classification", path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0
    assert "'graded': label 2 of pair 1 (from 0) is no class" in done.stderr
