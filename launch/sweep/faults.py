"""Exceptions of others, told as errors of the sweep."""

import json

from optuna.exceptions import StorageInternalError

from launch.sweep.errors import OutsideFault, SweepError

# What Optuna's storages throw when a database is gone or a journal is damaged.
STORAGE_FAULTS = (StorageInternalError, json.JSONDecodeError)


def fault_of(error: Exception) -> SweepError:
    """Whose fault an exception is that came up while trials ran; they are stopped where they can go on."""
    if isinstance(error, SweepError):
        return error
    if isinstance(error, OSError):
        return OutsideFault(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    if isinstance(error, STORAGE_FAULTS):
        return storage_fault(error)
    return OutsideFault(f"{type(error).__name__}: {error}")


def storage_fault(error: Exception) -> OutsideFault:
    return OutsideFault(f"the study cannot be read or written: {error}")
