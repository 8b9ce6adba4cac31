"""Rows of large fleets: CPU for an appliance among 9,000 beside 100, two processes beside one, and veeam-br by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

from . import server
from .fanout import PROGRAMS, ROOT, appliances, polled
from .measure import OURS, Case, interleaved
from .peers import veeam_br_python

LARGE = int(os.environ.get("ROWS_FLEET", "9000"))
SMALL = 100
SHARED = 200
ROUNDS_OF_A_SHARD = 20


def growth(rounds: int) -> Iterator[Case]:
    """CPU for an appliance of which one page of rows is read, ours and by aiohttp alone."""
    few = f"among {SMALL}"
    with appliances(LARGE, "http") as large, appliances(SMALL, "http") as small:
        for program, who in (("rows_fleet.py", ""), ("rows_bare.py", " of aiohttp + orjson")):
            seen: dict[str, list[dict[str, float]]] = {OURS: [], few: []}

            def once(
                subject: str, config: str, program: str = program, seen: dict[str, list[dict[str, float]]] = seen
            ) -> Callable[[], float]:
                def run() -> float:
                    seen[subject].append(polled(program, config))
                    return 0.0

                return run

            interleaved({OURS: once(OURS, large), few: once(few, small)}, min(rounds, 3))
            for name, title in (("first", "first round, with login"), ("next", "next round")):
                values = {
                    subject: [found[f"{name}_cpu"] / found["appliances"] * 1e6 for found in runs]
                    for subject, runs in seen.items()
                }
                most = {few: 1.15} if name == "next" and not who else {}
                yield Case("rows", f"an appliance{who} among {LARGE:,}, {title}", values, "us", at_most=most)


def shards(config: str, count: int) -> float:
    """Microseconds for a row with so many processes, from the first that begins to the last that ends."""
    running = [
        subprocess.Popen(
            [sys.executable, str(PROGRAMS / "rows_shard.py"), str(index), str(count), str(ROUNDS_OF_A_SHARD)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for index in range(count)
    ]  # fmt: skip
    for process in running:
        assert process.stdin is not None
        process.stdin.write(config)
        process.stdin.flush()
    for process in running:
        assert process.stdout is not None
        process.stdout.readline()
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    found: list[dict[str, float]] = [json.loads(process.communicate()[0]) for process in running]
    took = max(one["ended"] for one in found) - min(one["began"] for one in found)
    return took / sum(one["rows"] for one in found) * 1e6


def processes(rounds: int) -> Iterator[Case]:
    """Time of a row with two processes beside one, each with a shard of the fleet."""
    with appliances(SHARED, "http") as config:
        values = interleaved({OURS: lambda: shards(config, 2), "one process": lambda: shards(config, 1)}, rounds)
    note = "time, not CPU: it takes two cores that nobody else uses"
    yield Case("rows", "two processes, sessions", values, "us", at_most={"one process": 1 / 1.7}, note=note)


def by_hand(rounds: int) -> Iterator[Case]:
    """CPU of a row beside what a user of veeam-br writes."""
    python = veeam_br_python()
    if python is None:
        return
    with appliances(SMALL, "http") as config, server.running() as port:

        def theirs() -> float:
            program = PROGRAMS / "veeam_br_rows.py"
            done = subprocess.run([str(python), str(program), f"http://127.0.0.1:{port}", "20"], capture_output=True,
                                  text=True, check=True)  # fmt: skip
            return float(done.stdout)

        def ours() -> float:
            return float(polled("rows_fleet.py", config)["next_cpu"]) / SMALL / 200 * 1e6

        yield Case(
            "rows",
            "sessions of vbr 1.3-rev0, from socket to loop",
            interleaved({OURS: ours, "veeam-br": theirs}, 3),
            "us",
        )


def measure(rounds: int) -> Iterator[Case]:
    """What grows with the fleet, and what helps."""
    yield from by_hand(rounds)
    yield from processes(rounds)
    yield from growth(rounds)
