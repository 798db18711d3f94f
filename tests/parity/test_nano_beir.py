"""The NanoBEIR evaluator against sentence-transformers' CrossEncoderNanoBEIREvaluator, same folder.

The model is a checksum of the pair's texts, so both sides have the same float32 scores.

    pytest tests/parity/test_nano_beir.py
    LAMBDAFORGE_SHARED  folder with data/nano      (default: ../shared beside the project)
    LAMBDAFORGE_BUILD   folder with bin/evaluate_scores (default: build/release)
"""

import json
import os
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
NANO = Path(os.environ.get("LAMBDAFORGE_SHARED", ROOT.parent / "shared")) / "data" / "nano"
BUILD = Path(os.environ.get("LAMBDAFORGE_BUILD", ROOT / "build" / "release"))
TOOL = BUILD / "bin" / "evaluate_scores"
NAMES = ["msmarco", "nfcorpus", "nq"]
TIED = 1000  # three-digit scores: every list has ties
TIE_FREE = 1 << 24  # as many values as float32 can tell apart in [0, 1)
TOLERANCE = 1e-9

pytestmark = pytest.mark.skipif(not NANO.is_dir(), reason=f"no NanoBEIR folder at {NANO}: set LAMBDAFORGE_SHARED")


class ChecksumModel:
    """As much of a CrossEncoder as its evaluators use."""

    def __init__(self, modulus):
        self.modulus = modulus
        self.model_card_data = self

    def set_evaluation_metrics(self, *_):
        pass

    def predict(self, pairs, **_):
        checksums = [zlib.crc32(f"{query}\n{document}".encode()) for query, document in pairs]
        remainders = [checksum % self.modulus for checksum in checksums]
        return np.array(remainders, dtype=np.float32) / np.float32(self.modulus)


@pytest.fixture(scope="module")
def peer(tmp_path_factory):
    """The peer's evaluator and, per set, the queries it cannot evaluate: on an empty candidate list
    it raises a TypeError, and on an absent one it has no sample. Ours leaves both out."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_DATASETS_CACHE"] = str(tmp_path_factory.mktemp("datasets"))
    from sentence_transformers.cross_encoder.evaluation import CrossEncoderNanoBEIREvaluator

    evaluator = CrossEncoderNanoBEIREvaluator(NAMES, dataset_id=str(NANO))
    empty = {}
    for one in evaluator.evaluators:
        empty[one.name] = [sample["query-id"] for sample in one.samples if not sample["documents"]]
        one.samples = [sample for sample in one.samples if sample["documents"]]
    return evaluator, empty


@pytest.fixture
def single_documents(monkeypatch):
    """scikit-learn's NDCG refuses a list of one document, but some queries here have only one
    candidate; where that one is relevant, the value is 1."""
    from sentence_transformers.cross_encoder.evaluation import reranking

    ndcg_score = reranking.ndcg_score

    def total_ndcg_score(y_true, y_score, k):
        return ndcg_score(y_true, y_score, k=k) if len(y_true[0]) > 1 else float(y_true[0][0])

    monkeypatch.setattr(reranking, "ndcg_score", total_ndcg_score)


def run_peer(evaluator, modulus, always_rerank_positives, folder):
    for one in evaluator.evaluators:
        one.always_rerank_positives = always_rerank_positives
    evaluator(ChecksumModel(modulus), str(folder), epoch=0.5, steps=500)
    return evaluator(ChecksumModel(modulus), str(folder))


def run_ours(modulus, always_rerank_positives, folder):
    assert TOOL.is_file(), f"{TOOL} is not built: build the project or set LAMBDAFORGE_BUILD"
    command = [TOOL, NANO, folder, str(modulus), str(int(always_rerank_positives)), *NAMES]
    finished = subprocess.run(command, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    print(finished.stderr)
    return json.loads(finished.stdout)


def assert_same_metrics(ours, theirs, skip=()):
    assert list(ours) == list(theirs)
    different = {
        name: (ours[name], theirs[name])
        for name in theirs
        if name not in skip and abs(ours[name] - theirs[name]) > TOLERANCE
    }
    assert not different


def assert_same_csv(ours, theirs):
    """Same files, same bytes but for the figures' last digits: the peer sums in another order."""
    names = sorted(path.name for path in theirs.iterdir())
    assert sorted(path.name for path in ours.iterdir()) == names
    for name in names:
        # keepends: the line ends are compared too.
        own_rows = (ours / name).read_bytes().decode().splitlines(keepends=True)
        other_rows = (theirs / name).read_bytes().decode().splitlines(keepends=True)
        assert len(own_rows) == len(other_rows) == 3
        assert own_rows[0] == other_rows[0]
        for own_row, other_row in zip(own_rows[1:], other_rows[1:]):
            own, other = own_row.split(","), other_row.split(",")
            assert own[:2] == other[:2]  # epoch and step
            own_figures, other_figures = map(float, own[2:]), map(float, other[2:])
            assert list(own_figures) == pytest.approx(list(other_figures), abs=TOLERANCE)
            end = other_row[len(other_row.rstrip()) :]
            assert own_row == ",".join([*own[:2], *(repr(float(x)) for x in own[2:])]) + end


@pytest.mark.parametrize("always_rerank_positives", [True, False])
def test_every_metric_and_file_agrees(peer, single_documents, tmp_path, always_rerank_positives):
    evaluator, _ = peer
    theirs = run_peer(evaluator, TIE_FREE, always_rerank_positives, tmp_path / "theirs")
    ours = run_ours(TIE_FREE, always_rerank_positives, tmp_path / "ours")
    assert_same_metrics(ours["metrics"], theirs)
    assert ours["primary_metric"] == evaluator.primary_metric
    assert_same_csv(tmp_path / "ours", tmp_path / "theirs")


def test_tied_scores_agree_where_the_peer_defines_them(peer, tmp_path):
    # The peer's MRR follows np.argsort's default sort, which leaves the order of ties open; ours
    # puts the later document first. NDCG averages over ties and MAP groups them on both sides, and
    # the base has no ties.
    evaluator, _ = peer
    theirs = run_peer(evaluator, TIED, True, tmp_path / "theirs")
    ours = run_ours(TIED, True, tmp_path / "ours")
    undefined = [name for name in theirs if name.endswith("mrr@10") and "_base_" not in name]
    assert len(undefined) == len(NAMES) + 1
    assert_same_metrics(ours["metrics"], theirs, skip=undefined)


def test_queries_without_candidates_are_left_out_and_listed(peer, tmp_path):
    _, empty = peer
    left_out = run_ours(TIED, True, tmp_path)["left_out"]
    print("queries whose BM25 list is empty:", left_out)
    assert left_out == empty
