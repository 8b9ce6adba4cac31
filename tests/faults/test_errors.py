"""What comes back when the answer is not what it should be."""

from __future__ import annotations

import copy
import gzip
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from veeam_async import Password
from veeam_async.errors import (
    ApiError,
    BadRequestError,
    BodyTooLarge,
    ConflictError,
    ConnectError,
    DecodeError,
    ForbiddenError,
    NotFoundError,
    ServerError,
    UnsafeOriginError,
)
from veeam_async.retry import RetryPolicy
from veeam_async.vbr.v1_3_rev0 import Client

from .wire import SESSION, SESSION_ID, SESSION_PATH, Exchange, Vbr, Wire

Make = Callable[..., Client]
HTML = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


def answer(vbr: Vbr, status: int, body: Any = b"", **options: Any) -> None:
    """The session is answered so."""

    @vbr.on("GET", SESSION_PATH)
    async def session(exchange: Exchange) -> None:
        await exchange.reply(status, body, **options)


async def test_502_in_html(vbr: Vbr, make: Make) -> None:
    """A gateway's page is a ServerError that shows its beginning, after the repeats."""
    answer(vbr, 502, HTML, kind="text/html")
    client = make(retry=RetryPolicy(attempts=2, backoff=0.001))
    with pytest.raises(ServerError, match=r"502.*text/html") as caught:
        await client.sessions.get_session(SESSION_ID)
    assert caught.value.body.startswith("<!DOCTYPE html>")
    assert caught.value.operation == "GetSession"
    assert caught.value.appliance == "127.0.0.1"
    assert len(vbr.to(SESSION_PATH)) == 2


async def test_html_with_status_200(vbr: Vbr, client: Client) -> None:
    """A page where JSON is due is a DecodeError with status, first bytes, operation and appliance."""
    answer(vbr, 200, HTML, kind="text/html; charset=utf-8")
    with pytest.raises(DecodeError, match="text/html") as caught:
        await client.sessions.get_session(SESSION_ID)
    error = caught.value
    assert (error.status, error.operation, error.appliance) == (200, "GetSession", "127.0.0.1")
    assert error.excerpt is not None and error.excerpt.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("cut", [1, 10, 40])
async def test_truncated_json(vbr: Vbr, client: Client, cut: int) -> None:
    """JSON that ends too early, with a Content-Length that fits it, is a DecodeError, for a GET after repeats."""
    answer(vbr, 200, json.dumps(SESSION).encode()[:cut])
    with pytest.raises(DecodeError, match="no whole JSON") as caught:
        await client.sessions.get_session(SESSION_ID)
    assert caught.value.status == 200
    assert caught.value.incomplete
    assert len(vbr.to(SESSION_PATH)) == 4


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"17", b"true"])
async def test_another_kind_of_json(vbr: Vbr, client: Client, body: bytes) -> None:
    """JSON that is no object where an object is due is a DecodeError that says where it came from."""
    answer(vbr, 200, body)
    with pytest.raises(DecodeError) as caught:
        await client.sessions.get_session(SESSION_ID)
    assert (caught.value.status, caught.value.operation) == (200, "GetSession")


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", "text/json", "application/hal+json"])
async def test_json_under_another_name_is_read(vbr: Vbr, client: Client, kind: str) -> None:
    """JSON that is announced as something else is JSON nevertheless."""
    answer(vbr, 200, json.dumps(SESSION).encode(), kind=kind)
    assert (await client.sessions.get_session(SESSION_ID)).name == "nightly"


async def test_byte_order_mark_is_skipped(vbr: Vbr, client: Client) -> None:
    """JSON after a byte order mark is read."""
    answer(vbr, 200, b"\xef\xbb\xbf" + json.dumps(SESSION).encode())
    assert (await client.sessions.get_session(SESSION_ID)).name == "nightly"


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_success_without_a_body(vbr: Vbr, client: Client, status: int) -> None:
    """A success without a body is None, whatever the document says."""
    answer(vbr, status)
    assert await client.sessions.get_session(SESSION_ID) is None


async def test_another_success_status_is_decoded(vbr: Vbr, client: Client) -> None:
    """201 where the document says 200 is decoded all the same."""
    answer(vbr, 201, SESSION)
    assert (await client.sessions.get_session(SESSION_ID)).name == "nightly"


async def test_body_over_the_limit(vbr: Vbr, make: Make) -> None:
    """A body that is announced as too long is not read."""
    client = make(max_body=1000)
    answer(vbr, 200, b"[" + b" " * 5000 + b"]")
    with pytest.raises(BodyTooLarge, match="max_body=1000") as caught:
        await client.sessions.get_session(SESSION_ID)
    assert caught.value.status == 200
    assert len(vbr.to(SESSION_PATH)) == 1


async def test_endless_body_is_cut_off(vbr: Vbr, make: Make) -> None:
    """A chunked body without end is cut off at the limit."""
    client = make(max_body=10_000)

    @vbr.on("GET", SESSION_PATH)
    async def endless(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(10_000):
            await exchange.raw(b"400\r\n" + b" " * 1024 + b"\r\n")

    with pytest.raises(BodyTooLarge):
        await client.sessions.get_session(SESSION_ID)


async def test_compressed_bomb_is_cut_off(vbr: Vbr, make: Make) -> None:
    """A small compressed body that would become a large one is cut off at the limit."""
    client = make(max_body=100_000)
    answer(vbr, 200, gzip.compress(b" " * 50_000_000), headers={"Content-Encoding": "gzip"})
    with pytest.raises(BodyTooLarge):
        await client.sessions.get_session(SESSION_ID)


async def test_compressed_answer_is_read(vbr: Vbr, client: Client) -> None:
    """A compressed body is understood."""
    answer(vbr, 200, gzip.compress(json.dumps(SESSION).encode()), headers={"Content-Encoding": "gzip"})
    assert (await client.sessions.get_session(SESSION_ID)).name == "nightly"


async def test_garbled_compression_is_an_error(vbr: Vbr, client: Client) -> None:
    """A body that is not what its encoding says is an error that names it, and is not asked for again."""
    answer(vbr, 200, b"this is no gzip", headers={"Content-Encoding": "gzip"})
    with pytest.raises(DecodeError, match="announced as gzip and is not"):
        await client.sessions.get_session(SESSION_ID)
    assert len(vbr.to(SESSION_PATH)) == 1


@pytest.mark.parametrize("raw", [b"HTTP/9.9 what\r\n\r\n", b"\x16\x03\x01\x02", b"220 smtp ready\r\n\r\n", b"\r\n\r\n"])
async def test_another_protocol_is_an_error(vbr: Vbr, make: Make, raw: bytes) -> None:
    """A server that does not speak HTTP makes a ConnectError."""
    client = make(retry=RetryPolicy(attempts=1))

    @vbr.on("GET", SESSION_PATH)
    async def odd(exchange: Exchange) -> None:
        await exchange.raw(raw)
        exchange.cut()

    with pytest.raises(ConnectError):
        await client.sessions.get_session(SESSION_ID)


VBR = {"errorCode": "NotFound", "message": "no such session", "resourceId": SESSION_ID}
AWS = {"title": "Gone", "status": 404, "errorCode": "NotFound", "details": "look elsewhere", "data": {}}
AZURE = {
    "type": "x",
    "title": "Gone",
    "status": 404,
    "detail": "look elsewhere",
    "traceId": "00-aa-bb",
    "instance": "/x",
}


@pytest.mark.parametrize(
    ("body", "code", "message", "details", "resource", "trace"),
    [
        (VBR, "NotFound", "no such session", None, SESSION_ID, None),
        (AWS, "NotFound", "Gone", "look elsewhere", None, None),
        (AZURE, None, "Gone", "look elsewhere", None, "00-aa-bb"),
        ({"error": "invalid_request", "error_description": "bad"}, "invalid_request", "bad", None, None, None),
        ({"errorCode": "NeverHeardOf", "message": "x"}, "NeverHeardOf", "x", None, None, None),
        ({"error": {"code": "C", "message": "nested"}}, "C", "nested", None, None, None),
        ("a bare string", None, "a bare string", None, None, None),
        (None, None, "no reason given", None, None, None),
        ([1], None, "no reason given", None, None, None),
        ({"message": None, "errorCode": 17}, None, "no reason given", None, None, None),
    ],
)
async def test_error_dialects(
    vbr: Vbr, client: Client, body: Any, code: Any, message: str, details: Any, resource: Any, trace: Any
) -> None:
    """Error bodies of all three products, of OAuth, and odd ones become one kind of error."""
    answer(vbr, 404, body, kind="application/problem+json")
    with pytest.raises(NotFoundError) as caught:
        await client.sessions.get_session(SESSION_ID)
    error = caught.value
    assert (error.status, error.error_code, error.message) == (404, code, message)
    assert (error.details, error.resource_id, error.trace_id) == (details, resource, trace)
    assert message in str(error) and "GetSession" in str(error) and "127.0.0.1" in str(error)


async def test_field_errors_of_azure(vbr: Vbr, client: Client) -> None:
    """A 400 with `errors` gives each field's text."""
    answer(vbr, 400, {"title": "Invalid", "errors": {"name": ["is empty", "is odd"], "n": "no list", "o": [{"a": 1}]}})
    with pytest.raises(BadRequestError) as caught:
        await client.sessions.get_session(SESSION_ID)
    assert caught.value.field_errors == {"name": ["is empty", "is odd"], "n": ["no list"], "o": ['{"a":1}']}
    assert "name: is empty is odd" in str(caught.value)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 418, 429, 500, 503, 599])
async def test_errors_survive_pickle_and_copy(vbr: Vbr, make: Make, status: int) -> None:
    """Every error is the same after pickle and copy, text and attributes."""
    client = make(retry=RetryPolicy(attempts=1))
    answer(vbr, status, VBR)
    with pytest.raises(ApiError) as caught:
        await client.sessions.get_session(SESSION_ID)
    error = caught.value
    assert error.status == status
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is type(error)
        assert str(twin) == str(error)
        assert twin.__dict__ == error.__dict__


@pytest.mark.parametrize(("status", "kind"), [(403, ForbiddenError), (409, ConflictError), (500, ServerError)])
async def test_subclasses_by_status(vbr: Vbr, client: Client, status: int, kind: type[ApiError]) -> None:
    """The class of the error follows from the status."""
    answer(vbr, status, VBR)
    with pytest.raises(kind):
        await client.sessions.get_session(SESSION_ID)


async def test_redirect_to_another_origin_carries_nothing(vbr: Vbr, client: Client) -> None:
    """A redirect to another origin is an error that names it; the other origin gets no request at all."""
    async with Wire() as other:
        answer(vbr, 302, headers={"Location": f"{other.url}/steal"})
        with pytest.raises(UnsafeOriginError, match=f"127.0.0.1:{other.port}"):
            await client.sessions.get_session(SESSION_ID)
        assert other.connections == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirect_within_the_origin_is_followed_for_get(vbr: Vbr, client: Client, status: int) -> None:
    """A GET follows a redirect that stays here, with its token."""
    answer(vbr, status, headers={"Location": "/elsewhere?a=%2Fb"})

    @vbr.on("GET", "/elsewhere")
    async def elsewhere(exchange: Exchange) -> None:
        if not await vbr.refuse_token(exchange):
            await exchange.reply(200, SESSION)

    assert (await client.sessions.get_session(SESSION_ID)).name == "nightly"
    assert vbr.calls[-1].target == "/elsewhere?a=%2Fb"


async def test_endless_redirects_end(vbr: Vbr, client: Client) -> None:
    """A redirect to itself is an error after a few requests."""
    answer(vbr, 302, headers={"Location": SESSION_PATH})
    with pytest.raises(ApiError, match="redirects"):
        await client.sessions.get_session(SESSION_ID)
    assert len(vbr.to(SESSION_PATH)) <= 7


@pytest.mark.parametrize(("status", "followed"), [(301, False), (302, False), (303, False), (307, True), (308, True)])
async def test_redirected_post_stays_a_post(vbr: Vbr, client: Client, status: int, followed: bool) -> None:
    """A POST follows only those redirects that keep method and body."""

    @vbr.on("POST", "/a")
    async def first(exchange: Exchange) -> None:
        await exchange.reply(status, headers={"Location": "/b"})

    @vbr.on("POST", "/b")
    async def second(exchange: Exchange) -> None:
        await exchange.reply(200, {"got": exchange.body.decode()})

    if followed:
        assert (await client.request("POST", "/a", json={"x": 1})).json() == {"got": '{"x":1}'}
    else:
        with pytest.raises(ApiError, match="redirects to /b"):
            await client.request("POST", "/a", json={"x": 1})
        assert not vbr.to("/b")


@pytest.mark.parametrize("location", ["", "http://[", "ftp://x/", "//evil.example/x", "http://127.0.0.1:1/x"])
async def test_odd_redirects_are_errors(vbr: Vbr, client: Client, location: str) -> None:
    """A redirect to nowhere, or to elsewhere, is one error and no request."""
    answer(vbr, 302, headers={"Location": location})
    with pytest.raises((ApiError, UnsafeOriginError)):
        await client.sessions.get_session(SESSION_ID)
    assert len(vbr.to(SESSION_PATH)) == 1


async def test_request_takes_links_of_its_own_origin_only(vbr: Vbr, client: Client) -> None:
    """`client.request` takes a whole URL at the appliance, and refuses any other."""
    assert (await client.request("GET", vbr.url + SESSION_PATH)).json()["name"] == "nightly"
    for url in ("https://evil.example/x", f"http://localhost:{vbr.port}/x", "http://127.0.0.1:1/x", "//evil.example/x"):
        with pytest.raises((UnsafeOriginError, ValueError)):
            await client.request("GET", url)
    assert len(vbr.calls) == 1


@pytest.mark.parametrize("host", ["http://vbr01", "http://10.0.0.1:9419", "http://localhost.example.com"])
def test_plain_http_to_others_is_refused(host: str) -> None:
    """Plain http is for this machine only, or by explicit word."""
    with pytest.raises(UnsafeOriginError, match="allow_http"):
        Client(host, Password("u", "p"))
    assert Client(host, Password("u", "p"), allow_http=True).base_url.startswith("http://")


async def test_headers_of_a_caller_cannot_smuggle(vbr: Vbr, client: Client) -> None:
    """A header value with a line break is refused before anything is sent."""
    await client.login()
    before = len(vbr.requests)
    with pytest.raises(ValueError):
        await client.request("GET", SESSION_PATH, headers={"X-A": "b\r\nX-Evil: c"})
    assert len(vbr.requests) == before
