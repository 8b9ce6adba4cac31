"""The grants that take more than a user name and a password, or something else."""

from __future__ import annotations

import asyncio
from time import monotonic, time

from .._http.token import Token
from .._redact import Hidden, Secret
from ..credentials import Credentials
from ..credentials.identity_provider import Assertion, Saml
from ..credentials.impersonation import Impersonation
from ..credentials.mfa import Mfa
from ..credentials.password import Password
from ..credentials.rsa_key import RsaKey
from ..credentials.tokens import AuthorizationCode, IntegrationToken, RefreshToken, SsoToken, VbrToken
from ..errors import VeeamError
from ..profiles import Grant
from .asking import answer_of
from .rsa import code_in
from .token_requests import TokenRequests, json_object
from .totp import STEP, totp_code

_BY_TOKEN: dict[type, Grant] = {SsoToken: "sso_token", VbrToken: "vbr_token", IntegrationToken: "integration"}


async def token_by(requests: TokenRequests, credentials: Credentials) -> Token:
    """A token by credentials of any kind.

    Raises:
        TypeError: no grant takes them.
        AuthenticationError: the appliance refuses them.
        VeeamError: the appliance could not be asked.
    """
    match credentials:
        case Password():
            return await requests.by_password(credentials)
        case Mfa():
            return await _by_mfa(requests, credentials)
        case RsaKey():
            return await _by_key(requests, credentials)
        case Impersonation():
            return await _as_another(requests, credentials)
        case Assertion():
            return await _by_assertion(requests, credentials)
        case Saml():
            return await _by_saml(requests, credentials)
        case RefreshToken():
            return await requests.by_refresh(Secret(credentials.token))
        case AuthorizationCode():
            return await requests.token_for("authorization_code", Hidden(code=credentials.code))
        case SsoToken() | VbrToken() | IntegrationToken():
            return await requests.token_for(_BY_TOKEN[type(credentials)], Hidden(token=credentials.token))
        case _:
            raise TypeError(f"no grant takes {type(credentials).__name__}")


async def _by_assertion(requests: TokenRequests, credentials: Assertion) -> Token:
    assertion = credentials.assertion
    if credentials.ask is not None:
        assertion = await answer_of(credentials.ask)
    fields = Hidden(client_id=credentials.client_id, assertion=assertion or "")
    return await requests.token_for("operator" if credentials.operator else "assertion", fields)


async def _by_saml(requests: TokenRequests, credentials: Saml) -> Token:
    response = credentials.response
    if credentials.ask is not None:
        url = await requests.sign_on_url(credentials.username) if requests.profile.sign_on_path else ""
        response = await answer_of(credentials.ask, url)
    return await requests.token_for("saml", Hidden(response=response or ""))


async def _by_mfa(requests: TokenRequests, credentials: Mfa) -> Token:
    fields = Hidden(username=credentials.username, password=credentials.password)
    header = requests.profile.mfa_header
    if header is not None:
        code = await _code(requests, credentials)
        # An account without a second factor needs no code, and a person who is asked for one gives none.
        with_code = Hidden({header: code}) if code else None
        return await requests.token_for("password", fields, secrets=(code,) if code else (), headers=with_code)
    started = monotonic()
    reply = await requests.ask("password", fields)
    answer = json_object(reply)
    if answer.get("access_token"):
        return requests.token_in(reply, "login", started)  # MFA is off for this account
    mfa_token = answer.get("mfa_token")
    if not isinstance(mfa_token, str) or not mfa_token:
        raise requests.no_token(reply)
    code = await _code(requests, credentials)
    return await requests.token_for("mfa", Hidden(mfa_token=mfa_token, mfa_code=code), secrets=(mfa_token, code))


async def _code(requests: TokenRequests, credentials: Mfa) -> str:
    if credentials.ask is not None:
        return (await answer_of(credentials.ask)).strip()
    if credentials.totp_secret is None:
        return (credentials.code or credentials.recovery_code or "").strip()
    code = _totp(requests, credentials.totp_secret)
    if code == requests.last_code:
        # A code is good once; a login so soon after another has to wait for the next one.
        await asyncio.sleep(STEP - time() % STEP + 0.1)
        code = _totp(requests, credentials.totp_secret)
    requests.last_code = code
    return code


def _totp(requests: TokenRequests, secret: str) -> str:
    try:
        return totp_code(secret, time())
    except ImportError:
        raise VeeamError("totp_secret needs pyotp: install veeam-async[mfa]", appliance=requests.name) from None
    except ValueError:  # its text is not repeated, it could hold the secret
        raise VeeamError("totp_secret is not base32", appliance=requests.name) from None


async def _by_key(requests: TokenRequests, credentials: RsaKey) -> Token:
    reply = await requests.ask("public_key", Hidden(public_key=credentials.public_key))
    encrypted = json_object(reply).get("encrypted_code")
    if not isinstance(encrypted, str) or not encrypted:
        raise requests.no_token(reply, "no challenge for the key")
    code = await code_in(encrypted, credentials, requests.name)
    return await requests.token_for("authorization_code", Hidden(code=code))


async def _as_another(requests: TokenRequests, credentials: Impersonation) -> Token:
    """The token of another user, by the refresh token of a login of one's own."""
    if isinstance(credentials.by, RefreshToken):
        own = Secret(credentials.by.token)
    else:
        own = Secret((await token_by(requests, credentials.by)).refresh or "")
    if not own.value:
        raise VeeamError(
            "the login gave no refresh token, which the login as another user takes", appliance=requests.name
        )
    return await requests.token_for("as", Hidden(refresh_token=own.value, user_uid=credentials.user_uid))
