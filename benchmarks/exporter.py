"""The exporter with a thousand appliances of fifty jobs: a scrape, and how long anything holds the loop meanwhile."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import aiohttp
import attrs
from aiohttp import web

from veeam_async import Password
from veeam_async.fleet import Appliance, BreakerState, Fleet, FleetView, Job, JobState, Result
from veeam_async.metrics.page import Page, Text, texts
from veeam_async.metrics.sampling import sample
from veeam_async.metrics.server import make_app
from veeam_async.metrics.snapshot import Snapshot

from .measure import OURS, Case

APPLIANCES = 1000
JOBS = 50


@attrs.define
class Known:
    """What an exporter of that size shows."""

    fleet: FleetView
    texts: dict[str, Mapping[str, Text]]
    ready: bool = True

    def page(self, target: str | None = None, *, openmetrics: bool = False, more: bytes = b"") -> Page:
        names = [one.name for one in self.fleet] if target is None else [target]
        return Page([self.texts[name] for name in names], False, openmetrics, more)


def snapshot(appliance: Appliance) -> Snapshot:
    """An appliance with its jobs, as a poll leaves it."""
    now = datetime.now(UTC)
    jobs = tuple(
        Job(
            appliance=appliance, id=str(uuid.uuid4()), name=f"Nightly {number}", kind="VSphereBackup",
            state=JobState.IDLE, last_result=Result.SUCCESS, last_run=now, next_run=now + timedelta(days=1), objects=7,
        )
        for number in range(JOBS)
    )  # fmt: skip
    known = Snapshot(up=True, attempt=time.time(), success=time.time(), elapsed=1.0, revision="1.3-rev1")
    known.rows[Job] = jobs
    known.remember_runs()
    return known


async def scrape(rounds: int) -> tuple[dict[str, list[float]], int, int]:
    """Values by what was measured, series and bytes of a page."""
    fleet = Fleet([Appliance(f"vbr-{n:04}", "127.0.0.1", Password("u", "p")) for n in range(APPLIANCES)])
    snapshots = {one.name: snapshot(one) for one in fleet}
    values: dict[str, list[float]] = {"text": [], "scrape": [], "held": []}

    def show(appliance: Appliance) -> Mapping[str, Text]:
        known = snapshots[appliance.name]
        return texts(sample(appliance, BreakerState.CLOSED, known, limit=20_000, histograms=False))

    shown = Known(fleet, {one.name: show(one) for one in fleet})
    runner = web.AppRunner(make_app(shown), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/metrics"
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - before - 0.001)

    async def poll() -> None:
        """A thousand polls a minute end, and each makes its text anew."""
        while True:
            for appliance in fleet:
                began = time.perf_counter()
                shown.texts[appliance.name] = show(appliance)
                values["text"].append((time.perf_counter() - began) * 1000)
                await asyncio.sleep(60 / APPLIANCES)

    tasks = [asyncio.create_task(watch()), asyncio.create_task(poll())]
    size = 0
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        for _ in range(max(rounds, 3)):
            await asyncio.sleep(0.2)
            longest = 0.0
            began = time.perf_counter()
            async with session.get(url, headers={"Accept-Encoding": "gzip"}) as response:
                size = len(await response.read())
            values["scrape"].append(time.perf_counter() - began)
            values["held"].append(longest * 1000)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await runner.cleanup()
    series = sum(text.plain.count(b"\n") for one in shown.texts.values() for text in one.values())
    await fleet.aclose()
    return values, series, size


def measure(rounds: int) -> Iterator[Case]:
    """Scrapes of all metrics, while appliances are polled."""
    values, series, size = asyncio.run(scrape(rounds))
    what = f"{APPLIANCES:,} appliances, {JOBS} jobs each"
    note = f"{series:,} series, {size / 1e6:.1f} MB compressed"
    yield Case("exporter", f"gzipped scrape, {what}", {OURS: values["scrape"]}, "s", limit=0.3, note=note)
    yield Case("exporter", f"loop held during it, {what}", {OURS: values["held"]}, "ms", limit=50)
    yield Case("exporter", "text of an appliance after its poll", {OURS: values["text"]}, "ms", limit=50)
