"""The keyword arguments of every client, as a type: `connect` takes them too, and an editor shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from ._http.pool import Pool
    from .events import Listener
    from .retry import RetryPolicy
    from .timeouts import Timeouts
    from .tls import TlsPolicy
    from .token_store import TokenStore

Product = Literal["vbr", "aws", "azure", "m365", "spc", "one"]
"""The products that the package comes with."""


class ClientOptions(TypedDict, total=False):
    """Options of `ApplianceClient`, which documents them, apart from `port`."""

    tls: TlsPolicy | None
    timeouts: Timeouts | None
    retry: RetryPolicy | None
    pool: Pool | None
    token_store: TokenStore | None
    events: Listener | None
    strict: bool
    examine: bool
    max_body: int
    allow_http: bool
    name: str | None
    proxy: str | None
    trust_env: bool
    headers: Mapping[str, str] | None
    logout: bool | None
