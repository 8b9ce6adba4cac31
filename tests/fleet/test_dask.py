"""The Dask adapter on a real local cluster of processes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("distributed")

from distributed import Client, LocalCluster

from veeam_async import Password
from veeam_async.client import ApplianceClient
from veeam_async.errors import ConnectError, VeeamError
from veeam_async.fleet import Answer, Appliance, Fleet
from veeam_async.fleet.dask import NotPicklable, ShardFailed, _packed, each_on_cluster
from veeam_async.testing import SimulatedAppliance

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

COUNT = 24


async def poll(client: ApplianceClient) -> tuple[int, int]:
    """The process that polled, and how many jobs it saw."""
    await asyncio.sleep(0.3)
    return os.getpid(), len((await client.call("GetAllJobsStates")).data)


def broken_on_workers(driver: int, path: str) -> Fleet:
    if os.getpid() != driver:
        raise RuntimeError("no fleet file here")
    return Fleet.from_toml(path)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[tuple[Path, list[SimulatedAppliance]]]:
    """A fleet file of appliances in this process, one of them down."""
    async with AsyncExitStack() as stack:
        simulated = [
            await stack.enter_async_context(SimulatedAppliance("vbr", "1.3-rev0", seed=seed, validate=False))
            for seed in range(COUNT)
        ]
        (tmp_path / "password").write_text(simulated[0].password)
        lines = [f'[defaults]\nusername = "{simulated[0].username}"\npassword_file = "password"\nrevision="1.3-rev0"\n']
        lines += [f'[[appliance]]\nname = "a{number}"\nhost = "{one.url}"\n' for number, one in enumerate(simulated)]
        path = tmp_path / "fleet.toml"
        path.write_text("".join(lines))
        await simulated[5].stop()
        yield path, simulated


@pytest.fixture
async def cluster() -> AsyncIterator[tuple[Client, LocalCluster]]:
    local: Any = LocalCluster
    connect: Any = Client
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    async with (
        local(asynchronous=True, host="127.0.0.1", **options) as cluster,
        connect(cluster, asynchronous=True) as client,
    ):
        yield client, cluster


async def test_shards_and_a_lost_worker(
    site: tuple[Path, list[SimulatedAppliance]], cluster: tuple[Client, LocalCluster]
) -> None:
    """Every appliance gives one answer, values and errors, although a worker is killed in the middle."""
    path, simulated = site
    jobs = {f"a{number}": len(one.world.jobs) for number, one in enumerate(simulated)}
    client, local = cluster
    pids = {worker.pid for worker in local.workers.values()}
    assert len(pids) == 2
    answers: list[Answer[tuple[int, int]]] = []
    killed = 0
    async for answer in each_on_cluster(client, partial(Fleet.from_toml, path), poll, shards=8, concurrency=2):
        answers.append(answer)
        if answer.ok and not killed:
            # The worker that gave the first shard is at its next one by now.
            killed = answer.result()[0]
            os.kill(killed, signal.SIGKILL)
    assert Counter(answer.appliance.name for answer in answers) == Counter(f"a{number}" for number in range(COUNT))
    bad = [answer for answer in answers if not answer.ok]
    assert [(answer.appliance.name, type(answer.error)) for answer in bad] == [("a5", ConnectError)]
    assert all(answer.result()[1] == jobs[answer.appliance.name] for answer in answers if answer.ok)
    assert {answer.result()[0] for answer in answers if answer.ok} - {killed}
    assert all(answer.appliance.credentials is None for answer in answers)

    # A shard that cannot be done is an error for each of its appliances, not a hole.
    load = partial(broken_on_workers, os.getpid(), str(path))
    failed = [answer async for answer in each_on_cluster(client, load, poll, shards=3)]
    assert len(failed) == COUNT
    assert all(isinstance(answer.error, ShardFailed) for answer in failed)
    assert "no fleet file here" in str(failed[0].error)


def test_what_cannot_be_sent() -> None:
    """A value or an error that cannot be pickled becomes an error that says what it was; secrets stay behind."""
    import pickle

    class Odd(Exception):
        def __init__(self, one: Any, two: Any) -> None:
            super().__init__("odd")

    appliance = Appliance("a", "127.0.0.1", Password("u", "hush"), headers={"X": "hush"}, events=lambda event: None)
    for answer, says in (
        (Answer(appliance, lambda: None), "function cannot be sent"),
        (Answer(appliance, None, Odd(1, 2)), "Odd: odd"),
    ):
        packed = _packed(answer)
        assert b"hush" not in packed
        error = pickle.loads(packed).error
        assert isinstance(error, NotPicklable)
        assert says in str(error)
    sent = pickle.loads(_packed(Answer(appliance, None, VeeamError("no", appliance="a"))))
    assert str(sent.error) == "a: no"
