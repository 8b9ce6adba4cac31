"""One appliance of a fleet: where it is, how to log in, what it is called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import attrs

from .._validators import seconds

if TYPE_CHECKING:
    from ..credentials import Credentials
    from ..retry import RetryPolicy
    from ..timeouts import Timeouts
    from ..tls import TlsPolicy


def _tags(value: str | Iterable[str]) -> frozenset[str]:
    return frozenset((value,) if isinstance(value, str) else value)


@attrs.frozen(eq=False)
class Appliance:
    """An appliance of a fleet.

    Attributes:
        name: its label, unique in the fleet. Answers, rows, metrics, cursors and shards go by it.
        host: name, address, `name:port` or a whole origin, as for `Client`.
        credentials: how to log in. None only on an answer that came from another machine.
        product: `vbr`, `aws` or `azure`.
        revision: an API revision such as `1.3-rev0`, or `auto`: negotiated at the first call and remembered.
        port: the port; None for the product's own; `auto` for the first of its usual ones where the API answers.
        tls: the TLS policy; None for the fleet's.
        tags: words to select by: `fleet.where(tag="berlin")`.
        timeout: seconds that one task of a fan-out may take on this appliance; None for the fan-out's own limit.
        timeouts: limits of each call; None for the fleet's.
        retry: the policy of repeats; None for the fleet's.
        allow_http: True allows plain http to a host that is not loopback.
        headers: for every request to this appliance, as for `Client`; None for the fleet's.
        proxy: URL of an HTTP proxy; None for the fleet's.
        trust_env: whether the environment's proxy counts; None for what the fleet says.
        options: further keyword arguments for `Client`.
    """

    name: str
    host: str
    credentials: Credentials | None = attrs.field(repr=False)
    product: str = attrs.field(default="vbr", kw_only=True)
    revision: str = attrs.field(default="auto", kw_only=True)
    port: int | Literal["auto"] | None = attrs.field(default=None, kw_only=True)
    tls: TlsPolicy | None = attrs.field(default=None, kw_only=True, repr=False)
    tags: frozenset[str] = attrs.field(default=frozenset(), converter=_tags, kw_only=True)
    timeout: float | None = attrs.field(default=None, validator=seconds(optional=True), kw_only=True)
    timeouts: Timeouts | None = attrs.field(default=None, kw_only=True, repr=False)
    retry: RetryPolicy | None = attrs.field(default=None, kw_only=True, repr=False)
    allow_http: bool = attrs.field(default=False, kw_only=True, repr=False)
    headers: Mapping[str, str] | None = attrs.field(default=None, kw_only=True, repr=False)
    proxy: str | None = attrs.field(default=None, kw_only=True, repr=False)
    trust_env: bool | None = attrs.field(default=None, kw_only=True, repr=False)
    options: dict[str, Any] = attrs.field(factory=dict, kw_only=True, repr=False)

    def without_credentials(self) -> Appliance:
        """A copy that is safe to send elsewhere: no credentials, headers, proxy, TLS policy or client options."""
        return attrs.evolve(self, credentials=None, headers=None, proxy=None, tls=None, options={})

    def described(self, revision: str) -> Appliance:
        """What rows say of where they come from: a copy without secrets, with the revision that is spoken."""
        return attrs.evolve(self.without_credentials(), revision=revision)

    def further_options(self) -> dict[str, Any]:
        """The options of a client that go beyond the fleet's own: those that were given, by name."""
        given = {"headers": self.headers, "proxy": self.proxy, "trust_env": self.trust_env}
        return {name: value for name, value in given.items() if value is not None} | self.options
