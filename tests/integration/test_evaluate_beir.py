"""`lambdaforge evaluate --beir`: the figures are pytrec_eval's on the run files that the command leaves behind."""

import csv
import gzip
import json
import subprocess
from collections import defaultdict

import pytest
import pytrec_eval

from runs import BIN, environment

METRICS = ["ndcg@10", "mrr@10", "map", "recall@100", "precision@10"]
CORPUS = {
    "d1": {"title": "Cats", "text": "A cat is a small animal that hunts mice."},
    "d2": {"title": "Dogs", "text": "A dog is a loyal animal that guards the house."},
    "d3": {"title": "", "text": "Mice fear the cat and eat cheese."},
    "d4": {"title": "Cheese", "text": "Cheese is made of milk."},
    "d5": {"title": "Milk", "text": "A cat likes milk, and so does a small dog."},
    "d6": {"title": "Stars", "text": "A star shines at night."},
}
QUERIES = {"q1": "what does a cat hunt", "q2": "animal that guards", "q3": "photosynthesis", "q4": "of another split"}
QRELS = {"q1": {"d1": 2, "d3": 1, "d6": 0}, "q2": {"d2": 1, "d1": 0}, "q3": {"d6": 1}}


def write_beir(folder, qrels=QRELS, queries=QUERIES, corpus=CORPUS):
    def jsonl(rows):
        return "".join(json.dumps({"_id": key} | row) + "\n" for key, row in rows.items())

    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl.gz").write_bytes(gzip.compress(jsonl(corpus).encode()))
    (folder / "queries.jsonl").write_text(jsonl({key: {"text": text} for key, text in queries.items()}))
    rows = [f"{query}\t{document}\t{grade}\n" for query in qrels for document, grade in qrels[query].items()]
    (folder / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(rows))
    return folder


def start(*arguments, ranks=None):
    command = [BIN / "lambdaforge", "evaluate", *arguments]
    if ranks is not None:
        command = ["mpirun", "--oversubscribe", "-n", ranks, *command]
    return subprocess.run(list(map(str, command)), env=environment(ranks), capture_output=True, text=True)


def evaluate(*arguments, ranks=None):
    """The figures by name."""
    done = start(*arguments, "--json", ranks=ranks)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def trec_eval(run_file, qrels):
    """Means over the queries with a relevant document; one that the run lacks counts 0."""
    with open(run_file) as file:
        run = pytrec_eval.parse_run(file)
    evaluator = pytrec_eval.RelevanceEvaluator(qrels, {"ndcg_cut_10", "recip_rank", "map", "recall_100", "P_10"})
    found = evaluator.evaluate(run).values()
    answerable = sum(any(grade > 0 for grade in judged.values()) for judged in qrels.values())
    first_ten = [row["recip_rank"] if row["recip_rank"] >= 1 / 10 else 0 for row in found]
    means = [sum(row[name] for row in found) / answerable for name in ("ndcg_cut_10", "map", "recall_100", "P_10")]
    return dict(zip(METRICS, [means[0], sum(first_ten) / answerable, *means[1:]]))


def assert_trec_eval_agrees(figures, folder, name, qrels):
    reranked = trec_eval(folder / f"run.{name}.trec", qrels)
    base = trec_eval(folder / f"bm25.{name}.trec", qrels)
    expected = {f"{name}_{metric}": value for metric, value in reranked.items()}
    expected |= {f"{name}_base_{metric}": value for metric, value in base.items()}
    assert list(figures) == list(expected)
    assert figures == pytest.approx(expected, abs=1e-9)


@pytest.fixture(scope="module")
def pets(base_model, tmp_path_factory):
    """(BEIR folder, what the command wrote, its figures) with BM25 of its own."""
    folder = write_beir(tmp_path_factory.mktemp("beir") / "pets")
    output = folder.parent / "figures"
    return folder, output, evaluate(base_model, "--beir", folder, "--output", output)


def test_figures_are_those_of_the_files(pets):
    _, output, figures = pets
    assert_trec_eval_agrees(figures, output, "pets", QRELS)
    assert figures["pets_base_recall@100"] == pytest.approx((2 / 2 + 1 + 0) / 3)  # nothing is found for q3


def test_per_query_values_average_to_the_figures(pets):
    _, output, figures = pets
    values = defaultdict(dict)
    with open(output / "per_query.csv", newline="") as file:
        for row in csv.DictReader(file):
            values[row["metric"]][row["query"]] = float(row["value"])
    assert set(values) == set(figures)
    for name, of_query in values.items():
        assert list(of_query) == ["q1", "q2", "q3"]
        assert sum(of_query.values()) / 3 == pytest.approx(figures[name])


def test_a_given_first_stage_takes_the_place_of_bm25(pets, base_model, tmp_path):
    folder, output, figures = pets
    again = evaluate(base_model, "--beir", folder, "--first-stage", output / "bm25.pets.trec", "--output", tmp_path)
    assert again == figures
    for name in ("run.pets.trec", "bm25.pets.trec"):
        assert (tmp_path / name).read_text() == (output / name).read_text()

    reverse = tmp_path / "reverse.tsv.gz"
    reverse.write_bytes(gzip.compress(b"q1\td6 d5 d4 d3 d2 d1\nq2\td6 d2\nq4\td1\n"))
    others = evaluate(base_model, "--beir", folder, "--first-stage", reverse, "--rerank-k", 2, "--output", tmp_path)
    assert_trec_eval_agrees(others, tmp_path, "pets", QRELS)
    assert others["pets_base_mrr@10"] == pytest.approx((1 / 4 + 1 / 2 + 0) / 3)
    ranking = [row.split()[2] for row in (tmp_path / "run.pets.trec").read_text().splitlines() if row[:2] == "q1"]
    assert set(ranking[:2]) == {"d6", "d5"} and ranking[2:] == ["d4", "d3", "d2", "d1"]


@pytest.mark.parametrize("given", [False, True])
def test_a_query_is_no_answer_to_itself(pets, base_model, tmp_path, given):
    """As in ArguAna, whose queries stand in the corpus; BEIR leaves them out of every run."""
    folder = write_beir(tmp_path / "pets", {"d5": {"d1": 1}, "q2": QRELS["q2"]}, QUERIES | {"d5": CORPUS["d5"]["text"]})
    arguments = ["--first-stage", tmp_path / "given.tsv"] if given else []
    (tmp_path / "given.tsv").write_text("d5\td5 d4 d1\nq2\td2\n")
    done = start(base_model, "--beir", folder, *arguments, "--output", tmp_path)
    assert done.returncode == 0 and "pets: left out 1 documents with the id of their query" in done.stderr
    for file in ("run.pets.trec", "bm25.pets.trec"):
        found = [row.split()[2] for row in (tmp_path / file).read_text().splitlines() if row[:2] == "d5"]
        assert "d1" in found and "d5" not in found
    assert "left out" not in start(base_model, "--beir", pets[0]).stderr


def test_two_ranks_give_the_figures_of_one(pets, base_model, tmp_path):
    folder, output, figures = pets
    assert evaluate(base_model, "--beir", folder, "--output", tmp_path, ranks=2) == figures
    assert (tmp_path / "bm25.pets.trec").read_text() == (output / "bm25.pets.trec").read_text()


def test_says_what_the_first_stage_did_not_find_and_prints_a_table(pets, base_model):
    done = start(base_model, "--beir", pets[0], "--metrics", "ndcg@5", "success@1")
    assert done.returncode == 0
    assert "pets: the first stage found nothing for 1 of 3 queries, such as q3; they count 0" in done.stderr
    assert done.stdout.split()[:3] == ["ndcg@5", "success@1", "pets"]


def test_bad_input(base_model, tmp_path):
    folder = write_beir(tmp_path / "pets")
    stray = tmp_path / "stray.trec"
    stray.write_text("q1 Q0 d77 1 2.5 x\n")
    for arguments, message in [
        (["--split", "tset"], "unknown split 'tset'; did you mean 'test'? known: test"),
        (["--first-stage", stray], "the first stage found document 'd77' for query 'q1', but the corpus of 6"),
        (["--first-stage", tmp_path / "none"], f"cannot read {tmp_path}/none"),
    ]:
        done = start(base_model, "--beir", folder, *arguments)
        assert done.returncode != 0 and message in done.stderr, done.stderr
        assert done.stdout == ""
    (folder / "queries.jsonl").unlink()
    assert f"no queries.jsonl in {folder}" in start(base_model, "--beir", folder).stderr


def test_grades_that_a_metric_refuses_show_before_a_model_is_loaded(tmp_path):
    folder = write_beir(tmp_path / "pets", QRELS | {"q2": {"d2": 5}})
    done = start(tmp_path / "no_model", "--beir", folder, "--metrics", "ndcg@10", "err@20")
    assert done.returncode != 0 and not done.stdout
    assert "err takes grades up to 4, got 5; map the judgements to a smaller scale" in done.stderr


def test_ids_that_no_run_file_holds_show_before_a_model_is_loaded(tmp_path):
    folder = write_beir(tmp_path / "pets", corpus=CORPUS | {"d 7": {"title": "", "text": "a cat may hunt"}})
    done = start(tmp_path / "no_model", "--beir", folder, "--output", tmp_path)
    assert done.returncode != 0 and not done.stdout
    assert "document 'd 7' cannot stand in a TREC file: it is empty or has white space" in done.stderr


def compare(*arguments):
    """compare's rows by data set."""
    command = [BIN / "lambdaforge", "compare", *arguments, "--json"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {row["data_set"]: row for row in json.loads(done.stdout)["data_sets"]}


def test_data_sets_gather_in_one_folder(pets, base_model, tmp_path):
    """One call a data set, and a set whose name looks like a first stage."""
    pets_folder, _, pets_figures = pets
    other = write_beir(tmp_path / "zoo_base", {"q1": QRELS["q1"]})
    output = tmp_path / "figures"
    for folder in (pets_folder, other, pets_folder):
        evaluate(base_model, "--beir", folder, "--output", output)
    rows = compare(output, output)
    assert {name: row["queries"] for name, row in rows.items()} == {"pets": 3, "zoo_base": 1}
    assert rows["pets"]["mean_a"] == pytest.approx(pets_figures["pets_ndcg@10"])
    shown = start(base_model, "--beir", other, "--metrics", "map").stdout.split()
    assert shown[:2] == ["map", "zoo_base"] and float(shown[2]) > 0


def test_a_folder_that_cannot_be_added_to_shows_before_a_model_is_loaded(pets, tmp_path):
    (tmp_path / "per_query.csv").write_text("epoch,steps,MAP\n")
    done = start(tmp_path / "no_model", "--beir", pets[0], "--output", tmp_path)
    assert done.returncode != 0 and "expected the header 'metric,query,value'" in done.stderr


def test_compare_reads_what_evaluate_reads_and_writes(pets, tmp_path):
    folder, output, figures = pets
    tsv = folder / "qrels/test.tsv"
    packed = tmp_path / "test.tsv.gz"
    packed.write_bytes(gzip.compress(tsv.read_bytes()))
    trec = tmp_path / "test.qrels"
    trec.write_text("".join(f"{query} 0 {key} {QRELS[query][key]}\n" for query in QRELS for key in QRELS[query]))
    runs = [output / "run.pets.trec", tmp_path / "bm25.trec.gz"]
    runs[1].write_bytes(gzip.compress((output / "bm25.pets.trec").read_bytes()))
    rows = [compare(*runs, "--qrels", qrels) for qrels in (tsv, packed, trec)]
    assert rows[0] == rows[1] == rows[2]
    assert rows[0]["test"]["mean_a"] == pytest.approx(figures["pets_ndcg@10"])
    assert rows[0]["test"]["mean_b"] == pytest.approx(figures["pets_base_ndcg@10"])


def test_nfcorpus(base_model, shared_data, tmp_path):
    """The first queries of a published set; grades of 1 and 2, many relevant documents."""
    source = shared_data / "nfcorpus"
    rows = [row.split("\t") for row in (source / "qrels/test.tsv").read_text().splitlines()[1:]]
    qrels = defaultdict(dict)
    for query, document, grade in rows:
        if query in qrels or len(qrels) < 6:
            qrels[query][document] = int(grade)
    folder = tmp_path / "nfcorpus"
    (folder / "qrels").mkdir(parents=True)
    for name in ("corpus.jsonl.gz", "queries.jsonl.gz"):
        (folder / name).symlink_to(source / name)
    lines = [f"{query} 0 {document} {grade}\n" for query in qrels for document, grade in qrels[query].items()]
    (folder / "qrels/test.tsv").write_text("".join(lines))

    options = ["--beir", folder, "--rerank-k", 20, "--max-length", 64, "--output", tmp_path]
    own = evaluate(base_model, *options)
    assert_trec_eval_agrees(own, tmp_path, "nfcorpus", dict(qrels))
    given = evaluate(base_model, *options, "--first-stage", source / "bm25.test.tsv.gz")
    assert_trec_eval_agrees(given, tmp_path, "nfcorpus", dict(qrels))
    assert given["nfcorpus_base_ndcg@10"] == pytest.approx(own["nfcorpus_base_ndcg@10"], abs=0.02)
    print(own, given)
