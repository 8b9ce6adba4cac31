"""What a model class costs: to create, and at the first use of a page of models in a fresh process."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs

from veeam_async._model import UNSET, Model, model

from .decode_pages import KINDS, page
from .measure import OURS, Case, interleaved

ROOT = Path(__file__).parent.parent
# No step on the loop may take longer than this, in milliseconds of CPU, at a first call.
FIRST_USE = 50.0
CLASSES = 100
_BODY = """
from __future__ import annotations
class Job{number}(Base):
    identifier: str
    name: str
    description: str | None = UNSET
    end_time: str | None = UNSET
    count: int | None = UNSET
"""
# Everything but the package's own modules is imported before the clock starts; JSON is parsed before it, too.
_FIRST_USE = """
import sys, time, orjson
from benchmarks.decode import PACKAGE, read_rows, walk
from veeam_async._model import decoder
value = orjson.loads(sys.stdin.buffer.read())
use = {{"rows of their classes": lambda page: page.data, "rows read": read_rows, "everything read": walk}}[{depth!r}]
started = time.process_time()
use(decoder({answer!r}, PACKAGE)(value))
print((time.process_time() - started) * 1e3)
"""


def creating(make: Callable[[Any], Any], base: type) -> Callable[[], float]:
    """A subject: microseconds to create one class of five fields, its module's code compiled before."""
    sources = [compile(_BODY.format(number=number), "<class>", "exec") for number in range(CLASSES)]

    def once() -> float:
        started = time.perf_counter()
        for number, source in enumerate(sources):
            space: dict[str, Any] = {"Base": base, "UNSET": UNSET, "__name__": __name__}
            exec(source, space)
            make(space[f"Job{number}"])
        return (time.perf_counter() - started) / CLASSES * 1e6

    return once


def first_use(kind: str, depth: str, cache: str) -> Callable[[], float]:
    """A subject: milliseconds of CPU from the first decoder to the page read, in a process of its own.

    Compiled modules are kept in the folder `cache`, so that no process but the first compiles them.
    """
    program = _FIRST_USE.format(depth=depth, answer=KINDS[kind][0])
    body = page(kind)

    environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", program]

    def once() -> float:
        run = subprocess.run(command, input=body, cwd=ROOT, env=environment, capture_output=True, check=True)
        return float(run.stdout)

    once()
    return once


def measure(rounds: int) -> Iterator[Case]:
    """Class creation against attrs itself; the first page of each kind."""
    yield Case(
        "classes",
        "creating one model class of five fields",
        interleaved(
            {
                OURS: creating(model, Model),
                "attrs.define": creating(attrs.define(kw_only=True), object),
                "attrs.define, eq=False, repr=False": creating(
                    attrs.define(kw_only=True, eq=False, repr=False), object
                ),
                "a plain class": creating(lambda cls: cls, object),
            },
            rounds,
        ),
        "us",
        {"attrs.define": 0.25},
    )
    with tempfile.TemporaryDirectory() as cache:
        for kind in KINDS:
            for depth in ("rows of their classes", "rows read", "everything read"):
                yield Case(
                    "first use",
                    f"{kind}, 200 rows, {depth}",
                    interleaved({OURS: first_use(kind, depth, cache)}, min(rounds, 5)),
                    "ms",
                    limit=FIRST_USE if depth != "everything read" else None,
                )
