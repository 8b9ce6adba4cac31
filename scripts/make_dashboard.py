"""Write the Grafana dashboard of the package with Grafana's own builder; `--check` says whether it is current."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.builders import dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DataSourceRef,
    DataTransformerConfig,
    Threshold,
    ThresholdsMode,
    VariableRefresh,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

FILE = Path(__file__).resolve().parent.parent / "veeam_async" / "metrics" / "rules" / "veeam-dashboard.json"
SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
# What is chosen at the top of the dashboard.
S = 'appliance=~"$appliance",product=~"$product"'
JOB = "on (appliance, product, job_id) group_left (job_name) veeam_job_info"
REPOSITORY = "on (appliance, product, repository_id) group_left (repository_name) veeam_repository_info"

Stat = tuple[str, str, str, float | None, float | None]
# Title, query, unit, from when on yellow, from when on red; red below yellow means that less is worse.
STATS: tuple[Stat, ...] = (
    ("Appliances", f"count(veeam_up{{{S}}})", "none", None, None),
    ("Down", f"count(veeam_up{{{S}}} == 0) or vector(0)", "none", None, 1),
    ("Jobs", f"sum(veeam_jobs{{{S}}})", "none", None, None),
    ("Failed jobs", f'sum(veeam_jobs{{{S},result="failed"}}) or vector(0)', "none", 1, 5),
    ("Silent jobs", f"sum(veeam_job_silent{{{S}}}) or vector(0)", "none", 1, 5),
    ("Workloads with backups", f"count(veeam_protected_info{{{S}}})", "none", None, None),
    ("First license to end", f"min(veeam_license_expiration_timestamp_seconds{{{S}}}) - time()", "s", 2592000, 604800),
    ("Free space", f"sum(veeam_repository_free_bytes{{{S}}})", "bytes", None, None),
)
Graph = tuple[str, str, str, str]
# Title, query, legend, unit.
FLEET: tuple[Graph, ...] = (
    ("Appliances that answer", f"sum by (product) (veeam_up{{{S}}})", "{{product}}", "none"),
    ("Time of a poll", f"veeam_poll_duration_seconds{{{S}}}", "{{appliance}}", "s"),
    ("Failed polls and listings", f"sum by (reason) (increase(veeam_poll_failures_total{{{S}}}[$__rate_interval]))",
     "{{reason}}", "none"),
    ("Responses", f"sum by (code) (rate(veeam_http_responses_total{{{S}}}[$__rate_interval]))", "{{code}}", "reqps"),
    ("Clock offset", f"veeam_clock_offset_seconds{{{S}}}", "{{appliance}}", "s"),
    ("Age of what is shown", f"time() - veeam_last_success_timestamp_seconds{{{S}}}", "{{appliance}}", "s"),
)  # fmt: skip
JOBS: tuple[Graph, ...] = (
    ("Jobs by last result", f"sum by (result) (veeam_jobs{{{S}}})", "{{result}}", "none"),
    ("Sessions of the last day by result", f"sum by (result) (veeam_sessions{{{S}}})", "{{result}}", "none"),
    ("Longest last runs", f"topk(10, veeam_job_last_duration_seconds{{{S}}} * {JOB})",
     "{{appliance}} {{job_name}}", "s"),
    ("Time since the last success", f"topk(10, (time() - veeam_job_last_success_timestamp_seconds{{{S}}}) * {JOB})",
     "{{appliance}} {{job_name}}", "s"),
    ("Age of the newest restore point, oldest of each appliance",
     f"max by (appliance) (time() - veeam_protected_last_backup_timestamp_seconds{{{S}}})", "{{appliance}}", "s"),
    ("Active alarms by severity", f'sum by (severity) (veeam_alarms{{{S},state="active"}}) or vector(0)',
     "{{severity}}", "none"),
)  # fmt: skip
REPOSITORIES: tuple[Graph, ...] = (
    ("Free space", f"veeam_repository_free_bytes{{{S}}} * {REPOSITORY}", "{{appliance}} {{repository_name}}", "bytes"),
    ("Share that is free",
     f"(veeam_repository_free_bytes{{{S}}} / veeam_repository_capacity_bytes{{{S}}}) * {REPOSITORY}",
     "{{appliance}} {{repository_name}}", "percentunit"),
)  # fmt: skip
# Title, query, columns that are left out.
TABLES: dict[str, tuple[str, str]] = {
    "Appliances": (f"veeam_appliance_info{{{S}}} * on (appliance, product) group_left () veeam_up{{{S}}}", "up"),
    "Jobs that failed": (f'(veeam_job_last_result{{{S},result="failed"}} == 1) * {JOB}', "failed"),
    "Repositories": (f"veeam_repository_online{{{S}}} * {REPOSITORY}", "online"),
}


def query(expression: str, legend: str = "", *, instant: bool = False) -> prometheus.Dataquery:
    """A query of the chosen data source."""
    made = prometheus.Dataquery().expr(expression).ref_id("A").datasource(SOURCE)
    if instant:
        return made.instant().format(PromQueryFormat.TABLE)
    return made.range().legend_format(legend)


def stat_panel(title: str, expression: str, unit: str, yellow: float | None, red: float | None) -> stat.Panel:
    """A number, coloured by its thresholds."""
    steps = [Threshold(color="green")]
    if yellow is not None and red is not None and red < yellow:
        steps = [Threshold(color="red"), Threshold(red, "yellow"), Threshold(yellow, "green")]
    else:
        steps += [Threshold(value, color) for value, color in ((yellow, "yellow"), (red, "red")) if value is not None]
    colours = dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)
    panel = stat.Panel().title(title).datasource(SOURCE).unit(unit).thresholds(colours).height(4).span(3)
    return panel.with_target(query(expression))


def graphs(panels: Iterable[Graph]) -> list[timeseries.Panel]:
    """Lines over time."""
    return [
        timeseries.Panel()
        .title(title)
        .datasource(SOURCE)
        .unit(unit)
        .height(8)
        .span(12)
        .with_target(query(expression, legend))
        for title, expression, legend, unit in panels
    ]


def table_panel(title: str) -> table.Panel:
    """What is so at the moment, a line for each series."""
    expression, value = TABLES[title]
    hidden = dict.fromkeys(("Time", "__name__", "instance", "job", "job_id", "repository_id", "result"), True)
    shaped = DataTransformerConfig("organize", options={"excludeByName": hidden, "renameByName": {"Value": value}})
    panel = table.Panel().title(title).datasource(SOURCE).height(8).span(12)
    return panel.with_target(query(expression, instant=True)).with_transformation(shaped)


def variable(name: str, label: str, expression: str) -> dashboard.QueryVariable:
    """A choice at the top: one, several or all."""
    chosen = dashboard.QueryVariable(name).label(label).datasource(SOURCE).query(expression).multi(True)
    return chosen.include_all(True).all_value(".*").refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)


def make() -> str:
    """The dashboard as JSON."""
    board = (
        dashboard.Dashboard("Veeam appliances")
        .uid("veeam-async")
        .tags(["veeam", "backup"])
        .refresh("1m")
        .time("now-24h", "now")
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .editable()
        .with_variable(dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"))
        .with_variable(variable("product", "Product", "label_values(veeam_up, product)"))
        .with_variable(variable("appliance", "Appliance", 'label_values(veeam_up{product=~"$product"}, appliance)'))
    )
    rows: tuple[tuple[str, list[Any]], ...] = (
        ("Fleet", [*(stat_panel(*one) for one in STATS), *graphs(FLEET), table_panel("Appliances")]),
        ("Jobs and backups", [*graphs(JOBS), table_panel("Jobs that failed")]),
        ("Repositories", [*graphs(REPOSITORIES), table_panel("Repositories")]),
    )
    for title, panels in rows:
        board = board.with_row(dashboard.Row(title))
        for panel in panels:
            board = board.with_panel(panel)
    return json.dumps(board.build(), cls=JSONEncoder, indent=2) + "\n"


def main() -> None:
    wanted = make()
    if "--check" not in sys.argv[1:]:
        FILE.write_text(wanted, encoding="utf-8")
    elif FILE.read_text(encoding="utf-8") != wanted:
        sys.exit("the dashboard is not current: run scripts/make_dashboard.py")


if __name__ == "__main__":
    main()
