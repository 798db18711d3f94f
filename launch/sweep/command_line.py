"""`lambdaforge sweep SWEEP.toml` runs a sweep; `lambdaforge sweep show ...` and its like tell of one."""

import argparse
import importlib
import sys
from dataclasses import dataclass

from launch.standard_output import cannot_write, finish_output
from launch.sweep.errors import SweepError


@dataclass(frozen=True)
class Subcommand:
    """Its module has add_arguments(parser) and run(arguments) -> exit code; it is imported when it is called."""

    name: str
    summary: str
    module: str


SUBCOMMANDS: list[Subcommand] = [
    Subcommand("run", "run a sweep, or go on with it; the word may be left out", "launch.sweep.run"),
    Subcommand("show", "what a sweep has found so far: a table of its trials", "launch.sweep.show"),
    Subcommand("best", "the winner, or the Pareto front; its recipe", "launch.sweep.best"),
    Subcommand("export", "all trials as CSV or JSON", "launch.sweep.export"),
    Subcommand("page", "Optuna's pictures in one HTML file", "launch.sweep.page"),
]


def main(words: list[str]) -> int:
    try:
        try:
            return _run(words)
        finally:
            finish_output()
    except SweepError as error:
        print(f"lambdaforge sweep: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        sys.stderr.close()  # Python would complain there at its end
        return 1
    except OSError as error:  # of a file that a command writes
        print(f"lambdaforge sweep: {cannot_write(error)}", file=sys.stderr)
        return 1
    except Exception as error:
        from launch.sweep.faults import STORAGE_FAULTS, storage_fault  # imports Optuna, which --help need not

        if not isinstance(error, STORAGE_FAULTS):
            raise
        print(f"lambdaforge sweep: {storage_fault(error)}", file=sys.stderr)
        return 1


def _run(words: list[str]) -> int:
    if not words or words[0] in ("--help", "-h"):
        print(overview())
        return 0 if words else 2
    subcommand = next((known for known in SUBCOMMANDS if known.name == words[0]), None)
    if subcommand is not None:
        words = words[1:]
    else:
        subcommand = SUBCOMMANDS[0]
    module = importlib.import_module(subcommand.module)
    parser = argparse.ArgumentParser(
        prog=f"lambdaforge sweep {subcommand.name}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_arguments(parser)
    code: int = module.run(parser.parse_args(words))
    return code


def overview() -> str:
    lines = ["Searches for the best recipe with many runs, with Optuna as the engine.", ""]
    lines += ["Usage: lambdaforge sweep SWEEP.toml", "       lambdaforge sweep COMMAND ...", "", "Commands:"]
    lines += [f"  {subcommand.name:<8}{subcommand.summary}" for subcommand in SUBCOMMANDS]
    lines += ["", "'lambdaforge sweep COMMAND --help' explains a command; launch/sweep/README.md a sweep file's keys."]
    return "\n".join(lines)
