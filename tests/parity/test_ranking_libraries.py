"""The losses that sentence-transformers lacks, against allRank 1.4.3 and rax 0.4.0."""

import random
import sys
from unittest import mock

import pytest
import torch

from loss_batches import expect_same, lists_of, offsets_of, random_scores, score_losses

BATCHES = 2000  # for each loss
LONGEST, LISTS = 60, 4  # rax compiles for one shape, which every batch is padded to
PADDED = -1.0  # allRank's label of what is no document


def random_batch(rng, options, lists=LISTS, shortest=1):
    sizes = [rng.randint(shortest, LONGEST) for _ in range(rng.randint(1, lists))]
    binary = rng.random() < 0.3
    labels = [[float(rng.randint(0, 1 if binary else 4)) for _ in range(size)] for size in sizes]
    return {
        "scores": [score for size in sizes for score in random_scores(rng, size, 1e-4)],
        "labels": [label for row in labels for label in row],
        "offsets": offsets_of(sizes),
    } | options


def padded(batch, key, value, shape=None):
    rows = lists_of(batch, key)
    lists, longest = shape or (len(rows), max(map(len, rows)))
    rows = [row + [value] * (longest - len(row)) for row in rows]
    return rows + [[value] * longest] * (lists - len(rows))


def flat(batch, matrix):
    """The entries of real documents."""
    sizes = [len(row) for row in lists_of(batch, "labels")]
    return [float(x) for row, size in zip(matrix, sizes) for x in row[:size]]


# --- allRank ----------------------------------------------------------------------------------


@pytest.fixture
def allrank_losses(peer_in_float64, monkeypatch):
    """Its losses import its data sets, and these what is not needed here: torchvision and Google's cloud."""
    for module in ("torchvision", "torchvision.transforms", "gcsfs", "google", "google.auth"):
        monkeypatch.setitem(sys.modules, module, mock.MagicMock())
    from allrank.models import losses

    return losses


APPROX_NDCG = [{"alpha": 1.0}, {"alpha": 0.3}, {"alpha": 5.0}]
NEURAL_NDCG = [
    {"temperature": temperature, "gain": gain, "k": k}
    for temperature in (1.0, 0.3, 5.0)
    for gain in ("exponential", "linear")
    for k in (None, 1, 2, 5, 10)
]


def allrank_value(batch, loss, **options):
    scores = torch.tensor(padded(batch, "scores", 0.0), requires_grad=True)
    value = loss(scores, torch.tensor(padded(batch, "labels", PADDED)), **options)
    if not value.requires_grad:  # no relevant document anywhere
        return value.item(), flat(batch, torch.zeros_like(scores))
    value.backward()
    return value.item(), flat(batch, scores.grad)


def test_approx_ndcg_equals_allrank(allrank_losses):
    rng = random.Random("approx")
    cases = [APPROX_NDCG[i % len(APPROX_NDCG)] for i in range(BATCHES)]
    batches = [random_batch(rng, {"name": "ApproxNDCGLoss"} | options) for options in cases]
    for batch, options, result in zip(batches, cases, score_losses(batches)):
        value, gradient = allrank_value(batch, allrank_losses.approxNDCGLoss, **options)
        # allRank keeps every sigmoid above 1e-10.
        expect_same(batch, result, value, gradient, relative=1e-6, absolute=1e-9)


def test_neural_ndcg_equals_allrank(allrank_losses):
    """One list at a time: allRank scales all lists of a batch until the last of them is done. It fails on lists of one
    document."""
    rng = random.Random("neural")
    cases = [NEURAL_NDCG[i % len(NEURAL_NDCG)] for i in range(BATCHES)]
    batches = [random_batch(rng, {"name": "NeuralNDCGLoss"} | options, lists=1, shortest=2) for options in cases]
    for batch, options, result in zip(batches, cases, score_losses(batches)):
        value, gradient = allrank_value(
            batch,
            allrank_losses.neuralNDCG,
            temperature=options["temperature"],
            powered_relevancies=options["gain"] == "exponential",
            k=min(options["k"] or LONGEST, len(batch["labels"])),
        )
        expect_same(batch, result, value, gradient, relative=1e-6)


# --- rax --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rax_losses():
    """name -> function of (scores, labels, where), each [lists, longest], summed over the batch."""
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp
    import rax
    from rax._src import utils

    def approx_ndcg(scores, labels, where):
        return -rax.ndcg_metric(scores, labels, where=where, rank_fn=utils.approx_ranks, reduce_fn=jnp.sum)

    def in_batch(scores, labels, where):
        first = jnp.zeros_like(labels).at[:, 0].set(1.0)
        return rax.softmax_loss(10 * jax.nn.sigmoid(scores), first, where=where, reduce_fn=jnp.sum)

    def summed(loss):
        return lambda scores, labels, where: loss(scores, labels, where=where, reduce_fn=jnp.sum)

    losses = {
        "ApproxNDCGLoss": approx_ndcg,
        "MultipleNegativesRankingLoss": in_batch,
        "PairwiseHingeLoss": summed(rax.pairwise_hinge_loss),
        "PairwiseLogisticLoss": summed(rax.pairwise_logistic_loss),
        "MSELoss": summed(rax.pointwise_mse_loss),
    }
    return {name: jax.jit(jax.value_and_grad(loss)) for name, loss in losses.items()}


@pytest.mark.parametrize(
    "name",
    [
        "ApproxNDCGLoss",
        "MultipleNegativesRankingLoss",
        "PairwiseHingeLoss",
        "PairwiseLogisticLoss",
        "MSELoss",
    ],
)
def test_losses_equal_rax(name, rax_losses):
    import numpy as np

    rng = random.Random(name)
    batches = [random_batch(rng, {"name": name}) for _ in range(BATCHES)]
    shape = (LISTS, LONGEST)
    for batch, result in zip(batches, score_losses(batches)):
        ones = batch | {"where": [1.0] * len(batch["labels"])}
        value, gradient = rax_losses[name](
            np.array(padded(batch, "scores", 0.0, shape)),
            np.array(padded(batch, "labels", 0.0, shape)),
            np.array(padded(ones, "where", 0.0, shape)) > 0,
        )
        count = max(result["count"], 1)
        gradient = [x / count for x in flat(batch, np.asarray(gradient))]
        expect_same(batch, result, float(value) / count, gradient, relative=1e-9)
