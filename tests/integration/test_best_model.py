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


def test_the_last_saved_best_is_kept_when_the_best_was_not_saved(small_recipe, tmp_path):
    """Evaluated twice as often as saved: here the state says that the best was seen after step 6."""
    sections = small_recipe(
        max_steps=8,
        eval_strategy="steps",
        eval_steps=2,
        save_strategy="steps",
        save_steps=4,
        load_best_model_at_end=True,
    )
    sections["data"] |= {"eval_size": 8}
    folder = train(tmp_path, name="unsaved", **sections)
    path = folder / "checkpoint-8/trainer_state.json"
    best = {"best_metric": 0.0, "best_global_step": 6, "best_model_checkpoint": str(folder / "checkpoint-4")}
    path.write_text(json.dumps(json.loads(path.read_text()) | best))
    more = ["training.resume_from_checkpoint=latest", "training.max_steps=12", "training.save_total_limit=1"]
    train(tmp_path, name="unsaved", overrides=more, **sections)
    assert {path.name for path in folder.glob("checkpoint-*")} == {"checkpoint-4", "checkpoint-12"}
    final, kept = (folder / name / "model.safetensors" for name in ("final", "checkpoint-4"))
    assert final.read_bytes() == kept.read_bytes()
    rows = [row for row in read_history(folder) if "eval_loss" in row]
    (shown,) = [row["eval_loss"] for row in rows if row["step"] == 4]
    metadata = (folder / "final/README.md").read_text()
    assert f"{shown:.4f}" in metadata or f"{shown:.3f}" in metadata


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


def test_a_base_model_in_half_precision_gives_one_in_full(small_recipe, base_model, tmp_path):
    """Readers load weights in the type that config.json names, and would round what was trained."""
    import torch
    from sentence_transformers import CrossEncoder
    from transformers import AutoModel, AutoTokenizer

    base = tmp_path / "half"
    AutoModel.from_pretrained(base_model, dtype=torch.float16).save_pretrained(base)
    AutoTokenizer.from_pretrained(base_model).save_pretrained(base)
    assert "float16" in (base / "config.json").read_text()
    sections = small_recipe(max_steps=1)
    sections["model"] |= {"path": base}
    final = train(tmp_path, **sections) / "final"
    assert {parameter.dtype for parameter in CrossEncoder(str(final), device="cpu").parameters()} == {torch.float32}


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
