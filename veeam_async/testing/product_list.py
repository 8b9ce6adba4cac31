"""The products that can be simulated."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from .products import Grant, Problem, Product, Shape, Tokens


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


class M365(Product):
    """Veeam Backup for Microsoft 365."""

    name = "m365"
    title = "Veeam Backup for Microsoft 365"
    port = 4443
    revision_path: ClassVar[re.Pattern[str] | None] = re.compile(r"/(v\d+)(?=/)", re.IGNORECASE)
    grants: ClassVar[Mapping[str, Grant]] = {
        "password": "password",
        "refresh_token": "refresh_token",
        "urn:ietf:params:oauth:grant-type:jwt-bearer": "saml",
        "operator": "saml",
        "integration": "integration",
    }
    login = "/{revision}/token"
    logout: ClassVar[tuple[str, str]] = ("POST", "/{revision}/token/logout")
    problem_type = "application/json"
    default_limit = 30
    most_rows = 10_000
    antiforgery = True

    def tokens(self, tokens: Tokens) -> dict[str, Any]:
        return super().tokens(tokens) | {"userName": tokens.user}

    def moment(self, moment: datetime) -> str:
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"

    def problem(self, problem: Problem) -> dict[str, Any]:
        codes = {404: "ResourceNotFound", 403: "ResourceAccessDenied", 409: "OperationConflict"}
        code = problem.code or codes.get(
            problem.status, "ParameterValidationFailure" if problem.status == 400 else None
        )
        return {"message": problem.message, "errorCode": code}


_NO_TOKENS = dict.fromkeys(("access_token", "token_type", "refresh_token", "mfa_token", "encrypted_code", "expires_in"))


_WRONG_VERSION = "UnsupportedApiVersion"


class Spc(Product):
    """Veeam Service Provider Console."""

    name = "spc"
    title = "Veeam Service Provider Console"
    port = 1280
    revision_header = "x-client-version"
    revision_needed = False
    grants: ClassVar[Mapping[str, Grant]] = {
        "password": "password",
        "refresh_token": "refresh_token",
        "mfa": "mfa",
        "authorization_code": "authorization_code",
        "public_key": "public_key",
        "as": "as",
    }
    login = "/api/v3/token"
    ends_user = True
    logout: ClassVar[tuple[str, str]] = ("DELETE", "/api/v3/users/{userUid}/tokens")
    logout_status = 200
    problem_type = "application/json"
    dead_token: Shape = "product"
    default_limit = 100
    most_rows = 500
    server_error = 520

    def logout_call(self, revision: str) -> tuple[str, str]:
        return self.logout

    def tokens(self, tokens: Tokens) -> dict[str, Any]:
        return {
            "access_token": tokens.access,
            "token_type": "bearer",
            "refresh_token": tokens.refresh,
            "mfa_token": None,
            "encrypted_code": None,
            "expires_in": tokens.lifetime,
        }

    def mfa_needed(self, user: str, token: str) -> dict[str, Any]:
        return {**_NO_TOKENS, "mfa_token": token}

    def challenge(self, encrypted: str) -> dict[str, Any]:
        return {**_NO_TOKENS, "encrypted_code": encrypted}

    def problem(self, problem: Problem) -> dict[str, Any]:
        if problem.code == _WRONG_VERSION:
            # What stands in front of the console answers this, in a shape of its own.
            return {"error": {"code": problem.code, "message": problem.message, "innerError": None}}
        kind = "security" if problem.status in (401, 403) else "logical"
        if problem.status == 429:
            kind = "transport"
        return {"errors": [{"message": problem.message, "type": kind, "code": problem.status}]}

    def wrong_revision(self, asked: str, served: Sequence[str]) -> Problem:
        return Problem(400, f"The version {asked} is not supported.", _WRONG_VERSION)


class One(Product):
    """Veeam ONE."""

    name = "one"
    title = "Veeam ONE"
    port = 1239
    revision_path: ClassVar[re.Pattern[str] | None] = re.compile(r"/api/(v\d[\d.]*)(?=/)")
    access_lifetime = 899
    grants: ClassVar[Mapping[str, Grant]] = {"password": "password", "refresh_token": "refresh_token"}
    login = "/api/token"
    logout: ClassVar[tuple[str, str]] = ("POST", "/api/revoke")
    mfa_header = "Veeam-Mfa-Code"
    logout_status = 200
    default_limit = 100
    wrong_path = 400

    def tokens(self, tokens: Tokens) -> dict[str, Any]:
        return {
            "access_token": tokens.access,
            "refresh_token": tokens.refresh,
            "token_type": "bearer",
            "expires_in": tokens.lifetime,
            "user": tokens.user,
            "user_role": "Admin",
        }

    def problem(self, problem: Problem) -> dict[str, Any]:
        return {
            "type": f"https://httpstatuses.io/{problem.status}",
            "title": problem.title,
            "status": problem.status,
            "detail": problem.message,
            **({"errors": dict(problem.fields)} if problem.fields else {}),
        }


_PRODUCTS: dict[str, Product] = {product.name: product for product in (Vbr(), Aws(), Azure(), M365(), Spc(), One())}


def product(name: str) -> Product:
    """The product of that short name."""
    if name not in _PRODUCTS:
        raise LookupError(f"no product {name!r}; there are {', '.join(_PRODUCTS)}")
    return _PRODUCTS[name]
