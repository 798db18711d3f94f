"""A sweep over the real trainer, whose driver is killed on the way: what Optuna sees, against what the runs hold."""

import json

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from runs import BIN, environment, started, wait_for, write_recipe

SWEEP = """
recipe = "recipe.toml"
[space]
"training.learning_rate" = {log_uniform = [1e-6, 1e-3]}
"loss.weighting_scheme" = {choice = ["NDCGLoss2PP", "LambdaRank"]}
[budget]
trials = 4
[sampler]
seed = 3
[pruner]
name = "ASHA"
min_resource = 2
reduction_factor = 2
[run]
slots = 2
"""


@pytest.fixture
def sweep_file(tmp_path, wordnet, small_recipe):
    sections = small_recipe(
        max_steps=8, eval_strategy="steps", eval_steps=2, save_strategy="steps", save_steps=2, save_total_limit=1,
        metric_for_best_model="NanoBEIR_R10_mean_ndcg@10",
    )  # fmt: skip
    sections["model"] |= {"max_length": 32}
    sections["training"] |= {"per_device_train_batch_size": 4}
    nano = {"nano_beir": wordnet / "nano", "dataset_names": ["noun"], "rerank_k": 10, "at_k": 10}
    run = {"output_dir": tmp_path / "runs"}
    write_recipe(tmp_path / "recipe.toml", **sections, run=run, evaluation=nano, tracking={"energy": True})
    path = tmp_path / "real.toml"
    path.write_text(SWEEP)
    return path


def evaluations_of(folder):
    """As the run, or its newest checkpoint, has them."""
    places = [folder, *sorted(folder.glob("checkpoint-*"), key=lambda path: -int(path.name[11:]))]
    state = next(place / "trainer_state.json" for place in places if (place / "trainer_state.json").exists())
    key = "eval_NanoBEIR_R10_mean_ndcg@10"
    return {row["step"]: row[key] for row in json.loads(state.read_text())["log_history"] if key in row}


def test_optuna_sees_what_the_runs_hold(tmp_path, sweep_file):
    command = [BIN / "lambdaforge", "sweep", sweep_file]
    folder = tmp_path / "runs/real"
    with started(command, env=environment()) as driver:
        wait_for(lambda: driver.poll() is not None or list(folder.glob("trial-*/checkpoint-*")))
        driver.kill()
    with started(command, env=environment()) as driver:
        assert driver.wait(300) == 0
    study = optuna.load_study(
        study_name="real", storage=JournalStorage(JournalFileBackend(str(folder / "study.journal")))
    )
    states = [trial.state for trial in study.trials]
    assert len(states) == 4 and set(states) <= {TrialState.COMPLETE, TrialState.PRUNED}
    assert any(trial.user_attrs["attempts"] == 2 and trial.user_attrs.get("retries", 0) <= 1 for trial in study.trials)
    for trial in study.trials:
        run = folder / f"trial-{trial.number:04d}"
        result = json.loads((run / "result.json").read_text())
        recipe = (run / "recipe.toml").read_text()
        assert trial.intermediate_values == evaluations_of(run)
        assert trial.params["loss.weighting_scheme"] in recipe
        assert (trial.user_attrs["step"], trial.user_attrs["energy_kwh"]) == (result["step"], result["energy_kwh"])
        if trial.state == TrialState.COMPLETE:
            assert result["outcome"] == "done" and trial.value == result["best_metric"]
            assert trial.user_attrs["best_step"] == result["best_step"]
        else:
            assert result["outcome"] == "stopped" and result["step"] < 8
            assert trial.value == trial.intermediate_values[trial.last_step]
