"""Fan-out over many appliances, each with a port of its own, in another process: CPU and memory beside bare aiohttp."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .measure import OURS, Case, interleaved

PROGRAMS = Path(__file__).resolve().parent / "programs"
ROOT = PROGRAMS.parent.parent
BARE = "aiohttp + orjson"
SIZES = tuple(int(size) for size in os.environ.get("FANOUT_SIZES", "10,100,1000").split(","))
CALLS = 5


@contextmanager
def appliances(count: int, scheme: str) -> Iterator[str]:
    """Canned appliances in a process of their own; gives the line that the programs read."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.programs.fanout_server", str(count), scheme],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdout.readline()
    finally:
        process.stdin.close()
        process.wait(30)
        process.stdout.close()


def polled(program: str, config: str) -> dict[str, Any]:
    """Runs a program over the appliances and gives what it measured of itself."""
    done = subprocess.run(
        [sys.executable, str(PROGRAMS / program)], cwd=ROOT, input=config, capture_output=True, text=True, timeout=300,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{program} failed: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().rpartition("\n")[2])
    return found


def measure(rounds: int) -> Iterator[Case]:
    """CPU for each call, first round with logins and a later one; memory for each appliance."""
    for scheme in ("http", "https"):
        for count in SIZES:
            seen: dict[str, list[dict[str, Any]]] = {OURS: [], BARE: []}

            def once(
                subject: str, program: str, config: str, seen: dict[str, list[dict[str, Any]]]
            ) -> Callable[[], float]:
                def run() -> float:
                    found = polled(program, config)
                    seen[subject].append(found)
                    return float(found["next_cpu"])

                return run

            with appliances(count, scheme) as config:
                subjects = {
                    OURS: once(OURS, "fanout_ours.py", config, seen),
                    BARE: once(BARE, "fanout_bare.py", config, seen),
                }
                interleaved(subjects, min(rounds, 5) if count >= 1000 else rounds)

            def each(key: str, scale: float, seen: dict[str, list[dict[str, Any]]]) -> dict[str, list[float]]:
                return {subject: [found[key] * scale for found in runs] for subject, runs in seen.items()}

            what = f"{count:,} appliances over {scheme}"
            first = each("first_cpu", 1e6 / count / (CALLS + 1), seen)
            later = each("next_cpu", 1e6 / count / CALLS, seen)
            connected = each("active_bytes", 1 / 1024 / count, seen)
            listed = {OURS: [found["listed_bytes"] / 1024 / count for found in seen[OURS]]}
            # At ten appliances the fleet's own set-up shows; what is promised is for many.
            most = {BARE: 1.1} if count >= 1000 else {}
            yield Case("fan-out", f"{what}: CPU for each call, first round", first, "us", at_most=most)
            yield Case("fan-out", f"{what}: CPU for each call, next round", later, "us", at_most=most)
            yield Case("fan-out", f"{what}: time of the next round", each("next_s", 1e3, seen), "ms")
            limit = 40.0 if scheme == "http" else None
            yield Case("fan-out", f"{what}: memory for each, connected", connected, "KiB", limit=limit)
            yield Case("fan-out", f"{what}: memory for each, listed only", listed, "KiB")
