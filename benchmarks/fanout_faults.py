"""A thousand simulated appliances in another process, one in ten with a fault of seven, and a fleet of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from .fanout import PROGRAMS, ROOT
from .measure import OURS, Case

COUNT = int(os.environ.get("FANOUT_FAULTY", "1000"))
DEADLINE = 120.0


def once(count: int, deadline: float) -> dict[str, Any]:
    """One process with appliances, one with a fleet; what both counted."""
    server = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "benchmarks.programs.faulty_server", str(count)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        config = server.stdout.readline()
        done = subprocess.run(
            [sys.executable, str(PROGRAMS / "faulty_poll.py"), str(deadline)], cwd=ROOT, input=config,
            capture_output=True, text=True, timeout=deadline * 2 + 60, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"the fleet's process failed: {done.stderr[-2000:]}")
        sys.stderr.write(done.stderr)
        found: dict[str, Any] = json.loads(done.stdout.strip().rpartition("\n")[2])
    finally:
        server.stdin.close()
        rest = server.stdout.read()
        server.wait(60)
        server.stdout.close()
    found |= json.loads(rest.strip().rpartition("\n")[2])
    return found


def measure(rounds: int) -> Iterator[Case]:
    """Answers, right ones, time, what is left behind, logins at those that refuse."""
    runs = [once(COUNT, DEADLINE) for _ in range(min(rounds, 2))]
    what = f"{COUNT:,} appliances, one in ten broken"

    def case(name: str, key: str, unit: str, limit: float | None) -> Case:
        return Case("fan-out", f"{what}: {name}", {OURS: [float(run[key]) for run in runs]}, unit, limit=limit)

    yield case("time for all answers", "seconds", "s", DEADLINE)
    yield case("CPU for all answers", "cpu", "s", None)
    yield case("appliances without an answer", "missing", "appliances", 0)
    yield case("healthy ones without the right answer", "wrong", "appliances", 0)
    yield case("broken ones without an error", "broken_but_ok", "appliances", 0)
    yield case("tasks left behind", "tasks_left", "tasks", 0)
    yield case("files and sockets left behind", "files_left", "files", 0)
    yield case("logins at an appliance that refuses them", "refused_logins", "logins", 1)
