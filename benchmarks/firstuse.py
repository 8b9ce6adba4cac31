"""First use: the longest step that a first page of models takes on the event loop, in a process that saw none before.

Modules have their bytecode, as installed ones do. The limit is what an event loop of a web backend can bear.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from .decode_pages import page
from .measure import OURS, Case, interleaved
from .server import running
from .startup import PROGRAMS, timed

LIMIT = 50
NAMES = {"sessions": "a first page of 200 sessions", "jobs": "a first page of 200 jobs of eleven types"}


def measure(rounds: int) -> Iterator[Case]:
    """Both kinds of page, as they come and after `preload`."""
    with tempfile.TemporaryDirectory() as folder:
        pages = {}
        for kind in NAMES:
            file = Path(folder, kind)
            file.write_bytes(page(kind))
            pages[f"/api/v1/{kind}"] = file
        with running(pages) as port:
            for kind, name in NAMES.items():
                command = [sys.executable, str(PROGRAMS / "first_use.py"), f"http://127.0.0.1:{port}", kind]

                def once(*more: str, command: list[str] = command) -> Callable[[], float]:
                    return lambda: float(timed([*command, *more])[1])

                subjects = {OURS: once(), "after preload": once("preload")}
                subjects[OURS]()  # so that there is bytecode
                subjects["after preload"]()
                yield Case(
                    "first use",
                    f"{name}, every field read: longest step on the loop",
                    interleaved(subjects, rounds),
                    "ms",
                    limit=LIMIT,
                )
