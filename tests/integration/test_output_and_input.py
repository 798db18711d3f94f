"""Where output goes and input comes from: devices, pipes, links, full disks; gzip, byte order marks, line ends."""

import gzip
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from runs import BIN, ROOT, train

sys.path.insert(0, str(ROOT))

from launch.atomic_write import write_atomically

PAIRS = [("a river", "water that flows"), ("a bank", "a house of money"), ("a dog", "")]


def lambdaforge(*arguments, **options):
    command = [BIN / "lambdaforge", *map(str, arguments)]
    return subprocess.run(command, stderr=subprocess.PIPE, **{"stdout": subprocess.PIPE} | options)


@pytest.fixture(scope="module")
def model(small_recipe, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    return train(folder, **small_recipe(max_steps=1)) / "final"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder with the run `peer/theirs`, and two files of per-query values, a.csv and b.csv."""
    folder = tmp_path_factory.mktemp("runs")
    state = {"global_step": 2, "max_steps": 2, "log_history": [{"loss": 1.5, "epoch": 1.0, "step": 2}]}
    (folder / "source").mkdir()
    (folder / "source/trainer_state.json").write_text(json.dumps(state))
    place = ("--folder", folder, "--project", "peer", "--name", "theirs")
    assert lambdaforge("runs", "import", folder / "source", *place).returncode == 0
    for name in ("a", "b"):
        (folder / f"{name}.csv").write_text("metric,query,value\nnoun_R10_map,q1,0.5\nnoun_R10_map,q2,0.25\n")
    return folder


@pytest.fixture
def pairs_file(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"{query}\t{document}\n" for query, document in PAIRS))
    return path


# --- output that cannot be written ---

WORDS = {
    "overview": "--help",
    "version": "--version",
    "help": "train --help",
    "list": "runs list {runs}",
    "list as JSON": "runs list {runs} --json",
    "show": "runs show peer/theirs --folder {runs}",
    "tail": "runs tail peer/theirs --folder {runs}",
    "compare runs": "runs compare peer/theirs peer/theirs --folder {runs}",
    "export": "runs export peer/theirs --folder {runs}",
    "import": "runs import {runs}/source --folder {new} --project p --name n",
    "compare": "compare {runs}/a.csv {runs}/b.csv --metric map",
    "report's help": "report --help",
    "report": "report peer/theirs --folder {runs} --output {new}/report.html",
    "sweep's overview": "sweep --help",
    "sweep's help": "sweep show --help",
}


def on_a_full_disk(line, **places):
    with open("/dev/full", "wb") as full:
        done = lambdaforge(*(word.format(**places) for word in line.split()), stdout=full)
    return done.returncode, done.stderr.decode()


@pytest.mark.parametrize("line", WORDS.values(), ids=WORDS.keys())
def test_output_that_is_lost_is_an_error(runs, tmp_path, line):
    code, errors = on_a_full_disk(line, runs=runs, new=tmp_path)
    assert code == 1
    assert errors.endswith("cannot write standard output: No space left on device\n") and errors.count("\n") == 1


def test_lost_output_of_what_computes_is_an_error(model, wordnet, pairs_file, tmp_path):
    for line in (
        "predict {model} --pairs {pairs}",
        "predict {model} --query river --documents {pairs} --json",
        "prepare lists {wordnet}/train.jsonl --model {model} --output {new}/lists.h5",
        "evaluate {model} --nano {wordnet}/nano --dataset-names noun --rerank-k 2",
    ):
        code, errors = on_a_full_disk(line, model=model, pairs=pairs_file, wordnet=wordnet, new=tmp_path)
        assert (code, "cannot write standard output: No space left on device" in errors) == (1, True), line


def test_a_training_whose_output_is_lost_has_failed(model, wordnet, small_recipe, tmp_path):
    recipe = model.parent / "recipe.toml"
    code, errors = on_a_full_disk(
        "train {recipe} run.output_dir={new} --set run.name=lost", recipe=recipe, new=tmp_path
    )
    assert code == 1 and "cannot write standard output: " in errors
    assert (tmp_path / "test/lost/final/model.safetensors").exists()


def test_nobody_complains_of_a_reader_that_has_enough(runs):
    line = f"{BIN}/lambdaforge runs export peer/theirs --folder {runs} --format json | head -c 1"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("{", "")


# --- what --output names ---


@pytest.fixture
def fifo(tmp_path):
    """A FIFO and, once it was written, what came out of it."""
    path, received = tmp_path / "fifo", []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: received.append(path.read_bytes()), daemon=True)
    reader.start()

    def content():
        reader.join(timeout=60)
        assert path.is_fifo()
        return received[0]

    return path, content


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_an_export_goes_into_a_fifo(runs, fifo, tmp_path, form):
    export = ("runs", "export", "peer/theirs", "--folder", runs, "--format", form, "--output")
    path, content = fifo
    assert lambdaforge(*export, tmp_path / "file").returncode == 0
    done = lambdaforge(*export, path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert content() == (tmp_path / "file").read_bytes()


def test_an_export_goes_behind_what_is_written_already(runs, tmp_path):
    export = f"{BIN}/lambdaforge runs export peer/theirs --folder {runs} --output"
    line = f"{{ echo head; {export} /proc/self/fd/1; echo foot; }} > all.csv; {export} >(cat > piped.csv); wait $!"
    subprocess.run(["bash", "-c", line], cwd=tmp_path, check=True)
    table = (tmp_path / "piped.csv").read_text()
    assert table.startswith("step,time,name,value\n")
    assert (tmp_path / "all.csv").read_text() == f"head\n{table}foot\n"


def test_emissions_go_into_a_fifo(fifo):
    path, content = fifo
    done = lambdaforge("energy", "--output", path, "--", "true", timeout=60)
    assert done.returncode == 0, done.stderr
    header, row = content().decode().splitlines()
    assert header.startswith("timestamp,project_name,") and ",lambdaforge," in row


def test_a_report_follows_a_link(runs, tmp_path):
    (tmp_path / "link.html").symlink_to("page.html")
    done = lambdaforge("report", "peer/theirs", "--folder", runs, "--output", tmp_path / "link.html")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "link.html").is_symlink() and "<html" in (tmp_path / "page.html").read_text()


def test_python_writes_as_the_programs_do(fifo, tmp_path):
    path, content = fifo
    write_atomically(path, "content")
    assert content() == b"content"
    (tmp_path / "link").symlink_to(tmp_path / "other_link")
    (tmp_path / "other_link").symlink_to("file")
    for text in ("first", "second"):
        write_atomically(tmp_path / "link", text)
        assert (tmp_path / "file").read_text() == text
    assert (tmp_path / "link").is_symlink() and (tmp_path / "other_link").is_symlink()
    with (tmp_path / "open").open("w") as file:
        file.write("head, ")
        file.flush()
        write_atomically(Path(f"/proc/self/fd/{file.fileno()}"), "content")
        file.write(", foot")
    assert (tmp_path / "open").read_text() == "head, content, foot"
    with pytest.raises(OSError, match=str(tmp_path)):
        write_atomically(tmp_path, "content")


def test_a_token_store_is_no_pipe(model, wordnet, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    done = lambdaforge("prepare", "lists", wordnet / "train.jsonl", "--model", model, "--output", tmp_path / "fifo")
    assert done.returncode == 1 and b"is a device, a pipe or a folder" in done.stderr
    assert (tmp_path / "fifo").is_fifo()


# --- what predict reads ---


def written(path, form):
    """The pairs in another form."""
    text = "".join(json.dumps({"query": query, "document": document}) + "\n" for query, document in PAIRS)
    content = {
        "plain": text,
        "byte order mark": "\ufeff" + text,
        "line ends of Windows": text.replace("\n", "\r\n"),
        "blank lines": "\n" + text.replace("\n", "\n \t\n\n"),
        "no last line end": text[:-1],
        "gzip": text,
    }[form].encode()
    path.write_bytes(gzip.compress(content) if form == "gzip" else content)
    return path


@pytest.fixture(scope="module")
def scores(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("pairs") / "pairs.tsv"
    path.write_text("".join(f"{query}\t{document}\n" for query, document in PAIRS))
    printed = lambdaforge("predict", model, "--pairs", path).stdout
    assert len(printed.splitlines()) == len(PAIRS)
    return printed


@pytest.mark.parametrize(
    "form", ["plain", "byte order mark", "line ends of Windows", "blank lines", "no last line end", "gzip"]
)
def test_scores_do_not_depend_on_how_the_pairs_are_written(model, scores, tmp_path, form):
    path = written(tmp_path / "pairs.jsonl", form)
    from_file = lambdaforge("predict", model, "--pairs", path)
    assert (from_file.returncode, from_file.stdout) == (0, scores), from_file.stderr
    from_standard_input = lambdaforge("predict", model, input=path.read_bytes())
    assert (from_standard_input.returncode, from_standard_input.stdout) == (0, scores), from_standard_input.stderr


def test_a_ranking_counts_every_line(model, tmp_path):
    (tmp_path / "documents.txt").write_bytes("\ufeffwater\r\n\r\nmoney\r\n".encode())
    done = lambdaforge(
        "predict", model, "--query", "river", "--documents", tmp_path / "documents.txt", "--json", "--return-documents"
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["corpus_id"]: row["text"] for row in rows} == {0: "water", 1: "", 2: "money"}


def test_what_is_no_file_of_pairs_is_named(model, tmp_path):
    for arguments in (("--pairs", tmp_path), ("--query", "q", "--documents", tmp_path)):
        done = lambdaforge("predict", model, *arguments)
        assert (done.returncode, done.stdout) == (1, b"")
        assert done.stderr.decode() == f"lambdaforge: cannot read {tmp_path}: it is a folder\n"
    folder = os.open(tmp_path, os.O_RDONLY)
    done = lambdaforge("predict", model, stdin=folder)
    os.close(folder)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"lambdaforge: cannot read standard input: Is a directory\n"
    for line in ('{"query": "q"}', '{"query": "q", "document": 1}', '{"query"'):
        done = lambdaforge("predict", model, input=f"a\tb\n\n{line}\n".encode())
        assert done.returncode == 1 and b"standard input, line 3: expected {" in done.stderr
