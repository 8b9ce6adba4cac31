"""What type checkers are to know about calls. Lines that end in `# E` are errors; all others are right.

Checked by tests/typing/test_calls_typing.py, not imported.
"""
# ruff: noqa: B018, F841, T201

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import assert_type

from veeam_async import Password, Reply, Request, TlsPolicy, connect
from veeam_async.aws.v1_7_rev0 import Client as Aws
from veeam_async.aws.v1_7_rev0.models import Session, SessionsPage, UploadCertificateBody
from veeam_async.azure.v8_1 import Client as Azure
from veeam_async.azure.v8_1.models import JobSession, KeyVault, PageOfKeyVault
from veeam_async.client import ApplianceClient
from veeam_async.downloads import Download, StreamedBody
from veeam_async.listing import Listing
from veeam_async.vbr.v1_3_rev0 import Client
from veeam_async.vbr.v1_3_rev0.api import jobs
from veeam_async.vbr.v1_3_rev0.models import (
    BackupJobModel,
    BackupJobSpec,
    JobModel,
    JobsResult,
    SessionModel,
)


async def listings(vbr: Client) -> None:
    async for job in vbr.jobs.get_all_jobs():
        assert_type(job, JobModel)
        match job:
            case BackupJobModel():
                assert_type(job, BackupJobModel)
    async for page in vbr.jobs.get_all_jobs(limit=100).pages():
        assert_type(page, JobsResult)
    assert_type(await vbr.jobs.get_all_jobs(limit=5, skip=10), JobsResult)
    items = vbr.jobs.get_all_jobs().options(max_items=5, on_incomplete="raise")
    print(assert_type(items, Listing[JobModel, JobsResult]))
    assert_type(items.complete, bool | None)
    print(assert_type(jobs.get_all_jobs(vbr), Listing[JobModel, JobsResult]))
    assert_type(await vbr.jobs.get_all_jobs().reply(), Reply[JobsResult])
    assert_type((await vbr.jobs.get_all_jobs().reply()).value, JobsResult)
    for row in (await vbr.jobs.get_all_jobs()).data:
        assert_type(row, JobModel)

    print(vbr.jobs.get_all_jobs(max_items=5))  # E
    print(vbr.jobs.get_all_jobs(page_size=5))  # E
    print(vbr.jobs.get_all_jobs().options(max_itmes=5))  # E
    print(vbr.jobs.get_all_jobs().options(max_items="5"))  # E
    print(vbr.jobs.get_all_jobs().options(on_incomplete="panic"))  # E
    print(vbr.jobs.get_all_jobs.items())  # E
    print(jobs.iterate_all_jobs(vbr))  # E
    print(jobs.get_all_jobs())  # E
    print(vbr.jobs.get_all_jobs().pages(5))  # E
    print(vbr.jobs.get_all_jobs().rows)  # E
    for _wrong in vbr.jobs.get_all_jobs():  # E
        pass
    async for _not_rows in await vbr.jobs.get_all_jobs():  # E
        pass
    await vbr.jobs.get_all_jobs(limt=5)  # E
    await vbr.jobs.get_all_jobs(limit="5")  # E
    async for job in vbr.jobs.get_all_jobs():
        job.nmae  # E


async def calls(vbr: Client, spec: BackupJobSpec) -> None:
    assert_type(await vbr.jobs.get_job("1"), JobModel)
    assert_type(await jobs.get_job(vbr, "1"), JobModel)
    assert_type(await vbr.jobs.create_job(spec), JobModel)
    assert_type(await vbr.jobs.start_job("1"), SessionModel)
    unbound: Callable[[ApplianceClient, str], Request[JobModel]] = jobs.JobsApi.get_job

    print(assert_type(vbr.jobs.get_job("1"), Request[JobModel]))
    assert_type(await vbr.jobs.get_job("1").options(timeout=5, strict=True), JobModel)
    assert_type(await vbr.jobs.get_job("1").reply(), Reply[JobModel])
    print(assert_type(asyncio.create_task(vbr.jobs.get_job("1")), asyncio.Task[JobModel]))
    async with asyncio.TaskGroup() as group:
        print(assert_type(group.create_task(vbr.jobs.get_job("1")), asyncio.Task[JobModel]))
        print(assert_type(group.create_task(vbr.jobs.get_all_jobs()), asyncio.Task[JobsResult]))
    assert_type(await asyncio.wait_for(vbr.jobs.get_job("1"), 5), JobModel)
    assert_type(await vbr.with_options(timeout=5).jobs.get_job("1"), JobModel)

    await vbr.jobs.get_job()  # E
    await vbr.jobs.get_job("1").options(timeout="5")  # E
    await vbr.jobs.get_job("1").options(tiemout=5)  # E
    await vbr.jobs.get_job("1").options(retry=3)  # E
    await vbr.jobs.get_job("1").options(max_items=3)  # E
    await vbr.jobs.get_job("1").options(5)  # E
    (await vbr.jobs.get_job("1").reply()).name  # E
    (await vbr.jobs.get_job("1")).value  # E
    vbr.with_options(timeout="5")  # E
    vbr.with_options(host="vbr02")  # E
    async for _part in vbr.jobs.get_job("1"):  # E
        pass
    vbr.jobs.get_job("1").pages()  # E
    vbr.execute  # E
    await vbr.jobs.get_job(id=7)  # E
    await vbr.jobs.get_job("1", "2")  # E
    await vbr.jobs.create_job("spec")  # E
    await vbr.jobs.get_jbo("1")  # E
    _: JobsResult = await vbr.jobs.get_job("1")  # E


async def downloads(vbr: Client) -> None:
    assert_type(await vbr.deployment.download_deployment_kit("task"), bytes)
    print(assert_type(vbr.deployment.download_deployment_kit("task"), Download[bytes]))
    assert_type(await vbr.deployment.download_deployment_kit("task").to_file("kit.zip"), int)
    assert_type(await vbr.deployment.download_deployment_kit(task_id="task").to_file(Path("kit.zip")), int)
    async with vbr.deployment.download_deployment_kit("task").stream() as body:
        assert_type(body, StreamedBody)
        assert_type(body.chunks(), AsyncIterator[bytes])
        assert_type(await body.save("kit.zip", progress=lambda received, total: print(received, total)), int)

    await vbr.deployment.download_deployment_kit("task").to_file()  # E
    await vbr.deployment.download_deployment_kit()  # E
    await vbr.deployment.download_deployment_kit("task").to_file("kit.zip", max_size="1")  # E
    print(vbr.deployment.download_deployment_kit("task").stream(5))  # E
    print(vbr.deployment.download_deployment_kit.stream("task"))  # E
    await vbr.jobs.get_job("task").to_file("kit.zip")  # E


async def uploads(vbr: Client, aws: Aws) -> None:
    await vbr.backup_browsers.upload_entra_id_tenant_user("backup", Path("users"))
    await vbr.backup_browsers.upload_entra_id_tenant_user("backup", b"users")
    body = UploadCertificateBody(certificate_file=Path("cert.pfx"), certificate_password="")
    await aws.security_certificates.upload_certificate(body)

    await vbr.backup_browsers.upload_entra_id_tenant_user("backup", "users")  # E
    UploadCertificateBody(certificate_file="cert.pfx", certificate_password="")  # E


async def other_products(aws: Aws, azure: Azure) -> None:
    async for session in aws.sessions.get_sessions():
        assert_type(session, Session)
    async for page in aws.sessions.get_sessions().pages():
        assert_type(page, SessionsPage)
    async for job_session in azure.job_sessions.get_job_sessions():
        assert_type(job_session, JobSession)
    # A page that may have to be waited for is waited for.
    assert_type(await azure.key_vault.get_key_vaults_page(), PageOfKeyVault)
    async for vault in azure.key_vault.get_key_vaults_page():
        assert_type(vault, KeyVault)
    async for vaults in azure.key_vault.get_key_vaults_page().pages():
        assert_type(vaults, PageOfKeyVault)


async def waits(vbr: Client) -> None:
    session = await vbr.jobs.start_job("1")
    await vbr.wait(session, timeout=60, interval=(1, 5), on_cancel="stop", progress=lambda now: print(now.percent))

    assert_type(await vbr.jobs.start_job("1").wait(timeout=60, on_cancel="stop"), SessionModel)
    await vbr.wait_until_gone(vbr.jobs.get_job("1"), timeout=60)

    await vbr.wait(session, on_cancel="kill")  # E
    await vbr.jobs.start_job("1").wait(on_cancel="kill")  # E
    await vbr.jobs.start_job("1").wait(60)  # E
    await vbr.wait_until_gone("1")  # E
    await vbr.wait_until_gone(vbr.jobs.get_job)  # E
    await vbr.wait(session, tiemout=5)  # E


async def entrances(password: Password) -> None:
    assert_type(await connect("vbr01", password, "vbr", timeouts=None, headers={"X-Team": "backup"}), ApplianceClient)
    async with connect("aws01", password, product="aws", port="auto", tls=TlsPolicy(fingerprint="00")) as client:
        assert_type(client, ApplianceClient)

    connect("vbr01", password, timeuots=None)  # E
    connect("vbr01", password, tls="insecure")  # E
    connect("vbr01", password, strict="yes")  # E
    connect("vbr01", password, port="default")  # E
    connect("vbr01", password, max_body="16 MiB")  # E
    connect("vbr01", "password")  # E
