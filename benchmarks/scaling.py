"""Whether costs stay flat: a row's in listings of 200 to 200,000 rows, an appliance's in fleets of 10 to 2,000.

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

from veeam_async._model import decoder

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
PAGE = 200
FLAT = 1.5


def long_page(kind: str, rows: int) -> bytes:
    """A page of any length, of the rows of a page of 200 again and again: making 200,000 would take too long."""
    data = orjson.loads(page(kind))["data"]
    each = b",".join(orjson.dumps(row) for row in data)
    pagination = orjson.dumps({"total": rows, "count": rows, "skip": 0, "limit": rows})
    return b'{"data":[' + b",".join([each] * (rows // len(data))) + b'],"pagination":' + pagination + b"}"


def cpu_of_a_row(kind: str, rows: int, use: Callable[[Any], Any] | None, *, pages: bool) -> Callable[[], float]:
    """A subject: microseconds of CPU for each row, parsing included; nothing but parsing without `use`.

    Args:
        kind: of the rows.
        rows: how many.
        use: what is done with a decoded page.
        pages: True for pages of 200, each released ahead of the next, as a listing is walked; False for one page.
    """
    decode = decoder(KINDS[kind][0], PACKAGE)
    length = PAGE if pages else rows
    times = max(1, LEAST_ROWS // rows)

    def once() -> float:
        body = long_page(kind, length)
        started = time.process_time()
        for _ in range(times * rows // length):
            parsed = orjson.loads(body)
            if use is not None:
                use(decode(parsed))
        return (time.process_time() - started) / times / rows * 1e6

    return once


def rows_alone(answer: Any) -> Any:
    """Each row an object of its class, nothing of it read."""
    return answer.data


USES: Mapping[str, Callable[[Any], Any]] = {"rows of their classes": rows_alone, "every field read": read_rows}


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
        for _ in range(6):  # so that all classes are loaded
            read_rows(decoder(KINDS[kind][0], PACKAGE)(orjson.loads(page(kind))))
        memories = {str(rows): list(memory_of_a_row(kind, rows)) for rows in sizes}
        for pages, how in ((True, "in pages of 200"), (False, "in one page")):
            panels.append(panel := Panel(f"CPU for a row of {kind}, {how}", "us", "rows"))
            subjects = {
                f"{name} {rows}": cpu_of_a_row(kind, rows, use, pages=pages)
                for name, use in {"orjson.loads": None, **USES}.items()
                for rows in sizes
            }
            found = interleaved(subjects, few)
            bare = {str(rows): found[f"orjson.loads {rows}"] for rows in sizes}
            for number, name in enumerate(USES):
                values = {str(rows): found[f"{name} {rows}"] for rows in sizes}
                # One page: parsing itself grows, by the memory that it takes and the collector that walks it.
                limits = {"of 200": FLAT} if pages else {}
                yield from _grown(f"{kind}, {how}, {name}, a row of", values, "us", limits, bare)
                panel.lines.append(Line.of(name, values, colour + number))
            panel.lines.append(Line.of("orjson.loads alone", bare, colour + len(USES), dashed=True))
        for number, name in enumerate(USES):
            held = {size: [each[number]] for size, each in memories.items()}
            yield from _grown(f"{kind}, in one page, {name}, memory of a row of", held, "KiB", {"of 200": 1.1})
            memory.lines.append(Line.of(f"{kind}, {name}", held, colour + number))
        colour += len(USES) + 1
    fleets = Panel("CPU for an appliance, five calls", "us", "appliances")
    yield from _fleets(few, fleets)
    PLOT.write_text(draw([*panels, memory, fleets]))


def _grown(
    name: str,
    values: Mapping[str, list[float]],
    unit: str,
    limits: Mapping[str, float],
    bare: Mapping[str, list[float]] | None = None,
) -> Iterator[Case]:
    """Each size against the smallest, and against what parsing alone takes of the same size."""
    smallest, *larger = values
    for each in larger:
        found = {OURS: values[each], f"of {int(smallest):,}": values[smallest]}
        if bare:
            found["orjson.loads"] = bare[each]
        yield Case("scaling", f"{name} {int(each):,}", found, unit, limits)


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
            yield from _grown(f"CPU for an appliance, {part}, one of", values, "us", {f"of {FLEETS[0]}": FLAT})
