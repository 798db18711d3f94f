"""Scores next to sentence-transformers' CrossEncoder, from its model and from ours."""

import json

import numpy
import pytest


@pytest.fixture(scope="module")
def peer_model(base_model, tmp_path_factory):
    """A classifier on the base model, as sentence-transformers makes and saves it."""
    import torch
    from sentence_transformers import CrossEncoder

    torch.manual_seed(12)
    folder = tmp_path_factory.mktemp("peer")
    CrossEncoder(str(base_model), num_labels=1, max_length=512, device="cpu").save_pretrained(str(folder))
    return folder


def predict(run_program, model, pairs, tmp_path, *options):
    lines = [json.dumps({"query": query, "document": document}) for query, document in pairs]
    (tmp_path / "pairs.jsonl").write_text("\n".join(lines) + "\n")
    printed = run_program("lambdaforge", "predict", model, "--pairs", tmp_path / "pairs.jsonl", *options)
    return numpy.array([float(line) for line in printed.split()])


def test_scores_equal_the_peers(peer_model, first_pairs, run_program, tmp_path):
    import torch
    from sentence_transformers import CrossEncoder

    pairs = first_pairs(1000)
    peer = CrossEncoder(str(peer_model), device="cpu")
    logits = predict(run_program, peer_model, pairs, tmp_path, "--activation", "identity")
    expected = peer.predict(pairs, activation_fn=torch.nn.Identity())
    numpy.testing.assert_allclose(logits, expected, atol=2e-5, rtol=0)
    # And with the model's own activation, the sigmoid.
    few = pairs[:100]
    numpy.testing.assert_allclose(predict(run_program, peer_model, few, tmp_path), peer.predict(few), atol=2e-5, rtol=0)


def test_ranking_equals_the_peers(peer_model, first_pairs, run_program, tmp_path):
    from sentence_transformers import CrossEncoder

    query = first_pairs(1)[0][0]
    documents = [document for _, document in first_pairs(12)]
    (tmp_path / "documents.txt").write_text("\n".join(documents) + "\n")
    printed = run_program(
        "lambdaforge",
        "predict",
        peer_model,
        "--query",
        query,
        "--documents",
        tmp_path / "documents.txt",
        "--top-k",
        5,
        "--json",
    )
    ours = [json.loads(line) for line in printed.splitlines()]
    theirs = CrossEncoder(str(peer_model), device="cpu").rank(query, documents, top_k=5)
    assert [row["corpus_id"] for row in ours] == [row["corpus_id"] for row in theirs]
    numpy.testing.assert_allclose([row["score"] for row in ours], [row["score"] for row in theirs], atol=2e-5, rtol=0)
