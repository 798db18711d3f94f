"""Metrics of runs against pytrec_eval (trec_eval itself) and ir_measures, query by query.

A thousand random rankings with ties, unjudged documents, relevant documents that were not retrieved and negative
grades. A formula for which no provider of ir_measures runs here is written out below, on rankings that are sorted here.
"""

import json
import math

import ir_measures
import numpy as np
import pytest
import pytrec_eval
from ir_measures import ERR, nDCG

QUERIES = 1000
TOLERANCE = 1e-6
# Ours -> trec_eval's.
TREC_EVAL = {
    "map": "map",
    "mrr": "recip_rank",
    "ndcg": "ndcg",
    "ndcg@10": "ndcg_cut_10",
    "precision@5": "P_5",
    "recall@10": "recall_10",
    "success@5": "success_5",
    "bpref": "bpref",
}
OTHERS = ["mrr@3", "ndcg_exp", "ndcg_exp@10", "err", "err@20", "rbp@0.8", "judged@10"]
SCALES = {"graded": [0, 0, 1, 2, 3, 4], "binary": [0, 0, 1], "negative": [-2, -1, 0, 0, 1, 2, 3]}


def random_data(grades, seed):
    """qrels and a run, as {query: {document: grade or score}}; about one query in forty has no relevant document."""
    random = np.random.default_rng(seed)
    qrels, run = {}, {}
    for query in map(str, range(1, QUERIES + 1)):
        pool = [f"d{number}" for number in random.permutation(60)]
        judged = pool[: random.integers(1, 25)]
        retrieved = random.permutation(pool[: random.integers(10, 60)])[: random.integers(1, 40)]
        qrels[query] = {document: int(random.choice(grades)) for document in judged}
        if max(qrels[query].values()) < 0:  # pytrec_eval crashes on a query with negative grades only
            qrels[query][judged[0]] = 0
        # Eighths are exact; few of them make ties.
        run[query] = {document: int(random.integers(1, 40)) / 8 for document in map(str, retrieved)}
    return qrels, run


def write_trec(folder, qrels, run):
    judgements = [f"{q} 0 {d} {grade}\n" for q, grades in qrels.items() for d, grade in grades.items()]
    (folder / "theirs.qrels").write_text("".join(judgements))
    lines = [f"{q} Q0 {d} 0 {score!r} tag\n" for q, scores in run.items() for d, score in scores.items()]
    (folder / "theirs.run").write_text("".join(lines))


@pytest.fixture(scope="module", params=SCALES)
def data(request):
    return random_data(SCALES[request.param], seed=list(SCALES).index(request.param))


@pytest.fixture
def ours(data, run_program, tmp_path):
    """Ours of the same files: {metric: {query: value}}, for the queries that have a relevant document."""
    write_trec(tmp_path, *data)
    files = (tmp_path / "theirs.run", tmp_path / "theirs.qrels", tmp_path)
    return json.loads(run_program("evaluate_run", *files, *TREC_EVAL, *OTHERS))


def queries_with_a_relevant_document(qrels):
    return {query for query, grades in qrels.items() if max(grades.values()) >= 1}


def largest_difference(ours, theirs):
    return max(abs(value - theirs[query]) for query, value in ours.items())


def test_the_data_has_what_can_go_wrong(data):
    qrels, run = data
    kinds = dict.fromkeys(["tie", "unjudged", "not retrieved", "nothing relevant"], 0)
    for query, scores in run.items():
        kinds["tie"] += len(set(scores.values())) < len(scores)
        kinds["unjudged"] += any(document not in qrels[query] for document in scores)
        kinds["not retrieved"] += any(grade > 0 and d not in scores for d, grade in qrels[query].items())
        kinds["nothing relevant"] += max(qrels[query].values()) < 1
    assert min(kinds.values()) > QUERIES / 100, kinds


def test_every_query_with_a_relevant_document_has_a_value(data, ours):
    for values in ours.values():
        assert set(values) == queries_with_a_relevant_document(data[0])


def test_trec_eval(data, ours):
    qrels, run = data
    theirs = pytrec_eval.RelevanceEvaluator(qrels, set(TREC_EVAL.values())).evaluate(run)
    for own_name, name in TREC_EVAL.items():
        difference = largest_difference(ours[own_name], {query: theirs[query][name] for query in theirs})
        print(f"{own_name}: {difference:.1e}")
        assert difference < TOLERANCE, own_name


def test_ir_measures(data, ours):
    qrels, run = data
    # gdeval prints five digits.
    peers = {
        "ndcg_exp@10": (nDCG(dcg="exp-log2") @ 10, 0.6e-5),
        "err@20": (ERR @ 20, 0.6e-5),
    }
    for name, (measure, tolerance) in peers.items():
        theirs = {metric.query_id: metric.value for metric in ir_measures.iter_calc([measure], qrels, run)}
        difference = largest_difference(ours[name], theirs)
        print(f"{name}: {difference:.1e}")
        assert difference < tolerance, name


def ranked_grades(scores, grades):
    """The grades of a query's documents by score, then by document, last first; None: not judged."""
    ranked = sorted(scores, key=lambda document: (scores[document], document), reverse=True)
    return [grades.get(document) for document in ranked]


def written_out(ranked, judged):
    """The other metrics of one query."""
    gains = [2 ** max(grade or 0, 0) - 1 for grade in ranked]
    ideal = sorted((2 ** max(grade, 0) - 1 for grade in judged), reverse=True)
    relevant = [gain > 0 for gain in gains]
    first = relevant.index(True) + 1 if any(relevant) else math.inf

    def dcg(values):
        return sum(value / math.log2(rank + 2) for rank, value in enumerate(values))

    def expected_reciprocal_rank(k):
        stops = [gain / 16 for gain in gains[:k]]
        return sum(math.prod(1 - other for other in stops[:i]) * stop / (i + 1) for i, stop in enumerate(stops))

    return {
        "mrr@3": 1 / first if first <= 3 else 0,
        "ndcg_exp": dcg(gains) / dcg(ideal),
        "ndcg_exp@10": dcg(gains[:10]) / dcg(ideal[:10]),
        "err": expected_reciprocal_rank(len(gains)),
        "err@20": expected_reciprocal_rank(20),
        "rbp@0.8": sum(0.2 * 0.8**i for i, hit in enumerate(relevant) if hit),
        "judged@10": np.mean([grade is not None for grade in ranked[:10]]),
    }


def test_formulas_written_out(data, ours):
    qrels, run = data
    theirs = {
        query: written_out(ranked_grades(run[query], qrels[query]), qrels[query].values())
        for query in queries_with_a_relevant_document(qrels)
    }
    for name in OTHERS:
        difference = largest_difference(ours[name], {query: theirs[query][name] for query in theirs})
        print(f"{name}: {difference:.1e}")
        assert difference < TOLERANCE, name


def test_the_peers_read_what_we_write(data, ours, tmp_path):
    qrels, run = data
    run_path, qrels_path = str(tmp_path / "run"), str(tmp_path / "qrels")
    with open(run_path) as run_file, open(qrels_path) as qrels_file:
        assert pytrec_eval.parse_run(run_file) == run
        assert pytrec_eval.parse_qrel(qrels_file) == qrels
    read = {(row.query_id, row.doc_id): row.score for row in ir_measures.read_trec_run(run_path)}
    assert read == {(query, d): score for query, scores in run.items() for d, score in scores.items()}
    assert {(row.query_id, row.doc_id): row.relevance for row in ir_measures.read_trec_qrels(qrels_path)} == {
        (query, d): grade for query, grades in qrels.items() for d, grade in grades.items()
    }


def test_every_bit_of_a_score_survives(run_program, tmp_path):
    random = np.random.default_rng(3)
    scores = [*random.normal(size=500), *random.normal(size=500).astype(np.float32), 5e-324, 1e308, -0.0]
    run = {"q": {f"d{i}": float(score) for i, score in enumerate(scores)}}
    write_trec(tmp_path, {"q": {"d0": 1}}, run)
    run_program("evaluate_run", tmp_path / "theirs.run", tmp_path / "theirs.qrels", tmp_path, "map")
    with open(tmp_path / "run") as file:
        assert pytrec_eval.parse_run(file) == run


def test_scores_that_only_a_double_can_tell_apart_are_ties_as_in_trec_eval(run_program, tmp_path):
    qrels, run = {"q": {"a": 1, "b": 0}}, {"q": {"a": 1 + 1e-9, "b": 1.0}}
    write_trec(tmp_path, qrels, run)
    theirs = pytrec_eval.RelevanceEvaluator(qrels, {"recip_rank"}).evaluate(run)
    own = run_program("evaluate_run", tmp_path / "theirs.run", tmp_path / "theirs.qrels", tmp_path, "mrr")
    assert json.loads(own)["mrr"]["q"] == theirs["q"]["recip_rank"] == 1 / 2
