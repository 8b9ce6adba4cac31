"""Encoding models as request bodies, against `orjson.dumps` of the same content as plain dicts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson

from veeam_async._model import decoder, dumps

from .decode import PACKAGE, timed, walk
from .decode_pages import KINDS, ROWS, page
from .measure import OURS, Case, interleaved


def measure(rounds: int) -> Iterator[Case]:
    """Pages that were read before, pages that were not, and one job, which is what people send."""
    for kind in KINDS:
        timing = {name: _timing(subjects, 4 if kind == "jobs" else 20) for name, subjects in _works(kind).items()}
        for name, subjects in timing.items():
            yield Case("encode", name, interleaved(subjects, rounds), "us")


def _timing(subjects: dict[str, Callable[[], Any]], times: int) -> dict[str, Callable[[], float]]:
    return {subject: timed(work, times) for subject, work in subjects.items()}


def _works(kind: str) -> dict[str, dict[str, Callable[[], Any]]]:
    body = page(kind)
    decode = decoder(KINDS[kind][0], PACKAGE)
    warm = decode(orjson.loads(body))  # so that all classes are loaded before memory is taken for what is compared
    walk(warm)
    dumps(warm)
    plain = orjson.loads(body)
    untouched = decode(orjson.loads(body))
    read_before = decode(orjson.loads(body))
    walk(read_before)
    peer = {"orjson.dumps of dicts": lambda: orjson.dumps(plain)}
    works: dict[str, dict[str, Callable[[], Any]]] = {
        f"{kind}, {ROWS} rows, read before, to bytes": {OURS: lambda: dumps(read_before), **peer},
        f"{kind}, {ROWS} rows, untouched, to bytes": {OURS: lambda: dumps(untouched), **peer},
        f"{kind}, {ROWS} rows, read before, to_dict": {OURS: read_before.to_dict, **peer},
    }
    if kind == "jobs":
        job = read_before.data[0]
        job_plain = job.to_dict()
        works["one job, read before, to bytes"] = {
            OURS: lambda: dumps(job),
            "orjson.dumps of dicts": lambda: orjson.dumps(job_plain),
        }
    return works
