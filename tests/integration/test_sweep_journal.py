"""The journal of a sweep's study when a driver dies over it, a disk is full, or it is damaged."""

import json
import os
import threading
import time

from optuna.storages.journal import JournalFileSymlinkLock
from optuna.trial import TrialState

from launch.sweep.journal_lock import JournalLock
from runs import wait_for
from sweeping import place, states  # noqa: F401, place is a fixture


def die_while_writing(journal):
    """Leaves Optuna's lock, which others break after 30 s, and half a line."""
    child = os.fork()
    if child == 0:
        JournalLock(str(journal)).acquire()
        with journal.open("a") as lines:
            lines.write('{"op_code":')
        os._exit(0)
    os.waitpid(child, 0)


def test_a_driver_that_died_while_it_wrote_keeps_nobody_waiting(place):
    place.run(place.write(trials=2))
    journal = place.folder / "runs/s/study.journal"
    die_while_writing(journal)
    lock = JournalLock(str(journal))
    begun = time.monotonic()
    lock.acquire()
    lock.release()
    assert time.monotonic() - begun < 20
    die_while_writing(journal)
    place.run(place.write(trials=3))
    assert states(place.study()) == [TrialState.COMPLETE] * 3


def test_what_a_dead_driver_left_is_not_mistaken_for_anothers_lock(tmp_path):
    """Somebody else broke the dead one's lock, holds the journal and is writing."""
    journal = tmp_path / "study.journal"
    journal.write_text("{}\n")
    die_while_writing(journal)
    others = JournalFileSymlinkLock(str(journal))
    others.release()
    others.acquire()
    journal.write_text('{}\n{"half":')
    waiting = threading.Thread(target=JournalLock(str(journal)).acquire)
    waiting.start()
    waiting.join(0.5)
    assert waiting.is_alive()
    assert journal.read_text() == '{}\n{"half":'
    others.release()
    waiting.join(10)
    assert not waiting.is_alive()


def test_half_a_line_that_a_full_disk_left_is_not_written_on(place):
    place.run(place.write(trials=2))
    with (place.folder / "runs/s/study.journal").open("a") as lines:
        lines.write('{"op_code":')
    place.run(place.write(trials=3))
    assert states(place.study()) == [TrialState.COMPLETE] * 3


def test_a_damaged_journal_is_said_in_one_sentence(place):
    place.run(place.write(trials=1))
    with (place.folder / "runs/s/study.journal").open("a") as lines:
        lines.write("garbage\n{}\n")
    for words in (["show", place.folder / "s.toml"], [place.folder / "s.toml"]):
        errors = place.run(*words, code=1)
        assert errors.startswith(f"lambdaforge sweep: cannot open the storage {place.folder}/runs/s/study.journal: ")
        assert len(errors.splitlines()) == 1


def test_when_the_storage_goes_trials_save_and_stop(place):
    place.write_recipe(step_seconds=0.1, steps=200)
    with place.start(place.write(trials=4)) as driver:
        wait_for(lambda: place.history_or_nothing(0) and place.history_or_nothing(1), 30)
        with (place.folder / "runs/s/study.journal").open("a") as lines:
            lines.write("garbage\n{}\n")
        _, errors = driver.communicate(timeout=30)
    assert driver.returncode == 1 and "the study cannot be read or written" in errors
    assert "Traceback" not in errors
    assert not place.processes()
    for number in (0, 1):
        result = json.loads((place.run_folder(number) / "result.json").read_text())
        assert result["outcome"] == "stopped"
