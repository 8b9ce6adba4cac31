"""The options that `Client`, `connect`, `Fleet`, `Appliance` and the fleet file share, by one set of names."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Literal, ParamSpec, TypedDict, TypeVar

if TYPE_CHECKING:
    from ._http.pool import Pool
    from .events import Listener
    from .retry import RetryPolicy
    from .timeouts import Timeouts
    from .tls import TlsPolicy
    from .token_store import TokenStore

P = ParamSpec("P")
T = TypeVar("T")

Product = Literal["vbr", "aws", "azure", "m365", "spc", "one"]
"""The products that the package comes with."""


class ClientOptions(TypedDict, total=False):
    """Keyword arguments of `Client`, `connect`, `Fleet` and `Appliance`. None stands for the default."""

    tls: TlsPolicy | None
    """How the appliance's certificate is verified."""
    timeouts: Timeouts | None
    """Limits for each call, in seconds."""
    retry: RetryPolicy | None
    """When and how often calls are sent again."""
    pool: Pool | None
    """Connections shared with other clients; it is left open. None: connections of its own."""
    token_store: TokenStore | None
    """Where tokens outlive the client; with one, leaving does not log out. None: in memory."""
    events: Listener | None
    """Called with each event (`veeam_async.events`); must return quickly and not block."""
    strict: bool | None
    """True: whatever departs from the document is a `DecodeError`. Default: False."""
    examine: bool | None
    """False leaves out the `Tolerated` events. Default: True; without `events` nothing is examined."""
    max_body: int | None
    """Bytes of an answer that is read whole; a longer one is `BodyTooLarge`. Default: 16 MiB."""
    allow_http: bool | None
    """True allows plain http to hosts other than loopback. Default: False."""
    proxy: str | None
    """URL of an HTTP proxy, with credentials if it needs any. None: no proxy."""
    trust_env: bool | None
    """True takes the proxy from HTTPS_PROXY, HTTP_PROXY and NO_PROXY. Default: False."""
    headers: Mapping[str, str] | None
    """Sent with every request to this origin, the login included, and nowhere else."""
    logout: bool | None
    """Whether leaving logs out. Default: unless a token store keeps the token, it came from elsewhere, or the product
    can only end all tokens of the user (spc)."""


OPTIONS = frozenset(ClientOptions.__annotations__)


def spelled_out(function: Callable[P, T]) -> Callable[P, T]:
    """Show the options of `**options` one by one in the signature of a function: `help` and notebooks read that."""
    signature = inspect.signature(function)
    *named, _ = signature.parameters.values()
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=one.__forward_arg__)
        for name, one in ClientOptions.__annotations__.items()
    ]
    function.__signature__ = signature.replace(parameters=[*named, *options])  # type: ignore[attr-defined]
    return function


def check_options(names: Iterable[str]) -> None:
    """Refuse names that are no options.

    Raises:
        TypeError: there is no such option; names the one that is most like it.
    """
    for name in names:
        if name not in OPTIONS:
            from difflib import get_close_matches  # few programs get here

            similar = get_close_matches(name, OPTIONS, n=1)
            hint = f"did you mean {similar[0]!r}?" if similar else f"there are {', '.join(sorted(OPTIONS))}"
            raise TypeError(f"no option is called {name!r}; {hint}")
