"""Proxies: how they are given, and what goes through them."""

from __future__ import annotations

import asyncio
from base64 import b64encode

import pytest

from veeam_async import BearerToken
from veeam_async._http.origin import Origin, parse_host
from veeam_async._http.proxy import parse_proxy, proxy_from_environment
from veeam_async.errors import ConnectError, InvalidAddress
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
    assert Client("vbr01", BearerToken("t"))._transport.sender.proxy is None
    assert Client("vbr01", BearerToken("t"), trust_env=True)._transport.sender.proxy is not None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "proxy:3128",
        "socks5://proxy",
        "ftp://proxy",
        "http://",
        "http://proxy:99999",
        "http://proxy:x",
        "http://a..b",
        "http://proxy/path",
        "http://proxy?x",
        "http://[::1",
        "http://us%3Aer:planted@proxy",
        "http://u:planted@",
    ],
)
def test_odd_proxies_are_refused(url: str) -> None:
    """A proxy is an http or https URL; the error repeats no credentials, nor do the frames that it came through."""
    with pytest.raises(InvalidAddress, match="proxy") as caught:
        parse_proxy(url)
    frames = [frame.frame.f_locals for frame in caught.traceback[1:]]
    assert frames and "planted" not in f"{caught.value} {frames}"


@pytest.mark.parametrize(
    ("url", "pair"),
    [
        ("http://u:p@w@proxy:1", b"u:p@w"),
        ("http://u@proxy:1", b"u:"),
        ("http://:p@proxy:1", b":p"),
        ("http://u:p:w@proxy:1", b"u:p:w"),
        ("http://u:%C3%A4%0A@proxy:1", "u:ä\n".encode()),
    ],
)
def test_credentials_of_a_proxy(url: str, pair: bytes) -> None:
    """User and password are taken out of the URL, quoted or not, and are in no repr."""
    proxy = parse_proxy(url)
    assert proxy.headers == {"Proxy-Authorization": "Basic " + b64encode(pair).decode()}
    assert str(proxy.url) == proxy.shown == "http://proxy:1"
    assert b64encode(pair).decode() not in repr(proxy) + repr(proxy.headers)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("HTTP://Proxy.Example", "http://proxy.example:80"),
        ("https://proxy", "https://proxy:443"),
        (" http://[::1]:8/ ", "http://[::1]:8"),
    ],
)
def test_every_spelling_of_a_proxy(url: str, shown: str) -> None:
    """Letter case, the scheme's own port and a slash at the end do not matter."""
    assert parse_proxy(url).shown == shown


@pytest.mark.parametrize(
    ("listed", "host", "past"),
    [
        ("10.0.0.0/8", "10.20.30.40", True),
        ("10.0.0.0/8", "11.0.0.1", False),
        ("10.1.2.3/8", "10.20.30.40", True),
        ("192.0.2.0/24", "vbr01.halden.example", False),
        ("10.0.0.0/8", "::ffff:10.1.1.1", True),
        ("::ffff:10.1.1.1", "10.1.1.1", True),
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.11", False),
        ("0.1", "10.0.0.1", False),
        ("2001:db8::/32", "2001:db8::5", True),
        ("[2001:db8::]/32", "2001:db8::5", True),
        ("[2001:db8::5]", "2001:db8::5", True),
        ("2001:DB8:0::5", "2001:db8::5", True),
        ("2001:db8::9419", "2001:db8::9419", True),
        ("[2001:db8::5]:9419", "2001:db8::5", True),
        ("[2001:db8::5]:443", "2001:db8::5", False),
        ("fe80::/10", "fe80::1%eth0", True),
        ("fe80::1", "fe80::1%eth0", True),
        ("*.halden.example", "vbr01.halden.example", True),
        ("*.halden.example", "a.vbr01.halden.example", True),
        ("*.halden.example", "halden.example", False),
        ("*.halden.example", "nothalden.example", False),
        (".halden.example", "vbr01.halden.example", True),
        (".halden.example", "halden.example", True),
        ("halden.example", "vbr01.halden.example", True),
        ("halden.example", "nothalden.example", False),
        ("vbr01.halden.example.", "vbr01.halden.example", True),
        ("vbr01.halden.example", "vbr01.halden.example.", True),
        ("VBR01.halden.example", "vbr01.HALDEN.example", True),
        ("localhost, vbr01", "vbr01", True),
        ("localhost\tvbr01;", "vbr01", False),
        ("vbr01:9419", "vbr01", True),
        ("vbr01:443", "vbr01", False),
        ("vbr01:65535", "vbr01:65535", True),
        ("vbr01:655350", "vbr01", False),
        ("vbr01:19419", "vbr01:19419", True),
        ("10.0.0.1:9419", "10.0.0.1", True),
        ("10.0.0.1:443", "10.0.0.1", False),
        ("*", "vbr01", True),
        ("a,*,b", "10.0.0.1", True),
        (",, ,", "vbr01", False),
        (".", "vbr01", False),
        ("10.0.0.0/99", "10.0.0.1", False),
        ("10.0.0.0/8", "10.example", False),
        ("", "vbr01", False),
        ("anything", "127.0.0.1", True),
        ("anything", "localhost", True),
    ],
)
def test_no_proxy_as_curl_and_go_read_it(listed: str, host: str, past: bool) -> None:
    """Ranges, brackets, wildcards, dots, ports and letter case mean what they mean elsewhere."""
    environ = {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": listed}
    found = proxy_from_environment(parse_host(host, default_port=9419), environ)
    assert (found is None) == past


def test_lower_case_counts_before_capitals() -> None:
    """The name in lower case wins, also when it is empty; the scheme chooses between the two."""
    environ = {"HTTPS_PROXY": "http://one", "https_proxy": "two:1", "HTTP_PROXY": "http://three"}
    found = proxy_from_environment(FAR, environ)
    assert found is not None and found.shown == "http://two:1"
    assert proxy_from_environment(FAR, {**environ, "https_proxy": ""}) is None
    assert proxy_from_environment(FAR, {"https_proxy": "http://one", "NO_PROXY": "*", "no_proxy": "x"}) is not None
    plain = Origin("http", "vbr01.example.com", 80)
    found = proxy_from_environment(plain, environ)
    assert found is not None and found.shown == "http://three:80"
    assert proxy_from_environment(plain, {"HTTPS_PROXY": "http://one"}) is None


def test_a_header_of_a_request_sets_no_proxy() -> None:
    """In a CGI program HTTP_PROXY is what a stranger sent as `Proxy:`; the name in lower case is nobody's."""
    plain = Origin("http", "vbr01.example.com", 80)
    assert proxy_from_environment(plain, {"HTTP_PROXY": "http://evil", "REQUEST_METHOD": "GET"}) is None
    assert proxy_from_environment(plain, {"http_proxy": "http://ours", "REQUEST_METHOD": "GET"}) is not None
    assert proxy_from_environment(FAR, {"HTTPS_PROXY": "http://ours", "REQUEST_METHOD": "GET"}) is not None


@pytest.mark.parametrize("value", ["socks5://u:planted@proxy", "http://u:planted@proxy:x", "http://u:planted@"])
def test_an_odd_proxy_of_the_environment_is_named(value: str) -> None:
    """The error names the variable and the appliance, and not the credentials."""
    with pytest.raises(InvalidAddress, match="HTTPS_PROXY") as caught:
        proxy_from_environment(FAR, {"HTTPS_PROXY": value})
    assert caught.value.appliance == FAR.host and "planted" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("socks5://proxy", r"not by socks5$"),
        ("a" * 30 + "://proxy", rf"not by {'a' * 20}$"),
        ("proxy:3128", r"or https://host:port$"),
        ("x y://proxy", r"or https://host:port$"),
        ("://proxy", r"or https://host:port$"),
    ],
)
def test_a_scheme_that_is_no_proxy_s_is_named(url: str, said: str) -> None:
    """The scheme is in the error where there is one, as far as it may be shown."""
    with pytest.raises(InvalidAddress, match=said):
        parse_proxy(url)


def test_the_zone_of_a_proxy_s_address_stays_as_it_is() -> None:
    """A connection needs the zone unquoted, as the address of an appliance has it."""
    assert parse_proxy("http://[fe80::1%25eth0]:3128").url.raw_host == "fe80::1%eth0"
