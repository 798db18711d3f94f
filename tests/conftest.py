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
