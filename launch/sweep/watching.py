"""Lets people watch a sweep: figures for Prometheus while its driver runs, the page when it ends."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from optuna.study import Study

from launch.sweep.budget import budget_used
from launch.sweep.errors import OutsideFault
from launch.sweep.results import results_of
from launch.sweep.spec import Sweep

if TYPE_CHECKING:
    pass


@contextlib.contextmanager
def watched(sweep: Sweep, study: Study, busy_slots: Callable[[], int]) -> Iterator[None]:
    """Throws OutsideFault where the figures cannot be served."""
    try:
        with serve(sweep, study, busy_slots) if sweep.prometheus else contextlib.nullcontext():
            yield
    finally:
        _write_page(sweep, study)


@contextlib.contextmanager
def serve(sweep: Sweep, study: Study, busy_slots: Callable[[], int]) -> Iterator[None]:
    from launch.sweep.gauges import Progress, SweepExporter, SweepGauges

    def progress() -> Progress:
        return Progress(sweep.run.slots, busy_slots(), budget_used(sweep, study.get_trials(deepcopy=False)))

    assert sweep.prometheus is not None
    gauges = SweepGauges(study, progress)
    try:
        exporter = SweepExporter(gauges, sweep.name, sweep.prometheus)
    except OSError as error:
        reason = f"cannot write {error.filename}: {error.strerror}" if error.filename else str(error)
        raise OutsideFault(reason) from error
    print(f"figures for Prometheus at http://{sweep.prometheus.address}:{exporter.port}/metrics", file=sys.stderr)
    with exporter:
        yield


def _write_page(sweep: Sweep, study: Study) -> None:
    """A page that cannot be drawn or written is no reason for a sweep to fail."""
    try:
        from launch.sweep.page import FILE_NAME, write_page  # plotly takes its time

        write_page(results_of(study, sweep.folder, sweep.path), sweep.folder / FILE_NAME)
    except Exception as error:
        print(f"lambdaforge sweep: no page was written: {error}", file=sys.stderr)
