"""Negotiation: the newest revision that the server and this package share, and the port where the API is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Literal

import attrs

from .._http.answers import read_error
from .._http.building import build_transport
from .._http.origin import Origin, parse_host
from .._http.pool import Pool
from .._operation.call import Call
from .._operation.json_text import value_at
from .._operation.operation import Revision
from .._operation.reply import Reply
from .._operation.sending import Sender
from .._text import neutral
from ..errors import ApiError, ConnectError, DecodeError, Step, TlsError, UnsupportedRevisionError, VeeamError
from ..options import ClientOptions
from ..profiles import Profile
from ..retry import SAFE_STATUSES, RetryPolicy
from .negotiated import Negotiation, recall, remember
from .revision_lists import others, revision_key, revisions_in

_log = logging.getLogger("veeam_async.connection")

# What servers answer to a revision that they do not have.
_NO_REVISION = frozenset({400, 404, 405, 500, 501})
_MAX_BODY = 1024 * 1024
_ADD_REVISION = "`veeam-async revision add` adds another"


@attrs.frozen
class Server:
    """Where to ask, and how to get there."""

    host: str = attrs.field(repr=False)  # whoever puts a password there gets an error, and it is not shown
    port: int | Literal["auto"] | None
    pool: Pool
    name: str | None
    options: ClientOptions = attrs.field(repr=False)

    def origins(self, profile: Profile) -> list[Origin]:
        """Where the product's API may be, best first."""
        allow_http = bool(self.options.get("allow_http"))
        if self.port != "auto":
            port = profile.default_port
            return [parse_host(self.host, port=self.port, default_port=port, allow_http=allow_http)]
        origins = [parse_host(self.host, default_port=port, allow_http=allow_http) for port in profile.ports]
        return list(dict.fromkeys(origins))  # a host that says its port leaves one


async def negotiate(server: Server, profile: Profile, offered: Sequence[Revision]) -> Negotiation:
    """Find the newest revision that a server has among those offered, newest first.

    Raises:
        UnsupportedRevisionError: it has none of them.
        ConnectError: nothing answers as this product's API.
    """
    origins = server.origins(profile)
    names = tuple(revision.name for revision in offered)
    for origin in origins:
        earlier = known_before(server, profile, origin, names)
        if earlier is not None:
            return earlier
    probes = [_Probe(origin, server, profile, names) for origin in origins]
    negotiation = await probes[0].run() if len(probes) == 1 else await _first(probes)
    origin = next(probe.origin for probe in probes if probe.origin.port == negotiation.port)
    remember(server.pool, profile.product, origin, negotiation)
    _log.info(
        "%s: %s %s on port %d: %s",
        server.host, profile.product, negotiation.revision, negotiation.port, negotiation.reason,
    )  # fmt: skip
    return negotiation


def known_before(server: Server, profile: Profile, origin: Origin, offered: tuple[str, ...]) -> Negotiation | None:
    """What was learned of an origin on the same pool, where the same revisions were offered; or None."""
    earlier = recall(server.pool, profile.product, origin)
    if earlier is None or earlier.offered != offered:
        return None
    return attrs.evolve(earlier, requests=0, reason=f"known from before: {earlier.reason}")


async def choose_by_version(
    sender: Sender, server: Server, profile: Profile, origin: Origin, offered: tuple[str, ...]
) -> Negotiation:
    """The newest revision among those offered that a server serves by its version.

    Args:
        sender: a session of the oldest of them.
        server: its pool keeps the outcome.
        origin: the server's.
        profile: says where the version is read.
        offered: newest first.

    Raises:
        UnsupportedRevisionError: it serves none of them.
        DecodeError: it says no version.
        VeeamError: it could not be asked.
    """
    says = profile.version
    assert says is not None
    reply = await sender.ask("GET", says.path)
    version = value_at(reply.json(), says.field)
    key = revision_key(version)[:2] if isinstance(version, str) else ()
    if not key:
        raise DecodeError(
            "the answer says no version", status=reply.status, appliance=sender.name, operation=reply.operation
        )
    # A version that is newer than all that are known serves what the newest one served.
    serves = [revision for known, revision in says.revisions.items() if revision_key(known) <= key]
    newest = max(map(revision_key, serves), default=())
    name = next((name for name in offered if revision_key(name) <= newest), None)
    if name is None:
        raise UnsupportedRevisionError(
            f"the server has version {neutral(version, 40)}, which serves none of {', '.join(offered)}",
            hint=_ADD_REVISION,
            offered=offered,
            appliance=sender.name,
        )
    reason = f"version {neutral(version, 40)} serves it"
    negotiation = Negotiation(name, origin.port, (), offered, 2, reason)
    remember(server.pool, profile.product, origin, negotiation)
    return negotiation


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
    steps: set[Step | None] = {error.step for error in errors if isinstance(error, VeeamError)}
    raise ConnectError(
        f"no port answers as this product's API: {ports}",
        appliance=probes[0].name,
        step=steps.pop() if len(steps) == 1 else None,
    )


class _Probe:
    """Asks one origin which revisions it has, without a token."""

    def __init__(self, origin: Origin, server: Server, profile: Profile, offered: tuple[str, ...]) -> None:
        self.origin = origin
        self.name = server.name or origin.host
        self._profile = profile
        self._offered = offered
        self._requests = 0
        # Some releases answer 500 to a revision that they do not know; a repeat would not change it.
        retry = server.options.get("retry") or RetryPolicy(attempts=2)
        self._transport = build_transport(
            origin,
            name=self.name,
            pool=server.pool,
            revision=None,
            revision_header=profile.revision_header,
            options={**server.options, "retry": retry, "max_body": _MAX_BODY},
        )

    async def run(self) -> Negotiation:
        """Ask for the newest revision, then for those that the server lists, or for one after the other."""
        refused: list[str] = []
        last: ApiError | None = None
        page = False
        for name in self._offered:
            reply = await self._ask(name)
            if self._serves(reply):
                after = f" after {', '.join(refused)} had been refused" if refused else ""
                return self._chosen(name, (), f"the server accepts it{after}")
            last = read_error(reply)
            listed = others(revisions_in(last), name)
            if listed:
                return self._choose(listed)
            # A sign-on page, a proxy, another service: no revision would make it this product's API.
            page = reply.content_type == "text/html"
            if page or reply.status not in _NO_REVISION:
                break
            refused.append(name)
        assert last is not None
        raise self._nothing(last, page=page)

    def _nothing(self, last: ApiError, *, page: bool) -> VeeamError:
        """The error for a server that accepted no revision and listed none."""
        if last.status in SAFE_STATUSES:
            return last
        elsewhere = last.status == 404 and self._profile.revision_header is not None
        if page or elsewhere or last.status not in _NO_REVISION:
            return ConnectError(
                f"port {self.origin.port} does not answer as {self._profile.title}: {last.describe()}",
                appliance=self.name,
                step="http",
                answered_by=last.answered_by,
            )
        return UnsupportedRevisionError(
            f"the server accepts none of {', '.join(self._offered)}: {last.describe()}",
            hint=("It may be failing, or " if last.status >= 500 else "It may ")
            + f"have another revision: {_ADD_REVISION}",
            offered=self._offered,
            appliance=self.name,
        )

    def _choose(self, listed: list[str]) -> Negotiation:
        keys = {revision_key(name) for name in listed}
        for name in self._offered:
            if revision_key(name) in keys:
                return self._chosen(name, tuple(listed), f"the newest of {', '.join(listed)} that is here")
        raise UnsupportedRevisionError(
            f"the server has {', '.join(listed)}, this package {', '.join(self._offered)}",
            hint=_ADD_REVISION,
            server=listed,
            offered=self._offered,
            appliance=self.name,
        )

    def _chosen(self, name: str, server: tuple[str, ...], reason: str) -> Negotiation:
        return Negotiation(name, self.origin.port, server, self._offered, self._requests, reason)

    async def _ask(self, name: str) -> Reply[None]:
        profile = self._profile
        assert profile.probe_path is not None
        self._requests += 1
        path = profile.probe_path.replace("{revision}", name)
        headers = {profile.revision_header: name} if profile.revision_header else None
        return await self._transport.probe(
            Call("GET", path, f"GET {path}", profile.probe_path, safe=True, headers=headers)
        )

    def _serves(self, reply: Reply[None]) -> bool:
        """True where the revision exists: it answers, or asks for a token before anything else."""
        # Another service on that port, a sign-on page or a proxy answers the same to anything.
        asks_otherwise = reply.headers.get("WWW-Authenticate", "Bearer").partition(" ")[0].lower() != "bearer"
        if reply.content_type == "text/html" or asks_otherwise:
            return False
        return reply.status in (401, 403) or reply.status < 300
