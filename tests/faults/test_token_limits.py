"""The edges of a token's life, to the second: when it is renewed, when a login is tried again, who gets what.

Time stands still here and is turned by hand, and what asks for tokens is a few lines: an edge cannot be met by waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import gc
import logging
import random
from collections.abc import AsyncIterator
from typing import Any

import attrs
import pytest

from veeam_async._auth import backoff
from veeam_async._auth import tokens as module
from veeam_async._auth.tokens import Tokens
from veeam_async._http import token as token_module
from veeam_async._http.token import Token
from veeam_async._redact import Secret
from veeam_async.errors import AuthenticationError, ConnectError, VeeamError

DAY = 86400.0


class Stopped:
    """A clock that a test turns. It begins at 0, as that of a machine that was just started."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@attrs.define
class Appliance:
    """Gives tokens that live for 900 s. Errors that a test sets are raised first, one at each request."""

    clock: Stopped
    asked: list[str] = attrs.field(factory=list)
    errors: list[VeeamError] = attrs.field(factory=list)
    free: asyncio.Event = attrs.field(factory=asyncio.Event)

    def __attrs_post_init__(self) -> None:
        self.free.set()

    async def login(self) -> Token:
        return await self._token("login", "login")

    async def refresh(self, token: Secret) -> Token:
        return await self._token("refresh", f"refresh {token.value}")

    async def _token(self, source: Any, asked: str) -> Token:
        self.asked.append(asked)
        number = len(self.asked)
        await self.free.wait()
        if self.errors:
            raise self.errors.pop(0)
        return Token(f"access-{number}", f"refresh-{number}", 900.0, source, issued=self.clock())


@attrs.define
class Place:
    """A place in a token store."""

    kept: Token | None = None
    saved: list[str] = attrs.field(factory=list)
    locked: int = 0

    async def load(self) -> Token | None:
        return copy.copy(self.kept)

    async def save(self, token: Token) -> None:
        self.kept = token
        self.saved.append(token.access)

    @contextlib.asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        self.locked += 1
        yield


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Stopped:
    stopped = Stopped()
    for each in (module, token_module, backoff):
        monkeypatch.setattr(each, "monotonic", stopped)
    return stopped


@pytest.fixture
def appliance(clock: Stopped) -> Appliance:
    return Appliance(clock)


@pytest.fixture
def tokens(appliance: Appliance) -> Tokens:
    return Tokens(appliance, appliance="vbr01")


@pytest.fixture(params=["earliest", "latest"])
def drawn(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whatever is drawn by chance comes out at one end of its range."""
    place = {"earliest": 0, "latest": 1}[request.param]
    monkeypatch.setattr(random, "uniform", lambda *ends: ends[place])
    return str(request.param)


def refusal() -> AuthenticationError:
    return AuthenticationError("no such user", appliance="vbr01")


async def settle() -> None:
    """Let what was started in the background come to its end."""
    for _ in range(10):
        await asyncio.sleep(0)


# ------------------------------------------------------------------------------------------------------- one token


@pytest.mark.parametrize(
    ("lifetime", "soon", "must"),
    [
        (900.0, (585.0, 720.0), 870.0),
        (300.0, (195.0, 240.0), 270.0),
        (100.0, (65.0, 80.0), 90.0),
        (365 * DAY, (30 * DAY * 0.65, 30 * DAY * 0.8), 30 * DAY - 30),
        (float("inf"), (30 * DAY * 0.65, 30 * DAY * 0.8), 30 * DAY - 30),
    ],
)
def test_the_windows_of_a_token(drawn: str, lifetime: float, soon: tuple[float, float], must: float) -> None:
    """Renewal may start between 65 % and 80 % of the lifetime; half a minute, or a tenth, is kept for what is in
    flight; no lifetime counts as longer than 30 days."""
    token = Token("a", "r", lifetime, "login", issued=1000.0)
    assert token.soon - 1000 == pytest.approx(soon[drawn == "latest"])
    assert token.must - 1000 == pytest.approx(must)


def test_what_is_left_of_a_token(clock: Stopped) -> None:
    """`left` counts down to the expiry, and on behind it."""
    token = Token("a", "r", 900.0, "login", issued=100.0)
    clock.now = 400.0
    assert token.left() == 600.0
    clock.now = 1010.0
    assert token.left() == -10.0


def test_a_token_shows_no_secret() -> None:
    """Neither of its secrets is in a token's repr."""
    token = Token("planted-access", "planted-refresh", 900.0, "login")
    assert "planted" not in repr(token)
    assert "900" in repr(token)


def test_tokens_are_distinguished_by_what_they_are() -> None:
    """Two tokens of one content are two tokens, and can be kept in a set."""
    first, second = (Token("a", "r", 900.0, "login", issued=0.0) for _ in range(2))
    assert first != second
    assert len({first, second}) == 2


async def test_windows_to_the_second(clock: Stopped, appliance: Appliance, tokens: Tokens) -> None:
    """Up to `soon` nothing happens; from then on a renewal runs while the token serves; from `must` on it does not."""
    token = await tokens.obtain()
    clock.now = token.soon - 0.01
    assert tokens.usable() is token
    await settle()
    assert appliance.asked == ["login"]
    clock.now = token.must - 0.01
    appliance.free.clear()
    assert tokens.usable() is token
    assert tokens.usable() is token
    clock.now = token.must
    assert tokens.usable() is None
    appliance.free.set()
    assert (await tokens.obtain()).access == "access-2"
    assert appliance.asked == ["login", "refresh refresh-1"]


async def test_renewal_begins_at_soon(clock: Stopped, appliance: Appliance, tokens: Tokens) -> None:
    """The moment `soon` itself belongs to the time in which a renewal is due."""
    token = await tokens.obtain()
    clock.now = token.soon
    assert tokens.usable() is token
    await settle()
    assert tokens.current is not None and tokens.current.access == "access-2"


async def test_the_next_renewal_after_one_that_is_over(clock: Stopped, appliance: Appliance, tokens: Tokens) -> None:
    """Each token has its renewal, the one that came by renewal too."""
    for number in range(1, 5):
        token = await tokens.obtain()
        assert token.access == f"access-{number}"
        clock.now = token.soon
        tokens.usable()
        await settle()
    assert appliance.asked == [
        "login",
        "refresh refresh-1",
        "refresh refresh-2",
        "refresh refresh-3",
        "refresh refresh-4",
    ]


# ------------------------------------------------------------------------------------- renewals that fail


async def test_the_pause_after_a_failed_renewal(
    drawn: str, clock: Stopped, appliance: Appliance, tokens: Tokens
) -> None:
    """A renewal in the background that failed is tried again after 5 to 15 s, no earlier and no later."""
    token = await tokens.obtain()
    clock.now = failed = token.soon
    appliance.errors = [ConnectError("away"), ConnectError("still away")]
    tokens.usable()
    await settle()
    pause = {"earliest": 5.0, "latest": 15.0}[drawn]
    for late in (0.0, pause - 0.01):
        clock.now = failed + late
        assert tokens.usable() is token
        await settle()
        assert len(appliance.asked) == 2
    clock.now = failed + pause
    assert tokens.usable() is token
    await settle()
    assert len(appliance.asked) == 3


async def test_a_success_ends_the_pause(clock: Stopped, appliance: Appliance, tokens: Tokens) -> None:
    """After a login that worked, its token is renewed when that is due, whatever failed before."""
    token = await tokens.obtain()
    token.soon = 0.0
    appliance.errors = [ConnectError("away")]
    tokens.usable()
    await settle()
    token = await tokens.login()
    clock.now = token.soon = 0.5
    tokens.usable()
    await settle()
    assert appliance.asked == ["login", "refresh refresh-1", "login", "refresh refresh-3"]


async def test_a_failed_background_renewal_is_logged(
    clock: Stopped, appliance: Appliance, tokens: Tokens, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody waits for a renewal in the background: its failure is a warning. Who waits for one gets the error."""
    appliance.errors = [ConnectError("away", appliance="vbr01")]
    with pytest.raises(ConnectError):
        await tokens.obtain()
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]
    token = await tokens.obtain()
    clock.now = token.soon
    appliance.errors = [ConnectError("away", appliance="vbr01")]
    tokens.usable()
    await settle()
    (warning,) = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert warning.getMessage() == "vbr01: renewing the token ahead of its expiry failed: vbr01: away"


async def test_a_failure_that_nobody_waits_for_is_not_reported_twice(
    clock: Stopped, appliance: Appliance, tokens: Tokens
) -> None:
    """Nothing is left for asyncio to report of a renewal that failed in the background, nor of one that was ended."""
    reports: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: reports.append(context))
    token = await tokens.obtain()
    clock.now = token.soon
    appliance.errors = [ConnectError("away")]
    tokens.usable()
    await settle()
    clock.now = token.soon + 20
    appliance.free.clear()
    tokens.usable()
    await settle()
    await tokens.aclose()
    await settle()
    gc.collect()
    assert reports == []


# ------------------------------------------------------------------------------------------------ refused logins


async def test_cool_downs_to_the_second(clock: Stopped, appliance: Appliance, tokens: Tokens) -> None:
    """Five minutes after the first refusal, twice as long after each further one, an hour at most."""
    appliance.errors = [refusal() for _ in range(8)]
    for number, pause in enumerate([300.0, 600.0, 1200.0, 2400.0, 3600.0, 3600.0, 3600.0], 1):
        with pytest.raises(AuthenticationError) as caught:
            await tokens.obtain()
        assert len(appliance.asked) == number
        assert caught.value.retry_after == pause
        clock.now += pause - 1
        with pytest.raises(AuthenticationError, match=r"user; not tried again for 1 s, so that no account") as caught:
            await tokens.obtain()
        assert caught.value.retry_after == 1.0
        assert len(appliance.asked) == number
        clock.now += 1


async def test_cool_downs_never_end(clock: Stopped, appliance: Appliance, tokens: Tokens) -> None:
    """A poller with a wrong password may run for months: an hour stays an hour."""
    for _ in range(1100):
        appliance.errors = [refusal()]
        with pytest.raises(AuthenticationError) as caught:
            await tokens.obtain()
        assert caught.value.retry_after is not None
        clock.now += caught.value.retry_after
    assert caught.value.retry_after == 3600.0


@pytest.mark.parametrize("how", ["success", "forgotten"])
async def test_cool_downs_begin_anew(how: str, clock: Stopped, appliance: Appliance, tokens: Tokens) -> None:
    """After a login that worked, or other credentials, a refusal is the first one again."""
    appliance.errors = [refusal(), refusal()]
    for pause in (300.0, 600.0):
        with pytest.raises(AuthenticationError):
            await tokens.obtain()
        clock.now += pause
    if how == "success":
        await tokens.obtain()
    else:
        tokens.forget_refusal()
    appliance.errors = [refusal()]
    with pytest.raises(AuthenticationError) as caught:
        await tokens.login()
    assert caught.value.retry_after == 300.0


async def test_a_refused_refresh_is_no_refused_login(clock: Stopped, appliance: Appliance, tokens: Tokens) -> None:
    """A refresh token that died counts for no cool-down: the login follows at once."""
    token = await tokens.obtain()
    clock.now = token.must
    appliance.errors = [refusal()]
    assert (await tokens.obtain()).source == "login"
    assert appliance.asked == ["login", "refresh refresh-1", "login"]
    assert (await tokens.login()).access == "access-4"


async def test_pauses_after_failed_logins(
    clock: Stopped, appliance: Appliance, tokens: Tokens, drawn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a second after the first failure, twice as long after each further one, half a minute at most, give or take
    a fifth. A call waits for its turn up to 1.5 s; further off, it gets the last error at once."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.now += seconds

    monkeypatch.setattr("veeam_async._auth.backoff.asyncio.sleep", sleep)
    share = {"earliest": 0.8, "latest": 1.2}[drawn]
    appliance.errors = [ConnectError("away") for _ in range(9)]
    with pytest.raises(ConnectError, match=r"^away$"):
        await tokens.obtain()
    for number, pause in enumerate([0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0], 2):
        if pause * share > 1.5:
            with pytest.raises(ConnectError, match=r"away; not tried again for \d+ s$"):
                await tokens.obtain()
            assert len(appliance.asked) == number - 1
            clock.now += pause * share - 1.4
        with pytest.raises(ConnectError):
            await tokens.obtain()
        assert len(appliance.asked) == number
        assert slept.pop() == pytest.approx(1.4 if pause * share > 1.5 else pause * share)
    clock.now += 100
    await tokens.obtain()
    appliance.errors = [ConnectError("away")]
    with pytest.raises(ConnectError):
        await tokens.login()
    await tokens.login()
    assert slept == [pytest.approx(0.5 * share)]


# --------------------------------------------------------------------------------------------- how a token comes


async def test_a_login_that_was_asked_for_is_a_login(appliance: Appliance, tokens: Tokens) -> None:
    """`login` uses the credentials though a refresh token is there."""
    await tokens.obtain()
    assert (await tokens.login()).source == "login"
    assert appliance.asked == ["login", "login"]


async def test_instead_of_a_newer_token_that_is_over_too(clock: Stopped, appliance: Appliance, tokens: Tokens) -> None:
    """A refused call takes the token that came meanwhile, up to the moment from which that needs a successor."""
    first = await tokens.obtain()
    second = await tokens.login()
    clock.now = second.must - 0.01
    assert await tokens.replace(first) is second
    clock.now = second.must
    third = await tokens.replace(first)
    assert third.access == "access-3"
    assert appliance.asked[2:] == ["refresh refresh-2"]


@pytest.mark.parametrize(
    ("proved", "asked"), [(True, ["refresh refresh-2"]), (False, ["login"])], ids=["served", "never-served"]
)
async def test_instead_of_a_token_that_came_by_refresh(
    clock: Stopped, appliance: Appliance, tokens: Tokens, proved: bool, asked: list[str]
) -> None:
    """A refused token that came by refresh is refreshed where it served before, and else replaced by a login."""
    token = await tokens.obtain()
    clock.now = token.must
    token = await tokens.obtain()
    token.proved = proved
    await tokens.replace(token)
    assert appliance.asked[2:] == asked


async def test_a_login_that_never_served_is_refreshed(appliance: Appliance, tokens: Tokens) -> None:
    """A refused token that came by login needs no second login."""
    await tokens.replace(await tokens.obtain())
    assert appliance.asked == ["login", "refresh refresh-1"]


@pytest.mark.parametrize(("unknown", "asked"), [(False, "refresh refresh-1"), (True, "login")])
async def test_a_refresh_token_after_a_failed_refresh(
    clock: Stopped, appliance: Appliance, tokens: Tokens, unknown: bool, asked: str
) -> None:
    """A refresh token that may have been used up is not sent again; one that surely was not, is."""
    token = await tokens.obtain()
    clock.now = token.must
    appliance.errors = [ConnectError("away", outcome_unknown=unknown)]
    with pytest.raises(ConnectError):
        await tokens.obtain()
    await tokens.obtain()
    assert appliance.asked[2:] == [asked]


# ------------------------------------------------------------------------------------------------------- the store


async def test_a_stored_token_is_not_stored_again(clock: Stopped, appliance: Appliance) -> None:
    """What came from the store is there, and needs no lock; what came from the appliance is put there, under it."""
    place = Place(Token("stored", "stored-refresh", 900.0, "store", issued=0.0))
    tokens = Tokens(appliance, appliance="vbr01", store=place)
    token = await tokens.obtain()
    assert (token.access, place.saved, place.locked) == ("stored", [], 0)
    clock.now = token.must
    await tokens.obtain()
    assert (place.saved, place.locked) == (["access-1"], 1)
    assert appliance.asked == ["refresh stored-refresh"]


async def test_a_stored_token_at_its_edge(clock: Stopped, appliance: Appliance) -> None:
    """A stored token is taken up to `must`; from then on its refresh token is all that serves."""
    kept = Token("stored", "stored-refresh", 900.0, "store", issued=0.0)
    clock.now = kept.must - 0.01
    assert (await Tokens(appliance, appliance="vbr01", store=Place(kept)).obtain()).access == "stored"
    clock.now = kept.must
    assert (await Tokens(appliance, appliance="vbr01", store=Place(kept)).obtain()).access == "access-1"
    assert appliance.asked == ["refresh stored-refresh"]


async def test_a_login_passes_the_store_by(appliance: Appliance) -> None:
    """A login that was asked for takes no stored token, and stores its own."""
    place = Place(Token("stored", "stored-refresh", 900.0, "store", issued=0.0))
    tokens = Tokens(appliance, appliance="vbr01", store=place)
    assert (await tokens.login()).access == "access-1"
    assert place.saved == ["access-1"]


async def test_a_refused_token_is_not_taken_from_the_store_again(appliance: Appliance) -> None:
    """Where the store holds the very token that was refused, that is refreshed; another one is taken over."""
    place = Place()
    tokens = Tokens(appliance, appliance="vbr01", store=place)
    first = await tokens.obtain()
    second = await tokens.replace(first)
    assert second.access == "access-2"
    second.proved = True
    place.kept = Token("from-another", "r", 900.0, "store", issued=0.0)
    assert (await tokens.replace(second)).access == "from-another"
    assert appliance.asked == ["login", "refresh refresh-1"]


# ------------------------------------------------------------------------------------- who waits, and who learns of it


async def test_what_a_renewal_took(clock: Stopped, appliance: Appliance) -> None:
    """Who is informed of new tokens learns how long each took."""
    reported: list[tuple[str, float]] = []
    tokens = Tokens(appliance, appliance="vbr01", on_renewed=lambda token, took: reported.append((token.access, took)))
    clock.now = 100.0
    appliance.free.clear()
    waiting = asyncio.create_task(tokens.obtain())
    await settle()
    clock.now = 102.5
    appliance.free.set()
    await waiting
    assert reported == [("access-1", 2.5)]


async def test_an_overtaken_login_serves_only_who_waits_for_it(appliance: Appliance, tokens: Tokens) -> None:
    """Credentials change while a login is in progress: its token goes to who waited, and to nobody else."""
    appliance.free.clear()
    before = asyncio.create_task(tokens.obtain())
    await settle()
    tokens.drop()
    appliance.free.set()
    assert (await before).access == "access-1"
    assert tokens.current is None
    assert (await tokens.obtain()).access == "access-2"


async def test_a_token_from_elsewhere_overtakes_a_login(appliance: Appliance, tokens: Tokens) -> None:
    """A token that was given stays the one that is sent, whatever a login in progress brings."""
    appliance.free.clear()
    before = asyncio.create_task(tokens.obtain())
    await settle()
    given = Token("given", "given-refresh", 900.0, "login", issued=0.0)
    tokens.use(given)
    appliance.free.set()
    assert (await before).access == "access-1"
    assert tokens.current is given
    assert (await tokens.replace(given)).access == "access-2"
    assert appliance.asked == ["login", "refresh given-refresh"]


async def test_the_end_of_an_overtaken_login_does_not_hide_the_next(appliance: Appliance, tokens: Tokens) -> None:
    """While a login with new credentials is in progress, further calls share it, though the old one ended."""
    appliance.free.clear()
    before = asyncio.create_task(tokens.obtain())
    await settle()
    tokens.drop()
    old, appliance.free = appliance.free, asyncio.Event()
    after = [asyncio.create_task(tokens.obtain())]
    await settle()
    old.set()
    await before
    await settle()
    after.append(asyncio.create_task(tokens.obtain()))
    await settle()
    appliance.free.set()
    assert {token.access for token in await asyncio.gather(*after)} == {"access-2"}
    assert appliance.asked == ["login", "login"]


@pytest.mark.parametrize("refreshing", [False, True])
async def test_closing_while_calls_wait(clock: Stopped, appliance: Appliance, tokens: Tokens, refreshing: bool) -> None:
    """Those that wait for a token of a client that is closed learn so, not that they were cancelled."""
    if refreshing:
        clock.now = (await tokens.obtain()).must
    appliance.free.clear()
    waiting = [asyncio.create_task(tokens.obtain()) for _ in range(2)]
    await settle()
    await tokens.aclose()
    for result in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(result, VeeamError)
        assert str(result) == "vbr01: the client was closed"


async def test_closing_and_cancelling_at_once(appliance: Appliance, tokens: Tokens) -> None:
    """Who is cancelled while the client is closed is cancelled: nothing swallows that."""
    appliance.free.clear()
    waiting = asyncio.create_task(tokens.obtain())
    await settle()
    closing = asyncio.create_task(tokens.aclose())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await closing


async def test_a_waiter_whose_last_cancellation_was_taken_back(appliance: Appliance, tokens: Tokens) -> None:
    """A task that survived a time-out before is not taken for one that is being cancelled now."""
    appliance.free.clear()

    async def call() -> Token:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await tokens.obtain()
        return await tokens.obtain()

    waiting = asyncio.create_task(call())
    await asyncio.sleep(0.01)
    await tokens.aclose()
    with pytest.raises(VeeamError, match="closed"):
        await waiting


async def test_a_closed_client_starts_no_renewal(clock: Stopped, appliance: Appliance, tokens: Tokens) -> None:
    """After closing, a token that is there may still be sent, for the logout; no renewal is started."""
    token = await tokens.obtain()
    await tokens.aclose()
    clock.now = token.soon
    assert tokens.usable() is token
    await settle()
    clock.now = token.must
    with pytest.raises(VeeamError) as caught:
        await tokens.obtain()
    assert str(caught.value) == "vbr01: the client is closed"
    assert appliance.asked == ["login"]
