"""Logins: which answers are a refusal, what is a token, how long it lives, which spelling of a grant is tried."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from veeam_async import Mfa, Password
from veeam_async._auth import grants
from veeam_async._auth.revision_lists import revisions_in
from veeam_async.azure.v8_1 import Client as AzureClient
from veeam_async.errors import ApiError, AuthenticationError, DecodeError, VeeamError
from veeam_async.retry import RetryPolicy
from veeam_async.vbr.v1_3_rev0 import Client

from .wire import TOKEN_PATH, Exchange, Vbr, Wire

Make = Callable[..., Client]
ONCE = RetryPolicy(attempts=1)


def answer_login(vbr: Vbr, status: int, body: Any) -> None:
    async def answered(exchange: Exchange) -> None:
        await exchange.reply(status, body)

    vbr.before_token = answered


@pytest.mark.parametrize("status", [400, 401, 403, 422, 423])
async def test_statuses_that_refuse(vbr: Vbr, make: Make, status: int) -> None:
    """Each of these says that the credentials are no good."""
    answer_login(vbr, status, {"message": "no"})
    with pytest.raises(AuthenticationError) as caught:
        await make(retry=ONCE).login()
    assert caught.value.status == status


@pytest.mark.parametrize("status", [300, 404, 405, 409, 421, 424, 500])
async def test_statuses_that_say_nothing_of_the_credentials(vbr: Vbr, make: Make, status: int) -> None:
    """Anything else is an error of its own, and no reason to leave the credentials alone."""
    answer_login(vbr, status, {"message": "no"})
    client = make(retry=ONCE)
    for _ in range(2):
        with pytest.raises(ApiError) as caught:
            await client.login()
        assert caught.value.status == status
    assert len(vbr.to(TOKEN_PATH)) == 2


@pytest.mark.parametrize("token", ["", None, 7, ["a"], {"a": 1}])
async def test_what_is_no_token(vbr: Vbr, make: Make, token: Any) -> None:
    """A token is a text with something in it."""
    vbr.extra = {"access_token": token}
    with pytest.raises(DecodeError, match="login was answered with no token"):
        await make(retry=ONCE).login()


@pytest.mark.parametrize(
    ("lifetime", "seconds"),
    [(60, 60), ("60", 60), (0.5, 0.5), (0, 900), (-1, 900), (-0.5, 900), ("soon", 900), (None, 900), ("inf", 900)],
)
async def test_how_long_a_token_lives(vbr: Vbr, make: Make, lifetime: Any, seconds: float) -> None:
    """As long as the server says; where it says nothing that makes sense, a quarter of an hour."""
    vbr.lifetime = lifetime
    assert (await make().login()).lifetime == seconds


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize(
    ("code", "message", "tries"),
    [
        ("", "grant_type is unknown", 2),
        ("unsupported_grant_type", "", 2),
        ("", "the password is wrong", 1),
        ("invalid_grant", "bad grant_type", 1),
        ("invalid_client", "bad grant_type", 1),
    ],
)
async def test_the_other_spelling_is_tried(
    vbr: Vbr, make: Make, status: int, code: str, message: str, tries: int
) -> None:
    """A grant type that the server does not know is sent in its other spelling; refused credentials are not."""
    answer_login(vbr, status, {"errorCode": code, "message": message})
    with pytest.raises(AuthenticationError):
        await make(retry=ONCE).login()
    assert [one.form["grant_type"] for one in vbr.to(TOKEN_PATH)] == ["password", "Password"][:tries]


@pytest.mark.parametrize("status", [401, 423])
async def test_no_other_spelling_after_a_refusal(vbr: Vbr, make: Make, status: int) -> None:
    """Only 400 and 422 say that a grant type is not known."""
    answer_login(vbr, status, {"message": "grant_type is unknown"})
    with pytest.raises(AuthenticationError):
        await make(retry=ONCE).login()
    assert len(vbr.to(TOKEN_PATH)) == 1


async def test_the_other_spelling_of_azure() -> None:
    """Azure's grants begin with a capital; their other spelling has none. What was taken is sent first from then on."""
    async with Wire() as wire:

        @wire.on("POST", TOKEN_PATH)
        async def token(exchange: Exchange) -> None:
            if exchange.form["grant_type"] == "password":
                await exchange.reply(200, {"access_token": "a", "expires_in": 900})
            else:
                await exchange.reply(400, {"title": "unsupported grant_type"})

        async with AzureClient(wire.url, Password("u", "p"), logout=False) as azure:
            await azure.login()
            await azure.login(force=True)
        assert [one.form["grant_type"] for one in wire.to(TOKEN_PATH)] == ["Password", "password", "password"]


@pytest.mark.parametrize(("status", "found"), [(400, 2), (404, 2), (500, 2), (501, 2), (401, 0), (403, 0), (502, 0)])
def test_revisions_that_an_error_lists(status: int, found: int) -> None:
    """Answers to a wrong revision list those that the server has; others do not mean that."""
    error = ApiError("supported: 1.1-rev0, 1.3-REV1 and 1.3-rev1", status=status)
    assert revisions_in(error) == ["1.3-rev1", "1.1-rev0"][:found]


async def test_a_code_is_not_sent_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A login within the same half minute waits for the next code, and hardly longer."""
    now, slept = [1_000_000_000.0], []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    async with Wire() as wire:

        @wire.on("POST", TOKEN_PATH)
        async def token(exchange: Exchange) -> None:
            form = exchange.form
            if form["grant_type"] == "Password":
                await exchange.reply(200, {"mfa_enabled": True, "mfa_token": "planted-mfa"})
            else:
                await exchange.reply(200, {"access_token": form["mfa_code"], "expires_in": 900})

        credentials = Mfa("u", "p", totp_secret="JBSWY3DPEHPK3PXP" * 2)
        async with AzureClient(wire.url, credentials, logout=False) as azure:
            monkeypatch.setattr(grants, "time", lambda: now[0])
            first = (await azure.login()).access
            with monkeypatch.context() as patched:
                patched.setattr(asyncio, "sleep", sleep)
                second = (await azure.login(force=True)).access
    assert first != second
    left = 30 - 1_000_000_000 % 30
    assert [left < seconds < left + 1 for seconds in slept] == [True]


async def test_credentials_for_one_login(vbr: Vbr, make: Make) -> None:
    """A refused login with the right password a second time is reported from memory, without asking again."""
    client = make("wrong")
    for _ in range(2):
        with pytest.raises(VeeamError):
            await client.login()
    assert vbr.logins == 1
