"""Dropout draws other masks than sentence-transformers, but from the same distribution: over many draws, the loss and
the norm of its gradient have the same mean and spread at every place where dropout stands."""

import json

import numpy
import pytest
import torch
from sentence_transformers import CrossEncoder
from sentence_transformers.cross_encoder.losses import LambdaLoss

from runs import read_history, train

DRAWS, LISTS, RATE = 80, 3, 0.3
RATES = ["hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout"]


@pytest.fixture(scope="module")
def lists(wordnet, tmp_path_factory):
    path = tmp_path_factory.mktemp("lists") / "lists.jsonl"
    path.write_text("".join((wordnet / "train.jsonl").read_text().splitlines(keepends=True)[:LISTS]))
    return path


@pytest.fixture(scope="module")
def model(small_recipe, tmp_path_factory):
    """Trained a little: a fresh classifier's scores are all near 0, where dropout moves nothing."""
    return train(tmp_path_factory.mktemp("model"), **small_recipe(learning_rate=1e-3)) / "final"


def rates(place):
    return {name: RATE if name == place else 0.0 for name in RATES}


def our_draws(model, lists, place, tmp_path):
    """One step a draw, and a learning rate of 0."""
    folder = train(
        tmp_path,
        model={"path": model} | rates(place),
        data={"train": lists, "shuffle": False},
        training={
            "per_device_train_batch_size": LISTS,
            "learning_rate": 0,
            "max_steps": DRAWS,
            "logging_steps": 1,
            "save_strategy": "no",
        },
    )
    return numpy.array([[row["loss"], row["grad_norm"]] for row in read_history(folder) if "loss" in row])


def their_draws(model, lists, place):
    encoder = CrossEncoder(str(model), device="cpu", config_kwargs=rates(place), activation_fn=torch.nn.Identity())
    rows = [json.loads(line) for line in lists.read_text().splitlines()]
    columns = [[row["query"] for row in rows], [row["docs"] for row in rows]]
    labels = [torch.tensor(row["labels"], dtype=torch.float) for row in rows]
    loss = LambdaLoss(encoder, mini_batch_size=-1)
    torch.manual_seed(1)
    encoder.train()
    draws = []
    for _ in range(DRAWS):
        encoder.zero_grad()
        value = loss(columns, labels)
        value.backward()
        draws.append([value.item(), float(torch.nn.utils.get_total_norm([p.grad for p in encoder.parameters()]))])
    return numpy.array(draws)


@pytest.mark.parametrize("place", RATES)
def test_draws_have_the_peers_mean_and_spread(place, model, lists, tmp_path):
    ours, theirs = our_draws(model, lists, place, tmp_path), their_draws(model, lists, place)
    assert len(ours) == DRAWS
    for name, a, b in zip(("loss", "gradient norm"), ours.T, theirs.T):
        error = numpy.sqrt((a.var(ddof=1) + b.var(ddof=1)) / DRAWS)
        assert a.std() > 1e-3 * abs(a.mean()), f"{name}: dropout does nothing"
        assert abs(a.mean() - b.mean()) < 4 * error, f"{name}: mean {a.mean()} against {b.mean()} +- {error}"
        assert 0.7 < a.std() / b.std() < 1 / 0.7, f"{name}: spread {a.std()} against {b.std()}"
