"""What the exporter says of appliances, in every state that they can be in."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.metrics.conftest import Site
from tests.metrics.pages import one, pick, read
from veeam_async import Password
from veeam_async.errors import TlsError
from veeam_async.fleet import Alarm, AlarmState, Appliance, BreakerPolicy, Fleet, Job, Repository, Session, Severity
from veeam_async.metrics import BUCKETS, FAMILIES, Exporter
from veeam_async.metrics.families import UP
from veeam_async.metrics.lines import Lines
from veeam_async.metrics.page import texts
from veeam_async.metrics.snapshot import reason_of
from veeam_async.testing import SimulatedAppliance, World


async def test_values(site: Site) -> None:
    """What the page says is what the appliances show."""
    began = time.time()
    await site.exporter.poll()
    page = read(site.exporter)
    for number, each in enumerate(site.simulated):
        who = {"appliance": f"a{number}", "product": each.product.name}
        world = each.world
        assert one(page, "veeam_up", **who) == 1
        assert one(page, "veeam_appliance_info", **who, revision=each.revision) == 1
        assert began <= one(page, "veeam_last_success_timestamp_seconds", **who) <= time.time()
        assert one(page, "veeam_breaker_open", **who) == 0
        assert set(pick(page, "veeam_poll_failures_total", **who)) == {0}
        assert one(page, "veeam_http_responses_total", **who, code="200") <= one(
            page, "veeam_http_request_duration_seconds_count", **who
        )
        assert one(page, "veeam_login_duration_seconds_count", **who) == 1
        assert one(page, "veeam_logins_total", **who, how="login") == 1
        assert abs(one(page, "veeam_clock_offset_seconds", **who)) < 5
        assert {tag for tag in ("lab", each.product.name) if pick(page, "veeam_appliance_tag", **who, tag=tag)} == {
            "lab",
            each.product.name,
        }
        assert one(page, "veeam_appliance_labels", **who, label_customer='Example "AG"', label_cost_centre="7") == 1
        assert sum(pick(page, "veeam_jobs", **who)) == len(world.jobs)
        assert sum(pick(page, "veeam_sessions", **who)) > 0
        assert pick(page, "veeam_server_info", **who, kind="Appliance") == [1] or each.product.name == "vbr"
        for job in world.jobs:
            if job.kind != "network":
                assert one(page, "veeam_job_info", **who, job_id=job.id, job_name=job.name) == 1
                assert sum(pick(page, "veeam_job_state", **who, job_id=job.id)) == 1
        if each.product.name == "vbr":
            for repository in world.repositories:
                whose = {**who, "repository_id": repository.id}
                assert one(page, "veeam_repository_info", **whose, repository_name=repository.name) == 1
                assert one(page, "veeam_repository_capacity_bytes", **whose) == repository.capacity
                assert one(page, "veeam_repository_free_bytes", **whose) == repository.free
            last = world.last_session(world.jobs[0])
            assert last is not None
            run = one(page, "veeam_job_last_run_timestamp_seconds", **who, job_id=world.jobs[0].id)
            assert run == last.started.timestamp()
        if each.revision != "1.1-rev0":
            ends = one(page, "veeam_license_expiration_timestamp_seconds", **who)
            assert ends == pytest.approx(world.license.expires.timestamp(), abs=1)
            assert one(page, "veeam_license_instances_used", **who) == world.license.instances_used
            assert one(page, "veeam_license_status", **who, status="valid") == 1


async def test_states_are_whole(site: Site) -> None:
    """Each job has a series for every state and result, and at most one of them is 1."""
    await site.exporter.poll()
    page = read(site.exporter)
    for family, most in (("veeam_job_state", 6), ("veeam_job_last_result", 5)):
        jobs: dict[str, list[float]] = {}
        for labels, value in page[family].items():
            named = dict(labels)
            jobs.setdefault(named["appliance"] + named["job_id"], []).append(value)
        assert jobs
        for flags in jobs.values():
            assert len(flags) == most
            assert sorted(flags) in ([0.0] * most, [0.0] * (most - 1) + [1.0])


async def test_nothing_before_the_first_poll(site: Site) -> None:
    """What was not polled yet has no series at all: it is neither up nor down."""
    assert read(site.exporter) == {}
    assert not site.exporter.ready


async def test_outage_of_a_third(site: Site) -> None:
    """During an outage the page stays whole: up is 0, the last values and their time stay, the rest is fresh."""
    await site.exporter.poll()
    before = read(site.exporter)
    await site.simulated[1].stop()
    site.simulated[4].faults.add(html=True)
    for _ in range(3):
        await site.exporter.poll()
    page = read(site.exporter)
    for number in range(6):
        down = number in (1, 4)
        who = {"appliance": f"a{number}"}
        assert one(page, "veeam_up", **who) == (0 if down else 1)
        assert one(page, "veeam_breaker_open", **who) == (1 if down and number == 1 else 0) or number == 4
        assert sum(pick(page, "veeam_jobs", **who)) == sum(pick(before, "veeam_jobs", **who)) > 0
        success, success_before = (one(each, "veeam_last_success_timestamp_seconds", **who) for each in (page, before))
        assert (success == success_before) is down
        assert one(page, "veeam_last_poll_timestamp_seconds", **who) > success_before
        assert (sum(pick(page, "veeam_poll_failures_total", **who)) > 0) is down
    assert one(page, "veeam_poll_failures_total", appliance="a1", reason="network") > 0
    await site.simulated[1].start()
    site.fleet.reset()
    site.simulated[4].faults.clear()
    await site.exporter.poll()
    assert set(read(site.exporter)["veeam_up"].values()) == {1.0}


async def test_one_that_hangs_delays_no_other(site: Site) -> None:
    """While an appliance hangs, what is shown of the others is never older than one and a half intervals."""
    site.simulated[2].faults.add(delay=3600.0)
    # A busy machine may take two seconds for a poll that otherwise takes a tenth: half an interval is more than that.
    every = 5.0
    options: dict[str, Any] = {"rows": [Job], "checks": False, "silent_every": None, "concurrency": 2}
    oldest: dict[str, float] = {}
    async with Exporter(site.fleet, every=every, timeout=60, **options) as exporter:
        began = time.time()
        # Long enough for a second poll that does not come to show.
        while time.time() < began + 2 * every:
            await asyncio.sleep(0.4)
            page = read(exporter)
            for number in (0, 1, 3, 4, 5):
                times = pick(page, "veeam_last_success_timestamp_seconds", appliance=f"a{number}") or [began]
                oldest[f"a{number}"] = max(oldest.get(f"a{number}", 0), time.time() - times[0])
        assert pick(page, "veeam_up", appliance="a2") == []
    assert max(oldest.values()) < 1.5 * every, oldest


async def test_success_is_remembered(site: Site) -> None:
    """The last success of a job stays when a later run fails, and the listing says only that."""
    await site.exporter.poll()
    before = read(site.exporter)["veeam_job_last_success_timestamp_seconds"]

    def failed(answer: Any) -> Any:
        for job in answer["data"]:
            job["lastResult"], job["lastRun"] = "Failed", "2099-01-01T00:00:00Z"
        return answer

    site.simulated[0].faults.add(operation="GetAllJobsStates", mutate=failed)
    await site.exporter.poll()
    page = read(site.exporter)
    assert page["veeam_job_last_success_timestamp_seconds"] == before
    assert sum(pick(page, "veeam_job_last_result", appliance="a0", result="failed")) == len(
        site.simulated[0].world.jobs
    )


async def test_histogram(site: Site) -> None:
    """By choice durations come by bucket: they only grow, end in +Inf, and that one is the count."""
    exporter = Exporter(site.fleet, every=3600, timeout=10, histograms=True)
    await exporter.poll()
    page = read(exporter)
    buckets = {dict(key)["le"]: value for key, value in page["veeam_http_request_duration_seconds_bucket"].items()
               if dict(key)["appliance"] == "a0"}  # fmt: skip
    assert list(buckets) == [*(str(bound) for bound in BUCKETS), "+Inf"]
    assert list(buckets.values()) == sorted(buckets.values())
    assert buckets["+Inf"] == one(page, "veeam_http_request_duration_seconds_count", appliance="a0") > 0
    assert BUCKETS[-1] == 300
    await site.exporter.poll()
    assert "veeam_http_request_duration_seconds_bucket" not in read(site.exporter)


async def test_one_call_that_fails(site: Site) -> None:
    """A license that the role may not see costs the license's series alone; the appliance is up."""
    site.simulated[0].faults.add(operation="GetInstalledLicense", status=403)
    await site.exporter.poll()
    page = read(site.exporter)
    assert one(page, "veeam_up", appliance="a0") == 1
    assert pick(page, "veeam_license_info", appliance="a0") == []
    assert one(page, "veeam_poll_failures_total", appliance="a0", reason="forbidden") == 1
    assert one(page, "veeam_rows_complete", appliance="a0", rows="licenses") == 0
    assert one(page, "veeam_rows_complete", appliance="a0", rows="jobs") == 1
    assert pick(page, "veeam_jobs", appliance="a0")


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


async def test_odd_rows(site: Site) -> None:
    """Names that are numbers, endless or full of quotes cost nobody the page."""
    names: list[Any] = [12345, 'a "b" \\ c\nd', "x" * 5000, None]

    def odd(answer: Any) -> Any:
        for job, name in zip(answer["data"], names, strict=False):
            job["name"] = name
        return answer

    site.simulated[0].faults.add(operation="GetAllJobsStates", mutate=odd)
    await site.exporter.poll()
    page = read(site.exporter)
    shown = {dict(key)["job_name"] for key in page["veeam_job_info"] if dict(key)["appliance"] == "a0"}
    assert max(map(len, shown)) <= 250
    assert len(pick(page, "veeam_job_info", appliance="a0")) == len(site.simulated[0].world.jobs)


async def test_limit_on_series(site: Site) -> None:
    """An appliance with more series than the limit shows the most important ones and says how many are missing."""
    exporter = Exporter(site.fleet, every=3600, timeout=10, max_series=60)
    await exporter.poll()
    page = read(exporter)
    for number in range(6):
        who = {"appliance": f"a{number}"}
        assert one(page, "veeam_up", **who) == 1
        assert one(page, "veeam_series_dropped", **who) > 0
        assert sum(len(pick(page, name, **who)) for name in page) == 61
    await site.exporter.poll()
    assert set(read(site.exporter)["veeam_series_dropped"].values()) == {0}


async def test_only_some_rows(site: Site) -> None:
    """An exporter of jobs asks for jobs, and shows them and what every poll gives."""
    exporter = Exporter(site.fleet, every=3600, timeout=10, rows=[Job], checks=False, silent_every=None)
    await exporter.poll()
    assert set(site.simulated[0].counts) == {"CreateToken", "GetAllJobsStates"}
    families = {family.name: family.rows for family in FAMILIES}
    assert {families.get(name, "") for name in read(exporter)} == {"", "jobs"}


async def test_what_changes_slowly_is_read_seldom(site: Site) -> None:
    """Servers, licenses and protected workloads are read again when their time has come, jobs each time."""
    async with Exporter(site.fleet, every=0.2, slow_every=3600, timeout=10, sessions=timedelta(hours=1)) as exporter:
        counts = site.simulated[0].counts
        for _ in range(400):
            await asyncio.sleep(0.05)
            if exporter.ready and counts["GetAllJobsStates"] >= 4:
                break
        assert exporter.ready
    assert counts["GetAllJobsStates"] >= 4
    assert counts["GetInstalledLicense"] == 1


async def test_sessions_are_read_from_where_they_were(site: Site) -> None:
    """After the first poll only new sessions are asked for; those that are known are counted on, and leave in time."""
    simulated = site.simulated[0]
    world = simulated.world
    running = world.start(kind="infrastructure", name="Rescan")
    async with Exporter(site.fleet, every=0.3, timeout=10, rows=[Session], checks=False) as exporter:
        for _ in range(200):
            await asyncio.sleep(0.05)
            if simulated.counts["GetAllSessions"] >= 2:
                break
        world.finish(running)
        world.finish(world.start(kind="infrastructure", name="Rescan"))
        asked = simulated.counts["GetAllSessions"]
        for _ in range(200):
            await asyncio.sleep(0.05)
            if simulated.counts["GetAllSessions"] >= asked + 3:
                break
        page = read(exporter)
    listings = [request for request in simulated.requests if request.operation_id == "GetAllSessions"]
    whole = Exporter(site.fleet, timeout=10, rows=[Session], checks=False)
    await whole.poll()
    assert page["veeam_sessions"] == read(whole)["veeam_sessions"]
    first, last = (datetime.fromisoformat(one.query["createdAfterFilter"][0]) for one in (listings[0], listings[-1]))
    assert last - first > timedelta(hours=12)


async def test_incomplete_listing_takes_nothing_away(site: Site) -> None:
    """A listing that breaks off leaves the rows of before, with what came of it."""
    await site.exporter.poll()
    before = pick(read(site.exporter), "veeam_job_info", appliance="a0")

    pages: list[int] = []

    def cut(answer: Any) -> Any:
        answer["data"] = [] if pages else answer["data"][:1]
        pages.append(len(answer["data"]))
        return answer

    site.simulated[0].faults.add(operation="GetAllJobsStates", mutate=cut)
    await site.exporter.poll()
    page = read(site.exporter)
    assert one(page, "veeam_rows_complete", appliance="a0", rows="jobs") == 0
    assert one(page, "veeam_poll_failures_total", appliance="a0", reason="incomplete") == 1
    assert pick(page, "veeam_job_info", appliance="a0") == before


async def test_clock_that_hangs(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that does not come back costs its own value, not the poll."""
    monkeypatch.setattr("veeam_async.metrics.polling._CHECK_SECONDS", 0.2)
    site.simulated[0].faults.add(operation="GetServerTime", delay=3600.0)
    await site.exporter.poll()
    page = read(site.exporter)
    assert one(page, "veeam_up", appliance="a0") == 1
    assert pick(page, "veeam_clock_offset_seconds", appliance="a0") == []
    assert pick(page, "veeam_clock_offset_seconds", appliance="a4") != []


async def test_who_left(site: Site) -> None:
    """An appliance that leaves the fleet leaves the page."""
    await site.exporter.poll()
    await site.fleet.remove("a0")
    assert len(read(site.exporter)["veeam_up"]) == 5
    with pytest.raises(KeyError):
        site.exporter.render("a0")


async def test_deadline() -> None:
    """Who does not answer by the deadline is down, for that reason."""
    nobody = Appliance("a", "192.0.2.1", Password("u", "p"))
    async with Fleet([nobody], breaker=BreakerPolicy(failures=1)) as fleet:
        exporter = Exporter(fleet, rows=[Repository], checks=False)
        await exporter.poll(deadline=0.2)
        page = read(exporter)
    assert one(page, "veeam_up") == 0
    assert sum(pick(page, "veeam_poll_failures_total")) >= 1


async def test_odd_names_of_appliances() -> None:
    """Quotes, backslashes and line ends in labels come out as they went in."""
    name = 'a "b" \\ c\nd'
    async with Fleet([Appliance(name, "127.0.0.1:1", Password("u", "p"), tags='t"')]) as fleet:
        exporter = Exporter(fleet, rows=[Job], checks=False)
        await exporter.poll()
        page = read(exporter)
        assert one(page, "veeam_up", appliance=name) == 0
        assert one(page, "veeam_appliance_tag", appliance=name, tag='t"') == 1


async def test_organizations() -> None:
    """Where one appliance serves many, a job says whose it is."""
    async with SimulatedAppliance("spc", "3.7", validate=False) as spc:
        login = Appliance("s", spc.url, spc.credentials, product="spc")
        async with Fleet([login]) as fleet:
            exporter = Exporter(fleet, rows=[Job], checks=False, silent_every=None)
            await exporter.poll()
            jobs = read(exporter)["veeam_job_info"]
            labels = [row.appliance.labels async for row in fleet.jobs()]
    shown = {dict(key)["organization"] for key in jobs}
    assert len(shown) > 1
    names = ("company", "reseller", "provider", "organization")
    assert shown == {next((one[name] for name in names if name in one), "") for one in labels}


async def test_alarms() -> None:
    """Active alarms are shown one by one, the worst and newest first, no more than a hundred; all are counted."""
    world = World(7)
    for number in range(150):
        session = world.start(kind="infrastructure", name=f"maintenance {number}")
        world.finish(session, "warning" if number % 3 else "failed", "out of space")
    async with SimulatedAppliance("one", world=world, validate=False) as one_:
        login = Appliance("o", one_.url, one_.credentials, product="one")
        async with Fleet([login]) as fleet:
            exporter = Exporter(fleet, rows=[Alarm], checks=False, silent_every=None)
            await exporter.poll()
            page = read(exporter)
            rows = await fleet.alarms().gather()
    active = [row for row in rows if row.state is AlarmState.ACTIVE]
    assert len(active) > 150
    shown = [dict(key) for key in page["veeam_alarm_active"]]
    assert len(shown) == 100
    critical = {row.id for row in active if row.severity is Severity.CRITICAL}
    assert 50 <= len(critical) < 100
    assert {labels["alarm_id"] for labels in shown if labels["severity"] == "critical"} == critical
    assert {labels["kind"] for labels in shown} == {"VbrJob"}
    (time,) = pick(page, "veeam_alarm_raised_timestamp_seconds", alarm_id=shown[0]["alarm_id"])
    assert time == next(row.time.timestamp() for row in active if row.time and row.id == shown[0]["alarm_id"])
    counted = {(dict(key)["severity"], dict(key)["state"]): value for key, value in page["veeam_alarms"].items()}
    assert counted["critical", "active"] == len(critical)
    assert sum(counted.values()) == len(rows)


def test_half_a_surrogate_pair() -> None:
    """What UTF-8 has no place for is replaced: no server decides over the page."""
    lines = Lines("a\ud800", "vbr", 10)
    lines.add(UP, 1)
    plain, _ = texts(lines.by_family)[UP.name]
    assert plain == b'veeam_up{appliance="a?",product="vbr"} 1\n'


def test_reasons() -> None:
    """The most specific word comes first: a broken certificate is one of TLS, not of the network."""
    assert reason_of(TlsError("x")) == "tls"
    assert reason_of(KeyError("x")) == "other"
