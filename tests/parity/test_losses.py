"""Every loss that sentence-transformers has, against it; "legacy" LambdaLoss against a plain-Python writing.

Both sides get the same random batches: ragged lists, graded, binary and continuous labels, no two
equal scores (the peer's sort is unstable). The program computes in float64.
"""

import json
import math
import os
import random
import subprocess
from pathlib import Path

import pytest
import torch
from sentence_transformers.cross_encoder import losses as peer_losses
from sentence_transformers.cross_encoder.losses import lambda_loss as peer

BUILD = Path(os.environ.get("LAMBDAFORGE_BUILD", Path(__file__).parents[2] / "build" / "release"))
SCHEMES = {
    "NoWeighting": lambda mu: peer.NoWeightingScheme(),
    "NDCGLoss1": lambda mu: peer.NDCGLoss1Scheme(),
    "NDCGLoss2": lambda mu: peer.NDCGLoss2Scheme(),
    "NDCGLoss2PP": lambda mu: peer.NDCGLoss2PPScheme(mu),
    "LambdaRank": lambda mu: peer.LambdaRankScheme(),
}
BATCHES = 300  # for each scheme
EPS = 1e-10


def score_losses(batches):
    lines = "".join(json.dumps(batch) + "\n" for batch in batches)
    run = subprocess.run([BUILD / "bin" / "score_losses"], input=lines, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    results = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(results) == len(batches)
    return results


# --- random batches ---------------------------------------------------------------------------


def random_labels(rng, size):
    kind = rng.choice(["binary", "graded", "continuous", "negative", "equal"])
    draw = {
        "binary": lambda: float(rng.random() < 0.3),
        "graded": lambda: float(rng.randint(0, 4)),
        "continuous": lambda: rng.uniform(0, 2),
        "negative": lambda: float(rng.randint(-2, 2)),
        "equal": lambda: 1.0,
    }[kind]
    # Rounded to float32, which is what the peer reads.
    return torch.tensor([draw() for _ in range(size)], dtype=torch.float32).tolist()


def random_scores(rng, size, gap):
    """`size` scores of which no two are nearer than `gap`, rounded to float32."""
    spread = rng.choice([0.1, 2.0, 8.0, 30.0])
    taken = {}
    while len(taken) < size:
        score = torch.tensor(rng.gauss(0, spread), dtype=torch.float32).item()
        cell = math.floor(score / gap)
        if not any(abs(taken.get(cell + near, math.inf) - score) < gap for near in (-1, 0, 1)):
            taken[cell] = score
    scores = list(taken.values())
    rng.shuffle(scores)
    return scores


def random_batch(rng, scheme, semantics, longest=20, gap=1e-4):
    sizes = [rng.randint(1, longest) for _ in range(rng.randint(1, 8))]
    return {
        "weighting_scheme": scheme,
        "semantics": semantics,
        "mu": rng.choice([10.0, 0.0, 2.5]),
        "k": rng.choice([None, 1, 2, 5]),
        "sigma": rng.choice([1.0, 0.5, 2.0]),
        "eps": EPS,
        "reduction_log": rng.choice(["binary", "natural"]),
        "scores": [score for size in sizes for score in random_scores(rng, size, gap)],
        "labels": [label for size in sizes for label in random_labels(rng, size)],
        "offsets": [sum(sizes[:q]) for q in range(len(sizes) + 1)],
    }


def lists_of(batch, key):
    offsets = batch["offsets"]
    return [batch[key][first:last] for first, last in zip(offsets, offsets[1:])]


# --- the peer ---------------------------------------------------------------------------------


class GivenLogits(torch.nn.Module):
    """Stands where the peer's loss expects its CrossEncoder, and answers with given logits."""

    num_labels = 1
    device = torch.device("cpu")

    def __init__(self, logits):
        super().__init__()
        self.logits = logits

    def preprocess(self, pairs, **_):
        return {}

    def forward(self, _):
        return {"scores": self.logits}


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


@pytest.fixture
def peer_in_float64(monkeypatch):
    """The peer casts everything to float32. Its formulas are compared to full precision by letting
    its casts (Tensor.float) and its default type be float64."""
    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def expect_same(batch, result, value, gradient, relative):
    """Differences are measured against the loss and the largest entry of the gradient."""
    assert result["loss"] == pytest.approx(value, rel=relative, abs=1e-12), batch
    scale = max(map(abs, gradient))
    assert result["grad"] == pytest.approx(gradient, rel=0, abs=relative * scale + 1e-12), batch


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
    batches = [random_batch(rng, scheme, "paper") for _ in range(BATCHES)]
    for batch, result in zip(batches, score_losses(batches)):
        expect_same(batch, result, *peer_loss(batch, torch.float32), relative=2e-5)


def test_scores_beyond_any_model_equal_the_peer(peer_in_float64):
    labels, offsets = [2.0, 0.0, 1.0, 0.0], [0, 4]
    batches = [
        {"weighting_scheme": scheme, "semantics": "paper", "mu": 10.0, "k": None, "sigma": 1.0, "eps": EPS,
         "reduction_log": "binary", "scores": [-1e4, 1e4, 0.0, 5e3], "labels": labels, "offsets": offsets}
        for scheme in SCHEMES
    ]  # fmt: skip
    for batch, result in zip(batches, score_losses(batches)):
        expect_same(batch, result, *peer_loss(batch, torch.float64), relative=1e-9)


# --- the other losses of the peer -------------------------------------------------------------


OTHER_LOSSES = {
    "ListNetLoss": ([{}], lambda model, options: peer_losses.ListNetLoss(model, mini_batch_size=-1)),
    "ListMLELoss": (
        [{"respect_input_order": True}, {"respect_input_order": False}],
        lambda model, options: peer_losses.ListMLELoss(model, mini_batch_size=-1, **options),
    ),
    "PListMLELoss": (
        [{"respect_input_order": True}, {"respect_input_order": False}],
        lambda model, options: peer_losses.PListMLELoss(model, mini_batch_size=-1, **options),
    ),
    "ADRMSELoss": (
        [{"alpha": 1.0}, {"alpha": 0.3}],
        lambda model, options: peer_losses.ADRMSELoss(model, mini_batch_size=-1, **options),
    ),
    "BinaryCrossEntropyLoss": (
        [{"pos_weight": 1.0}, {"pos_weight": 4.0}],
        lambda model, options: peer_losses.BinaryCrossEntropyLoss(
            model, pos_weight=torch.tensor(options["pos_weight"])
        ),
    ),
    "MSELoss": ([{}], lambda model, options: peer_losses.MSELoss(model)),
}
POINTWISE = {"BinaryCrossEntropyLoss", "MSELoss"}
OTHER_BATCHES = 2000  # for each loss


def other_batch(rng, name, options):
    sizes = [rng.randint(1, 60) for _ in range(rng.randint(1, 5))]
    sorts_by_label = options.get("respect_input_order") is False
    labels = [
        # Distinct where the peer sorts by label: its order of equal ones is undefined.
        [rng.uniform(0, 2) for _ in range(size)] if sorts_by_label else random_labels(rng, size)
        for size in sizes
    ]
    return {
        "name": name,
        "scores": [score for size in sizes for score in random_scores(rng, size, 1e-4)],
        "labels": [label for row in labels for label in row],
        "offsets": [sum(sizes[:q]) for q in range(len(sizes) + 1)],
    } | options


def other_peer_loss(batch, options, build):
    logits = torch.tensor(batch["scores"], requires_grad=True)
    labels = [torch.tensor(row) for row in lists_of(batch, "labels")]
    documents = [["document"] * len(row) for row in labels]
    queries = ["query"] * len(labels)
    if batch["name"] in POINTWISE:
        flat = [document for row in documents for document in row]
        value = build(GivenLogits(logits), options)([["query"] * len(flat), flat], torch.cat(labels))
    else:
        value = build(GivenLogits(logits), options)([queries, documents], labels)
    value.backward()
    gradient = torch.zeros_like(logits) if logits.grad is None else logits.grad
    return value.item(), gradient.tolist()


@pytest.fixture
def peer_takes_given_logits(monkeypatch):
    for module in (peer_losses.binary_cross_entropy, peer_losses.mse):  # they ask for the class
        monkeypatch.setattr(module, "CrossEncoder", GivenLogits)


@pytest.mark.parametrize("name", OTHER_LOSSES)
def test_the_other_losses_equal_the_peer(name, peer_in_float64, peer_takes_given_logits):
    every_options, build = OTHER_LOSSES[name]
    rng = random.Random(name)
    cases = [every_options[i % len(every_options)] for i in range(OTHER_BATCHES)]
    batches = [other_batch(rng, name, options) for options in cases]
    for batch, options, result in zip(batches, cases, score_losses(batches)):
        expect_same(batch, result, *other_peer_loss(batch, options, build), relative=1e-9)


# --- legacy -----------------------------------------------------------------------------------


def legacy_pair_weight(batch, gains, i, j):
    """Positions i and j count from 1."""

    def discount(position):
        return math.log2(1 + position)

    change = abs(gains[i - 1] - gains[j - 1])
    distance = abs(i - j)
    by_distance = abs(1 / discount(distance) - 1 / discount(distance + 1)) * change if distance else 0.0
    by_position = abs(1 / discount(i) - 1 / discount(j)) * change
    return {
        "NoWeighting": 1.0,
        "NDCGLoss1": gains[i - 1] / discount(i),
        "NDCGLoss2": by_distance,
        "LambdaRank": by_position,
        "NDCGLoss2PP": batch["mu"] * by_distance + by_position,
    }[batch["weighting_scheme"]]


def legacy_terms(batch, scores, labels):
    """The log-likelihoods of the selected pairs of one list, written as the formulas say."""
    by_score = sorted(range(len(scores)), key=lambda index: -scores[index])
    k = batch["k"] or len(scores)
    ideal = sum(
        (2 ** max(label, 0) - 1) / math.log2(1 + position)
        for position, label in enumerate(sorted(labels, reverse=True)[:k], 1)
    )
    gains = [(2 ** max(labels[index], 0) - 1) / max(ideal, batch["eps"]) for index in by_score]
    log = math.log2 if batch["reduction_log"] == "binary" else math.log
    for i, first in enumerate(by_score[:k], 1):
        for j, second in enumerate(by_score[:k], 1):
            if batch["weighting_scheme"] != "NDCGLoss1" and not labels[first] > labels[second]:
                continue
            difference = batch["sigma"] * (scores[first] - scores[second])
            probability = max(1 / (1 + math.exp(-difference)), batch["eps"])
            yield log(max(probability ** legacy_pair_weight(batch, gains, i, j), batch["eps"]))


def legacy_sum_and_count(batch):
    terms = [
        term
        for scores, labels in zip(lists_of(batch, "scores"), lists_of(batch, "labels"))
        for term in legacy_terms(batch, scores, labels)
    ]
    return -math.fsum(terms), len(terms)


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
