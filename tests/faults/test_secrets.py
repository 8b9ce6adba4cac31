"""A planted secret shows nowhere: no log, no repr, no exception, no event, no printed traceback."""

from __future__ import annotations

import asyncio
import logging
import pickle
import time
import traceback
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import attrs
import pytest

from veeam_async import AuthorizationCode, BearerToken, Mfa, Password, RefreshToken, Saml, SsoToken, VbrToken
from veeam_async._http.proxy import parse_proxy
from veeam_async._http.token import Token
from veeam_async._redact import redact, redact_named
from veeam_async.client import ApplianceClient
from veeam_async.credentials import Credentials
from veeam_async.errors import VeeamError
from veeam_async.retry import RetryPolicy
from veeam_async.testing import SimulatedAppliance
from veeam_async.timeouts import deadline
from veeam_async.token_store import FileTokenStore, StoredToken
from veeam_async.vbr.v1_3_rev0 import Client

from .conftest import QUICK
from .wire import SESSION_ID, SESSION_PATH, TOKEN_PATH, Exchange, Vbr

PASSWORD = 'planted-"pass\\word &+%'
ACCESS = "planted-access-token"
REFRESH = "planted-refresh-token"
TOTP = "PLANTEDXPLANTEDXPLANTEDXPLANTEDX"
PLANTED = ["planted", "PLANTED", "pass%22word", "pass\\\\word"]


class Witness:
    """Everything that a person or a machine gets to see of a client at work."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        self._caplog = caplog
        self.texts: list[str] = []
        self.events: list[Any] = []

    def hear(self, event: Any) -> None:
        self.events.append(event)
        self.texts.append(repr(event))
        self.texts.append(str(attrs.asdict(event)))

    def look(self, *things: object) -> None:
        for thing in things:
            self.texts += [repr(thing), str(thing)]

    async def catch(self, work: Awaitable[Any]) -> None:
        try:
            await work
        except VeeamError as error:
            link: BaseException | None = error
            while link is not None:
                self.look(link, link.args, vars(link))
                self.texts += traceback.format_exception(link)
                # As a crash reporter would: with the locals of every frame of the causes.
                if link is not error:
                    report = traceback.TracebackException.from_exception(link, capture_locals=True)
                    self.texts += report.format()
                # Dask's workers pickle causes as well.
                assert str(pickle.loads(pickle.dumps(link))) == str(link)
                link = link.__cause__ or link.__context__

    def clean(self) -> None:
        records = [record.getMessage() for record in self._caplog.records]
        records += [str(record.args) + (record.exc_text or "") for record in self._caplog.records]
        assert self._caplog.records
        assert self.texts
        for text in [*self.texts, *records]:
            for secret in PLANTED:
                assert secret not in text, text


@pytest.fixture
def witness(caplog: pytest.LogCaptureFixture) -> Witness:
    return Witness(caplog)


async def giving(exchange: Exchange) -> None:
    await exchange.reply(200, {"access_token": ACCESS, "refresh_token": REFRESH, "expires_in": 900})


async def test_work_and_failures_of_a_session(vbr: Vbr, witness: Witness) -> None:
    """Login, calls, repeats, a refused refresh, a refused login, cuts, timeouts: all without a secret."""
    vbr.before_token = giving
    vbr.good.add(ACCESS)

    @vbr.on("GET", "/cut")
    async def cut(exchange: Exchange) -> None:
        exchange.cut()

    @vbr.on("GET", "/busy")
    async def busy(exchange: Exchange) -> None:
        await exchange.reply(503, {"message": f"your header was Authorization: Bearer {exchange.token}"})

    @vbr.on("GET", "/echo")
    async def echo(exchange: Exchange) -> None:
        await exchange.reply(403, f"<html>{exchange.headers}</html>".encode(), kind="text/html")

    @vbr.on("GET", "/slow")
    async def slow(exchange: Exchange) -> None:
        await exchange.hang()

    @vbr.on("GET", "/senseless")
    async def senseless(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 200 OK\r\nno header\r\n\r\n")

    @vbr.on("GET", "/html")
    async def html(exchange: Exchange) -> None:
        await exchange.reply(200, b"<html>")

    credentials = Password("monitor", PASSWORD)
    client = Client(vbr.url, credentials, retry=QUICK, events=witness.hear)
    async with client:
        await client.login()
        witness.look(client, credentials, client.token, client._account, client._account.tokens, client._transport)
        await witness.catch(client.sessions.get_session(SESSION_ID))
        for path in ("/cut", "/busy", "/echo", "/senseless", "/missing"):
            await witness.catch(client.request("GET", path))

        @vbr.on("GET", SESSION_PATH)
        async def page(exchange: Exchange) -> None:
            await exchange.reply(200, f"<html>{exchange.headers}</html>".encode(), kind="text/html")

        await witness.catch(client.sessions.get_session(SESSION_ID))
        with deadline(0.1):
            await witness.catch(client.request("POST", "/slow", json={}))
            await witness.catch(client.request("GET", "/slow"))

        async def refuse(exchange: Exchange) -> None:
            await exchange.reply(400, {"error": "invalid_grant", "error_description": f"you sent {exchange.form}"})

        vbr.before_token = refuse
        vbr.good.clear()
        for _ in range(2):
            await witness.catch(client.request("GET", SESSION_PATH))

        async def echo_body(exchange: Exchange) -> None:
            await exchange.reply(401, exchange.body, kind="text/plain")

        async def cut_short(exchange: Exchange) -> None:
            await exchange.reply(200, b'{"access_token": "planted-access-token-that-is-cut')

        vbr.before_token = cut_short
        await witness.catch(client.login(force=True))

        async def bare(exchange: Exchange) -> None:
            await exchange.reply(200, [ACCESS])

        vbr.before_token = bare
        await witness.catch(client.login(force=True))
        vbr.before_token = echo_body
        await witness.catch(client.login(force=True))
        vbr.routes["POST", TOKEN_PATH] = cut
        await witness.catch(client.login(force=True))
    await witness.catch(client.request("GET", "/x"))
    assert any(type(event).__name__ == "RequestRetried" for event in witness.events)
    assert any(type(event).__name__ == "TokenRenewed" for event in witness.events)
    witness.clean()


ALL: list[Credentials] = [
    Password("monitor", PASSWORD),
    RefreshToken("planted-refresh"),
    AuthorizationCode("planted-code"),
    Mfa("monitor", PASSWORD, code="planted-code"),
    Mfa("monitor", PASSWORD, recovery_code="planted-recovery"),
    Mfa("monitor", PASSWORD, totp_secret=TOTP),
    Mfa("monitor", PASSWORD, ask=lambda: "planted-asked"),
    Saml("planted-saml-response"),
    SsoToken("planted-sso"),
    VbrToken("planted-vbr"),
    BearerToken("planted-bearer"),
]


@pytest.mark.parametrize("credentials", ALL, ids=lambda one: type(one).__name__)
def test_credentials_show_no_secret(credentials: Credentials) -> None:
    """Both repr and str of credentials name the user at most."""
    for text in (repr(credentials), str(credentials), f"{credentials}", f"{[credentials]}"):
        assert not any(secret in text for secret in PLANTED)
    if getattr(credentials, "ask", None) is None:
        assert credentials.secrets()


@pytest.mark.parametrize("credentials", ALL, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("product", ["vbr", "aws", "azure"])
async def test_refused_logins_of_all_kinds(
    product: str, credentials: Credentials, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the grant: its refusal by a server that repeats what it got shows no secret."""
    from veeam_async.registry import client_class, revisions

    witness = Witness(caplog)
    revision = revisions(product)[0]
    async with SimulatedAppliance(product, revision.name, validate=False) as appliance:
        appliance.user.totp_secret = TOTP
        appliance.username = "monitor"
        appliance.add_user("monitor", PASSWORD, totp_secret=TOTP if product != "vbr" else "")
        client: ApplianceClient = client_class(revision)(
            appliance.url, credentials, events=witness.hear, retry=RetryPolicy(attempts=1)
        )
        async with client:
            witness.look(client, client._account)
            await witness.catch(client.login())
            await witness.catch(client.request("GET", "/api/v1/nothing"))
            witness.look(client.token)
    logging.getLogger("veeam_async.test").debug("something is logged in any case")
    witness.clean()


async def test_mfa_token_is_a_secret(vbr: Vbr, witness: Witness) -> None:
    """The interim token of MFA and its code are masked when a server repeats them."""

    async def serve(exchange: Exchange) -> None:
        if exchange.form["grant_type"] == "password":
            await exchange.reply(200, {"mfa_enabled": True, "mfa_token": "planted-mfa-token"})
        else:
            await exchange.reply(
                400, {"title": f"no: {exchange.form}", "errors": {"mfa_code": [exchange.form["mfa_code"]]}}
            )

    from veeam_async.aws.v1_7_rev0 import Client as AwsClient

    vbr.routes["POST", "/api/v1/token"] = serve
    credentials = Mfa("monitor", PASSWORD, code="planted-123456")
    async with AwsClient(vbr.url, credentials, retry=QUICK, events=witness.hear) as client:
        await witness.catch(client.login())
    logging.getLogger("veeam_async.test").debug("something is logged in any case")
    witness.clean()


def test_tokens_and_stores_show_no_secret(tmp_path: Path) -> None:
    """Tokens, stored tokens and proxies with credentials hide them."""
    proxy = parse_proxy("http://user:planted-proxy@proxy:3128")
    things = [
        Token(ACCESS, REFRESH, 900.0, "login"),
        StoredToken(ACCESS, REFRESH, 900.0, 0.0),
        FileTokenStore(tmp_path),
        proxy,
    ]
    for thing in things:
        assert not any(secret in repr(thing) for secret in PLANTED)


def test_redaction_finds_all_spellings() -> None:
    """A secret is masked plain, as a form spells it and as JSON does; short and empty ones are left alone."""
    secret = 'p"ä s\\w+d'
    import json
    from urllib.parse import quote, quote_plus

    for spelling in (secret, json.dumps(secret, ensure_ascii=False)[1:-1], quote(secret), quote_plus(secret)):
        assert redact(f"<{spelling}>", [secret]) == "<***>"
    assert redact("abc", ["", None, "abc"]) == "abc"
    assert redact("", ["something"]) == ""


async def test_listener_that_fails_does_no_harm(vbr: Vbr, caplog: pytest.LogCaptureFixture) -> None:
    """A listener that raises is logged; the calls go on."""

    def broken(event: Any) -> None:
        raise RuntimeError("broken listener")

    async with Client(vbr.url, Password("monitor", vbr.password), events=broken) as client:
        assert (await client.sessions.get_session(SESSION_ID)).id == SESSION_ID
    assert "events listener failed" in caplog.text


async def test_events_say_what_happened(vbr: Vbr) -> None:
    """Each request has a start and an answer; a repeat and a login are reported in between, in order."""
    reported: list[Any] = []

    @vbr.on("GET", "/flaky")
    async def flaky(exchange: Exchange) -> None:
        await exchange.reply(503 if len(vbr.to("/flaky")) == 1 else 200, {"a": 1})

    async with Client(
        vbr.url, Password("monitor", vbr.password), events=reported.append, retry=QUICK, name="one"
    ) as client:
        await client.request("GET", "/flaky", query={"user": "x"})
    names = [type(event).__name__ for event in reported]
    assert names[:9] == [
        "RequestStarted", "RequestAnswered", "TokenRenewed",
        "RequestStarted", "RequestAnswered", "RequestRetried", "RequestStarted", "RequestAnswered",
        "RequestStarted",
    ]  # fmt: skip
    assert {event.appliance for event in reported} == {"one"}
    first, answered, retried, second = reported[3:7]
    assert (first.operation, first.method, first.path, first.attempt) == ("GET /flaky", "GET", "/flaky", 1)
    assert (answered.status, answered.size > 0, answered.elapsed > 0) == (503, True, True)
    assert (retried.attempt, retried.status, retried.pause >= 0) == (1, 503, True)
    assert second.attempt == 2
    await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"access_token": "abc\\"d", "name": "n"}', '{"access_token": "***", "name": "n"}'),
        ('{"name": "n", "userPassword" :"ab', '{"name": "n", "userPassword" :"***'),
        ('{"passwordPolicy": {"length": "8"}}', '{"passwordPolicy": {"length": "8"}}'),
        ('{"name": "password", "size": "8"}', '{"name": "password", "size": "8"}'),
        ("grant=x&refresh_token=abc&name=n", "grant=x&refresh_token=***&name=n"),
        ("no more than that", "no more than that"),
    ],
)
def test_values_with_secret_names_are_masked(text: str, shown: str) -> None:
    """What of a body is shown hides the values that are secret by their names, also where the body is cut."""
    assert redact_named(text) == shown


def test_masking_takes_no_longer_for_quotes_and_backslashes() -> None:
    """A hostile excerpt costs no more than an ordinary one."""
    before = time.process_time()
    for text in (
        '"' * 4096,
        '\\"' * 2048 + "token",
        '"token":"' + "\\" * 4000,
        '"token"' + " " * 4000,
        "a" * 4000 + "token",
    ):
        redact_named(text + '"password')
    assert time.process_time() - before < 1.0
