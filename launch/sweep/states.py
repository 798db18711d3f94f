"""Words for the states of a trial, the usual order of reading."""

from optuna.trial import FrozenTrial, TrialState

STATES = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.RUNNING: "running",
    TrialState.WAITING: "waiting",
    TrialState.FAIL: "failed",
}


def state_name(trial: FrozenTrial) -> str:
    return STATES[trial.state]
