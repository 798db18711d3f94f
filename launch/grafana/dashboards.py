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
from queries import (
    JOULES_PER_KWH,
    MAIN,
    MEMORY,
    PARTS,
    PROJECT,
    RUN,
    STEPS,
    STUDY,
    TOKENS,
    WORK,
    last,
    once,
    per_step,
    quantile,
    rate,
)

SOURCE = DataSourceRef(type_val="prometheus", uid="lambdaforge")
WIDTH = 24  # Grafana's grid


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
    left = f"({once('lambdaforge_max_steps', MAIN)} - {once('lambdaforge_step', MAIN)})"
    pace = rate("lambdaforge_steps_total", MAIN, window="[5m]")
    figures = "run, dataset, metric"
    return board(
        "overview",
        "one run",
        [
            number("Status", f"{once('lambdaforge_run_status', MAIN, 'run, status')} == 1", legend="{{status}}"),
            number("Done", f"{once('lambdaforge_step', MAIN)} / {once('lambdaforge_max_steps', MAIN)}", "percentunit"),
            number(
                "Time left", f"{left} / {pace}", "s", text="At the pace of the last five minutes, evaluations included."
            ),
            number("Loss", once("lambdaforge_loss", MAIN)),
            number("Best so far", once("lambdaforge_best_evaluation", MAIN, figures), legend="{{dataset}} {{metric}}"),
            number("Best at step", once("lambdaforge_best_step", MAIN)),
            graph("Loss", (once("lambdaforge_loss", MAIN), "loss")),
            graph("Learning rate", (once("lambdaforge_learning_rate", MAIN), "learning rate"), unit="sci"),
            graph("Gradient norm", (once("lambdaforge_gradient_norm", MAIN), "before clipping")),
            graph(
                "Rankings",
                (
                    once("lambdaforge_evaluation", f'{MAIN}, dataset!="", metric!~"base_.*"', figures),
                    "{{dataset}} {{metric}}",
                ),
                width=16,
            ),
            graph(
                "Other figures of evaluations",
                (
                    once("lambdaforge_evaluation", f'{MAIN}, dataset="", metric!~"runtime|.*_per_second"', figures),
                    "{{metric}}",
                ),
            ),
            graph("Step time", (quantile(0.5), "median"), (quantile(0.95), "95 %"), unit="s"),
            graph(
                "Where a step's time goes",
                (f"{rate(PARTS, MAIN, 'run, part')} / on (run) group_left () {rate(STEPS, MAIN)}", "{{part}}"),
                unit="s",
                stacked=True,
                text="Of rank 0.",
            ),
            graph("Tokens a second, all ranks", (TOKENS, "tokens")),
            graph(
                "Share of the rate of plain matrix products",
                (once("lambdaforge_matrix_rate_ratio", MAIN), "all ranks"),
                unit="percentunit",
            ),
            graph("Memory", (MEMORY, "rank {{rank}}"), unit="bytes"),
            graph(
                "Free space for the run's files",
                (once("lambdaforge_run_folder_free_bytes", MAIN), "free"),
                unit="bytes",
            ),
            number("Checkpoints", once("lambdaforge_checkpoints_total", MAIN), width=6),
            number("Last checkpoint at step", once("lambdaforge_last_checkpoint_step", MAIN), width=6),
            number("It took", once("lambdaforge_last_checkpoint_duration_seconds", MAIN), "s", width=6),
            number("Restarts", once("lambdaforge_restarts_total", MAIN), width=6),
        ],
        runs="one",
    )


def cluster():
    work_over_mean = f"{WORK} / on (run) group_left () avg by (run) ({WORK})"
    rank_info = once("lambdaforge_rank_info", RUN, "run, rank, host, device, gpu_uuid")
    by_rank = {name: rate(f"lambdaforge_{name}_total", RUN, "run, rank") for name in ("tokens", "pairs", "lists")}
    return board(
        "cluster",
        "ranks side by side",
        [
            number("Ranks up", f"sum by (run) ({once('lambdaforge_rank_up', RUN, 'run, rank')})"),
            number("Ranks of the run", once("lambdaforge_world_size", MAIN)),
            number(
                "Work of the slowest rank over the mean",
                f"max by (run) ({work_over_mean})",
                "percentunit",
                width=8,
            ),
            number("Exporters", f'sum by (run) (up{{job="lambdaforge", {RUN}}})', width=8),
            graph(
                "Work a rank over the mean",
                (work_over_mean, "rank {{rank}}"),
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
            graph("Tokens a second", (by_rank["tokens"], "rank {{rank}}")),
            graph("Pairs a second", (by_rank["pairs"], "rank {{rank}}")),
            graph("Lists a second", (by_rank["lists"], "rank {{rank}}")),
            graph(
                "Memory",
                (
                    f"{MEMORY} * on (run, rank) group_left (host, device) {rank_info}",
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
    joules = once("lambdaforge_energy_joules_total", MAIN, "run, component")
    kwh = f"sum by (run) ({joules}) / {JOULES_PER_KWH}"
    tokens = f"sum by (run) ({once('lambdaforge_tokens_total', RUN, 'run, rank')})"
    watts = once("lambdaforge_power_watts", MAIN, "run, component")
    grams = once("lambdaforge_emissions_grams_total", MAIN)
    phase_joules = once("lambdaforge_phase_energy_joules_total", MAIN, "run, phase")
    return board(
        "energy",
        "energy",
        [
            number("Energy", kwh, "kwatth", width=6),
            number("Emissions, CO2 equivalents", grams, "massg", width=6),
            number("Power", f"sum by (run) ({watts})", "watt", width=6),
            number(
                "kWh a million tokens",
                f"{kwh} / ({tokens} / 1e6)",
                "kwatth",
                width=6,
                text="Tokens of this process: too high after a restart.",
            ),
            graph("Power", (watts, "{{component}}"), unit="watt", width=12, stacked=True),
            graph(
                "Energy by component",
                (f"{joules} / {JOULES_PER_KWH}", "{{component}}"),
                unit="kwatth",
                width=12,
                stacked=True,
            ),
            graph(
                "Energy by phase",
                (f"{phase_joules} / {JOULES_PER_KWH}", "{{phase}}"),
                unit="kwatth",
                width=12,
                stacked=True,
            ),
            graph("Emissions, CO2 equivalents", (grams, "{{run}}"), unit="massg", width=12),
        ],
        runs="several",
    )


def comparison():
    figures = "run, dataset, metric"
    return board(
        "comparison",
        "comparison of runs",
        [
            rows(
                "Runs",
                {
                    "best": last("lambdaforge_best_evaluation", MAIN),
                    "at step": last("lambdaforge_best_step", MAIN),
                    "steps": last("lambdaforge_step", MAIN),
                    "loss": last("lambdaforge_loss", MAIN),
                    "ranks": last("lambdaforge_world_size", MAIN),
                    "finished": last("lambdaforge_run_status", f'{MAIN}, status="finished"'),
                },
                "run",
            ),
            graph("Loss", (once("lambdaforge_loss", MAIN), "{{run}}"), width=12),
            graph(
                "Best so far",
                (once("lambdaforge_best_evaluation", MAIN, figures), "{{run}} {{dataset}} {{metric}}"),
                width=12,
            ),
            graph(
                "NDCG",
                (
                    once("lambdaforge_evaluation", f'{MAIN}, metric=~"ndcg@.*"', figures),
                    "{{run}} {{dataset}} {{metric}}",
                ),
                width=12,
            ),
            graph("Gradient norm", (once("lambdaforge_gradient_norm", MAIN), "{{run}}"), width=12),
            graph("Tokens a second", (TOKENS, "{{run}}")),
            graph("Step time, median", (quantile(0.5), "{{run}}"), unit="s"),
            graph("Memory, all ranks", (f"sum by (run) ({MEMORY})", "{{run}}"), unit="bytes"),
        ],
        runs="several",
    )


def sweep():
    """Its upper half is what drivers of `lambdaforge sweep` serve, the lower half what the runs themselves do."""
    # Where less is better too.
    greatest, least = (
        last("lambdaforge_best_evaluation", f'{PROJECT}, greater_is_better="{greater}"', "run, metric")
        for greater in ("true", "false")
    )
    # Every driver tells of the whole study, and of slots and the budget for itself.
    trials = f"max by (state) (lambdaforge_sweep_trials{{{STUDY}}})"
    best_trial, best_value = (
        f"max by (objective) (last_over_time(lambdaforge_sweep_{name}{{{STUDY}}}[$__range]))"
        for name in ("best_trial", "best")
    )
    busy, slots = (f"sum(lambdaforge_sweep_{name}{{{STUDY}}})" for name in ("busy_slots", "slots"))

    def ended(status):
        with_status = f'{PROJECT}, status="{status}"'
        return f"sum({last('lambdaforge_run_status', with_status)})"

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
                (best_value, "{{objective}}"),
                width=12,
                text="As the study counts it: of trials that ran to their end.",
            ),
            graph("Trials by state", (trials, "{{state}}"), width=12, stacked=True),
            graph(
                "Best of all runs so far",
                (f"max by (metric) ({greatest}) or min by (metric) ({least})", "{{metric}}"),
                width=12,
            ),
            graph(
                "Runs by status",
                (f"sum by (status) ({once('lambdaforge_run_status', PROJECT, 'run, status')})", "{{status}}"),
                width=12,
                stacked=True,
            ),
            number("Runs", f"count({last('lambdaforge_run_status', PROJECT)})", width=8),
            number("Finished", ended("finished"), width=8),
            number("Failed", ended("failed"), width=8),
            rows("The ten best runs", {"best": f"topk(10, {greatest}) or bottomk(10, {least})"}, "run", width=12),
            graph(
                "Best so far by run",
                (once("lambdaforge_best_evaluation", PROJECT, "run, dataset, metric"), "{{run}}"),
                width=12,
            ),
            graph("Loss by run", (once("lambdaforge_loss", PROJECT), "{{run}}"), width=12),
            graph(
                "Learning rate by run", (once("lambdaforge_learning_rate", PROJECT), "{{run}}"), unit="sci", width=12
            ),
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
