"""Limits of one call at their very edge, and what its events say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from veeam_async.errors import BodyTooLarge, RequestTimeout
from veeam_async.events import RequestAnswered, RequestStarted
from veeam_async.timeouts import Timeouts
from veeam_async.vbr.v1_3_rev0 import Client

from .wire import SESSION_ID, SESSION_PATH, Exchange, Vbr

Make = Callable[..., Client]
MOST = 1000


@pytest.mark.parametrize("size", [MOST, MOST + 1])
@pytest.mark.parametrize("chunked", [False, True])
async def test_the_largest_body(vbr: Vbr, make: Make, size: int, chunked: bool) -> None:
    """A body of exactly `max_body` bytes is taken, one byte more is not, however it is sent."""

    @vbr.on("GET", SESSION_PATH)
    async def answered(exchange: Exchange) -> None:
        body = b" " * size
        if chunked:
            head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            await exchange.raw(head + b"%x\r\n" % size + body + b"\r\n0\r\n\r\n")
        else:
            await exchange.reply(200, body)

    client = make(max_body=MOST)
    if size > MOST:
        with pytest.raises(BodyTooLarge):
            await client.request("GET", SESSION_PATH)
    else:
        assert len((await client.request("GET", SESSION_PATH)).body) == MOST


async def test_a_change_that_is_never_answered(vbr: Vbr, make: Make) -> None:
    """Nothing tells what became of a POST when nothing comes for as long as the read limit."""

    @vbr.on("POST", "/api/v1/jobs")
    async def silent(exchange: Exchange) -> None:
        await exchange.hang()

    client = make(timeouts=Timeouts(read=0.1))
    with pytest.raises(RequestTimeout) as caught:
        await client.request("POST", "/api/v1/jobs", json={})
    assert caught.value.limit == "read"
    assert caught.value.outcome_unknown
    assert len(vbr.to("/api/v1/jobs")) == 1


async def test_a_download_whose_head_does_not_come(vbr: Vbr, make: Make) -> None:
    """The limit of the whole call ends a download that does not even begin."""

    @vbr.on("GET", f"/api/v1/deployment/{SESSION_ID}/downloadKit")
    async def silent(exchange: Exchange) -> None:
        await exchange.hang()

    client = make(timeouts=Timeouts(total=0.3))
    await client.login()

    async def download() -> None:
        async with client.deployment.download_deployment_kit.stream(SESSION_ID):
            pass

    with pytest.raises(RequestTimeout) as caught:
        await asyncio.wait_for(download(), 5)
    assert caught.value.limit == "total"


async def test_events_name_the_path_alone(vbr: Vbr, make: Make) -> None:
    """Events say which path was asked for and leave out its query, which may hold names."""
    events: list[Any] = []
    client = make(events=events.append)
    await client.request("GET", SESSION_PATH, query={"name": "x"})
    told = [event for event in events if isinstance(event, (RequestStarted, RequestAnswered))]
    assert [event.path for event in told[-2:]] == [SESSION_PATH, SESSION_PATH]
