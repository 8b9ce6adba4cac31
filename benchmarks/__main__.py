"""Run benchmarks and print a table; `--json FILE` says where it is written too, `--check` fails on a missed budget."""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import platform
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

import benchmarks

from .measure import OURS, Case

NO_BENCHMARKS = {"__main__", "measure"}


def names() -> list[str]:
    """Modules of this package that measure something."""
    found = []
    for module in pkgutil.iter_modules(benchmarks.__path__):
        if module.name.startswith("_") or module.name in NO_BENCHMARKS:
            continue
        source = Path(benchmarks.__path__[0], f"{module.name}.py").read_text()
        if "\ndef measure(" in source:
            found.append(module.name)
    return sorted(found)


def number(value: float) -> str:
    """A value with three figures that matter."""
    if value >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(cases: list[Case]) -> Table:
    """One row for each peer of each case."""
    shown = Table(title="ours against each peer: medians of interleaved rounds", header_style="bold")
    for heading in ("what", "ours", "peer", "peer's", "ratio", "budget"):
        shown.add_column(heading, justify="left" if heading in ("what", "peer") else "right")
    group = ""
    for case in cases:
        if case.group != group:
            shown.add_section()
            group = case.group
        ours = f"{number(case.median(OURS))} {case.unit}" if OURS in case.values else ""
        peers = [subject for subject in case.values if subject != OURS]
        if not peers:
            over = case.limit is not None and case.median(OURS) > case.limit
            budget = "" if case.limit is None else f"<= {number(case.limit)}"
            shown.add_row(f"{case.group}: {case.name}", f"[red]{ours}[/]" if over else ours, "", "", "", budget)
        for peer in peers:
            most = case.at_most.get(peer)
            ratio = f"{case.ratio(peer):.2f}" if ours else ""
            if most is not None and ours:
                ratio = f"[{'red' if case.ratio(peer) > most else 'green'}]{ratio}[/]"
            theirs = f"{number(case.median(peer))} {case.unit}"
            budget = "" if most is None else f"<= {most:.2f}"
            shown.add_row(f"{case.group}: {case.name}", ours, peer, theirs, ratio, budget)
    return shown


MARK = "<!-- made by python -m benchmarks --report: what is below is overwritten -->"


def write_report(page: Path, cases: list[Case]) -> None:
    """Put a table of ratios behind the mark of a page; what stands before it stays."""
    lines = [MARK, "", "| what | against | ratio | budget |", "|---|---|--:|--:|"]
    for case in cases:
        for peer in (subject for subject in case.values if subject != OURS and OURS in case.values):
            budget = f"{case.at_most[peer]:.2f}" if peer in case.at_most else ""
            lines.append(f"| {case.group}: {case.name} | {peer} | {case.ratio(peer):.2f} | {budget} |")
        if case.limit is not None and OURS in case.values:
            reached = f"{number(case.median(OURS))} {case.unit}"
            lines.append(f"| {case.group}: {case.name} | | {reached} | {number(case.limit)} {case.unit} |")
    before = page.read_text().partition(MARK)[0]
    page.write_text(before + "\n".join(lines) + "\n")


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(names())}; all when none is given")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of each case (default 7)")
    parser.add_argument("--json", type=Path, default=Path("build/bench.json"), metavar="FILE")
    parser.add_argument("--report", type=Path, metavar="FILE", help="put the table into a Markdown page, too")
    parser.add_argument("--check", action="store_true", help="exit 1 where a budget was missed")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(names())
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(names())}")

    console = Console(stderr=True)
    cases: list[Case] = []
    for name in arguments.names or names():
        started = time.monotonic()
        console.print(f"{name} ...", end=" ")
        cases += list(importlib.import_module(f"benchmarks.{name}").measure(arguments.rounds))
        console.print(f"{time.monotonic() - started:.0f} s")

    output = Console(width=None if sys.stdout.isatty() else 140)
    output.print(table(cases))
    missed = [line for case in cases for line in case.missed()]
    for line in missed:
        output.print(f"over budget: {line}", style="red", highlight=False)
    report = {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "cases": [case.to_dict() for case in cases],
        "missed": missed,
    }
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    output.print(f"as JSON: {arguments.json}")
    if arguments.report is not None:
        write_report(arguments.report, cases)
    return 1 if arguments.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
