"""A fan-out over a Dask cluster (extra `dask`), for fleets that outgrow one machine.

    from functools import partial
    from dask.distributed import Client
    from veeam_async.fleet import Fleet
    from veeam_async.fleet.dask import each_on_cluster

    async with Client("tcp://scheduler:8786", asynchronous=True) as cluster:
        async for answer in each_on_cluster(cluster, partial(Fleet.from_toml, "/etc/veeam/fleet.toml"), poll):
            ...

The fleet is cut into shards, each shard is a task, and a task makes its own fleet on its worker: credentials are read
there and never travel. When a worker is lost, its shards are done again elsewhere, so `poll` may run twice for an
appliance; it still gives one answer. A worker runs one event loop for each of its threads; one thread a worker is best.
"""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from ..errors import VeeamError
from .answer import Answer
from .fleet import Fleet

if TYPE_CHECKING:
    from distributed import Client, Future

    from ..client import ApplianceClient

T = TypeVar("T")
ClientT = TypeVar("ClientT", bound="ApplianceClient")


class ShardFailed(VeeamError):
    """The shard of the appliance could not be done at all: the fleet could not be made, or worker after worker died."""


class NotPicklable(VeeamError):
    """The function's value or error cannot be sent from the worker; the text says what it was."""


async def each_on_cluster(
    cluster: Client,
    load: Callable[[], Fleet],
    fn: Callable[[ClientT], Awaitable[T]],
    *,
    shards: int | None = None,
    concurrency: int = 200,
    timeout: float | None = 60.0,
    deadline: float | None = None,
    attempts: int = 1,
) -> AsyncGenerator[Answer[T], None]:
    """As `Fleet.each`, on the workers of a cluster.

    Args:
        cluster: a `distributed.Client` that was made with `asynchronous=True`.
        load: makes the fleet; called here for the names and on the workers for the work. It, `fn` and what `fn`
            returns must be picklable.
        fn: called on a worker with the appliance's client.
        shards: how many parts; None for four to each worker, so that a lost one costs little.
        concurrency: appliances of one shard that are worked on at the same time.
        timeout: seconds for one appliance.
        deadline: seconds for one shard, from when a worker begins it.
        attempts: as for `Fleet.each`.

    Yields:
        One answer for each appliance, shard by shard as they are done. `answer.appliance` has no credentials. An
        answer has the error `ShardFailed` where its shard could not be done at all.

    Raises:
        ValueError: `shards` is below 1.
    """
    from distributed import as_completed

    if shards is None:
        workers = cluster.scheduler_info(n_workers=-1)["workers"]
        shards = 4 * max(1, len(workers))
    if shards < 1:
        raise ValueError("shards must be 1 or more")
    fleet = load()
    try:
        parts = {index: fleet.shard(index, shards).appliances for index in range(shards)}
    finally:
        await fleet.aclose()
    limits = {"concurrency": concurrency, "timeout": timeout, "deadline": deadline, "attempts": attempts}
    futures: dict[Future[list[bytes]], int] = {
        # Not pure: the same call tomorrow is another question.
        cluster.submit(_run_shard, load, fn, index, shards, limits, pure=False): index
        for index, appliances in parts.items()
        if appliances
    }
    try:
        async for future in as_completed(list(futures)):
            appliances = parts[futures[future]]
            try:
                done: list[bytes] = await future.result()
            except Exception as error:
                for appliance in appliances:
                    failed = ShardFailed(f"{type(error).__name__}: {error}", appliance=appliance.name)
                    failed.__cause__ = error
                    yield Answer(appliance.without_credentials(), None, failed, 0.0, 0)
                continue
            for answer in done:
                yield pickle.loads(answer)
    finally:
        await cluster.cancel(list(futures), force=True)


def _run_shard(
    load: Callable[[], Fleet],
    fn: Callable[[ClientT], Awaitable[Any]],
    index: int,
    count: int,
    limits: dict[str, Any],
) -> list[bytes]:
    """On a worker: does one shard, in a thread of its own loop."""

    async def work() -> list[bytes]:
        async with load() as fleet:
            return [_packed(answer) async for answer in fleet.shard(index, count).each(fn, **limits)]

    return asyncio.run(work())


def _packed(answer: Answer[Any]) -> bytes:
    answer = attrs.evolve(answer, appliance=answer.appliance.without_credentials())
    try:
        packed = pickle.dumps(answer)
        pickle.loads(packed)  # an exception class can be written and then not be read
    except Exception as error:
        what = answer.value if answer.error is None else answer.error
        text = f"{type(what).__name__} cannot be sent: {error}" if answer.ok else f"{type(what).__name__}: {what}"
        replacement = NotPicklable(text, appliance=answer.appliance.name)
        packed = pickle.dumps(attrs.evolve(answer, value=None, error=replacement))
    return packed
