"""The server's side of OAuth: accounts, grants, tokens that expire, rotate and are used once."""

from __future__ import annotations

import math
import secrets
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from .keys import Keys
from .products import Grant, Problem, Product, Refused, Tokens

_CODE_LIFETIME = 60.0
_MFA_LIFETIME = 300.0


@attrs.define(eq=False)
class User:
    """An account of the simulated appliance.

    Attributes:
        name: as typed at login; letter case does not matter.
        password: in the clear, since it protects nothing.
        role: given in AWS and Azure logins.
        forbidden: operationIds that this account gets 403 for; `*` for all.
        totp_secret: base32, where the account has a second factor.
        recovery_codes: each good for one login in place of a second factor.
        saml: True where the account logs in by its identity provider only.
    """

    name: str
    password: str = attrs.field(repr=False)
    role: str = "PortalAdministrator"
    forbidden: set[str] = attrs.field(factory=set)
    totp_secret: str = attrs.field(default="", repr=False)
    recovery_codes: set[str] = attrs.field(factory=set, repr=False)
    saml: bool = False
    _last_code: str = attrs.field(default="", repr=False, init=False)

    def code(self, moment: datetime | None = None) -> str:
        """The six digits that this account's authenticator shows now (aware moment: then)."""
        from pyotp.totp import TOTP

        return str(TOTP(self.totp_secret).at(moment or datetime.now(UTC)))

    def accepts(self, code: str) -> bool:
        """True where the code is the authenticator's of now (one step off is allowed) or an unused recovery code."""
        from pyotp.totp import TOTP

        if code in self.recovery_codes:
            self.recovery_codes.discard(code)
            return True
        if code == self._last_code or not TOTP(self.totp_secret).verify(code, valid_window=1):
            return False
        self._last_code = code
        return True


@attrs.frozen
class _Access:
    user: User
    until: float
    login: int
    guarded: bool = False
    read_only: bool = False


@attrs.frozen
class _Refresh:
    user: User
    until: float
    lifetime: float
    login: int
    short: bool


class TokenService:
    """Gives and checks the tokens of one appliance.

    Args:
        product: whose grants and lifetimes.
        access_lifetime: seconds, or None for the product's own.
        refresh_lifetime: seconds, or None for the product's own.
        clock: monotonic seconds; tests move it.
        attempts: wrong passwords in a row that lock an account.
        lock_seconds: how long the first lock lasts; each further one lasts twice as long.

    Attributes:
        users: accounts by name in lower case.
        skew: what the server's wall clock is ahead of the true one.
        grants: how often each grant was asked for, by its meaning.
        failures: wrong passwords by account, never reset.
        locked_until: monotonic seconds by account.
    """

    def __init__(
        self,
        product: Product,
        *,
        access_lifetime: float | None = None,
        refresh_lifetime: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        attempts: int = 5,
        lock_seconds: float = 60.0,
    ) -> None:
        self.product = product
        self.access_lifetime = product.access_lifetime if access_lifetime is None else access_lifetime
        self.refresh_lifetime = product.refresh_lifetime if refresh_lifetime is None else refresh_lifetime
        self.clock = clock
        self.attempts = attempts
        self.lock_seconds = lock_seconds
        self.users: dict[str, User] = {}
        self.skew = timedelta()
        self.grants: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.locked_until: dict[str, float] = {}
        self._in_a_row: Counter[str] = Counter()
        self._locks: Counter[str] = Counter()
        self._access: dict[str, _Access] = {}
        self._refresh: dict[str, _Refresh] = {}
        self._codes: dict[str, tuple[User, float]] = {}
        self._pending: dict[str, tuple[User, float]] = {}
        self._assertions: dict[str, User] = {}
        self._vbr_tokens: dict[str, User] = {}
        self._logins = 0
        self._guarded = self._read_only = False
        self.keys: Keys[User] = Keys()
        self._grants: Mapping[Grant, Callable[[Mapping[str, str]], dict[str, Any]]] = {
            "password": self._password,
            "refresh_token": self._refresh_token,
            "authorization_code": self._authorization_code,
            "vbr_token": self._vbr_token,
            "mfa": self._mfa,
            "saml": self.saml,
            "sso_token": lambda fields: self._never("SSO token"),
            "integration": self._vbr_token,
            "public_key": self._public_key,
            "as": self._as,
            "updater_token": lambda fields: self._never("updater token"),
        }

    # Accounts

    def add(self, user: User) -> User:
        """Make an account known."""
        self.users[user.name.lower()] = user
        return user

    # What a test needs in hand

    def saml_response(self, user: str) -> str:
        """An identity provider's answer for an account; the appliance takes it once."""
        text = secrets.token_urlsafe(48)
        self._assertions[text] = self._account(user)
        return text

    def vbr_token(self, user: str) -> str:
        """A token of the kind that another Veeam service hands over; the appliance takes it once."""
        text = secrets.token_urlsafe(32)
        self._vbr_tokens[text] = self._account(user)
        return text

    def authorization_code(self, user: User) -> str:
        """A code for the grant of the same name: 60 seconds, once."""
        code = secrets.token_urlsafe(24)
        self._codes[code] = (user, self.clock() + _CODE_LIFETIME)
        return code

    def now(self) -> datetime:
        """The server's wall clock, aware."""
        return datetime.now(UTC) + self.skew

    # Revocation

    def revoke_access(self) -> None:
        """No access token is good any more; refresh tokens are."""
        self._access.clear()

    def revoke_refresh(self) -> None:
        """No refresh token is good any more: what a restart of the service does."""
        self._refresh.clear()

    def revoke_all(self) -> None:
        """Neither is good any more."""
        self.revoke_access()
        self.revoke_refresh()

    @property
    def open(self) -> int:
        """Access tokens that are still good."""
        now = self.clock()
        return sum(1 for access in self._access.values() if access.until > now)

    # Requests

    def add_key(self, user: User) -> str:
        """A key that serves as an access token for ever, as the Service Provider Console gives them."""
        key = secrets.token_urlsafe(32)
        self._access[key] = _Access(user, math.inf, 0)
        return key

    def check(self, token: str, *, cookies: bool = True, method: str = "GET") -> User:
        """The account behind an access token.

        Args:
            token: as sent.
            cookies: True where the request carried cookies; some logins ask for one.
            method: of the request; some tokens only read.

        Raises:
            Refused: 401.
        """
        access = self._access.get(token)
        if access is None:
            raise Refused(Problem(401, "The access token is not known.", "InvalidToken"))
        if access.until <= self.clock():
            del self._access[token]
            raise Refused(Problem(401, "The access token has expired.", "ExpiredToken"))
        if access.read_only and method not in ("GET", "HEAD"):
            raise Refused(Problem(403, "The access token is for reading alone."))
        if access.guarded and not cookies:
            raise Refused(Problem(401, "The antiforgery cookie is missing.", "InvalidToken"))
        return access.user

    def end(self, token: str) -> None:
        """Log out: the token and all others of the same login end."""
        access = self._access.pop(token, None)
        if access is not None and self.product.ends_user:
            self._access = {key: value for key, value in self._access.items() if value.user is not access.user}
            self._refresh = {key: value for key, value in self._refresh.items() if value.user is not access.user}
        elif access is not None:
            self._access = {key: value for key, value in self._access.items() if value.login != access.login}
            self._refresh = {key: value for key, value in self._refresh.items() if value.login != access.login}

    def answer(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Answer a request to the token endpoint.

        Args:
            form: the fields as sent; letter case of their names does not matter.

        Raises:
            Refused: the grant is not given.
        """
        fields = {name.lower(): value for name, value in form.items()}
        grant = self.product.grants.get(fields.get("grant_type", "").lower())
        if grant is None:
            raise Refused(Problem(400, "The grant type is not supported."), "unsupported_grant_type")
        self.grants[grant] += 1
        self._read_only = fields.get("readonly", "").lower() == "true"
        self._guarded = self.product.antiforgery and fields.get("disable_antiforgery_token", "").lower() != "true"
        return self._grants[grant](fields)

    def _password(self, fields: Mapping[str, str]) -> dict[str, Any]:
        name = fields.get("username", "").lower()
        wait = self.locked_until.get(name, 0.0) - self.clock()
        if wait > 0:
            raise Refused(
                Problem(423 if self.product.name == "azure" else 401, "The account is locked."), retry_after=wait
            )
        user = self.users.get(name)
        if user is None or not secrets.compare_digest(user.password.encode(), fields.get("password", "").encode()):
            self._wrong(name)
            raise Refused(Problem(401, "The user name or the password is wrong.", "AccessDenied"))
        if user.saml:
            raise Refused(Problem(401, "This account logs in by its identity provider.", "AccessDenied"))
        self._in_a_row.pop(name, None)
        if user.totp_secret:
            if self.product.mfa_header:
                if not user.accepts(fields.get(self.product.mfa_header.lower(), "")):
                    raise Refused(Problem(400, "A multi-factor authentication (MFA) code is missing or wrong."))
                return self._give(user, self._is_short(fields))
            if "mfa" not in self.product.grants:
                raise Refused(Problem(401, "This account needs a second factor, which this interface does not take."))
            token = secrets.token_urlsafe(24)
            self._pending[token] = (user, self.clock() + _MFA_LIFETIME)
            return self.product.mfa_needed(user.name, token)
        return self._give(user, self._is_short(fields))

    def _wrong(self, name: str) -> None:
        self.failures[name] += 1
        self._in_a_row[name] += 1
        if self._in_a_row[name] >= self.attempts:
            self.locked_until[name] = self.clock() + self.lock_seconds * 2 ** self._locks[name]
            self._locks[name] += 1
            self._in_a_row.pop(name)

    def _refresh_token(self, fields: Mapping[str, str]) -> dict[str, Any]:
        held = self._refresh.pop(fields.get("refresh_token", ""), None)
        if held is None or held.until <= self.clock():
            raise Refused(Problem(401, "The refresh token is not good.", "InvalidToken"))
        return self._give(held.user, held.short, held)

    def _authorization_code(self, fields: Mapping[str, str]) -> dict[str, Any]:
        code = fields.get("code") or fields.get("authorization_code", "")
        return self._give(self._once(self._codes, code, "authorization code"), self._is_short(fields))

    def _mfa(self, fields: Mapping[str, str]) -> dict[str, Any]:
        token = fields.get("mfa_token", "")
        user, until = self._pending.get(token, (None, 0.0))
        if user is None or until <= self.clock():
            raise Refused(Problem(401, "The MFA token is not good.", "InvalidToken"))
        if not user.accepts(fields.get("mfa_code", "")):
            raise Refused(Problem(401, "The MFA code is wrong.", "AccessDenied"))
        del self._pending[token]
        return self._give(user, self._is_short(fields))

    def saml(self, fields: Mapping[str, str]) -> dict[str, Any]:
        """Answer a login by an identity provider's response.

        Raises:
            Refused: the response is not one that was given, or was used before.
        """
        user = self._assertions.pop(_first(fields, "saml_response", "samlresponse", "assertion"), None)
        if user is None:
            raise Refused(Problem(401, "The identity provider's answer is not good.", "AccessDenied"))
        return self._give(user, self._is_short(fields))

    def _vbr_token(self, fields: Mapping[str, str]) -> dict[str, Any]:
        user = self._vbr_tokens.pop(_first(fields, "vbr_token", "integration_token"), None)
        if user is None:
            raise Refused(Problem(401, "The VBR token is not good.", "AccessDenied"))
        return self._give(user, self._is_short(fields))

    def _public_key(self, fields: Mapping[str, str]) -> dict[str, Any]:
        key = fields.get("public_key", "")
        code = self.authorization_code(self.keys.user(key))
        return self.product.challenge(self.keys.encrypted(key, code))

    def _as(self, fields: Mapping[str, str]) -> dict[str, Any]:
        held = self._refresh.pop(fields.get("refresh_token", ""), None)
        other = next((user for user in self.users.values() if self.uid(user) == fields.get("useruid")), None)
        if held is None or held.until <= self.clock() or other is None:
            raise Refused(Problem(400, "There is no such user, or the refresh token is not good."))
        return self._give(other, held.short)

    def uid(self, user: User) -> str:
        """The id of an account."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, user.name.lower()))

    def _never(self, what: str) -> dict[str, Any]:
        raise Refused(Problem(401, f"The {what} is not good.", "AccessDenied"))

    def _once(self, held: dict[str, tuple[User, float]], key: str, what: str) -> User:
        user, until = held.pop(key, (None, 0.0))
        if user is None or until <= self.clock():
            raise Refused(Problem(401, f"The {what} is not good.", "AccessDenied"))
        return user

    def _is_short(self, fields: Mapping[str, str]) -> bool:
        wish = fields.get("use_short_term_refresh") or fields.get("short_lived_refresh_token", "")
        return wish.lower() == "true"

    def _give(self, user: User, short: bool, before: _Refresh | None = None) -> dict[str, Any]:
        if before is None:
            self._logins += 1
            login = self._logins
            lifetime = self.access_lifetime + 900 if short else self.refresh_lifetime
        else:
            login, lifetime = before.login, before.lifetime
        now = self.clock()
        self._forget(now)
        access, refresh = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self._access[access] = _Access(user, now + self.access_lifetime, login, self._guarded, self._read_only)
        self._refresh[refresh] = _Refresh(user, now + lifetime, lifetime, login, short)
        issued = self.now()
        return self.product.tokens(
            Tokens(
                access=access,
                refresh=refresh,
                lifetime=math.ceil(self.access_lifetime),
                issued=issued,
                expires=issued + timedelta(seconds=self.access_lifetime),
                user=user.name,
                role=user.role,
                short=short,
                renewed=before is not None,
            )
        )

    def _forget(self, now: float) -> None:
        if len(self._access) > 256:
            self._access = {key: value for key, value in self._access.items() if value.until > now}

    def _account(self, name: str) -> User:
        return self.users[name.lower()]


def _first(fields: Mapping[str, str], *names: str) -> str:
    return next((fields[name] for name in names if fields.get(name)), "")
