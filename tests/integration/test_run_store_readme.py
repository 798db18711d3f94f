"""The README's lines read a run with h5py and pandas alone, while it is written and afterwards."""

import re
import subprocess
import time

from runs import ROOT, environment, read_losses, train, train_command, write_recipe


def read_as_the_readme_shows(folder, monkeypatch):
    readme = (ROOT / "experiments/run_store/README.md").read_text()
    monkeypatch.chdir(folder)
    names = {}
    exec(re.search(r"```python\n(.*?)```", readme, re.DOTALL)[1], names)
    return names["parameters"], names["table"]


def test_the_readme_reads_a_finished_run(small_recipe, tmp_path, monkeypatch):
    folder = train(tmp_path, **small_recipe(max_steps=5))
    parameters, table = read_as_the_readme_shows(folder, monkeypatch)
    assert parameters["training.learning_rate"] == 1e-4
    assert list(table["loss"].dropna()) == read_losses(folder)


def test_the_readme_reads_a_run_that_is_written(small_recipe, tmp_path, monkeypatch):
    run = {"project": "test", "name": "live", "output_dir": tmp_path / "runs"}
    recipe = write_recipe(tmp_path / "live.toml", run=run, **small_recipe(max_steps=10**6))
    folder = tmp_path / "runs/test/live"
    with subprocess.Popen(train_command(recipe), env=environment(), stdout=subprocess.DEVNULL) as process:
        try:
            seen = set()
            deadline = time.monotonic() + 120
            while len(seen) < 3:  # it grows before the reader's eyes
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.2)
                if (folder / "run.h5").exists():
                    _, table = read_as_the_readme_shows(folder, monkeypatch)
                    seen.add(len(table))
            assert list(table.index) == list(range(1, len(table) + 1))
        finally:
            process.kill()
