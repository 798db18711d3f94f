"""A sweep's file with a mistake: found before anything runs or is written, in one sentence."""

import subprocess

import pytest

from launch.sweep.check import check
from launch.sweep.errors import BadInput
from launch.sweep.spec import load_sweep
from runs import BIN, ROOT
from sweeping import ASHA, LEARNING_RATE, SCHEME, SIGMA, place  # noqa: F401, place is a fixture

GRID = '[sampler]\nname = "Grid"\n'
BAD = {
    "an empty space": ({"space": ""}, "the space is empty"),
    "a range upside down": ({"space": '"training.learning_rate" = {uniform = [1.0, 0.5]}\n'}, "is upside down"),
    "a range of one value": ({"space": '"training.learning_rate" = {uniform = [1.0, 1.0]}\n'}, "write it into [set]"),
    "a step of 0": ({"space": '"training.warmup_ratio" = {uniform = [0.0, 0.2], step = 0}\n'}, "a number > 0"),
    "a step too far": ({"space": '"training.seed" = {integer = [1, 8], step = 3}\n'}, "does not lead from 1 to 8"),
    "log from 0": ({"space": '"training.learning_rate" = {log_uniform = [0, 1]}\n'}, "two numbers > 0"),
    "an unknown kind": ({"space": '"training.seed" = {chioce = [1]}\n'}, "did you mean 'choice'?"),
    "an unknown key": ({"space": '"training.leaning_rate" = {choice = [1]}\n'}, "did you mean 'learning_rate'?"),
    "an unknown key of [set]": ({"head": '[set]\n"training.sede" = 1\n'}, "training.sede: unknown key"),
    "a condition on nothing": ({"space": SIGMA + LEARNING_RATE}, "unknown parameter 'loss.weighting_scheme'"),
    "a condition on a range": (
        {"space": LEARNING_RATE + '"loss.sigma" = {uniform = [0, 1], when = {"training.learning_rate" = 1}}\n'},
        "is a range; a condition needs a choice",
    ),
    "a condition that never holds": (
        {"space": SCHEME + '"loss.sigma" = {uniform = [0, 1], when = {"loss.weighting_scheme" = "X"}}\n'},
        "'X' is not among the choices",
    ),
    "the run's name": ({"space": '"run.name" = {choice = ["a", "b"]}\n'}, "the sweep sets it"),
    "more ranks than slots": ({"run": "ranks_per_trial = 4\n"}, "a trial of 4 ranks needs 4 slots, but there are 2"),
    "an unknown sampler": ({"more": '[sampler]\nname = "TPW"\n'}, "unknown sampler 'TPW'; did you mean 'TPE'?"),
    "a sampler's unknown option": ({"more": "[sampler]\nsede = 1\n"}, "unknown option 'sede'; did you mean 'seed'?"),
    "an option's wrong value": ({"more": '[pruner]\nname = "ASHA"\nreduction_factor = 1\n'}, "[pruner]: "),
    "a sampler's option of another kind": ({"more": '[sampler]\nn_startup_trials = "5"\n'}, "expected int"),
    "a sampler's option that is a function": ({"more": "[sampler]\ngamma = 0.2\n"}, "unknown option 'gamma'"),
    "a sampler's option that fails later": ({"more": "[sampler]\nn_ei_candidates = 0\n"}, "[sampler] TPE"),
    "a pruner's option of another kind": (
        {"more": '[pruner]\nname = "ASHA"\nreduction_factor = 2.5\n'},
        "expected int",
    ),
    "a pruner's option that fails later": (
        {"more": '[pruner]\nname = "Hyperband"\nmin_resource = 0\nmax_resource = 9\n'},
        "[pruner] Hyperband",
    ),
    "a budget that is not measured": (
        {"head": '[set]\n"tracking.energy" = false\n', "trials": "9\nkwh = 1.0"},
        "'kwh' is not measured",
    ),
    "a grid without end": ({"more": GRID}, "a grid needs a finite number of values"),
    "a pruner of two objectives": ({"more": f'[objective]\nsecond = "energy_kwh"\n{ASHA}'}, "one objective only"),
    "an unknown objective": ({"more": '[objective]\nsecond = "energy_kw"\n'}, "did you mean 'energy_kwh'?"),
    "an unknown section": ({"more": "[prunner]\n"}, "did you mean 'pruner'?"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_found_before_anything_runs(place, monkeypatch, capsys, what):
    from launch.sweep.command_line import main

    monkeypatch.setenv("LAMBDAFORGE_BIN", str(place.program.parent))
    changed, message = BAD[what]
    assert main([str(place.write(**changed))]) == 2
    errors = capsys.readouterr().err
    assert message in errors
    assert len(errors.splitlines()) == 1
    assert not (place.folder / "runs").exists()


def test_a_study_of_another_space_is_left_alone(place):
    place.run(place.write(trials=1))
    before = (place.folder / "runs/s/study.journal").read_bytes()
    assert "begun with another space" in place.run(place.write(space=LEARNING_RATE + SCHEME), code=2)
    assert "begun with another direction" in place.run(place.write(more='[objective]\nsecond = "energy_kwh"\n'), code=2)
    assert "begun with another recipe" in place.run(place.write(head='[set]\n"training.seed" = 2\n'), code=2)
    assert (place.folder / "runs/s/study.journal").read_bytes() == before


def test_a_folder_that_cannot_be_written_is_the_outside_worlds_fault(place):
    (place.folder / "runs").write_text("")  # root may write into any folder
    errors = place.run(place.write(), code=1)
    assert "runs" in errors and len(errors.splitlines()) == 1


def test_the_example_in_recipes_is_right(tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAMBDAFORGE_BIN", str(BIN))
        patch.chdir(tmp_path)  # where there is no study of that name
        sweep = load_sweep(ROOT / "launch/recipes/wordnet-sweep.toml")
        with pytest.raises(BadInput, match="there is no such"):
            check(sweep)
        named = [sweep.recipe_table["model"]["path"], "data/wordnet/train.jsonl", "data/wordnet/nano"]
        for path in named:
            (tmp_path / path).mkdir(parents=True)
        check(sweep)


def test_what_is_not_measured_is_no_objective(place):
    measured = place.write(more='[objective]\nsecond = "energy_kwh"\n')
    assert load_sweep(measured).objective.second == "energy_kwh"  # tracking.energy is true by itself
    with pytest.raises(BadInput, match="'energy_kwh' is not measured; set tracking.energy to true"):
        load_sweep(place.write(head='[set]\n"tracking.energy" = false\n', more='[objective]\nsecond = "energy_kwh"\n'))


def test_a_file_that_is_not_there(place):
    done = subprocess.run([place.program, "none.toml"], capture_output=True, text=True, cwd=place.folder)
    assert (done.returncode, done.stderr) == (2, "lambdaforge sweep: none.toml: there is no such file\n")
