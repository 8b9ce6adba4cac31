"""Each grant, end to end against the simulated appliance of its product."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from veeam_async import AuthorizationCode, Mfa, Password, RefreshToken, Saml, SsoToken, VbrToken
from veeam_async._auth import grants
from veeam_async._auth.totp import totp_code
from veeam_async.client import ApplianceClient
from veeam_async.credentials import Credentials
from veeam_async.errors import AuthenticationError, MfaRequired, UnsupportedRevisionError, VeeamError
from veeam_async.profiles import profile
from veeam_async.registry import client_class, find_revision, revisions
from veeam_async.testing import SimulatedAppliance

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
ALL = [(revision.product, revision.name) for revision in revisions()]
A_CALL = {
    "vbr": "/api/v1/services",
    "aws": "/api/v1/sessions",
    "azure": "/api/v8.1/jobSessions",
    "m365": "/{}/License",
    "spc": "/api/v3/about",
    "one": "/api/v{}/license",
}
WITH_MFA = ["aws", "azure"]
NEWEST = {"vbr": "1.3-rev0", "aws": "1.7-rev0", "azure": "v8.1"}

Serve = Callable[..., Any]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts simulated appliances, and clients of theirs; ends both."""
    ended: list[Any] = []

    async def start(product: str, revision: str | None = None, **options: Any) -> SimulatedAppliance:
        appliance = SimulatedAppliance(product, revision or NEWEST[product], **options)
        await appliance.__aenter__()
        ended.append(appliance)
        return appliance

    yield start
    for one in reversed(ended):
        await one.__aexit__(None, None, None)


def client_of(appliance: SimulatedAppliance, credentials: Credentials) -> ApplianceClient:
    kind = client_class(find_revision(appliance.product.name, appliance.revision))
    return kind(appliance.url, credentials)


async def used(appliance: SimulatedAppliance, credentials: Credentials) -> None:
    """Log in with the credentials, make a call, renew, make another, log out."""
    async with client_of(appliance, credentials) as client:
        path = A_CALL[appliance.product.name].replace("v8.1", appliance.revision).format(appliance.revision)
        assert (await client.request("GET", path)).status == 200
        appliance.tokens.revoke_access()
        assert (await client.request("GET", path)).status == 200
    logout = profile(appliance.product.name).logout
    assert appliance.tokens.open == (0 if logout is not None and logout.by_default else 1)
    assert not appliance.errors


@pytest.mark.parametrize(("product", "revision"), ALL)
async def test_password_and_refresh(serve: Serve, product: str, revision: str) -> None:
    """Password, then refresh token, then logout, in every revision."""
    appliance = await serve(product, revision)
    await used(appliance, appliance.credentials)
    assert appliance.tokens.grants["password"] == 1
    assert appliance.tokens.grants["refresh_token"] == 1


@pytest.mark.parametrize(("product", "revision"), [("vbr", "1.3-rev0"), ("azure", "v8.1")])
async def test_short_term_refresh(serve: Serve, product: str, revision: str) -> None:
    """A short-lived refresh token is asked for, at login and at refresh."""
    appliance = await serve(product, revision)
    await used(appliance, Password(appliance.username, appliance.password, short_term_refresh=True))
    logins = [seen for seen in appliance.requests if b"grant_type" in seen.body]
    assert len(logins) == 2
    assert all(b"short" in seen.body and b"=true" in seen.body for seen in logins)


async def test_no_short_term_refresh_for_aws(serve: Serve) -> None:
    """Where a product has no short-term refresh, asking for it is an error that says so."""
    appliance = await serve("aws")
    async with client_of(appliance, Password("a", "b", short_term_refresh=True)) as client:
        with pytest.raises(VeeamError, match="short-term"):
            await client.login()
    assert appliance.count("login") == 0


@pytest.mark.parametrize("product", ["vbr", "aws", "azure"])
async def test_refresh_token_of_another_session(serve: Serve, product: str) -> None:
    """A session goes on from a refresh token that another one left."""
    appliance = await serve(product)
    first = client_of(appliance, appliance.credentials)
    token = await first.login()
    assert token.refresh is not None
    await used(appliance, RefreshToken(token.refresh))
    assert appliance.tokens.grants["password"] == 1
    await first._pool.aclose()


@pytest.mark.parametrize(("product", "revision"), [("vbr", "1.1-rev0"), ("aws", "1.7-rev0")])
async def test_authorization_code_of_one_session_redeemed_in_another(serve: Serve, product: str, revision: str) -> None:
    """One session asks for a code, another logs in with it, once."""
    appliance = await serve(product, revision)
    async with client_of(appliance, appliance.credentials) as first:
        code = await first.authorization_code()
        await used(appliance, AuthorizationCode(code))
        async with client_of(appliance, AuthorizationCode(code)) as third:
            with pytest.raises(AuthenticationError):
                await third.login()


async def test_authorization_code_of_azure(serve: Serve) -> None:
    """Azure redeems a code; asking for one is not in its documents, and says so."""
    appliance = await serve("azure")
    await used(appliance, AuthorizationCode(appliance.tokens.authorization_code(appliance.user)))
    async with client_of(appliance, appliance.credentials) as client:
        with pytest.raises(VeeamError, match="no call for an authorization code"):
            await client.authorization_code()


async def test_used_code_is_not_sent_again(serve: Serve) -> None:
    """Credentials that serve for one login are not sent twice by one client."""
    appliance = await serve("aws")
    async with client_of(appliance, AuthorizationCode(appliance.tokens.authorization_code(appliance.user))) as client:
        await client.login()
        appliance.tokens.revoke_all()
        with pytest.raises(AuthenticationError, match="serves for one login"):
            await client.request("GET", A_CALL["aws"])
    assert appliance.tokens.grants["authorization_code"] == 1


@pytest.mark.parametrize("product", WITH_MFA)
async def test_mfa_with_a_code(serve: Serve, product: str) -> None:
    """Password first, then the code."""
    appliance = await serve(product)
    appliance.user.totp_secret = SECRET
    await used(appliance, Mfa(appliance.username, appliance.password, code=appliance.user.code()))
    assert (appliance.tokens.grants["password"], appliance.tokens.grants["mfa"]) == (1, 1)


@pytest.mark.parametrize("product", WITH_MFA)
@pytest.mark.parametrize("kind", ["plain", "async", "awaitable"])
async def test_mfa_with_a_callable(serve: Serve, product: str, kind: str) -> None:
    """The code is asked for when it is needed, by a function of any kind, once for a login."""
    appliance = await serve(product)
    appliance.user.totp_secret = SECRET
    asked: list[str] = []

    def plain() -> str:
        asked.append("plain")
        return f" {appliance.user.code()}\n"

    async def coroutine() -> str:
        await asyncio.sleep(0)
        return plain()

    ask: Any = {"plain": plain, "async": coroutine, "awaitable": lambda: coroutine()}[kind]
    await used(appliance, Mfa(appliance.username, appliance.password, ask=ask))
    assert len(asked) == 1


@pytest.mark.parametrize("product", WITH_MFA)
async def test_mfa_with_a_totp_secret(serve: Serve, product: str) -> None:
    """The code is computed from the authenticator's secret, blanks in it or not."""
    appliance = await serve(product)
    appliance.user.totp_secret = SECRET
    await used(
        appliance, Mfa(appliance.username, appliance.password, totp_secret="jbsw y3dp ehpk 3pxp jbsw y3dp ehpk 3pxp")
    )


@pytest.mark.parametrize("product", WITH_MFA)
async def test_mfa_with_a_recovery_code(serve: Serve, product: str) -> None:
    """A scratch code serves in place of the authenticator, once."""
    appliance = await serve(product)
    appliance.user.totp_secret = SECRET
    appliance.user.recovery_codes.add("11112222")
    await used(appliance, Mfa(appliance.username, appliance.password, recovery_code="11112222"))
    async with client_of(appliance, Mfa(appliance.username, appliance.password, recovery_code="11112222")) as again:
        with pytest.raises(AuthenticationError):
            await again.login()


@pytest.mark.parametrize("product", WITH_MFA)
async def test_mfa_credentials_for_an_account_without(serve: Serve, product: str) -> None:
    """Where MFA is off, the password alone is enough and no code is asked for."""
    appliance = await serve(product)

    def never() -> str:
        raise AssertionError("no code is needed")

    await used(appliance, Mfa(appliance.username, appliance.password, ask=never))


@pytest.mark.parametrize("product", WITH_MFA)
async def test_password_where_mfa_is_on(serve: Serve, product: str) -> None:
    """An answer that wants a second factor is MfaRequired, and is not tried again."""
    appliance = await serve(product)
    appliance.user.totp_secret = SECRET
    async with client_of(appliance, appliance.credentials) as client:
        for _ in range(3):
            with pytest.raises(MfaRequired, match="Mfa"):
                await client.request("GET", A_CALL[product])
    assert appliance.count("login") == 1


async def test_vbr_account_with_mfa(serve: Serve) -> None:
    """Backup & Replication refuses such an account; the error is MfaRequired."""
    appliance = await serve("vbr")
    appliance.user.totp_secret = SECRET
    async with client_of(appliance, appliance.credentials) as client:
        with pytest.raises(MfaRequired):
            await client.login()
    async with client_of(appliance, Mfa("a", "b", code="1")) as client:
        with pytest.raises(AuthenticationError):
            await client.login()


@pytest.mark.parametrize("product", WITH_MFA)
async def test_wrong_mfa_code(serve: Serve, product: str) -> None:
    """A wrong code is one refused login, not a loop."""
    appliance = await serve(product)
    appliance.user.totp_secret = SECRET
    async with client_of(appliance, Mfa(appliance.username, appliance.password, code="000000")) as client:
        results = await asyncio.gather(
            *(client.request("GET", A_CALL[product]) for _ in range(10)), return_exceptions=True
        )
    assert all(isinstance(result, AuthenticationError) for result in results)
    assert appliance.tokens.grants["mfa"] == 1


async def test_second_login_waits_for_the_next_code(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A code is good once: a second login within its half minute waits for the next one."""
    appliance = await serve("aws")
    appliance.user.totp_secret = SECRET
    slept: list[float] = []
    shown = iter(["first", "first", "second"])

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    client = client_of(appliance, Mfa("a", "b", totp_secret=SECRET))
    credentials = client.login_credentials
    assert isinstance(credentials, Mfa)
    with monkeypatch.context() as patched:
        patched.setattr(grants, "totp_code", lambda secret, at: next(shown))
        patched.setattr("veeam_async._auth.grants.asyncio.sleep", sleep)
        codes = [await grants._code(client._account._login._requests, credentials) for _ in range(2)]
    assert codes == ["first", "second"]
    assert len(slept) == 1 and 0 < slept[0] <= 30.2
    await client.aclose()


def test_short_totp_secret_is_taken() -> None:
    """Secrets of ten bytes, as authenticators have had them for years, give the codes of RFC 6238."""
    assert totp_code("JBSWY3DPEHPK3PXP", 0) == "282760"
    assert totp_code("jbsw y3dp ehpk 3pxp", 29) == "282760"
    assert totp_code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 59) == "287082"


@pytest.mark.parametrize("product", WITH_MFA)
async def test_saml_response(serve: Serve, product: str) -> None:
    """An identity provider's response logs in."""
    appliance = await serve(product)
    appliance.add_user("sso@example.com", saml=True)
    await used(appliance, Saml(appliance.tokens.saml_response("sso@example.com")))


async def test_saml_with_a_sign_on_url(serve: Serve) -> None:
    """AWS names the place to sign on; what the provider answers there is asked for and logs in."""
    appliance = await serve("aws")
    appliance.add_user("sso@example.com", saml=True)
    seen: list[str] = []

    async def sign_on(url: str) -> str:
        seen.append(url)
        return str(appliance.tokens.saml_response("sso@example.com"))

    async with client_of(appliance, Saml(ask=sign_on, username="sso@example.com")) as client:
        url = await client.sign_on_url("sso@example.com")
        assert url.startswith("http")
        assert (await client.request("GET", A_CALL["aws"])).status == 200
    assert seen and seen[0].startswith("http")


async def test_saml_callable_of_azure(serve: Serve) -> None:
    """Azure has no call for the URL: the callable gets an empty one."""
    appliance = await serve("azure")
    appliance.add_user("sso@example.com", saml=True)

    def sign_on(url: str) -> str:
        assert url == ""
        return str(appliance.tokens.saml_response("sso@example.com"))

    await used(appliance, Saml(ask=sign_on))


async def test_vbr_token(serve: Serve) -> None:
    """A platform service's token logs in to Backup & Replication."""
    appliance = await serve("vbr")
    await used(appliance, VbrToken(appliance.tokens.vbr_token(appliance.username)))


async def test_sso_token_is_sent_as_azure_wants_it(serve: Serve) -> None:
    """The SSO token goes out under its own grant; the refusal is an AuthenticationError."""
    appliance = await serve("azure")
    async with client_of(appliance, SsoToken("some-sso-token")) as client:
        with pytest.raises(AuthenticationError):
            await client.login()
    assert b"grant_type=SsoToken" in appliance.requests[-1].body
    assert b"sso_token=some-sso-token" in appliance.requests[-1].body


@pytest.mark.parametrize(
    ("product", "credentials"),
    [
        ("vbr", Saml("x")),
        ("aws", VbrToken("x")),
        ("azure", VbrToken("x")),
        ("vbr", SsoToken("x")),
        ("aws", SsoToken("x")),
    ],
)
async def test_grant_that_a_product_lacks(serve: Serve, product: str, credentials: Credentials) -> None:
    """A grant that the product does not have is an error before anything is sent."""
    appliance = await serve(product)
    async with client_of(appliance, credentials) as client:
        with pytest.raises(VeeamError, match="no grant"):
            await client.login()
    assert not appliance.requests


async def test_other_letter_case_of_the_grant_is_found_and_kept(serve: Serve) -> None:
    """A server that knows the grant types in the other case only costs one request more, once."""
    appliance = await serve("vbr", "1.3-rev1", validate=True)
    async with client_of(appliance, appliance.credentials) as client:
        await client.login()
        first = [seen.body for seen in appliance.requests if seen.operation_id == "CreateToken"]
        appliance.tokens.revoke_access()
        await client.request("GET", A_CALL["vbr"])
    bodies = [seen.body for seen in appliance.requests if seen.operation_id == "CreateToken"]
    assert len(bodies) == len(first) + 1
    assert len(first) <= 2


@pytest.mark.parametrize(
    ("error", "again"),
    [
        ({"errorCode": "UnexpectedContent", "message": "grant_type: not one of Password, ..."}, True),
        ({"error": "unsupported_grant_type"}, True),
        ({"title": "Bad Request", "errors": {"grant_type": ["unknown"]}}, True),
        ({"error": "invalid_grant", "error_description": "wrong password for this grant type"}, False),
        ({"errorCode": "AccessDenied", "message": "wrong user name or password"}, False),
    ],
)
async def test_only_a_refused_grant_type_is_respelled(serve: Serve, error: Any, again: bool) -> None:
    """The other letter case is tried for a refused grant type, never for refused credentials."""
    appliance = await serve("vbr")
    appliance.faults.add(operation="login", times=1, status=400, body=error)
    async with client_of(appliance, appliance.credentials) as client:
        if again:
            await client.login()
        else:
            with pytest.raises(AuthenticationError):
                await client.login()
    assert appliance.count("login") == (2 if again else 1)


async def test_wrong_revision_at_login_is_no_refused_login(serve: Serve) -> None:
    """A server without the client's revision says which it has; that is not held against the credentials."""
    appliance = await serve("vbr", "1.1-rev0", oldest="1.1-rev0")
    kind = client_class(find_revision("vbr", "1.3-rev0"))
    async with kind(appliance.url, appliance.credentials) as client:
        for _ in range(2):
            with pytest.raises(UnsupportedRevisionError) as caught:
                await client.login()
            assert caught.value.server == ("1.1-rev0",)


@pytest.mark.parametrize("product", ["vbr", "aws", "azure"])
async def test_wrong_password_in_each_product(serve: Serve, product: str) -> None:
    """A poller with a wrong password makes one wrong login, and locks nothing."""
    appliance = await serve(product)
    async with client_of(appliance, Password(appliance.username, "wrong")) as client:
        for _ in range(20):
            with pytest.raises(AuthenticationError):
                await client.request("GET", A_CALL[product])
    assert appliance.tokens.failures[appliance.username] == 1
    assert not appliance.tokens.locked_until


@pytest.mark.parametrize("form", ["product", "oauth"])
async def test_login_errors_in_both_forms(serve: Serve, form: Any) -> None:
    """A refused login is understood in the product's form and in OAuth's."""
    from veeam_async.testing import Behaviour

    appliance = await serve("vbr", behaviour=Behaviour(login_error=form))
    async with client_of(appliance, Password(appliance.username, "wrong")) as client:
        with pytest.raises(AuthenticationError) as caught:
            await client.login()
    assert caught.value.error_code
    assert caught.value.status in (400, 401)


@pytest.mark.parametrize("product", ["vbr", "aws", "azure"])
async def test_token_that_is_refused_everywhere(serve: Serve, product: str) -> None:
    """A refresh whose token is refused with 403 everywhere leads to one login, in each product."""
    appliance = await serve(product)
    async with client_of(appliance, appliance.credentials) as client:
        await client.request("GET", A_CALL[product])
        appliance.tokens.revoke_access()
        appliance.faults.add(operation="login", times=1, dead_token=True)
        assert (await client.request("GET", A_CALL[product])).status == 200
    assert appliance.tokens.grants["password"] == 2
    assert appliance.tokens.grants["refresh_token"] == 1


@pytest.mark.parametrize("unauthorized", ["product", "empty", "string"])
async def test_each_kind_of_401(serve: Serve, unauthorized: Any) -> None:
    """A 401 renews the token whatever its body is."""
    from veeam_async.testing import Behaviour

    appliance = await serve("vbr", behaviour=Behaviour(unauthorized=unauthorized))
    await used(appliance, appliance.credentials)


async def test_tokens_that_really_expire(serve: Serve) -> None:
    """With tokens of a second, calls over three seconds see no 401 and few logins."""
    appliance = await serve("vbr", access_lifetime=1.0)
    async with client_of(appliance, appliance.credentials) as client:
        for _ in range(30):
            await asyncio.gather(*(client.request("GET", A_CALL["vbr"]) for _ in range(5)))
            await asyncio.sleep(0.1)
    assert appliance.tokens.grants["password"] == 1
    assert 3 <= appliance.tokens.grants["refresh_token"] <= 8
