"""A real Prometheus scrapes a simulated fleet: the rules fire for what is broken, the dashboard shows data."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import attrs
import pytest

from veeam_async.fleet import (
    AlarmState,
    BreakerPolicy,
    Finding,
    Fleet,
    Protected,
    Proxy,
    Repository,
    Result,
    Row,
    Rows,
    Severity,
)
from veeam_async.metrics import Exporter
from veeam_async.testing import SimulatedFleet
from veeam_async.testing.fleet import Trouble

RULES = Path(str(files("veeam_async.metrics"))) / "rules"
KINDS = ["spc/3.7", "vbr/1.2-rev1", "aws/1.7-rev0", "one/2.3", "azure/v8", "azure/v8.1", "vbr/1.3-rev1"]
BROKEN: tuple[Trouble, ...] = ("dead", "hangs", "errors", "wrong-password")
SECONDS = 90

pytestmark = [
    pytest.mark.contract,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        shutil.which("prometheus") is None or shutil.which("promtool") is None,
        reason="Prometheus is not installed, and `make contract` installs it only where there is apt-get and root",
    ),
]
RowT = TypeVar("RowT", bound=Row)
Alert = tuple[str, str, str]
"""Name, appliance, and what else it is about: the name of a job, of a workload, of a repository, or nothing."""


def promtool(*arguments: str | Path, given: bytes = b"") -> str:
    """What promtool says; an error of its own is a failure here."""
    command = ["promtool", *map(str, arguments)]
    ran = subprocess.run(command, input=given, capture_output=True, timeout=60, check=False)
    said = (ran.stdout + ran.stderr).decode()
    assert ran.returncode == 0, said
    return said


def test_rules() -> None:
    """Promtool takes the rules, and their own tests pass."""
    assert "SUCCESS" in promtool("check", "rules", RULES / "veeam.rules.yml")
    assert "SUCCESS" in promtool("test", "rules", RULES / "veeam.test.yml")


@attrs.define
class Site:
    """A fleet, its exporter, and a Prometheus that scrapes it."""

    simulated: SimulatedFleet
    fleet: Fleet
    exporter: Exporter
    port: int
    api: str
    session: aiohttp.ClientSession

    async def get(self, path: str, **parameters: str) -> Any:
        """What Prometheus' API answers."""
        async with self.session.get(f"{self.api}/api/v1/{path}", params=parameters) as response:
            answer = await response.json()
        assert answer["status"] == "success", answer
        return answer["data"]

    async def query(self, expression: str) -> list[Any]:
        """The present series of an expression."""
        result: list[Any] = (await self.get("query", query=expression))["result"]
        return result

    async def alerts(self) -> set[Alert]:
        """What fires."""
        firing = [one["labels"] for one in (await self.get("alerts"))["alerts"] if one["state"] == "firing"]
        names = ("job_name", "protected_name", "repository_name", "proxy_name", "object_name")
        return {
            (labels["alertname"], labels["appliance"], next((labels[name] for name in names if name in labels), ""))
            for labels in firing
        }


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Twelve appliances, four of them broken. All intervals are a second, and no rule waits longer than two."""
    rules = (RULES / "veeam.rules.yml").read_text(encoding="utf-8")
    (tmp_path / "rules.yml").write_text(re.sub(r"for: \w+", "for: 2s", rules), encoding="utf-8")
    async with contextlib.AsyncExitStack() as stack:
        simulated = await stack.enter_async_context(
            SimulatedFleet(12, KINDS, faulty=1 / 3, troubles=BROKEN, worlds=2, validate=False)
        )
        simulated.write_toml(tmp_path / "fleet.toml")
        fleet = await stack.enter_async_context(
            Fleet.from_toml(tmp_path / "fleet.toml", breaker=BreakerPolicy(failures=2, wait=2, max_wait=4))
        )
        exporter = await stack.enter_async_context(Exporter(fleet, every=2, slow_every=10, timeout=4))
        port = await exporter.serve(port=0)
        (tmp_path / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [rules.yml]\n"
            "scrape_configs:\n  - job_name: veeam\n"
            f'    http_sd_configs: [{{url: "http://127.0.0.1:{port}/sd", refresh_interval: 1s}}]\n'
        )
        own = free_port()
        process = await asyncio.create_subprocess_exec(
            "prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data", "--log.level=warn",
            f"--web.listen-address=127.0.0.1:{own}", cwd=tmp_path,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            session = await stack.enter_async_context(aiohttp.ClientSession())
            api = f"http://127.0.0.1:{own}"
            await reachable(session, api)
            yield Site(simulated, fleet, exporter, port, api, session)
        finally:
            process.terminate()
            await process.wait()


async def reachable(session: aiohttp.ClientSession, url: str) -> None:
    """Wait until Prometheus is ready."""
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        with contextlib.suppress(aiohttp.ClientError):
            async with session.get(f"{url}/-/ready") as response:
                if response.status == 200:
                    return
        await asyncio.sleep(0.2)
    pytest.fail("Prometheus did not start")


async def once(rows: Rows[RowT]) -> list[RowT]:
    """Rows without those that come again: a series comes once, and shows the last of them."""
    return list({(row.appliance.name, type(row), row.id): row async for row in rows}.values())


async def wanted(site: Site) -> set[Alert]:
    """What has to fire, by what is broken and by the rows of the healthy ones."""
    alerts: set[Alert] = set()
    for member, appliance in zip(site.simulated.members, site.fleet, strict=True):
        if member.trouble is not None:
            alerts.add(("VeeamApplianceDown", appliance.name, ""))
    healthy = site.fleet.where(tag="healthy")
    for job in await once(healthy.jobs(silent=True)):
        if job.last_result is Result.FAILED:
            alerts.add(("VeeamJobFailed", job.appliance.name, str(job.name)))
        if job.silent:
            alerts.add(("VeeamJobSilent", job.appliance.name, str(job.name)))
    async for alarm in healthy.alarms():
        if alarm.severity is Severity.CRITICAL and alarm.state is AlarmState.ACTIVE:
            alerts.add(("VeeamAlarm", alarm.appliance.name, str(alarm.object_name)))
    for row in await once(healthy.rows(Protected, Repository, Proxy, Finding, since=timedelta(days=1))):
        if isinstance(row, Protected) and row.last_backup is not None:
            if time.time() - row.last_backup.timestamp() > 3 * 86400:
                alerts.add(("VeeamBackupTooOld", row.appliance.name, str(row.name)))
        elif isinstance(row, Proxy) and row.enabled and row.online is False:
            alerts.add(("VeeamProxyOffline", row.appliance.name, str(row.name)))
        elif isinstance(row, Finding) and row.severity is Severity.CRITICAL and not row.dismissed:
            alerts.add(("VeeamMalwareFound", row.appliance.name, ""))
        elif isinstance(row, Repository):
            if row.online is False:
                alerts.add(("VeeamRepositoryOffline", row.appliance.name, str(row.name)))
            if row.capacity and row.free is not None and row.free / row.capacity < 0.05:
                alerts.add(("VeeamRepositoryFull", row.appliance.name, str(row.name)))
    return alerts


async def test_right_alerts_and_no_other(site: Site) -> None:
    """What is broken fires, whatever the kind of trouble, and nothing else does; what is mended ends."""
    expected = await wanted(site)
    assert {name for name, *_ in expected} >= {"VeeamApplianceDown", "VeeamJobFailed"}
    assert sum(name == "VeeamApplianceDown" for name, *_ in expected) == 4
    for _ in range(SECONDS):
        if await site.alerts() == expected:
            break
        await asyncio.sleep(1)
    assert await site.alerts() == expected
    await asyncio.sleep(6)
    assert await site.alerts() == expected
    broken = next(member for member in site.simulated.members if member.trouble == "errors")
    broken.appliance.faults.clear()
    down = ("VeeamApplianceDown", broken.appliance.name, "")
    for _ in range(SECONDS):
        if down not in await site.alerts():
            break
        await asyncio.sleep(1)
    assert down not in await site.alerts()


async def test_every_query_of_the_dashboard_gives_data(site: Site) -> None:
    """Each panel of the dashboard shows something while a fleet with troubles is watched."""
    board = json.loads((RULES / "veeam-dashboard.json").read_text(encoding="utf-8"))
    queries = {panel["title"]: target["expr"] for panel in board["panels"] for target in panel.get("targets", ())}
    assert len(queries) >= 20
    chosen = {"$appliance": ".*", "$product": ".*", "$__rate_interval": "1m"}
    for name, expression in queries.items():
        for variable, value in chosen.items():
            expression = expression.replace(variable, value)
        queries[name] = expression
    empty = list(queries)
    for _ in range(SECONDS):
        if not empty:
            break
        await asyncio.sleep(1)
        empty = [name for name in empty if not await site.query(queries[name])]
    assert empty == []


async def test_page(site: Site) -> None:
    """Promtool has nothing to say about the whole page, and Prometheus takes every target and sample."""
    for _ in range(SECONDS):
        if site.exporter.ready and len(await site.query("veeam_up")) == 12:
            break
        await asyncio.sleep(1)
    async with site.session.get(f"http://127.0.0.1:{site.port}/metrics") as response:
        page = await response.read()
    assert (await asyncio.to_thread(promtool, "check", "metrics", given=page)).strip() == ""
    targets = (await site.get("targets"))["activeTargets"]
    assert len(targets) == 12
    assert {target["labels"]["instance"] for target in targets} == {one.name for one in site.fleet}
    assert {target["health"] for target in targets} == {"up"}
    assert {target["lastError"] for target in targets} == {""}
    assert await site.query("{__name__=~'exported_.*'} or {exported_job!=''} or {exported_instance!=''}") == []
