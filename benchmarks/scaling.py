"""Whether costs stay flat: a row's on pages of 200 to 200,000 rows, an appliance's in fleets of 10 to 2,000.

CPU time of the process, so that what else the machine does counts little. `docs/scaling.svg` is drawn from a run.
"""

from __future__ import annotations

import gc
import os
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from veeam_async.codec import decoder

from .decode import PACKAGE, read_rows
from .decode_pages import KINDS, page
from .fanout import BARE, appliances, polled
from .measure import OURS, Case, interleaved
from .plot import Line, Panel, draw

PLOT = Path(__file__).resolve().parent.parent / "docs" / "scaling.svg"
ROWS = {"sessions": (200, 2_000, 20_000, 200_000), "jobs": (200, 2_000, 20_000)}
FLEETS = tuple(int(size) for size in os.environ.get("SCALING_FLEETS", "10,100,1000,2000").split(","))
# Rows that each measurement decodes at least, so that short pages are not measured by a coarse clock.
LEAST_ROWS = 4_000
FLAT = 2.0
FLAT_WITHOUT_COLLECTIONS = 1.5


def long_page(kind: str, rows: int) -> bytes:
    """A page of any length, of the rows of a page of 200 again and again: making 200,000 would take too long."""
    data = orjson.loads(page(kind))["data"]
    each = b",".join(orjson.dumps(row) for row in data)
    pagination = orjson.dumps({"total": rows, "count": rows, "skip": 0, "limit": rows})
    return b'{"data":[' + b",".join([each] * (rows // len(data))) + b'],"pagination":' + pagination + b"}"


def cpu_of_a_row(kind: str, rows: int, use: Callable[[Any], Any] | None) -> Callable[[], float]:
    """A subject: microseconds of CPU for each row, parsing included; nothing but parsing without `use`."""
    decode = decoder(KINDS[kind][0], PACKAGE)
    times = max(1, LEAST_ROWS // rows)

    def once() -> float:
        body = long_page(kind, rows)
        started = time.process_time()
        for _ in range(times):
            parsed = orjson.loads(body)
            if use is not None:
                use(decode(parsed))
        return (time.process_time() - started) / times / rows * 1e6

    return once


def frozen(subject: Callable[[], float]) -> Callable[[], float]:
    """The same with everything that was there before out of the garbage collector's sight, as `gc.freeze()` does."""

    def once() -> float:
        gc.freeze()
        try:
            return subject()
        finally:
            gc.unfreeze()

    return once


def uncollected(subject: Callable[[], float]) -> Callable[[], float]:
    """The same with the garbage collector off."""

    def once() -> float:
        gc.disable()
        try:
            return subject()
        finally:
            gc.enable()

    return once


def shells(answer: Any) -> Any:
    """Each row an object of its class, nothing of it read."""
    return answer.data


USES: Mapping[str, Callable[[Any], Any]] = {"rows of their classes": shells, "every field read": read_rows}
COLLECTORS: Mapping[str, Callable[[Callable[[], float]], Callable[[], float]]] = {
    "": lambda subject: subject,
    ", after gc.freeze()": frozen,
    ", gc off": uncollected,
}


def memory_of_a_row(kind: str, rows: int) -> Iterator[float]:
    """KiB that each row holds, for each of `USES` in turn on the same page; the same every time."""
    decode = decoder(KINDS[kind][0], PACKAGE)
    body = long_page(kind, rows)
    gc.collect()
    tracemalloc.start(1)
    try:
        answer = decode(orjson.loads(body))
        for use in USES.values():
            use(answer)
            yield tracemalloc.get_traced_memory()[0] / rows / 1024
    finally:
        tracemalloc.stop()


def measure(rounds: int) -> Iterator[Case]:
    """Rows first, then fleets; the plot at the end."""
    few = min(rounds, 3)
    panels: list[Panel] = []
    memory = Panel("memory of a row", "KiB", "rows of a page")
    colour = 0
    for kind, sizes in ROWS.items():
        panels.append(decoding := Panel(f"CPU for a row of {kind}", "us", "rows of a page"))
        bare = interleaved({str(rows): cpu_of_a_row(kind, rows, None) for rows in sizes}, few)
        for _ in range(6):  # so that the code of all classes is compiled
            read_rows(decoder(KINDS[kind][0], PACKAGE)(orjson.loads(page(kind))))
        memories = {str(rows): list(memory_of_a_row(kind, rows)) for rows in sizes}
        for number, (name, use) in enumerate(USES.items()):
            for collecting, wrap in COLLECTORS.items():
                values = interleaved({str(rows): wrap(cpu_of_a_row(kind, rows, use)) for rows in sizes}, few)
                most = FLAT_WITHOUT_COLLECTIONS if "off" in collecting else FLAT
                parsing = bare if not collecting else {}
                yield from _grown(f"{kind}, {name}{collecting}, a row of", values, "us", most, parsing)
                if not collecting or "off" in collecting:
                    label = f"{kind}, {name}{collecting}"
                    decoding.lines.append(Line.of(label, values, colour, dashed=bool(collecting)))
            held = {size: [each[number]] for size, each in memories.items()}
            yield from _grown(f"{kind}, {name}, memory of a row of", held, "KiB", 1.1)
            memory.lines.append(Line.of(f"{kind}, {name}", held, colour))
            colour += 1
        decoding.lines.append(Line.of(f"{kind}, orjson.loads alone", bare, colour))
        colour += 1
    fleets = Panel("CPU for an appliance, five calls", "us", "appliances")
    yield from _fleets(few, fleets)
    PLOT.write_text(draw([*panels, memory, fleets]))


def _grown(
    name: str, values: Mapping[str, list[float]], unit: str, most: float, bare: Mapping[str, list[float]] | None = None
) -> Iterator[Case]:
    """Each size against the smallest, and against what parsing alone takes of the same size."""
    smallest, *larger = values
    for each in larger:
        peer = f"of {int(smallest):,}"
        found = {OURS: values[each], peer: values[smallest]}
        if bare:
            found["orjson.loads"] = bare[each]
        yield Case("scaling", f"{name} {int(each):,}", found, unit, {peer: most})


def _fleets(rounds: int, panel: Panel) -> Iterator[Case]:
    """Log in everywhere and ask five times each, then five times again over the connections that were kept."""
    found: dict[str, dict[str, list[float]]] = {}
    for count in FLEETS:
        with appliances(count, "http") as config:
            for _ in range(rounds):
                for subject, program in ((OURS, "fanout_ours.py"), (BARE, "fanout_bare.py")):
                    run = polled(program, config)
                    for part, key in (("first round", "first_cpu"), ("next round", "next_cpu")):
                        cpu = run[key] / count * 1e6
                        found.setdefault(f"{subject}, {part}", {}).setdefault(str(count), []).append(cpu)
    for number, (name, values) in enumerate(found.items()):
        panel.lines.append(Line.of(name, values, number % 2, dashed=name.startswith(BARE)))
        if name.startswith(OURS):
            part = name.partition(", ")[2]
            yield from _grown(f"CPU for an appliance, {part}, one of", values, "us", FLAT)
