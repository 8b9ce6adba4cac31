"""When a call is sent again, and when it must not be: counted at the server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import pytest

from veeam_async._http.reporting import Reporter
from veeam_async._model import UNSET
from veeam_async._operation.request import Request
from veeam_async.errors import ApiError, ConnectError, RateLimitedError, RequestTimeout, ServerError
from veeam_async.retry import RetryPolicy
from veeam_async.timeouts import Timeouts, deadline
from veeam_async.vbr.v1_3_rev0 import Client

from .wire import SESSION, SESSION_ID, SESSION_PATH, Exchange, Vbr

Make = Callable[..., Client]
THING = "/thing"
METHODS = ["POST", "PUT", "DELETE", "PATCH"]


def fail_first(vbr: Vbr, method: str, times: int, status: int, headers: dict[str, str] | None = None) -> None:
    """The first requests to THING are answered with a status, the others with 200."""

    @vbr.on(method, THING)
    async def thing(exchange: Exchange) -> None:
        if len(vbr.to(THING)) <= times:
            await exchange.reply(status, {"errorCode": "UnknownError", "message": "not now"}, headers=headers)
        else:
            await exchange.reply(200, {"ok": True})


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
async def test_reading_call_is_repeated(vbr: Vbr, client: Client, status: int) -> None:
    """A GET is sent again after answers that may pass."""
    fail_first(vbr, "GET", 2, status)
    assert (await client.request("GET", THING)).json() == {"ok": True}
    assert len(vbr.to(THING)) == 3


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 410, 422, 500, 501, 505])
async def test_other_errors_are_not_repeated(vbr: Vbr, client: Client, status: int) -> None:
    """A GET is not sent again after answers that will not change."""
    fail_first(vbr, "GET", 1, status)
    with pytest.raises(ApiError) as caught:
        await client.request("GET", THING)
    assert caught.value.status == status
    assert len(vbr.to(THING)) == 1


async def test_repeats_end(vbr: Vbr, make: Make) -> None:
    """After `attempts` requests the last error is raised, and says how often it was tried."""
    client = make(retry=RetryPolicy(attempts=3, backoff=0.001))
    fail_first(vbr, "GET", 100, 503)
    with pytest.raises(ServerError) as caught:
        await client.request("GET", THING)
    assert len(vbr.to(THING)) == 3
    assert any("3 times" in note for note in caught.value.__notes__)


async def test_one_attempt_switches_repeats_off(vbr: Vbr, make: Make) -> None:
    """`attempts=1` sends once."""
    client = make(retry=RetryPolicy(attempts=1))
    fail_first(vbr, "GET", 100, 503)
    with pytest.raises(ServerError):
        await client.request("GET", THING)
    assert len(vbr.to(THING)) == 1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
async def test_changing_call_is_not_repeated(vbr: Vbr, client: Client, method: str, status: int) -> None:
    """A call that may change something is sent once, and its error says that the outcome is unknown."""
    fail_first(vbr, method, 1, status)
    with pytest.raises(ApiError, match="outcome unknown") as caught:
        await client.request(method, THING, json={})
    assert caught.value.outcome_unknown
    assert len(vbr.to(THING)) == 1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("status", "headers"), [(429, None), (429, {"Retry-After": "0"}), (503, {"Retry-After": "0"})])
async def test_changing_call_is_repeated_when_it_was_surely_not_carried_out(
    vbr: Vbr, client: Client, method: str, status: int, headers: dict[str, str] | None
) -> None:
    """429, and 503 with Retry-After, say that nothing was done: the call is sent again."""
    fail_first(vbr, method, 2, status, headers)
    assert (await client.request(method, THING, json={})).json() == {"ok": True}
    assert len(vbr.to(THING)) == 3


@pytest.mark.parametrize("method", METHODS)
async def test_refused_calls_are_certainly_not_done(vbr: Vbr, make: Make, method: str) -> None:
    """When the repeats after 429 are used up, the outcome is known: not done."""
    client = make(retry=RetryPolicy(attempts=2, backoff=0.001))
    fail_first(vbr, method, 100, 429)
    with pytest.raises(RateLimitedError) as caught:
        await client.request(method, THING, json={})
    assert not caught.value.outcome_unknown


@pytest.mark.parametrize("method", METHODS)
async def test_cut_after_the_body_makes_no_second_request(vbr: Vbr, client: Client, method: str) -> None:
    """A connection cut after a changing call's body was sent: one request, outcome unknown."""

    @vbr.on(method, THING)
    async def cut(exchange: Exchange) -> None:
        exchange.cut()

    await client.login()
    with pytest.raises(ConnectError) as caught:
        await client.request(method, THING, json={"a": 1})
    assert caught.value.outcome_unknown
    assert "outcome unknown" in str(caught.value)
    assert len(vbr.to(THING)) == 1


@pytest.mark.parametrize("method", METHODS)
async def test_cut_on_a_kept_connection_makes_no_second_request(vbr: Vbr, client: Client, method: str) -> None:
    """PUT and DELETE, which aiohttp would repeat by itself when a kept connection breaks, are sent once."""
    await client.sessions.get_session(SESSION_ID)  # a connection is there to be kept

    @vbr.on(method, THING)
    async def cut(exchange: Exchange) -> None:
        exchange.cut()

    with pytest.raises(ConnectError):
        await client.request(method, THING, json={})
    assert len(vbr.to(THING)) == 1
    assert vbr.connections == 1


async def test_cut_get_is_repeated(vbr: Vbr, client: Client) -> None:
    """A GET whose connection is cut is sent again."""

    @vbr.on("GET", THING)
    async def cut(exchange: Exchange) -> None:
        if len(vbr.to(THING)) < 3:
            exchange.cut()
        await exchange.reply(200, {})

    await client.request("GET", THING)
    assert len(vbr.to(THING)) == 3


async def test_keep_alive_closed_under_us_is_invisible_for_get(vbr: Vbr, client: Client) -> None:
    """A server that closes idle connections costs a GET nothing but a new connection."""
    vbr.idle_limit = 0.02
    for _ in range(5):
        assert (await client.sessions.get_session(SESSION_ID)).id == SESSION_ID
        await asyncio.sleep(0.04)
    assert len(vbr.to(SESSION_PATH)) == 5


async def test_kept_connection_closed_at_the_moment_of_use_is_invisible_for_get(vbr: Vbr, client: Client) -> None:
    """A request that meets the closing of its kept connection is sent again on another one."""

    @vbr.on("GET", THING)
    async def once(exchange: Exchange) -> None:
        if len(vbr.to(THING)) % 2 == 0:
            exchange.cut()  # as if the server had closed while the request was in flight
        await exchange.reply(200, {})

    for _ in range(4):
        await client.request("GET", THING)
    assert len(vbr.to(THING)) == 7


async def test_body_cut_short_is_repeated_for_get(vbr: Vbr, client: Client) -> None:
    """An answer that ends before its Content-Length is asked for again."""

    @vbr.on("GET", SESSION_PATH)
    async def short(exchange: Exchange) -> None:
        if len(vbr.to(SESSION_PATH)) == 1:
            await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{")
            exchange.cut()
        await exchange.reply(200, SESSION)

    assert (await client.sessions.get_session(SESSION_ID)).name == "nightly"
    assert len(vbr.to(SESSION_PATH)) == 2


async def test_answer_to_a_post_that_breaks_off_says_that_it_was_accepted(vbr: Vbr, client: Client) -> None:
    """A success status whose body is cut: one request, and the outcome is not unknown."""

    @vbr.on("POST", THING)
    async def short(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{")
        exchange.cut()

    with pytest.raises(ConnectError, match="had accepted") as caught:
        await client.request("POST", THING, json={})
    assert not caught.value.outcome_unknown
    assert len(vbr.to(THING)) == 1


async def test_no_connection_is_repeated_for_any_method(make: Make) -> None:
    """A call for which no connection was made was surely not carried out: it is tried again."""
    async with Vbr() as vbr:
        client = Client(vbr.url, make().login_credentials, retry=RetryPolicy(backoff=0.01, attempts=3), logout=False)
        await client.login()
    reported: list[Any] = []
    client._transport.reporter = Reporter(client.name, reported.append)
    with pytest.raises(ConnectError) as caught:
        await client.request("POST", THING, json={})
    assert not caught.value.outcome_unknown
    assert len([event for event in reported if type(event).__name__ == "RequestRetried"]) == 2
    await client.aclose()


@pytest.mark.parametrize("unsafe", [True, [f"POST {THING}"]])
async def test_caller_can_widen_what_is_repeated(vbr: Vbr, make: Make, unsafe: Any) -> None:
    """`unsafe` makes all calls, or those named, repeatable."""
    client = make(retry=RetryPolicy(backoff=0.001, unsafe=unsafe))
    fail_first(vbr, "POST", 2, 502)
    await client.request("POST", THING)
    assert len(vbr.to(THING)) == 3


async def test_naming_one_call_widens_no_other(vbr: Vbr, make: Make) -> None:
    """`unsafe=["X"]` leaves other calls as they are."""
    client = make(retry=RetryPolicy(backoff=0.001, unsafe=["StartJob"]))
    fail_first(vbr, "POST", 1, 502)
    with pytest.raises(ServerError):
        await client.request("POST", THING)
    assert len(vbr.to(THING)) == 1


async def test_post_that_only_reads_is_repeated(vbr: Vbr, client: Client) -> None:
    """A POST that is marked safe is repeated like a GET."""
    fail_first(vbr, "POST", 2, 502)
    await client.request("POST", THING, safe=True)
    assert len(vbr.to(THING)) == 3


@pytest.mark.parametrize("value", ["0.05", "date"])
async def test_retry_after_is_waited_for(vbr: Vbr, client: Client, value: str) -> None:
    """Retry-After in seconds and as a date is honoured."""
    text = formatdate(time.time() + 1.2, usegmt=True) if value == "date" else value
    fail_first(vbr, "GET", 1, 503, {"Retry-After": text})
    started = time.monotonic()
    await client.request("GET", THING)
    assert time.monotonic() - started >= (0.1 if value == "date" else 0.05)
    assert len(vbr.to(THING)) == 2


@pytest.mark.parametrize("value", ["-1", "soon", "nan", "inf", "", "1e999", "Thu, 99 Foo 2026 00:00:00 GMT", "\x01"])
async def test_nonsense_in_retry_after_is_survived(vbr: Vbr, client: Client, value: str) -> None:
    """A Retry-After that makes no sense is as good as none."""
    fail_first(vbr, "GET", 1, 503, {"Retry-After": value} if value.isprintable() else {"Retry-After": "x y z"})
    async with asyncio.timeout(5):
        await client.request("GET", THING)
    assert len(vbr.to(THING)) == 2


@pytest.mark.parametrize("value", ["86400", formatdate(4102444800, usegmt=True)])
async def test_retry_after_beyond_the_cap_is_an_error_at_once(vbr: Vbr, client: Client, value: str) -> None:
    """A server that wants a day's pause gets no repeat; the error carries its wish."""
    fail_first(vbr, "GET", 1, 429, {"Retry-After": value})
    with pytest.raises(RateLimitedError) as caught:
        await client.request("GET", THING)
    assert caught.value.retry_after is not None and caught.value.retry_after > 80000
    assert len(vbr.to(THING)) == 1


async def test_budget_bounds_the_repeats_of_an_appliance(vbr: Vbr, make: Make) -> None:
    """When everything fails, an appliance gets little more than one request for each call."""
    client = make(retry=RetryPolicy(attempts=4, backoff=0.0, budget=5))
    fail_first(vbr, "GET", 10_000, 503)
    await client.login()
    results = await asyncio.gather(*(client.request("GET", THING) for _ in range(100)), return_exceptions=True)
    assert all(isinstance(result, ServerError) for result in results)
    assert 100 <= len(vbr.to(THING)) <= 106


async def test_no_pause_beyond_the_deadline(vbr: Vbr, client: Client) -> None:
    """A repeat that could not be sent before the deadline is not waited for: the error comes at once."""
    fail_first(vbr, "GET", 100, 503, {"Retry-After": "30"})
    await client.login()
    started = time.monotonic()
    with deadline(1), pytest.raises(ServerError):
        await client.request("GET", THING)
    assert time.monotonic() - started < 0.9


async def test_read_timeout_is_not_repeated(vbr: Vbr, make: Make) -> None:
    """A listing that is too slow is not asked for again: it would not get faster."""
    client = make(timeouts=Timeouts(read=0.05))

    @vbr.on("GET", THING)
    async def slow(exchange: Exchange) -> None:
        await exchange.hang()

    await client.login()
    with pytest.raises(RequestTimeout) as caught:
        await client.request("GET", THING)
    assert caught.value.limit == "read"
    assert not caught.value.outcome_unknown
    assert len(vbr.to(THING)) == 1


async def test_slow_drip_is_ended_by_the_total_limit(vbr: Vbr, make: Make) -> None:
    """A server that sends a byte now and then keeps the read limit quiet; the total limit ends it."""
    client = make(timeouts=Timeouts(read=0.5, total=1.0))

    @vbr.on("GET", THING)
    async def drip(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10000\r\n\r\n")
        for _ in range(200):
            await asyncio.sleep(0.02)
            await exchange.raw(b" ")

    await client.login()
    started = time.monotonic()
    with pytest.raises(RequestTimeout) as caught:
        await client.request("GET", THING)
    assert caught.value.limit == "total"
    assert time.monotonic() - started < 2
    assert len(vbr.to(THING)) == 1


async def test_total_limit_holds_all_attempts(vbr: Vbr, make: Make) -> None:
    """The total limit covers the repeats and the pauses between them."""
    client = make(timeouts=Timeouts(total=0.4), retry=RetryPolicy(attempts=100, backoff=0.05, budget=1000))
    fail_first(vbr, "GET", 10_000, 503)
    await client.login()
    started = time.monotonic()
    with pytest.raises((ServerError, RequestTimeout)):
        await client.request("GET", THING)
    assert time.monotonic() - started < 1


async def test_timeout_of_a_changing_call_says_unknown(vbr: Vbr, client: Client) -> None:
    """A POST that is cut off by a deadline may have been carried out."""

    @vbr.on("POST", THING)
    async def slow(exchange: Exchange) -> None:
        await exchange.hang()

    await client.login()
    with deadline(0.05), pytest.raises(RequestTimeout) as caught:
        await client.request("POST", THING, json={})
    assert caught.value.outcome_unknown
    assert caught.value.limit == "deadline"


async def test_passed_deadline_sends_nothing(vbr: Vbr, client: Client) -> None:
    """A call under a deadline that has passed is not sent."""
    await client.login()
    before = len(vbr.requests)
    with deadline(0.01):
        await asyncio.sleep(0.02)
        with pytest.raises(RequestTimeout):
            await client.request("POST", THING)
    assert len(vbr.requests) == before


async def test_inner_deadline_cannot_be_later(vbr: Vbr, client: Client) -> None:
    """A deadline inside another only shortens it."""

    @vbr.on("GET", THING)
    async def slow(exchange: Exchange) -> None:
        await exchange.hang()

    await client.login()
    started = time.monotonic()
    with deadline(0.05), deadline(10), pytest.raises(RequestTimeout):
        await client.request("GET", THING)
    assert time.monotonic() - started < 1


async def test_unanswered_connection_is_surely_not_carried_out(make: Make, vbr: Vbr) -> None:
    """A POST whose deadline passes while it connects was not sent: its outcome is known."""
    client = make(timeouts=Timeouts(connect=30))
    await client.login()
    # Nothing accepts there: the backlog is full after the first.
    import socket

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    fillers = []
    for _ in range(3):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
        fillers.append(filler)
    client._transport.sender.base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        with deadline(0.3), pytest.raises((RequestTimeout, ConnectError)) as caught:
            await client.request("POST", THING, json={})
        assert not caught.value.outcome_unknown
    finally:
        for one in (*fillers, listener):
            one.close()
        client._transport.sender.base = vbr.url


async def test_posts_that_the_documents_call_reading_are_repeated() -> None:
    """A POST that the catalog marks as safe is repeated by its typed function; another POST is not."""
    from veeam_async.testing import SimulatedAppliance

    safe = next(one for one in Client.operations if one.method == "POST" and one.safe and not one.parameters)
    unsafe = next(one for one in Client.operations if one.operation_id == "StartJob")
    async with SimulatedAppliance("vbr", "1.3-rev0", validate=False) as appliance:
        appliance.faults.add(operation=safe.operation_id, times=2, status=503)
        appliance.faults.add(operation=unsafe.operation_id, times=2, status=503)
        retry = RetryPolicy(backoff=0.001)
        async with Client(appliance.url, appliance.credentials, retry=retry) as client:
            await Request(client, safe, {}, {} if safe.body is not None else UNSET)
            with pytest.raises(ServerError) as caught:
                await Request(client, unsafe, {"id": SESSION_ID}, {})
        assert caught.value.outcome_unknown
        assert appliance.count(safe.operation_id) == 3
        assert appliance.count(unsafe.operation_id) == 1
