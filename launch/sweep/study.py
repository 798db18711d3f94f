"""The study behind a sweep: where it is, what it knows of itself and of its trials."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import Study
from optuna.trial import FrozenTrial

from launch.atomic_write import write_atomically
from launch.sweep.engine import build_pruner, build_sampler
from launch.sweep.errors import BadInput, OutsideFault
from launch.sweep.journal_lock import JournalLock
from launch.sweep.spec import Sweep, load_sweep

JOURNAL = "study.journal"
STUDY_FILE = "study.json"  # in the sweep's folder: {"name", "storage", "sweep"}


class StudyAttribute:
    """User attributes of a study. What a sweep compares before it goes on with one: its trials must be of a kind."""

    SPACE = "space"  # Space.to_json()
    OBJECTIVES = "objectives"  # names, the directions are the study's own
    RANKS = "ranks_per_trial"  # a step has a share of its lists on each rank, and a checkpoint is of as many ranks
    RECIPE = "recipe"  # {section: {key: value}} of the recipe with [set] in it, without what tells nothing of a model
    SWEEP = "sweep"  # the sweep file's path, as it was given
    FOLDER = "folder"  # the sweep's folder, absolute


class TrialAttribute:
    """User attributes of a trial. All but OWNER may be missing."""

    OWNER = "owner"  # "lambdaforge": such a trial is run, resumed and told by drivers of the sweep
    FOLDER = "folder"  # the run's, absolute
    EVALUATIONS = "evaluations"  # {"40": 0.41}: the first objective's metric by step
    STEP = "step"  # the last one that is known to be finished
    MAX_STEPS = "max_steps"
    OUTCOME = "outcome"  # of result.json: done, stopped, diverged, failed, invalid; "pruned"
    REASON = "reason"  # a sentence, where the trial failed
    METRIC = "metric"  # the first objective's name, where the run chose it
    BEST_STEP = "best_step"  # where the trial has its value
    ENERGY_KWH = "energy_kwh"
    EMISSIONS_KG = "emissions_kg"
    TRAIN_SECONDS = "train_seconds"
    ATTEMPTS = "attempts"  # how often the trainer was started
    RETRIES = "retries"  # how many of them repeated one that failed
    SPANS = "spans"  # [[start, end], ...] in seconds since 1970: when the trainer ran
    HOSTS = "hosts"  # ["node1:2"]


OWNER = "lambdaforge"

# A trial's model is not of these.
UNCOMPARED_SECTIONS = ["run", "tracking", "card"]


def trial_name(number: int) -> str:
    """The run's name, and that of its log."""
    return f"trial-{number:04d}"


@dataclass(frozen=True)
class StudyPlace:
    name: str
    storage: str | None  # an Optuna storage URL; None: JOURNAL in the folder
    folder: Path

    def exists(self) -> bool:
        """Whether there is a storage to look into; only then may storage_at() be called without creating one."""
        if self.storage is None:
            return (self.folder / JOURNAL).exists()
        path = sqlite_path(self.storage)
        return path is None or path.exists()


def sqlite_path(storage: str) -> Path | None:
    """Of sqlite:///study.db; None for other storages."""
    match = re.fullmatch(r"sqlite(?:\+\w+)?:///([^?]+)(?:\?.*)?", storage)
    return Path(match[1]) if match else None


def place_of(sweep: Sweep) -> StudyPlace:
    return StudyPlace(sweep.name, sweep.storage, sweep.folder)


def find_study(path: Path) -> StudyPlace:
    """The study of a sweep file, or of a sweep's folder. Throws BadInput."""
    if not path.is_dir():
        return place_of(load_sweep(path))
    try:
        about = json.loads((path / STUDY_FILE).read_text(encoding="utf-8"))
        return StudyPlace(about["name"], about["storage"], path)
    except FileNotFoundError as error:
        raise BadInput(f"{path}: no sweep's folder: there is no {STUDY_FILE} in it") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path / STUDY_FILE}: damaged ({error})") from error


def storage_at(place: StudyPlace) -> BaseStorage:
    """Opens the storage; a journal or a SQLite file is created where there is none."""
    try:
        if place.storage is None:
            journal = str(place.folder / JOURNAL)
            return JournalStorage(JournalFileBackend(journal, JournalLock(journal)))
        return optuna.storages.get_storage(place.storage)
    except OSError as error:
        raise OutsideFault(f"cannot open {place.folder / JOURNAL}: {error.strerror}") from error
    except Exception as error:  # of SQLAlchemy, its drivers and what they speak to
        where = printable_url(place.storage) if place.storage else place.folder / JOURNAL
        raise OutsideFault(f"cannot open the storage {where}: {error}") from error


def printable_url(url: str) -> str:
    """Without the password."""
    return re.sub(r"://([^:/@]+):[^@]*@", r"://\1:...@", url)


def open_study(place: StudyPlace) -> Study:
    """The study as it stands. Throws BadInput when there is none yet."""
    missing = BadInput(f"there is no study '{place.name}' yet: start it with lambdaforge sweep SWEEP.toml")
    if not place.exists():
        raise missing
    try:
        return optuna.load_study(study_name=place.name, storage=storage_at(place))
    except KeyError as error:
        raise missing from error


def check_study(sweep: Sweep) -> None:
    """Throws BadInput when the study is there already, but of another space, objectives, recipe or number of ranks."""
    place = place_of(sweep)
    try:
        study = open_study(place)
    except BadInput:
        stale = sorted(sweep.folder.glob("trial-*"))
        if stale:
            raise BadInput(
                f"{stale[0]} is there, but no study '{sweep.name}' that knows it; "
                "choose another name, or delete the folder"
            ) from None
        return
    directions = [direction.name.lower() for direction in study.directions]
    _compare(sweep, "direction", directions, sweep.objective.directions)
    attributes = study.user_attrs
    for what, key, ours in (
        ("space", StudyAttribute.SPACE, sweep.space.to_json()),
        ("objectives", StudyAttribute.OBJECTIVES, sweep.objective.names),
        ("recipe", StudyAttribute.RECIPE, comparable_recipe(sweep)),
        ("[run] ranks_per_trial", StudyAttribute.RANKS, sweep.run.ranks_per_trial),
    ):
        if key in attributes:
            _compare(sweep, what, attributes[key], ours)
    for trial in study.get_trials(deepcopy=False):
        _check_trial(sweep, trial)


def create_study(sweep: Sweep) -> Study:
    """Opens the study or creates it, with the sweep's sampler and pruner; check_study() comes before."""
    place = place_of(sweep)
    try:
        sweep.folder.mkdir(parents=True, exist_ok=True)
        study = optuna.create_study(
            study_name=sweep.name,
            storage=storage_at(place),
            directions=sweep.objective.directions,
            sampler=build_sampler(sweep.sampler),
            pruner=build_pruner(sweep.pruner),
            load_if_exists=True,
        )
        for key, value in {
            StudyAttribute.SPACE: sweep.space.to_json(),
            StudyAttribute.OBJECTIVES: sweep.objective.names,
            StudyAttribute.RECIPE: comparable_recipe(sweep),
            StudyAttribute.RANKS: sweep.run.ranks_per_trial,
            StudyAttribute.SWEEP: str(sweep.path),
            StudyAttribute.FOLDER: str(sweep.folder.absolute()),
        }.items():
            if study.user_attrs.get(key) != value:
                study.set_user_attr(key, value)
        _write_study_file(sweep, place)
    except OSError as error:
        raise OutsideFault(f"cannot write {error.filename or sweep.folder}: {error.strerror}") from error
    return study


def comparable_recipe(sweep: Sweep) -> dict[str, Any]:
    recipe: dict[str, Any] = {
        section: dict(keys) for section, keys in sweep.recipe_table.items() if isinstance(keys, dict)
    }
    for key, value in sweep.settings.items():
        section, _, name = key.partition(".")
        recipe.setdefault(section, {})[name] = value
    return {section: keys for section, keys in recipe.items() if section not in UNCOMPARED_SECTIONS}


def _compare(sweep: Sweep, what: str, theirs: Any, ours: Any) -> None:
    if theirs == ours:
        return
    if isinstance(theirs, dict) and isinstance(ours, dict):
        different = sorted(key for key in theirs.keys() | ours.keys() if theirs.get(key) != ours.get(key))
        detail = f"they differ in {', '.join(different)}"
    else:
        detail = f"it has {theirs}, this file {ours}"
    raise BadInput(
        f"{sweep.path}: the study '{sweep.name}' was begun with another {what} ({detail}); "
        "choose another name, or go back to what it was begun with"
    )


def _check_trial(sweep: Sweep, trial: FrozenTrial) -> None:
    """Optuna may have added trials of its own accord: of the same space, or the samplers fail at them."""
    for key, distribution in trial.distributions.items():
        if key not in sweep.space.keys or sweep.space[key].distribution != distribution:
            raise BadInput(
                f"{sweep.path}: trial {trial.number} of the study '{sweep.name}' has another space ({key}: "
                f"{distribution}); choose another name, or write that into [space]"
            )


def _write_study_file(sweep: Sweep, place: StudyPlace) -> None:
    path = sweep.folder / STUDY_FILE
    about = {"name": place.name, "storage": place.storage, "sweep": str(sweep.path.absolute())}
    text = json.dumps(about, indent=1) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    write_atomically(path, text)
