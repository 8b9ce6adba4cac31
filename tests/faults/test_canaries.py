"""Fifteen planted secrets, and everything that a person, a log or another process gets to see of calls that fail."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import pickle
import traceback
from collections.abc import AsyncIterator, Awaitable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from veeam_async import AuthorizationCode, BearerToken, Mfa, Password, RefreshToken, Timeouts, VbrToken
from veeam_async.aws.v1_7_rev0 import Client as AwsClient
from veeam_async.credentials import Credentials
from veeam_async.errors import MfaRequired
from veeam_async.retry import RetryPolicy
from veeam_async.timeouts import deadline
from veeam_async.token_store import FileTokenStore
from veeam_async.vbr.v1_3_rev0 import Client

from .wire import SESSION_ID, Exchange, Vbr, Wire

ONCE = RetryPolicy(attempts=1)
TWICE = RetryPolicy(attempts=2, backoff=0.001)
THING = "/api/v1/thing"
NAMES = (
    "password", "access", "refresh", "renewed", "mfa-token", "mfa-code", "recovery", "saml", "vbr-token", "bearer",
    "code", "proxy", "gateway-key", "body-password", "body-key",
)  # fmt: skip
SECRET = {name: f"canary-{name}-Zq7!w" for name in NAMES}
TESTS = str(Path(__file__).parent)


class Cage:
    """Collects what is to be seen, and says which canaries sing in it."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        self._caplog = caplog
        self.texts: list[str] = []
        self.errors: list[BaseException] = []

    def hear(self, event: Any) -> None:
        """A listener for the events of clients."""
        self.look(event, attrs.asdict(event))

    def look(self, *things: object) -> None:
        for thing in things:
            self.texts += [repr(thing), str(thing)]

    async def catch(self, work: Awaitable[Any]) -> BaseException | None:
        try:
            await work
        except BaseException as error:
            self.see(error)
            return error
        return None

    def see(self, error: BaseException) -> None:
        self.errors.append(error)
        seen: list[BaseException] = []
        waiting: list[BaseException | None] = [error]
        while waiting:
            link = waiting.pop()
            if link is None or link in seen:
                continue
            seen.append(link)
            waiting += [link.__cause__, link.__context__, *getattr(link, "exceptions", ())]
            self.look(link, link.args, vars(link))
            self.texts += traceback.format_exception(link)
            self._frames(link)
            if isinstance(link, Exception):
                data = pickle.dumps(link)
                self.texts.append(data.decode("latin-1"))
                self.look(vars(pickle.loads(data)), copy.copy(link))

    def _frames(self, error: BaseException) -> None:
        """The variables of every frame that is not of a test, as crash reporters show them."""
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if not frame.f_code.co_filename.startswith(TESTS):
                self.texts += [
                    f"{frame.f_code.co_qualname}: {name}={value!r}" for name, value in frame.f_locals.items()
                ]

    def singing(self) -> list[str]:
        """The texts that show a secret."""
        texts = list(self.texts)
        for record in self._caplog.records:
            texts += [record.getMessage(), repr(record.args), repr(record.exc_text)]
        canaries = [*SECRET.values(), *(value.replace("!", "%21") for value in SECRET.values())]
        return [text[:2000] for text in texts if any(canary in text for canary in canaries)]


@pytest.fixture
def cage(caplog: pytest.LogCaptureFixture) -> Iterator[Cage]:
    cage = Cage(caplog)
    yield cage
    assert cage.errors
    assert cage.singing() == []


class Parrot(Vbr):
    """Gives out canaries as tokens, and repeats what it is sent in its errors."""

    def __init__(self) -> None:
        super().__init__()
        self.password = SECRET["password"]
        self.good = {SECRET["access"], SECRET["renewed"], SECRET["bearer"]}
        self.before_token = self.give
        self.lifetime = 900
        self.fault = ""
        self.default = self.fail

    async def give(self, exchange: Exchange) -> None:
        kind = exchange.form["grant_type"].lower()
        if self.fault.startswith("login-"):
            await self.answer(exchange, self.fault.removeprefix("login-"))
        elif kind == "password" and exchange.form["password"] != self.password:
            return
        else:
            access = "renewed" if "refresh" in kind else "access"
            await exchange.reply(
                200,
                {"access_token": SECRET[access], "refresh_token": SECRET["refresh"], "expires_in": self.lifetime},
            )

    async def fail(self, exchange: Exchange) -> None:
        if await self.refuse_token(exchange):
            return
        await self.answer(exchange, self.fault)

    async def answer(self, exchange: Exchange, fault: str) -> None:
        echo = f"{exchange.headers} {exchange.body.decode()} {exchange.form}"
        match fault:
            case "hang":
                await exchange.hang()
            case "cut":
                exchange.cut()
            case "cut-body":
                await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{" + echo.encode("latin-1")[:200])
                exchange.cut()
            case "cut-json":
                await exchange.reply(200, json.dumps({"access_token": SECRET["access"], "a": 1}).encode()[:-4])
            case "hang-body":
                await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n{" + echo.encode("latin-1")[:200])
                await exchange.hang()
            case "page":
                await exchange.reply(200, f"<html>{echo}</html>".encode(), kind="text/html")
            case "senseless":
                await exchange.raw(f"HTTP/1.1 200 OK\r\nno header {echo}\r\n\r\n".encode("latin-1"))
            case "long-header":
                await exchange.reply(200, {}, headers={"X-Echo": echo[:200] + "x" * 70_000})
            case "redirect":
                await exchange.reply(307, headers={"Location": f"https://elsewhere.example/?t={exchange.token}"})
            case "error-redirect":
                await exchange.reply(302, headers={"Location": f"/x?t={exchange.token}"})
            case "text":
                await exchange.reply(400, echo.encode(), kind="text/plain")
            case status:
                await exchange.reply(int(status), {"errorCode": "Bad", "message": echo, "errors": {"a": [echo]}})


FAULTS = (
    "cut", "cut-body", "cut-json", "page", "senseless", "long-header", "redirect", "error-redirect", "text",
    "400", "401", "403", "404", "409", "429", "500", "503",
)  # fmt: skip
BODY = {"user": {"password": SECRET["body-password"], "privateKey": SECRET["body-key"]}, "name": "nightly"}


@pytest.fixture
async def parrot() -> AsyncIterator[Parrot]:
    async with Parrot() as server:
        yield server


def client_of(server: Wire, cage: Cage, **options: Any) -> Client:
    options.setdefault("retry", TWICE)
    options.setdefault("timeouts", Timeouts(connect=2, read=0.4, total=1.0))
    credentials = options.pop("credentials", Password("monitor", SECRET["password"]))
    return Client(server.url, credentials, events=cage.hear, **options)


async def use(client: Client, fault: str) -> list[Awaitable[Any]]:
    """Calls of every kind: reading, changing, streaming."""
    return [
        client.request("GET", THING),
        client.request("POST", THING, json=BODY),
        client.sessions.get_session(SESSION_ID),
    ]


@pytest.mark.parametrize("fault", FAULTS)
async def test_calls_that_fail(parrot: Parrot, cage: Cage, fault: str) -> None:
    """Whatever an appliance answers, nothing that is shown of it holds a secret."""
    async with client_of(parrot, cage) as client:
        await client.login()
        parrot.fault = fault
        for work in await use(client, fault):
            await cage.catch(work)
        cage.look(client, client.token, client.login_credentials)
    assert cage.errors


@pytest.mark.parametrize("fault", FAULTS)
async def test_logins_that_fail(parrot: Parrot, cage: Cage, fault: str) -> None:
    """Whatever a login is answered with, nothing that is shown of it holds a secret."""
    parrot.fault = f"login-{fault}"
    for credentials in (
        Password("monitor", SECRET["password"]),
        RefreshToken(SECRET["refresh"]),
        AuthorizationCode(SECRET["code"]),
        VbrToken(SECRET["vbr-token"]),
    ):
        async with client_of(parrot, cage, credentials=credentials) as client:
            await cage.catch(client.request("GET", THING))
            await cage.catch(client.login(force=True))


@pytest.mark.parametrize("fault", ["hang", "hang-body", "login-hang", "login-hang-body"])
@pytest.mark.parametrize("ending", ["cancel", "wait_for", "deadline", "total", "timeout"])
async def test_calls_that_are_ended(parrot: Parrot, cage: Cage, fault: str, ending: str) -> None:
    """No frame of a call that is cancelled or out of time shows what it was sent with."""
    total = 0.2 if ending == "total" else 2.5
    async with client_of(parrot, cage, timeouts=Timeouts(connect=2, read=2.5, total=total, logout=0.1)) as client:
        if not fault.startswith("login"):
            await client.login()
        parrot.fault = fault
        for work in await use(client, fault):
            match ending:
                case "cancel":
                    task = asyncio.ensure_future(work)
                    await asyncio.sleep(0.1)
                    task.cancel()
                    await cage.catch(task)
                case "wait_for":
                    await cage.catch(asyncio.wait_for(work, 0.1))
                case "deadline":
                    with deadline(0.1):
                        await cage.catch(work)
                case "timeout":
                    await cage.catch(_within(0.1, work))
                case _:
                    await cage.catch(work)
        parrot.fault = ""


async def _within(seconds: float, work: Awaitable[Any]) -> Any:
    async with asyncio.timeout(seconds):
        return await work


async def test_a_refresh_that_fails(parrot: Parrot, cage: Cage) -> None:
    """A refresh token is in no frame, whatever becomes of it."""
    async with client_of(parrot, cage) as client:
        for fault in ("login-cut", "login-500", "login-400", "login-page", "login-cut-json"):
            parrot.fault = ""
            await client.login(force=True)
            parrot.good.clear()
            parrot.fault = fault
            await cage.catch(client.request("GET", THING))
            parrot.good = {SECRET["access"], SECRET["renewed"]}


async def test_a_download_that_fails(parrot: Parrot, cage: Cage, tmp_path: Path) -> None:
    """A download that breaks, hangs or is a page leaves no secret in its error, and no file."""
    async with client_of(parrot, cage) as client:
        await client.login()
        for fault in ("cut-body", "hang-body", "page", "403", "senseless"):
            parrot.fault = fault
            work = client.deployment.download_deployment_kit(SESSION_ID).to_file(tmp_path / "kit.zip")
            await cage.catch(asyncio.wait_for(work, 2))
    assert list(tmp_path.iterdir()) == []


async def test_a_second_factor(cage: Cage) -> None:
    """The token that an appliance gives for a second factor is a field of the error, and is seen nowhere."""
    async with Wire() as server:

        @server.on("POST", "/api/v1/token")
        async def token(exchange: Exchange) -> None:
            if "mfa_token" in exchange.form or "SamlResponse" in exchange.form:
                await exchange.reply(400, {"error": "invalid_grant", "error_description": f"{exchange.form}"})
            else:
                await exchange.reply(200, {"mfa_token": SECRET["mfa-token"], "mfa_enabled": True})

        async def attempt(credentials: Credentials) -> BaseException | None:
            client = AwsClient(server.url, credentials, retry=ONCE, events=cage.hear)
            async with client:
                return await cage.catch(client.login())

        error = await attempt(Password("monitor", SECRET["password"]))
        assert isinstance(error, MfaRequired)
        assert error.mfa_token == SECRET["mfa-token"]
        assert pickle.loads(pickle.dumps(error)).mfa_token is None
        assert copy.copy(error).mfa_token == SECRET["mfa-token"]
        await attempt(Mfa("monitor", SECRET["password"], code=SECRET["mfa-code"]))
        await attempt(Mfa("monitor", SECRET["password"], recovery_code=SECRET["recovery"]))
        await attempt(Mfa("monitor", SECRET["password"], ask=lambda: SECRET["mfa-code"]))


async def test_a_bearer_token_that_is_refused(parrot: Parrot, cage: Cage) -> None:
    """A token from elsewhere is in no error about it."""
    async with client_of(parrot, cage, credentials=BearerToken(SECRET["bearer"])) as client:
        for fault in ("400", "cut", "401"):
            parrot.fault = fault
            if fault == "401":
                parrot.good.clear()
            await cage.catch(client.request("GET", THING))


async def test_a_proxy_with_a_password(cage: Cage) -> None:
    """A proxy's password is in no error about it."""
    async with Wire() as server:

        async def refuse(exchange: Exchange) -> None:
            await exchange.reply(407, f"{exchange.headers}".encode(), kind="text/plain")

        server.default = refuse
        proxy = f"http://user:{SECRET['proxy']}@127.0.0.1:{server.port}"
        for host in ("https://vbr01.example:9419", "http://vbr01.example:9419"):
            client = Client(
                host, Password("m", SECRET["password"]), proxy=proxy, retry=ONCE, allow_http=True, events=cage.hear
            )
            async with client:
                await cage.catch(client.login())
                cage.look(client)


async def test_nobody_is_there(cage: Cage) -> None:
    """Errors of names, connections and certificates show no secret."""
    async with Vbr() as gone:
        url = gone.url
    for host in (url, "https://127.0.0.1:1", "https://no-such-host.invalid:9419"):
        async with client_of(gone, cage) as client:
            client = Client(host, Password("monitor", SECRET["password"]), retry=ONCE, timeouts=Timeouts(connect=1))
            await cage.catch(client.login())
            await cage.catch(client.request("POST", THING, json=BODY))
            await client.aclose()


async def test_a_closed_client(parrot: Parrot, cage: Cage) -> None:
    """A call after the end, and one that the end overtakes, show no secret."""
    client = client_of(parrot, cage)
    await client.login()
    parrot.fault = "hang"
    task = asyncio.ensure_future(client.request("GET", THING))
    await asyncio.sleep(0.05)
    await client.aclose()
    task.cancel()
    await cage.catch(task)
    await cage.catch(client.request("GET", THING))


async def test_files_of_a_token_store(parrot: Parrot, cage: Cage, tmp_path: Path) -> None:
    """A store's files hold the tokens, for their owner alone; no password is among them."""
    store = FileTokenStore(tmp_path / "tokens")
    async with client_of(parrot, cage, token_store=store) as client:
        await client.login()
        parrot.fault = "500"
        await cage.catch(client.request("GET", THING))
    for file in (tmp_path / "tokens").iterdir():
        text = file.name + file.read_text()
        assert not any(SECRET[name] in text for name in ("password", "gateway-key", "body-password"))
        assert file.stat().st_mode & 0o077 == 0


def test_there_are_fifteen() -> None:
    """Fifteen secrets are planted."""
    assert len(SECRET) == 15
