"""A gateway in front of an appliance: headers of one's own, a path in front of the API, nothing to anybody else."""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from veeam_async import Password, connect
from veeam_async.errors import ApiError, InvalidAddress, UnsafeOriginError, VeeamError
from veeam_async.fleet import Fleet
from veeam_async.vbr.v1_3_rev0 import Client

from .conftest import QUICK
from .wire import SESSION_ID, SESSION_PATH, Exchange, Vbr

WANTED = {"X-Gateway-Id": "made-up-id", "X-Gateway-Secret": "planted-gateway-secret"}
PREFIX = "/veeam-7"


class Gateway(Vbr):
    """Lets a request pass that has its headers, under its path."""

    def __init__(self, prefix: str = "") -> None:
        super().__init__()
        self.prefix = prefix
        self.refused: list[Exchange] = []
        self.shown = "go away"

    async def pass_on(self, exchange: Exchange) -> None:
        right = all(exchange.headers.get(name.lower()) == value for name, value in WANTED.items())
        if not right or not exchange.target.startswith(self.prefix):
            self.refused.append(exchange)
            await exchange.reply(403, f"<html>{self.shown}</html>".encode(), kind="text/html")
            return
        exchange.target = exchange.target[len(self.prefix) :]
        handler = self.behind.get((exchange.method, exchange.path), self._serve)
        await handler(exchange)

    async def __aenter__(self) -> Any:
        self.behind = dict(self.routes)
        self.routes = {}
        self.default = self.pass_on
        return await super().__aenter__()


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with Gateway() as one:
        yield one


def client_of(server: Gateway, host: str | None = None, **options: Any) -> Client:
    options.setdefault("retry", QUICK)
    return Client(host or server.url, Password("monitor", server.password), **options)


async def test_headers_go_with_every_request(gateway: Gateway) -> None:
    """The login, calls, requests of one's own and the logout have them, beside what the package sets."""
    async with client_of(gateway, headers=WANTED) as client:
        await client.sessions.get_session(SESSION_ID)
        await client.request("GET", SESSION_PATH)
    assert not gateway.refused and len(gateway.requests) == 4
    for exchange in gateway.requests:
        assert exchange.headers["x-api-version"] == "1.3-rev0"
        assert exchange.headers["user-agent"] == "veeam-async"


async def test_negotiation_has_them_too(gateway: Gateway) -> None:
    """`connect` asks for revisions with the same headers."""
    credentials = Password("monitor", gateway.password)

    async def revisions(exchange: Exchange) -> None:
        await exchange.reply(401, {"errorCode": "AccessDenied"})

    gateway.behind["GET", "/api/v1/serverInfo"] = revisions
    async with connect(gateway.url, credentials, headers=WANTED, retry=QUICK) as client:
        await client.request("GET", SESSION_PATH)
    assert not gateway.refused and len(gateway.requests) > 3


async def test_a_user_agent_of_ones_own(gateway: Gateway) -> None:
    """The name of the client is replaced, in whatever letter case it is given."""
    async with client_of(gateway, headers={**WANTED, "user-agent": "inventory/3"}) as client:
        await client.sessions.get_session(SESSION_ID)
    assert {exchange.headers["user-agent"] for exchange in gateway.requests} == {"inventory/3"}


async def test_a_refusal_is_the_gateway_s(gateway: Gateway) -> None:
    """Without the headers the error says that something in front answered, and bars no login."""
    async with client_of(gateway) as client:
        with pytest.raises(ApiError) as caught:
            await client.sessions.get_session(SESSION_ID)
    assert (caught.value.status, caught.value.answered_by, caught.value.step) == (403, "gateway", "login")


async def test_what_a_gateway_repeats_is_masked(gateway: Gateway) -> None:
    """A page that shows the headers it got does not bring their values into the error, nor does a traceback."""
    gateway.shown = f"no: {WANTED['X-Gateway-Secret']} {WANTED['X-Gateway-Id']}"
    wrong = {**WANTED, "X-Gateway-Id": "another-id"}
    async with client_of(gateway, headers=wrong) as client:
        with pytest.raises(VeeamError) as caught:
            await client.sessions.get_session(SESSION_ID)
    lines = traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
    # This test's own frame has them as its variables.
    text = "".join(line for line in lines if "test_gateway" not in line)
    assert "planted-gateway-secret" not in text + str(caught.value) + repr(caught.value.__dict__)


async def test_no_other_origin_gets_them(gateway: Gateway) -> None:
    """A redirect to another origin is refused: that gets no header of ours."""
    async with Vbr() as other:

        async def away(exchange: Exchange) -> None:
            await exchange.reply(302, headers={"Location": f"{other.url}/x"})

        async with client_of(gateway, headers=WANTED) as client:
            await client.login()
            gateway.behind["GET", SESSION_PATH] = away
            with pytest.raises(UnsafeOriginError):
                await client.sessions.get_session(SESSION_ID)
        assert not other.requests


async def test_a_path_in_front_of_the_api() -> None:
    """Login, calls, links of answers and redirects stay under the path that the gateway has the API under."""
    async with Gateway(PREFIX) as gateway:

        async def moved(exchange: Exchange) -> None:
            await exchange.reply(307, headers={"Location": f"{PREFIX}{SESSION_PATH}"})

        gateway.behind["GET", "/api/v1/moved"] = moved
        async with client_of(gateway, f"{gateway.url}{PREFIX}/", headers=WANTED) as client:
            await client.sessions.get_session(SESSION_ID)
            assert (await client.request("GET", "/api/v1/moved")).json()["id"] == SESSION_ID
        assert not gateway.refused


async def test_a_redirect_out_of_the_path_is_not_followed() -> None:
    """What leaves the path is another origin to the token: another appliance may be there."""
    async with Gateway(PREFIX) as gateway:

        async def moved(exchange: Exchange) -> None:
            await exchange.reply(307, headers={"Location": "/veeam-8/api/v1/sessions"})

        async with client_of(gateway, f"{gateway.url}{PREFIX}", headers=WANTED) as client:
            await client.login()
            gateway.behind["GET", SESSION_PATH] = moved
            with pytest.raises(UnsafeOriginError):
                await client.sessions.get_session(SESSION_ID)
        assert not [one for one in gateway.refused if "veeam-8" in one.target]


async def test_a_fleet_file_says_all_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Headers and the path reach the appliance through a fleet file."""
    async with Gateway(PREFIX) as gateway:
        monkeypatch.setenv("GATEWAY_SECRET", WANTED["X-Gateway-Secret"])
        monkeypatch.setenv("PASSWORD", gateway.password)
        (tmp_path / "fleet.toml").write_text(
            f"""
            [[appliance]]
            name = "behind"
            host = "{gateway.url}{PREFIX}/"
            revision = "1.3-rev0"
            username = "monitor"
            password_env = "PASSWORD"
            headers = {{ X-Gateway-Id = "made-up-id", X-Gateway-Secret = {{ env = "GATEWAY_SECRET" }} }}
            """
        )

        async def ask(client: Any) -> Any:
            return await client.sessions.get_session(SESSION_ID)

        async with Fleet.from_toml(tmp_path / "fleet.toml") as fleet:
            (answer,) = await fleet.gather(ask)
        assert answer.ok and answer.result().id == SESSION_ID and not gateway.refused


def test_a_client_that_was_refused_can_be_looked_at() -> None:
    """A host with a password in it is in no error, and in no variable that a traceback of the error shows."""

    def make(host: str) -> Client:
        try:
            return Client(host, Password("u", "planted-password"))
        finally:
            host = ""

    with pytest.raises(InvalidAddress) as caught:
        make("u:planted" + "-in-host@h")
    lines = traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
    text = "".join(line for line in lines if "test_gateway" not in line)
    assert "client of" in text and "planted" not in text + str(caught.value)
