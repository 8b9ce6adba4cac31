"""What is relied on of aiohttp's insides is checked when it is loaded, and named where it is missing."""

from __future__ import annotations

import aiohttp
import pytest
from aiohttp.client_proto import ResponseHandler

from veeam_async._http._aiohttp import check


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
