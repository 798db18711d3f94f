"""What the parity tests of the losses share: random batches, our losses through score_losses, and peers
that take given logits.

No two scores of a batch are equal, since the peers' sorts are unstable. The program computes in float64.
"""

import json
import math
import subprocess

import numpy
import torch

from runs import BIN


def score_losses(batches):
    """{"sum", "count", "loss", "grad"} of each batch: the options of a loss, "scores", "labels", "offsets"."""
    lines = "".join(json.dumps(batch) + "\n" for batch in batches)
    run = subprocess.run([BIN / "score_losses"], input=lines, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    results = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(results) == len(batches)
    return results


def to_float32(value):
    """What the peers read."""
    return float(numpy.float32(value))


def random_labels(rng, size):
    kind = rng.choice(["binary", "graded", "continuous", "negative", "equal"])
    draw = {
        "binary": lambda: float(rng.random() < 0.3),
        "graded": lambda: float(rng.randint(0, 4)),
        "continuous": lambda: rng.uniform(0, 2),
        "negative": lambda: float(rng.randint(-2, 2)),
        "equal": lambda: 1.0,
    }[kind]
    return [to_float32(draw()) for _ in range(size)]


def random_scores(rng, size, gap):
    """`size` scores of which no two are nearer than `gap`, rounded to float32."""
    spread = rng.choice([0.1, 2.0, 8.0, 30.0])
    taken = {}
    while len(taken) < size:
        score = to_float32(rng.gauss(0, spread))
        cell = math.floor(score / gap)
        if not any(abs(taken.get(cell + near, math.inf) - score) < gap for near in (-1, 0, 1)):
            taken[cell] = score
    scores = list(taken.values())
    rng.shuffle(scores)
    return scores


def offsets_of(sizes):
    return [sum(sizes[:q]) for q in range(len(sizes) + 1)]


def lists_of(batch, key):
    offsets = batch["offsets"]
    return [batch[key][first:last] for first, last in zip(offsets, offsets[1:])]


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


class PairLogits(torch.nn.Module):
    """As GivenLogits, for a loss that scores pairs in an order of its own: logits[index[query, document]]."""

    num_labels = 1
    device = torch.device("cpu")

    def __init__(self, logits, index):
        super().__init__()
        self.logits, self.index = logits, index

    def preprocess(self, pairs, **_):
        return {"places": torch.tensor([self.index[tuple(pair)] for pair in pairs])}

    def forward(self, inputs):
        return {"scores": self.logits[inputs["places"]].unsqueeze(1)}


def expect_same(batch, result, value, gradient, relative, absolute=1e-12):
    """Differences are measured against the loss and the largest entry of the gradient."""
    assert abs(result["loss"] - value) <= relative * abs(value) + absolute, (batch, result["loss"], value)
    gradient = numpy.array(gradient)
    largest = numpy.abs(gradient).max()
    difference = numpy.abs(numpy.array(result["grad"]) - gradient).max()
    assert difference <= relative * largest + absolute, (batch, result["grad"], gradient)
