"""Requests for tokens, and what is read from their answers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from time import monotonic
from typing import Any

from .._http.answers import read_error
from .._http.token import Source, Token
from .._http.transport import Transport
from .._operation.call import Call
from .._operation.encoding import FORM_HEADERS, encode_form, encode_query
from .._operation.operation import Revision
from .._operation.reply import Reply
from .._redact import Hidden, HiddenObject, HiddenTuple, Secret
from ..credentials import Credentials
from ..credentials.password import Password
from ..errors import ApiError, DecodeError, MfaRequired, VeeamError, Where
from ..profiles import Grant, Profile

# Parts of credentials that errors may show.
_NOT_SECRET = frozenset({"username", "client_id", "user_uid", "public_key"})
_LONGEST_TOKEN = 65536  # servers take 16 to 64 KiB of headers


class TokenRequests:
    """Asks one appliance for tokens.

    Attributes:
        profile: of the product.
        name: the appliance's label, for errors.
        credentials: what is never repeated in an error, and what they ask of a token.
        last_code: the last code of an authenticator that was sent, which is good once.
    """

    def __init__(self, transport: Transport, profile: Profile, revision: Revision, credentials: Credentials) -> None:
        self._transport = transport
        self._revision = revision
        self.name = transport.name
        self.profile = profile
        self.credentials = credentials
        self.last_code: str | None = None
        # Spelling of the grants that this server took, where it was not the profile's.
        self._other_case = False

    async def by_refresh(self, token: Secret) -> Token:
        """A token by a refresh token."""
        return await self.token_for("refresh_token", Hidden(refresh_token=token.value or ""), source="refresh")

    async def by_password(self, credentials: Password) -> Token:
        """A token by a user name and a password."""
        return await self.token_for("password", Hidden(username=credentials.username, password=credentials.password))

    async def token_for(
        self,
        grant: Grant,
        fields: dict[str, str],
        *,
        secrets: tuple[str, ...] = (),
        headers: Mapping[str, str] | None = None,
        source: Source = "login",
    ) -> Token:
        """The token that a grant answers; see `ask`."""
        started = monotonic()
        return self.token_in(await self.ask(grant, fields, secrets=secrets, headers=headers), source, started)

    async def sign_on_url(self, username: str | None) -> str:
        """The identity provider's URL where a user signs on.

        Raises:
            VeeamError: this product has no call for it.
        """
        path = self.profile.sign_on_path
        if path is None:
            raise VeeamError(f"{self.profile.title} has no call for a sign-on URL", appliance=self.name)
        query = encode_query({self.profile.sign_on_user: username})
        field = self.profile.sign_on_field

        def decode(reply: Reply[None]) -> str:
            url = json_object(reply).get(field)
            if not isinstance(url, str):
                raise DecodeError("the answer has no sign-on URL")
            return url

        call = Call("GET", path + query, f"GET {path}", path, safe=True)
        return await self._transport.fetch(call, None, decode)

    # -------------------------------------------------------------------------------------------------- one request

    async def ask(
        self,
        grant: Grant,
        fields: dict[str, str],
        *,
        secrets: tuple[str, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Reply[None]:
        """The answer to a grant.

        Args:
            grant: which.
            fields: our names of what it takes, and the values.
            secrets: what the answer must not repeat in an error, besides the credentials and the fields.
            headers: further headers.

        Raises:
            VeeamError: the product has no such grant, or the appliance refuses it or could not be asked.
        """
        profile = self.profile
        request = profile.grants.get(grant)
        if request is None:
            raise VeeamError(f"{profile.title} has no grant {grant!r}", appliance=self.name)
        form = Hidden((request.fields[name], value) for name, value in fields.items())
        form.update(profile.token_fields)
        form.update(self._wishes())
        template = request.path or profile.token_path
        path = template.replace("{revision}", self._revision.name)
        sent = (value for name, value in fields.items() if name not in _NOT_SECRET)
        secrets = HiddenTuple((*self.credentials.secrets(), *secrets, *sent))
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
                    headers=FORM_HEADERS if headers is None else Hidden({**FORM_HEADERS, **headers}),
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
        raise login_error(error, self._transport, self.profile, self._revision)

    def _spellings(self, grant_type: str | None) -> tuple[str | None, ...]:
        """The spelling to send, and the one to try if the server does not know that grant type."""
        if grant_type is None:
            return (None,)
        other = grant_type.lower() if grant_type[0].isupper() else grant_type[0].upper() + grant_type[1:]
        return (other, grant_type) if self._other_case else (grant_type, other)

    def token_in(self, reply: Reply[None], source: Source, started: float) -> Token:
        """The token in the answer to a request that was begun at `started`, by `time.monotonic()`."""
        data = json_object(reply)
        access = data.get("access_token")
        if not isinstance(access, str) or not access:
            raise self.no_token(reply)
        if len(access) > _LONGEST_TOKEN or not access.isprintable():
            raise self.no_token(reply, "a token that no header can carry")
        refresh = data.get("refresh_token")
        return Token(
            access,
            refresh if isinstance(refresh, str) and 0 < len(refresh) <= _LONGEST_TOKEN else None,
            _lifetime(data.get("expires_in"), self.profile.fallback_lifetime),
            source,
            issued=started,
        )

    def no_token(self, reply: Reply[None], what: str = "no token") -> VeeamError:
        """The error for an answer without what was asked for."""
        data = json_object(reply)
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

    def _wishes(self) -> dict[str, str]:
        """Form fields for what the credentials ask of the token.

        Raises:
            VeeamError: the product has no such tokens.
        """
        profile = self.profile
        fields: dict[str, str] = {}
        for wish, field, what in (
            ("short_term_refresh", profile.short_term_field, "short-term refresh tokens"),
            ("read_only", profile.read_only_field, "tokens that only read"),
        ):
            if not getattr(self.credentials, wish, False):
                continue
            if field is None:
                raise VeeamError(f"{profile.title} has no {what}", appliance=self.name)
            fields[field] = "true"
        return fields


def _lifetime(value: Any, fallback: float) -> float:
    """Seconds from `expires_in`; the fallback for nonsense."""
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return fallback
    return seconds if math.isfinite(seconds) and seconds > 0 else fallback


def json_object(reply: Reply[None]) -> HiddenObject:
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
