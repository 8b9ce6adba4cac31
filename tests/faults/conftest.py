"""What the fault tests share: a raw server, a client for it, and a clock for tokens that a test can turn."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from veeam_async import Password
from veeam_async._auth import backoff, stored, token_requests, tokens
from veeam_async._http import token
from veeam_async.retry import RetryPolicy
from veeam_async.vbr.v1_3_rev0 import Client

from .wire import Vbr

QUICK = RetryPolicy(backoff=0.001, backoff_cap=0.002)


class Clock:
    """The clock by which tokens age."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    turned = Clock()
    for module in (tokens, token_requests, stored, token, backoff):
        monkeypatch.setattr(module, "monotonic", turned)
    return turned


@pytest.fixture(autouse=True)
async def nothing_left() -> AsyncIterator[None]:
    """Every test leaves no task behind."""
    yield
    # Transports close in the next turns of the loop.
    for _ in range(3):
        await asyncio.sleep(0)
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    left = [task for task in left if "async_generator_athrow" not in repr(task)]
    assert not left
    gc.collect(0)


@pytest.fixture
async def vbr() -> AsyncIterator[Vbr]:
    async with Vbr() as server:
        yield server


@pytest.fixture
async def make(vbr: Vbr) -> AsyncIterator[Callable[..., Client]]:
    """Clients of the server, closed after the test."""
    made: list[Client] = []

    def build(password: str | None = None, **options: Any) -> Client:
        options.setdefault("retry", QUICK)
        client = Client(vbr.url, Password("monitor", password or vbr.password), **options)
        made.append(client)
        return client

    yield build
    for client in made:
        await client.aclose()


@pytest.fixture
def client(make: Callable[..., Client]) -> Client:
    return make()
