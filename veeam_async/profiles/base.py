"""What the session layer has to know about a product: data, not code."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from .work import LongWork

Grant = Literal[
    "password", "refresh_token", "authorization_code", "mfa", "saml", "sso_token", "vbr_token",
    "assertion", "operator", "integration", "public_key", "as",
]  # fmt: skip


class TokenRequest(NamedTuple):
    """How one grant is asked for.

    Attributes:
        grant_type: value of the form field `grant_type` as it is sent first; None where the form has no such field.
        fields: our name of a part of the credentials to the form field that carries it.
        path: the endpoint, where it is not the profile's `token_path`.
    """

    grant_type: str | None
    fields: Mapping[str, str]
    path: str | None = None


class Logout(NamedTuple):
    """How a token is ended.

    Attributes:
        method, path: the call. `{revision}` is filled in, any other placeholder by what `asks` answers.
        token_field: form field that carries the access token; None where the call says nothing but who it is.
        asks: path of a GET that is sent before; a placeholder of `path` is a field of its answer, a dot leads into an
            object. None for none.
        by_default: False where it ends more than this session, and leaving the client does not do so unasked.
    """

    method: str
    path: str
    token_field: str | None = None
    asks: str | None = None
    by_default: bool = True


class VersionAnswer(NamedTuple):
    """Where a server that answers nothing else without a token names its version.

    Attributes:
        path: GET, with a token.
        field: the version in its answer; a dot leads into an object.
        revisions: version to the newest revision that it serves.
    """

    path: str
    field: str
    revisions: Mapping[str, str]


class Profile(NamedTuple):
    """What a product does by its own rules.

    In paths `{revision}` stands for the name of the revision.

    Attributes:
        product: its short name, as in `connect(host, credentials, "vbr")`.
        title: the product's name.
        default_port: where the API listens.
        ports: tried for `port="auto"`, best first.
        token_path: where tokens are asked for.
        grants: how each grant is asked for; a grant that is not here does not exist.
        logout: how a token is ended, or None.
        total: field of a page that may hold the number of rows of the listing; a dot leads into an object.
        long_work: kinds of long work, in the order in which an answer is compared with them.
        revision_header: header that selects the revision on every call, or None where the path does.
        probe_path: GET that shows without a token whether a revision is served; None where there is none.
        version: where else the revision is learned from, or None.
        token_fields: sent with every request for a token.
        mfa_header: header that carries the second factor together with the password; None where a grant does so.
        short_term_field: form field that asks for a short-lived refresh token, or None.
        read_only_field: form field that asks for a token that only reads, or None.
        code_paths: POST paths that give an authorization code, best first; older releases have another.
        code_field: field of that answer that holds the code.
        sign_on_path: GET that gives the identity provider's sign-on URL, or None.
        sign_on_user: its query parameter for the user name.
        sign_on_field: field of its answer with the URL.
        fallback_lifetime: seconds that a token is taken to live where the server gives no usable `expires_in`.
        place: field of a page that says where it starts, or None.
        next: field of a page that is there when another one follows, or None. It counts where there is no total.
        page_size: rows to ask for in a page where nobody says otherwise; None to leave it to the server.
        faults: field of an answer that lists what went wrong, a success status notwithstanding; or None.
        rows: fields that hold the rows of a page, where an answer is several works at once.
    """

    product: str
    title: str
    default_port: int
    ports: tuple[int, ...]
    token_path: str
    grants: Mapping[Grant, TokenRequest]
    logout: Logout | None
    total: str
    long_work: tuple[LongWork, ...]
    revision_header: str | None = None
    probe_path: str | None = None
    version: VersionAnswer | None = None
    token_fields: Mapping[str, str] = {}
    mfa_header: str | None = None
    short_term_field: str | None = None
    read_only_field: str | None = None
    code_paths: tuple[str, ...] = ()
    code_field: str = "code"
    sign_on_path: str | None = None
    sign_on_user: str = ""
    sign_on_field: str = ""
    fallback_lifetime: float = 900.0
    place: str | None = None
    next: str | None = None
    page_size: int | None = None
    faults: str | None = None
    rows: tuple[str, ...] = ("data", "results", "items")

    def cheap_path(self, revision: str) -> str:
        """A GET that costs the server little, for who is logged in."""
        path = self.version.path if self.version is not None else self.probe_path or "/"
        return path.replace("{revision}", revision)
