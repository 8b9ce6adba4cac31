"""Commands about a whole fleet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from ..completion import complete_operation, complete_result, complete_row_kind
from ..options import (
    CONCURRENCY,
    DEADLINE,
    FLEET,
    FLEET_OPTION,
    FROM_ONE,
    PATH,
    POSITIVE,
    VERBOSE,
    WHERE,
    output,
    timeout,
)
from ..selection import Selection
from ..status import CommandError


@click.command()
@FLEET
@WHERE
@output("nagios", "checkmk", "zabbix", "prtg", "influx")
@timeout(30.0)
@DEADLINE
@CONCURRENCY
@click.option("--certificate-days", default=30, help="Warn when a certificate ends within so many days.")
@click.option("--license-days", default=30, help="Warn when a license ends within so many days.")
@click.option("--clock-seconds", default=300, help="Warn when a clock is off by more seconds.")
@VERBOSE
def check(
    fleet: Path | None, where: Sequence[str], selection: Selection, timeout: float, deadline: float | None,
    concurrency: int, certificate_days: int, license_days: int, clock_seconds: int, verbose: bool,
) -> int:  # fmt: skip
    """Check whether each appliance can be polled.

    It looks at network, certificate, login, revision, clock and license.

    Status 0: all well. 1: something will fail soon. 2: an appliance cannot be polled. With -o checkmk, zabbix, prtg and
    influx, whose systems read the text alone, 0.
    """
    from ..check import Limits, check_fleet
    from ..discovery import fleet_file
    from ..printing import Patience

    limits = Limits(certificate_days, license_days, clock_seconds)
    patience = Patience(timeout, deadline, concurrency)
    return check_fleet(fleet_file(fleet), where, limits, selection, patience, verbose=verbose)


@click.command()
@click.argument("words", nargs=-1, metavar="[FLEET.TOML] ROWS", shell_complete=complete_row_kind)
@click.option("--since", metavar="AGE|DATE", help="Sessions and the like from so long ago on: 30m, 24h, 7d; or a date.")
@click.option(
    "--result", "results", metavar="RESULT", multiple=True, shell_complete=complete_result,
    help="Only what ended so: failed, warning, ...; repeatable.",
)  # fmt: skip
@WHERE
@click.option("--watch", metavar="SECONDS", type=FROM_ONE, help="Again and again, what changed.")
@output("prometheus", "influx", "zabbix", "parquet")
@click.option("--out", metavar="FILE", type=PATH, help="The file for -o parquet.")
@click.option("--raw", is_flag=True, help="json and jsonl: with the original object of each row.")
@timeout(60.0)
@DEADLINE
@CONCURRENCY
@VERBOSE
def poll(
    words: Sequence[str], since: str | None, results: Sequence[str], where: Sequence[str], watch: float | None,
    selection: Selection, out: Path | None, raw: bool, timeout: float, deadline: float | None, concurrency: int,
    verbose: bool,
) -> int:  # fmt: skip
    """List jobs, sessions and the like of a fleet.

    The columns are the same for all products.

    ROWS is jobs, sessions, repositories, servers, licenses, protected, tasks, proxies, restore_points, findings or
    alarms.
    Without FLEET.TOML the file is that of VEEAM_FLEET, ./fleet.toml, or the one in the folder of the user's settings.

    Status 0: all appliances answered. 1: some did not, their errors are at the end. 2: none did.
    """
    from ..discovery import fleet_file
    from ..poll import Request, poll_fleet
    from ..printing import Patience

    path, rows = _rows(words)
    request = Request(rows, since, where, [one.lower() for one in results], raw, watch, verbose, out)
    return poll_fleet(fleet_file(path), request, selection, Patience(timeout, deadline, concurrency))


def _rows(words: Sequence[str]) -> tuple[Path | None, str]:
    from difflib import get_close_matches

    from ...fleet import ROW_TYPES

    kinds = [row.source for row in ROW_TYPES]
    if not words or len(words) > 2:
        raise CommandError(f"give [FLEET.TOML] ROWS, where ROWS is one of {', '.join(kinds)}")
    *files, rows = words
    if rows not in kinds:
        close = get_close_matches(rows, kinds, n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(kinds)}"
        raise CommandError(f"there are no rows {rows!r}; {hint}")
    return (Path(files[0]) if files else None), rows


@click.command()
@click.argument("words", nargs=-1, metavar="OPERATION [KEY=VALUE | KEY:=JSON]...", shell_complete=complete_operation)
@FLEET_OPTION
@WHERE
@click.option("--body", metavar="JSON|@FILE", help="The request body; @- reads stdin. KEY=VALUE goes on top of it.")
@click.option("--yes", is_flag=True, help="Also an operation that may change something.")
@output(default="jsonl")
@timeout(60.0)
@DEADLINE
@CONCURRENCY
@VERBOSE
def each(
    words: Sequence[str], fleet: Path | None, where: Sequence[str], body: str | None, yes: bool, selection: Selection,
    timeout: float, deadline: float | None, concurrency: int, verbose: bool,
) -> int:  # fmt: skip
    """Call an operation on every appliance.

    Status 0: all answered. 1: some did not, or do not have the operation; their errors are at the end. 2: none did.
    """
    from ..discovery import fleet_file
    from ..each import call_each
    from ..fields import Input, is_field
    from ..printing import Patience

    if not words or is_field(words[0]):
        raise CommandError("give OPERATION [KEY=VALUE | KEY:=JSON]...")
    if wrong := [word for word in words[1:] if not is_field(word)]:
        raise CommandError(f"{wrong[0]}: give KEY=VALUE or KEY:=JSON")
    patience = Patience(timeout, deadline, concurrency)
    return call_each(
        fleet_file(fleet), where, words[0], Input((), words[1:], body), selection, patience, changes=yes,
        verbose=verbose,
    )  # fmt: skip


@click.command()
@FLEET
@click.option("--listen", metavar="ADDRESS:PORT", default="127.0.0.1:9801", help="Where to serve /metrics.")
@click.option("--every", metavar="SECONDS", type=FROM_ONE, default=60.0, help="How often to poll.")
@WHERE
@click.option(
    "--web.config.file",
    "web_config",
    metavar="FILE",
    type=PATH,
    help="TLS, users and headers, in the format of the Prometheus project's exporters.",
)
@click.option("--timeout", metavar="SECONDS", type=POSITIVE, help="Seconds for a poll of one appliance; --every.")
@click.option("--rows", metavar="ROWS,...", help="Only these rows, such as jobs,repositories; all where it is absent.")
@click.option("--histograms", is_flag=True, help="Durations of requests by bucket.")
@click.option(
    "--max-series", metavar="N", type=click.IntRange(min=1), default=20_000, help="Series of one appliance at most."
)
@click.option(
    "--write-rules",
    metavar="DIR",
    type=PATH,
    help="Write alert rules, their tests and a Grafana dashboard to a folder, and end.",
)
def exporter(
    fleet: Path | None, listen: str, every: float, where: Sequence[str], write_rules: Path | None,
    web_config: Path | None, timeout: float | None, rows: str | None, histograms: bool, max_series: int,
) -> int:  # fmt: skip
    """Serve Prometheus metrics of a fleet.

    A scrape never waits for an appliance.
    """
    from ..discovery import fleet_file
    from ..exporter import Settings, copy_rules, serve

    if write_rules is not None:
        return copy_rules(write_rules)
    kinds = [one.strip() for one in rows.split(",")] if rows is not None else None
    settings = Settings(listen, every, web_config, timeout, kinds, histograms, max_series)
    return serve(fleet_file(fleet), where, settings)
