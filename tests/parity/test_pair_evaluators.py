"""The evaluators of labelled pairs against sentence-transformers': on given scores, and from the command line with a
real model.

    pytest tests/parity/test_pair_evaluators.py
"""

import json
import subprocess

import numpy as np
import pytest

from runs import BIN, environment

TOLERANCE = 1e-9
CASES = 300

# The peer divides by zero on scores that are all equal and on labels of one class.
pytestmark = [
    pytest.mark.filterwarnings("ignore:An input array is constant"),
    pytest.mark.filterwarnings("ignore:invalid value encountered"),
    pytest.mark.filterwarnings("ignore:No positive class found"),
]


class GivenScores:
    """As much of a CrossEncoder as its evaluators use: scores by the place that every pair carries."""

    def __init__(self, parts):
        self.parts = parts
        self.num_labels = parts[0]["num_labels"]
        self.model_card_data = self

    def set_evaluation_metrics(self, *_):
        pass

    def predict(self, pairs, **_):
        part = self.parts[int(pairs[0][0])]
        scores = np.array(part["scores"], dtype=np.float32)
        return scores if part["num_labels"] == 1 else scores.reshape(-1, part["num_labels"])


def peer_evaluator(parts):
    from sentence_transformers.cross_encoder.evaluation import (
        CrossEncoderClassificationEvaluator,
        CrossEncoderCorrelationEvaluator,
    )
    from sentence_transformers.sentence_transformer.evaluation import SequentialEvaluator

    evaluators = []
    for place, part in enumerate(parts):
        pairs = [[str(place), str(i)] for i in range(len(part["labels"]))]
        kind = (
            CrossEncoderCorrelationEvaluator if part["kind"] == "correlation" else CrossEncoderClassificationEvaluator
        )
        evaluators.append(kind(pairs, part["labels"], name=part["name"]))
    return evaluators[0] if len(evaluators) == 1 else SequentialEvaluator(evaluators)


def run_peer(parts, folder):
    evaluator = peer_evaluator(parts)
    model = GivenScores(parts)
    evaluator(model, str(folder), epoch=0.5, steps=500)
    metrics = evaluator(model, str(folder))
    return metrics, evaluator.primary_metric


# These are sums, which the peer adds up in another order: the last digits may differ. All else is the same bytes.
SUMS = {"Pearson_Correlation", "Spearman_Correlation", "Average_Precision", "Macro_F1", "Micro_F1", "Weighted_F1"}


def assert_same_csv(ours, theirs):
    names = sorted(path.name for path in theirs.iterdir())
    assert sorted(path.name for path in ours.iterdir()) == names
    for name in names:
        own_rows = (ours / name).read_bytes().decode().splitlines(keepends=True)
        other_rows = (theirs / name).read_bytes().decode().splitlines(keepends=True)
        assert len(own_rows) == len(other_rows) == 3
        assert own_rows[0] == other_rows[0]
        columns = own_rows[0].rstrip().split(",")
        for own_row, other_row in zip(own_rows[1:], other_rows[1:]):
            assert own_row.endswith("\r\n") and other_row.endswith("\r\n")
            cells = zip(columns, own_row.rstrip().split(","), other_row.rstrip().split(","), strict=True)
            for column, own, other in cells:
                if column in SUMS:
                    assert own == repr(float(own)) and float(own) == pytest.approx(float(other), abs=TOLERANCE)
                else:
                    assert own == other, column


@pytest.fixture
def compare(run_program, tmp_path):
    """compare(cases) holds figures, their names and the CSV files against the peer's."""

    def run(cases):
        printed = run_program("evaluate_pairs", tmp_path / "ours", input=json.dumps(cases))
        reports = json.loads(printed)
        assert len(reports) == len(cases)
        for number, (parts, report) in enumerate(zip(cases, reports)):
            folder = tmp_path / "theirs" / str(number)
            theirs, primary_metric = run_peer(parts, folder)
            assert report["primary_metric"] == primary_metric
            assert list(report["metrics"]) == report["metric_names"] == list(theirs)
            assert report["metrics"] == pytest.approx(theirs, abs=TOLERANCE, rel=TOLERANCE), parts
            assert_same_csv(tmp_path / "ours" / str(number), folder)

    return run


def random_scores(random, count):
    """float32; of a few levels, as a trained model gives them, or so near that half-way between two rounds."""
    levels = random.choice([2, 5, 1000])
    kind = random.choice(["tied", "sigmoid", "near"])
    if kind == "tied":
        scores = random.integers(0, levels, count) / levels
    elif kind == "sigmoid":
        scores = 1 / (1 + np.exp(-random.normal(0, 8, count)))
    else:
        scores = 1 + random.integers(0, levels, count) * 2.0**-23
    return scores.astype(np.float32).astype(float).tolist()


def part(kind, labels, scores, name="dev", num_labels=1):
    return {"kind": kind, "name": name, "num_labels": num_labels, "labels": list(labels), "scores": scores}


def random_correlation(random, name="dev"):
    while True:
        count = int(random.integers(2, 60))
        labels = random.integers(0, 6, count) if random.random() < 0.5 else random.normal(0, 1, count)
        scores = random_scores(random, count)
        if len(set(labels.tolist())) > 1 and len(set(scores)) > 1:
            return part("correlation", map(float, labels), scores, name)


def random_classes(random, name="dev"):
    count = int(random.integers(1, 60))
    share = random.choice([0, 0.1, 0.5, 0.9, 1])
    labels = (random.random(count) < share).astype(int)
    return part("classification", map(int, labels), random_scores(random, count), name)


def random_multi_classes(random, name="dev"):
    count, num_labels = int(random.integers(1, 60)), int(random.integers(2, 6))
    labels = random.integers(0, random.integers(1, num_labels + 1), count)
    return part("classification", map(int, labels), random_scores(random, count * num_labels), name, num_labels)


def test_correlations_agree(compare):
    random = np.random.default_rng(1)
    compare([[random_correlation(random, str(random.choice(["dev", ""])))] for _ in range(CASES)])


def test_binary_figures_agree(compare):
    random = np.random.default_rng(2)
    cases = [[random_classes(random)] for _ in range(CASES)]
    one_class = sum(len(set(case[0]["labels"])) == 1 for case in cases)
    assert one_class > CASES / 10
    compare(cases)


def test_multi_class_figures_agree(compare):
    random = np.random.default_rng(3)
    compare([[random_multi_classes(random)] for _ in range(CASES)])


def test_sequences_agree(compare):
    random = np.random.default_rng(4)
    compare(
        [
            [
                random_correlation(random, "sts"),
                random_classes(random, "duplicates"),
                random_correlation(random, "last"),
            ]
            for _ in range(30)
        ]
    )


def test_equal_scores_have_no_correlation(run_program, tmp_path):
    parts = [part("correlation", [1.0, 2.0, 3.0], [0.5, 0.5, 0.5])]
    theirs, _ = run_peer(parts, tmp_path / "theirs")
    assert all(np.isnan(value) for value in theirs.values())
    ours = json.loads(run_program("evaluate_pairs", tmp_path / "ours", input=json.dumps([parts])))[0]["metrics"]
    assert ours == {"dev_pearson": 0, "dev_spearman": 0}


# From the command line, with a model.


def write_lines(path, pairs, labels):
    rows = [{"sentence1": a, "sentence2": b, "label": label} for (a, b), label in zip(pairs, labels)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def save_peer_model(base_model, folder, num_labels):
    import torch
    from sentence_transformers import CrossEncoder

    torch.manual_seed(12)
    CrossEncoder(str(base_model), num_labels=num_labels, max_length=128, device="cpu").save_pretrained(str(folder))
    return CrossEncoder(str(folder), device="cpu")


@pytest.fixture(scope="module")
def one_label(base_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("one_label")
    return folder, save_peer_model(base_model, folder, 1)


def evaluate(run_program, *arguments):
    return json.loads(run_program("lambdaforge", "evaluate", *arguments, "--json"))


def test_correlation_of_a_model(one_label, first_pairs, run_program, tmp_path):
    from sentence_transformers.cross_encoder.evaluation import CrossEncoderCorrelationEvaluator

    folder, model = one_label
    pairs = first_pairs(60)
    labels = [len(document) / 100 for _, document in pairs]
    theirs = CrossEncoderCorrelationEvaluator(pairs, labels, name="lengths")(model, str(tmp_path / "theirs"))
    path = write_lines(tmp_path / "lengths.jsonl", pairs, labels)
    ours = evaluate(run_program, folder, "--correlation", path, "--output", tmp_path / "ours")
    # Scores differ in their sixth digit, and so do the ranks of near ones.
    assert ours == pytest.approx(theirs, abs=1e-3)
    name = "CrossEncoderCorrelationEvaluator_lengths_results.csv"
    own, other = ((tmp_path / side / name).read_bytes().splitlines(keepends=True) for side in ("ours", "theirs"))
    assert own[0] == other[0] and len(own) == 2 and own[1].startswith(b"-1,-1,")


def test_thresholds_are_on_the_scores_that_predict_gives(one_label, first_pairs, run_program, tmp_path):
    from sentence_transformers.cross_encoder.evaluation import CrossEncoderClassificationEvaluator

    folder, model = one_label
    pairs = first_pairs(60)
    labels = [int(len(document) > 350) for _, document in pairs]
    theirs = CrossEncoderClassificationEvaluator(pairs, labels, name="long")(model)
    path = write_lines(tmp_path / "long.jsonl", pairs, labels)
    ours = evaluate(run_program, folder, "--classification", path)
    assert ours == pytest.approx(theirs, abs=1e-4)

    lines = [json.dumps({"query": query, "document": document}) for query, document in pairs]
    (tmp_path / "pairs.jsonl").write_text("\n".join(lines) + "\n")
    printed = run_program("lambdaforge", "predict", folder, "--max-length", 128, "--pairs", tmp_path / "pairs.jsonl")
    scores = np.array([float(line) for line in printed.split()], dtype=np.float32)
    assert scores.min() > 0 and scores.max() < 1
    called_positive = scores >= np.float32(ours["long_accuracy_threshold"])
    assert np.mean(called_positive == np.array(labels, dtype=bool)) == ours["long_accuracy"]


@pytest.fixture(scope="module")
def three_labels(base_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("three_labels")
    return folder, save_peer_model(base_model, folder, 3)


def test_classes_of_a_model_with_several_labels(three_labels, first_pairs, run_program, tmp_path):
    from sentence_transformers.cross_encoder.evaluation import CrossEncoderClassificationEvaluator

    folder, model = three_labels
    pairs = first_pairs(60)
    labels = [len(document) % 3 for _, document in pairs]
    theirs = CrossEncoderClassificationEvaluator(pairs, labels, name="classes")(model)
    path = write_lines(tmp_path / "classes.jsonl", pairs, labels)
    ours = evaluate(run_program, folder, "--classification", path)
    assert ours == pytest.approx(theirs, abs=TOLERANCE)
    # Two ranks share the pairs, and each row of scores goes where it belongs.
    arguments = [BIN / "lambdaforge", "evaluate", folder, "--classification", path, "--json"]
    command = ["mpirun", "--oversubscribe", "-n", "2", *map(str, arguments)]
    done = subprocess.run(command, env=environment(2), capture_output=True, text=True)
    assert json.loads(done.stdout) == ours, done.stderr


def test_a_model_with_several_labels_does_not_rank(three_labels, tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("query\tdocument\tlabel\na\tx\t0.5\na\ty\t1\n")
    for what, option, data in [("correlation", "--correlation", path), ("reranking", "--nano", tmp_path)]:
        command = [BIN / "lambdaforge", "evaluate", three_labels[0], option, data]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode != 0
        assert f"the model has 3 labels; {what} needs a model with one" in done.stderr
