"""What differs between the products on the server's side: tokens, grants, errors, headers, how a revision is chosen."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

import attrs

Grant = Literal[
    "password",
    "refresh_token",
    "authorization_code",
    "vbr_token",
    "mfa",
    "saml",
    "sso_token",
    "updater_token",
    "integration",
    "public_key",
    "as",
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
        login: path of the token endpoint; `{revision}` stands for the revision.
        logout: method and path of the call that ends a login; the same.
        logout_status: 200 or 204.
        links: True where answers carry links to the appliance itself.
        headers: of every answer.
        problem_type: media type of errors.
        dead_token: what a rejected token is answered with, unless the behaviour says otherwise.
        default_limit: rows in a page where the request names no number.
        most_rows: rows in a page at most; None for no bound that is known.
        revision_needed: False where a request without a revision gets the newest one.
        antiforgery: True where tokens ask for a cookie on each call, unless the login said otherwise.
        server_error: the status of a failure of the server, where it is not 500.
        wrong_path: the status for a revision in the path that is not served.
        mfa_header: header of a login that carries the second factor; empty where a grant does so.
        ends_user: True where the logout ends all tokens of the user.
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
    default_limit = 200
    most_rows: int | None = None
    revision_needed = True
    antiforgery = False
    server_error = 500
    wrong_path = 404
    mfa_header = ""
    ends_user = False

    def login_path(self, revision: str) -> str:
        """Path of the token endpoint as a revision has it."""
        return self.login.format(revision=revision)

    def logout_call(self, revision: str) -> tuple[str, str]:
        """Method and path of the call that ends a login as a revision has it."""
        return self.logout[0], self.logout[1].format(revision=revision)

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

    def challenge(self, encrypted: str) -> dict[str, Any]:
        """The body that asks for what a private key decrypts."""
        raise NotImplementedError

    def problem(self, problem: Problem) -> dict[str, Any]:
        """The body of an error."""
        raise NotImplementedError

    def wrong_revision(self, asked: str, served: Sequence[str]) -> Problem:
        """The error for a revision that is not served; `asked` is empty where none was named."""
        text = f"The x-api-version header is missing or wrong. Supported revisions: {', '.join(served)}."
        return Problem(400, text)


def stamp(moment: datetime) -> str:
    """An aware moment as the appliances write it in rows."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
