"""What Prometheus sees of a sweep: trials by state, the best so far, slots, the budget.

Figures are read out of the study when they are asked for, so they are right also for what other
drivers did.
"""

import errno
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from urllib.parse import parse_qs, quote
from wsgiref.simple_server import WSGIServer
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily

from launch.atomic_write import write_atomically
from launch.sweep.facts import values_on_the_way
from launch.sweep.prometheus_options import PrometheusOptions
from launch.sweep.results import objective_names
from launch.sweep.states import STATES

PORT_RANGE = 100
LONGEST_WAIT_SECONDS = 15.0


@dataclass(frozen=True)
class Progress:
    """What only the driver knows: its slots, and the share of each budget that is used ("trials", "hours", "kwh")."""

    slots: int
    busy_slots: int
    budget_used: Mapping[str, float] = field(default_factory=dict)


class SweepGauges:
    """Makes the figures of one study when Prometheus asks for them."""

    def __init__(self, study: Study, progress: Callable[[], Progress]) -> None:
        self._study = study
        self._progress = progress
        self._results = -1
        self._last_result = time.time()
        self._scrapes: list[float] = []
        self._asked = threading.Condition()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        trials = self._study.get_trials(deepcopy=False)
        yield self._by_state(trials)
        yield from self._best(trials)
        yield from self._of_the_driver()
        yield self._gauge(
            "last_result_timestamp_seconds",
            "When a trial was last evaluated or ended, as far as this driver has seen",
            [((), self._time_of_last_result(trials))],
        )
        with self._asked:
            self._scrapes = [*self._scrapes[-1:], time.monotonic()]
            self._asked.notify_all()

    def wait_for_scrape(self) -> None:
        """Until the next one comes, where some have come: for two of their intervals, so that the end is seen."""
        with self._asked:
            if len(self._scrapes) < 2:
                return
            before, last = self._scrapes
            patience = min(2 * (last - before), LONGEST_WAIT_SECONDS)
            self._asked.wait_for(lambda: self._scrapes[-1] > last, timeout=patience)

    def _by_state(self, trials: Iterable[FrozenTrial]) -> GaugeMetricFamily:
        count = Counter(trial.state for trial in trials)
        samples = [((name,), float(count[state])) for state, name in STATES.items()]
        return self._gauge("trials", "Trials of the study", samples, ["state"])

    def _best(self, trials: Sequence[FrozenTrial]) -> Iterator[GaugeMetricFamily]:
        values, numbers = [], []
        complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
        for index, (name, direction) in enumerate(
            zip(objective_names(self._study, trials), self._study.directions, strict=True)
        ):
            if not complete:
                continue
            choose = max if direction == StudyDirection.MAXIMIZE else min
            best = choose(complete, key=lambda trial: trial.values[index])  # noqa: B023 (called at once)
            values.append(((name,), best.values[index]))
            numbers.append(((name,), float(best.number)))
        yield self._gauge("best", "Best value of each objective so far", values, ["objective"])
        yield self._gauge("best_trial", "Number of the trial that reached it", numbers, ["objective"])

    def _of_the_driver(self) -> Iterator[GaugeMetricFamily]:
        progress = self._progress()
        yield self._gauge("slots", "Ranks that this driver can run side by side", [((), float(progress.slots))])
        yield self._gauge("busy_slots", "Slots that trials have", [((), float(progress.busy_slots))])
        used = [((kind,), share) for kind, share in progress.budget_used.items()]
        yield self._gauge("budget_used_ratio", "Share of the budget that is used", used, ["budget"])

    def _time_of_last_result(self, trials: Iterable[FrozenTrial]) -> float:
        results = sum(len(values_on_the_way(trial)) + trial.state.is_finished() for trial in trials)
        if results != self._results:
            self._results, self._last_result = results, time.time()
        return self._last_result

    def _gauge(
        self,
        name: str,
        text: str,
        samples: Iterable[tuple[tuple[str, ...], float]],
        labels: Sequence[str] = (),
    ) -> GaugeMetricFamily:
        gauge = GaugeMetricFamily(f"lambdaforge_sweep_{name}", text, labels=["project", *labels])
        for values, figure in samples:
            gauge.add_metric([self._study.study_name, *values], figure)
        return gauge


class SweepExporter:
    """Serves the figures while its block lasts, and tells Prometheus where."""

    def __init__(self, gauges: SweepGauges, project: str, options: PrometheusOptions) -> None:
        self._gauges = gauges
        registry = CollectorRegistry()
        registry.register(gauges)
        self._server, self._thread, self.port = _serve(registry, options)
        metrics = self._server.get_app()
        assert metrics is not None
        self._server.set_app(_answering_for(_scrape_parameter(project), metrics))
        self._target = None if options.targets is None else _announce(options.targets, project, options, self.port)

    def __enter__(self) -> "SweepExporter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Of a driver that failed the file of the target stays, so that it is missed."""
        if kind is None:
            self._gauges.wait_for_scrape()
            if self._target is not None:
                self._target.unlink(missing_ok=True)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _serve(registry: CollectorRegistry, options: PrometheusOptions) -> tuple[WSGIServer, threading.Thread, int]:
    """At the first free port from the one that was asked for; 0 is any."""
    last = 0 if options.port == 0 else min(options.port + PORT_RANGE - 1, 65535)
    for port in range(options.port, last + 1):
        try:
            server, thread = start_http_server(port, options.address, registry)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                continue
            raise OSError(f"cannot serve metrics at {options.address}:{port}: {error.strerror}") from error
        return server, thread, server.server_port
    raise OSError(f"cannot serve metrics at {options.address}: the ports {options.port} to {last} are in use")


def _scrape_parameter(project: str) -> str:
    """What Prometheus asks for (?run=), as it asks a run for "project/run/rank"."""
    return f"{project}/sweep"


def _answering_for(run: str, metrics: WSGIApplication) -> WSGIApplication:
    """A target that somebody who was killed left behind must not be taken for up when this one has its port."""

    def answer(environment: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if parse_qs(environment.get("QUERY_STRING", "")).get("run", [run]) == [run]:
            return metrics(environment, start_response)
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"another program has this port\n"]

    return answer


def _announce(folder: Path, project: str, options: PrometheusOptions, port: int) -> Path:
    """Writes the file that Prometheus reads (file_sd_configs), as experiments/prometheus/service_discovery does.

    A driver that was killed leaves its file; the next one on this host has the same port and so the same file.
    """
    host = socket.gethostname()
    address = host if options.address == "0.0.0.0" else options.address
    labels = {"project": project, "__param_run": _scrape_parameter(project)}
    groups = [{"targets": [f"{address}:{port}"], "labels": labels}]
    path = folder / f"{_plain(project)}.sweep.{_plain(host)}-{port}.json"
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps(groups, indent=2) + "\n")
    return path


def _plain(name: str) -> str:
    return quote(name, safe="").replace(".", "%2E").replace("~", "%7E")
