"""What the session layer has to know about a product: data, not code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from .work import LongWork

Grant = Literal[
    "password", "refresh_token", "authorization_code", "mfa", "saml", "sso_token", "vbr_token",
]  # fmt: skip


@attrs.frozen(eq=False)
class TokenRequest:
    """How one grant is asked for.

    Attributes:
        grant_type: value of the form field `grant_type` as it is sent first; None where the form has no such field.
        fields: our name of a part of the credentials to the form field that carries it.
        path: the endpoint, where it is not the profile's `token_path`.
    """

    grant_type: str | None
    fields: Mapping[str, str]
    path: str | None = None


@attrs.frozen(eq=False)
class Profile:
    """A product's API manners.

    Attributes:
        product: `vbr`, `aws` or `azure`.
        title: the product's name.
        default_port: where the API listens.
        ports: tried for `port="auto"`, best first.
        revision_header: header that selects the revision on every call, or None where the path does.
        probe_path: GET that tells without a token whether a revision is served; `{revision}` is filled in.
        token_path: where tokens are asked for.
        grants: how each grant is asked for; a grant that is not here does not exist.
        short_term_field: form field that asks for a short-lived refresh token, or None.
        logout: method and path.
        code_paths: POST paths that give an authorization code, best first; older releases have another.
        code_field: field of that answer that holds the code.
        sign_on_path: GET that gives the identity provider's sign-on URL, or None.
        sign_on_user: its query parameter for the user name.
        sign_on_field: field of its answer with the URL.
        fallback_lifetime: seconds that a token is taken to live where the server gives no usable `expires_in`.
        total: field of a listing's answer that holds the number of rows; a dot leads into an object.
        skip, limit: wire names that ask for a page, where the listing does not say otherwise.
        long_work: kinds of long work, in the order in which an answer is compared with them.
        rows: fields that hold the rows of a page, where an answer is several works at once.
    """

    product: str
    title: str
    default_port: int
    ports: tuple[int, ...]
    revision_header: str | None
    probe_path: str
    token_path: str
    grants: Mapping[Grant, TokenRequest]
    short_term_field: str | None
    logout: tuple[str, str]
    code_paths: tuple[str, ...]
    code_field: str
    sign_on_path: str | None
    sign_on_user: str
    sign_on_field: str
    fallback_lifetime: float
    total: str
    skip: str
    limit: str
    long_work: tuple[LongWork, ...]
    rows: tuple[str, ...] = ("data", "results")
