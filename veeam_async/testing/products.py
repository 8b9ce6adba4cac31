"""What differs between the three products on the server's side: tokens, grants, errors, version selection."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

import attrs

Grant = Literal[
    "password", "refresh_token", "authorization_code", "vbr_token", "mfa", "saml", "sso_token", "updater_token"
]

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
        fields: what was wrong with which field (Azure tells them one by one).
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
    """

    access: str = attrs.field(repr=False)
    refresh: str = attrs.field(repr=False)
    lifetime: int
    issued: datetime
    expires: datetime
    user: str
    role: str
    short: bool = False


class Product:
    """One product's server-side manners; the subclasses hold what differs.

    Attributes:
        name, title: `vbr` and the full name.
        port: the port that a real appliance listens on.
        version_header: True where the revision is chosen by `x-api-version`.
        access_lifetime, refresh_lifetime: seconds, as the evidence says.
        grants: the grant's spelling in lower case to what it means.
        logout: operationId of the call that ends a login, and the status that it answers.
        logout_status: 200 or 204.
        links: True where answers carry links to the appliance itself.
    """

    name = ""
    title = ""
    port = 0
    version_header = False
    access_lifetime = 3600
    refresh_lifetime = 14 * 86400
    grants: ClassVar[Mapping[str, Grant]] = {}
    login = ""
    logout = ""
    logout_status = 204
    links = True
    problem_type = "application/problem+json"

    def tokens(self, tokens: Tokens) -> dict[str, Any]:
        """The body of a login's answer."""
        return {
            "access_token": tokens.access,
            "token_type": "bearer",
            "refresh_token": tokens.refresh,
            "expires_in": tokens.lifetime,
            ".issued": stamp(tokens.issued),
            ".expires": stamp(tokens.expires),
        }

    def mfa_needed(self, user: str, token: str) -> dict[str, Any]:
        """The body that asks for a second factor."""
        raise NotImplementedError

    def problem(self, problem: Problem) -> dict[str, Any]:
        """The body of an error."""
        raise NotImplementedError


class Vbr(Product):
    """Veeam Backup & Replication."""

    name = "vbr"
    title = "Veeam Backup & Replication"
    port = 9419
    version_header = True
    access_lifetime = 900
    grants: ClassVar[Mapping[str, Grant]] = {
        "password": "password",
        "refresh_token": "refresh_token",
        "authorization_code": "authorization_code",
        "vbr_token": "vbr_token",
    }
    login = "CreateToken"
    logout = "Logout"
    logout_status = 200
    links = False
    problem_type = "application/json"

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
    version_header = True
    refresh_lifetime = 2 * 3600
    grants: ClassVar[Mapping[str, Grant]] = {
        "password": "password",
        "refresh_token": "refresh_token",
        "authorization_code": "authorization_code",
        "mfa": "mfa",
    }
    login = "Authenticate"
    logout = "SignOut"

    def tokens(self, tokens: Tokens) -> dict[str, Any]:
        return super().tokens(tokens) | {"username": tokens.user, "mfa_enabled": False, "roleName": tokens.role}

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
    grants: ClassVar[Mapping[str, Grant]] = {
        "password": "password",
        "refresh_token": "refresh_token",
        "mfa": "mfa",
        "saml": "saml",
        "ssotoken": "sso_token",
        "authentication_code": "authorization_code",
        "updater_token": "updater_token",
    }
    login = "Login_Authenticate"
    logout = "Login_Logout"

    def tokens(self, tokens: Tokens) -> dict[str, Any]:
        return super().tokens(tokens) | {
            "username": tokens.user,
            "roleName": tokens.role,
            "mfa_enabled": False,
            "mfa_token": None,
            "shortLived": tokens.short,
        }

    def mfa_needed(self, user: str, token: str) -> dict[str, Any]:
        return {
            "access_token": None,
            "refresh_token": None,
            "expires_in": 0,
            "username": user,
            "mfa_enabled": True,
            "mfa_token": token,
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
    """An aware moment as the appliances write it."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
