"""Negotiation: the newest revision that the server and this package share, and the port where the API is."""

from __future__ import annotations

from collections.abc import Generator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Unpack

from ._auth.negotiated import Negotiation as Negotiation
from ._auth.negotiation import Server, negotiate
from ._http.pool import Pool
from .profiles import profile
from .revisions import client_class, find_revision, revisions

if TYPE_CHECKING:
    from .client import ApplianceClient
    from .credentials import Credentials
    from .options import ClientOptions, Product


class Connection:
    """What `connect` gives: await it for the client, or use it with `async with`."""

    def __init__(self, host: str, credentials: Credentials, options: dict[str, Any]) -> None:
        self._host = host
        self._credentials = credentials
        self._options = options
        self._client: ApplianceClient | None = None

    def __await__(self) -> Generator[Any, None, ApplianceClient]:
        return _connect(self._host, self._credentials, **self._options).__await__()

    async def __aenter__(self) -> ApplianceClient:
        self._client = await self
        return self._client

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.aclose()


def connect(
    host: str,
    credentials: Credentials,
    product: Product | str = "vbr",
    revision: str = "auto",
    *,
    port: int | Literal["auto"] | None = None,
    **options: Unpack[ClientOptions],
) -> Connection:
    """Find the newest revision that the server and this package share, and give its `Client`.

        async with connect("vbr01.example.com", Password("svc-monitor", secret)) as vbr: ...
        vbr = await connect("vbr01.example.com", Password("svc-monitor", secret))

    One request is enough for most servers: one that does not have the newest revision here says which it has. Others
    are asked for one revision after the other. `client.negotiation` says what was learned; a shared `pool=` keeps it.

    Args:
        host: as for the client.
        credentials: as for the client. They are not used to find the revision.
        product: `vbr`, `aws`, `azure`, or another that `revisions()` lists.
        revision: `auto`, or the one to use without asking.
        port: a TCP port; None for the product's own; `auto` for the first of its usual ones where the API answers.
        **options: all other arguments of the client.

    Raises:
        UnsupportedRevisionError: no revision is shared.
        ConnectError: nothing answers as this product's API.
        ValueError: no such product or revision.
    """
    return Connection(host, credentials, {"product": product, "revision": revision, "port": port, **options})


async def _connect(
    host: str,
    credentials: Credentials,
    *,
    product: str,
    revision: str,
    port: int | Literal["auto"] | None,
    **options: Any,
) -> ApplianceClient:
    offered = revisions(product) if revision == "auto" else [find_revision(product, revision)]
    if not offered:
        raise ValueError(f"this package has no revision of {product}")
    pool: Pool | None = options.get("pool")
    own = Pool() if pool is None else None
    used = pool if pool is not None else own
    assert used is not None
    try:
        if port != "auto" and revision != "auto":
            client = client_class(offered[0])(host, credentials, port=port, **{**options, "pool": used})
        else:
            server = Server.of(host, port, used, options)
            negotiation = await negotiate(server, profile(product), offered)
            chosen = next(one for one in offered if one.name == negotiation.revision)
            client = client_class(chosen)(host, credentials, port=negotiation.port, **{**options, "pool": used})
            client.negotiation = negotiation
    except BaseException:
        if own is not None:
            await own.aclose()
        raise
    if own is not None:
        client.adopt_pool()
    return client
