"""LambdaLoss against sentence-transformers, and its "legacy" form against an independent writing."""

import random

import numpy as np
import pytest
import torch
from sentence_transformers.cross_encoder.losses import lambda_loss as peer

from loss_batches import GivenLogits, expect_same, lists_of, offsets_of, random_labels, random_scores, score_losses

SCHEMES = {
    "NoWeighting": lambda mu: peer.NoWeightingScheme(),
    "NDCGLoss1": lambda mu: peer.NDCGLoss1Scheme(),
    "NDCGLoss2": lambda mu: peer.NDCGLoss2Scheme(),
    "NDCGLoss2PP": lambda mu: peer.NDCGLoss2PPScheme(mu),
    "LambdaRank": lambda mu: peer.LambdaRankScheme(),
}
BATCHES = 2000  # for each scheme
EPS = 1e-10


def random_batch(rng, scheme, semantics, longest=60, gap=1e-4):
    sizes = [rng.randint(1, longest) for _ in range(rng.randint(1, 4))]
    return {
        "weighting_scheme": scheme,
        "semantics": semantics,
        "mu": rng.choice([10.0, 0.0, 2.5]),
        "k": rng.choice([None, 1, 2, 5, 10]),
        "sigma": rng.choice([1.0, 0.5, 2.0]),
        "eps": EPS,
        "reduction_log": rng.choice(["binary", "natural"]),
        "scores": [score for size in sizes for score in random_scores(rng, size, gap)],
        "labels": [label for size in sizes for label in random_labels(rng, size)],
        "offsets": offsets_of(sizes),
    }


def peer_loss(batch, dtype):
    """Value and gradient of the peer's loss."""
    logits = torch.tensor(batch["scores"], dtype=dtype, requires_grad=True)
    loss = peer.LambdaLoss(
        GivenLogits(logits),
        weighting_scheme=SCHEMES[batch["weighting_scheme"]](batch["mu"]),
        k=batch["k"],
        sigma=batch["sigma"],
        eps=batch["eps"],
        reduction_log=batch["reduction_log"],
        mini_batch_size=-1,
    )
    labels = [torch.tensor(labels, dtype=dtype) for labels in lists_of(batch, "labels")]
    documents = [["document"] * len(labels) for labels in lists_of(batch, "labels")]
    value = loss([["query"] * len(documents), documents], labels)
    value.backward()
    return value.item(), logits.grad.tolist()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_paper_equals_the_peer(scheme, peer_in_float64):
    rng = random.Random(f"paper {scheme}")
    batches = [random_batch(rng, scheme, "paper") for _ in range(BATCHES)]
    for batch, result in zip(batches, score_losses(batches)):
        expect_same(batch, result, *peer_loss(batch, torch.float64), relative=1e-9)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_paper_equals_the_peer_as_it_runs(scheme):
    """The peer untouched, in its float32: the tolerance is what float32 leaves of sums of a few
    thousand terms and of 1/D_d - 1/D_(d+1), a difference of nearly equal numbers."""
    rng = random.Random(f"float32 {scheme}")
    batches = [random_batch(rng, scheme, "paper", longest=20) for _ in range(300)]
    for batch, result in zip(batches, score_losses(batches)):
        expect_same(batch, result, *peer_loss(batch, torch.float32), relative=2e-5, absolute=1e-7)


def test_scores_beyond_any_model_equal_the_peer(peer_in_float64):
    labels, offsets = [2.0, 0.0, 1.0, 0.0], [0, 4]
    batches = [
        {"weighting_scheme": scheme, "semantics": "paper", "mu": 10.0, "k": None, "sigma": 1.0, "eps": EPS,
         "reduction_log": "binary", "scores": [-1e4, 1e4, 0.0, 5e3], "labels": labels, "offsets": offsets}
        for scheme in SCHEMES
    ]  # fmt: skip
    for batch, result in zip(batches, score_losses(batches)):
        expect_same(batch, result, *peer_loss(batch, torch.float64), relative=1e-9)


def legacy_weights(batch, gains):
    """The weight of every pair of positions [i, j]."""
    positions = np.arange(1, len(gains) + 1)
    inverse = 1 / np.log2(1 + positions)  # 1 / D of a position
    distances = np.abs(positions[:, None] - positions)
    change = np.abs(gains[:, None] - gains)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_distance = np.abs(1 / np.log2(1 + distances) - 1 / np.log2(2 + distances)) * change
    by_distance[distances == 0] = 0
    by_position = np.abs(inverse[:, None] - inverse) * change
    return {
        "NoWeighting": np.ones_like(change),
        "NDCGLoss1": np.repeat((gains * inverse)[:, None], len(gains), axis=1),
        "NDCGLoss2": by_distance,
        "LambdaRank": by_position,
        "NDCGLoss2PP": batch["mu"] * by_distance + by_position,
    }[batch["weighting_scheme"]]


def legacy_terms(batch, scores, labels):
    """The log-likelihoods of the selected pairs of one list, written as the formulas say."""
    scores, labels = np.array(scores), np.array(labels)
    k = batch["k"] or len(scores)
    log = np.log2 if batch["reduction_log"] == "binary" else np.log
    best = np.sort(labels)[::-1][:k]
    ideal = np.sum((2 ** np.maximum(best, 0) - 1) / np.log2(1 + np.arange(1, len(best) + 1)))
    order = np.argsort(-scores)
    scores, labels = scores[order], labels[order]
    gains = (2 ** np.maximum(labels, 0) - 1) / max(ideal, batch["eps"])

    selected = np.ones((len(scores), len(scores)), dtype=bool)
    if batch["weighting_scheme"] != "NDCGLoss1":
        selected = labels[:, None] > labels
    selected[k:] = selected[:, k:] = False
    with np.errstate(over="ignore"):
        probabilities = 1 / (1 + np.exp(-batch["sigma"] * (scores[:, None] - scores)))
    probabilities = np.maximum(probabilities, batch["eps"]) ** legacy_weights(batch, gains)
    return log(np.maximum(probabilities, batch["eps"]))[selected]


def legacy_sum_and_count(batch):
    lists = zip(lists_of(batch, "scores"), lists_of(batch, "labels"))
    terms = np.concatenate([legacy_terms(batch, scores, labels) for scores, labels in lists])
    return -terms.sum(), len(terms)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_legacy_equals_its_formulas(scheme):
    rng = random.Random(f"legacy {scheme}")
    batches = [random_batch(rng, scheme, "legacy") for _ in range(BATCHES)]
    for batch, result in zip(batches, score_losses(batches)):
        total, count = legacy_sum_and_count(batch)
        assert result["count"] == count, batch
        assert result["sum"] == pytest.approx(total, rel=1e-9, abs=1e-12), batch


@pytest.mark.parametrize("scheme", SCHEMES)
def test_legacy_gradient_is_the_slope_of_its_formulas(scheme):
    rng = random.Random(f"legacy slope {scheme}")
    step = 1e-5  # far below the smallest gap of two scores: no pair changes places
    batches = [random_batch(rng, scheme, "legacy", longest=6, gap=1e-3) for _ in range(40)]
    for batch, result in zip(batches, score_losses(batches)):
        slopes = []
        for index, score in enumerate(batch["scores"]):
            sums = []
            for moved in (score + step, score - step):
                batch["scores"][index] = moved
                sums.append(legacy_sum_and_count(batch)[0])
            batch["scores"][index] = score
            slopes.append((sums[0] - sums[1]) / (2 * step))
        gradient = [entry * max(result["count"], 1) for entry in result["grad"]]
        scale = max(map(abs, slopes))
        assert gradient == pytest.approx(slopes, rel=0, abs=1e-6 * scale + 1e-6), batch
