"""What `connect` learned about servers, for the next `connect` on the same pool."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import attrs

from .._http.origin import Origin
from .._http.pool import Pool

_MOST = 10_000


@attrs.frozen
class Negotiation:
    """What was learned about a server, and how.

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


_by_pool: WeakKeyDictionary[Pool, dict[tuple[str, Origin], Negotiation]] = WeakKeyDictionary()


def recall(pool: Pool, product: str, origin: Origin) -> Negotiation | None:
    """What was learned about a product at an origin, or None."""
    return _by_pool.get(pool, {}).get((product, origin))


def remember(pool: Pool, product: str, origin: Origin, negotiation: Negotiation) -> None:
    """Keep what was learned, for as long as the pool lives."""
    entries = _by_pool.setdefault(pool, {})
    if len(entries) >= _MOST:
        entries.pop(next(iter(entries)))
    entries[product, origin] = negotiation


def forget(pool: Pool, product: str, origin: Origin) -> None:
    """Ask again at the next `connect`."""
    _by_pool.get(pool, {}).pop((product, origin), None)
