"""Every grant of Backup for Microsoft 365, the Service Provider Console and Veeam ONE, end to end."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.scripted import Scripted
from veeam_async import (
    ApiError,
    ApiKey,
    Assertion,
    AuthenticationError,
    Impersonation,
    IntegrationToken,
    Mfa,
    MfaRequired,
    Password,
    RefreshToken,
    RsaKey,
    UnsupportedRevisionError,
    VeeamError,
    connect,
)
from veeam_async._auth.rsa import decrypted
from veeam_async.client import ApplianceClient
from veeam_async.credentials import Credentials
from veeam_async.errors import DecodeError, RateLimitedError, ServerError
from veeam_async.profiles import profile
from veeam_async.registry import client_class, find_revision
from veeam_async.retry import RetryPolicy
from veeam_async.testing import Behaviour, SimulatedAppliance

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
A_CALL = {"m365": "/v8/License", "spc": "/api/v3/about", "one": "/api/v2.3/license"}
NEWEST = {"m365": "v8", "spc": "3.7", "one": "2.3"}
ONCE = RetryPolicy(attempts=1)

Serve = Callable[..., Any]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts simulated appliances, and ends them."""
    async with AsyncExitStack() as stack:

        async def start(product: str, revision: str | None = None, **options: Any) -> SimulatedAppliance:
            return await stack.enter_async_context(SimulatedAppliance(product, revision or NEWEST[product], **options))

        yield start


def client_of(appliance: SimulatedAppliance, credentials: Credentials, **options: Any) -> ApplianceClient:
    kind = client_class(find_revision(appliance.product.name, appliance.revision))
    options.setdefault("retry", ONCE)
    return kind(appliance.url, credentials, **options)


async def used(appliance: SimulatedAppliance, credentials: Credentials, *, renews: bool = True) -> None:
    """Log in, make a call, renew, make another."""
    path = A_CALL[appliance.product.name].replace("v8", appliance.revision)
    async with client_of(appliance, credentials) as client:
        assert (await client.request("GET", path)).status == 200
        if renews:
            appliance.tokens.revoke_access()
            assert (await client.request("GET", path)).status == 200
    assert not appliance.errors


async def test_second_factor_in_a_header(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """Veeam ONE takes the code in a header of the login; without one the account asks for it, and nothing shows it."""
    caplog.set_level(logging.DEBUG)
    appliance = await serve("one")
    user = appliance.add_user("operator", "secret", totp_secret=SECRET)
    await used(appliance, Mfa("operator", "secret", ask=user.code))
    with pytest.raises(MfaRequired):
        async with client_of(appliance, Password("operator", "secret")) as client:
            await client.login()
    sent = [{name.lower(): value for name, value in seen.headers.items()} for seen in appliance.requests]
    assert "veeam-mfa-code" in sent[0]
    assert not any("veeam-mfa-code" in headers for headers in sent[1:])
    assert user.code() not in caplog.text


async def test_no_second_factor_sends_no_header(serve: Serve) -> None:
    """Who is asked for a code and gives none logs in without: the account may have no second factor."""
    appliance = await serve("one")
    await used(appliance, Mfa(appliance.username, appliance.password, ask=lambda: ""))
    assert not any("veeam-mfa-code" in seen.headers for seen in appliance.requests)


async def test_a_code_in_a_header_is_not_repeated(server: Scripted) -> None:
    """What a server says of a login shows neither the password nor the code, which is in no form."""
    said = {"error": "invalid_grant", "error_description": "the code 739152 does not go with right-horse"}
    server.on("POST", profile("one").token_path, said, 400)
    kind = client_class(find_revision("one", NEWEST["one"]))
    async with kind(server.url, Mfa("operator", "right-horse", ask=lambda: "739152"), retry=ONCE) as client:
        with pytest.raises(AuthenticationError) as caught:
            await client.login()
    assert "the code *** does not go with ***" in str(caught.value)
    assert "739152" not in repr(vars(caught.value))


@pytest.mark.parametrize("challenge", [None, "", 7, ["x"]])
async def test_a_challenge_that_is_none(server: Scripted, challenge: Any) -> None:
    """An answer without a challenge for the key is an error that says so."""
    server.on("POST", profile("spc").token_path, {"encrypted_code": challenge})
    kind = client_class(find_revision("spc", NEWEST["spc"]))
    async with kind(server.url, RsaKey("bWFkZSB1cA==", decrypt=lambda _: "code"), retry=ONCE) as client:
        with pytest.raises(DecodeError, match="no challenge for the key"):
            await client.login()
    assert len(server.requests) == 1


async def test_second_factor_by_a_grant(serve: Serve) -> None:
    """The Service Provider Console answers the password with a token for the second step."""
    appliance = await serve("spc")
    user = appliance.add_user("operator", "secret", totp_secret=SECRET)
    await used(appliance, Mfa("operator", "secret", ask=user.code))
    assert appliance.tokens.grants["mfa"] == 1
    with pytest.raises(MfaRequired):
        async with client_of(appliance, Password("operator", "secret")) as client:
            await client.login()


async def test_api_key(serve: Serve) -> None:
    """A key is the token of every call: no login, no logout, and an error once it is refused."""
    appliance = await serve("spc")
    key = appliance.tokens.add_key(appliance.user)
    await used(appliance, ApiKey(f"Bearer {key}\n"), renews=False)
    assert [seen.operation_id for seen in appliance.requests] == ["GetAboutInformation"]
    async with client_of(appliance, ApiKey("wrong"), logout=True) as client:
        with pytest.raises(AuthenticationError, match="ApiKey was refused"):
            await client.request("GET", A_CALL["spc"])
    assert not appliance.tokens.grants


@pytest.mark.parametrize("read_only", [False, True])
async def test_rsa_key(serve: Serve, read_only: bool) -> None:
    """The public key asks for a challenge, the private one reads it; the code in it is the login."""
    appliance = await serve("spc")
    public, private = appliance.tokens.keys.assign(appliance.user)
    wrapped = "\n".join(public[at : at + 64] for at in range(0, len(public), 64))
    credentials = RsaKey(wrapped, private, read_only=read_only)
    await used(appliance, credentials)
    assert appliance.tokens.grants["public_key"] == appliance.tokens.grants["authorization_code"] == 1
    assert private not in repr(credentials) and "PRIVATE" not in repr(credentials)


async def test_rsa_key_in_a_vault(serve: Serve) -> None:
    """A function of one's own may decrypt the challenge; what it gives is the code."""
    appliance = await serve("spc")
    public, private = appliance.tokens.keys.assign(appliance.user)
    asked: list[bytes] = []

    async def vault(challenge: bytes) -> str:
        asked.append(challenge)
        return decrypted(challenge, private)

    await used(appliance, RsaKey(public, decrypt=vault))
    assert len(asked) == 1 and len(asked[0]) == 256


@pytest.mark.parametrize("padding", ["oaep", "oaep-256", "pkcs1"])
def test_paddings(padding: str) -> None:
    """No document says which padding is used: each of the usual ones is read."""
    from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, AsymmetricPadding, PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pair = generate_private_key(65537, 2048)
    pem = pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    kinds: dict[str, AsymmetricPadding] = {
        "oaep": OAEP(MGF1(SHA1()), SHA1(), None),
        "oaep-256": OAEP(MGF1(SHA256()), SHA256(), None),
        "pkcs1": PKCS1v15(),
    }
    assert decrypted(pair.public_key().encrypt(b"made up", kinds[padding]), pem) == "made up"


async def test_wrong_rsa_key(serve: Serve) -> None:
    """A private key of another pair is an error that does not show it."""
    appliance = await serve("spc")
    public, _ = appliance.tokens.keys.assign(appliance.user)
    _, other = appliance.tokens.keys.assign(appliance.user)
    async with client_of(appliance, RsaKey(public, other)) as client:
        with pytest.raises(VeeamError) as caught:
            await client.login()
    assert other.splitlines()[1] not in str(caught.value)
    with pytest.raises(ValueError, match="not PEM"):
        RsaKey(public, "made up")
    with pytest.raises(ValueError, match="exactly one"):
        RsaKey(public)


async def test_impersonation(serve: Serve) -> None:
    """Another user's session, by the refresh token of one's own login; renewals stay with the other user."""
    appliance = await serve("spc")
    other = appliance.add_user("customer", "never used")
    own = Password(appliance.username, appliance.password)
    credentials = Impersonation(own, appliance.tokens.uid(other))
    await used(appliance, credentials)
    assert appliance.tokens.grants["as"] == 1
    async with client_of(appliance, credentials) as client:
        token = await client.login()
        assert appliance.tokens.check(token.access).name == "customer"
    with pytest.raises(TypeError, match="refresh token"):
        Impersonation(ApiKey("made-up"), "1")  # type: ignore[arg-type]
    assert Impersonation(RefreshToken("made-up"), "1").single_use
    assert credentials.secrets() == [appliance.password]
    assert appliance.username in (credentials.user or "")


async def test_a_token_that_only_reads(serve: Serve) -> None:
    """`read_only` asks for it in the login, and the server refuses whatever changes something."""
    appliance = await serve("spc")
    async with client_of(appliance, Password(appliance.username, appliance.password, read_only=True)) as client:
        await client.request("GET", A_CALL["spc"])
        with pytest.raises(ApiError) as caught:
            await client.request("POST", "/api/v3/alarms/active/11111111-2222-4333-8444-555555555555/resolve")
    assert caught.value.status == 403
    other = await serve("one")
    async with client_of(other, Password(other.username, other.password, read_only=True)) as client:
        with pytest.raises(VeeamError, match="tokens that only read"):
            await client.login()


@pytest.mark.parametrize("revision", ["v7", "v8"])
@pytest.mark.parametrize("operator", [False, True])
async def test_assertion(serve: Serve, revision: str, operator: bool) -> None:
    """A signed assertion, given or asked for, logs in as an application or as a restore operator."""
    appliance = await serve("m365", revision)
    given = appliance.tokens.saml_response(appliance.username)
    await used(appliance, Assertion("application", given, operator=operator))
    asked = Assertion("application", ask=lambda: appliance.tokens.saml_response(appliance.username), operator=operator)
    async with client_of(appliance, asked) as client:
        await client.login()
        appliance.tokens.revoke_all()
        await client.request("GET", f"/{revision}/License")
    grant = b"operator" if operator else b"jwt-bearer"
    logins = [seen.body for seen in appliance.requests if b"assertion=" in seen.body]
    assert len(logins) == 3 and all(grant in body and b"client_id=application" in body for body in logins)


async def test_integration_token(serve: Serve) -> None:
    """A token of an integrated product logs in once."""
    appliance = await serve("m365", "v7")
    await used(appliance, IntegrationToken(appliance.tokens.vbr_token(appliance.username)))
    assert IntegrationToken("made-up").single_use


@pytest.mark.parametrize("revision", ["v7", "v8"])
async def test_no_cookie_is_asked_for(serve: Serve, revision: str) -> None:
    """Each request for a token of m365, renewals too, does without the antiforgery cookie."""
    appliance = await serve("m365", revision)
    await used(appliance, Password(appliance.username, appliance.password))
    logins = [seen for seen in appliance.requests if b"grant_type" in seen.body]
    assert len(logins) == 2
    assert all(b"disable_antiforgery_token=true" in seen.body for seen in logins)
    assert not any("cookie" in seen.headers for seen in appliance.requests)


async def test_logout(serve: Serve) -> None:
    """m365 and ONE log out when they are left; spc does so only when asked, for it ends what others use as well."""
    for product, left in (("m365", 0), ("one", 0), ("spc", 2)):
        appliance = await serve(product)
        login = Password(appliance.username, appliance.password)
        async with client_of(appliance, login) as other, client_of(appliance, login) as client:
            await other.login()
            await client.login()
        assert appliance.tokens.open == left, product
    async with client_of(appliance, login, logout=True) as client:
        await client.login()
        assert appliance.tokens.open == 3
    assert appliance.tokens.open == 0


async def test_token_is_taken_along(serve: Serve) -> None:
    """`connect` to spc logs in once: the client of the revision that it chose goes on with that login."""
    appliance = await serve("spc")
    async with connect(appliance.url, appliance.credentials, "spc") as client:
        await client.request("GET", A_CALL["spc"])
        appliance.tokens.revoke_access()
        await client.request("GET", A_CALL["spc"])
    assert client.revision.name == "3.7"
    assert appliance.tokens.grants == {"password": 1, "refresh_token": 1}


async def test_an_older_console(serve: Serve) -> None:
    """The version says which revision is served; a console that is older than all revisions here has none."""
    appliance = await serve("spc", "3.6.2")
    async with connect(appliance.url, appliance.credentials, "spc") as client:
        assert (client.revision.name, client.negotiation and client.negotiation.requests) == ("3.6.2", 2)
    old = b'{"data": {"serverVersion": "8.1.0.21377", "installationId": "x"}}'
    appliance.faults.add(operation="GetAboutInformation", status=200, body=old, content_type="application/json")
    with pytest.raises(UnsupportedRevisionError, match=r"8\.1"):
        await connect(appliance.url, appliance.credentials, "spc")


async def test_a_newer_console(serve: Serve) -> None:
    """A console that is newer than all that is known serves what the newest known one served."""
    appliance = await serve("spc")
    newer = b'{"data": {"serverVersion": "12.4", "installationId": "x"}}'
    appliance.faults.add(operation="GetAboutInformation", status=200, body=newer, content_type="application/json")
    async with connect(appliance.url, appliance.credentials, "spc") as client:
        assert client.revision.name == "3.7"


async def test_a_success_that_lists_errors(serve: Serve) -> None:
    """What a 200 of spc lists as errors is an error, with its type as the code, in calls, replies and listings."""
    appliance = await serve("spc")
    said = b'{"errors": [{"message": "no such thing", "type": "logical", "code": 1001}], "data": null}'
    appliance.faults.add(operation="GetBackupServerJobs", status=200, body=said, content_type="application/json")
    async with client_of(appliance, appliance.credentials) as client:
        for call in (lambda: client.call("GetBackupServerJobs"), lambda: client.call("GetBackupServerJobs").reply()):
            with pytest.raises(ApiError, match="no such thing") as caught:
                await call()
            assert (caught.value.status, caught.value.error_code) == (200, "logical")
        listing: Any = client.call("GetBackupServerJobs")
        with pytest.raises(ApiError, match="no such thing"):
            _ = [row async for row in listing]


async def test_pauses_and_passing_failures(serve: Serve) -> None:
    """Seconds to wait stand in the body; a 520 that says that it may pass is asked for again by calls that read."""
    appliance = await serve("spc")
    limited = b'{"errors": [{"message": "slower", "type": "transport", "code": 429, "retryAfter": 25}]}'
    appliance.faults.add(
        operation="GetAboutInformation", status=429, body=limited, content_type="application/json", times=1
    )
    passing = b'{"errors": [{"message": "busy", "type": "retryableLogical", "code": 1}]}'
    async with client_of(appliance, appliance.credentials) as client:
        with pytest.raises(RateLimitedError) as caught:
            await client.call("GetAboutInformation")
        assert caught.value.retry_after == 25.0
    for kind, times in ((b"retryableLogical", 2), (b"logical", 1)):
        appliance.faults.clear()
        appliance.faults.add(
            operation="GetAboutInformation", status=520, body=passing.replace(b"retryableLogical", kind),
            content_type="application/json",
        )  # fmt: skip
        before = appliance.counts["GetAboutInformation"]
        retry = RetryPolicy(attempts=2, backoff=0.01)
        async with client_of(appliance, appliance.credentials, retry=retry) as client:
            with pytest.raises(ServerError):
                await client.call("GetAboutInformation")
        assert appliance.counts["GetAboutInformation"] - before == times


async def test_an_answer_that_comes_later(serve: Serve) -> None:
    """A 202 is waited for: calls, replies, downloads and `wait` give what the call would have answered at once."""
    appliance = await serve("spc", behaviour=Behaviour(asynchronous=True))
    async with client_of(appliance, appliance.credentials) as client:
        about = await client.call("GetAboutInformation")
        assert about.data.server_version
        reply = await client.call("GetAboutInformation").reply()
        assert reply.status == 200 and reply.elsewhere and reply.value == about
        assert await client.call("GetAboutInformation").wait() == about


def test_names_of_grants() -> None:
    """What is pasted is cleaned: keys, assertions, ids."""
    assert ApiKey(" Bearer abc \n").key == "abc"
    assert Assertion(" app ", "a.b.c\n").assertion == "a.b.c"
    with pytest.raises(ValueError, match="exactly one"):
        Assertion("app")
