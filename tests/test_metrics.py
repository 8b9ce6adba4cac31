"""The Prometheus exporter, read by prometheus-client's own parsers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from veeam_async.credentials import Password
from veeam_async.fleet import Appliance, BreakerPolicy, Fleet
from veeam_async.metrics import BUCKETS, Exporter
from veeam_async.retry import RetryPolicy
from veeam_async.testing import SimulatedAppliance

Samples = dict[str, dict[tuple[tuple[str, str], ...], float]]
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def samples(families: Iterable[Metric]) -> Samples:
    """Values by name and labels; a series that comes twice is an error."""
    found: Samples = {}
    for family in families:
        for sample in family.samples:
            series = found.setdefault(sample.name, {})
            labels = tuple(sorted(sample.labels.items()))
            assert labels not in series, (sample.name, labels)
            series[labels] = sample.value
    return found


def read(exporter: Exporter, target: str | None = None) -> Samples:
    page, _ = exporter.render(target)
    return samples(parse_text(page.decode()))


def pick(found: Samples, name: str, **labels: str) -> list[float]:
    return [value for key, value in found.get(name, {}).items() if labels.items() <= dict(key).items()]


def one(found: Samples, name: str, **labels: str) -> float:
    (value,) = pick(found, name, **labels)
    return value


class Site:
    """Six appliances, two of each product, and an exporter that polls when it is told to."""

    def __init__(self, simulated: list[SimulatedAppliance], fleet: Fleet, exporter: Exporter) -> None:
        self.simulated = simulated
        self.fleet = fleet
        self.exporter = exporter


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    kinds = [("vbr", "1.3-rev1"), ("vbr", "1.1-rev0"), ("aws", "1.7-rev0"), ("aws", "1.7-rev0"), ("azure", "v8.1")]
    kinds.append(("azure", "v8"))
    async with AsyncExitStack() as stack:
        simulated = [
            await stack.enter_async_context(SimulatedAppliance(*kind, seed=seed, validate=False))
            for seed, kind in enumerate(kinds)
        ]
        fleet = Fleet(
            (
                Appliance(f"a{number}", each.url, each.credentials, product=each.product.name, revision=each.revision)
                for number, each in enumerate(simulated)
            ),
            retry=RetryPolicy(attempts=1),
            breaker=BreakerPolicy(failures=2),
        )
        exporter = Exporter(fleet, every=3600, timeout=10)
        async with fleet:
            yield Site(simulated, fleet, exporter)
        await exporter.aclose()


async def test_values(site: Site) -> None:
    """What the page says is what the appliances show."""
    await site.exporter.poll()
    found = read(site.exporter)
    for number, each in enumerate(site.simulated):
        who = {"appliance": f"a{number}", "product": each.product.name}
        world = each.world
        assert one(found, "veeam_up", **who) == 1
        assert one(found, "veeam_appliance_info", **who, revision=each.revision) == 1
        assert 0 <= one(found, "veeam_snapshot_age_seconds", **who) < 30
        assert one(found, "veeam_breaker_open", **who) == 0
        assert one(found, "veeam_poll_failures_total", **who) == 0
        assert one(found, "veeam_answers_total", **who, status="200") == one(
            found, "veeam_request_duration_seconds_count", **who
        )
        assert one(found, "veeam_login_duration_seconds_count", **who) == 1
        assert sum(pick(found, "veeam_jobs", **who)) == len(world.jobs)
        assert sum(pick(found, "veeam_sessions", **who)) > 0
        for job in world.jobs:
            if job.kind != "network":
                assert one(found, "veeam_job_state", **who, job_id=job.id, job=job.name) == 1
        if each.product.name == "vbr":
            for repository in world.repositories:
                whose = {**who, "repository_id": repository.id, "repository": repository.name}
                assert one(found, "veeam_repository_capacity_bytes", **whose) == repository.capacity
                assert one(found, "veeam_repository_free_bytes", **whose) == repository.free
            last = world.last_session(world.jobs[0])
            assert last is not None
            run = one(found, "veeam_job_last_run_timestamp_seconds", **who, job_id=world.jobs[0].id)
            assert run == last.started.timestamp()
        if each.revision != "1.1-rev0":
            left = (world.license.expires - world.now()).total_seconds() / 86400
            assert one(found, "veeam_license_days_left", **who) == pytest.approx(left, abs=0.01)
            assert one(found, "veeam_license_instances_used", **who) == world.license.instances_used


async def test_outage_of_a_third(site: Site) -> None:
    """During an outage the page stays whole: up is 0, the last known values stay and grow older, the rest is fresh."""
    await site.exporter.poll()
    before = read(site.exporter)
    await site.simulated[1].stop()
    site.simulated[4].faults.add(html=True)
    for _ in range(3):
        await site.exporter.poll()
    found = read(site.exporter)
    for number in range(6):
        down = number in (1, 4)
        who = {"appliance": f"a{number}"}
        assert one(found, "veeam_up", **who) == (0 if down else 1)
        assert one(found, "veeam_breaker_open", **who) == (1 if down and number == 1 else 0) or number == 4
        assert sum(pick(found, "veeam_jobs", **who)) == sum(pick(before, "veeam_jobs", **who)) > 0
        age, age_before = (one(page, "veeam_snapshot_age_seconds", **who) for page in (found, before))
        assert (age > age_before) is down or age < 1
        assert (one(found, "veeam_poll_failures_total", **who) > 0) is down
    await site.simulated[1].start()
    site.fleet.reset()
    site.simulated[4].faults.clear()
    await site.exporter.poll()
    assert set(read(site.exporter)["veeam_up"].values()) == {1.0}


async def test_scrape_does_not_wait(site: Site) -> None:
    """A scrape is answered at once, also before the first round and while an appliance hangs."""
    for each in site.simulated:
        each.faults.add(delay=30.0)
    loop = asyncio.get_running_loop()
    async with site.exporter as exporter:
        port = await exporter.serve(port=0)
        async with aiohttp.ClientSession() as session:
            for path in ("/metrics", "/probe?target=a0"):
                started = loop.time()
                async with session.get(f"http://127.0.0.1:{port}{path}") as answer:
                    found = samples(parse_text(await answer.text()))
                assert loop.time() - started < 1
                assert answer.status == 200
                assert set(found["veeam_up"].values()) == {0.0}
                assert "veeam_snapshot_age_seconds" not in found


async def test_http(site: Site) -> None:
    """The pages are served in the text format and in OpenMetrics, whole or for one target; mistakes are told."""
    async with site.exporter as exporter:
        port = await exporter.serve(port=0)

        async def get(path: str, **headers: str) -> tuple[int, str, str]:
            async with aiohttp.ClientSession() as session:
                url = f"http://127.0.0.1:{port}{path}"
                async with session.get(url, headers=headers) as answer:
                    return answer.status, answer.headers["Content-Type"], await answer.text()

        for _ in range(200):
            if set(read(exporter)["veeam_up"].values()) == {1.0}:
                break
            await asyncio.sleep(0.05)
        status, kind, text = await get("/metrics")
        assert (status, kind.partition(";")[0]) == (200, "text/plain")
        assert len(samples(parse_text(text))["veeam_up"]) == 6
        status, kind, text = await get("/metrics", Accept=OPENMETRICS)
        assert (status, kind.partition(";")[0]) == (200, "application/openmetrics-text")
        assert len(samples(parse_openmetrics(text))["veeam_up"]) == 6  # type: ignore[no-untyped-call]
        status, _, text = await get("/probe?target=a3")
        found = samples(parse_text(text))
        assert {dict(key)["appliance"] for series in found.values() for key in series} == {"a3"}
        assert (await get("/probe?target=nobody"))[0] == 404
        assert (await get("/probe"))[0] == 400


async def test_histogram(site: Site) -> None:
    """Latency buckets only grow, end in +Inf, and that one is the count."""
    await site.exporter.poll()
    found = read(site.exporter)
    buckets = {dict(key)["le"]: value for key, value in found["veeam_request_duration_seconds_bucket"].items()
               if dict(key)["appliance"] == "a0"}  # fmt: skip
    assert list(buckets) == [*(str(bound) for bound in BUCKETS), "+Inf"]
    assert list(buckets.values()) == sorted(buckets.values())
    assert buckets["+Inf"] == one(found, "veeam_request_duration_seconds_count", appliance="a0") > 0


async def test_one_call_that_fails(site: Site) -> None:
    """A license that the role may not see costs the license's series alone; the appliance is up."""
    site.simulated[0].faults.add(operation="GetInstalledLicense", status=403)
    await site.exporter.poll()
    found = read(site.exporter)
    assert one(found, "veeam_up", appliance="a0") == 1
    assert pick(found, "veeam_license_days_left", appliance="a0") == []
    assert one(found, "veeam_poll_failures_total", appliance="a0") == 1
    assert pick(found, "veeam_jobs", appliance="a0")


async def test_rows_that_come_twice(site: Site) -> None:
    """A server that lists a row twice does not make a page that Prometheus refuses."""

    def twice(answer: Any) -> Any:
        answer["data"] *= 2
        answer["pagination"]["count"] *= 2
        answer["pagination"]["total"] *= 2
        return answer

    site.simulated[0].faults.add(operation="GetAllJobsStates", mutate=twice)
    await site.exporter.poll()
    assert sum(pick(read(site.exporter), "veeam_jobs", appliance="a0")) == len(site.simulated[0].world.jobs)


async def test_who_left(site: Site) -> None:
    """An appliance that leaves the fleet leaves the page."""
    await site.exporter.poll()
    await site.fleet.remove("a0")
    assert len(read(site.exporter)["veeam_up"]) == 5
    with pytest.raises(KeyError):
        site.exporter.render("a0")


async def test_odd_names() -> None:
    """Quotes, backslashes and line ends in labels come out as they went in."""
    name = 'a "b" \\ c\nd'
    async with Fleet([Appliance(name, "127.0.0.1", Password("u", "p"))]) as fleet:
        found = read(Exporter(fleet))
        assert one(found, "veeam_up", appliance=name) == 0
