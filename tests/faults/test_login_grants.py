"""Logins, grant by grant: what is sent, which credentials are sent once only, which answers are half a login."""

from __future__ import annotations

import hashlib
import hmac
import sys
from base64 import b32decode
from collections.abc import AsyncIterator
from typing import Any

import pytest

from veeam_async import AuthorizationCode, BearerToken, Mfa, Password, RefreshToken, Saml, SsoToken, VbrToken
from veeam_async._auth.totp import totp_code
from veeam_async.client import ApplianceClient
from veeam_async.credentials import Credentials
from veeam_async.errors import ApiError, AuthenticationError, DecodeError, MfaRequired, VeeamError
from veeam_async.registry import client_class, revisions

from .conftest import QUICK
from .wire import Exchange, Wire

TOKEN_PATHS = {"vbr": "/api/oauth2/token", "aws": "/api/v1/token", "azure": "/api/oauth2/token"}
SAML_PATH = "/api/v1/identityProvider/token"
SIGN_ON_PATH = "/api/v1/identityProvider/signOnUrl"
TOKEN = {"access_token": "access", "refresh_token": "refresh", "expires_in": 900}


class Grants(Wire):
    """A server that gives a token for whatever is sent, unless the next answers were written down."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Any] = []
        for path in (*TOKEN_PATHS.values(), SAML_PATH):
            self.routes["POST", path] = self._grant

    async def _grant(self, exchange: Exchange) -> None:
        answer = self.answers.pop(0) if self.answers else TOKEN
        if answer == "cut":
            exchange.cut()
        elif isinstance(answer, int):
            await exchange.reply(answer, {"message": "no"})
        else:
            await exchange.reply(200, answer)

    @property
    def forms(self) -> list[dict[str, str]]:
        return [one.form for one in self.requests]


@pytest.fixture
async def grants() -> AsyncIterator[Grants]:
    async with Grants() as server:
        yield server


def client_of(server: Wire, credentials: Credentials, product: str = "vbr", **options: Any) -> ApplianceClient:
    return client_class(revisions(product)[0])(server.url, credentials, logout=False, retry=QUICK, **options)


# -------------------------------------------------------------------------------------------------------- what is sent

PASSWORD = {"username": "u", "password": "p"}


@pytest.mark.parametrize(
    ("product", "credentials", "form"),
    [
        ("vbr", Password("u", "p"), {"grant_type": "password", **PASSWORD}),
        (
            "vbr",
            Password("u", "p", short_term_refresh=True),
            {"grant_type": "password", **PASSWORD, "use_short_term_refresh": "true"},
        ),
        ("vbr", RefreshToken("r"), {"grant_type": "refresh_token", "refresh_token": "r"}),
        ("vbr", AuthorizationCode("c"), {"grant_type": "authorization_code", "code": "c"}),
        ("vbr", VbrToken("v"), {"grant_type": "vbr_token", "vbr_token": "v"}),
        ("aws", Password("u", "p"), {"grant_type": "password", **PASSWORD}),
        ("aws", RefreshToken("r"), {"grant_type": "refresh_token", "refresh_token": "r"}),
        ("aws", Saml("s"), {"SamlResponse": "s"}),
        ("azure", Password("u", "p"), {"grant_type": "Password", **PASSWORD}),
        ("azure", AuthorizationCode("c"), {"grant_type": "Authentication_code", "authorization_code": "c"}),
        ("azure", Saml("s"), {"grant_type": "Saml", "saml_response": "s"}),
        ("azure", SsoToken("t"), {"grant_type": "SsoToken", "sso_token": "t"}),
    ],
)
async def test_what_a_grant_sends(grants: Grants, product: str, credentials: Credentials, form: dict[str, str]) -> None:
    """One form, with these fields and no other, to the path that the product has for it."""
    async with client_of(grants, credentials, product) as client:
        assert (await client.login()).access == "access"
    assert grants.forms == [form]
    (sent,) = grants.requests
    assert sent.path == (SAML_PATH if (product, type(credentials)) == ("aws", Saml) else TOKEN_PATHS[product])
    assert sent.headers["content-type"] == "application/x-www-form-urlencoded"
    assert "authorization" not in sent.headers


async def test_the_spelling_that_was_taken_stays(grants: Grants) -> None:
    """A server that takes the first spelling is sent no other one, however often."""
    async with client_of(grants, Password("u", "p")) as client:
        for _ in range(3):
            await client.login(force=True)
    assert [form["grant_type"] for form in grants.forms] == ["password"] * 3


@pytest.mark.parametrize(
    ("factor", "code"),
    [
        ({"code": " 123456\n"}, "123456"),
        ({"recovery_code": " 11112222 "}, "11112222"),
        ({"ask": lambda: " 654321 "}, "654321"),
    ],
)
async def test_the_second_factor(grants: Grants, factor: dict[str, Any], code: str) -> None:
    """The token of the first step goes along with the code, and nothing else does."""
    grants.answers = [{"mfa_enabled": True, "mfa_token": "half"}]
    async with client_of(grants, Mfa("u", "p", **factor), "azure") as client:
        await client.login()
    assert grants.forms[1:] == [{"grant_type": "Mfa", "mfa_token": "half", "mfa_code": code}]


@pytest.mark.parametrize("answer", [{}, {"mfa_token": None}, {"mfa_token": ""}, {"mfa_token": 7}, {"mfa_token": ["x"]}])
async def test_a_first_step_without_a_token(grants: Grants, answer: Any) -> None:
    """Where the first step gives neither token, there is no second one."""
    grants.answers = [answer]
    async with client_of(grants, Mfa("u", "p", code="1"), "azure") as client:
        with pytest.raises((DecodeError, MfaRequired)):
            await client.login()
    assert len(grants.requests) == 1


@pytest.mark.parametrize("answer", [{"mfa_enabled": True}, {"mfa_token": "half"}])
async def test_signs_of_a_second_factor(grants: Grants, answer: Any) -> None:
    """Each sign alone says that the password is not enough."""
    grants.answers = [answer]
    async with client_of(grants, Password("u", "p"), "aws") as client:
        with pytest.raises(MfaRequired, match="log in with Mfa") as caught:
            await client.login()
    assert (caught.value.status, caught.value.operation) == (200, "POST /api/v1/token")


@pytest.mark.parametrize("answer", [[], ["access_token"], "text", 7])
async def test_a_login_that_is_answered_with_no_object(grants: Grants, answer: Any) -> None:
    """Anything but an object is no login."""

    async def odd(exchange: Exchange) -> None:
        await exchange.reply(200, answer)

    grants.routes["POST", TOKEN_PATHS["vbr"]] = odd
    async with client_of(grants, Password("u", "p")) as client:
        with pytest.raises(DecodeError, match="no JSON object") as caught:
            await client.login()
    assert (caught.value.status, caught.value.operation) == (200, "POST /api/oauth2/token")


@pytest.mark.parametrize(("given", "kept"), [("r", "r"), ("", None), (None, None), (7, None), (["r"], None)])
async def test_refresh_tokens_that_are_none(grants: Grants, given: Any, kept: str | None) -> None:
    """A refresh token is a text with something in it; without one the token serves all the same."""
    grants.answers = [{**TOKEN, "refresh_token": given}]
    async with client_of(grants, Password("u", "p")) as client:
        assert (await client.login()).refresh == kept


@pytest.mark.parametrize("access", ["line\nbreak", "nul\x00", "tab\t"])
async def test_tokens_that_no_header_can_carry(grants: Grants, access: str) -> None:
    """A token with control characters is refused where it comes, not where it would be sent."""
    grants.answers = [{**TOKEN, "access_token": access}]
    async with client_of(grants, Password("u", "p")) as client:
        with pytest.raises(DecodeError, match="a token that no header can carry"):
            await client.login()


async def test_a_refresh_token_that_the_server_repeats(grants: Grants) -> None:
    """A server that repeats what it was sent shows the refresh token to nobody."""
    grants.answers = [{**TOKEN, "refresh_token": "planted-refresh"}]
    async with client_of(grants, Password("u", "p")) as client:
        await client.login()

        async def repeats(exchange: Exchange) -> None:
            await exchange.reply(404, {"message": f"you sent {exchange.form['refresh_token']}"})

        @grants.on("GET", "/thing")
        async def thing(exchange: Exchange) -> None:
            await exchange.reply(401)

        grants.routes["POST", TOKEN_PATHS["vbr"]] = repeats
        with pytest.raises(ApiError) as caught:
            await client.request("GET", "/thing")
    assert grants.forms[-1]["refresh_token"] == "planted-refresh"
    assert caught.value.message == "you sent ***"
    assert "planted" not in f"{caught.value!r} {caught.value.body}"


# ------------------------------------------------------------------------------------------------ sent once, or again


@pytest.mark.parametrize("credentials", [AuthorizationCode("c"), RefreshToken("r"), Mfa("u", "p", code="1")])
@pytest.mark.parametrize("answer", [401, "cut", TOKEN])
async def test_credentials_that_may_have_been_used_are_not_sent_again(
    grants: Grants, credentials: Credentials, answer: Any
) -> None:
    """Taken, refused or perhaps taken: what serves for one login is sent once, whoever asks again."""
    grants.answers = [answer]
    async with client_of(grants, credentials, "aws") as client:
        if answer == TOKEN:
            await client.login()
        else:
            with pytest.raises(VeeamError):
                await client.login()
        for _ in range(2):
            with pytest.raises(AuthenticationError, match=f"{type(credentials).__name__} serves for one login"):
                await client.login(force=True)
    assert len(grants.requests) == 1


async def test_a_code_that_surely_was_not_used(grants: Grants) -> None:
    """An answer that says nothing of the code leaves it good."""
    grants.answers = [404]
    async with client_of(grants, AuthorizationCode("c")) as client:
        with pytest.raises(ApiError):
            await client.login()
        assert (await client.login()).access == "access"
    assert [form["code"] for form in grants.forms] == ["c", "c"]


@pytest.mark.parametrize("answer", [401, "cut", TOKEN])
async def test_a_password_serves_again(grants: Grants, answer: Any) -> None:
    """A password is good for the next login, whatever became of this one."""
    grants.answers = [answer]
    async with client_of(grants, Password("u", "p")) as client:
        if answer == TOKEN:
            await client.login()
        else:
            with pytest.raises(VeeamError):
                await client.login()
            assert len(grants.requests) == 1
        assert (await client.login(force=True)).access == "access"
    assert len(grants.requests) == 2


async def test_new_credentials_are_new(grants: Grants) -> None:
    """A second code serves after the first one was used."""
    async with client_of(grants, AuthorizationCode("first")) as client:
        await client.login()
        client.login_credentials = AuthorizationCode("second")
        await client.login()
        with pytest.raises(AuthenticationError, match="serves for one login"):
            await client.login(force=True)
    assert [form["code"] for form in grants.forms] == ["first", "second"]


async def test_a_bearer_token_that_is_refused(grants: Grants) -> None:
    """A refused bearer token is an error that says so, not a loop; a new one serves."""

    @grants.on("GET", "/thing")
    async def thing(exchange: Exchange) -> None:
        await exchange.reply(200 if exchange.token == "new" else 401, {})

    async with client_of(grants, BearerToken("old")) as client:
        with pytest.raises(AuthenticationError, match="the BearerToken was refused"):
            await client.request("GET", "/thing")
        assert len(grants.requests) == 1
        client.login_credentials = BearerToken("new")
        assert (await client.request("GET", "/thing")).status == 200
    assert [one.token for one in grants.requests] == ["old", "new"]


# ------------------------------------------------------------------------------------------------------ single sign-on


async def test_the_sign_on_url_is_asked_for_as_often_as_needed(grants: Grants) -> None:
    """Asking for the URL changes nothing: a server that is busy is asked again."""

    @grants.on("GET", SIGN_ON_PATH)
    async def sign_on(exchange: Exchange) -> None:
        busy = len(grants.to(SIGN_ON_PATH)) == 1
        await exchange.reply(503 if busy else 200, {"redirectToUrl": "https://idp.example/"})

    async with client_of(grants, Saml("s"), "aws") as client:
        assert await client.sign_on_url("a b@example.com") == "https://idp.example/"
    assert [one.query for one in grants.requests] == [{"userName": "a b@example.com"}] * 2


@pytest.mark.parametrize("answer", [{}, {"redirectToUrl": None}, {"redirectToUrl": 7}])
async def test_no_sign_on_url(grants: Grants, answer: Any) -> None:
    """An answer without the URL is an error, and nobody is asked to sign on."""
    asked: list[str] = []

    @grants.on("GET", SIGN_ON_PATH)
    async def sign_on(exchange: Exchange) -> None:
        await exchange.reply(200, answer)

    def ask(url: str) -> str:
        asked.append(url)
        return "response"

    async with client_of(grants, Saml(ask=ask, username="u"), "aws") as client:
        with pytest.raises(DecodeError, match="no sign-on URL"):
            await client.login()
    assert asked == []


# ----------------------------------------------------------------------------------------------------- one-time codes


def rfc6238(key: bytes, at: int) -> str:
    """The code as the RFC computes it, with SHA-1, six digits and half a minute."""
    digest = hmac.new(key, (at // 30).to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


@pytest.mark.parametrize("length", [16, 18, 20, 21, 23, 26, 32])
@pytest.mark.parametrize("at", [0, 29, 30, 1_234_567_890])
def test_secrets_of_any_length(length: int, at: int) -> None:
    """A secret counts with its padding and without, in any letter case, in groups or not."""
    secret = ("GEZDGNBVGY3TQOJQ" * 2)[: length - 1] + "A"
    padded = secret + "=" * (-length % 8)
    code = rfc6238(b32decode(padded), at)
    grouped = " ".join(secret[n : n + 4] for n in range(0, length, 4)).lower()
    assert [totp_code(spelling, at) for spelling in (secret, padded, grouped)] == [code] * 3


async def test_codes_without_the_library(grants: Grants, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pyotp is not there, the error says what to install; a code that is given needs none."""
    for name in ("pyotp", "pyotp.totp"):
        monkeypatch.setitem(sys.modules, name, None)
    grants.answers = [{"mfa_token": "half"}] * 2
    async with client_of(grants, Mfa("u", "p", totp_secret="JBSWY3DPEHPK3PXP"), "aws") as client:
        with pytest.raises(VeeamError, match=r"install veeam-async\[mfa\]") as caught:
            await client.login()
    assert caught.value.appliance == client.name
    grants.answers = [{"mfa_token": "half"}]
    async with client_of(grants, Mfa("u", "p", code="123456"), "aws") as client:
        assert (await client.login()).access == "access"
