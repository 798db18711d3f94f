"""Every loss of sentence-transformers but LambdaLoss, against it, in float64."""

import random

import pytest
import torch
from sentence_transformers.cross_encoder import losses as peer_losses

from loss_batches import (
    GivenLogits,
    PairLogits,
    expect_same,
    lists_of,
    offsets_of,
    random_labels,
    random_scores,
    score_losses,
)

BATCHES = 2000  # for each loss
IN_BATCH_LOSSES = ["MultipleNegativesRankingLoss", "CachedMultipleNegativesRankingLoss"]


@pytest.fixture
def peer_takes_given_logits(monkeypatch):
    """The peer's losses ask whether they got a CrossEncoder."""
    for module in (
        peer_losses.binary_cross_entropy,
        peer_losses.mse,
        peer_losses.cross_entropy,
    ):
        monkeypatch.setattr(module, "CrossEncoder", GivenLogits)
    for module in (
        peer_losses.margin_mse,
        peer_losses.multiple_negatives_ranking,
        peer_losses.cached_multiple_negatives_ranking,
    ):
        monkeypatch.setattr(module, "CrossEncoder", PairLogits)


# --- lists of documents -----------------------------------------------------------------------


LISTWISE = {
    "RankNetLoss": (
        [{"k": None}, {"k": 1}, {"k": 2}, {"k": 5}, {"k": 10}],
        lambda model, options: peer_losses.RankNetLoss(model, mini_batch_size=-1, **options),
    ),
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
}
ACTIVATIONS = {"identity": torch.nn.Identity(), "sigmoid": torch.nn.Sigmoid(), "tanh": torch.nn.Tanh()}


def random_batch(rng, name, options):
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
        "offsets": offsets_of(sizes),
    } | options


def value_and_gradient(value, logits):
    value.backward()
    gradient = torch.zeros_like(logits) if logits.grad is None else logits.grad
    return value.item(), gradient.flatten().tolist()


@pytest.mark.parametrize("name", LISTWISE)
def test_listwise_losses_equal_the_peer(name, peer_in_float64):
    every_options, build = LISTWISE[name]
    rng = random.Random(name)
    cases = [every_options[i % len(every_options)] for i in range(BATCHES)]
    batches = [random_batch(rng, name, options) for options in cases]
    for batch, options, result in zip(batches, cases, score_losses(batches)):
        logits = torch.tensor(batch["scores"], requires_grad=True)
        labels = [torch.tensor(row) for row in lists_of(batch, "labels")]
        documents = [["document"] * len(row) for row in labels]
        value = build(GivenLogits(logits), options)([["query"] * len(labels), documents], labels)
        expect_same(batch, result, *value_and_gradient(value, logits), relative=1e-9)


def test_an_activation_comes_before_the_loss(peer_in_float64):
    rng = random.Random("activation")
    names = [name for name in ACTIVATIONS for _ in range(100)]
    batches = [random_batch(rng, "ListNetLoss", {"activation_fn": name}) for name in names]
    for batch, name, result in zip(batches, names, score_losses(batches)):
        logits = torch.tensor(batch["scores"], requires_grad=True)
        labels = [torch.tensor(row) for row in lists_of(batch, "labels")]
        documents = [["document"] * len(row) for row in labels]
        peer = peer_losses.ListNetLoss(GivenLogits(logits), activation_fn=ACTIVATIONS[name], mini_batch_size=-1)
        value = peer([["query"] * len(labels), documents], labels)
        expect_same(batch, result, *value_and_gradient(value, logits), relative=1e-9)


# --- single documents -------------------------------------------------------------------------


POINTWISE = {
    "BinaryCrossEntropyLoss": (
        [{"pos_weight": 1.0}, {"pos_weight": 4.0}],
        lambda model, options: peer_losses.BinaryCrossEntropyLoss(
            model, pos_weight=torch.tensor(options["pos_weight"])
        ),
    ),
    "MSELoss": ([{}], lambda model, options: peer_losses.MSELoss(model)),
}


@pytest.mark.parametrize("name", POINTWISE)
def test_pointwise_losses_equal_the_peer(name, peer_in_float64, peer_takes_given_logits):
    every_options, build = POINTWISE[name]
    rng = random.Random(name)
    cases = [every_options[i % len(every_options)] for i in range(BATCHES)]
    batches = [random_batch(rng, name, options) for options in cases]
    for batch, options, result in zip(batches, cases, score_losses(batches)):
        logits = torch.tensor(batch["scores"], requires_grad=True)
        pairs = len(batch["scores"])
        columns = [["query"] * pairs, ["document"] * pairs]
        value = build(GivenLogits(logits), options)(columns, torch.tensor(batch["labels"]))
        expect_same(batch, result, *value_and_gradient(value, logits), relative=1e-9)


def test_cross_entropy_equals_the_peer(peer_in_float64, peer_takes_given_logits):
    rng = random.Random("CrossEntropyLoss")
    batches = []
    for _ in range(BATCHES):
        classes, pairs = rng.randint(2, 6), rng.randint(1, 60)
        scores = random_scores(rng, pairs * classes, 1e-4)
        labels = [float(rng.randrange(classes)) for _ in range(pairs)]
        batches.append(
            {"name": "CrossEntropyLoss", "classes": classes, "scores": scores, "labels": labels, "offsets": [0, pairs]}
        )
    for batch, result in zip(batches, score_losses(batches)):
        logits = torch.tensor(batch["scores"], requires_grad=True)
        pairs = len(batch["labels"])
        model = GivenLogits(logits.reshape(pairs, batch["classes"]))
        model.num_labels = batch["classes"]
        columns = [["query"] * pairs, ["document"] * pairs]
        value = peer_losses.CrossEntropyLoss(model)(columns, torch.tensor(batch["labels"]).long())
        expect_same(batch, result, *value_and_gradient(value, logits), relative=1e-9)


# --- one positive against negatives -----------------------------------------------------------


def columns_of(queries, documents_a_query):
    """The peer's columns: query, positive, negative 1, ...; "3/0" is the positive of query "3"."""
    rows = range(queries)
    return [[str(i) for i in rows]] + [[f"{i}/{j}" for i in rows] for j in range(documents_a_query)]


def test_margin_mse_equals_the_peer(peer_in_float64, peer_takes_given_logits):
    """Which takes the teacher's scores or, one less, their differences: both are told apart by their number."""
    rng = random.Random("margins")
    batches = []
    for _ in range(BATCHES):
        queries, documents = rng.randint(1, 5), rng.randint(2, 20)
        pairs = queries * documents
        batches.append(
            {
                "name": "MarginMSELoss",
                "scores": random_scores(rng, pairs, 1e-4),
                "labels": [rng.gauss(0, 3) for _ in range(pairs)],
                "offsets": offsets_of([documents] * queries),
            }
        )
    for batch, result in zip(batches, score_losses(batches)):
        logits = torch.tensor(batch["scores"], requires_grad=True)
        labels = torch.tensor(lists_of(batch, "labels"))
        queries, documents = labels.shape
        pairs = {(str(i), f"{i}/{j}"): i * documents + j for i in range(queries) for j in range(documents)}
        for given in (labels, labels[:, :1] - labels[:, 1:]):
            value = peer_losses.MarginMSELoss(PairLogits(logits, pairs))(columns_of(queries, documents), given)
            logits.grad = None
            expect_same(batch, result, *value_and_gradient(value, logits), relative=1e-9)


def random_in_batch(rng, name):
    """A batch and, for the peer, its shape and the place of every pair in it."""
    queries, documents = rng.randint(1, 6), rng.randint(1, 4)
    lists = []
    for query in range(queries):  # its positive, every document of the others, its own negatives
        others = [(i, j) for i in range(queries) if i != query for j in range(documents)]
        chosen = [(query, 0), *others, *((query, j) for j in range(1, documents))]
        lists.append([(str(query), f"{i}/{j}") for i, j in chosen])
    pairs = [pair for row in lists for pair in row]
    batch = {
        "name": name,
        "scale": rng.choice([10.0, 1.0, 20.0]),
        "activation_fn": rng.choice(list(ACTIVATIONS)),
        "scores": random_scores(rng, len(pairs), 1e-4),
        "labels": [0.0] * len(pairs),
        "offsets": offsets_of([len(row) for row in lists]),
    }
    return batch, (queries, documents), {pair: place for place, pair in enumerate(pairs)}


@pytest.mark.parametrize("name", IN_BATCH_LOSSES)
def test_in_batch_losses_equal_the_peer(name, peer_in_float64, peer_takes_given_logits):
    rng = random.Random(name)
    cases = [random_in_batch(rng, name) for _ in range(BATCHES)]
    for (batch, shape, index), result in zip(cases, score_losses([batch for batch, _, _ in cases])):
        logits = torch.tensor(batch["scores"], requires_grad=True)
        peer = getattr(peer_losses, name)(
            PairLogits(logits, index),
            num_negatives=None,
            scale=batch["scale"],
            activation_fn=ACTIVATIONS[batch["activation_fn"]],
        )
        value = peer(columns_of(*shape), None)
        expect_same(batch, result, *value_and_gradient(value, logits), relative=1e-9)
