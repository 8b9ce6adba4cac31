"""The life of a token, counted at the server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic

import pytest

from veeam_async import AuthorizationCode, BearerToken, Password, RefreshToken
from veeam_async._http.token import Token
from veeam_async.credentials import Credentials
from veeam_async.errors import (
    AuthenticationError,
    ConnectError,
    ForbiddenError,
    RequestTimeout,
    ServerError,
    UnauthorizedError,
    VeeamError,
)
from veeam_async.retry import RetryPolicy
from veeam_async.timeouts import Timeouts, deadline
from veeam_async.vbr.v1_3_rev0 import Client

from .conftest import QUICK, Clock
from .wire import SESSION_ID, SESSION_PATH, TOKEN_PATH, Exchange, Vbr

Make = Callable[..., Client]


async def test_first_calls_share_one_login(vbr: Vbr, client: Client) -> None:
    """Fifty calls before any login make one login."""
    await asyncio.gather(*(client.sessions.get_session(SESSION_ID) for _ in range(50)))
    assert (vbr.logins, vbr.refreshes, len(vbr.calls)) == (1, 0, 50)


async def test_two_hundred_calls_at_expiry_make_one_refresh(vbr: Vbr, client: Client, clock: Clock) -> None:
    """Two hundred calls that find the token expired make one refresh, one request each, and no failure."""
    await client.sessions.get_session(SESSION_ID)
    clock.ahead += 901
    vbr.good.clear()
    await asyncio.gather(*(client.sessions.get_session(SESSION_ID) for _ in range(200)))
    assert (vbr.logins, vbr.refreshes, len(vbr.calls)) == (1, 1, 201)


async def test_two_hundred_calls_refused_at_once_make_one_refresh(vbr: Vbr, client: Client) -> None:
    """Two hundred calls in flight that are all answered 401 make one refresh, one repeat each, and no failure."""
    await client.login()
    vbr.good.clear()
    await asyncio.gather(*(client.sessions.get_session(SESSION_ID) for _ in range(200)))
    assert (vbr.logins, vbr.refreshes) == (1, 1)
    assert len(vbr.calls) <= 400


async def test_renewal_runs_in_the_background_while_the_old_token_serves(
    vbr: Vbr, client: Client, clock: Clock
) -> None:
    """In the first window calls go on with the old token while one refresh is in progress."""
    await client.sessions.get_session(SESSION_ID)
    held = asyncio.Event()

    async def hold(exchange: Exchange) -> None:
        await held.wait()

    vbr.before_token = hold
    clock.ahead += 900 * 0.85
    for _ in range(20):
        await client.sessions.get_session(SESSION_ID)
    await asyncio.sleep(0.02)
    assert vbr.refreshes == 1
    assert {one.token for one in vbr.calls} == {"access-1-password"}
    held.set()
    for _ in range(200):
        await asyncio.sleep(0.005)
        if client.token is not None and client.token.source == "refresh":
            break
    await client.sessions.get_session(SESSION_ID)
    assert vbr.calls[-1].token == "access-2-refresh_token"
    assert (vbr.logins, vbr.refreshes) == (1, 1)


async def test_renewal_does_not_disturb_a_call_in_flight(vbr: Vbr, client: Client, clock: Clock) -> None:
    """A slow call that was sent with the old token gets its answer though the token is renewed meanwhile."""
    arrived, go = asyncio.Event(), asyncio.Event()

    @vbr.on("GET", "/slow")
    async def slow(exchange: Exchange) -> None:
        arrived.set()
        await go.wait()
        await exchange.reply(200, {"fine": True})

    call = asyncio.create_task(client.request("GET", "/slow"))
    await arrived.wait()
    clock.ahead += 901
    await client.sessions.get_session(SESSION_ID)
    assert vbr.refreshes == 1
    go.set()
    assert (await call).json() == {"fine": True}
    assert len(vbr.to("/slow")) == 1


async def test_failed_background_renewal_keeps_the_old_token(vbr: Vbr, client: Client, clock: Clock) -> None:
    """While the old token serves, a renewal that fails is no error and is not tried with each call."""
    await client.sessions.get_session(SESSION_ID)

    async def fail(exchange: Exchange) -> None:
        await exchange.reply(500, {"errorCode": "UnknownError", "message": "not now"})

    vbr.before_token = fail
    clock.ahead += 900 * 0.85
    for _ in range(30):
        await client.sessions.get_session(SESSION_ID)
        await asyncio.sleep(0)
    assert vbr.refreshes == 1
    assert len(vbr.calls) == 31


async def test_refused_refresh_leads_to_one_login(vbr: Vbr, client: Client, clock: Clock) -> None:
    """When the refresh token died with a restart of the service, all callers share one login."""
    await client.sessions.get_session(SESSION_ID)
    vbr.good.clear()
    vbr.refresh_tokens.clear()
    clock.ahead += 901
    await asyncio.gather(*(client.sessions.get_session(SESSION_ID) for _ in range(50)))
    assert (vbr.logins, vbr.refreshes) == (2, 1)


async def test_refused_login_is_one_error_for_all_that_wait(vbr: Vbr, make: Make) -> None:
    """A hundred calls with a wrong password make one login request and a hundred errors."""
    client = make("wrong-password")
    results = await asyncio.gather(
        *(client.sessions.get_session(SESSION_ID) for _ in range(100)), return_exceptions=True
    )
    assert all(isinstance(result, AuthenticationError) for result in results)
    assert len({id(result) for result in results}) == 100
    assert (vbr.logins, len(vbr.calls)) == (1, 0)


async def test_wrong_password_locks_nothing(vbr: Vbr, make: Make, clock: Clock) -> None:
    """A poller that goes on after a refused login sends no second one until the cool-down is over, then one."""
    client = make("wrong-password")
    for _ in range(60):
        with pytest.raises(AuthenticationError):
            await client.sessions.get_session(SESSION_ID)
        clock.ahead += 1
    assert vbr.logins == 1
    with pytest.raises(AuthenticationError, match="not tried again") as caught:
        await client.sessions.get_session(SESSION_ID)
    assert caught.value.retry_after is not None and 200 < caught.value.retry_after < 300
    clock.ahead += 300
    with pytest.raises(AuthenticationError):
        await client.sessions.get_session(SESSION_ID)
    assert vbr.logins == 2
    clock.ahead += 301  # the second cool-down is twice as long
    with pytest.raises(AuthenticationError):
        await client.sessions.get_session(SESSION_ID)
    assert vbr.logins == 2


async def test_new_credentials_are_tried_at_once(vbr: Vbr, make: Make) -> None:
    """Setting other credentials ends the cool-down."""
    client = make("wrong-password")
    with pytest.raises(AuthenticationError):
        await client.login()
    client.login_credentials = Password("monitor", vbr.password)
    assert (await client.sessions.get_session(SESSION_ID)).id == SESSION_ID
    assert vbr.logins == 2


async def test_forced_login_is_tried_at_once(vbr: Vbr, make: Make) -> None:
    """login() respects the cool-down, login(force=True) does not."""
    client = make("wrong-password")
    for _ in range(3):
        with pytest.raises(AuthenticationError):
            await client.login()
    assert vbr.logins == 1
    with pytest.raises(AuthenticationError):
        await client.login(force=True)
    assert vbr.logins == 2


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
async def test_a_401_is_answered_by_one_renewal_and_one_repeat(vbr: Vbr, client: Client, method: str) -> None:
    """Whatever the method: the token is renewed once and the call sent once more."""
    await client.login()
    vbr.good.clear()

    @vbr.on(method, "/thing")
    async def thing(exchange: Exchange) -> None:
        if not await vbr.refuse_token(exchange):
            await exchange.reply(200, {"body": exchange.body.decode()})

    reply = await client.request(method, "/thing", json={"a": 1} if method != "GET" else None)
    assert reply.status == 200
    assert len(vbr.to("/thing")) == 2
    assert vbr.requests[-1].body == vbr.to("/thing")[0].body
    assert (vbr.logins, vbr.refreshes) == (1, 1)


async def test_renewal_cannot_recurse(vbr: Vbr, client: Client) -> None:
    """A server that refuses every token gets two requests for a call, and few for tokens."""

    @vbr.on("GET", "/never")
    async def never(exchange: Exchange) -> None:
        await exchange.reply(401, {"errorCode": "ExpiredToken", "message": "no"})

    for count in range(1, 6):
        with pytest.raises(UnauthorizedError) as caught:
            await client.request("GET", "/never")
        assert caught.value.error_code == "ExpiredToken"
        assert len(vbr.to("/never")) == 2 * count
        assert len(vbr.to(TOKEN_PATH)) <= 1 + count


async def test_refresh_that_fails_over_and_over_ends(vbr: Vbr, client: Client, clock: Clock) -> None:
    """When both refresh and login fail, the call ends with an error after one of each."""
    await client.login()
    vbr.good.clear()
    vbr.refresh_tokens.clear()
    vbr.password = "changed-meanwhile"
    clock.ahead += 901
    with pytest.raises(AuthenticationError):
        await client.sessions.get_session(SESSION_ID)
    with pytest.raises(AuthenticationError):
        await client.sessions.get_session(SESSION_ID)
    assert (vbr.logins, vbr.refreshes, len(vbr.calls)) == (2, 1, 0)


async def test_late_401_for_the_old_token_keeps_the_new_one(vbr: Vbr, client: Client, clock: Clock) -> None:
    """A call that is refused with the old token after the renewal is repeated with the new one, without another."""
    await client.login()
    arrived, go = asyncio.Event(), asyncio.Event()

    @vbr.on("GET", "/late")
    async def late(exchange: Exchange) -> None:
        if exchange.token == "access-1-password":
            arrived.set()
            await go.wait()
            await exchange.reply(401)
        else:
            await exchange.reply(200, {"token": exchange.token})

    call = asyncio.create_task(client.request("GET", "/late"))
    await arrived.wait()
    clock.ahead += 901
    await client.sessions.get_session(SESSION_ID)
    go.set()
    assert (await call).json() == {"token": "access-2-refresh_token"}
    assert (vbr.logins, vbr.refreshes) == (1, 1)


async def test_token_refused_everywhere_after_renewal_leads_to_one_login(
    vbr: Vbr, client: Client, clock: Clock
) -> None:
    """A refresh succeeds and its token is answered 403: one fresh login mends it, for all calls together."""
    await client.sessions.get_session(SESSION_ID)

    @vbr.on("GET", "/thing")
    async def thing(exchange: Exchange) -> None:
        if exchange.token.endswith("refresh_token"):
            await exchange.reply(403, {"errorCode": "AccessDenied", "message": "no"})
        else:
            await exchange.reply(200, {})

    clock.ahead += 901
    replies = await asyncio.gather(*(client.request("GET", "/thing") for _ in range(20)))
    assert all(reply.status == 200 for reply in replies)
    assert (vbr.logins, vbr.refreshes) == (2, 1)


async def test_token_refused_everywhere_after_login_too_is_an_error(vbr: Vbr, client: Client, clock: Clock) -> None:
    """Where the fresh login does not mend the 403 either, that is the error, after one login."""
    await client.sessions.get_session(SESSION_ID)

    @vbr.on("GET", "/thing")
    async def thing(exchange: Exchange) -> None:
        await exchange.reply(403, {"errorCode": "AccessDenied", "message": "no"})

    clock.ahead += 901
    for _ in range(5):
        with pytest.raises(ForbiddenError):
            await client.request("GET", "/thing")
    assert (vbr.logins, vbr.refreshes, len(vbr.to("/thing"))) == (2, 1, 6)


async def test_a_call_leads_to_one_login_whatever_came_meanwhile(vbr: Vbr, client: Client, clock: Clock) -> None:
    """A call that two refreshed tokens were refused for by a 403 does not log in over and over."""
    await client.login()
    clock.ahead += 901
    arrived, go = asyncio.Event(), asyncio.Event()

    @vbr.on("GET", "/late")
    async def late(exchange: Exchange) -> None:
        if len(vbr.to("/late")) == 1:
            arrived.set()
            await go.wait()
        await exchange.reply(403, {"errorCode": "AccessDenied", "message": "no"})

    call = asyncio.create_task(client.request("GET", "/late"))
    await arrived.wait()
    clock.ahead += 901

    came = asyncio.Event()

    @vbr.on("GET", "/other")
    async def other(exchange: Exchange) -> None:
        came.set()
        await exchange.hang()

    beside = asyncio.create_task(client.request("GET", "/other"))
    await came.wait()
    go.set()
    with pytest.raises(ForbiddenError):
        await call
    assert [one.token for one in vbr.to("/late")] == ["access-2-refresh_token", "access-3-refresh_token"]
    assert vbr.logins == 1
    beside.cancel()
    await asyncio.wait([beside])


async def test_403_by_role_makes_no_login(vbr: Vbr, client: Client, clock: Clock) -> None:
    """A token that served elsewhere and gets 403 for one call is kept: the role does not allow that call."""
    await client.login()
    clock.ahead += 901
    await client.sessions.get_session(SESSION_ID)

    @vbr.on("GET", "/license")
    async def no(exchange: Exchange) -> None:
        await exchange.reply(403, {"errorCode": "AccessDenied", "message": "no"})

    with pytest.raises(ForbiddenError):
        await client.request("GET", "/license")
    assert (vbr.logins, vbr.refreshes, len(vbr.to("/license"))) == (1, 1, 1)


@pytest.mark.parametrize("hours", [-2, 2, 24 * 365])
async def test_the_server_clock_does_not_matter(vbr: Vbr, client: Client, clock: Clock, hours: int) -> None:
    """`.issued` and `.expires` may lie hours off: only `expires_in` counts."""
    year = 2026 + hours // 8760
    vbr.extra = {".issued": f"{year}-01-01T0{abs(hours) % 9}:00:00Z", ".expires": f"{year}-01-01T00:00:00Z"}
    for _ in range(5):
        await client.sessions.get_session(SESSION_ID)
        clock.ahead += 100
    assert (vbr.logins, vbr.refreshes) == (1, 0)


@pytest.mark.parametrize("lifetime", [0, -5, None, "soon", "Infinity", True, [], 1e300, "3600", 3.6e3])
async def test_nonsense_lifetimes_are_survived(vbr: Vbr, client: Client, lifetime: object) -> None:
    """Whatever `expires_in` holds, a login gives a token that serves."""
    vbr.lifetime = lifetime
    for _ in range(3):
        await client.sessions.get_session(SESSION_ID)
    assert vbr.logins == 1


async def test_cancelling_one_waiter_leaves_the_renewal_to_the_others(vbr: Vbr, client: Client) -> None:
    """A waiter that is cancelled while a login is in progress does not end it for the rest."""
    started, go = asyncio.Event(), asyncio.Event()

    async def hold(exchange: Exchange) -> None:
        started.set()
        await go.wait()

    vbr.before_token = hold
    calls = [asyncio.create_task(client.sessions.get_session(SESSION_ID)) for _ in range(5)]
    await started.wait()
    calls[0].cancel()
    await asyncio.sleep(0)
    go.set()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert all(getattr(result, "id", None) == SESSION_ID for result in results[1:])
    assert vbr.logins == 1


async def test_deadline_of_one_call_does_not_bound_the_renewal(vbr: Vbr, client: Client) -> None:
    """A call whose deadline passes during the login raises; the login goes on and serves the next call."""
    started, go = asyncio.Event(), asyncio.Event()

    async def hold(exchange: Exchange) -> None:
        started.set()
        await go.wait()

    vbr.before_token = hold
    with pytest.raises(RequestTimeout) as caught:
        with deadline(0.05):
            await client.sessions.get_session(SESSION_ID)
    assert caught.value.limit == "deadline"
    assert not caught.value.outcome_unknown
    go.set()
    await client.sessions.get_session(SESSION_ID)
    assert vbr.logins == 1


async def test_login_is_not_repeated_when_its_outcome_is_unknown(vbr: Vbr, client: Client) -> None:
    """A connection that is cut after the login was sent makes no second login by itself."""

    async def cut(exchange: Exchange) -> None:
        exchange.cut()

    vbr.before_token = cut
    with pytest.raises(ConnectError):
        await client.sessions.get_session(SESSION_ID)
    assert vbr.logins == 1


async def test_login_waits_as_long_as_the_server_asks(vbr: Vbr, client: Client) -> None:
    """A token endpoint that answers 429 with Retry-After is asked again after that time."""

    async def busy(exchange: Exchange) -> None:
        if vbr.logins < 3:
            await exchange.reply(429, headers={"Retry-After": "0"})

    vbr.before_token = busy
    await asyncio.gather(*(client.sessions.get_session(SESSION_ID) for _ in range(20)))
    assert vbr.logins == 3


async def test_server_error_at_login_is_no_refusal(vbr: Vbr, client: Client) -> None:
    """A 500 from the token endpoint is an error of the moment: the next call tries again."""

    async def fail(exchange: Exchange) -> None:
        if vbr.logins == 1:
            await exchange.reply(500, {"errorCode": "UnknownError", "message": "starting"})

    vbr.before_token = fail
    with pytest.raises(ServerError):
        await client.sessions.get_session(SESSION_ID)
    await client.sessions.get_session(SESSION_ID)
    assert vbr.logins == 2


@pytest.mark.parametrize("answer", ["500", "garbage", "page", "no token", "revision"])
async def test_a_broken_token_endpoint_is_asked_ever_more_seldom(vbr: Vbr, make: Make, answer: str) -> None:
    """However a login fails, and however many calls want a token, the pauses between two logins grow."""

    async def fail(exchange: Exchange) -> None:
        await {
            "500": lambda: exchange.reply(500, {"errorCode": "UnknownError", "message": "starting"}),
            "garbage": lambda: exchange.reply(200, b"\xff{"),
            "page": lambda: exchange.reply(200, b"<html>", kind="text/html"),
            "no token": lambda: exchange.reply(200, {"token": "other"}),
            "revision": lambda: exchange.reply(400, {"message": "supported: 1.0-rev7"}),
        }[answer]()

    vbr.before_token = fail
    client = make(retry=RetryPolicy(attempts=1))
    errors = []
    started = monotonic()
    while monotonic() - started < 2.5:
        results = await asyncio.gather(
            *(client.sessions.get_session(SESSION_ID) for _ in range(10)), return_exceptions=True
        )
        errors += results
        await asyncio.sleep(0.01)
    assert 2 <= vbr.logins <= 4
    assert all(isinstance(error, VeeamError) for error in errors)
    assert any("not tried again for" in str(error) for error in errors)
    vbr.before_token = None
    await client.login(force=True)
    assert (await client.sessions.get_session(SESSION_ID)).id == SESSION_ID


async def test_refresh_token_is_used_once(vbr: Vbr, client: Client, clock: Clock) -> None:
    """A refresh whose answer is lost is not repeated with the same token: the next renewal is a login."""
    await client.login()
    clock.ahead += 901

    async def cut(exchange: Exchange) -> None:
        if exchange.form["grant_type"] == "refresh_token":
            exchange.cut()

    vbr.before_token = cut
    with pytest.raises(ConnectError):
        await client.sessions.get_session(SESSION_ID)
    await client.sessions.get_session(SESSION_ID)
    assert (vbr.logins, vbr.refreshes) == (2, 1)


async def test_refresh_that_found_no_connection_keeps_the_refresh_token(clock: Clock) -> None:
    """Where no connection was made, the refresh token was surely not used and serves the next time."""
    async with Vbr() as vbr:
        client = Client(vbr.url, Password("monitor", vbr.password), retry=RetryPolicy(attempts=1), logout=False)
        await client.sessions.get_session(SESSION_ID)
        port, tokens = vbr.port, vbr.refresh_tokens
    clock.ahead += 901
    with pytest.raises(ConnectError):
        await client.sessions.get_session(SESSION_ID)
    async with Vbr() as other:
        other.refresh_tokens = tokens
        assert port
        client._transport.sender.base = other.url
        await client.sessions.get_session(SESSION_ID)
        assert (other.logins, other.refreshes) == (0, 1)
        await client.aclose()


@pytest.mark.parametrize("body", [b"", b'"The token is expired"', b"<html>no</html>", b"{", b"null", b"[]", b"42"])
async def test_any_body_of_a_401_is_survived(vbr: Vbr, client: Client, body: bytes) -> None:
    """A 401 without a body, with a bare JSON string or with garbage renews the token like any other."""
    await client.login()
    vbr.good.clear()
    vbr.unauthorized = body
    assert (await client.sessions.get_session(SESSION_ID)).id == SESSION_ID
    assert vbr.refreshes == 1


async def test_bearer_token_is_not_renewed(vbr: Vbr) -> None:
    """A token from elsewhere is used as it is; when it is refused, that is an error without a login."""
    vbr.good.add("from-elsewhere")
    async with Client(vbr.url, BearerToken("from-elsewhere"), retry=QUICK) as client:
        await client.sessions.get_session(SESSION_ID)
        vbr.good.clear()
        for _ in range(3):
            with pytest.raises(AuthenticationError, match="BearerToken"):
                await client.sessions.get_session(SESSION_ID)
    assert not [one for one in vbr.requests if one.path in (TOKEN_PATH, "/api/oauth2/logout")]


@pytest.mark.parametrize(
    ("credentials", "said"),
    [
        (BearerToken("given"), "the BearerToken was refused"),
        (AuthorizationCode("code"), "AuthorizationCode serves for one login and was used"),
        (Password("monitor", "right-horse-battery"), None),
    ],
)
async def test_a_token_of_a_login_somewhere_else(vbr: Vbr, credentials: Credentials, said: str | None) -> None:
    """What served for that login does not serve for another one; a password does. The token is not sent twice."""
    async with Client(vbr.url, credentials, retry=QUICK) as client:
        client.adopt_token(Token("given", None, 900.0, "login"))
        if said is None:
            assert (await client.sessions.get_session(SESSION_ID)).id == SESSION_ID
        else:
            with pytest.raises(AuthenticationError, match=said):
                await client.sessions.get_session(SESSION_ID)
        assert [one.token for one in vbr.to(SESSION_PATH)][:2] == ["given"] + ["access-1-password"] * (said is None)
        assert len(vbr.to(TOKEN_PATH)) == (said is None)


async def test_refresh_token_as_credentials(vbr: Vbr) -> None:
    """A refresh token from an earlier login starts a session; its successor carries on."""
    vbr.refresh_tokens.add("from-before")
    async with Client(vbr.url, RefreshToken("from-before"), retry=QUICK) as client:
        await client.sessions.get_session(SESSION_ID)
        vbr.good.clear()
        await client.sessions.get_session(SESSION_ID)
        assert client.token is not None and client.token.refresh == "refresh-2"
    assert (vbr.logins, vbr.refreshes) == (0, 2)


@pytest.mark.parametrize("refreshable", [True, False])
async def test_what_repeats_a_token_is_masked(vbr: Vbr, refreshable: bool) -> None:
    """An answer that quotes the tokens of the session shows none of them in its error."""

    @vbr.on("GET", SESSION_PATH)
    async def quoted(exchange: Exchange) -> None:
        await exchange.reply(500, {"errorCode": "Odd", "message": "of access-1-password and refresh-1, sorry"})

    vbr.extra = {} if refreshable else {"refresh_token": None}
    async with Client(vbr.url, Password("monitor", vbr.password), retry=RetryPolicy(attempts=1)) as client:
        with pytest.raises(ServerError) as caught:
            await client.sessions.get_session(SESSION_ID)
    shown = caught.value.message
    assert "access-1-password" not in shown
    assert ("refresh-1" in shown) != refreshable
    assert shown.startswith("of ")
    assert shown.endswith(", sorry")


async def test_leaving_logs_out_once(vbr: Vbr) -> None:
    """Leaving sends one logout with the token; a client that never called sends none."""
    async with Client(vbr.url, Password("monitor", vbr.password)) as client:
        await client.sessions.get_session(SESSION_ID)
    async with Client(vbr.url, Password("monitor", vbr.password)):
        pass
    assert [one.token for one in vbr.to("/api/oauth2/logout")] == ["access-1-password"]
    assert vbr.open == 0 or await _closes(vbr)


async def test_leaving_is_quick_when_the_server_hangs(vbr: Vbr) -> None:
    """A logout that is not answered holds up leaving for no longer than its limit."""

    @vbr.on("POST", "/api/oauth2/logout")
    async def hang(exchange: Exchange) -> None:
        await exchange.hang()

    async with asyncio.timeout(2):
        async with Client(vbr.url, Password("monitor", vbr.password), timeouts=Timeouts(logout=0.05)) as client:
            await client.login()


async def test_renewals_are_spread() -> None:
    """Tokens that were obtained together are not renewed together."""
    soon = [Token("a", "r", 900.0, "login", issued=0.0).soon for _ in range(1000)]
    assert min(soon) < 900 * 0.67
    assert max(soon) > 900 * 0.78
    assert all(900 * 0.65 <= at <= 900 * 0.8 for at in soon)


def test_must_comes_after_soon_and_before_expiry() -> None:
    """For every lifetime the windows are in order."""
    for lifetime in (0.5, 1, 10, 59, 60, 900, 3600, 86400, 1e9, float("inf")):
        token = Token("a", "r", lifetime, "login", issued=0.0)
        assert 0 < token.soon < token.must < max(lifetime, 1)


async def _closes(vbr: Vbr) -> bool:
    for _ in range(100):
        if not vbr.open:
            return True
        await asyncio.sleep(0.01)
    return False
