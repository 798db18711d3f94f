"""A real Prometheus watches real runs: what it sees of them, and what the dashboards and alerts find."""

import contextlib
import json
import re
import socket
import sys

import optuna
import pytest
import yaml

from runs import ROOT
from scraping import (  # noqa: F401, some are fixtures
    ALERTS,
    BOARDS,
    certificate,
    get,
    panel_query,
    prometheus,
    promtool,
    pushgateway,
    queries_of,
    recipe_of,
    scrape,
    training,
    wait_for,
)

sys.path.append(str(ROOT))
from launch.sweep.gauges import Progress, SweepExporter, SweepGauges  # noqa: E402
from launch.sweep.prometheus_options import PrometheusOptions  # noqa: E402

# --- a run of two ranks, watched from its start to its end ---


@contextlib.contextmanager
def sweep_of_the_project(targets):
    """What the driver of a sweep serves, of a study that goes on."""
    study = optuna.create_study(study_name="test", direction="maximize")
    study.add_trial(optuna.create_trial(value=0.4))
    study.ask()
    gauges = SweepGauges(study, lambda: Progress(2, 1, {"trials": 0.5}))
    with SweepExporter(gauges, "test", PrometheusOptions(port=0, targets=targets)):
        yield


@pytest.fixture(scope="module")
def watched(prometheus, pushgateway, small_recipe, wordnet, tmp_path_factory):
    folder = tmp_path_factory.mktemp("watched")
    sections = small_recipe(
        2, max_steps=60, eval_strategy="steps", eval_steps=20, save_strategy="steps", save_steps=20, save_total_limit=1
    )
    tracking = {"pushgateway_url": pushgateway}
    recipe = recipe_of(folder, sections, "watched", prometheus.targets, wordnet / "nano", **tracking)
    target = prometheus.targets / "test.watched.0.json"
    with sweep_of_the_project(prometheus.targets), training(recipe, 2) as run:
        wait_for(lambda: target.exists() or run.poll() is not None, "the target's file")
        texts = []

        def has_saved():
            with contextlib.suppress(OSError):
                texts.append(scrape(target))
                return "lambdaforge_last_checkpoint_step" in texts[-1]
            return run.poll() is not None

        wait_for(has_saved, "a checkpoint")
        output, _ = run.communicate(timeout=300)
    assert run.returncode == 0, output
    return {"folder": folder / "runs/test/watched", "text": texts[-1]}


def csv_rows(folder):
    rows = [line.split(",") for line in (folder / "metrics.csv").read_text().splitlines()[1:]]
    return {(int(step), name): float(value) for step, _, _, name, value in rows}


def test_prometheus_saw_the_run_to_its_end(prometheus, watched):
    rows = csv_rows(watched["folder"])
    main = 'run="watched", rank="0"'
    assert prometheus.history(f"lambdaforge_step{{{main}}}")[-1][1] == 60
    assert prometheus.history(f'lambdaforge_run_status{{{main}, status="finished"}}')[-1][1] == 1
    assert prometheus.history(f"lambdaforge_loss{{{main}}}")[-1][1] == pytest.approx(rows[60, "loss"], rel=1e-14)
    noun = f'{main}, dataset="noun_R5"'
    for metric in ("ndcg@10", "mrr@10", "map", "base_ndcg@10"):
        last = prometheus.history(f'lambdaforge_evaluation{{{noun}, metric="{metric}"}}')[-1][1]
        assert last == pytest.approx(rows[60, f"eval_noun_R5_{metric}"], rel=1e-14), metric
    for rank in range(2):
        lists = prometheus.history(f'lambdaforge_lists_total{{run="watched", rank="{rank}"}}')[-1][1]
        assert lists == 60 * 4


def test_a_finished_run_is_no_target_any_more(prometheus, watched):
    assert list(prometheus.targets.glob("test.watched.*")) == []
    assert prometheus.query('ALERTS{alertstate="firing", run="watched"}[1h]') == []


@pytest.fixture(scope="module")
def in_the_run(prometheus, watched):
    """query(expression) -> what Prometheus answered when the run was about to end."""
    running = prometheus.history('lambdaforge_run_status{run="watched", rank="0", status="running"}')
    last = max(seconds for seconds, value in running if value == 1)
    return lambda expression: prometheus.query(expression, time=last)


def test_what_is_scraped_and_pushed_is_counted_once(prometheus, watched):
    """The last scrape, of a run that has ended, comes when what was pushed before is there still."""
    seconds, _ = prometheus.history('lambdaforge_run_status{run="watched", rank="0", status="finished"}')[-1]
    told = prometheus.query('lambdaforge_energy_joules_total{run="watched", component="cpu"}', time=seconds)
    assert {series["metric"]["instance"].startswith("rank-") for series in told} == {False, True}
    joules = json.loads((watched["folder"] / "energy.json").read_text())["joules"]
    kwh = sum(sum(parts.values()) for parts in joules.values()) / 3.6e6
    (panel,) = prometheus.query(panel_query("energy", "Energy"), time=seconds)
    assert float(panel["value"][1]) == pytest.approx(kwh, rel=1e-9)


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.stem)
def test_every_panel_finds_data(board, in_the_run):
    queries = queries_of(board)
    assert queries
    empty = {query for _, query in queries if not in_the_run(query)}
    assert empty == set()


def test_every_alert_finds_its_metrics(in_the_run):
    rules = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    assert len(rules) >= 9
    for rule in rules:
        without_threshold = re.sub(r"(==|!=|[<>]=?)\s*(-?[\d.]+|Inf)", "", rule["expr"])
        assert without_threshold != rule["expr"], rule["alert"]
        assert in_the_run(without_threshold), (rule["alert"], without_threshold)


def test_the_sweep_was_seen_until_its_driver_ended(prometheus, watched):
    assert prometheus.history('lambdaforge_sweep_best{project="test"}')[-1][1] == 0.4
    assert prometheus.history('lambdaforge_sweep_trials{project="test", state="running"}')[-1][1] == 1
    assert list(prometheus.targets.glob("test.sweep.*")) == []
    # Prometheus goes on asking until it has read its target files again.
    wait_for(lambda: prometheus.query('up{project="test", run=""} == 0') == [], "the target to be forgotten", 30)


def test_ranks_can_be_joined_to_their_hosts(in_the_run):
    memory = in_the_run(
        "lambdaforge_resident_memory_bytes"
        " * on (project, run, rank, instance) group_left (host, device, gpu_uuid) lambdaforge_rank_info"
    )
    found = {series["metric"]["rank"]: series["metric"] for series in memory}
    assert set(found) == {"0", "1"}
    for labels in found.values():
        assert labels["host"] == socket.gethostname()
        assert labels["device"]
    assert all(float(series["value"][1]) > 1e6 for series in memory)


def test_the_pushgateway_has_the_last_values(pushgateway, watched):
    text = get(f"{pushgateway}/metrics")
    for rank in range(2):
        labels = rf'instance="rank-{rank}",job="lambdaforge",project="test",rank="{rank}",run="watched"'
        assert re.search(rf"^lambdaforge_step{{{labels}}} 60$", text, re.MULTILINE), text
        assert re.search(rf'^lambdaforge_run_status{{{labels},status="finished"}} 1$', text, re.MULTILINE)


def test_promtool_likes_the_metrics(watched):
    assert promtool("check", "metrics", text=watched["text"]) == ""
