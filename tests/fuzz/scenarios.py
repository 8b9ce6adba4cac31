"""What clients do while their answers are being spoilt: each kind of call that the package has, for all products."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any

import attrs
import pyotp

from tests.fuzz.recording import Recording, tapped
from veeam_async import Mfa, Password, connect
from veeam_async._http.pool import Pool
from veeam_async._model import Model
from veeam_async.aws.v1_7_rev0 import Client as AwsClient
from veeam_async.azure.v8_1 import Client as AzureClient
from veeam_async.client import ApplianceClient
from veeam_async.credentials import Credentials
from veeam_async.retry import RetryPolicy
from veeam_async.testing import Behaviour, SimulatedAppliance
from veeam_async.timeouts import Timeouts, deadline
from veeam_async.vbr.v1_3_rev0 import Client as VbrClient

MOST_BODY = 4 << 20
OPTIONS: dict[str, Any] = {
    "retry": RetryPolicy(attempts=2, backoff=0.0005, backoff_cap=0.001, retry_after_cap=0.01),
    "timeouts": Timeouts(connect=5.0, read=0.15, total=1.5, logout=0.5),
    "max_body": MOST_BODY,
}
PASSWORD = "simulated-Passw0rd"
TOTP_SECRET = "JBSWY3DPEHPK3PXP" * 2
_TOKEN = re.compile(rb'"(?:access_token|refresh_token)":"([^"]+)"')
# Answered with a session that has ended, so that nothing waits for long.
FAST = 100_000.0
NOBODY = "11111111-2222-3333-4444-555555555555"


@attrs.define
class Stage:
    """Where a scenario is played: against an appliance when it is recorded, against its own spoilt answers later."""

    port: int
    pool: Pool
    rng: Random
    folder: Path
    ids: dict[str, str]
    options: dict[str, Any] = attrs.field(factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, cls: type[Any], credentials: Credentials | None = None) -> Any:
        return cls(
            self.url, credentials or Password("svc-monitor", PASSWORD), pool=self.pool, **OPTIONS, **self.options
        )


Play = Callable[[Stage], Awaitable[None]]


@attrs.frozen
class Scenario:
    name: str
    product: str
    play: Play
    prepare: Callable[[SimulatedAppliance], None]
    behaviour: dict[str, Any]


SCENARIOS: list[Scenario] = []


def scenario(
    product: str, prepare: Callable[[SimulatedAppliance], Any] = lambda appliance: None, **behaviour: Any
) -> Callable[[Play], Play]:
    def take(play: Play) -> Play:
        SCENARIOS.append(Scenario(play.__name__, product, play, prepare, behaviour))
        return play

    return take


def look(value: Any, *, whole: bool = True, depth: int = 8) -> None:
    """Touch what was decoded, as users do; models are read when they are touched."""
    if isinstance(value, Model) and depth:
        if whole:
            value.to_dict()
            if not any(isinstance(getattr(value, name, None), list) for name in ("data", "results")):
                repr(value)
        for name in ("id", "name", "type", "end_time", "storage", "result", "data", "results", "pagination"):
            look(getattr(value, name, None), whole=False, depth=depth - 1)
    elif isinstance(value, (list, tuple)):
        for each in value[:3] if depth else ():
            look(each, depth=depth - 1)


async def walk(items: Any, most: int = 600) -> None:
    async for row in items:
        look(row)
        most -= 1
        if not most:
            break


async def ended(client: ApplianceClient, answer: Any) -> None:
    lines: list[Any] = []
    look(await client.wait(answer, timeout=0.2, interval=(0.001, 0.01), progress=lines.append))
    for line in lines:
        repr(line)


async def kept(stage: Stage, method: Any, *args: Any, **kwargs: Any) -> None:
    """A download by each of its means."""
    match stage.rng.randrange(3):
        case 0:
            await method(*args, **kwargs)
        case 1:
            async with method(*args, **kwargs).stream() as download:
                repr((download.filename, download.size, download.content_type))
                async for _ in download.chunks(max_size=MOST_BODY):
                    pass
        case _:
            await method(*args, **kwargs).to_file(stage.folder / "kept")


# ------------------------------------------------------------------------------------------- Backup & Replication


@scenario("vbr")
async def vbr_page(stage: Stage) -> None:
    async with stage.client(VbrClient) as vbr:
        look(await vbr.sessions.get_all_sessions(limit=20))


@scenario("vbr")
async def vbr_objects(stage: Stage) -> None:
    async with stage.client(VbrClient) as vbr:
        look(await vbr.jobs.get_job(stage.ids["job"]))
        look(await vbr.license.get_installed_license())


@scenario("vbr")
async def vbr_items(stage: Stage) -> None:
    async with stage.client(VbrClient) as vbr:
        on_incomplete = stage.rng.choice(("warn", "raise", "ignore"))
        await walk(vbr.jobs.get_all_jobs(limit=4).options(on_incomplete=on_incomplete))


@scenario("vbr")
async def vbr_pages(stage: Stage) -> None:
    async with stage.client(VbrClient) as vbr:
        await walk(vbr.repositories.get_all_repositories_states(limit=2).pages())


@scenario("vbr")
async def vbr_errors(stage: Stage) -> None:
    async with stage.client(VbrClient) as vbr:
        await vbr.sessions.get_session(NOBODY)


@scenario("vbr", lambda appliance: appliance.faults.add(operation="GetAllJobs", times=1, reject_token=True))
async def vbr_renewed(stage: Stage) -> None:
    async with stage.client(VbrClient) as vbr:
        look(await vbr.jobs.get_all_jobs(limit=2))


@scenario("vbr", lambda appliance: appliance.faults.add(operation="GetAllJobs", times=1, status=503, retry_after=0))
async def vbr_busy(stage: Stage) -> None:
    async with stage.client(VbrClient) as vbr:
        look(await vbr.jobs.get_all_jobs(limit=2))


@scenario(
    "vbr",
    lambda appliance: appliance.faults.add(
        operation="GetAllJobs", status=307, headers={"Location": "/api/v1/jobs/states?limit=2"}
    ),
)
async def vbr_redirected(stage: Stage) -> None:
    async with stage.client(VbrClient) as vbr:
        look(await vbr.jobs.get_all_jobs(limit=2))


@scenario("vbr")
async def vbr_refused(stage: Stage) -> None:
    async with stage.client(VbrClient, Password("svc-monitor", PASSWORD + "x")) as vbr:
        await vbr.login()


@scenario("vbr")
async def vbr_login_again(stage: Stage) -> None:
    async with stage.client(VbrClient) as vbr:
        await vbr.login()
        await vbr.login(force=True)
        await vbr.authorization_code()
        await vbr.logout()


@scenario("vbr")
async def vbr_waits(stage: Stage) -> None:
    async with stage.client(VbrClient) as vbr:
        await ended(vbr, await vbr.jobs.start_job(stage.ids["job"], {"performActiveFull": False}))


@scenario("vbr")
async def vbr_waits_for_id(stage: Stage) -> None:
    async with stage.client(VbrClient) as vbr:
        await ended(vbr, stage.ids["session"])


@scenario("vbr")
async def vbr_downloads(stage: Stage) -> None:
    async with stage.client(VbrClient) as vbr:
        await kept(stage, vbr.deployment.download_deployment_kit, stage.ids["session"])


@scenario("vbr", unknown_ids="answer")
async def vbr_uploads(stage: Stage) -> None:
    async with stage.client(VbrClient) as vbr:
        look(await vbr.backup_browsers.upload_entra_id_tenant_user(NOBODY, b"\x00" * 3000))


@scenario("vbr")
async def vbr_creates(stage: Stage) -> None:
    async with stage.client(VbrClient) as vbr:
        body = {"username": "u", "password": "planted-p4ss", "type": "Standard", "description": ""}
        look(await vbr.credentials.create_creds(body))


@scenario("vbr")
async def vbr_undescribed(stage: Stage) -> None:
    async with stage.client(VbrClient) as vbr:
        reply = await vbr.request("GET", "/api/v1/serverInfo")
        repr((reply, reply.text(), reply.content_type))
        reply.json()


@scenario("vbr", revision="1.2-rev1")
async def vbr_negotiated(stage: Stage) -> None:
    credentials = Password("svc-monitor", PASSWORD)
    options = {k: v for k, v in OPTIONS.items() if k != "max_body"}
    pool = Pool()
    try:
        async with connect(stage.url, credentials, product="vbr", revision="auto", pool=pool, **options) as vbr:
            await vbr.login()
    finally:
        await pool.aclose()


# --------------------------------------------------------------------------------------------------------------- AWS


@scenario("aws")
async def aws_items(stage: Stage) -> None:
    async with stage.client(AwsClient) as aws:
        await walk(aws.sessions.get_sessions(limit=20).options(max_items=70))


@scenario("aws")
async def aws_waits(stage: Stage) -> None:
    async with stage.client(AwsClient) as aws:
        await ended(aws, await aws.ec2_backup_policies.start_policy(stage.ids["policy"]))


@scenario("aws")
async def aws_downloads(stage: Stage) -> None:
    async with stage.client(AwsClient) as aws:
        await kept(stage, aws.sessions.export_sessions)


def with_second_factor(appliance: SimulatedAppliance) -> None:
    appliance.user.totp_secret = TOTP_SECRET


@scenario("aws", with_second_factor)
async def aws_second_factor(stage: Stage) -> None:
    async def code() -> str:
        return pyotp.TOTP(TOTP_SECRET).now()

    async with stage.client(AwsClient, Mfa("svc-monitor", PASSWORD, ask=code)) as aws:
        look(await aws.backup_repositories.repositories_get_all())


# ------------------------------------------------------------------------------------------------------------- Azure


@scenario("azure", asynchronous=True)
async def azure_items(stage: Stage) -> None:
    async with stage.client(AzureClient) as azure:
        # A page that is put together is waited for by itself; only a deadline shortens that.
        with deadline(2.0):
            await walk(azure.region.get_regions_page(limit=3).options(max_items=20))


@scenario("azure")
async def azure_pages(stage: Stage) -> None:
    async with stage.client(AzureClient) as azure:
        await walk(azure.policy.get_policies(limit=2).pages())


@scenario("azure")
async def azure_waits(stage: Stage) -> None:
    async with stage.client(AzureClient) as azure:
        await ended(azure, await azure.policy.start_policy(stage.ids["policy"]))


@scenario("azure")
async def azure_downloads(stage: Stage) -> None:
    async with stage.client(AzureClient) as azure:
        await kept(stage, azure.repository.export_repositories, {})


@scenario("azure")
async def azure_errors(stage: Stage) -> None:
    async with stage.client(AzureClient) as azure:
        await azure.policy.get_policy(NOBODY)


# --------------------------------------------------------------------------------------------------------- recording

_NEWEST = {"vbr": "1.3-rev0", "aws": "1.7-rev0", "azure": "v8.1"}


async def _ids(product: str, url: str, pool: Pool) -> dict[str, str]:
    credentials = Password("svc-monitor", PASSWORD)
    if product == "vbr":
        async with VbrClient(url, credentials, pool=pool) as vbr:
            jobs = await vbr.jobs.get_all_jobs(limit=50)
            sessions = await vbr.sessions.get_all_sessions(limit=1)
            backup = next(job for job in jobs.data if job.type == "VSphereBackup")
            return {"job": backup.id, "session": sessions.data[0].id}
    if product == "aws":
        async with AwsClient(url, credentials, pool=pool) as aws:
            policies: Any = await aws.ec2_backup_policies.policies_get_all()
            return {"policy": policies.results[0].id}
    async with AzureClient(url, credentials, pool=pool) as azure:
        policies = await azure.policy.get_policies()
        return {"policy": policies.results[0].id}


@contextlib.asynccontextmanager
async def _appliance(one: Scenario) -> AsyncIterator[SimulatedAppliance]:
    behaviour = dict(one.behaviour)
    revision = behaviour.pop("revision", _NEWEST[one.product])
    async with SimulatedAppliance(
        one.product, revision, validate=False, time_scale=FAST, behaviour=Behaviour(**behaviour), password=PASSWORD
    ) as appliance:
        yield appliance


async def record(folder: Path) -> list[tuple[Scenario, Recording, dict[str, str]]]:
    """Play every scenario against a simulated appliance and keep all that it answered."""
    found = []
    ids: dict[str, dict[str, str]] = {}
    for one in SCENARIOS:
        async with _appliance(one) as appliance:
            if one.product not in ids:
                async with Pool() as pool:
                    ids[one.product] = await _ids(one.product, appliance.url, pool)
            one.prepare(appliance)
            async with tapped(appliance.port) as (port, recording):
                async with Pool() as pool:
                    stage = Stage(port, pool, Random(0), folder, ids[one.product])
                    with contextlib.suppress(Exception):
                        await one.play(stage)
                    await asyncio.sleep(0)
        assert recording.answers, one.name
        recording.secrets = [PASSWORD]
        recording.tokens = [found.decode() for answer in recording.all for found in _TOKEN.findall(answer)]
        found.append((one, recording, ids[one.product]))
    return found
