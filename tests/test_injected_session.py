"""A pool on the connections of a session that someone else owns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from veeam_async import Pool, VeeamError
from veeam_async.client import ApplianceClient
from veeam_async.testing import SimulatedAppliance
from veeam_async.vbr.v1_3_rev0 import Client


@pytest.fixture
async def appliance() -> AsyncIterator[SimulatedAppliance]:
    async with SimulatedAppliance("vbr", "1.3-rev0") as simulated:
        yield simulated


def client(appliance: SimulatedAppliance, pool: Pool) -> Client:
    return Client(appliance.url, appliance.credentials, pool=pool)


async def test_its_connections_are_used_and_stay_open(appliance: SimulatedAppliance) -> None:
    """Calls go through the lent connector, tracing included; closing the pool closes nothing of it."""
    seen: list[str] = []
    config = aiohttp.TraceConfig()

    async def begun(_: object, __: object, parameters: aiohttp.TraceRequestStartParams) -> None:
        seen.append(parameters.url.path)

    config.on_request_start.append(begun)
    async with aiohttp.ClientSession(trace_configs=[config], headers={"X-Foreign": "1"}) as session:
        async with Pool(session=session) as pool, client(appliance, pool) as vbr:
            page = await vbr.jobs.get_all_jobs(limit=2)
            assert len(page.data) == 2
            assert pool.session.connector is session.connector
        assert not session.closed
        assert session.connector is not None
        assert not session.connector.closed
        async with session.get(f"{appliance.url}/api/v1/serverTime") as response:
            await response.read()
    assert "/api/v1/jobs" in seen
    assert not any("X-Foreign" in request.headers for request in appliance.requests if request.path == "/api/v1/jobs")


async def test_a_session_that_is_closed(appliance: SimulatedAppliance) -> None:
    """The error says whose fault it is."""
    session = aiohttp.ClientSession()
    await session.close()
    async with Pool(session=session) as pool:
        vbr: ApplianceClient = client(appliance, pool)
        with pytest.raises(VeeamError, match="session that the pool was given is closed"):
            await vbr.login()


async def test_put_and_delete_are_not_repeated_by_aiohttp() -> None:
    """What keeps a call from being sent twice holds on lent connections too."""
    async with aiohttp.ClientSession() as session, Pool(session=session) as pool:
        assert vars(pool.session)["_retry_connection"] is False
        assert pool.session.auto_decompress is False
        await asyncio.sleep(0)
