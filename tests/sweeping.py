"""Sweeps over the fake trainer: a folder with a recipe, sweep files, and the programs that drive them."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from runs import BIN, ROOT, write_recipe

sys.path.append(str(ROOT))
from launch.sweep.study import TrialAttribute  # noqa: E402, F401

optuna.logging.set_verbosity(optuna.logging.WARNING)

LEARNING_RATE = '"training.learning_rate" = {log_uniform = [1e-6, 1e-2]}\n'
SCHEME = '"loss.weighting_scheme" = {choice = ["NDCGLoss2PP", "LambdaRank"]}\n'
SIGMA = '"loss.sigma" = {uniform = [0.5, 2.0], when = {"loss.weighting_scheme" = "LambdaRank"}}\n'
ASHA = '[pruner]\nname = "ASHA"\nmin_resource = 5\nreduction_factor = 2\n'


class Workplace:
    """tmp_path with the driver, and beside it the fake trainer under the trainer's name."""

    def __init__(self, folder, **fake):
        self.folder = folder
        programs = folder / "bin"
        programs.mkdir()
        shutil.copy(BIN / "lambdaforge-sweep", programs)
        shutil.copy(ROOT / "tests/integration/fake_trainer.py", programs / "lambdaforge")
        (programs / "lambdaforge").chmod(0o755)
        self.program = programs / "lambdaforge-sweep"
        self.write_recipe(**fake)

    def write_recipe(self, training=None, **fake):
        write_recipe(
            self.folder / "recipe.toml",
            run={"output_dir": self.folder / "runs"},
            training={"eval_strategy": "steps", "metric_for_best_model": "mean_ndcg@10"} | (training or {}),
            tracking={"energy": True},
            fake={"steps": 20, "eval_every": 5, "step_seconds": 0.01} | fake,
        )

    def write(self, name="s", head="", space=LEARNING_RATE, trials=4, slots=2, more="", run=""):
        path = self.folder / f"{name}.toml"
        path.write_text(
            f'recipe = "recipe.toml"\n{head}[space]\n{space}[budget]\ntrials = {trials}\n'
            f"[run]\nslots = {slots}\n{run}{more}"
        )
        return path

    def start(self, path, *options):
        environment = os.environ | {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen([self.program, path, *options], env=environment, cwd=self.folder, **pipes)

    def run(self, path, *options, code=0):
        with self.start(path, *options) as driver:
            output, errors = driver.communicate(timeout=100)
        assert driver.returncode == code, output + errors
        return output if code in (0, 75) else errors

    def study(self, name="s"):
        """As anyone reads it."""
        storage = JournalStorage(JournalFileBackend(str(self.folder / "runs" / name / "study.journal")))
        return optuna.load_study(study_name=name, storage=storage)

    def run_folder(self, number, name="s"):
        return self.folder / f"runs/{name}/trial-{number:04d}"

    def starts(self, number, name="s"):
        """The step after which each start of the trainer went on."""
        return self._steps(number, name, "starts")

    def ends(self, number, name="s"):
        return self._steps(number, name, "ends")

    def _steps(self, number, name, what):
        path = self.run_folder(number, name) / what
        return [int(step) for step in path.read_text().split()] if path.exists() else []

    def result(self, number, name="s"):
        return json.loads((self.run_folder(number, name) / "result.json").read_text())

    def history(self, number, name="s"):
        rows = json.loads((self.run_folder(number, name) / "trainer_state.json").read_text())["log_history"]
        return {row["step"]: row["eval_mean_ndcg@10"] for row in rows}

    def history_or_nothing(self, number, name="s"):
        try:
            return self.history(number, name)
        except FileNotFoundError:
            return {}

    def processes(self, of="train"):
        """Every trial's that runs from here: {process id: command line}."""
        found = {}
        for entry in Path("/proc").iterdir():
            try:
                words = (entry / "cmdline").read_text().split("\0") if entry.name.isdigit() else []
            except OSError:
                continue
            if (
                of in words
                and "--check" not in words
                and any(word.startswith(str(self.folder / "bin")) for word in words)
            ):
                found[int(entry.name)] = words
        return found

    def kill(self, pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return


@pytest.fixture
def place(tmp_path):
    return Workplace(tmp_path)


def states(study):
    return [trial.state for trial in study.get_trials()]
