"""What the driver makes of Optuna's samplers and pruners, of slots, and of what a run left behind."""

import json
import re

import optuna
import pytest
from optuna.trial import TrialState

from launch.sweep.engine import PrunerOptions, SamplerOptions, build_pruner, build_sampler
from launch.sweep.record import TrialRecord
from launch.sweep.slots import THIS_HOST, Place, visible_gpus
from launch.sweep.spec import RunOptions, load_sweep
from launch.sweep.study import create_study
from sweeping import LEARNING_RATE, TrialAttribute, place  # noqa: F401, place is a fixture


def judged(study, *evaluations):
    """Whether the pruner drops a trial with these evaluations after steps 1, 2, ...: each is asked about."""
    trial = study.ask()
    drops = []
    for step, value in enumerate(evaluations, 1):
        trial.report(value, step)
        drops.append(trial.should_prune())
    study.tell(trial, state=TrialState.PRUNED if drops[-1] else TrialState.COMPLETE, values=None if drops[-1] else 0)
    assert study.trials[-1].intermediate_values == dict(enumerate(evaluations, 1))
    return drops


@pytest.mark.parametrize("sign, direction", [(1, "maximize"), (-1, "minimize")])
@pytest.mark.parametrize(
    "name, options",
    [
        ("SuccessiveHalving", {"min_resource": 2, "reduction_factor": 2}),
        ("Hyperband", {"min_resource": 2, "reduction_factor": 2, "max_resource": 2}),
        ("Median", {"n_startup_trials": 2, "n_warmup_steps": 2}),
        ("Threshold", {"n_warmup_steps": 2}),
    ],
)
def test_a_pruner_judges_by_the_best_evaluation_so_far(name, options, sign, direction):
    if name == "Threshold":
        options = options | ({"lower": 0.25} if sign > 0 else {"upper": -0.25})
    study = optuna.create_study(direction=direction, pruner=build_pruner(PrunerOptions(name, options)))
    assert judged(study, sign * 0.3, sign * 0.3) == [False, False]
    assert judged(study, sign * 0.5, sign * 0.1) == [False, False]
    assert judged(study, sign * 0.1, sign * 0.15) == [False, True]


def qmc_study(seed, **options):
    study = optuna.create_study(sampler=build_sampler(SamplerOptions("QMC", seed, options)))
    for number in range(9):
        trial = study.ask()
        trial.suggest_float("a", 0, 1)
        if number > 0:  # as a parameter with a condition
            trial.suggest_float("b", 0, 1)
        study.tell(trial, number)
    return study


def test_qmc_draws_a_parameter_that_is_not_always_there_anew_each_time():
    proposed = [trial.params["b"] for trial in qmc_study(1).trials[1:]]
    assert len(set(proposed)) == 8
    assert proposed == [trial.params["b"] for trial in qmc_study(1).trials[1:]]


def test_qmc_goes_along_one_sequence_without_a_seed_too():
    study = qmc_study(None, scramble=True)
    assert len([key for key in study._storage.get_study_system_attrs(study._study_id) if key.startswith("qmc:")]) == 1
    assert len({trial.params["a"] for trial in study.trials}) == 9


def test_a_grid_ends_where_its_range_ends(place):
    space = '"training.warmup_ratio" = {uniform = [0.0, 0.3], step = 0.1}\n'
    sweep = load_sweep(place.write(space=space, more='[sampler]\nname = "Grid"\n'))
    (parameter,) = sweep.space.parameters
    assert parameter.grid() == [0.0, 0.1, 0.2, 0.3]
    assert all(parameter.distribution._contains(value) for value in parameter.grid())


def test_a_grid_loses_no_point_to_a_trial_that_was_enqueued(place):
    space = '"training.learning_rate" = {choice = [1e-5, 1e-4, 1e-3]}\n'
    path = place.write(space=space, trials=9, slots=1, more='[sampler]\nname = "Grid"\nseed = 1\n')
    create_study(load_sweep(path)).enqueue_trial({"training.learning_rate": 1e-4})
    output = place.run(path)
    rates = [trial.params["training.learning_rate"] for trial in place.study().trials]
    assert sorted(rates) == [1e-5, 1e-4, 1e-4, 1e-3]
    assert re.findall(r"\b\d+/\d+\b", output) == ["1/4", "2/4", "3/4", "4/4"]


@pytest.mark.parametrize(
    "values, message",
    [
        ({"training.learning_rate": 5.0}, "5.0 is not among the values of the space"),
        ({"training.leaning_rate": 1e-4}, "did you mean 'training.learning_rate'?"),
    ],
)
def test_an_enqueued_trial_with_what_the_space_lacks_fails(place, values, message):
    path = place.write(trials=2, slots=1)
    create_study(load_sweep(path)).enqueue_trial(values)
    place.run(path)
    first, second = place.study().trials
    assert (first.state, second.state) == (TrialState.FAIL, TrialState.COMPLETE)
    assert message in first.user_attrs[TrialAttribute.REASON]


@pytest.mark.parametrize(
    "given, gpus, seen",
    [("3,5", None, ["3", "5"]), ("3,5", 1, ["3", "3"]), ("", None, [None, None]), (None, 2, ["0", "1"])],
)
def test_trials_take_turns_on_the_gpus_that_are_given(monkeypatch, given, gpus, seen):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if given is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
    run = RunOptions(slots=2, gpus=gpus)
    assert [visible_gpus(run, Place({THIS_HOST: (slot,)})) for slot in (0, 1)] == seen


def test_what_nobody_heard_is_read_from_the_run(place):
    """Without a metric in file or recipe the run says which one it is; NaN is no value, nor is step 0's."""
    place.write_recipe()
    sweep = load_sweep(place.write(head='[set]\n"training.metric_for_best_model" = ""\n'))
    study = create_study(sweep)
    trial = study.ask()
    folder = place.run_folder(trial.number)
    folder.mkdir()
    rows = [{"step": 0, "eval_f1": 0.5}, {"step": 5, "eval_f1": float("nan")}, {"step": 10, "eval_f1": 0.4}]
    (folder / "trainer_state.json").write_text(json.dumps({"log_history": rows}))
    (folder / "result.json").write_text(json.dumps({"outcome": "done", "metric_for_best_model": "eval_f1"}))
    record = TrialRecord(sweep, study, trial, folder)
    record.read_result()
    record.complete()
    assert study.trials[0].state == TrialState.COMPLETE and study.trials[0].value == 0.4
    assert study.trials[0].intermediate_values == {10: 0.4}


@pytest.mark.parametrize("metric, direction", [("loss + 0.5 * kwh", "minimize"), ("f1 - 0.5 * kwh", "maximize")])
def test_a_metric_net_of_its_price_is_named_by_the_run(place, metric, direction):
    sweep = load_sweep(place.write(space=LEARNING_RATE, head=f'[set]\n"training.metric_for_best_model" = "{metric}"\n'))
    assert (sweep.objective.metric, sweep.objective.direction) == (None, direction)
