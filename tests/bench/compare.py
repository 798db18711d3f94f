#!/usr/bin/env python3
"""Lambdaforge and sentence-transformers side by side, in alternation: A B A B A B.

    .deps/tests-venv/bin/python tests/bench/compare.py train rerank tokenize scaling start bm25

Prints for each figure the median, the spread and the ratio of medians, and one JSON line with everything, for
RESULTS.md. The machine should do nothing else. Needs a release build, `launch/bootstrap.sh --tests`, and the folder
with the real data sets and the peer's scripts (LAMBDAFORGE_SHARED, default: ../shared).
"""

import argparse
import csv
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.conftest import BIN, MODEL  # noqa: E402  (also keeps the peer offline)
from tests.parity.test_bm25 import read_nfcorpus  # noqa: E402
from tests.runs import ROOT, write_recipe  # noqa: E402

SHARED = Path(os.environ.get("LAMBDAFORGE_SHARED", ROOT.parent / "shared"))
LISTS = SHARED / "data/lists/squad-lists-3k.jsonl.gz"
NANO = SHARED / "data/nano"
NFCORPUS = SHARED / "data/nfcorpus"


# --- one run of either side -----------------------------------------------------------------------


def environment(threads):
    return os.environ | {
        "OMP_NUM_THREADS": str(threads),
        "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    }


def peer(script, **options):
    """The command of the peer's side: mini_batch=8 is --mini-batch 8."""
    words = [word for name, value in options.items() for word in ("--" + name.replace("_", "-"), value)]
    return [sys.executable, SHARED / "tools" / script, *words]


def run(command, threads):
    """(standard output, wall seconds, peak resident MiB of the largest process)."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in command],
        env=environment(threads),
        stdout=subprocess.PIPE,
        text=True,
        stderr=subprocess.DEVNULL,
    )
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {status}")
    return output, time.perf_counter() - start, usage.ru_maxrss / 1024


def train_ours(folder, steps, batch, ranks=1, threads=2):
    """Steps on the lists in their order, with the seed's learning settings and dropout."""
    name = f"run-{time.time_ns()}"
    recipe = write_recipe(
        folder / "recipe.toml",
        run={"project": "bench", "name": name, "output_dir": folder / "runs"},
        model={"path": MODEL, "max_length": 512},
        data={"train": LISTS, "shuffle": False},
        training={
            "per_device_train_batch_size": batch,
            "learning_rate": 2e-5,
            "max_steps": steps,
            "logging_steps": 1,
            "save_strategy": "no",
            "seed": 12,
        },
    )
    command = [BIN / "lambdaforge-train", recipe]
    if ranks > 1:
        command = ["mpirun", "-n", ranks, "--bind-to", "core", *command]
    start = time.time()
    _, _, peak_mib = run(command, threads)
    rows = {}
    with open(folder / f"runs/bench/{name}/metrics.csv", newline="") as file:
        for row in csv.DictReader(file):
            rows.setdefault(row["name"], []).append((float(row["value"]), row["time"]))
    seconds = [value for value, _ in rows["step_seconds"]]
    tokens = sum(value * taken for (value, _), taken in zip(rows["tokens_per_second"], seconds))
    first_step_ended = time.mktime(time.strptime(rows["loss"][0][1][:19], "%Y-%m-%dT%H:%M:%S"))
    first_step_ended += float("0" + rows["loss"][0][1][19:-1]) - time.timezone
    return {
        "tokens_per_second": tokens / sum(seconds),
        "share_of_peak": statistics.median(value for value, _ in rows["share_of_peak"]),
        "peak_rss_mib": peak_mib,
        "seconds_to_first_step": first_step_ended - start - seconds[0],
    }


def train_theirs(steps, batch, mini_batch):
    command = peer(
        "peer_train.py", model=MODEL, lists=LISTS, steps=steps, batch=batch, mini_batch=mini_batch, threads=2
    )
    output, _, _ = run(command, 2)
    row = json.loads(output.splitlines()[-1])
    return {key: row[key] for key in ("tokens_per_second", "peak_rss_mib")}


def rerank_ours(model, pairs):
    """The whole process, start and loading included; the peer's figure leaves those out."""
    _, seconds, _ = run([BIN / "lambdaforge-evaluate", model, "--nano", NANO, "--dataset-names", "nq", "--json"], 2)
    return {"pairs_per_second": pairs / seconds}


def rerank_theirs(model, batch):
    output, _, _ = run(peer("peer_evaluate.py", model=model, nano=NANO, names="nq", batch=batch), 2)
    row = json.loads(output.splitlines()[-1])
    return {"pairs_per_second": row["pairs_per_second"], "pairs": row["pairs"]}


def tokenize_ours(texts):
    done = subprocess.run(
        [BIN / "time_tokenizer", MODEL], input="\n".join(texts), capture_output=True, text=True, check=True
    )
    row = json.loads(done.stdout)
    return {"tokens_per_second": row["tokens"] / row["seconds"], "tokens": row["tokens"]}


def tokenize_theirs(texts):
    from tokenizers import Tokenizer  # one thread: conftest switched its parallelism off

    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    start = time.perf_counter()
    encoded = tokenizer.encode_batch(texts, add_special_tokens=False)
    seconds = time.perf_counter() - start
    tokens = sum(len(row.ids) for row in encoded)
    return {"tokens_per_second": tokens / seconds, "tokens": tokens}


def bm25_ours(documents, queries, depth):
    done = subprocess.run(
        [BIN / "rank_bm25"],
        input=json.dumps({"documents": documents, "queries": queries, "depth": depth}),
        capture_output=True,
        text=True,
        check=True,
    )
    return {"seconds": json.loads(done.stdout)["seconds"]}


def bm25_theirs(documents, queries, depth):
    """With its own tokenizer on one thread, which stems each distinct word once, as ours does."""
    import bm25s
    import Stemmer

    start = time.perf_counter()
    stemmer = Stemmer.Stemmer("english")
    index = bm25s.BM25(method="lucene", k1=0.9, b=0.4)
    index.index(bm25s.tokenize(documents, stemmer=stemmer, show_progress=False), show_progress=False)
    terms = bm25s.tokenize(queries, stemmer=stemmer, show_progress=False)
    index.retrieve(terms, k=depth, show_progress=False)
    return {"seconds": time.perf_counter() - start}


# --- alternation and report -----------------------------------------------------------------------


def alternate(rounds, sides):
    """{name: function} -> {name: [result of each round]}, one side after the other in every round."""
    results = {name: [] for name in sides}
    for number in range(rounds):
        for name, side in sides.items():
            results[name].append(side())
            print(f"  round {number + 1}: {name}: {results[name][-1]}", file=sys.stderr, flush=True)
    return results


def report(title, results, figure, digits=0):
    """Medians and spreads, and the first side's ratio to each of the others."""
    print(f"\n{title}: {figure}")
    medians = {}
    for name, rows in results.items():
        values = [row[figure] for row in rows]
        medians[name] = statistics.median(values)
        print(f"  {name:32} median {medians[name]:12.{digits}f}   {min(values):.{digits}f} to {max(values):.{digits}f}")
    first = next(iter(medians))
    for name in list(medians)[1:]:
        print(f"  {first} / {name}: {medians[first] / medians[name]:.3f}")
    values = {name: [row[figure] for row in rows] for name, rows in results.items()}
    print(json.dumps({"title": title, "figure": figure, "values": values}))


def bench_train(options, folder):
    sides = {"lambdaforge": lambda: train_ours(folder, options.steps, 16)}
    for mini_batch in options.mini_batches:
        sides[f"mini-batch {mini_batch}"] = lambda size=mini_batch: train_theirs(options.steps, 16, size)
    results = alternate(options.rounds, sides)
    report("training", results, "tokens_per_second")
    report("training", results, "peak_rss_mib")
    report("training", {"lambdaforge": results["lambdaforge"]}, "share_of_peak", 3)


def bench_rerank(options, folder):
    model = folder / "model"
    run(peer("peer_train.py", model=MODEL, lists=LISTS, steps=1, batch=1, save=model), 2)
    pairs = []

    def theirs(batch):
        result = rerank_theirs(model, batch)
        pairs.append(result["pairs"])
        return result

    sides = {f"batch {batch}": lambda size=batch: theirs(size) for batch in options.batches}
    sides["lambdaforge"] = lambda: rerank_ours(model, pairs[0])
    results = alternate(options.rounds, sides)
    report("reranking NanoNQ", {"lambdaforge": results.pop("lambdaforge")} | results, "pairs_per_second", 1)


def bench_tokenize(options, folder):
    with gzip.open(LISTS, "rt", encoding="utf-8") as lines:
        texts = [text.replace("\n", " ") for line in lines for text in json.loads(line)["docs"]]
    results = alternate(
        options.rounds, {"lambdaforge": lambda: tokenize_ours(texts), "tokenizers": lambda: tokenize_theirs(texts)}
    )
    report("tokenisation, one core", results, "tokens_per_second")


def bench_scaling(options, folder):
    results = alternate(
        options.rounds,
        {
            "2 ranks x 1 thread": lambda: train_ours(folder, options.steps, 16, ranks=2, threads=1),
            "1 rank x 1 thread": lambda: train_ours(folder, options.steps, 16, ranks=1, threads=1),
            "1 rank x 2 threads, 32 lists": lambda: train_ours(folder, options.steps, 32, ranks=1, threads=2),
        },
    )
    report("weak scaling, 16 lists a rank", results, "tokens_per_second")


def bench_start(options, folder):
    train_ours(folder, 1, 1)  # makes the token store
    results = alternate(options.rounds, {"lambdaforge": lambda: train_ours(folder, 1, 16)})
    report("start with a prepared token store", results, "seconds_to_first_step", 2)


def bench_bm25(options, folder):
    documents, queries = read_nfcorpus(NFCORPUS)
    results = alternate(
        options.rounds,
        {
            "bm25s": lambda: bm25_theirs(documents, queries, 100),
            "lambdaforge": lambda: bm25_ours(documents, queries, 100),
        },
    )
    report(f"BM25, {len(documents)} documents, {len(queries)} queries, one thread", results, "seconds", 3)


BENCHMARKS = {
    "train": bench_train,
    "rerank": bench_rerank,
    "tokenize": bench_tokenize,
    "scaling": bench_scaling,
    "start": bench_start,
    "bm25": bench_bm25,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benchmarks", nargs="+", choices=BENCHMARKS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=5, help="training steps of a run")
    parser.add_argument("--mini-batches", type=int, nargs="+", default=[16, 8, 32], help="of the peer's training")
    parser.add_argument("--batches", type=int, nargs="+", default=[32, 8, 128], help="of the peer's reranking")
    options = parser.parse_args()
    if not LISTS.exists():
        sys.exit(f"no {LISTS}: set LAMBDAFORGE_SHARED to the folder with the real data sets")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.benchmarks:
            BENCHMARKS[name](options, Path(folder))


if __name__ == "__main__":
    main()
