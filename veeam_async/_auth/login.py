"""The grants: how credentials become tokens."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from time import monotonic, time
from typing import Any

from .._http.answers import read_error
from .._http.token import Source, Token
from .._http.transport import Transport
from .._operation.call import Call
from .._operation.encoding import encode_form, encode_query
from .._operation.operation import Revision
from .._operation.reply import Reply
from .._redact import Hidden, HiddenObject, HiddenTuple, Secret, forget_frames
from ..credentials import (
    ApiKey,
    Assertion,
    AuthorizationCode,
    Credentials,
    Impersonation,
    IntegrationToken,
    Mfa,
    Password,
    RefreshToken,
    RsaKey,
    Saml,
    SsoToken,
    VbrToken,
    is_single_use,
    secrets_of,
    token_as_given,
)
from ..errors import ApiError, AuthenticationError, DecodeError, MfaRequired, VeeamError, Where
from ..profiles import Grant, Profile
from .totp import STEP, totp_code

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}

_BY_TOKEN: dict[type, Grant] = {SsoToken: "sso_token", VbrToken: "vbr_token", IntegrationToken: "integration"}
# Parts of credentials that errors may show.
_NOT_SECRET = frozenset({"username", "client_id", "user_uid", "public_key"})
_LONGEST_TOKEN = 65536  # servers take 16 to 64 KiB of headers


class Login:
    """Asks one appliance for tokens, by whatever credentials it was given."""

    def __init__(self, transport: Transport, profile: Profile, revision: Revision, credentials: Credentials) -> None:
        self._transport = transport
        self._profile = profile
        self._revision = revision
        self._credentials = credentials
        self._used = False
        # Spelling of the grants that this server took, where it was not the profile's.
        self._other_case = False
        self._last_code: str | None = None

    @property
    def credentials(self) -> Credentials:
        return self._credentials

    @credentials.setter
    def credentials(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._used = False
        self._last_code = None

    def used(self) -> None:
        """Note that the credentials have served for a login somewhere else."""
        self._used = is_single_use(self._credentials) or token_as_given(self._credentials) is not None

    # ------------------------------------------------------------------------------------------- what Tokens asks for

    async def login(self) -> Token:
        """A token by the credentials.

        Raises:
            AuthenticationError: the appliance refuses them.
            VeeamError: the appliance could not be asked.
        """
        credentials = self._credentials
        # Not in a variable: tracebacks show those.
        if token_as_given(credentials) is not None:
            if self._used:
                what = "API key" if isinstance(credentials, ApiKey) else "bearer token"
                raise self._refusal(f"the {what} was refused, and nothing is there to get another one with")
            self._used = True
            # Nobody said how long it lives: it serves until it is refused.
            return Token(token_as_given(credentials) or "", None, math.inf, "login")
        if self._used:
            raise self._refusal(f"{type(credentials).__name__} serves for one login and was used: a new one is needed")
        try:
            token = await self._by(credentials)
        except VeeamError as error:
            if is_single_use(credentials) and (isinstance(error, AuthenticationError) or error.outcome_unknown):
                self._used = True
            forget_frames(error)
            raise
        except asyncio.CancelledError as error:
            forget_frames(error)
            raise
        if is_single_use(credentials):
            self._used = True
        return token

    async def refresh(self, token: Secret) -> Token:
        """A token by a refresh token.

        Raises:
            AuthenticationError: the appliance refuses it.
            VeeamError: the appliance could not be asked.
        """
        try:
            return await self._by_refresh(token, "refresh")
        except (VeeamError, asyncio.CancelledError) as error:
            forget_frames(error)
            raise

    async def _by_refresh(self, token: Secret, source: Source) -> Token:
        fields = Hidden(refresh_token=token.value or "")
        started = monotonic()
        reply = await self._ask("refresh_token", fields)
        return self._token(reply, source, started)

    # ------------------------------------------------------------------------------------------------------ each grant

    async def _by(self, credentials: Credentials) -> Token:
        started = monotonic()
        match credentials:
            case Password():
                fields = Hidden(username=credentials.username, password=credentials.password)
                reply = await self._ask("password", fields)
            case Mfa():
                return await self._by_mfa(credentials)
            case RsaKey():
                return await self._by_key(credentials)
            case Impersonation():
                return await self._as_another(credentials)
            case Assertion():
                assertion = credentials.assertion
                if credentials.ask is not None:
                    assertion = await _asked(credentials.ask)
                started = monotonic()
                fields = Hidden(client_id=credentials.client_id, assertion=assertion or "")
                reply = await self._ask("operator" if credentials.operator else "assertion", fields)
            case RefreshToken():
                return await self._by_refresh(Secret(credentials.token), "refresh")
            case AuthorizationCode():
                reply = await self._ask("authorization_code", Hidden(code=credentials.code))
            case Saml():
                response = credentials.response
                if credentials.ask is not None:
                    url = await self.sign_on_url(credentials.username) if self._profile.sign_on_path else ""
                    response = await _asked(credentials.ask, url)
                started = monotonic()
                reply = await self._ask("saml", Hidden(response=response or ""))
            case SsoToken() | VbrToken() | IntegrationToken():
                reply = await self._ask(_BY_TOKEN[type(credentials)], Hidden(token=credentials.token))
            case _:
                raise TypeError(f"{type(credentials).__name__} are no credentials")
        return self._token(reply, "login", started)

    async def _by_mfa(self, credentials: Mfa) -> Token:
        fields = Hidden(username=credentials.username, password=credentials.password)
        header = self._profile.mfa_header
        if header is not None:
            code = await self._mfa_code(credentials)
            started = monotonic()
            # An account without a second factor needs no code, and a person who is asked for one gives none.
            with_code = Hidden({header: code}) if code else None
            reply = await self._ask("password", fields, secrets=(code,) if code else (), headers=with_code)
            return self._token(reply, "login", started)
        started = monotonic()
        reply = await self._ask("password", fields)
        data = _object(reply)
        if data.get("access_token"):
            return self._token(reply, "login", started)  # MFA is off for this account
        mfa_token = data.get("mfa_token")
        if not isinstance(mfa_token, str) or not mfa_token:
            raise self._no_token(reply)
        code = await self._mfa_code(credentials)
        started = monotonic()
        reply = await self._ask(
            "mfa",
            Hidden(mfa_token=mfa_token, mfa_code=code),
            secrets=(mfa_token, code),
        )
        return self._token(reply, "login", started)

    async def _by_key(self, credentials: RsaKey) -> Token:
        reply = await self._ask("public_key", Hidden(public_key=credentials.public_key))
        encrypted = _object(reply).get("encrypted_code")
        if not isinstance(encrypted, str) or not encrypted:
            raise self._no_token(reply, "no challenge for the key")
        from .rsa import code_in  # few logins have a key

        code = await code_in(encrypted, credentials, self._name)
        started = monotonic()
        return self._token(await self._ask("authorization_code", Hidden(code=code)), "login", started)

    async def _as_another(self, credentials: Impersonation) -> Token:
        """The token of another user, by the refresh token of a login of one's own."""
        if isinstance(credentials.by, RefreshToken):
            own = Secret(credentials.by.token)
        else:
            own = Secret((await self._by(credentials.by)).refresh or "")
        if not own.value:
            raise VeeamError(
                "the login gave no refresh token, which the login as another user takes", appliance=self._name
            )
        started = monotonic()
        fields = Hidden(refresh_token=own.value, user_uid=credentials.user_uid)
        return self._token(await self._ask("as", fields), "login", started)

    async def _mfa_code(self, credentials: Mfa) -> str:
        if credentials.ask is not None:
            return (await _asked(credentials.ask)).strip()
        if credentials.totp_secret is None:
            return (credentials.code or credentials.recovery_code or "").strip()
        code = self._totp(credentials.totp_secret)
        if code == self._last_code:
            # A code is good once; a login so soon after another has to wait for the next one.
            await asyncio.sleep(STEP - time() % STEP + 0.1)
            code = self._totp(credentials.totp_secret)
        self._last_code = code
        return code

    def _totp(self, secret: str) -> str:
        try:
            return totp_code(secret, time())
        except ImportError:
            raise VeeamError("totp_secret needs pyotp: install veeam-async[mfa]", appliance=self._name) from None
        except ValueError:  # its text is not repeated, it could hold the secret
            raise VeeamError("totp_secret is not base32", appliance=self._name) from None

    async def sign_on_url(self, username: str | None) -> str:
        """The identity provider's URL where a user signs on.

        Raises:
            VeeamError: this product has no call for it.
        """
        path = self._profile.sign_on_path
        if path is None:
            raise VeeamError(f"{self._profile.title} has no call for a sign-on URL", appliance=self._name)
        query = encode_query({self._profile.sign_on_user: username})
        field = self._profile.sign_on_field

        def decode(reply: Reply[None]) -> str:
            url = _object(reply).get(field)
            if not isinstance(url, str):
                raise DecodeError("the answer has no sign-on URL")
            return url

        call = Call("GET", path + query, f"GET {path}", path, safe=True)
        return await self._transport.fetch(call, None, decode)

    # -------------------------------------------------------------------------------------------------- one request

    async def _ask(
        self,
        grant: Grant,
        fields: dict[str, str],
        *,
        secrets: tuple[str, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Reply[None]:
        profile = self._profile
        request = profile.grants.get(grant)
        if request is None:
            raise VeeamError(f"{profile.title} has no grant {grant!r}", appliance=self._name)
        form = Hidden((request.fields[name], value) for name, value in fields.items())
        form.update(profile.token_fields)
        form.update(self._wishes())
        template = request.path or profile.token_path
        path = template.replace("{revision}", self._revision.name)
        sent = (value for name, value in fields.items() if name not in _NOT_SECRET)
        secrets = HiddenTuple((*secrets_of(self._credentials), *secrets, *sent))
        error: ApiError | None = None
        for spelling in self._spellings(request.grant_type):
            if spelling is not None:
                form = Hidden(form, grant_type=spelling)
            reply = await self._transport.probe(
                Call(
                    "POST",
                    path,
                    f"POST {path}",
                    template,
                    safe=False,
                    headers=_FORM if headers is None else Hidden({**_FORM, **headers}),
                    body=encode_form(form),
                    secrets=secrets,
                )
            )
            if reply.status < 300:
                self._other_case = spelling is not None and spelling != request.grant_type
                return reply
            from .refusals import login_error, refuses_grant_type  # few logins are refused

            error = read_error(reply)
            if not refuses_grant_type(error):
                break
        assert error is not None
        raise login_error(error, self._transport, self._profile, self._revision)

    def _spellings(self, grant_type: str | None) -> tuple[str | None, ...]:
        """The spelling to send, and the one to try if the server does not know that grant type."""
        if grant_type is None:
            return (None,)
        other = grant_type.lower() if grant_type[0].isupper() else grant_type[0].upper() + grant_type[1:]
        return (other, grant_type) if self._other_case else (grant_type, other)

    def _token(self, reply: Reply[None], source: Source, started: float) -> Token:
        data = _object(reply)
        access = data.get("access_token")
        if not isinstance(access, str) or not access:
            raise self._no_token(reply)
        if len(access) > _LONGEST_TOKEN or not access.isprintable():
            raise self._no_token(reply, "a token that no header can carry")
        refresh = data.get("refresh_token")
        return Token(
            access,
            refresh if isinstance(refresh, str) and 0 < len(refresh) <= _LONGEST_TOKEN else None,
            _lifetime(data.get("expires_in"), self._profile.fallback_lifetime),
            source,
            issued=started,
        )

    def _no_token(self, reply: Reply[None], what: str = "no token") -> VeeamError:
        data = _object(reply)
        if data.get("mfa_enabled") or data.get("mfa_token"):
            return MfaRequired(
                "the account has multi-factor authentication on: log in with Mfa(username, password, ...)",
                status=reply.status,
                mfa_token=data.get("mfa_token") if isinstance(data.get("mfa_token"), str) else None,
                answered_by="appliance",
                step="login",
                **_where(reply),
            )
        return DecodeError(f"the login was answered with {what}", status=reply.status, step="login", **_where(reply))

    def _refusal(self, message: str) -> AuthenticationError:
        return AuthenticationError(message, appliance=self._name, step="login")

    def _wishes(self) -> dict[str, str]:
        """Form fields for what the credentials ask of the token.

        Raises:
            VeeamError: the product has no such tokens.
        """
        profile = self._profile
        fields: dict[str, str] = {}
        for wish, field, what in (
            ("short_term_refresh", profile.short_term_field, "short-term refresh tokens"),
            ("read_only", profile.read_only_field, "tokens that only read"),
        ):
            if not getattr(self._credentials, wish, False):
                continue
            if field is None:
                raise VeeamError(f"{profile.title} has no {what}", appliance=self._name)
            fields[field] = "true"
        return fields

    @property
    def _name(self) -> str:
        return self._transport.name


def _lifetime(value: Any, fallback: float) -> float:
    """Seconds from `expires_in`; the fallback for nonsense."""
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return fallback
    return seconds if math.isfinite(seconds) and seconds > 0 else fallback


def _object(reply: Reply[None]) -> HiddenObject:
    data = reply.json()
    if not isinstance(data, dict):
        raise DecodeError("the login's answer is no JSON object", status=reply.status, step="login", **_where(reply))
    return HiddenObject(data)


def _where(reply: Reply[None]) -> Where:
    return {
        "appliance": reply.appliance,
        "operation": reply.operation,
        "method": reply.call.method,
        "path": reply.call.template,
    }


async def _asked(ask: Callable[..., Any], *args: Any) -> str:
    from .asking import answer_of  # few logins ask anybody

    return await answer_of(ask, *args)
