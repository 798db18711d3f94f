"""A sweep's driver over the fake trainer: how trials end, what is told to Optuna, and how a sweep goes on."""

import itertools
import json
import os
import random
import signal
import time

import optuna
import pytest
from optuna.trial import TrialState, create_trial

from runs import started, wait_for
from sweeping import ASHA, LEARNING_RATE, SCHEME, SIGMA, TrialAttribute, place, states  # noqa: F401, place is a fixture

KILLS = int(os.environ.get("LAMBDAFORGE_SWEEP_KILLS", "5"))
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)


def outcomes(study):
    return [trial.user_attrs.get(TrialAttribute.OUTCOME) for trial in study.get_trials()]


# --- how trials end ---


def test_optuna_sees_each_trial_as_it_ran(place):
    place.write_recipe(pause=0.3)
    output = place.run(place.write(space=LEARNING_RATE + SCHEME + SIGMA, trials=8, more=f"[sampler]\nseed = 3\n{ASHA}"))
    study = place.study()
    assert len(study.trials) == 8
    assert set(states(study)) == {TrialState.COMPLETE, TrialState.PRUNED}
    for trial in study.trials:
        assert trial.intermediate_values == place.history(trial.number)
        assert ("loss.sigma" in trial.params) == (trial.params["loss.weighting_scheme"] == "LambdaRank")
        assert place.starts(trial.number) == [0]
        if trial.state == TrialState.COMPLETE:
            assert list(trial.intermediate_values) == [5, 10, 15, 20]
            assert trial.value == max(trial.intermediate_values.values())
        else:
            assert trial.user_attrs[TrialAttribute.STEP] < 20
            assert trial.value == trial.intermediate_values[trial.last_step]
        assert trial.user_attrs[TrialAttribute.FOLDER] == str(place.run_folder(trial.number))
        assert f"trial {trial.number} | {'complete' if trial.state == TrialState.COMPLETE else 'pruned'}" in output
    assert not place.processes()


def test_the_untrained_model_is_no_trials_value(place):
    place.write_recipe(training={"eval_on_start": True}, untrained=0.9)
    place.run(place.write(trials=2))
    for trial in place.study().trials:
        assert max(place.history(trial.number).items(), key=lambda row: row[1]) == (0, 0.9)
        result = place.result(trial.number)
        assert (trial.value, trial.user_attrs[TrialAttribute.BEST_STEP]) == (result["best_metric"], result["best_step"])


def test_the_untrained_model_saves_no_trial_from_the_pruner(place):
    place.write_recipe(training={"eval_on_start": True}, untrained=0.9)
    place.run(place.write(trials=1, slots=1, more='[pruner]\nname = "Threshold"\nlower = 0.8\n'), code=1)
    (trial,) = place.study().trials
    assert (trial.state, list(trial.intermediate_values)) == (TrialState.PRUNED, [5])


def test_json_tells_of_each_trial_and_of_the_end(place):
    lines = place.run(place.write(trials=2), "--json").splitlines()
    *told, end = map(json.loads, lines)
    assert sorted(trial["number"] for trial in told) == [0, 1]
    for trial in told:
        seen = place.study().trials[trial["number"]]
        assert (trial["event"], trial["state"], trial["outcome"]) == ("trial", "complete", "done")
        assert (trial["values"], trial["parameters"], trial["step"]) == (seen.values, seen.params, 20)
    assert (end["event"], end["trials"]) == ("end", {"complete": 2})
    assert end["best"]["values"] == [place.study().best_value]


def test_each_way_to_fail_has_its_reason_and_does_not_end_the_sweep(place):
    place.write_recipe(diverge_above=1e-3, invalid_above=4e-3)
    space = '"training.learning_rate" = {choice = [1e-5, 2e-3, 5e-3]}\n'
    place.run(place.write(space=space, trials=9, slots=1, more='[sampler]\nname = "Grid"\n'))
    study = place.study()
    told = {t.params["training.learning_rate"]: (t.state, t.user_attrs[TrialAttribute.OUTCOME]) for t in study.trials}
    assert told == {
        1e-5: (TrialState.COMPLETE, "done"),
        2e-3: (TrialState.FAIL, "diverged"),
        5e-3: (TrialState.FAIL, "invalid"),
    }
    reasons = {t.user_attrs[TrialAttribute.OUTCOME]: t.user_attrs.get(TrialAttribute.REASON) for t in study.trials}
    assert reasons["diverged"] == "the loss is not finite at step 1"
    assert reasons["invalid"] == "the recipe asks for what cannot be"
    assert all(len(place.starts(number)) == 1 for number in range(3))  # nothing of this is tried again


@pytest.mark.parametrize("crashes, outcome", [(1, "done"), (9, "failed")])
def test_a_crash_is_retried_from_its_checkpoint(place, crashes, outcome):
    place.write_recipe(crash_at=7, crashes=crashes)
    place.run(place.write(trials=1, slots=1), code=0 if outcome == "done" else 1)
    study = place.study()
    assert outcomes(study) == [outcome]
    assert place.starts(0) == [0, 5]  # one retry, from step 5's
    if outcome == "done":
        assert study.trials[0].intermediate_values == place.history(0)
    else:
        assert study.trials[0].user_attrs[TrialAttribute.REASON] == "killed by SIGKILL"


def test_a_sweep_whose_every_trial_is_the_recipes_fault_ends(place):
    place.write_recipe(invalid_above=1e-9)
    errors = place.run(place.write(trials=50, slots=1), code=2)
    assert "the first 3 trials failed by the recipe's fault: the recipe asks for what cannot be" in errors
    assert len(place.study().trials) == 3


def test_a_trainer_that_does_not_stop_is_killed(place):
    """Pruned at once, and deaf: it would go on for ten minutes."""
    place.write_recipe(ignore_signals=True, eval_every=5, steps=6000, step_seconds=0.1)
    pruner = '[pruner]\nname = "Threshold"\nlower = 10\n'
    begun = time.monotonic()
    place.run(place.write(trials=1, slots=1, run="grace_seconds = 0.2\n", more=pruner), code=1)
    assert time.monotonic() - begun < 90
    assert states(place.study()) == [TrialState.PRUNED]
    assert not place.processes()


def test_trials_of_two_ranks_run_under_mpirun(place):
    mpi = 'ranks_per_trial = 2\nmpirun = ["--oversubscribe"]\n'
    place.run(place.write(trials=3, run=mpi, more=f"[sampler]\nseed = 3\n{ASHA}"))
    study = place.study()
    assert set(states(study)) <= {TrialState.COMPLETE, TrialState.PRUNED}
    complete = states(study).index(TrialState.COMPLETE)
    assert (place.folder / f"runs/s1/trial-{complete:04d}/result.json").exists()  # the second rank's
    assert [trial.intermediate_values for trial in study.trials] == [place.history(number) for number in range(3)]


def test_ranks_that_outlive_their_mpirun_do_not_meet_the_next_attempt(place):
    place.write_recipe(step_seconds=0.1, steps=60)
    with started([place.program, place.write(trials=1, run="ranks_per_trial = 2\n")], cwd=place.folder) as driver:
        wait_for(lambda: place.run_folder(0).exists() and place.history_or_nothing(0), 30)
        (mpirun,) = [pid for pid, words in place.processes().items() if words[0] == "mpirun"]
        ranks = place.processes().keys() - {mpirun}
        place.kill(mpirun)
        wait_for(lambda: len(place.starts(0)) == 2, 30)
        assert not ranks & place.processes().keys()
        assert driver.wait(60) == 0
    assert place.ends(0) == [60]
    assert not place.processes()


# --- stopped and gone on with ---


def test_ranks_under_mpirun_save_and_stop_when_their_driver_is_killed(place):
    place.write_recipe(step_seconds=0.1, steps=200)
    with place.start(place.write(trials=1, run="ranks_per_trial = 2\n")) as driver:
        wait_for(lambda: place.history_or_nothing(0), 30)
        place.kill(driver.pid)
        wait_for(lambda: not place.processes(), 30)
    assert json.loads((place.run_folder(0) / "result.json").read_text())["outcome"] == "stopped"


def test_a_stopped_driver_leaves_trials_that_go_on(place):
    place.write_recipe(step_seconds=0.15)
    path = place.write(trials=3)
    with place.start(path) as driver:
        wait_for(lambda: len(place.history_or_nothing(0)) and len(place.history_or_nothing(1)), 30)
        driver.send_signal(signal.SIGINT)
        output, _ = driver.communicate(timeout=30)
    assert driver.returncode == 75
    assert f"go on with: lambdaforge sweep {path}" in output
    assert states(place.study()) == [TrialState.RUNNING] * 2
    assert not place.processes()
    place.run(path)
    study = place.study()
    assert states(study) == [TrialState.COMPLETE] * 3
    for number in (0, 1):
        first, second = place.starts(number)
        assert first == 0 and second >= 5
        assert place.ends(number) == [20]
        assert list(study.trials[number].intermediate_values) == [5, 10, 15, 20]


def test_another_number_of_ranks_is_refused_and_costs_no_trial(place):
    """A checkpoint of one number of ranks does not go on with another, and the trials' batches would differ in size."""
    place.write_recipe(step_seconds=0.05)
    path = place.write(trials=1)
    with place.start(path) as driver:
        wait_for(lambda: place.history_or_nothing(0), 30)
        driver.send_signal(signal.SIGINT)
        driver.communicate(timeout=30)
    errors = place.run(place.write(trials=1, run="ranks_per_trial = 2\n"), code=2)
    assert "begun with another [run] ranks_per_trial (it has 1, this file 2)" in errors
    assert len(errors.splitlines()) == 1
    assert states(place.study()) == [TrialState.RUNNING]
    place.run(place.write(trials=1))
    assert states(place.study()) == [TrialState.COMPLETE]
    assert place.ends(0) == [20]


def test_a_second_signal_kills(place):
    place.write_recipe(ignore_signals=True, steps=1000, step_seconds=0.1)
    with place.start(place.write(trials=2)) as driver:
        wait_for(lambda: len(place.processes()) >= 2 and place.starts(0) and place.starts(1), 30)
        driver.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert driver.poll() is None
        driver.send_signal(signal.SIGINT)
        assert driver.wait(40) == 75
    assert not place.processes()


def finished_work(place):
    if not (place.folder / "runs/s/study.journal").exists():
        return {}
    study = place.study()
    done = [trial for trial in study.get_trials() if trial.state in FINISHED]
    return {t.number: (t.state, t.values, t.params, place.starts(t.number), place.ends(t.number)) for t in done}


def test_kills_at_random_moments_lose_no_finished_trial_and_run_none_twice(place):
    """`kill -9` of the driver or of one of its trials; LAMBDAFORGE_SWEEP_KILLS=20 for more of them."""
    place.write_recipe(step_seconds=0.03)
    trials = 4 + KILLS
    path = place.write(trials=trials, run="retries = 99\n", more=f"[sampler]\nseed = 1\n{ASHA}")
    draw = random.Random(KILLS)
    driver, known = place.start(path), {}
    try:
        for kill in range(KILLS):
            wait_for(lambda driver=driver: driver.poll() is not None or place.processes(), 40)
            time.sleep(draw.uniform(0, 1))
            victims = sorted(place.processes())
            if kill % 2 and victims:
                place.kill(draw.choice(victims))
                continue
            place.kill(driver.pid)
            driver.communicate()
            finished = finished_work(place)
            assert finished | known == finished  # what had ended is as it was, and was not started again
            known = finished
            driver = place.start(path)
        output, errors = driver.communicate(timeout=100)
        assert driver.returncode == 0, output + errors
    finally:
        place.kill(driver.pid)
        driver.wait()
    finished = finished_work(place)
    assert finished | known == finished
    assert len(finished) == trials == len(place.study().trials)
    for number, (state, values, _, starts, ends) in finished.items():
        assert state in (TrialState.COMPLETE, TrialState.PRUNED)
        assert starts[0] == 0
        if state == TrialState.COMPLETE:
            assert ends in ([20], [])  # a kill may come between a run's result and this note of it
            assert values == [max(place.history(number).values())]
    assert not place.processes()


def test_two_drivers_share_one_study(place):
    place.write_recipe(step_seconds=0.05)
    path = place.write(trials=6, slots=1)
    with place.start(path) as first, place.start(path) as second:
        outputs = [driver.communicate(timeout=60) for driver in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], outputs
    ran = [
        {line.split()[1] for line in output.splitlines() if line.startswith("trial ") and "|" in line}
        for output, _ in outputs
    ]
    assert ran[0] and ran[1] and not ran[0] & ran[1]
    assert ran[0] | ran[1] == set(map(str, range(6)))
    assert states(place.study()) == [TrialState.COMPLETE] * 6
    assert [place.starts(number) for number in range(6)] == [[0]] * 6


def test_optuna_appends_trials_and_the_sweep_goes_on_from_them(place):
    place.run(place.write(trials=2))
    study = place.study()
    distribution = study.trials[0].distributions
    study.add_trial(create_trial(params={"training.learning_rate": 5e-5}, distributions=distribution, value=0.9))
    study.enqueue_trial({"training.learning_rate": 3e-4})
    output = place.run(place.write(trials=5))
    trials = place.study().trials
    assert len(trials) == 5
    assert (trials[2].value, trials[2].params) == (0.9, {"training.learning_rate": 5e-5})
    assert trials[3].params == {"training.learning_rate": 3e-4} and place.ends(3) == [20]
    assert "best 0.9000 (trial 2)" in output


# --- samplers, pruners, budgets ---


def test_one_seed_and_one_slot_propose_the_same_trials(place):
    """Samplers learn what a pruned trial was worth when it stopped, so it stops at the same step each time."""
    place.write_recipe(steps=10, pause=1)
    more = f"[sampler]\nseed = 7\nn_startup_trials = 2\n{ASHA}"
    proposed = []
    for name in ("a", "b"):
        place.run(place.write(name, space=LEARNING_RATE + SCHEME + SIGMA, trials=5, slots=1, more=more))
        proposed.append([(t.params, t.state, t.values) for t in place.study(name).trials])
    assert proposed[0] == proposed[1]
    assert len({str(params) for params, _, _ in proposed[0]}) == 5


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.parametrize(
    "name, options",
    [
        ("Random", {}),
        ("QMC", {}),
        ("CmaEs", {"n_startup_trials": 2}),
        ("GP", {"n_startup_trials": 2}),
        ("NSGAII", {"population_size": 2}),
    ],
)
def test_each_sampler_proposes_from_the_space(name, options):
    from launch.sweep.engine import SamplerOptions, build_sampler

    def proposals():
        study = optuna.create_study(direction="maximize", sampler=build_sampler(SamplerOptions(name, 1, options)))
        for _ in range(5):
            trial = study.ask()
            x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 1e-6, 1e-2, log=True)
            study.tell(trial, -((x - 0.3) ** 2) - y)
        return [trial.params for trial in study.trials]

    first = proposals()
    assert first == proposals()
    assert len({str(params) for params in first}) >= 4  # a genetic algorithm may repeat itself


def test_a_grid_is_run_once_and_is_its_own_budget(place):
    space = '"training.warmup_ratio" = {uniform = [0.0, 0.2], step = 0.1}\n' + SCHEME
    path = place.write(space=space, head='[set]\n"training.learning_rate" = 1e-4\n', more='[sampler]\nname = "Grid"\n')
    path.write_text(path.read_text().replace("[budget]\ntrials = 4\n", ""))
    place.run(path)
    points = sorted(
        (t.params["training.warmup_ratio"], t.params["loss.weighting_scheme"]) for t in place.study().trials
    )
    assert points == list(itertools.product([0.0, 0.1, 0.2], ["LambdaRank", "NDCGLoss2PP"]))


def test_wilcoxon_compares_query_by_query(place):
    place.write_recipe(pause=20, pause_below=1e-5)  # the pruner's first look imports half of SciPy
    space = '"training.learning_rate" = {choice = [1e-4, 1e-6]}\n'
    more = '[sampler]\nname = "Grid"\nseed = 1\n[pruner]\nname = "Wilcoxon"\np_threshold = 0.05\n'
    place.run(place.write(space=space, trials=2, slots=1, more=more))
    good, bad = place.study().trials
    assert [trial.params["training.learning_rate"] for trial in (good, bad)] == [1e-4, 1e-6]
    assert list(good.intermediate_values) == list(range(80))  # 20 queries, 4 evaluations
    assert good.state == TrialState.COMPLETE and good.value == max(place.history(good.number).values())
    assert bad.state == TrialState.PRUNED and list(bad.intermediate_values) == list(range(20))
    assert bad.value == place.history(bad.number)[5]


def test_two_objectives_give_a_front(place):
    path = place.write(trials=4, more='[sampler]\nname = "NSGAII"\nseed = 1\n[objective]\nsecond = "energy_kwh"\n')
    place.run(path)
    study = place.study()
    assert [direction.name for direction in study.directions] == ["MAXIMIZE", "MINIMIZE"]
    assert all(t.values == [max(place.history(t.number).values()), 0.02] for t in study.trials)
    assert study.best_trials


@pytest.mark.parametrize("budget, trials", [("kwh = 0.05", 3), ("hours = 1e-9", 1)])
def test_a_budget_of_energy_or_time_ends_a_sweep(place, budget, trials):
    path = place.write(trials=50, slots=1)
    path.write_text(path.read_text().replace("trials = 50", budget))
    place.run(path)
    assert len(place.study().trials) == trials
    assert "trial" in place.run(path)  # nothing more is run
    assert len(place.study().trials) == trials


def test_a_sqlite_storage_holds_a_study_too(place):
    url = f"sqlite:///{place.folder}/studies.db"
    path = place.write(head=f'storage = "{url}"\n', trials=3)
    place.run(path)
    study = optuna.load_study(study_name="s", storage=url)
    assert states(study) == [TrialState.COMPLETE] * 3
    assert [trial.intermediate_values for trial in study.trials] == [place.history(number) for number in range(3)]
    assert not (place.folder / "runs/s/study.journal").exists()


def test_the_driver_takes_little_time_beside_the_trials(place):
    place.run(place.write(trials=4, slots=1))
    spans = [span for trial in place.study().trials for span in trial.user_attrs[TrialAttribute.SPANS]]
    gaps = [start - end for (_, end), (start, _) in itertools.pairwise(spans)]
    assert len(gaps) == 3 and min(gaps) < 1  # other work on the machine may hold one of them up
