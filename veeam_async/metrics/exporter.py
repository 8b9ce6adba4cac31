"""The exporter: polls a fleet in the background and answers scrapes from what is known."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import timedelta
from types import TracebackType
from typing import Self

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from ..events import Event
from ..fleet import Appliance, FleetView, Row, Session
from .families import SHOWN
from .page import Page, Text, texts
from .polling import Plan, Poller
from .sampling import sample
from .server import make_app
from .snapshot import Snapshot
from .timetable import Timetable
from .web_config import WebConfig


class Exporter:
    """Polls a fleet and shows what is known of it to Prometheus.

        fleet = Fleet.from_toml("fleet.toml")
        async with fleet, Exporter(fleet, every=60) as exporter:
            await exporter.serve("127.0.0.1", 9801)
            await asyncio.Event().wait()

    Each appliance has its own dates, so that one which hangs delays no other. Of one that is down `veeam_up` says 0
    and its last values stay; `veeam_last_success_timestamp_seconds` says of when they are.

    Make it before the fleet is used: clients that were made earlier do not report their requests.

    Args:
        fleet: whom to poll; a view shows its part only.
        every: seconds from one poll of an appliance to its next.
        slow_every: seconds from one reading of what changes slowly to the next: servers, proxies, licenses,
            protected workloads, findings, the certificate.
        silent_every: seconds from one judgement of silent jobs to the next, which reads the sessions of 30 days; None
            leaves it out.
        concurrency: appliances whose polls begin at the same time.
        timeout: seconds that one poll of an appliance may take; `every` where it is absent.
        rows: the types of rows to read and show; all that have metrics where it is absent.
        sessions: how far back sessions and findings are counted; None leaves sessions out, the largest listing, and
            counts the findings of a day.
        checks: True looks at certificate and clock of each appliance.
        histograms: True shows durations by bucket, 13 series more for each of two families and appliance.
        max_series: series of one appliance at most; `veeam_series_dropped` says how many were left out.
    """

    def __init__(
        self,
        fleet: FleetView,
        *,
        every: float = 60.0,
        slow_every: float = 600.0,
        silent_every: float | None = 3600.0,
        concurrency: int = 100,
        timeout: float | None = None,
        rows: Iterable[type[Row]] = SHOWN,
        sessions: timedelta | None = timedelta(days=1),
        checks: bool = True,
        histograms: bool = False,
        max_series: int = 20_000,
    ) -> None:
        kinds = tuple(row for row in rows if row is not Session or sessions is not None)
        plan = Plan(
            rows=kinds,
            sessions=sessions or timedelta(days=1),
            slow_every=slow_every,
            silent_every=silent_every,
            timeout=timeout if timeout is not None else every,
            checks=checks,
        )
        self.fleet = fleet
        self._poller = Poller(fleet, plan)
        self._timetable = Timetable(lambda: [one.name for one in fleet], self._poll_one, every, concurrency)
        self._histograms = histograms
        self._max_series = max_series
        self._snapshots: dict[str, Snapshot] = {}
        self._texts: dict[str, Mapping[str, Text]] = {}
        self._task: asyncio.Task[None] | None = None
        self._runner: web.AppRunner | None = None
        fleet.listen(self._hear)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._timetable.run(), name="metrics-exporter")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stops serving and polling. The fleet stays open."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    # ---------------------------------------------------------------------------------------------------- polling

    async def poll(self, *, deadline: float | None = None) -> None:
        """Poll every appliance once, now, and read all that it shows.

        Args:
            deadline: seconds for all of them; who has not answered by then is down.
        """

        async def one(appliance: Appliance) -> None:
            try:
                async with asyncio.timeout(deadline):
                    await self._timetable.call(appliance.name, everything=True)
            except TimeoutError:
                self._poller.late(self._snapshot(appliance.name))
                self._show(appliance)

        async with asyncio.TaskGroup() as tasks:
            for appliance in self.fleet:
                tasks.create_task(one(appliance))

    async def _poll_one(self, name: str, everything: bool) -> None:
        if name in self.fleet:
            appliance = self.fleet[name]
            await self._poller.poll(appliance, self._snapshot(name), everything=everything)
            self._show(appliance)
        gone = self._snapshots.keys() - {one.name for one in self.fleet}
        for left in gone:
            self._snapshots.pop(left)
            self._texts.pop(left, None)
        self._poller.forget(gone)

    def _show(self, appliance: Appliance) -> None:
        """Make the text of what is known of an appliance now."""
        if appliance.name in self.fleet:
            breaker, snapshot = self.fleet.breaker(appliance.name), self._snapshot(appliance.name)
            lines = sample(appliance, breaker, snapshot, limit=self._max_series, histograms=self._histograms)
            self._texts[appliance.name] = texts(lines)

    def _snapshot(self, name: str) -> Snapshot:
        snapshot = self._snapshots.get(name)
        if snapshot is None:
            snapshot = self._snapshots[name] = Snapshot()
        return snapshot

    def _hear(self, event: Event) -> None:
        self._snapshot(event.appliance).count(event)

    # ---------------------------------------------------------------------------------------------------- showing

    @property
    def up(self) -> int:
        """How many appliances answered their last poll."""
        return sum(1 for one in self.fleet if one.name in self._snapshots and self._snapshots[one.name].up)

    @property
    def ready(self) -> bool:
        """True where every appliance was polled at least once."""
        return all(one.name in self._texts for one in self.fleet)

    def page(self, target: str | None = None, *, openmetrics: bool = False, more: bytes = b"") -> Page:
        """What is known now, to be put together in a thread where it is large.

        Args:
            target: an appliance's name; None for the whole fleet.
            openmetrics: OpenMetrics instead of Prometheus' older text format.
            more: further families, already in that format and without an end mark.

        Raises:
            KeyError: the fleet has no such appliance.
        """
        names = [one.name for one in self.fleet] if target is None else [self.fleet[target].name]
        return Page([self._texts[name] for name in names if name in self._texts], self._histograms, openmetrics, more)

    def render(self, target: str | None = None) -> tuple[str, str]:
        """The page in Prometheus' text format, for a textfile collector or a server of one's own.

        Args:
            target: an appliance's name; None for the whole fleet.

        Returns:
            The page and its content type.

        Raises:
            KeyError: the fleet has no such appliance.
        """
        return b"".join(self.page(target).plain()).decode(), CONTENT_TYPE_LATEST

    # ---------------------------------------------------------------------------------------------------- serving

    def app(self, config: WebConfig | None = None) -> web.Application:
        """An aiohttp application with `/metrics`, `/probe`, `/sd` and the rest, to serve it oneself.

        Args:
            config: users and headers, see `WebConfig`.
        """
        return make_app(self, config)

    async def serve(self, host: str = "127.0.0.1", port: int = 9801, *, config: WebConfig | None = None) -> int:
        """Serves `app` until the exporter is closed.

        Args:
            host: address to listen on.
            port: port to listen on; 0 takes a free one.
            config: TLS, users and headers, see `WebConfig`; None for plain HTTP without users.

        Returns:
            The port.
        """
        self._runner = web.AppRunner(self.app(config), access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, ssl_context=config.ssl_context() if config else None)
        await site.start()
        taken: int = self._runner.addresses[0][1]
        return taken
