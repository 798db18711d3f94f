"""Twenty steps next to sentence-transformers: every loss, and what the trained models say afterwards."""

import json
import subprocess
import sys

import numpy
import pytest

from runs import read_losses, train

SCHEMES = ["NoWeighting", "NDCGLoss1", "NDCGLoss2", "NDCGLoss2PP", "LambdaRank"]
PEER_SCHEMES = {
    "NoWeighting": "NoWeightingScheme",
    "NDCGLoss1": "NDCGLoss1Scheme",
    "NDCGLoss2": "NDCGLoss2Scheme",
    "NDCGLoss2PP": "NDCGLoss2PPScheme",
    "LambdaRank": "LambdaRankScheme",
}
STEPS, LISTS, LAYERS = 20, 4, 2


@pytest.fixture(scope="module")
def peer_train(shared_data, base_model):
    """peer_train(scheme, folder) -> what the peer prints; its models before and after lie in `folder`."""
    program = shared_data.parent / "tools/peer_train.py"
    if not program.exists():
        pytest.skip(f"no {program}: set LAMBDAFORGE_SHARED")

    def run(scheme, folder):
        command = [sys.executable, program, "--model", base_model, "--steps", STEPS, "--batch", LISTS]
        command += ["--lists", shared_data / "lists/squad-lists-3k.jsonl.gz", "--layers", LAYERS]
        command += ["--mini-batch", 32, "--dropout", 0, "--scheme", PEER_SCHEMES[scheme]]
        command += ["--save-initial", folder / "initial", "--save", folder / "peer"]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.strip().splitlines()[-1])

    return run


def scores_on_pairs(model, pairs):
    import torch
    from sentence_transformers import CrossEncoder

    return CrossEncoder(str(model), device="cpu").predict(pairs, activation_fn=torch.nn.Identity())


@pytest.mark.parametrize("scheme", SCHEMES)
def test_same_losses_and_same_model(scheme, peer_train, first_pairs, shared_data, tmp_path):
    peer = peer_train(scheme, tmp_path)
    folder = train(
        tmp_path,
        model={"path": tmp_path / "initial", "hidden_dropout_prob": 0, "attention_probs_dropout_prob": 0},
        data={"train": shared_data / "lists/squad-lists-3k.jsonl.gz", "shuffle": False},
        loss={"weighting_scheme": scheme},
        training={
            "per_device_train_batch_size": LISTS,
            "learning_rate": 2e-5,
            "max_steps": STEPS,
            "logging_steps": 1,
        },
    )
    numpy.testing.assert_allclose(read_losses(folder), peer["loss"], rtol=1e-4)
    pairs = first_pairs(200)
    ours, theirs = scores_on_pairs(folder / "final", pairs), scores_on_pairs(tmp_path / "peer", pairs)
    numpy.testing.assert_allclose(ours, theirs, atol=1e-3, rtol=0)
