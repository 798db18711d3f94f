"""Hydra over `lambdaforge train`: every combination of what hydra_search.yaml or the command line lists.

    pip install hydra-core==1.3.8
    python launch/examples/hydra_search.py
    python launch/examples/hydra_search.py training.learning_rate=1e-5,1e-4 +training.seed=1,2,3

It returns the best metric, which sweepers that optimise (hydra-optuna-sweeper, hydra-ax-sweeper) read.
"""

import json
import subprocess
import sys
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

OURS = ("recipe", "lambdaforge")


def overrides_of(config: DictConfig) -> list[str]:
    """section.key=value of every key that the configuration has."""
    sections = OmegaConf.to_container(config, resolve=True)
    assert isinstance(sections, dict)
    return [
        f"{section}.{key}={value if isinstance(value, str) else json.dumps(value)}"
        for section, keys in sections.items()
        if section not in OURS
        for key, value in keys.items()
    ]


@hydra.main(version_base=None, config_path=".", config_name="hydra_search")  # type: ignore[untyped-decorator]
def main(config: DictConfig) -> float:
    hydra_config = HydraConfig.get()
    # multirun/2026-11-25/10-30-00: no run goes on with one of another search.
    name = "-".join([*Path(hydra_config.sweep.dir).parts[-2:], str(hydra_config.job.num)])
    command = [config.lambdaforge, "train", config.recipe, "--json", *overrides_of(config), f"run.name={name}"]
    events = subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    end = json.loads(events[-1]) if events else {}
    if end.get("outcome") != "done":
        raise RuntimeError(f"{name}: {end.get('reason') or 'the run was killed'}")
    print(f"{name}: {' '.join(overrides_of(config))}: {end['best_metric']}", file=sys.stderr)
    return float(end["best_metric"])


if __name__ == "__main__":
    main()
