"""Cold start: start, log in, 200 typed sessions, exit; and what an import costs. Each run is a process of its own."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from .measure import OURS, Case, interleaved
from .peers import veeam_br_python
from .server import running

PROGRAMS = Path(__file__).resolve().parent / "programs"
ROOT = PROGRAMS.parent.parent


def finished(command: list[str]) -> subprocess.CompletedProcess[str]:
    """A process that ended well."""
    # An installed package has its bytecode; so must ours, whatever this shell says.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONHASHSEED"] = "0"
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=env,
                          stdin=subprocess.DEVNULL, timeout=120, check=False)  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stderr[-2000:]}")
    return done


def timed(command: list[str]) -> tuple[float, str]:
    """Milliseconds of CPU and the last line of a process. CPU, because other processes have none of it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = finished(command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    elapsed = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000
    return elapsed, done.stdout.strip().rpartition("\n")[2]


def instructions(command: list[str]) -> float:
    """Millions of instructions of a process, which no other process and no cache changes. Needs valgrind."""
    counting = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    counted = re.search(r"I\s+refs:\s+([\d,]+)", finished(counting + command).stderr)
    assert counted is not None
    return int(counted[1].replace(",", "")) / 1e6


def measure(rounds: int) -> Iterator[Case]:
    """The whole program, its memory, the import alone."""
    with running() as port:
        url = f"http://127.0.0.1:{port}"
        programs = {
            OURS: [sys.executable, str(PROGRAMS / "ours.py"), url],
            "aiohttp + orjson": [sys.executable, str(PROGRAMS / "bare.py"), url],
        }
        if peer := veeam_br_python():
            programs["veeam-br"] = [str(peer), str(PROGRAMS / "veeam_br_sessions.py"), url]
        memory: dict[str, list[float]] = {name: [] for name in programs}

        def run(name: str) -> Callable[[], float]:
            def once() -> float:
                elapsed, peak = timed(programs[name])
                memory[name].append(int(peak) / 1024)
                return elapsed

            return once

        for name in programs:  # compiled modules are there, the page cache is warm
            timed(programs[name])
        values = interleaved({name: run(name) for name in programs}, rounds * 2)
        counted = {}
        if shutil.which("valgrind"):
            counted = {name: [instructions(programs[name])] for name in (OURS, "aiohttp + orjson")}
    yield Case(
        "start-up", "start, log in, 200 typed sessions, exit: CPU", values, "ms",
        at_most={"aiohttp + orjson": 1.15, "veeam-br": 0.25},
    )  # fmt: skip
    if counted:
        yield Case(
            "start-up", "the same: instructions", counted, "million", at_most={"aiohttp + orjson": 1.12},
            note="counted by valgrind, the same in every run",
        )  # fmt: skip
    yield Case("start-up", "peak resident memory of that", memory, "MiB", limit=40)

    statements = {
        OURS: "import veeam_async",
        "nothing": "pass",
        "aiohttp + attrs + orjson": "import aiohttp, attrs, orjson",
    }
    yield Case(
        "start-up",
        "a process that imports the package: CPU",
        interleaved(
            {
                name: (lambda text: lambda: timed([sys.executable, "-c", text])[0])(statement)
                for name, statement in statements.items()
            },
            rounds,
        ),
        "ms",
    )
