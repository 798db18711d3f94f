"""A whole run: evaluated on the way, the best checkpoint kept, and loadable where users load it."""

import csv
import json

import numpy
import pytest

from runs import read_history, train

METRIC = "eval_NanoBEIR_R10_mean_ndcg@10"


@pytest.fixture(scope="module")
def run_folder(small_recipe, wordnet, tmp_path_factory):
    sections = small_recipe(
        2,
        max_steps=12,
        eval_strategy="steps",
        eval_steps=4,
        eval_on_start=True,
        save_strategy="steps",
        save_steps=4,
        save_total_limit=1,
        load_best_model_at_end=True,
    )
    sections["evaluation"] = {
        "nano_beir": wordnet / "nano",
        "dataset_names": ["noun", "verb"],
        "rerank_k": 10,
        "metrics": ["recall@5"],
    }
    return train(tmp_path_factory.mktemp("best"), 2, **sections)


def test_keeps_the_best_and_the_newest_checkpoint(run_folder):
    evaluations = [row for row in read_history(run_folder) if METRIC in row]
    assert [row["step"] for row in evaluations] == [0, 4, 8, 12]
    best = max(evaluations[1:], key=lambda row: row[METRIC])
    state = json.loads((run_folder / "trainer_state.json").read_text())
    assert state["best_global_step"] == best["step"]
    assert state["best_metric"] == best[METRIC]
    kept = {path.name for path in run_folder.glob("checkpoint-*")}
    assert kept == {f"checkpoint-{best['step']}", "checkpoint-12"}
    final, chosen = (run_folder / name / "model.safetensors" for name in ("final", f"checkpoint-{best['step']}"))
    assert final.read_bytes() == chosen.read_bytes()


def test_the_best_checkpoint_loads_in_sentence_transformers(run_folder, wordnet, run_program, tmp_path):
    from sentence_transformers import CrossEncoder

    rows = [json.loads(line) for line in (wordnet / "train.jsonl").read_text().splitlines()[:25]]
    pairs = [(row["query"], document) for row in rows for document in row["docs"]]
    lines = [json.dumps({"query": query, "document": document}) for query, document in pairs]
    (tmp_path / "pairs.jsonl").write_text("\n".join(lines) + "\n")
    printed = run_program("lambdaforge", "predict", run_folder / "final", "--pairs", tmp_path / "pairs.jsonl")
    # The run cut pairs at 64 tokens, and the saved model remembers that.
    peer = CrossEncoder(str(run_folder / "final"), device="cpu")
    assert peer.max_seq_length == 64
    numpy.testing.assert_allclose([float(line) for line in printed.split()], peer.predict(pairs), atol=2e-5, rtol=0)


def test_hugging_face_reads_the_state(run_folder):
    from transformers import TrainerState

    state = TrainerState.load_from_json(str(run_folder / "trainer_state.json"))
    assert state.global_step == state.max_steps == 12
    assert state.log_history[-1]["train_loss"] > 0


def test_metrics_are_in_the_csv_files(run_folder):
    with open(run_folder / "metrics.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    losses = [float(row["value"]) for row in rows if row["name"] == "loss"]
    assert losses == [row["loss"] for row in read_history(run_folder) if "loss" in row]
    means = (run_folder / "eval/NanoBEIR_evaluation_mean_results.csv").read_text().splitlines()
    assert means[0] == "epoch,steps,MAP,MRR@10,NDCG@10" and len(means) == 5
    recalls = [row for row in rows if row["name"] == "eval_NanoBEIR_R10_mean_recall@5"]
    assert [row["step"] for row in recalls] == ["0", "4", "8", "12"]
    assert all(0 < float(row["value"]) <= 1 for row in recalls)


def test_evaluate_agrees_with_the_run(run_folder, wordnet, run_program, tmp_path):
    printed = run_program(
        "lambdaforge",
        "evaluate",
        run_folder / "final",
        "--nano",
        wordnet / "nano",
        "--dataset-names",
        "noun",
        "verb",
        "--rerank-k",
        10,
        "--metrics",
        "recall@5",
        "--json",
        "--output",
        tmp_path,
    )
    rows = [row for row in read_history(run_folder) if METRIC in row and row["step"] > 0]
    best = max(rows, key=lambda row: row[METRIC])
    for name in (METRIC, "eval_noun_R10_recall@5", "eval_NanoBEIR_R10_mean_recall@5"):
        assert json.loads(printed)[name.removeprefix("eval_")] == pytest.approx(best[name], abs=1e-6)
    compared = json.loads(run_program("lambdaforge", "compare", tmp_path, run_folder, "--json"))
    assert [row["data_set"] for row in compared["data_sets"]] == ["noun_R10", "verb_R10"]
    assert all(abs(row["difference"]) < 1e-6 for row in compared["data_sets"])


def test_two_checkpoints_of_a_run_compare(run_folder, run_program):
    untrained = run_folder / "eval/per_query/step-0.csv"
    compared = json.loads(run_program("lambdaforge", "compare", untrained, run_folder, "--json"))
    evaluations = {row["step"]: row for row in read_history(run_folder) if METRIC in row}
    state = json.loads((run_folder / "trainer_state.json").read_text())
    best = evaluations[state["best_global_step"]]
    for row in compared["data_sets"]:
        name = f"eval_{row['data_set']}_ndcg@10"
        assert row["mean_a"] == pytest.approx(evaluations[0][name], rel=1e-12)
        assert row["mean_b"] == pytest.approx(best[name], rel=1e-12)
