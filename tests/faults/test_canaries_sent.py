"""The planted secrets that need products, headers and renewals of their own; and that every one of them travels."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from veeam_async import AuthorizationCode, BearerToken, Mfa, Password, RefreshToken, Saml, VbrToken
from veeam_async.aws.v1_7_rev0 import Client as AwsClient
from veeam_async.azure.v8_1 import Client as AzureClient
from veeam_async.client import ApplianceClient
from veeam_async.credentials import Credentials
from veeam_async.timeouts import Timeouts

from .test_canaries import BODY, FAULTS, NAMES, ONCE, SECRET, THING, Cage, Parrot, cage, client_of, parrot
from .wire import SESSION_ID, Exchange, Wire

__all__ = ["cage", "parrot"]

HEADERS = {"X-Gateway-Key": SECRET["gateway-key"]}


class Proxy(Wire):
    """Answers everything by repeating it, tokens apart: those it gives out."""

    def __init__(self, fault: str = "400") -> None:
        super().__init__()
        self.fault = fault
        self.default = self.repeat

    async def repeat(self, exchange: Exchange) -> None:
        if "token" in exchange.path.lower() and self.fault == "mfa":
            await exchange.reply(200, {"mfa_token": SECRET["mfa-token"], "mfa_enabled": True})
        else:
            await Parrot.answer(self.parrot, exchange, "400" if self.fault == "mfa" else self.fault)

    parrot = Parrot()


@pytest.fixture
async def repeating() -> AsyncIterator[Proxy]:
    async with Proxy() as server:
        yield server


def sent(server: Wire) -> str:
    """All that a server was sent."""
    return "\n".join(f"{one.path} {one.headers} {one.form} {one.body!r}" for one in server.requests)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("client_class", [AwsClient, AzureClient])
async def test_a_single_sign_on_that_fails(
    repeating: Proxy, cage: Cage, fault: str, client_class: type[ApplianceClient]
) -> None:
    """The response of a company's sign-on is in no error, whatever the appliance makes of it."""
    repeating.fault = fault
    for credentials in (Saml(SECRET["saml"]), Saml(ask=lambda address: SECRET["saml"])):
        client = client_class(
            repeating.url, credentials, retry=ONCE, events=cage.hear, timeouts=Timeouts(connect=2, read=0.4, total=1)
        )
        async with client:
            await cage.catch(client.login())
            await cage.catch(client.request("GET", THING))
            cage.look(client, client.login_credentials)
    assert SECRET["saml"] in sent(repeating)


@pytest.mark.parametrize("fault", [*FAULTS, "login-400", "login-page", "login-cut-body", "login-text"])
async def test_a_header_for_a_gateway(parrot: Parrot, cage: Cage, fault: str) -> None:
    """A key that a gateway in front wants in each request is in no error, log or event, though it is repeated."""
    async with client_of(parrot, cage, headers=HEADERS) as client:
        if not fault.startswith("login"):
            await client.login()
        parrot.fault = fault
        await cage.catch(client.request("GET", THING))
        await cage.catch(client.request("POST", THING, json=BODY))
        await cage.catch(client.request("GET", THING, headers=HEADERS))
        await cage.catch(client.sessions.get_session(SESSION_ID))
        cage.look(client, client.token)
    assert SECRET["gateway-key"] in sent(parrot)


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_renewed_token(parrot: Parrot, cage: Cage, fault: str) -> None:
    """The token that a refresh gave is no more to be seen than that of the login."""
    async with client_of(parrot, cage) as client:
        await client.login()
        parrot.good.discard(SECRET["access"])
        parrot.fault = fault
        await cage.catch(client.request("GET", THING))
        parrot.good.add(SECRET["renewed"])
        await cage.catch(client.request("POST", THING, json=BODY))
        await cage.catch(client.sessions.get_session(SESSION_ID))
        cage.look(client, client.token)
    assert SECRET["renewed"] in sent(parrot)


async def _use(client: ApplianceClient, cage: Cage) -> None:
    async with client:
        await cage.catch(client.request("POST", THING, json=BODY))


async def test_every_secret_travels(cage: Cage) -> None:
    """Each of the fifteen is sent to a server or comes from one: none is planted where nobody looks."""
    everything = ""
    logins: list[tuple[type[ApplianceClient], str, Credentials]] = [
        (AwsClient, "mfa", Mfa("m", SECRET["password"], code=SECRET["mfa-code"])),
        (AwsClient, "mfa", Mfa("m", SECRET["password"], recovery_code=SECRET["recovery"])),
        (AzureClient, "400", Saml(SECRET["saml"])),
    ]
    for client_class, fault, credentials in logins:
        async with Proxy(fault) as server:
            await _use(client_class(server.url, credentials, retry=ONCE, events=cage.hear), cage)
        everything += sent(server)
    further: list[tuple[Credentials, dict[str, Any]]] = [
        (Password("m", SECRET["password"]), {"headers": HEADERS}),
        (RefreshToken(SECRET["refresh"]), {}),
        (AuthorizationCode(SECRET["code"]), {}),
        (VbrToken(SECRET["vbr-token"]), {}),
        (BearerToken(SECRET["bearer"]), {}),
    ]
    for credentials, options in further:
        async with Parrot() as echo:
            echo.fault = "400"
            await _use(client_of(echo, cage, credentials=credentials, **options), cage)
        everything += sent(echo)
    async with Proxy("407") as server:
        proxy = f"http://user:{SECRET['proxy']}@127.0.0.1:{server.port}"
        client = client_of(server, cage, proxy=proxy, allow_http=True)
        await _use(client, cage)
    everything += " ".join(server.requests[0].headers)
    unseen = [name for name in NAMES if SECRET[name] not in everything]
    assert unseen == ["proxy"]  # which goes as base64
