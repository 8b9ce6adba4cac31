"""What an identity provider signs."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from . import Answer, Credentials, pasted


@attrs.frozen
class Saml(Credentials):
    """Single sign-on through an identity provider: aws and azure. Give response or ask.

    Attributes:
        response: the provider's SAML response, base64 as it came. It serves for one login.
        ask: called with the sign-on URL when a response is needed (azure has no call for that URL: an empty string);
            gives the response, or an awaitable of it. A plain function runs in a thread.
        username: whose sign-on URL to ask for; needed with `ask` on aws.
    """

    response: str | None = attrs.field(default=None, repr=False, converter=pasted.saml_response)
    ask: Callable[[str], Answer] | None = attrs.field(default=None, repr=False, kw_only=True)
    username: str | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if (self.response is None) == (self.ask is None):
            raise ValueError("give exactly one of response, ask")

    @property
    def user(self) -> str | None:
        """Who logs in, where that was said."""
        return self.username

    @property
    def single_use(self) -> bool:
        """True where a second login with them cannot succeed."""
        return self.response is not None


@attrs.frozen
class Assertion(Credentials):
    """A signed assertion of an identity provider (RFC 7523): m365. Give assertion or ask.

    Attributes:
        client_id: the application's id, or `userId.tenantId`.
        assertion: as the provider signed it. It is used for every login until the appliance refuses it.
        ask: called without arguments for every login; gives an assertion, or an awaitable of it. A plain function runs
            in a thread.
        operator: log in as a restore operator rather than as an application.
    """

    client_id: str = attrs.field(converter=pasted.client_id)
    assertion: str | None = attrs.field(default=None, repr=False, converter=pasted.assertion)
    ask: Callable[[], Answer] | None = attrs.field(default=None, repr=False, kw_only=True)
    operator: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if (self.assertion is None) == (self.ask is None):
            raise ValueError("give exactly one of assertion, ask")

    @property
    def user(self) -> str:
        """The application, or the user in it, that logs in."""
        return self.client_id
