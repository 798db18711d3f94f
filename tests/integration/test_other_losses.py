"""Losses that need more than one score for each document of a list, and one that a reader adds."""

import json
import random
import subprocess

import numpy
import pytest
import torch
from sentence_transformers import CrossEncoder

from runs import BIN, environment, read_history, read_losses, run_training, train, write_recipe

WORDS = ["river", "engine", "violin"]
QUERY = "what is this about"


def about(word):
    return f"something with a {word} in it"


def write_lists(path, label):
    """200 lists of four documents that a word tells apart, the word's number turned into a label."""
    rng = random.Random(1)
    rows = [[rng.randrange(len(WORDS)) for _ in range(4)] for _ in range(200)]
    lines = [
        {"query": QUERY, "docs": [about(WORDS[kind]) for kind in row], "labels": [label(kind) for kind in row]}
        for row in rows
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return {"train": path}


# --- in-batch negatives -----------------------------------------------------------------------


@pytest.fixture
def in_batch(small_recipe):
    def sections(ranks=1, loss=None, **training):
        return small_recipe(ranks, **training) | {"loss": {"name": "MultipleNegativesRankingLoss"} | (loss or {})}

    return sections


def test_in_batch_negatives_do_not_depend_on_the_number_of_ranks(in_batch, tmp_path):
    """Candidates come from the whole batch, whichever rank scores them."""
    alone = read_losses(train(tmp_path, name="alone", **in_batch(max_steps=6)))
    for ranks in (1, 2, 4):
        losses = read_losses(train(tmp_path, ranks, name=f"ranks-{ranks}", **in_batch(ranks, max_steps=6)))
        numpy.testing.assert_allclose(losses, alone, rtol=1e-5, err_msg=f"{ranks} ranks")


def test_the_cached_form_is_the_same_in_less_memory(in_batch, tmp_path):
    whole = read_losses(train(tmp_path, name="whole", **in_batch(max_steps=6)))
    cached = in_batch(loss={"name": "CachedMultipleNegativesRankingLoss"}, max_steps=6, micro_batch_tokens=1000)
    numpy.testing.assert_allclose(read_losses(train(tmp_path, name="cached", **cached)), whole, rtol=1e-5)


def test_the_number_of_negatives_is_that_asked_for(in_batch, tmp_path):
    """With equal scores for everything, the loss of n candidates is ln n; of held-out lists too, whose batches hold
    eight."""
    sections = in_batch(loss={"num_negatives": 6, "scale": 1e-6}, max_steps=3, eval_strategy="steps", eval_steps=3)
    with open(sections["data"]["train"]) as lines:
        rows = [json.loads(line) for line in lines]
    pairs = tmp_path / "pairs.jsonl"  # one positive, nothing else
    pairs.write_text("".join(json.dumps(row | {"docs": row["docs"][:1], "labels": [1]}) + "\n" for row in rows[:64]))
    sections["data"] = {"train": pairs, "eval_size": 16}
    history = read_history(train(tmp_path, **sections))
    losses = [row[key] for row in history for key in ("loss", "eval_loss") if key in row]
    numpy.testing.assert_allclose(losses, [numpy.log(7)] * 4, rtol=1e-5)


# --- classes ----------------------------------------------------------------------------------


def test_a_model_with_classes_learns_and_loads(small_recipe, tmp_path):
    """CrossEncoder reads the model and agrees."""
    sections = small_recipe(learning_rate=1e-3) | {"loss": {"name": "CrossEntropyLoss"}}
    sections["model"] |= {"num_labels": 3}
    sections["data"] = write_lists(tmp_path / "classes.jsonl", label=lambda kind: kind)
    folder = train(tmp_path, **sections)
    losses = read_losses(folder)
    assert losses[0] == pytest.approx(numpy.log(3), rel=0.2) and losses[-1] < 0.3

    model = CrossEncoder(str(folder / "final"), device="cpu", activation_fn=torch.nn.Identity())
    logits = model.predict([(QUERY, about(word)) for word in WORDS])
    assert logits.shape == (3, 3) and list(logits.argmax(axis=1)) == [0, 1, 2]


@pytest.mark.parametrize(
    "changes, says",
    [
        ({"loss": {"name": "CrossEntropyLoss"}}, "set it to the number of classes"),
        ({"model": {"num_labels": 3}}, "needs one score a pair"),
        ({"loss": {"name": "CachedMultipleNegativesRankingLoss"}}, "needs training.micro_batch_tokens"),
        ({"loss": {"name": "CrossEntropyLoss"}, "model": {"num_labels": 3}}, "the number of a class, 0 to 2"),
    ],
)
def test_what_does_not_fit_is_said(changes, says, small_recipe, tmp_path):
    sections = small_recipe(max_steps=2)
    lists = tmp_path / "lists.jsonl"
    lists.write_text(json.dumps({"query": "a river", "docs": ["water", "money"], "labels": [3, 0]}) + "\n")
    sections["data"] = {"train": lists}
    for section, keys in changes.items():
        sections[section] = sections.get(section, {}) | keys
    run = {"project": "test", "name": "bad", "output_dir": tmp_path / "runs"}
    done = run_training(write_recipe(tmp_path / "bad.toml", run=run, **sections))
    assert done.returncode != 0 and says in done.stderr, done.stderr


def test_what_the_loss_does_not_read_is_told(small_recipe, tmp_path):
    run = {"project": "test", "name": "unread", "output_dir": tmp_path / "runs"}
    loss = {"name": "ListNetLoss", "sigma": 2.0, "activation_fn": "tanh", "mu": 10.0}  # mu: its default
    done = run_training(write_recipe(tmp_path / "unread.toml", run=run, loss=loss, **small_recipe(max_steps=1)))
    assert done.returncode == 0, done.stderr
    assert "ListNetLoss does not read loss.sigma; it reads activation_fn" in done.stdout


# --- the layouts of sentence-transformers' data ------------------------------------------------


def test_pairs_and_tuples_train(small_recipe, tmp_path):
    """Each starts where equal scores put it: ln 2 a pair, 1 a margin of 1."""
    pairs = [
        {"sentence1": QUERY, "sentence2": about(word), "score": float(kind == 0)}
        for _ in range(8)
        for kind, word in enumerate(WORDS)
    ]
    tuples = [
        {
            "query": QUERY,
            "positive": about("river"),
            "negative_1": about("engine"),
            "negative_2": about(word),
            "label": [1, 1],
        }
        for word in WORDS[1:] * 4
    ]
    for name, rows, loss, first in (
        ("pairs", pairs, {"name": "BinaryCrossEntropyLoss"}, numpy.log(2)),
        ("tuples", tuples, {"name": "MarginMSELoss"}, 1),
    ):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        data = {"train": tmp_path / f"{name}.jsonl"}
        folder = train(tmp_path, name=name, **small_recipe(max_steps=2) | {"data": data, "loss": loss})
        assert read_losses(folder)[0] == pytest.approx(first, rel=0.2)


# --- the worked example -----------------------------------------------------------------------


def test_the_worked_example_trains(small_recipe, tmp_path):
    """The loss that losses/README.md adds, in a program that was built with it."""
    sections = small_recipe(learning_rate=1e-3)
    sections["data"] = write_lists(tmp_path / "rivers.jsonl", label=lambda kind: float(kind == 0))
    recipe = write_recipe(
        tmp_path / "recipe.toml",
        run={"project": "test", "name": "softmax", "output_dir": tmp_path / "runs"},
        loss={"name": "SoftmaxLoss"},
        **sections,
    )
    done = subprocess.run([BIN / "train_worked_example", recipe], env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    losses = read_losses(tmp_path / "runs/test/softmax")
    assert losses[-1] < losses[0] - 0.3, losses
