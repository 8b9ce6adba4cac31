"""Limits of one call at their very edge, and what its events say."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from veeam_async import BearerToken
from veeam_async._operation.call import Call
from veeam_async.downloads import Download
from veeam_async.errors import ApiError, BodyTooLarge, RequestTimeout, ServerError
from veeam_async.events import RequestAnswered, RequestRetried, RequestStarted
from veeam_async.retry import RetryPolicy
from veeam_async.timeouts import Timeouts, deadline
from veeam_async.vbr.v1_3_rev0 import Client

from .wire import SESSION_ID, SESSION_PATH, Exchange, Vbr

Make = Callable[..., Client]
MOST = 1000
THING = "/thing"


def attempts(reported: list[Any], path: str = THING) -> list[int]:
    """The numbers under which the attempts of a call were announced."""
    return [event.attempt for event in reported if isinstance(event, RequestStarted) and event.path == path]


async def open_stream(client: Client, path: str = THING) -> Any:
    """The open response to a GET, with its head there and its body not yet read."""
    return await client._transport.open(Call("GET", path, f"GET {path}", path, safe=True), client._account.tokens)


@contextmanager
def nobody_accepts() -> Iterator[str]:
    """A port whose backlog is full: connections to it are neither made nor refused."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            for filler in fillers:
                filler.close()


# --------------------------------------------------------------------------------------------------- the size of bodies


@pytest.mark.parametrize("size", [MOST, MOST + 1])
@pytest.mark.parametrize("how", ["length", "chunked", "encoded"])
async def test_the_largest_body(vbr: Vbr, make: Make, size: int, how: str) -> None:
    """A body of exactly `max_body` bytes is taken, one byte more is not, however it is sent."""

    @vbr.on("GET", SESSION_PATH)
    async def answered(exchange: Exchange) -> None:
        body = b" " * size
        if how == "chunked":
            head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            await exchange.raw(head + b"%x\r\n" % size + body + b"\r\n0\r\n\r\n")
        else:
            await exchange.reply(200, body, headers={"Content-Encoding": "identity"} if how == "encoded" else None)

    client = make(max_body=MOST)
    if size > MOST:
        with pytest.raises(BodyTooLarge):
            await client.request("GET", SESSION_PATH)
    else:
        assert len((await client.request("GET", SESSION_PATH)).body) == MOST


@pytest.mark.parametrize("pieces", [[], [b"[1,"], [b"[1,", b"2]"], [b"[1", b",", b"2", b"]"]])
async def test_a_body_in_pieces(vbr: Vbr, client: Client, pieces: list[bytes]) -> None:
    """However many pieces a body comes in, it is whole and in order."""

    @vbr.on("GET", THING)
    async def answered(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in pieces:
            await asyncio.sleep(0.01)
            await exchange.raw(b"%x\r\n%b\r\n" % (len(piece), piece))
        await exchange.raw(b"0\r\n\r\n")

    assert (await client.request("GET", THING)).body == b"".join(pieces)


@pytest.mark.parametrize("chunked", [False, True])
async def test_the_connection_of_a_body_that_is_too_large(vbr: Vbr, make: Make, chunked: bool) -> None:
    """What is too large is not read to its end: its connection is closed, and not used again."""
    gone = asyncio.Event()

    @vbr.on("GET", THING)
    async def endless(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 200 OK\r\n")
        await exchange.raw(b"Transfer-Encoding: chunked\r\n\r\n" if chunked else b"Content-Length: 1000000\r\n\r\n")
        if chunked:
            await exchange.raw(b"800\r\n" + b" " * 2048 + b"\r\n")
        try:
            await exchange.hang()
        finally:
            gone.set()

    client = make(max_body=MOST)
    with pytest.raises(BodyTooLarge) as caught:
        await client.request("GET", THING)
    # While somebody still holds the error, and with it all that its frames hold.
    async with asyncio.timeout(2):
        await gone.wait()
    assert caught.value.operation == f"GET {THING}"


# ----------------------------------------------------------------------------------------------------------- connecting


@pytest.mark.parametrize("total", [180.0, 0.8, None])
async def test_a_connection_that_is_not_made(total: float | None) -> None:
    """The limit of connecting ends an attempt; nothing was sent, so that even a POST is tried again."""
    reported: list[Any] = []
    limits = Timeouts(connect=0.2, total=total)
    with nobody_accepts() as url:
        async with Client(
            url, BearerToken("t"), timeouts=limits, retry=RetryPolicy(attempts=2, backoff=0), events=reported.append
        ) as client:
            with pytest.raises(RequestTimeout, match=r"no connection to 127\.0\.0\.1 port \d+ in 0\.2 s") as caught:
                await client.request("POST", THING, json={})
    assert (caught.value.limit, caught.value.seconds) == ("connect", 0.2)
    assert not caught.value.outcome_unknown
    assert attempts(reported) == [1, 2]


@pytest.mark.parametrize(
    ("limit", "connect"), [("total", 30.0), ("total", None), ("deadline", 30.0), ("deadline", None)]
)
async def test_the_whole_call_ends_while_it_connects(limit: str, connect: float | None) -> None:
    """Where the limit of the whole call ends the connecting, the error names that limit, and nothing was sent."""
    limits = Timeouts(connect=connect, total=0.3 if limit == "total" else 180.0)
    retry = RetryPolicy(attempts=3, backoff=0)
    # Connecting ends 15 ms before all of it does. On a machine so busy that the loop wakes later than that, the call
    # cannot know how far it had come, and says so: that may happen, and must not happen each time.
    for _ in range(5):
        reported: list[Any] = []
        with nobody_accepts() as url:
            async with Client(url, BearerToken("t"), timeouts=limits, retry=retry, events=reported.append) as client:
                with deadline(0.3 if limit == "deadline" else None), pytest.raises(RequestTimeout) as caught:
                    await client.request("POST", THING, json={})
        assert (caught.value.limit, caught.value.seconds) == (limit, 0.3 if limit == "total" else None)
        what = "the deadline passed" if limit == "deadline" else "no whole answer in time"
        assert re.search(rf"{what}: \d\.\d s \({limit}\)", str(caught.value))
        assert attempts(reported) == [1]
        if not caught.value.outcome_unknown:
            return
    raise AssertionError("a POST without a connection is said to have been sent")


# ------------------------------------------------------------------------------------------------ time limits of a call


@pytest.mark.parametrize(
    "limits",
    [
        Timeouts(),
        Timeouts(connect=None),
        Timeouts(read=None),
        Timeouts(total=None),
        Timeouts(connect=None, read=None, total=None),
        Timeouts(read=None, total=5.0),
        Timeouts(read=5.0, total=None),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_each_limit_can_be_left_out(vbr: Vbr, make: Make, limits: Timeouts, stream: bool) -> None:
    """A call with any limit left out is made, and repeated, like others."""

    @vbr.on("GET", THING)
    async def second_time(exchange: Exchange) -> None:
        await exchange.reply(503 if len(vbr.to(THING)) == 1 else 200, {})

    client = make(timeouts=limits)
    if stream:
        response = await open_stream(client)
        assert await response.read() == b"{}"
    else:
        assert (await client.request("GET", THING)).json() == {}
    assert len(vbr.to(THING)) == 2


async def test_the_nearer_of_two_limits_counts(vbr: Vbr, make: Make) -> None:
    """A deadline that is farther than the limit of the call changes nothing."""

    @vbr.on("GET", THING)
    async def silent(exchange: Exchange) -> None:
        await exchange.hang()

    client = make(timeouts=Timeouts(total=0.2))
    await client.login()
    with deadline(30), pytest.raises(RequestTimeout) as caught:
        await asyncio.wait_for(client.request("GET", THING), 5)
    assert (caught.value.limit, caught.value.seconds) == ("total", 0.2)
    assert not caught.value.outcome_unknown


async def test_a_passed_deadline_leaves_no_doubt(vbr: Vbr, client: Client) -> None:
    """A POST that is not even sent, because its deadline has passed, was surely not carried out."""
    await client.login()
    with deadline(0.001):
        await asyncio.sleep(0.01)
        with pytest.raises(RequestTimeout, match=r"the deadline passed: \d\.\d s") as caught:
            await client.request("POST", THING, json={})
    assert caught.value.limit == "deadline"
    assert not caught.value.outcome_unknown
    assert not vbr.to(THING)


async def test_a_login_that_outlasts_the_call(vbr: Vbr, make: Make) -> None:
    """Waiting for a token is part of the call: its limit holds, and the POST behind it was surely not sent."""

    async def silent(exchange: Exchange) -> None:
        await exchange.hang()

    vbr.before_token = silent
    client = make(timeouts=Timeouts(read=5, total=0.3))
    # One login for both calls: the second waits for what the first one began.
    first = asyncio.create_task(client.login())
    await asyncio.sleep(0.1)
    with deadline(0.1), pytest.raises(RequestTimeout) as caught:
        await asyncio.wait_for(client.request("POST", THING, json={}), 2)
    assert caught.value.limit == "deadline"
    assert caught.value.operation == f"POST {THING}"
    assert not caught.value.outcome_unknown
    with pytest.raises(RequestTimeout):
        await first


async def test_a_login_that_is_too_slow_by_itself(vbr: Vbr, make: Make) -> None:
    """Where the login meets a limit of its own, the call raises that, and does not take it for its own limit."""

    async def silent(exchange: Exchange) -> None:
        await exchange.hang()

    vbr.before_token = silent
    client = make(timeouts=Timeouts(read=0.1, total=5))
    with pytest.raises(RequestTimeout) as caught:
        await client.request("POST", THING, json={})
    assert (caught.value.limit, caught.value.seconds) == ("read", 0.1)
    assert caught.value.operation != f"POST {THING}"


async def test_a_change_that_is_never_answered(vbr: Vbr, make: Make) -> None:
    """It is unknown what became of a POST when nothing comes for as long as the read limit."""

    @vbr.on("POST", "/api/v1/jobs")
    async def silent(exchange: Exchange) -> None:
        await exchange.hang()

    client = make(timeouts=Timeouts(read=0.1))
    with pytest.raises(RequestTimeout, match=r"nothing came for 0\.1 s") as caught:
        await client.request("POST", "/api/v1/jobs", json={})
    assert (caught.value.limit, caught.value.seconds) == ("read", 0.1)
    assert caught.value.outcome_unknown
    assert len(vbr.to("/api/v1/jobs")) == 1


@pytest.mark.parametrize("step", ["http", "body"])
async def test_an_answer_that_is_too_slow(vbr: Vbr, make: Make, step: str) -> None:
    """It does not get faster by being asked for again; the error says whether its head had come."""

    @vbr.on("GET", THING)
    async def slow(exchange: Exchange) -> None:
        if step == "body":
            await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{")
        await exchange.hang()

    client = make(timeouts=Timeouts(read=0.5))
    await client.login()
    with pytest.raises(RequestTimeout, match=r"nothing came for 0\.5 s") as caught:
        await client.request("GET", THING)
    assert (caught.value.limit, caught.value.step) == ("read", step)
    assert len(vbr.to(THING)) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("step", ["http", "body"])
async def test_where_an_answer_was_when_time_was_up(vbr: Vbr, client: Client, method: str, step: str) -> None:
    """The error says whether the head of the answer had come; what became of a change is unknown in both cases."""

    @vbr.on(method, "/thing")
    async def slow(exchange: Exchange) -> None:
        if step == "body":
            await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{")
        await exchange.hang()

    await client.login()
    with deadline(0.6), pytest.raises(RequestTimeout) as caught:
        await client.request(method, "/thing")
    assert (caught.value.limit, caught.value.step) == ("deadline", step)
    assert caught.value.outcome_unknown is (method == "POST")
    assert len(vbr.to("/thing")) == 1


async def test_a_repeat_has_only_the_time_that_is_left(vbr: Vbr, make: Make) -> None:
    """What the first attempt used of the limit is not there for the second."""

    @vbr.on("GET", THING)
    async def slow(exchange: Exchange) -> None:
        if len(vbr.to(THING)) > 1:
            await exchange.hang()
        await asyncio.sleep(0.4)
        await exchange.reply(503)

    client = make(timeouts=Timeouts(total=0.6))
    await client.login()
    started = time.monotonic()
    with pytest.raises(RequestTimeout) as caught:
        await client.request("GET", THING)
    assert time.monotonic() - started < 0.9
    assert caught.value.limit == "total"
    assert len(vbr.to(THING)) == 2


async def test_a_repeat_that_begins_too_late(vbr: Vbr, client: Client) -> None:
    """Where the loop was held up beyond the deadline, the attempt that was due ends at once, and does not hang."""

    @vbr.on("GET", THING)
    async def again(exchange: Exchange) -> None:
        if len(vbr.to(THING)) > 1:
            await exchange.hang()
        await exchange.reply(503, headers={"Retry-After": "0.1"})
        asyncio.get_running_loop().call_later(0.02, time.sleep, 0.6)

    await client.login()
    with deadline(0.3), pytest.raises(RequestTimeout) as caught:
        await asyncio.wait_for(client.request("GET", THING), 3)
    assert caught.value.limit == "deadline"


async def test_a_short_deadline_is_kept(vbr: Vbr, client: Client) -> None:
    """A deadline far below a second is not rounded up."""

    @vbr.on("GET", THING)
    async def silent(exchange: Exchange) -> None:
        await exchange.hang()

    await client.login()
    started = time.monotonic()
    with deadline(0.05), pytest.raises(RequestTimeout):
        await client.request("GET", THING)
    assert time.monotonic() - started < 0.6


# ------------------------------------------------------------------------------------------------------------ downloads


async def test_a_download_whose_head_does_not_come(vbr: Vbr, make: Make) -> None:
    """The limit of the whole call ends a download that does not even begin; a POST may have been carried out."""

    async def silent(exchange: Exchange) -> None:
        await exchange.hang()

    flr = f"/api/v1/backupBrowser/flr/{SESSION_ID}/prepareDownload/7/download"
    for method, path in ("GET", f"/api/v1/deployment/{SESSION_ID}/downloadKit"), ("POST", flr):
        vbr.on(method, path)(silent)
    client = make(timeouts=Timeouts(total=0.3))
    await client.login()

    async def download(request: Download[bytes]) -> None:
        async with request.stream():
            pass

    for request, unknown in (
        (client.deployment.download_deployment_kit(SESSION_ID), False),
        (client.backup_browsers.download_flr_item(SESSION_ID, "7"), True),
    ):
        with pytest.raises(RequestTimeout) as caught:
            await asyncio.wait_for(download(request), 5)
        assert caught.value.limit == "total"
        assert caught.value.outcome_unknown is unknown
    assert len(vbr.to(flr)) == 1


@pytest.mark.parametrize("repeated", [False, True])
async def test_the_body_of_a_download_may_take_longer(vbr: Vbr, make: Make, repeated: bool) -> None:
    """The limit of the whole call ends with the head of a download, also of one that was asked for twice."""

    @vbr.on("GET", THING)
    async def slow(exchange: Exchange) -> None:
        if repeated and len(vbr.to(THING)) == 1:
            await exchange.reply(503)
            return
        await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
        await asyncio.sleep(0.4)
        await exchange.raw(b"cd")

    client = make(timeouts=Timeouts(total=0.3))
    reply = await open_stream(client)
    assert await reply.read() + await reply.read() == b"abcd"
    assert await reply.read() == b""
    reply.close()


@pytest.mark.parametrize("status", [200, 500])
async def test_a_deadline_bounds_the_body_of_a_download(vbr: Vbr, client: Client, status: int) -> None:
    """Under a deadline a body that does not come is not waited for any longer, be it of a file or of an error."""

    @vbr.on("GET", THING)
    async def stuck(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 %d Something\r\nContent-Length: 400\r\n\r\nab" % status)
        await exchange.hang()

    async def download() -> None:
        reply = await open_stream(client)
        try:
            while await reply.read():
                pass
        finally:
            reply.close()

    await client.login()
    with deadline(0.2), pytest.raises(RequestTimeout) as caught:
        await asyncio.wait_for(download(), 3)
    assert caught.value.limit == ("deadline" if status == 500 else "read")


async def test_the_error_of_a_download_shows_no_token(vbr: Vbr, client: Client) -> None:
    """A server that repeats the token in the error to a download is not quoted."""

    @vbr.on("GET", THING)
    async def announce(exchange: Exchange) -> None:
        await exchange.reply(400, {"errorCode": "Bad", "message": f"what is {exchange.token}?"})

    with pytest.raises(ApiError, match=r"what is \*+") as caught:
        await open_stream(client)
    assert "access-1" not in f"{caught.value!r} {caught.value} {caught.value.body}"


# --------------------------------------------------------------------------------------------------------- the statuses


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", [200, 299, 300, 304, 305, 306, 309])
async def test_what_is_a_success(vbr: Vbr, client: Client, status: int, stream: bool) -> None:
    """Up to 299 it is one. What is no redirect is followed nowhere, whatever Location it has."""

    @vbr.on("GET", THING)
    async def answered(exchange: Exchange) -> None:
        await exchange.reply(status, headers={"Location": SESSION_PATH})

    if status < 300:
        answer: Any = await (open_stream(client) if stream else client.request("GET", THING))
        assert answer.status == status
        if stream:
            answer.close()
    else:
        with pytest.raises(ApiError) as caught:
            await (open_stream(client) if stream else client.request("GET", THING))
        assert caught.value.status == status
    assert len(vbr.calls) == 1


# -------------------------------------------------------------------------------------------------------------- repeats


@pytest.mark.parametrize(("number", "note"), [(1, []), (2, ["sent 2 times"]), (3, ["sent 3 times"])])
async def test_an_error_says_how_often_it_was_sent(vbr: Vbr, make: Make, number: int, note: list[str]) -> None:
    """An error after repeats says how many and how long they took; one without repeats says nothing of it."""

    @vbr.on("GET", THING)
    async def busy(exchange: Exchange) -> None:
        await exchange.reply(503)

    reported: list[Any] = []
    client = make(retry=RetryPolicy(attempts=number, backoff=0), events=reported.append)
    with pytest.raises(ServerError) as caught:
        await client.request("GET", THING)
    notes = getattr(caught.value, "__notes__", [])
    assert [text.partition(" in ")[0] for text in notes] == note
    assert all(re.fullmatch(r".* in [01]\.\d s", text) for text in notes)
    assert attempts(reported) == list(range(1, number + 1))
    retried = [event for event in reported if isinstance(event, RequestRetried)]
    assert [(event.attempt, event.status) for event in retried] == [(n, 503) for n in range(1, number)]


@pytest.mark.parametrize(("wish", "number"), [(0.05, 2), (0.051, 1)])
async def test_the_longest_pause_that_a_server_may_ask_for(vbr: Vbr, make: Make, wish: float, number: int) -> None:
    """A Retry-After of just the cap is waited for, a longer one is not."""

    @vbr.on("GET", THING)
    async def busy(exchange: Exchange) -> None:
        await exchange.reply(429, headers={"Retry-After": str(wish)})

    client = make(retry=RetryPolicy(attempts=2, backoff=0, retry_after_cap=0.05))
    with pytest.raises(ApiError):
        await client.request("GET", THING)
    assert len(vbr.to(THING)) == number


@pytest.mark.parametrize(
    ("status", "known"), [(408, False), (429, True), (500, False), (502, False), (503, True), (504, False)]
)
async def test_what_is_known_of_a_change_that_is_to_wait(vbr: Vbr, client: Client, status: int, known: bool) -> None:
    """With a Retry-After, 429 and 503 say that nothing was done; other errors leave that open, and are not repeated."""

    @vbr.on("POST", THING)
    async def busy(exchange: Exchange) -> None:
        await exchange.reply(status, headers={"Retry-After": "0" if not known else "86400"})

    with pytest.raises(ApiError) as caught:
        await client.request("POST", THING, json={})
    assert caught.value.outcome_unknown is not known
    assert len(vbr.to(THING)) == 1


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
async def test_a_call_that_reads_has_no_outcome(vbr: Vbr, make: Make, status: int) -> None:
    """Nothing is unknown about a GET that failed."""

    @vbr.on("GET", THING)
    async def fail(exchange: Exchange) -> None:
        await exchange.reply(status)

    client = make(retry=RetryPolicy(attempts=1))
    with pytest.raises(ApiError) as caught:
        await client.request("GET", THING)
    assert not caught.value.outcome_unknown


async def test_successes_give_back_what_repeats_took(vbr: Vbr, make: Make) -> None:
    """When the budget is used up, ten successes buy one more repeat."""
    fails = True

    @vbr.on("GET", THING)
    async def thing(exchange: Exchange) -> None:
        await exchange.reply(503 if fails else 200)

    client = make(retry=RetryPolicy(attempts=2, backoff=0, budget=1))
    await client.login()
    for number in (2, 3):  # with a repeat, without one
        with pytest.raises(ServerError):
            await client.request("GET", THING)
        assert len(vbr.to(THING)) == number
    fails = False
    for _ in range(11):
        await client.request("GET", THING)
    fails = True
    with pytest.raises(ServerError):
        await client.request("GET", THING)
    assert len(vbr.to(THING)) == 3 + 11 + 2


# --------------------------------------------------------------------------------------------------------------- events


async def test_events_name_the_path_alone(vbr: Vbr, make: Make) -> None:
    """Events say which path was asked for and leave out its query, which may hold names."""
    events: list[Any] = []
    client = make(events=events.append)
    await client.request("GET", SESSION_PATH, query={"name": "x"})
    reported = [event for event in events if isinstance(event, (RequestStarted, RequestAnswered))]
    assert [event.path for event in reported[-2:]] == [SESSION_PATH, SESSION_PATH]


@pytest.mark.parametrize("stream", [False, True])
async def test_events_say_size_and_time(vbr: Vbr, make: Make, stream: bool) -> None:
    """An answer is reported with the bytes of its body and its time; a stream, whose body is still to come, with -1."""

    @vbr.on("GET", THING)
    async def slow(exchange: Exchange) -> None:
        await asyncio.sleep(0.05)
        await exchange.reply(200, b"12345")

    reported: list[Any] = []
    client = make(events=reported.append)
    await client.login()
    if stream:
        (await open_stream(client)).close()
    else:
        await client.request("GET", THING)
    (event,) = [event for event in reported if isinstance(event, RequestAnswered) and event.path == THING]
    assert (event.method, event.attempt, event.status, event.size) == ("GET", 1, 200, -1 if stream else 5)
    assert 0.04 < event.elapsed < 2


async def test_a_call_does_without_events(vbr: Vbr, make: Make) -> None:
    """Where nobody listens, calls, streams and repeats are as ever."""

    @vbr.on("GET", THING)
    async def second_time(exchange: Exchange) -> None:
        await exchange.reply(503 if len(vbr.to(THING)) % 2 else 200)

    client = make(events=None)
    await client.request("GET", THING)
    (await open_stream(client)).close()
    assert len(vbr.to(THING)) == 4


# --------------------------------------------------------------------------------------------------------- what is sent


async def test_a_path_is_sent_as_it_is_quoted(vbr: Vbr, client: Client) -> None:
    """What is quoted in a path or query stays so, and nothing is quoted twice."""
    vbr.default = None
    with pytest.raises(ApiError):
        await client.request("GET", "/a%2Fb%20c/d?x=%2B&y=%26")
    assert vbr.calls[-1].target == "/a%2Fb%20c/d?x=%2B&y=%26"


async def test_headers_of_one_call_are_not_those_of_the_next(vbr: Vbr, client: Client) -> None:
    """What a caller adds to one request goes with that one, beside the token; another Accept likewise."""
    await client.request("GET", SESSION_PATH, headers={"X-One": "1"})
    await client.request("GET", SESSION_PATH, headers={"Accept": "text/plain"})
    await client.request("GET", SESSION_PATH)
    seen = [(one.headers.get("x-one"), one.headers["accept"], one.token) for one in vbr.calls]
    assert seen == [
        ("1", "application/json", "access-1-password"),
        (None, "text/plain", "access-1-password"),
        (None, "application/json", "access-1-password"),
    ]
