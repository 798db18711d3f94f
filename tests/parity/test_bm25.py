"""BM25 against bm25s, on every data set that is there: bm25s ranks the very terms that ours makes of the texts."""

import gzip
import json

import numpy as np
import pytest

DEPTH = 100
TOLERANCE = 1e-4
TIED = 1e-5  # bm25s adds float32 weights: sums below 64 that are equal in truth differ by less


def read_jsonl(path):
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def read_nfcorpus(folder):
    corpus = [f"{row['title']} {row['text']}" for row in read_jsonl(folder / "corpus.jsonl.gz")]
    judged = {line.split("\t")[0] for line in (folder / "qrels/test.tsv").read_text().splitlines()[1:]}
    queries = [row["text"] for row in read_jsonl(folder / "queries.jsonl.gz") if row["_id"] in judged]
    assert len(corpus) == 3633 and len(queries) == 323
    return corpus, queries


def read_nano(folder, name):
    parquet = pytest.importorskip("pyarrow.parquet")

    def texts(kind):
        return parquet.read_table(folder / kind / f"{name}-00000-of-00001.parquet").column("text").to_pylist()

    return texts("corpus"), texts("queries")


@pytest.fixture(scope="module", params=["NanoMSMARCO", "NanoNFCorpus", "NanoNQ", "NFCorpus"])
def data(request, shared_data, run_program):
    """(what our program printed, every document's score for every query by bm25s)."""
    import bm25s

    if request.param == "NFCorpus":
        documents, queries = read_nfcorpus(shared_data / "nfcorpus")
    else:
        documents, queries = read_nano(shared_data / "nano", request.param)
    ours = json.loads(
        run_program("rank_bm25", input=json.dumps({"documents": documents, "queries": queries, "depth": DEPTH}))
    )
    peer = bm25s.BM25(method="lucene", k1=0.9, b=0.4)
    peer.index(ours["document_terms"], show_progress=False)
    scores = [
        peer.get_scores(terms) if terms else np.zeros(len(documents), np.float32) for terms in ours["query_terms"]
    ]
    print(f"{request.param}: {len(documents)} documents, {len(queries)} queries")
    return ours, scores


def test_every_score_agrees(data):
    ours, scores = data
    for ranking, theirs in zip(ours["rankings"], scores):
        expected = np.sort(theirs[theirs > 0])[::-1][:DEPTH]
        assert [score for _, score in ranking] == pytest.approx(list(expected), abs=TOLERANCE)
        for document, score in ranking:
            assert score == pytest.approx(theirs[document], abs=TOLERANCE)


def test_the_same_documents_but_for_ties(data):
    """Places may differ only within a run of documents whose scores float32 cannot tell apart."""
    ours, scores = data
    moved = 0
    for ranking, theirs in zip(ours["rankings"], scores):
        order = np.argsort(-theirs, kind="stable")[:DEPTH]
        order = order[theirs[order] > 0]
        assert len(order) == len(ranking)
        for (document, _), expected in zip(ranking, order):
            assert abs(theirs[document] - theirs[expected]) <= TIED
            moved += document != expected
    print(f"{moved} places differ among ties")
