"""A Prometheus exporter for a fleet (extra `metrics`).

    fleet = Fleet.from_toml("fleet.toml")
    async with fleet, Exporter(fleet, every=60) as exporter:
        await exporter.serve("127.0.0.1", 9801)
        await asyncio.Event().wait()

The appliances are polled in the background and a scrape is answered from what is known, so that it never waits for
an appliance. Of one that is down `veeam_up` says 0 and its last known values stay, with their age in
`veeam_snapshot_age_seconds`. `/metrics` shows the whole fleet, `/probe?target=NAME` one appliance.

Every series has the labels `appliance` and `product`. Points in time are Unix seconds, sizes bytes, spans seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import attrs
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from .errors import AuthenticationError, VeeamError
from .events import RequestAnswered, RequestRetried, TokenRenewed
from .fleet import Answer, Appliance, BreakerState, FleetView, Job, License, Repository, Row, Session, failed_kinds

if TYPE_CHECKING:
    from aiohttp import web

    from .events import Event

_log = logging.getLogger("veeam_async.metrics")

BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_WHO = ("appliance", "product")
_POLLED: tuple[type[Row], ...] = (Job, Repository, License, Session)


class _Histogram:
    """Durations by bucket."""

    __slots__ = ("_counts", "total")

    def __init__(self) -> None:
        self._counts = [0] * (len(BUCKETS) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        self._counts[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds

    def buckets(self) -> list[tuple[str, float]]:
        found, sum_ = [], 0
        for bound, count in zip((*BUCKETS, "+Inf"), self._counts, strict=True):
            sum_ += count
            found.append((str(bound), float(sum_)))
        return found


@attrs.define
class _Snapshot:
    """What is known of an appliance."""

    up: bool = False
    at: float | None = None
    revision: str = ""
    elapsed: float | None = None
    failures: int = 0
    rows: dict[type[Row], tuple[Row, ...]] = attrs.field(factory=dict)
    requests: _Histogram = attrs.field(factory=_Histogram)
    logins: _Histogram = attrs.field(factory=_Histogram)
    statuses: Counter[int] = attrs.field(factory=Counter)
    retries: int = 0


class Exporter:
    """Polls a fleet and shows what is known of it to Prometheus.

    Make it before the fleet is used: clients that were made earlier do not report their latencies.

    Args:
        fleet: whom to poll; a view shows its part only.
        every: seconds from the start of one round to that of the next.
        concurrency: appliances that are polled at the same time.
        timeout: seconds that one appliance may take.
        sessions: how far back sessions are counted; None leaves them out, which saves the largest listing.
    """

    def __init__(
        self,
        fleet: FleetView,
        *,
        every: float = 60.0,
        concurrency: int = 100,
        timeout: float = 60.0,
        sessions: timedelta | None = timedelta(days=1),
    ) -> None:
        self._fleet = fleet
        self._every = every
        self._concurrency = concurrency
        self._timeout = timeout
        self._sessions = sessions
        self._known: dict[str, _Snapshot] = {}
        self._task: asyncio.Task[None] | None = None
        self._runner: web.AppRunner | None = None
        fleet.listen(self._hear)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._poll_for_ever(), name="metrics-exporter")
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

    async def _poll_for_ever(self) -> None:
        clock = asyncio.get_running_loop().time
        due = clock()
        while True:
            try:
                await self.poll()
            except VeeamError as error:
                _log.warning("a round broke off: %s", error)
            due = max(due + self._every, clock())
            await asyncio.sleep(due - clock())

    async def poll(self) -> None:
        """One round: every appliance once."""
        kinds = [row for row in _POLLED if row is not Session or self._sessions is not None]
        rows = self._fleet.rows(*kinds, since=self._sessions, concurrency=self._concurrency, timeout=self._timeout)
        came: dict[str, list[Row]] = {}
        async for item in rows.answers():
            if not isinstance(item, Answer):
                came.setdefault(item.appliance.name, []).append(item)
                continue
            name = item.appliance.name
            self._note(item, came.pop(name, []), kinds)
            if item.attempts and name in self._fleet:
                with contextlib.suppress(VeeamError):
                    self._snapshot(name).revision = (await self._fleet.client(name)).revision.name
        for name in self._known.keys() - {appliance.name for appliance in self._fleet}:
            del self._known[name]

    def _note(self, answer: Answer[int], rows: list[Row], kinds: list[type[Row]]) -> None:
        known = self._snapshot(answer.appliance.name)
        failed = failed_kinds(answer)
        by_kind: dict[type[Row], dict[str, Row]] = {kind: {} for kind in kinds}
        for row in rows:
            # Some servers give a row twice; a series must not come twice.
            by_kind[type(row)][row.id] = row
        # One thing that fails, or that the role may not see, does not make the appliance down; no row at all does.
        answered = [kind for kind in kinds if by_kind[kind] or kind not in failed]
        known.failures += len(failed)
        if answer.error is None or (failed and rows):
            known.up, known.at, known.elapsed = True, time.time(), answer.elapsed
            known.rows |= {kind: tuple(by_kind[kind].values()) for kind in answered}
        else:
            known.up = False
            if not answer.skipped:
                known.failures += 0 if failed else 1
                level = logging.WARNING if isinstance(answer.error, AuthenticationError) else logging.INFO
                _log.log(level, "%s: %s", answer.appliance.name, answer.error)

    def _snapshot(self, name: str) -> _Snapshot:
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = _Snapshot()
        return known

    def _hear(self, event: Event) -> None:
        match event:
            case RequestAnswered():
                known = self._snapshot(event.appliance)
                known.requests.add(event.elapsed)
                known.statuses[event.status] += 1
            case TokenRenewed():
                self._snapshot(event.appliance).logins.add(event.elapsed)
            case RequestRetried():
                self._snapshot(event.appliance).retries += 1
            case _:
                pass

    # ---------------------------------------------------------------------------------------------------- showing

    def render(self, target: str | None = None, accept: str = "") -> tuple[bytes, str]:
        """The page for a scrape, from what is known now.

        Args:
            target: an appliance's name; None for the whole fleet.
            accept: the scraper's Accept header, which chooses between the text format and OpenMetrics.

        Returns:
            The page and its content type.

        Raises:
            KeyError: the fleet has no such appliance.
        """
        appliances = list(self._fleet) if target is None else [self._fleet[target]]
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Page(self._metrics(appliances)))
        encode, content_type = choose_encoder(accept)
        return encode(registry), content_type

    def _metrics(self, appliances: Iterable[Appliance]) -> Iterator[Metric]:
        who = [((one.name, one.product), one, self._known.get(one.name) or _Snapshot()) for one in appliances]
        now = time.time()

        up = GaugeMetricFamily("veeam_up", "1 where the last poll was answered.", labels=_WHO)
        age = GaugeMetricFamily("veeam_snapshot_age_seconds", "Age of the values that are shown.", labels=_WHO)
        info = GaugeMetricFamily("veeam_appliance_info", "API revision in use.", labels=(*_WHO, "revision"))
        left_alone = GaugeMetricFamily("veeam_breaker_open", "1 where the appliance is left alone.", labels=_WHO)
        took = GaugeMetricFamily("veeam_poll_duration_seconds", "Time of the last answered poll.", labels=_WHO)
        failures = CounterMetricFamily("veeam_poll_failures", "Polls, or parts of them, that failed.", labels=_WHO)
        for labels, appliance, known in who:
            up.add_metric(labels, float(known.up))
            state = self._fleet.breaker(appliance.name)
            left_alone.add_metric(labels, float(state in (BreakerState.OPEN, BreakerState.REFUSED)))
            failures.add_metric(labels, known.failures)
            if known.at is not None:
                age.add_metric(labels, max(0.0, now - known.at))
                took.add_metric(labels, known.elapsed or 0.0)
            if known.revision:
                info.add_metric((*labels, known.revision), 1)
        yield from (up, age, info, left_alone, took, failures)

        requests = HistogramMetricFamily("veeam_request_duration_seconds", "Time of each answer.", labels=_WHO)
        logins = HistogramMetricFamily("veeam_login_duration_seconds", "Time of each login or renewal.", labels=_WHO)
        answers = CounterMetricFamily("veeam_answers", "Answers by HTTP status.", labels=(*_WHO, "status"))
        retries = CounterMetricFamily("veeam_request_retries", "Requests that were sent again.", labels=_WHO)
        for labels, _, known in who:
            requests.add_metric(labels, known.requests.buckets(), known.requests.total)
            logins.add_metric(labels, known.logins.buckets(), known.logins.total)
            for status, count in sorted(known.statuses.items()):
                answers.add_metric((*labels, str(status)), count)
            retries.add_metric(labels, known.retries)
        yield from (requests, logins, answers, retries)

        yield from _jobs(who)
        yield from _repositories(who)
        yield from _licenses(who)
        if self._sessions is not None:
            yield from _sessions(who)

    # ---------------------------------------------------------------------------------------------------- serving

    def app(self) -> web.Application:
        """An aiohttp application with `/metrics` and `/probe?target=NAME`, to serve it oneself."""
        from aiohttp import web

        def page(request: web.Request, target: str | None) -> web.Response:
            body, content_type = self.render(target, request.headers.get("Accept", ""))
            return web.Response(body=body, headers={"Content-Type": content_type})

        async def metrics(request: web.Request) -> web.Response:
            return page(request, None)

        async def probe(request: web.Request) -> web.Response:
            target = request.query.get("target")
            if not target:
                return web.Response(status=400, text="say which appliance: /probe?target=NAME\n")
            try:
                return page(request, target)
            except KeyError:
                return web.Response(status=404, text="no such appliance in this fleet\n")

        app = web.Application()
        app.router.add_get("/metrics", metrics)
        app.router.add_get("/probe", probe)
        return app

    async def serve(self, host: str = "127.0.0.1", port: int = 9801) -> int:
        """Serves `app` until the exporter is closed.

        Args:
            host: address to listen on.
            port: port to listen on; 0 takes a free one.

        Returns:
            The port.
        """
        from aiohttp import web

        self._runner = web.AppRunner(self.app(), access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        taken: int = self._runner.addresses[0][1]
        return taken


class _Page(Collector):
    """Hands metrics to the encoder."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


_Known = list[tuple[tuple[str, str], Appliance, _Snapshot]]


def _word(value: Any) -> str:
    return "none" if value is None else str(value)


def _jobs(who: _Known) -> Iterator[Metric]:
    labels = (*_WHO, "job", "job_id", "kind")
    result = GaugeMetricFamily("veeam_job_last_result", "1 for the last run's result.", labels=(*labels, "result"))
    state = GaugeMetricFamily("veeam_job_state", "1 for what the job is doing.", labels=(*labels, "state"))
    run = GaugeMetricFamily("veeam_job_last_run_timestamp_seconds", "Start of the last run.", labels=labels)
    count = GaugeMetricFamily("veeam_jobs", "Jobs by state and last result.", labels=(*_WHO, "state", "result"))
    for whose, _, known in who:
        counts: Counter[tuple[str, str]] = Counter()
        for job in known.rows.get(Job, ()):
            assert isinstance(job, Job)
            words = (*whose, job.name or "", job.id, job.kind or "")
            result.add_metric((*words, _word(job.last_result)), 1)
            state.add_metric((*words, _word(job.state)), 1)
            if job.last_run is not None:
                run.add_metric(words, job.last_run.timestamp())
            counts[_word(job.state), _word(job.last_result)] += 1
        for pair, number in sorted(counts.items()):
            count.add_metric((*whose, *pair), number)
    yield from (result, state, run, count)


def _repositories(who: _Known) -> Iterator[Metric]:
    labels = (*_WHO, "repository", "repository_id", "kind")
    capacity = GaugeMetricFamily("veeam_repository_capacity_bytes", "Size of the repository.", labels=labels)
    free = GaugeMetricFamily("veeam_repository_free_bytes", "Free space.", labels=labels)
    used = GaugeMetricFamily("veeam_repository_used_bytes", "Space that backups take.", labels=labels)
    online = GaugeMetricFamily("veeam_repository_online", "1 where it can be used.", labels=labels)
    for whose, _, known in who:
        for row in known.rows.get(Repository, ()):
            assert isinstance(row, Repository)
            words = (*whose, row.name or "", row.id, row.kind or "")
            for family, value in ((capacity, row.capacity), (free, row.free), (used, row.used), (online, row.online)):
                if value is not None:
                    family.add_metric(words, float(value))
    yield from (capacity, free, used, online)


def _licenses(who: _Known) -> Iterator[Metric]:
    labels = (*_WHO, "license_id", "kind", "edition")
    left = GaugeMetricFamily("veeam_license_days_left", "Days until it ends; negative afterwards.", labels=labels)
    total = GaugeMetricFamily("veeam_license_instances", "License units.", labels=labels)
    used = GaugeMetricFamily("veeam_license_instances_used", "License units in use.", labels=labels)
    status = GaugeMetricFamily("veeam_license_status", "1 for its status.", labels=(*labels, "status"))
    for whose, _, known in who:
        for row in known.rows.get(License, ()):
            assert isinstance(row, License)
            words = (*whose, row.id, row.kind or "", row.edition or "")
            status.add_metric((*words, _word(row.status)), 1)
            for family, value in ((left, row.days_left()), (total, row.instances), (used, row.instances_used)):
                if value is not None:
                    family.add_metric(words, float(value))
    yield from (left, total, used, status)


def _sessions(who: _Known) -> Iterator[Metric]:
    labels = (*_WHO, "kind", "state", "result")
    count = GaugeMetricFamily("veeam_sessions", "Sessions in the window, by kind, state and result.", labels=labels)
    for whose, _, known in who:
        counts: Counter[tuple[str, str, str]] = Counter()
        for row in known.rows.get(Session, ()):
            assert isinstance(row, Session)
            counts[row.kind or "", _word(row.state), _word(row.result)] += 1
        for words, number in sorted(counts.items()):
            count.add_metric((*whose, *words), number)
    yield count
