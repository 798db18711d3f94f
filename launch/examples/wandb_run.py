"""Runs `lambdaforge train ... --json` and logs its evaluations to Weights & Biases.

    pip install wandb==0.31.0
    python launch/examples/wandb_run.py build/release/bin/lambdaforge train RECIPE.toml --json section.key=value ...

wandb_sweep.yaml starts it for every trial. When the agent drops a trial it sends SIGTERM, which is passed on: the
run saves a checkpoint and ends.
"""

import json
import signal
import subprocess
import sys
from types import FrameType

import wandb

STOPPED = 75


def main(command: list[str]) -> int:
    with (
        wandb.init() as log,
        subprocess.Popen([*command, f"run.name=wandb-{log.id}"], stdout=subprocess.PIPE, text=True) as run,
    ):

        def pass_on(number: int, _: FrameType | None) -> None:
            run.send_signal(signal.SIGUSR1)

        signal.signal(signal.SIGTERM, pass_on)
        assert run.stdout is not None
        for line in run.stdout:
            event = json.loads(line)
            if event["event"] == "start":
                log.config.update(event["parameters"], allow_val_change=True)
            elif event["event"] == "evaluation":
                best = event["metrics"][event["metric_for_best_model"]]
                log.log(event["metrics"] | {"step": event["step"], "best_metric": best})
            elif event["event"] == "end":
                log.summary.update({key: event[key] for key in ("outcome", "reason", "best_metric", "best_step")})
    return 0 if run.returncode == STOPPED else run.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
