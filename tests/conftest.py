"""What the parity tests share: where the built programs, the base model and the real data sets are.

tests/run.sh sets the variables; by hand, after `launch/bootstrap.sh --tests` and a release build,

    .deps/tests-venv/bin/python -m pytest tests/parity

LAMBDAFORGE_BUILD    the build folder (default: build/release)
LAMBDAFORGE_DEPS     what bootstrap.sh filled (default: .deps)
LAMBDAFORGE_MODEL    the base model (default: models/all-MiniLM-L6-v2 in LAMBDAFORGE_DEPS)
LAMBDAFORGE_SHARED   the folder with data/ (default: ../shared); without it, tests of it skip
"""

import atexit
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DEPS = Path(os.environ.get("LAMBDAFORGE_DEPS", ROOT / ".deps"))
BIN = Path(os.environ.get("LAMBDAFORGE_BUILD", ROOT / "build/release")) / "bin"
MODEL = Path(os.environ.get("LAMBDAFORGE_MODEL", DEPS / "models/all-MiniLM-L6-v2"))
SHARED_DATA = Path(os.environ.get("LAMBDAFORGE_SHARED", ROOT.parent / "shared")) / "data"


def keep_peer_offline():
    """Before any test module imports the peer: no hub, and no cache left in the home folder."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if "HF_DATASETS_CACHE" not in os.environ:
        os.environ["HF_DATASETS_CACHE"] = tempfile.mkdtemp(prefix="lambdaforge-datasets-")
        atexit.register(shutil.rmtree, os.environ["HF_DATASETS_CACHE"], ignore_errors=True)


keep_peer_offline()


def pytest_report_header():
    found = SHARED_DATA if SHARED_DATA.is_dir() else f"none at {SHARED_DATA}"
    return [f"programs: {BIN}", f"base model: {MODEL}", f"real data sets: {found}"]


@pytest.fixture(scope="session")
def run_program():
    """run_program("name", argument...) -> standard output; fails with what the program said."""

    def run(name, *arguments, input=None):
        program = BIN / name
        if not program.exists():
            pytest.fail(f"no {program}: cmake --preset release && cmake --build --preset release")
        command = [program, *map(str, arguments)]
        done = subprocess.run(command, input=input, capture_output=True, text=True)
        if done.returncode != 0:
            pytest.fail(f"{name} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    return run


@pytest.fixture(scope="session")
def base_model():
    if not (MODEL / "model.safetensors").exists():
        pytest.fail(f"no base model in {MODEL}: run launch/bootstrap.sh")
    return MODEL


@pytest.fixture(scope="session")
def shared_data():
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no real data sets at {SHARED_DATA}: set LAMBDAFORGE_SHARED")
    return SHARED_DATA


@pytest.fixture(scope="session")
def first_pairs(shared_data):
    """first_pairs(n) -> the first n (query, document) pairs of the training lists."""
    import gzip
    import itertools
    import json

    def pairs(count):
        with gzip.open(shared_data / "lists/squad-lists-3k.jsonl.gz", "rt", encoding="utf-8") as lines:
            rows = map(json.loads, lines)
            every_pair = ((row["query"], document) for row in rows for document in row["docs"])
            return list(itertools.islice(every_pair, count))

    return pairs


@pytest.fixture(scope="session")
def wordnet(run_program, tmp_path_factory):
    """The folder that `lambdaforge prepare wordnet` fills."""
    folder = tmp_path_factory.mktemp("wordnet")
    run_program("lambdaforge", "prepare", "wordnet", "--output", folder)
    return folder


@pytest.fixture(scope="session")
def small_recipe(wordnet, base_model):
    """Sections of a short training: two layers, dropout on, twenty steps of eight lists over all ranks."""

    def sections(ranks=1, **training):
        return {
            "model": {"path": base_model, "num_hidden_layers": 2, "max_length": 64},
            "data": {"train": wordnet / "train.jsonl", "eval_size": 16},
            "training": {
                "per_device_train_batch_size": 8 // ranks,
                "learning_rate": 1e-4,
                "max_steps": 20,
                "warmup_ratio": 0.1,
                "logging_steps": 1,
                "save_strategy": "no",
                "seed": 12,
            }
            | training,
        }

    return sections
