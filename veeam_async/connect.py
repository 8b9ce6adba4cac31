"""Negotiation: the newest revision that the server and this package share, and the port where the API is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Generator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

import attrs

from ._http.origin import Origin, parse_host
from ._http.proxy import proxy_for
from .errors import ApiError, ConnectError, TlsError, UnsupportedRevisionError, VeeamError
from .login import revisions_in
from .operation import Revision
from .pool import Pool
from .profiles import Profile, profile
from .reply import Reply, read_error
from .retry import SAFE_STATUSES, RetryPolicy
from .revisions import client_class, find_revision, revision_key, revisions
from .timeouts import Timeouts
from .tls import TlsPolicy
from .transport import Call, Transport

if TYPE_CHECKING:
    from .client import ApplianceClient
    from .credentials import Credentials

_log = logging.getLogger("veeam_async.connect")

# What servers answer to a revision that they do not have.
_NO_REVISION = frozenset({400, 404, 405, 500, 501})


@attrs.frozen
class Negotiation:
    """What was found out about a server, and how.

    Attributes:
        revision: the revision that was chosen.
        port: the port that was chosen.
        server: the revisions that the server said it has, newest first; empty where it did not say.
        offered: the revisions that this package has, newest first.
        requests: how many requests it took; 0 where it was known from before.
        reason: why this one, in words.
    """

    revision: str
    port: int
    server: tuple[str, ...]
    offered: tuple[str, ...]
    requests: int
    reason: str


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
    product: str = "vbr",
    revision: str = "auto",
    *,
    port: int | Literal["auto"] | None = None,
    **options: Any,
) -> Connection:
    """Find the newest revision that the server and this package share, and give its `Client`.

        async with connect("vbr01.example.com", Password("svc-monitor", secret)) as vbr: ...
        vbr = await connect("vbr01.example.com", Password("svc-monitor", secret))

    One request is enough for most servers: one that does not have the newest revision here says which it has. Others
    are asked for one revision after the other. `client.negotiation` tells what was found; a shared `pool=` keeps it.

    Args:
        host: as for the client.
        credentials: as for the client. They are not used to find the revision.
        product: `vbr`, `aws` or `azure`.
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
    manners = profile(product)
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
            found = await _negotiate(host, manners, offered, used, port, options)
            chosen = next(one for one in offered if one.name == found.revision)
            client = client_class(chosen)(host, credentials, port=found.port, **{**options, "pool": used})
            client.negotiation = found
    except BaseException:
        if own is not None:
            await own.aclose()
        raise
    if own is not None:
        client.adopt_pool()
    return client


async def _negotiate(
    host: str,
    manners: Profile,
    offered: list[Revision],
    pool: Pool,
    port: int | Literal["auto"] | None,
    options: dict[str, Any],
) -> Negotiation:
    allow_http = bool(options.get("allow_http"))
    given = None if port == "auto" else port
    first = parse_host(host, port=given, default_port=manners.default_port, allow_http=allow_http)
    origins = [first]
    if port == "auto":
        by_port = [parse_host(host, default_port=number, allow_http=allow_http) for number in manners.ports]
        origins = list(dict.fromkeys(by_port))  # a host that says its port leaves one
    names = tuple(revision.name for revision in offered)
    for origin in origins:
        known = pool.negotiated.get((manners.product, origin))
        if known is not None and known.offered == names:
            return attrs.evolve(known, requests=0, reason=f"known from before: {known.reason}")
    probes = [_Probe(origin, manners, offered, pool, options) for origin in origins]
    if len(probes) == 1:
        found = await probes[0].run()
    else:
        found = await _first(probes)
    origin = next(probe.origin for probe in probes if probe.origin.port == found.port)
    pool.negotiated[manners.product, origin] = found
    _log.info("%s: %s %s on port %d: %s", host, manners.product, found.revision, found.port, found.reason)
    return found


async def _first(probes: list[_Probe]) -> Negotiation:
    """The answer of the best port among those that have one; all are asked at once."""
    outcomes = await asyncio.gather(*(probe.run() for probe in probes), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Negotiation):
            return outcome
    errors = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    for error in errors:
        if not isinstance(error, VeeamError):
            raise error
    # What says most: a server that is there and lacks the revision, a refused certificate, then the rest.
    for kind in (UnsupportedRevisionError, TlsError):
        for error in errors:
            if isinstance(error, kind):
                raise error
    ports = "; ".join(f"port {probe.origin.port}: {error}" for probe, error in zip(probes, errors, strict=True))
    raise ConnectError(f"no port answers as this product's API: {ports}", appliance=probes[0].name)


class _Probe:
    """Asks one origin which revisions it has, without a token."""

    def __init__(
        self, origin: Origin, manners: Profile, offered: list[Revision], pool: Pool, options: dict[str, Any]
    ) -> None:
        self.origin = origin
        self.name: str = options.get("name") or origin.host
        self._manners = manners
        self._offered = offered
        self._options = options
        self._requests = 0
        timeouts: Timeouts = options.get("timeouts") or Timeouts()
        self._transport = Transport(
            origin,
            name=self.name,
            pool=pool,
            tls=options.get("tls") or TlsPolicy(),
            timeouts=timeouts,
            # Some releases answer 500 to a revision that they do not know; a repeat would not change it.
            retry=options.get("retry") or RetryPolicy(attempts=2),
            headers={"User-Agent": "veeam-async"},
            max_body=1024 * 1024,
            proxy=proxy_for(origin, options.get("proxy"), bool(options.get("trust_env"))),
            events=options.get("events"),
        )

    async def run(self) -> Negotiation:
        """Ask for the newest revision, then for those that the server lists, or for one after the other."""
        names = [revision.name for revision in self._offered]
        refused: list[str] = []
        last: ApiError | None = None
        page = False
        for name in names:
            reply = await self._ask(name)
            if self._serves(reply):
                after = f" after {', '.join(refused)} had been refused" if refused else ""
                return self._found(name, (), f"the server accepts it{after}")
            last = read_error(reply)
            listed = revisions_in(last)
            if listed:
                return self._choose(listed, name)
            # A sign-on page, a proxy, another service: no revision would make it this product's API.
            page = reply.content_type == "text/html"
            if page or reply.status not in _NO_REVISION:
                break
            refused.append(name)
        assert last is not None
        if last.status in SAFE_STATUSES:
            raise last
        elsewhere = last.status == 404 and self._manners.revision_header is not None
        if page or elsewhere or last.status not in _NO_REVISION:
            raise ConnectError(
                f"port {self.origin.port} does not answer as {self._manners.title}: {last.describe()}",
                appliance=self.name,
            )
        raise UnsupportedRevisionError(
            f"the server accepts none of {', '.join(names)}: {last.describe()}; "
            + ("it may be failing, or " if last.status >= 500 else "it may ")
            + "have another revision, which `python -m codegen ingest` and `emit` add",
            offered=names,
            appliance=self.name,
        )

    def _choose(self, listed: list[str], asked: str) -> Negotiation:
        keys = {revision_key(name) for name in listed}
        for revision in self._offered:
            if revision_key(revision.name) in keys and revision.name != asked:
                return self._found(revision.name, tuple(listed), f"the newest of {', '.join(listed)} that is here")
        names = [revision.name for revision in self._offered]
        raise UnsupportedRevisionError(
            f"the server has {', '.join(listed)}, this package {', '.join(names)}; "
            "`python -m codegen ingest` and `emit` add another",
            server=listed,
            offered=names,
            appliance=self.name,
        )

    def _found(self, name: str, server: tuple[str, ...], reason: str) -> Negotiation:
        offered = tuple(revision.name for revision in self._offered)
        return Negotiation(name, self.origin.port, server, offered, self._requests, reason)

    async def _ask(self, name: str) -> Reply:
        manners = self._manners
        self._requests += 1
        path = manners.probe_path.replace("{revision}", name)
        headers = {manners.revision_header: name} if manners.revision_header else None
        reply: Reply = await self._transport.exchange(
            Call("GET", path, f"GET {path}", safe=True, headers=headers, tolerant=True)
        )
        return reply

    def _serves(self, reply: Reply) -> bool:
        """True where the revision exists: it answers, or asks for a token before anything else."""
        # Another service on that port, a sign-on page or a proxy answers the same to anything.
        asks_otherwise = reply.headers.get("WWW-Authenticate", "Bearer").partition(" ")[0].lower() != "bearer"
        if reply.content_type == "text/html" or asks_otherwise:
            return False
        return reply.status in (401, 403) or reply.status < 300
