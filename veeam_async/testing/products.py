"""What differs between the products on the server's side: tokens, grants, errors, headers, how a revision is chosen."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

import attrs

Grant = Literal[
    "password", "refresh_token", "authorization_code", "vbr_token", "mfa", "saml", "sso_token", "updater_token"
]
Shape = Literal["product", "empty", "string"]

_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    423: "Locked",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}

_CODES = {
    400: "UnexpectedContent",
    401: "InvalidToken",
    403: "AccessDenied",
    404: "NotFound",
    405: "MethodNotAllowed",
    501: "NotImplemented",
    503: "ServiceUnavailable",
}


@attrs.frozen
class Problem:
    """Why a request was refused.

    Attributes:
        status: HTTP status.
        message: one sentence for people.
        code: the product's `errorCode`; by the status where empty.
        fields: what was wrong with which field.
        resource_id: id of the object in question, or empty.
    """

    status: int
    message: str
    code: str = ""
    fields: Mapping[str, list[str]] = attrs.field(factory=dict)
    resource_id: str = ""

    @property
    def title(self) -> str:
        """The status in words."""
        return _TITLES.get(self.status, "Error")

    @property
    def error_code(self) -> str:
        """The error code as VBR and AWS spell it."""
        return self.code or _CODES.get(self.status, "UnknownError")


class Refused(Exception):
    """The request is answered with an error.

    Attributes:
        problem: what the answer says.
        oauth: the `error` of RFC 6749, for servers that answer logins in that form.
        retry_after: seconds, or None.
    """

    def __init__(self, problem: Problem, oauth: str = "invalid_grant", retry_after: float | None = None) -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.oauth = oauth
        self.retry_after = retry_after


@attrs.frozen
class Tokens:
    """What a login gave.

    Attributes:
        access, refresh: the two tokens.
        lifetime: of the access token, whole seconds.
        issued: when, aware, by the server's clock.
        expires: when the access token ends, by the server's clock.
        user: the account's name.
        role: its role.
        short: True where the refresh token lives as long as the access token and 15 minutes.
        renewed: True where a refresh token was exchanged.
    """

    access: str = attrs.field(repr=False)
    refresh: str = attrs.field(repr=False)
    lifetime: int
    issued: datetime
    expires: datetime
    user: str
    role: str
    short: bool = False
    renewed: bool = False


class Product:
    """One product's server side; the subclasses hold what differs.

    Attributes:
        name, title: `vbr` and the full name.
        port: the port that a real appliance listens on.
        revision_header: the header that chooses the revision, in lower case; empty where the path does.
        revision_path: finds the revision in a path, where the path chooses it.
        access_lifetime, refresh_lifetime: seconds, as the evidence says.
        grants: the grant's spelling in lower case to what it means.
        login: path of the token endpoint.
        logout: method and path of the call that ends a login.
        logout_status: 200 or 204.
        links: True where answers carry links to the appliance itself.
        headers: of every answer.
        problem_type: media type of errors.
        dead_token: what a rejected token is answered with, unless the behaviour says otherwise.
    """

    name = ""
    title = ""
    port = 0
    revision_header = ""
    revision_path: ClassVar[re.Pattern[str] | None] = None
    access_lifetime = 3600
    refresh_lifetime = 14 * 86400
    grants: ClassVar[Mapping[str, Grant]] = {}
    login = ""
    logout: ClassVar[tuple[str, str]] = ("", "")
    logout_status = 204
    links = True
    headers: ClassVar[Mapping[str, str]] = {}
    problem_type = "application/problem+json"
    dead_token: Shape = "empty"

    def tokens(self, tokens: Tokens) -> dict[str, Any]:
        """The body of a login's answer."""
        return {
            "access_token": tokens.access,
            "token_type": "bearer",
            "refresh_token": tokens.refresh,
            "expires_in": tokens.lifetime,
            ".issued": self.moment(tokens.issued),
            ".expires": self.moment(tokens.expires),
        }

    def moment(self, moment: datetime) -> str:
        """A moment as the token endpoint writes it."""
        return stamp(moment)

    def mfa_needed(self, user: str, token: str) -> dict[str, Any]:
        """The body that asks for a second factor."""
        raise NotImplementedError

    def problem(self, problem: Problem) -> dict[str, Any]:
        """The body of an error."""
        raise NotImplementedError

    def wrong_revision(self, asked: str, served: Sequence[str]) -> Problem:
        """The error for a revision that is not served; `asked` is empty where none was named."""
        text = f"The x-api-version header is missing or wrong. Supported revisions: {', '.join(served)}."
        return Problem(400, text)


def _without_zone(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


class Vbr(Product):
    """Veeam Backup & Replication."""

    name = "vbr"
    title = "Veeam Backup & Replication"
    port = 9419
    revision_header = "x-api-version"
    access_lifetime = 900
    grants: ClassVar[Mapping[str, Grant]] = {
        "password": "password",
        "refresh_token": "refresh_token",
        "authorization_code": "authorization_code",
        "vbr_token": "vbr_token",
    }
    login = "/api/oauth2/token"
    logout: ClassVar[tuple[str, str]] = ("POST", "/api/oauth2/logout")
    logout_status = 200
    links = False
    problem_type = "application/json"
    # As the tag SectionOverview of 1.3-rev1 lists them.
    headers: ClassVar[Mapping[str, str]] = {
        "Cache-Control": "private",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "SAMEORIGIN",
        "X-XSS-Protection": "1; mode=block",
        "Strict-Transport-Security": "max-age=31536000",
    }

    def tokens(self, tokens: Tokens) -> dict[str, Any]:
        body = super().tokens(tokens)
        return body if tokens.renewed else body | {"username": tokens.user}

    def moment(self, moment: datetime) -> str:
        return _without_zone(moment)

    def problem(self, problem: Problem) -> dict[str, Any]:
        body = {"errorCode": problem.error_code, "message": problem.message}
        if problem.resource_id:
            body["resourceId"] = problem.resource_id
        return body


class Aws(Product):
    """Veeam Backup for AWS."""

    name = "aws"
    title = "Veeam Backup for AWS"
    port = 11005
    revision_header = "x-api-version"
    refresh_lifetime = 2 * 3600
    grants: ClassVar[Mapping[str, Grant]] = {
        "password": "password",
        "refresh_token": "refresh_token",
        "authorization_code": "authorization_code",
        "mfa": "mfa",
    }
    login = "/api/v1/token"
    logout: ClassVar[tuple[str, str]] = ("DELETE", "/api/v1/token")

    def tokens(self, tokens: Tokens) -> dict[str, Any]:
        return super().tokens(tokens) | {"username": tokens.user, "mfa_enabled": False, "roleName": tokens.role}

    def moment(self, moment: datetime) -> str:
        return _without_zone(moment)

    def mfa_needed(self, user: str, token: str) -> dict[str, Any]:
        return {"mfa_enabled": True, "mfa_token": token, "username": user}

    def problem(self, problem: Problem) -> dict[str, Any]:
        body: dict[str, Any] = {
            "title": problem.title,
            "status": problem.status,
            "errorCode": problem.error_code,
            "details": problem.message,
        }
        if problem.fields:
            body["data"] = {name: {"messages": texts} for name, texts in problem.fields.items()}
        return body


class Azure(Product):
    """Veeam Backup for Microsoft Azure."""

    name = "azure"
    title = "Veeam Backup for Microsoft Azure"
    port = 443
    revision_path: ClassVar[re.Pattern[str] | None] = re.compile(r"/api/(v\d[\d.]*)(?=/)")
    grants: ClassVar[Mapping[str, Grant]] = {
        "password": "password",
        "refresh_token": "refresh_token",
        "mfa": "mfa",
        "saml": "saml",
        "ssotoken": "sso_token",
        "authentication_code": "authorization_code",
        "updater_token": "updater_token",
    }
    login = "/api/oauth2/token"
    logout: ClassVar[tuple[str, str]] = ("DELETE", "/api/oauth2/token")

    def tokens(self, tokens: Tokens) -> dict[str, Any]:
        return super().tokens(tokens) | {
            "userId": str(uuid.uuid5(uuid.NAMESPACE_URL, tokens.user)),
            "username": tokens.user,
            "roleName": tokens.role,
            "userType": "Internal",
            "latestNewsShown": True,
            "mfa_enabled": False,
            "shortLived": tokens.short,
        }

    def moment(self, moment: datetime) -> str:
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"

    def mfa_needed(self, user: str, token: str) -> dict[str, Any]:
        return {
            "token_type": "bearer",
            "expires_in": 0,
            ".issued": "0001-01-01T00:00:00Z",
            ".expires": "0001-01-01T00:00:00Z",
            "userId": str(uuid.uuid5(uuid.NAMESPACE_URL, user)),
            "username": user,
            "userType": "Internal",
            "latestNewsShown": True,
            "mfa_enabled": True,
            "mfa_token": token,
            "shortLived": False,
        }

    def problem(self, problem: Problem) -> dict[str, Any]:
        body: dict[str, Any] = {
            "type": f"https://httpstatuses.io/{problem.status}",
            "title": problem.title,
            "status": problem.status,
            "detail": problem.message,
            "traceId": f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00",
        }
        if problem.fields or problem.status == 400:
            body["errors"] = dict(problem.fields) or {"": [problem.message]}
        if problem.resource_id:
            body["resourceId"] = problem.resource_id
        return body


_PRODUCTS: dict[str, Product] = {product.name: product for product in (Vbr(), Aws(), Azure())}


def product(name: str) -> Product:
    """The product of that short name."""
    if name not in _PRODUCTS:
        raise LookupError(f"no product {name!r}; there are {', '.join(_PRODUCTS)}")
    return _PRODUCTS[name]


def stamp(moment: datetime) -> str:
    """An aware moment as the appliances write it in rows."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
