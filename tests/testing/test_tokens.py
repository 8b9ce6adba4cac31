from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
from pyotp.totp import TOTP

from tests.testing.caller import NEWEST, Caller, calling
from veeam_async.testing import Behaviour

ANY = {"vbr": "/api/v1/jobs", "aws": "/api/v1/sessions", "azure": "/api/v8.1/jobSessions"}
GRANTS: dict[str, Any] = {
    "vbr": {"refresh": "refresh_token", "code": ("authorization_code", "code")},
    "aws": {"refresh": "refresh_token", "code": ("authorization_code", "code")},
    "azure": {"refresh": "Refresh_token", "code": ("Authentication_code", "authorization_code")},
}


class Clock:
    """Monotonic seconds that the test moves."""

    def __init__(self, caller: Caller) -> None:
        self.now = caller.appliance.tokens.clock()
        caller.appliance.tokens.clock = self

    def __call__(self) -> float:
        return self.now


async def status(caller: Caller) -> int:
    return (await caller("GET", ANY[caller.appliance.product.name])).status


def has_tokens(answer: Any) -> bool:
    return bool(answer.get("access_token") and answer.get("refresh_token"))


@pytest.mark.parametrize(("product", "revision"), NEWEST)
async def test_a_login_gives_both_tokens_and_their_lifetime(product: str, revision: str) -> None:
    """The password grant gives access and refresh token; expires_in and .expires agree."""
    async with calling(product, revision) as caller:
        answer = await caller.login()
        assert has_tokens(answer) and answer["token_type"] == "bearer"
        assert answer["expires_in"] == (900 if product == "vbr" else 3600)
        issued, expires = (datetime.fromisoformat(answer[name]) for name in (".issued", ".expires"))
        assert expires - issued == timedelta(seconds=answer["expires_in"])
        assert await status(caller) == 200


@pytest.mark.parametrize(("product", "revision"), NEWEST)
async def test_an_access_token_expires(product: str, revision: str) -> None:
    """After its lifetime the access token is 401, and not before."""
    async with calling(product, revision, access_lifetime=100) as caller:
        clock = Clock(caller)
        clock.now += 99
        assert await status(caller) == 200
        clock.now += 2
        assert await status(caller) == 401


@pytest.mark.parametrize(("product", "revision"), NEWEST)
async def test_a_refresh_token_is_good_once_and_gives_another(product: str, revision: str) -> None:
    """A refresh token gives new tokens once; the one it gave is good in its turn; the old access token still serves."""
    async with calling(product, revision) as caller:
        first = await caller.login()
        grant = GRANTS[product]["refresh"]
        second = await caller.grant(grant_type=grant, refresh_token=first["refresh_token"])
        assert second.status == 200 and second.json["refresh_token"] != first["refresh_token"]
        assert await status(caller) == 200
        again = await caller.grant(grant_type=grant, refresh_token=first["refresh_token"])
        assert again.status == 401
        third = await caller.grant(grant_type=grant, refresh_token=second.json["refresh_token"])
        assert third.status == 200
        assert caller.appliance.tokens.grants["refresh_token"] == 3


async def test_a_refresh_token_expires() -> None:
    """After its own lifetime a refresh token is not good; the short-term one lives 15 minutes longer than access."""
    async with calling() as caller:
        clock = Clock(caller)
        form = {"username": caller.appliance.username, "password": caller.appliance.password}
        long = (await caller.grant(grant_type="password", **form)).json["refresh_token"]
        short = [
            (await caller.grant(grant_type="password", use_short_term_refresh="true", **form)).json["refresh_token"]
            for _ in range(2)
        ]
        clock.now += 900 + 899
        assert (await caller.grant(grant_type="refresh_token", refresh_token=short[0])).status == 200
        clock.now += 2
        assert (await caller.grant(grant_type="refresh_token", refresh_token=short[1])).status == 401
        clock.now += 13 * 86400
        assert (await caller.grant(grant_type="refresh_token", refresh_token=long)).status == 200


@pytest.mark.parametrize(("product", "revision"), NEWEST)
async def test_logout_ends_all_tokens_of_the_login(product: str, revision: str) -> None:
    """After logout neither the access token nor the refresh token of that login is good; another login's are."""
    async with calling(product, revision) as caller:
        other = await caller.login()
        mine = await caller.login()
        method, path, expected = {
            "vbr": ("POST", "/api/oauth2/logout", 200),
            "aws": ("DELETE", "/api/v1/token", 204),
            "azure": ("DELETE", "/api/oauth2/token", 204),
        }[product]
        assert (await caller(method, path)).status == expected
        assert await status(caller) == 401
        grant = GRANTS[product]["refresh"]
        assert (await caller.grant(grant_type=grant, refresh_token=mine["refresh_token"])).status == 401
        caller.token = other["access_token"]
        assert await status(caller) == 200


async def test_tokens_can_be_revoked() -> None:
    """Access tokens, refresh tokens, or both can be made void at once."""
    async with calling() as caller:
        tokens = await caller.login()
        caller.appliance.tokens.revoke_access()
        assert await status(caller) == 401 and caller.appliance.tokens.open == 0
        renewed = await caller.grant(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
        assert renewed.status == 200
        caller.appliance.tokens.revoke_refresh()
        caller.token = renewed.json["access_token"]
        assert await status(caller) == 200
        again = await caller.grant(grant_type="refresh_token", refresh_token=renewed.json["refresh_token"])
        assert again.status == 401
        caller.appliance.tokens.revoke_all()
        assert await status(caller) == 401


@pytest.mark.parametrize(("product", "revision"), NEWEST)
async def test_wrong_passwords_are_counted_and_lock_the_account(product: str, revision: str) -> None:
    """Five wrong passwords lock the account for a minute, the next five for two; the right one resets the row."""
    async with calling(product, revision) as caller:
        clock = Clock(caller)
        tokens = caller.appliance.tokens
        name = caller.appliance.username

        async def attempt(password: str) -> int:
            return (await caller.grant(grant_type="password", username=name, password=password)).status

        for _ in range(4):
            assert await attempt("wrong") == 401
        assert await attempt(caller.appliance.password) == 200
        for _ in range(5):
            assert await attempt("wrong") == 401
        assert tokens.failures[name] == 9
        assert await attempt(caller.appliance.password) == (423 if product == "azure" else 401)
        clock.now += 61
        assert await attempt(caller.appliance.password) == 200
        for _ in range(5):
            await attempt("wrong")
        clock.now += 61
        assert await attempt(caller.appliance.password) != 200
        clock.now += 60
        assert await attempt(caller.appliance.password) == 200


async def test_a_refused_login_may_come_in_oauths_shape() -> None:
    """By choice a refused login is 400 with error and error_description, as RFC 6749 has it."""
    async with calling(behaviour=Behaviour(login_error="oauth")) as caller:
        reply = await caller.grant(grant_type="password", username="nobody", password="x")
        assert reply.status == 400 and reply.json["error"] == "invalid_grant" and reply.json["error_description"]
        reply = await caller.grant(grant_type="magic")
        assert reply.json["error"] == "unsupported_grant_type"


async def test_names_of_fields_and_grants_may_come_in_any_letter_case() -> None:
    """Azure takes Username and Password as its examples spell them."""
    async with calling("azure", "v8.1") as caller:
        form = {"Username": caller.appliance.username, "Password": caller.appliance.password}
        assert (await caller.grant(grant_type="password", **form)).status == 200
        assert (await caller.grant(grant_type="Password", **form)).status == 200


@pytest.mark.parametrize(("product", "grant"), [("aws", "mfa"), ("azure", "Mfa")])
async def test_a_second_factor_is_asked_for_and_checked(product: str, grant: str) -> None:
    """With a TOTP secret the password gives an mfa_token only; that and the right code give the tokens, once."""
    secret = pyotp.random_base32()
    async with calling(product, dict(NEWEST)[product]) as caller:
        user = caller.appliance.add_user("anna", "secret", totp_secret=secret)
        asked = await caller.login("anna", "secret")
        assert asked["mfa_enabled"] is True and asked["mfa_token"] and not asked.get("access_token")
        assert asked.get("expires_in", 0) == 0
        wrong = await caller.grant(grant_type=grant, mfa_token=asked["mfa_token"], mfa_code="000000")
        assert wrong.status == 401
        code = TOTP(secret).now()
        assert user.code() == code
        right = await caller.grant(grant_type=grant, mfa_token=asked["mfa_token"], mfa_code=code)
        assert right.status == 200 and has_tokens(right.json)
        replay = (await caller.login("anna", "secret"))["mfa_token"]
        assert (await caller.grant(grant_type=grant, mfa_token=replay, mfa_code=code)).status == 401


async def test_a_recovery_code_stands_in_for_the_second_factor_once() -> None:
    """Each recovery code is good for one login."""
    async with calling("aws", "1.7-rev0") as caller:
        caller.appliance.add_user("anna", "secret", totp_secret=pyotp.random_base32(), recovery_codes={"alpha-1"})
        for expected in (200, 401):
            token = (await caller.login("anna", "secret"))["mfa_token"]
            assert (await caller.grant(grant_type="mfa", mfa_token=token, mfa_code="alpha-1")).status == expected


async def test_an_mfa_token_expires() -> None:
    """The token between password and code lives five minutes."""
    secret = pyotp.random_base32()
    async with calling("aws", "1.7-rev0") as caller:
        clock = Clock(caller)
        caller.appliance.add_user("anna", "secret", totp_secret=secret)
        token = (await caller.login("anna", "secret"))["mfa_token"]
        clock.now += 301
        code = TOTP(secret).at(datetime.now(UTC))
        assert (await caller.grant(grant_type="mfa", mfa_token=token, mfa_code=code)).status == 401


async def test_backup_and_replication_has_no_second_factor() -> None:
    """A VBR account with a second factor cannot log in by this interface."""
    async with calling() as caller:
        caller.appliance.add_user("anna", "secret", totp_secret=pyotp.random_base32())
        reply = await caller.grant(grant_type="password", username="anna", password="secret")
        assert reply.status == 401


@pytest.mark.parametrize(("product", "revision"), [("vbr", "1.1-rev0"), ("aws", "1.7-rev0")])
async def test_an_authorization_code_gives_a_login_once_within_a_minute(product: str, revision: str) -> None:
    """A code that one session asks for logs another one in, once, for 60 seconds."""
    async with calling(product, revision) as caller:
        clock = Clock(caller)
        path = "/api/v1/token/authorization_code" if product == "aws" else "/api/oauth2/authorization_code"
        grant, field = GRANTS[product]["code"]
        codes = [(await caller("POST", path)).json["code"] for _ in range(2)]
        assert has_tokens((await caller.grant(grant_type=grant, **{field: codes[0]})).json)
        assert (await caller.grant(grant_type=grant, **{field: codes[0]})).status == 401
        clock.now += 61
        assert (await caller.grant(grant_type=grant, **{field: codes[1]})).status == 401


async def test_azure_takes_an_authentication_code() -> None:
    """The Azure spelling of the grant; its codes come from the appliance's own pages, here from the test."""
    async with calling("azure", "v8.1") as caller:
        code = caller.appliance.tokens.authorization_code(caller.appliance.user)
        assert (await caller.grant(grant_type="Authentication_code", authorization_code=code)).status == 200


async def test_a_saml_answer_is_taken_once() -> None:
    """The simulated identity provider's answer logs in once: by the grant (azure), by its own address (aws)."""
    async with calling("azure", "v8.1") as caller:
        caller.appliance.add_user("anna", saml=True)
        assert (await caller.grant(grant_type="Password", username="anna", password="")).status == 401
        answer = caller.appliance.tokens.saml_response("anna")
        first = await caller.grant(grant_type="Saml", saml_response=answer)
        assert first.status == 200 and first.json["username"] == "anna"
        assert (await caller.grant(grant_type="Saml", saml_response=answer)).status == 401
    async with calling("aws", "1.7-rev0") as caller:
        caller.appliance.add_user("anna", saml=True)
        answer = caller.appliance.tokens.saml_response("anna")
        for expected in (200, 401):
            reply = await caller("POST", "/api/v1/identityProvider/token", data={"SamlResponse": answer})
            assert reply.status == expected


async def test_a_vbr_token_is_taken_once() -> None:
    """The token of another Veeam service logs in once."""
    async with calling() as caller:
        token = caller.appliance.tokens.vbr_token(caller.appliance.username)
        assert (await caller.grant(grant_type="vbr_token", vbr_token=token)).status == 200
        assert (await caller.grant(grant_type="vbr_token", vbr_token=token)).status == 401


async def test_the_servers_clock_may_be_wrong() -> None:
    """A skew moves Date and .expires and nothing else: the token lives as long as expires_in says."""
    async with calling(access_lifetime=100) as caller:
        caller.appliance.faults.add(operation="login", times=1, skew=-3 * 86400)
        clock = Clock(caller)
        answer = await caller.login()
        assert datetime.fromisoformat(answer[".expires"] + "Z") < datetime.now(UTC) - timedelta(days=2)
        reply = await caller("GET", ANY["vbr"])
        assert datetime.strptime(reply.headers["Date"], "%a, %d %b %Y %H:%M:%S GMT") < datetime.now() - timedelta(
            days=2
        )
        clock.now += 99
        assert await status(caller) == 200
