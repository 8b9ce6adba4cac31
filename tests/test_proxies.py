"""Proxies: how they are given, and what goes through them."""

from __future__ import annotations

import asyncio
from base64 import b64encode

import pytest

from veeam_async.credentials import BearerToken
from veeam_async.errors import ConnectError
from veeam_async.origin import Origin
from veeam_async.proxies import parse_proxy, proxy_from_environment
from veeam_async.retry import RetryPolicy
from veeam_async.vbr.v1_3_rev0 import Client

FAR = Origin("https", "vbr01.example.com", 9419)


class Proxy:
    """Notes what it is asked for; answers plain http itself and refuses tunnels."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.url = ""
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()
        await asyncio.sleep(0.01)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        if head.startswith("CONNECT"):
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()


async def test_plain_http_goes_through_the_proxy() -> None:
    """A given proxy gets the request and its own credentials."""
    async with Proxy() as proxy:
        given = proxy.url.replace("http://", "http://user:p%40ss@")
        async with Client("http://vbr01.example.com", BearerToken("t"), allow_http=True, proxy=given) as client:
            assert (await client.request("GET", "/api/x")).json() == {}
    (head,) = proxy.heads
    assert head.startswith("GET http://vbr01.example.com/api/x HTTP/1.1")
    assert f"Proxy-Authorization: Basic {b64encode(b'user:p@ss').decode()}" in head


async def test_https_goes_through_a_tunnel_without_the_token() -> None:
    """For https the proxy sees CONNECT and no token; its refusal is a ConnectError, surely not carried out."""
    async with Proxy() as proxy:
        retry = RetryPolicy(attempts=2, backoff=0)
        async with Client("vbr01.example.com", BearerToken("planted"), proxy=proxy.url, retry=retry) as client:
            with pytest.raises(ConnectError, match="proxy refuses: 407") as caught:
                await client.request("POST", "/api/x", json={})
        assert not caught.value.outcome_unknown
    (head,) = proxy.heads
    assert head.startswith("CONNECT vbr01.example.com:9419")
    assert "planted" not in head


async def test_proxy_that_is_not_there() -> None:
    """The error names the proxy, not its credentials."""
    async with Proxy() as proxy:
        url = proxy.url
    given = url.replace("http://", "http://user:planted@")
    async with Client("vbr01.example.com", BearerToken("t"), proxy=given, retry=RetryPolicy(attempts=1)) as client:
        with pytest.raises(ConnectError) as caught:
            await client.request("GET", "/api/x")
    assert url in str(caught.value) and "planted" not in str(caught.value)


def test_environment_is_read_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """`trust_env` takes HTTPS_PROXY and NO_PROXY; without it they mean nothing."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", "internal.example.com")
    for name in ("https_proxy", "no_proxy", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    found = proxy_from_environment(FAR)
    assert found is not None and str(found.url) == "http://proxy:3128"
    assert proxy_from_environment(Origin("https", "vbr.internal.example.com", 9419)) is None
    assert proxy_from_environment(Origin("https", "127.0.0.1", 9419)) is None
    assert Client("vbr01", BearerToken("t"))._transport.proxy is None
    assert Client("vbr01", BearerToken("t"), trust_env=True)._transport.proxy is not None


@pytest.mark.parametrize("url", ["", "proxy:3128", "socks5://proxy", "ftp://proxy", "http://"])
def test_odd_proxies_are_refused(url: str) -> None:
    """A proxy is an http or https URL."""
    with pytest.raises(ValueError):
        parse_proxy(url)
