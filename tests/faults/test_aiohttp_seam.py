"""What is relied on of aiohttp's insides is checked when it is loaded, and named where it is missing."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from aiohttp.client_proto import ResponseHandler

from veeam_async._http._aiohttp import check
from veeam_async.testing import SimulatedAppliance
from veeam_async.vbr.v1_3_rev0 import Client


def test_this_release_has_it_all() -> None:
    """The release that is installed passes."""
    check()


def test_a_session_that_repeats_by_another_switch() -> None:
    """A release that renamed the switch for repeating PUT and DELETE is refused: it would send them twice."""

    class Session:
        def __init__(self, *, auto_decompress: bool, max_line_size: int) -> None: ...

        async def _request(self) -> None: ...

    with pytest.raises(ImportError, match=r"lacks ClientSession\._retry_connection, .*max_headers=") as caught:
        check(session=Session)  # type: ignore[arg-type]
    assert aiohttp.__version__ in str(caught.value)


def test_a_connector_that_makes_connections_differently() -> None:
    """A release whose connector takes no factory is refused."""

    class Connector:
        def __init__(self) -> None: ...

    with pytest.raises(ImportError, match=r"lacks BaseConnector\._factory, BaseConnector\._conns:"):
        check(connector=Connector)  # type: ignore[arg-type]


def test_a_request_that_takes_its_headers_differently() -> None:
    """A release whose requests put headers together by another method is refused: it would send none of ours."""

    class Request:
        def __init__(self) -> None: ...

    with pytest.raises(ImportError, match=r"lacks ClientRequest\.update_headers:"):
        check(request=Request)  # type: ignore[arg-type]


def test_a_handler_that_works_differently() -> None:
    """A release whose connections have other methods is refused; one that inherits all is not."""

    class Handler:
        pass

    with pytest.raises(ImportError, match=r"ResponseHandler\.feed_data.*ResponseHandler\._payload.*_reading_paused"):
        check(handler=Handler)  # type: ignore[arg-type]

    class Inherits(ResponseHandler):
        pass

    check(handler=Inherits)


async def test_no_read_asks_for_what_the_allocator_maps_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room of 128 KiB and more comes from the system, and goes back to it, for each read: a fifth of a small call."""
    rooms: list[int] = []
    received = ResponseHandler.data_received

    def recording(self: Any, data: bytes) -> None:
        rooms.append(self.transport.max_size)
        received(self, data)

    monkeypatch.setattr(ResponseHandler, "data_received", recording)
    async with SimulatedAppliance("vbr", "1.3-rev0") as one, Client(one.url, one.credentials) as client:
        await client.service.get_server_info()
    assert rooms
    assert max(rooms) < 128 * 1024
