"""Decoding pages of models, against `orjson.loads` of the same bytes in the same run.

Three figures for each kind of page, because models convert a field when it is read: the page with each row an
object of its class; with every field of every row read; with everything in it read down to the leaves. The last two
include the reading itself; what reading alone costs, on a page that was read before, is given beside them.
"""

from __future__ import annotations

import gc
import json
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from veeam_async._model import Model, decoder, fields

from .decode_pages import KINDS, ROWS, page
from .measure import OURS, Case, interleaved

PACKAGE = "veeam_async.vbr.v1_3_rev0"
# Pages in a row: with fewer, a collection of all there is falls into some rounds and not into others.
TIMES = 20
# Budgets, as ratios to orjson.loads: rows of their classes, every field of every row read.
ROWS_OF_THEIR_CLASSES = 1.2
ROWS_READ = {"sessions": 3.5, "states": 3.5, "jobs": 1.3}
EVERYTHING_READ = 5.3
# Classes of values that hold no others; those of enums and timestamps are added when one is seen.
_PLAIN = {str, int, float, bool, type(None)}

_readers: dict[type[Model], Callable[[Any], None]] = {}
_walkers: dict[type[Model], Callable[[Any], None]] = {}


def _reading(cls: type[Model], line: str) -> Callable[[Any], None]:
    space: dict[str, Any] = {"walk": walk, "plain": _PLAIN}
    exec("def read(row):\n" + "".join(f" {line.format(name)}\n" for name in fields(cls)), space)
    read: Callable[[Any], None] = space["read"]
    return read


def read_rows(answer: Any) -> None:
    """Read every field of every row, by code that does nothing else."""
    for row in answer.data:
        cls = row.__class__
        read = _readers.get(cls) or _readers.setdefault(cls, _reading(cls, "row.{}"))
        read(row)


def walk(value: Any) -> None:
    """Read every field of everything."""
    cls = value.__class__
    if isinstance(value, Model):
        line = "value = row.{}\n if value.__class__ not in plain: walk(value)"
        (_walkers.get(cls) or _walkers.setdefault(cls, _reading(cls, line)))(value)
    elif isinstance(value, list):
        for each in value:
            if each.__class__ not in _PLAIN:
                walk(each)
    elif isinstance(value, dict):
        for each in value.values():
            walk(each)
    else:
        _PLAIN.add(cls)


def timed(work: Callable[[], Any], times: int, *, collecting: bool = True) -> Callable[[], float]:
    """A subject: microseconds for one of `times` calls in a row."""

    def once() -> float:
        if not collecting:
            gc.disable()
        try:
            started = time.perf_counter()
            for _ in range(times):
                work()
            return (time.perf_counter() - started) / times * 1e6
        finally:
            gc.enable()

    return once


def measure(rounds: int) -> Iterator[Case]:
    """Each kind of page, with the garbage collector as it is and without it. (Long pages: `scaling`.)"""
    for kind in KINDS:
        yield from _pages(kind, rounds)
    yield from _memory()


def _pages(kind: str, rounds: int) -> Iterator[Case]:
    body = page(kind)
    decode = decoder(KINDS[kind][0], PACKAGE)

    yield from _page(kind, "rows of their classes", lambda answer: answer.data, ROWS_OF_THEIR_CLASSES, rounds)
    yield from _page(kind, "every field of every row read", read_rows, ROWS_READ[kind], rounds)
    yield from _page(kind, "everything read", walk, EVERYTHING_READ, rounds)
    timing = {
        OURS: timed(lambda: decode(orjson.loads(body)).data, TIMES),
        "json.loads": timed(lambda: json.loads(body), TIMES),
    }
    yield Case("decode", f"{kind}, {ROWS} rows, rows of their classes", interleaved(timing, rounds), "us")


def _page(kind: str, name: str, use: Callable[[Any], Any], most: float, rounds: int) -> Iterator[Case]:
    body = page(kind)
    decode = decoder(KINDS[kind][0], PACKAGE)
    used = decode(orjson.loads(body))
    use(used)
    for _ in range(2):  # so that all classes are loaded
        use(decode(orjson.loads(body)))
    works: dict[str, Callable[[], Any]] = {
        OURS: lambda: use(decode(orjson.loads(body))),
        "orjson.loads": lambda: orjson.loads(body),
    }
    if use in (read_rows, walk):
        works["reading alone"] = lambda: use(used)
    for collecting in (True, False):
        timing = {each: timed(work, TIMES, collecting=collecting) for each, work in works.items()}
        yield Case(
            "decode",
            f"{kind}, {ROWS} rows, {name}" + ("" if collecting else ", gc off"),
            interleaved(timing, rounds),
            "us",
            {"orjson.loads": most},
            note=f"{len(body) / ROWS:.0f} bytes a row",
        )


def _memory() -> Iterator[Case]:
    """What a page holds on to, a row; the same bytes every time, so that one round is enough."""
    for kind, (answer, _, _, _) in KINDS.items():
        decode = decoder(answer, PACKAGE)
        body = page(kind)
        walk(decode(orjson.loads(body)))

        def held(use: Callable[[Any], Any], body: bytes = body) -> float:
            gc.collect()
            tracemalloc.start()
            try:
                kept = use(orjson.loads(body))
                gc.collect()
                size, _ = tracemalloc.get_traced_memory()
                del kept
                return size / ROWS / 1024
            finally:
                tracemalloc.stop()

        def read(use: Callable[[Any], Any], decode: Callable[[Any], Any] = decode) -> Callable[[Any], Any]:
            def decoded(value: Any) -> Any:
                answer = decode(value)
                use(answer)
                return answer

            return decoded

        dicts = held(lambda value: value)
        rows = held(read(lambda answer: answer.data))
        yield Case("memory", f"{kind}, a row, of its class", {OURS: [rows], "dicts": [dicts]}, "KiB", {"dicts": 1.2})
        everything = held(read(walk))
        yield Case("memory", f"{kind}, a row, everything read", {OURS: [everything], "dicts": [dicts]}, "KiB")
