"""Alert rules, dashboards and what starts them: what their peers' own tools say, and alerts that really fire."""

import json
import re
import subprocess
import sys
import time

import pytest
import yaml
from grafana_foundation_sdk.models.dashboard import Dashboard

from runs import free_port, run_training
from scraping import (  # noqa: F401, some are fixtures
    ALERTS,
    BOARDS,
    LAUNCH,
    address_in,
    certificate,
    panel_query,
    prometheus,
    promtool,
    pushgateway,
    queries_of,
    recipe_of,
    training,
    wait_for,
)

COMPARISON = LAUNCH / "grafana/dashboards/comparison.json"


# --- what the peers' own tools say ---


def test_promtool_likes_the_rules():
    assert "9 rules found" in promtool("check", "rules", ALERTS)
    promtool("test", "rules", LAUNCH / "prometheus/tests.yml")
    promtool("check", "config", LAUNCH / "prometheus/prometheus.yml")


def answers_to(queries, series, folder):
    """What promtool makes of {query: [(labels, value)]}, of {series: values every 10 s}, after 5 minutes."""
    tests = [
        {
            "expr": query,
            "eval_time": "5m",
            "exp_samples": [{"labels": labels, "value": value} for labels, value in samples],
        }
        for query, samples in queries.items()
    ]
    file = {"input_series": [{"series": name, "values": values} for name, values in series.items()], "interval": "10s"}
    path = folder / "queries.yml"
    path.write_text(yaml.safe_dump({"tests": [file | {"promql_expr_test": tests}]}))
    promtool("test", "rules", path)


def series_of(name, instance, rank=0, **labels):
    labels = {"project": "test", "run": "watched", "rank": rank, "instance": instance} | labels
    matchers = ", ".join(f'{key}="{value}"' for key, value in labels.items())
    return f"lambdaforge_{name}{{{matchers}}}"


def test_panels_count_a_run_once_that_is_scraped_and_pushed(tmp_path):
    """Rank 1 has died: nothing scrapes it any more, but what it pushed is there."""
    series, part = {}, "step_part_duration_seconds_sum"
    for instance, joules, steps, seconds in (
        ("h:9400", "3.6e6x30", "0+2x30", "0+1x30"),
        ("rank-0", "1e6x30", "9x30", "9x30"),
    ):
        series |= {
            series_of("energy_joules_total", instance, component="cpu"): joules,
            series_of("loss", instance): "0.5x30" if instance == "h:9400" else "0.75x30",
            series_of("rank_up", instance): "1x30",
            series_of("step_duration_seconds_count", instance): steps,
            series_of(part, instance, part="data_wait"): seconds,
        }
    series |= {series_of("rank_up", "rank-1", rank=1): "1x30"}
    series |= {series_of("energy_joules_total", "rank-0", run="pushed", component="cpu"): "7.2e6x30"}
    both = {"run": "watched|pushed"}
    answers_to(
        {
            panel_query("energy", "Energy", **both): [('{run="watched"}', 1), ('{run="pushed"}', 2)],
            panel_query("comparison", "Loss"): [('{run="watched"}', 0.5)],
            panel_query("cluster", "Ranks up"): [('{run="watched"}', 1)],
            panel_query("cluster", "Wait for data, a step"): [('{run="watched", rank="0"}', 0.5)],
        },
        series,
        tmp_path,
    )


def test_a_pushed_end_is_newer_than_the_last_scrape_before_it(tmp_path):
    series = {
        series_of("step", "h:9400", run="ended"): "50x5 stale",
        series_of("step", "rank-0", run="ended"): "20x5 60x30",
        series_of("step", "h:9401", run="runs"): "0+1x30",
        series_of("step", "rank-0", run="runs"): "5x30",
    }
    (steps,) = (query for name, query in queries_of(COMPARISON, run=".*") if "lambdaforge_step{" in query)
    answers_to({steps: [('{run="ended"}', 60), ('{run="runs"}', 30)]}, series, tmp_path)


def test_the_best_of_runs_that_minimise_are_the_least(tmp_path):
    figures = [
        (direction, metric, run) for direction, metric in (("false", "loss"), ("true", "ndcg@10")) for run in range(12)
    ]
    series = {
        series_of(
            "best_evaluation", "h:9400", run=f"{metric}-{run}", metric=metric, greater_is_better=direction
        ): f"{run}x30"
        for direction, metric, run in figures
    }
    ten = {"loss": range(10), "ndcg@10": range(2, 12)}
    best = [(f'{{run="{metric}-{run}", metric="{metric}"}}', run) for metric in ten for run in ten[metric]]
    of_all = [('{metric="loss"}', 0), ('{metric="ndcg@10"}', 11)]
    table, graph = (panel_query("sweep", title) for title in ("The ten best runs", "Best of all runs so far"))
    answers_to({table: best, graph: of_all}, series, tmp_path)


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_grafanas_schema_takes_the_dashboard(path):
    raw = json.loads(path.read_text())
    board = Dashboard.from_json(raw)
    assert board.uid == f"lambdaforge-{path.stem}"
    assert len(board.panels) == len(raw["panels"]) > 0
    assert all(panel.targets and panel.datasource.uid == "lambdaforge" for panel in board.panels)


def test_dashboards_are_what_their_program_writes(tmp_path):
    subprocess.run([sys.executable, LAUNCH / "grafana/dashboards.py", tmp_path], check=True)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        path.name: path.read_text() for path in BOARDS
    }


def test_what_compose_mounts_is_there():
    compose = yaml.safe_load((LAUNCH / "compose.yaml").read_text())
    for service in compose["services"].values():
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+", service["image"])
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in compose["volumes"] or (LAUNCH / source).is_dir(), volume
    provider = yaml.safe_load((LAUNCH / "grafana/provisioning/dashboards/lambdaforge.yml").read_text())
    mounts = dict(volume.split(":")[:2] for volume in compose["services"]["grafana"]["volumes"])
    assert provider["providers"][0]["options"]["path"] == mounts["./grafana/dashboards"]
    source = yaml.safe_load((LAUNCH / "grafana/provisioning/datasources/prometheus.yml").read_text())
    assert source["datasources"][0]["uid"] == "lambdaforge"


# --- what is seen of a run that fails ---


def test_a_loss_that_is_not_finite_is_seen(prometheus, small_recipe, wordnet, tmp_path):
    sections = small_recipe(2, learning_rate=1e30, warmup_ratio=0, max_grad_norm=0, eval_on_start=True)
    sections["evaluation"] = {"rerank_k": 50}  # takes long enough to be scraped before the end
    # Prometheus takes up to five seconds to look at a new target, longer than this run lasts; so it knows it before.
    port = free_port()
    labels = {"project": "test", "run": "diverged", "rank": "0"}
    (prometheus.targets / "test.diverged.0.json").write_text(
        json.dumps([{"targets": [f"127.0.0.1:{port}"], "labels": labels}])
    )
    wait_for(lambda: prometheus.query('up{run="diverged", rank="0"} == 0'), "the target to be known")
    recipe = recipe_of(tmp_path, sections, "diverged", prometheus.targets, wordnet / "nano", prometheus_port=port)
    done = run_training(recipe, 2)
    assert done.returncode != 0
    assert "diverged" in done.stderr

    loss = prometheus.history('lambdaforge_loss{run="diverged", rank="0"}')[-1][1]
    assert loss != loss
    assert prometheus.history('lambdaforge_run_status{run="diverged", rank="0", status="failed"}')[-1][1] == 1
    for alert in ("LossNotFinite", "RunFailed"):
        firing = f'ALERTS{{alertname="{alert}", alertstate="firing", run="diverged"}}'
        wait_for(lambda firing=firing: prometheus.query(firing), alert)
    # The targets stay, so that the exporters are missed.
    wait_for(lambda: prometheus.query('up{run="diverged", rank="0"} == 0'), "up to be 0")


def test_a_killed_run_is_missed_also_when_another_one_has_its_port(prometheus, small_recipe, tmp_path):
    port, sections = free_port(), small_recipe(max_steps=100_000)
    killed, other = (
        recipe_of(tmp_path, sections, name, prometheus.targets, prometheus_port=port) for name in ("killed", "other")
    )
    with training(killed) as run:
        wait_for(lambda: prometheus.query('up{run="killed"} == 1'), "a scrape")
        run.kill()
    wait_for(lambda: prometheus.query('up{run="killed"} == 0'), "up to be 0")
    since = time.time()
    with training(other) as run:
        wait_for(lambda: prometheus.query('up{run="other"} == 1'), "the other one's scrape")
        gone = 'ALERTS{alertname="ExporterGone", alertstate="firing", run="killed"}'
        wait_for(lambda: prometheus.query(gone), "the alert")
        instances = {address_in(prometheus.targets / f"test.{name}.0.json") for name in ("killed", "other")}
        (told,) = prometheus.query('scrape_samples_scraped{run=~"killed|other"} > 0')
        run.terminate()
    assert instances == {f"127.0.0.1:{port}"}
    assert told["metric"]["run"] == "other"
    assert {value for seconds, value in prometheus.history('up{run="killed"}') if seconds > since} == {0}
