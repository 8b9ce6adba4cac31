"""What type checkers are to know about calls. Lines that end in `# E` are errors; all others are right.

Checked by tests/typing/test_calls_typing.py, not imported.
"""
# ruff: noqa: B018, F841, T201

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, assert_type

from veeam_async.aws.v1_7_rev0 import Client as Aws
from veeam_async.aws.v1_7_rev0.models import Session, SessionsPage, UploadCertificateBody
from veeam_async.azure.v8_1 import Client as Azure
from veeam_async.azure.v8_1.models import AsyncOperationOfPageOfKeyVault, JobSession, KeyVault, PageOfKeyVault
from veeam_async.client import ApplianceClient
from veeam_async.paging import Items
from veeam_async.streaming import Download
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
    async for job in vbr.jobs.get_all_jobs.items():
        assert_type(job, JobModel)
        match job:
            case BackupJobModel():
                assert_type(job, BackupJobModel)
    async for page in vbr.jobs.get_all_jobs.pages(page_size=100):
        assert_type(page, JobsResult)
    assert_type(await vbr.jobs.get_all_jobs(limit=5, skip=10), JobsResult)
    items = vbr.jobs.get_all_jobs.items(max_items=5, on_incomplete="raise")
    assert_type(items, Items[JobModel, JobsResult])
    assert_type(items.complete, bool | None)
    assert_type(jobs.iterate_all_jobs(vbr), Items[JobModel, JobsResult])

    vbr.jobs.get_all_jobs.items(limit=5)  # E
    vbr.jobs.get_all_jobs.items(max_itmes=5)  # E
    vbr.jobs.get_all_jobs.items(on_incomplete="panic")  # E
    await vbr.jobs.get_all_jobs(limt=5)  # E
    await vbr.jobs.get_all_jobs(limit="5")  # E
    async for job in vbr.jobs.get_all_jobs.items():
        job.nmae  # E


async def calls(vbr: Client, spec: BackupJobSpec) -> None:
    assert_type(await vbr.jobs.get_job("1"), JobModel)
    assert_type(await jobs.get_job(vbr, "1"), JobModel)
    assert_type(await vbr.jobs.create_job(spec), JobModel)
    assert_type(await vbr.jobs.start_job("1"), SessionModel)
    unbound: Callable[[ApplianceClient, str], Coroutine[Any, Any, JobModel]] = jobs.JobsApi.get_job

    await vbr.jobs.get_job()  # E
    await vbr.jobs.get_job(id=7)  # E
    await vbr.jobs.get_job("1", "2")  # E
    await vbr.jobs.create_job("spec")  # E
    await vbr.jobs.get_jbo("1")  # E
    _: JobsResult = await vbr.jobs.get_job("1")  # E


async def downloads(vbr: Client) -> None:
    kit = vbr.deployment.download_deployment_kit
    assert_type(await kit("task"), bytes)
    assert_type(await kit.to_file("kit.zip", "task"), int)
    assert_type(await kit.to_file(Path("kit.zip"), task_id="task"), int)
    async with kit.stream("task") as download:
        assert_type(download, Download)
        assert_type(download.chunks(), AsyncIterator[bytes])
        assert_type(await download.save("kit.zip", progress=lambda received, total: print(received, total)), int)

    await kit.to_file("kit.zip")  # E
    await kit()  # E
    kit.stream("task", 5)  # E
    await vbr.jobs.get_job.to_file("kit.zip", "task")  # E


async def uploads(vbr: Client, aws: Aws) -> None:
    await vbr.backup_browsers.upload_entra_id_tenant_user("backup", Path("users"))
    await vbr.backup_browsers.upload_entra_id_tenant_user("backup", b"users")
    body = UploadCertificateBody(certificate_file=Path("cert.pfx"), certificate_password="")
    await aws.security_certificates.upload_certificate(body)

    await vbr.backup_browsers.upload_entra_id_tenant_user("backup", "users")  # E
    UploadCertificateBody(certificate_file="cert.pfx", certificate_password="")  # E


async def other_products(aws: Aws, azure: Azure) -> None:
    async for session in aws.sessions.get_sessions.items():
        assert_type(session, Session)
    async for page in aws.sessions.get_sessions.pages():
        assert_type(page, SessionsPage)
    async for job_session in azure.job_sessions.get_job_sessions.items():
        assert_type(job_session, JobSession)
    # A list that may have to be waited for: called, it gives either; walked, its pages.
    assert_type(await azure.key_vault.get_key_vaults_page(), PageOfKeyVault | AsyncOperationOfPageOfKeyVault)
    async for vault in azure.key_vault.get_key_vaults_page.items():
        assert_type(vault, KeyVault)
    async for vaults in azure.key_vault.get_key_vaults_page.pages():
        assert_type(vaults, PageOfKeyVault)


async def waits(vbr: Client) -> None:
    session = await vbr.jobs.start_job("1")
    await vbr.wait(session, timeout=60, interval=(1, 5), on_cancel="stop", progress=lambda now: print(now.percent))

    await vbr.wait(session, on_cancel="kill")  # E
    await vbr.wait(session, tiemout=5)  # E
