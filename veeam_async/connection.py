"""Negotiation: the newest revision that the server and this package share, and the port where the API is."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Unpack

from ._auth.negotiated import Negotiation as Negotiation
from ._auth.negotiation import Server, choose_by_version, known_before, negotiate
from ._http.pool import Pool
from .options import check_options, spelled_out
from .profiles import Profile, profile
from .registry import client_class, find_revision, revisions

if TYPE_CHECKING:
    from ._http.token import Token
    from ._operation.operation import Revision
    from .client import ApplianceClient
    from .credentials import Credentials
    from .options import ClientOptions, Product


class Connection:
    """What `connect` gives: await it for the client, or use it with `async with`."""

    def __init__(self, opening: Callable[[], Coroutine[Any, Any, ApplianceClient]]) -> None:
        self._opening = opening
        self._client: ApplianceClient | None = None

    def __await__(self) -> Generator[Any, None, ApplianceClient]:
        return self._opening().__await__()

    async def __aenter__(self) -> ApplianceClient:
        self._client = await self
        return self._client

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.aclose()


@spelled_out
def connect(
    host: str,
    credentials: Credentials,
    product: Product = "vbr",
    revision: str = "auto",
    *,
    port: int | Literal["auto"] | None = None,
    name: str | None = None,
    **options: Unpack[ClientOptions],
) -> Connection:
    """Find the newest revision that the server and this package share, and give its `Client`.

        async with connect("vbr01.example.com", Password("svc-monitor", secret)) as vbr: ...
        vbr = await connect("vbr01.example.com", Password("svc-monitor", secret))

    One request is enough for most servers: one that does not have the newest revision here says which it has. Others
    are asked for one revision after the other. The Service Provider Console says nothing without a token: there it
    logs in and asks for the version. `client.negotiation` says what was learned; a shared `pool=` keeps it.

    Args:
        host: as for the client.
        credentials: as for the client. They are not used to find the revision, but for `spc`.
        product: `vbr`, `aws`, `azure`, `m365`, `spc` or `one`.
        revision: `auto`, or the one to use without asking.
        port: a TCP port; None for the product's own; `auto` for the first of its usual ones where the API answers.
        name: label of the appliance in errors, logs and events; None for the host.
        **options: `ClientOptions`, as for the client.

    Raises:
        UnsupportedRevisionError: no revision is shared.
        ConnectError: nothing answers as this product's API.
        ValueError: no such product or revision.
        TypeError: there is no such option.
    """
    check_options(options)
    return Connection(partial(_connect, host, credentials, product, revision, port, name, options))


async def _connect(
    host: str,
    credentials: Credentials,
    product: str,
    revision: str,
    port: int | Literal["auto"] | None,
    name: str | None,
    options: ClientOptions,
) -> ApplianceClient:
    offered = revisions(product) if revision == "auto" else [find_revision(product, revision)]
    if not offered:
        raise ValueError(f"this package has no revision of {product}")
    shared = options.get("pool")
    pool = shared if shared is not None else Pool()
    options = {**options, "pool": pool}
    try:
        if port != "auto" and revision != "auto":
            client = client_class(offered[0])(host, credentials, port=port, name=name, **options)
        else:
            server = Server(host, port, pool, name, options)
            client = await _negotiated(server, profile(product), offered, credentials)
    except BaseException:
        if shared is None:
            await pool.aclose()
        raise
    if shared is None:
        client.adopt_pool()
    return client


async def _negotiated(
    server: Server, profile: Profile, offered: list[Revision], credentials: Credentials
) -> ApplianceClient:
    token = None
    if profile.probe_path is not None:
        negotiation = await negotiate(server, profile, offered)
    else:
        negotiation, token = await _by_version(server, profile, offered, credentials)
    chosen = next(one for one in offered if one.name == negotiation.revision)
    client = client_class(chosen)(server.host, credentials, port=negotiation.port, name=server.name, **server.options)
    client.negotiation = negotiation
    if token is not None:
        client.adopt_token(token)
    return client


async def _by_version(
    server: Server, profile: Profile, offered: list[Revision], credentials: Credentials
) -> tuple[Negotiation, Token | None]:
    """What is learned from the version that a server says to who has logged in, and the token of that login."""
    names = tuple(revision.name for revision in offered)
    origin = server.origins(profile)[0]
    earlier = known_before(server, profile, origin, names)
    if earlier is not None:
        return earlier, None
    # Servers serve what is older than they are, for years.
    options: ClientOptions = {**server.options, "logout": False}
    oldest = client_class(offered[-1])(server.host, credentials, port=origin.port, name=server.name, **options)
    try:
        return await choose_by_version(oldest.sender, server, profile, origin, names), oldest.token
    finally:
        await oldest.aclose()
