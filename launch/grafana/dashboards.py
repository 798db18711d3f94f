"""Writes the dashboards that Grafana loads: dashboards/*.json, with Grafana's own schema.

    .deps/tests-venv/bin/python launch/grafana/dashboards.py [FOLDER]

A test holds the committed files against what this writes, and asks a real Prometheus every query.
"""

import json
import sys
from pathlib import Path

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import GraphDrawStyle, LegendPlacement, StackingMode
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    DataTransformerConfig,
    VariableRefresh,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SOURCE = DataSourceRef(type_val="prometheus", uid="lambdaforge")
WIDTH = 24  # Grafana's grid

RUN = 'project="$project", run=~"$run"'
MAIN = RUN + ', rank="0"'
PROJECT = 'project="$project", rank="0"'
MAIN_FINISHED = MAIN + ', status="finished"'
FINISHED = PROJECT + ', status="finished"'
STUDY = 'project="$project"'
FAILED = PROJECT + ', status="failed"'
RATE = "[$__rate_interval]"
JOULES_PER_KWH = "3.6e6"

# A rank's own work: what is left of a step is the wait for the others.
WORK = f'sum by (run, rank) (rate(lambdaforge_step_part_duration_seconds_sum{{{RUN}, part!="all_reduce"}}{RATE}))'


def per_step(part):
    """Seconds a step, of one part or of several, by rank."""
    seconds = f'sum by (run, rank) (rate(lambdaforge_step_part_duration_seconds_sum{{{RUN}, part=~"{part}"}}{RATE}))'
    return f"{seconds} / on (run, rank) rate(lambdaforge_step_duration_seconds_count{{{RUN}}}{RATE})"


def quantile(q):
    return f"histogram_quantile({q}, sum by (run, le) (rate(lambdaforge_step_duration_seconds_bucket{{{RUN}}}{RATE})))"


def last(metric, labels):
    """Of runs that ended too: their series stop, and a plain query would forget them."""
    return f"last_over_time({metric}{{{labels}}}[$__range])"


def query(expr, legend="", instant=False, as_table=False):
    built = prometheus.Dataquery().expr(expr).legend_format(legend).datasource(SOURCE)
    built = built.instant() if instant else built.range()
    return built.format(PromQueryFormat.TABLE) if as_table else built


def with_queries(panel, *queries):
    for ref_id, each in zip("ABCDEFGH", queries, strict=False):
        panel = panel.with_target(each.ref_id(ref_id))
    return panel


def graph(title, *queries, unit="short", width=8, stacked=False, text=""):
    panel = timeseries.Panel().title(title).description(text).unit(unit).height(8).span(width).datasource(SOURCE)
    panel = panel.legend(common.VizLegendOptions().show_legend(True).placement(LegendPlacement.BOTTOM))
    panel = panel.draw_style(GraphDrawStyle.LINE).fill_opacity(20 if stacked else 0)
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL))
    return with_queries(panel, *(query(expr, legend) for expr, legend in queries))


def number(title, expr, unit="short", legend="", width=4, text=""):
    panel = stat.Panel().title(title).description(text).unit(unit).height(4).span(width).datasource(SOURCE)
    return with_queries(panel, query(expr, legend, instant=True))


def rows(title, columns, join, width=WIDTH, text=""):
    """One row for each value of the label `join`, one column for each of {title: query}."""
    panel = table.Panel().title(title).description(text).height(9).span(width).datasource(SOURCE)
    panel = with_queries(panel, *(query(expr, instant=True, as_table=True) for expr in columns.values()))
    names = {f"Value #{chr(ord('A') + i)}": name for i, name in enumerate(columns)}
    if len(columns) == 1:
        names["Value"] = next(iter(columns))
    hidden = {"Time": True} | {f"Time {i + 1}": True for i in range(len(columns))}
    panel = panel.with_transformation(DataTransformerConfig(id_val="joinByField", options={"byField": join}))
    return panel.with_transformation(
        DataTransformerConfig(id_val="organize", options={"renameByName": names, "excludeByName": hidden})
    )


def variable(name, values, several=False):
    built = dashboard.QueryVariable(name).query({"query": values, "refId": name}).datasource(SOURCE)
    return built.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).multi(several).include_all(several)


def board(uid, title, panels, runs="none", projects="lambdaforge_run_status"):
    """`runs`: "one", "several" or "none" to choose from; `projects`: the metric whose projects there are."""
    built = dashboard.Dashboard(f"Lambdaforge: {title}").uid(f"lambdaforge-{uid}").tags(["lambdaforge"])
    built = built.refresh("10s").time("now-1h", "now").timezone("browser").tooltip(DashboardCursorSync.CROSSHAIR)
    built = built.with_variable(variable("project", f"label_values({projects}, project)"))
    if runs != "none":
        values = 'label_values(lambdaforge_run_status{project="$project"}, run)'
        built = built.with_variable(variable("run", values, several=runs == "several"))
    links = dashboard.DashboardLink("Lambdaforge").type(DashboardLinkType.DASHBOARDS).tags(["lambdaforge"])
    built = built.link(links.as_dropdown(True).include_vars(True).keep_time(True))
    for number, panel in enumerate(panels, start=1):
        built = built.with_panel(panel.id(number))
    return built.build()


def overview():
    steps = f"rate(lambdaforge_steps_total{{{MAIN}}}[5m])"
    left = f"(lambdaforge_max_steps{{{MAIN}}} - lambdaforge_step{{{MAIN}}}) / {steps}"
    return board(
        "overview",
        "one run",
        [
            number("Status", f"lambdaforge_run_status{{{MAIN}}} == 1", legend="{{status}}"),
            number("Done", f"lambdaforge_step{{{MAIN}}} / lambdaforge_max_steps{{{MAIN}}}", "percentunit"),
            number("Time left", left, "s", text="At the pace of the last five minutes, evaluations included."),
            number("Loss", f"lambdaforge_loss{{{MAIN}}}"),
            number("Best so far", f"lambdaforge_best_evaluation{{{MAIN}}}", legend="{{dataset}} {{metric}}"),
            number("Best at step", f"lambdaforge_best_step{{{MAIN}}}"),
            graph("Loss", (f"lambdaforge_loss{{{MAIN}}}", "loss")),
            graph("Learning rate", (f"lambdaforge_learning_rate{{{MAIN}}}", "learning rate"), unit="sci"),
            graph("Gradient norm", (f"lambdaforge_gradient_norm{{{MAIN}}}", "before clipping")),
            graph(
                "Rankings",
                (f'lambdaforge_evaluation{{{MAIN}, dataset!="", metric!~"base_.*"}}', "{{dataset}} {{metric}}"),
                width=16,
            ),
            graph(
                "Other figures of evaluations",
                (f'lambdaforge_evaluation{{{MAIN}, dataset="", metric!~"runtime|.*_per_second"}}', "{{metric}}"),
            ),
            graph("Step time", (quantile(0.5), "median"), (quantile(0.95), "95 %"), unit="s"),
            graph(
                "Where a step's time goes",
                (
                    f"sum by (part) (rate(lambdaforge_step_part_duration_seconds_sum{{{MAIN}}}{RATE}))"
                    f" / on () group_left () rate(lambdaforge_step_duration_seconds_count{{{MAIN}}}{RATE})",
                    "{{part}}",
                ),
                unit="s",
                stacked=True,
                text="Of rank 0.",
            ),
            graph(
                "Tokens a second, all ranks",
                (f"sum by (run) (rate(lambdaforge_tokens_total{{{RUN}}}{RATE}))", "tokens"),
            ),
            graph(
                "Share of the rate of plain matrix products",
                (f"lambdaforge_matrix_rate_ratio{{{MAIN}}}", "all ranks"),
                unit="percentunit",
            ),
            graph("Memory", (f"lambdaforge_resident_memory_bytes{{{RUN}}}", "rank {{rank}}"), unit="bytes"),
            graph(
                "Free space for the run's files", (f"lambdaforge_run_folder_free_bytes{{{MAIN}}}", "free"), unit="bytes"
            ),
            number("Checkpoints", f"lambdaforge_checkpoints_total{{{MAIN}}}", width=6),
            number("Last checkpoint at step", f"lambdaforge_last_checkpoint_step{{{MAIN}}}", width=6),
            number("It took", f"lambdaforge_last_checkpoint_duration_seconds{{{MAIN}}}", "s", width=6),
            number("Restarts", f"lambdaforge_restarts_total{{{MAIN}}}", width=6),
        ],
        runs="one",
    )


def cluster():
    mean_work = f"avg by (run) ({WORK})"
    rank_info = f"lambdaforge_rank_info{{{RUN}}}"
    with_host = f"* on (project, run, rank) group_left (host, device) {rank_info}"
    return board(
        "cluster",
        "ranks side by side",
        [
            number("Ranks up", f"sum by (run) (lambdaforge_rank_up{{{RUN}}})"),
            number("Ranks of the run", f"lambdaforge_world_size{{{MAIN}}}"),
            number(
                "Work of the slowest rank over the mean",
                f"max by (run) ({WORK} / on (run) group_left () {mean_work})",
                "percentunit",
                width=8,
            ),
            number("Exporters", f'sum by (run) (up{{job="lambdaforge", {RUN}}})', width=8),
            graph(
                "Work a rank over the mean",
                (f"{WORK} / on (run) group_left () {mean_work}", "rank {{rank}}"),
                unit="percentunit",
                width=12,
                text="All of a step but the wait for other ranks. A straggler is above the others all the time.",
            ),
            graph(
                "Wait for the other ranks, a step",
                (per_step("all_reduce"), "rank {{rank}}"),
                unit="s",
                width=12,
                text="A straggler waits least.",
            ),
            graph("Forward and backward, a step", (per_step("forward|backward"), "rank {{rank}}"), unit="s"),
            graph("Wait for data, a step", (per_step("data_wait"), "rank {{rank}}"), unit="s"),
            graph("Optimizer, a step", (per_step("optimizer"), "rank {{rank}}"), unit="s"),
            graph("Tokens a second", (f"rate(lambdaforge_tokens_total{{{RUN}}}{RATE})", "rank {{rank}}")),
            graph("Pairs a second", (f"rate(lambdaforge_pairs_total{{{RUN}}}{RATE})", "rank {{rank}}")),
            graph("Lists a second", (f"rate(lambdaforge_lists_total{{{RUN}}}{RATE})", "rank {{rank}}")),
            graph(
                "Memory",
                (
                    f"lambdaforge_resident_memory_bytes{{{RUN}}} {with_host}",
                    "rank {{rank}} on {{host}}, {{device}}",
                ),
                unit="bytes",
                width=12,
            ),
            rows("Where the ranks are", {"up": rank_info}, "rank", width=12),
        ],
        runs="one",
    )


def energy():
    kwh = f"sum by (run) (lambdaforge_energy_joules_total{{{MAIN}}}) / {JOULES_PER_KWH}"
    mega_tokens = f"(sum by (run) (lambdaforge_tokens_total{{{RUN}}}) / 1e6)"
    return board(
        "energy",
        "energy",
        [
            number("Energy", kwh, "kwatth", width=6),
            number("Emissions, CO2 equivalents", f"lambdaforge_emissions_grams_total{{{MAIN}}}", "massg", width=6),
            number("Power", f"sum by (run) (lambdaforge_power_watts{{{MAIN}}})", "watt", width=6),
            number(
                "kWh a million tokens",
                f"{kwh} / {mega_tokens}",
                "kwatth",
                width=6,
                text="Tokens of this process: too high after a restart.",
            ),
            graph(
                "Power", (f"lambdaforge_power_watts{{{MAIN}}}", "{{component}}"), unit="watt", width=12, stacked=True
            ),
            graph(
                "Energy by component",
                (f"lambdaforge_energy_joules_total{{{MAIN}}} / {JOULES_PER_KWH}", "{{component}}"),
                unit="kwatth",
                width=12,
                stacked=True,
            ),
            graph(
                "Energy by phase",
                (f"lambdaforge_phase_energy_joules_total{{{MAIN}}} / {JOULES_PER_KWH}", "{{phase}}"),
                unit="kwatth",
                width=12,
                stacked=True,
            ),
            graph(
                "Emissions, CO2 equivalents",
                (f"lambdaforge_emissions_grams_total{{{MAIN}}}", "{{run}}"),
                unit="massg",
                width=12,
            ),
        ],
        runs="several",
    )


def comparison():
    return board(
        "comparison",
        "comparison of runs",
        [
            rows(
                "Runs",
                {
                    "best": f"max by (run) ({last('lambdaforge_best_evaluation', MAIN)})",
                    "at step": f"max by (run) ({last('lambdaforge_best_step', MAIN)})",
                    "steps": f"max by (run) ({last('lambdaforge_step', MAIN)})",
                    "loss": f"max by (run) ({last('lambdaforge_loss', MAIN)})",
                    "ranks": f"max by (run) ({last('lambdaforge_world_size', MAIN)})",
                    "finished": f"max by (run) ({last('lambdaforge_run_status', MAIN_FINISHED)})",
                },
                "run",
            ),
            graph("Loss", (f"lambdaforge_loss{{{MAIN}}}", "{{run}}"), width=12),
            graph(
                "Best so far",
                (f"lambdaforge_best_evaluation{{{MAIN}}}", "{{run}} {{dataset}} {{metric}}"),
                width=12,
            ),
            graph(
                "NDCG",
                (f'lambdaforge_evaluation{{{MAIN}, metric=~"ndcg@.*"}}', "{{run}} {{dataset}} {{metric}}"),
                width=12,
            ),
            graph("Gradient norm", (f"lambdaforge_gradient_norm{{{MAIN}}}", "{{run}}"), width=12),
            graph("Tokens a second", (f"sum by (run) (rate(lambdaforge_tokens_total{{{RUN}}}{RATE}))", "{{run}}")),
            graph("Step time, median", (quantile(0.5), "{{run}}"), unit="s"),
            graph(
                "Memory, all ranks",
                (f"sum by (run) (lambdaforge_resident_memory_bytes{{{RUN}}})", "{{run}}"),
                unit="bytes",
            ),
        ],
        runs="several",
    )


def sweep():
    """Its upper half is what drivers of `lambdaforge sweep` serve, the lower half what the runs themselves do."""
    best = f"max by (run, metric) ({last('lambdaforge_best_evaluation', PROJECT)})"
    # Every driver tells of the whole study, and of slots and the budget for itself.
    trials = f"max by (state) (lambdaforge_sweep_trials{{{STUDY}}})"
    best_trial = f"max by (objective) ({last('lambdaforge_sweep_best_trial', STUDY)})"
    busy, slots = (f"sum(lambdaforge_sweep_{name}{{{STUDY}}})" for name in ("busy_slots", "slots"))
    return board(
        "sweep",
        "sweep",
        [
            number("Trials", trials, legend="{{state}}", width=8),
            number("Best trial so far", best_trial, legend="{{objective}}"),
            number("Slots that are busy", f"{busy} / {slots}", "percentunit"),
            number(
                "Budget that is used",
                f"max by (budget) (lambdaforge_sweep_budget_used_ratio{{{STUDY}}})",
                "percentunit",
                legend="{{budget}}",
            ),
            number(
                "Since the last evaluation or end of a trial",
                f"time() - max(lambdaforge_sweep_last_result_timestamp_seconds{{{STUDY}}})",
                "s",
            ),
            graph(
                "Best so far by objective",
                (f"max by (objective) ({last('lambdaforge_sweep_best', STUDY)})", "{{objective}}"),
                width=12,
                text="As the study counts it: of trials that ran to their end.",
            ),
            graph("Trials by state", (trials, "{{state}}"), width=12, stacked=True),
            graph(
                "Best of all runs so far",
                (f"max by (metric) ({last('lambdaforge_best_evaluation', PROJECT)})", "{{metric}}"),
                width=12,
                text="The largest; for a metric where less is better, read the table.",
            ),
            graph(
                "Runs by status",
                (f"sum by (status) (lambdaforge_run_status{{{PROJECT}}})", "{{status}}"),
                width=12,
                stacked=True,
            ),
            number("Runs", f"count(sum by (run) ({last('lambdaforge_run_status', PROJECT)}))", width=8),
            number(
                "Finished",
                f"sum({last('lambdaforge_run_status', FINISHED)})",
                width=8,
            ),
            number("Failed", f"sum({last('lambdaforge_run_status', FAILED)})", width=8),
            rows("The ten best runs", {"best": f"topk(10, {best})"}, "run", width=12),
            graph("Best so far by run", (f"lambdaforge_best_evaluation{{{PROJECT}}}", "{{run}}"), width=12),
            graph("Loss by run", (f"lambdaforge_loss{{{PROJECT}}}", "{{run}}"), width=12),
            graph("Learning rate by run", (f"lambdaforge_learning_rate{{{PROJECT}}}", "{{run}}"), unit="sci", width=12),
        ],
        projects='{__name__=~"lambdaforge_run_status|lambdaforge_sweep_trials"}',
    )


BOARDS = {"overview": overview, "cluster": cluster, "energy": energy, "comparison": comparison, "sweep": sweep}


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "dashboards"
    folder.mkdir(parents=True, exist_ok=True)
    for name, build in BOARDS.items():
        text = json.dumps(build(), cls=JSONEncoder, indent=2, sort_keys=True)
        (folder / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
