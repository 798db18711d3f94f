"""Starts `lambdaforge train` from a test and reads what the run left behind."""

import contextlib
import json
import os
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEPS = Path(os.environ.get("LAMBDAFORGE_DEPS", ROOT / ".deps"))
BIN = Path(os.environ.get("LAMBDAFORGE_BUILD", ROOT / "build/release")) / "bin"


def write_recipe(path, **sections):
    """TOML of {section: {key: value}}; strings, numbers, booleans and lists are written as JSON writes them."""
    lines = []
    for section, keys in sections.items():
        lines.append(f"[{section}]")
        for key, value in keys.items():
            value = str(value) if isinstance(value, Path) else value
            lines.append(f"{key} = {json.dumps(value)}")
    path.write_text("\n".join(lines) + "\n")
    return path


def train_command(recipe, ranks=None, overrides=()):
    """Ranks and threads come to two together; `ranks=None` starts without mpirun."""
    command = [BIN / "lambdaforge", "train", recipe]
    for override in overrides:
        command += ["--set", override]
    if ranks is not None:
        command = ["mpirun", "--oversubscribe", "-n", ranks, *command]
    return [str(part) for part in command]


def environment(ranks=None):
    threads = "2" if ranks in (None, 1) else "1"
    return os.environ | {
        "OMP_NUM_THREADS": threads,
        "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    }


def run_training(recipe, ranks=None, overrides=()):
    command = train_command(recipe, ranks, overrides)
    return subprocess.run(command, env=environment(ranks), capture_output=True, text=True)


def train(tmp_path, ranks=None, name="run", overrides=(), **sections):
    """Runs a recipe to its end and returns the run's folder."""
    sections = {"run": {"project": "test", "name": name, "output_dir": tmp_path / "runs"}} | sections
    recipe = write_recipe(tmp_path / f"{name}.toml", **sections)
    done = run_training(recipe, ranks, overrides)
    assert done.returncode == 0, done.stdout + done.stderr
    return tmp_path / "runs/test" / name


def read_history(folder):
    return json.loads((folder / "trainer_state.json").read_text())["log_history"]


def read_losses(folder):
    """The loss of every logged step, in order."""
    return [row["loss"] for row in read_history(folder) if "loss" in row]


@contextlib.contextmanager
def started(command, **options):
    """A process that has ended when the block has, whatever happens in it."""
    with subprocess.Popen([str(part) for part in command], **options) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(condition, seconds=300):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def free_port():
    """Of 127.0.0.1; another process may take it before it is used, which is rare."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
