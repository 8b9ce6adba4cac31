"""Rows of a fleet, from socket to loop: CPU of a row beside bare aiohttp + `orjson.loads`, for kinds and products.

All subjects read the same pages of 200 rows from the same canned server. veeam-br's users write the loop by hand; its
figure is of one page after another in a process of its own, because it has no fleet.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import aiohttp
import orjson
from attrs import frozen

from veeam_async import Password
from veeam_async.fleet import Appliance, Fleet, Job, Row, Session
from veeam_async.fleet.rows import sources
from veeam_async.options import Product
from veeam_async.testing import SimulatedAppliance

from . import server
from .decode_pages import page
from .measure import OURS, Case, interleaved

APPLIANCES = int(os.environ.get("ROWS_APPLIANCES", "100"))
ROWS = 200
BARE = "aiohttp + orjson"
LOADS = "orjson.loads"
# Budgets, as ratios to bare aiohttp + orjson.loads and to orjson.loads alone.
CARRIED = 3.0
MADE = 3.5


@frozen
class Listing:
    """A listing that rows come from.

    Attributes:
        path: where it is, as the server sees it.
        body: a page of it.
        rows: the array in it.
    """

    product: Product
    revision: str
    row: type[Row]
    path: str
    rows: str
    body: bytes

    @property
    def name(self) -> str:
        """What a reader sees."""
        return f"{self.row.source} of {self.product} {self.revision}"


async def _simulated(product: Product, revision: str, row: type[Row], path: str, rows: str) -> Listing:
    """A page as a simulated appliance answers it, with its rows repeated to a full page."""
    async with SimulatedAppliance(product, revision) as one:
        appliance = Appliance("one", one.url, one.credentials, product=product, revision=revision)
        async with Fleet([appliance]) as fleet:
            answer = (await (await fleet.client("one")).request("GET", path)).json()
    seen = answer[rows]
    full = [seen[number % len(seen)] | {"id": f"{number:08}-0000-4000-8000-000000000000"} for number in range(ROWS)]
    counts: dict[str, object] = {"totalCount": ROWS} if "totalCount" in answer else {}
    if "pagination" in answer:
        counts = {"pagination": {"total": ROWS, "count": ROWS, "skip": 0, "limit": ROWS}}
    return Listing(product, revision, row, path, rows, orjson.dumps({**answer, rows: full, **counts}))


def listings() -> list[Listing]:
    """What is measured."""
    simulated = asyncio.run(_all_simulated())
    return [
        Listing("vbr", "1.3-rev0", Session, "/api/v1/sessions", "data", page("sessions")),
        Listing("vbr", "1.3-rev0", Job, "/api/v1/jobs/states", "data", page("states")),
        *simulated,
    ]


async def _all_simulated() -> list[Listing]:
    return [
        await _simulated("aws", "1.7-rev0", Session, "/api/v1/sessions", "results"),
        await _simulated("azure", "v8.1", Session, "/api/v8.1/jobSessions", "results"),
        await _simulated("vbr", "1.3-rev2", Session, "/api/v1/sessions", "data"),
    ]


class Readers:
    """The subjects over one listing: what is read by each, and how."""

    def __init__(self, listing: Listing, port: int, fleet: Fleet, session: aiohttp.ClientSession) -> None:
        self._listing = listing
        self._url = f"http://127.0.0.1:{port}{listing.path}?limit={ROWS}"
        self._fleet = fleet
        self._session = session
        self._headers = {"Authorization": f"Bearer {'A' * 600}", "x-api-version": listing.revision}

    async def single(self) -> int:
        """One row at a time, as most people write it."""
        count = 0
        async for _ in self._fleet.rows(self._listing.row):
            count += 1
        return count

    async def batches(self) -> int:
        """A page at a time, each released ahead of the next: two are more than a processor's cache holds."""
        count = 0
        async for batch in self._fleet.rows(self._listing.row).batches():
            count += len(batch)
            del batch
        return count

    async def bare(self) -> int:
        """The same requests without anything around them."""
        return sum(await asyncio.gather(*(self._page() for _ in range(APPLIANCES))))

    async def _page(self) -> int:
        async with self._session.get(self._url, headers=self._headers) as reply:
            return len(orjson.loads(await reply.read())[self._listing.rows])


def carried(listing: Listing, port: int, rounds: int) -> Iterator[Case]:
    """CPU of a row from socket to loop."""
    loop = asyncio.new_event_loop()

    def once(read: Callable[[], Awaitable[int]]) -> Callable[[], float]:
        def run() -> float:
            started = time.process_time()
            count = loop.run_until_complete(_awaited(read()))
            return (time.process_time() - started) / count * 1e6

        return run

    async def begin() -> tuple[Fleet, aiohttp.ClientSession]:
        appliances = [
            Appliance(
                f"a{number}", f"http://127.0.0.1:{port}", Password("u", "p"), product=listing.product,
                revision=listing.revision,
            )
            for number in range(APPLIANCES)
        ]  # fmt: skip
        return Fleet(appliances), aiohttp.ClientSession()

    async def finish() -> None:
        await session.close()
        await fleet.aclose()

    fleet, session = loop.run_until_complete(begin())
    try:
        readers = Readers(listing, port, fleet, session)
        subjects = {"single": once(readers.single), "batches": once(readers.batches), "bare": once(readers.bare)}
        for run in subjects.values():
            run()
        values = interleaved(subjects, rounds)
    finally:
        loop.run_until_complete(finish())
        loop.close()
    for name in ("single", "batches"):
        yield Case(
            "rows", f"{listing.name}, {name}", {OURS: values[name], BARE: values["bare"]}, "us", at_most={BARE: CARRIED}
        )  # fmt: skip


async def _awaited(read: Awaitable[int]) -> int:
    return await read


def made(listing: Listing, rounds: int) -> Iterator[Case]:
    """CPU of making a row alone, parsing included."""
    here = Appliance("here", "127.0.0.1", None, product=listing.product, revision=listing.revision)
    source = sources(listing.product, listing.row)[0]

    def ours() -> float:
        started = time.thread_time()
        for _ in range(20):
            source.rows(orjson.loads(listing.body)[listing.rows], here)
        return (time.thread_time() - started) / 20 / ROWS * 1e6

    def loads() -> float:
        started = time.thread_time()
        for _ in range(20):
            orjson.loads(listing.body)
        return (time.thread_time() - started) / 20 / ROWS * 1e6

    values = interleaved({OURS: ours, LOADS: loads}, rounds)
    yield Case("rows", f"{listing.name}, making alone", values, "us", at_most={LOADS: MADE})


def measure(rounds: int) -> Iterator[Case]:
    """Making and carrying rows."""
    with tempfile.TemporaryDirectory() as folder:
        for number, listing in enumerate(listings()):
            file = Path(folder, f"{number}.json")
            file.write_bytes(listing.body)
            with server.running({listing.path: file, "/api/v1/token": _token(folder)}) as port:
                yield from carried(listing, port, rounds)
            yield from made(listing, rounds)


def _token(folder: str) -> Path:
    file = Path(folder, "token.json")
    file.write_bytes(orjson.dumps(server.TOKEN))
    return file
