"""One appliance of a fleet: where it is, how to log in, what it is called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, cast

import attrs

from .._validators import seconds
from ..options import OPTIONS, ClientOptions, Product

if TYPE_CHECKING:
    from .._http.pool import Pool
    from ..credentials import Credentials
    from ..events import Listener
    from ..retry import RetryPolicy
    from ..timeouts import Timeouts
    from ..tls import TlsPolicy
    from ..token_store import TokenStore


def _tags(value: str | Iterable[str]) -> frozenset[str]:
    return frozenset((value,) if isinstance(value, str) else value)


def _labels(value: Mapping[str, str]) -> Mapping[str, str]:
    return dict(value)


@attrs.frozen(eq=False)
class Appliance:
    """An appliance of a fleet.

    Attributes:
        name: its label, unique in the fleet. Answers, rows, metrics, cursors and shards go by it.
        host: name, address, `name:port` or a whole origin, as for `Client`.
        credentials: how to log in. None only on an answer that came from another machine.
        product: `vbr`, `aws`, `azure`, `m365`, `spc` or `one`.
        revision: an API revision such as `1.3-rev0`, or `auto`: negotiated at the first call and remembered.
        port: the port; None for the product's own; `auto` for the first of its usual ones where the API answers.
        tags: words to select by: `fleet.where(tag="berlin")`.
        labels: what else is to be said of it, by name: `{"customer": "example"}`. Rows know them.
        timeout: seconds that one task of a fan-out may take on this appliance; None for the fan-out's own limit.

    The further attributes are `ClientOptions`; None stands for what the fleet says.
    """

    name: str
    host: str
    credentials: Credentials | None = attrs.field(repr=False)
    product: Product = attrs.field(default="vbr", kw_only=True)
    revision: str = attrs.field(default="auto", kw_only=True)
    port: int | Literal["auto"] | None = attrs.field(default=None, kw_only=True)
    tags: frozenset[str] = attrs.field(default=frozenset(), converter=_tags, kw_only=True)
    labels: Mapping[str, str] = attrs.field(factory=dict, converter=_labels, kw_only=True)
    timeout: float | None = attrs.field(default=None, validator=seconds(optional=True), kw_only=True)
    tls: TlsPolicy | None = attrs.field(default=None, kw_only=True, repr=False)
    timeouts: Timeouts | None = attrs.field(default=None, kw_only=True, repr=False)
    retry: RetryPolicy | None = attrs.field(default=None, kw_only=True, repr=False)
    pool: Pool | None = attrs.field(default=None, kw_only=True, repr=False)
    token_store: TokenStore | None = attrs.field(default=None, kw_only=True, repr=False)
    events: Listener | None = attrs.field(default=None, kw_only=True, repr=False)
    strict: bool | None = attrs.field(default=None, kw_only=True, repr=False)
    examine: bool | None = attrs.field(default=None, kw_only=True, repr=False)
    max_body: int | None = attrs.field(default=None, kw_only=True, repr=False)
    allow_http: bool | None = attrs.field(default=None, kw_only=True, repr=False)
    proxy: str | None = attrs.field(default=None, kw_only=True, repr=False)
    trust_env: bool | None = attrs.field(default=None, kw_only=True, repr=False)
    headers: Mapping[str, str] | None = attrs.field(default=None, kw_only=True, repr=False)
    logout: bool | None = attrs.field(default=None, kw_only=True, repr=False)

    def client_options(self) -> ClientOptions:
        """The client options that were given, by name."""
        given = {name: getattr(self, name) for name in sorted(OPTIONS)}
        return cast("ClientOptions", {name: value for name, value in given.items() if value is not None})

    def without_credentials(self) -> Appliance:
        """A copy that is safe to send elsewhere: no credentials and no client options."""
        nothing: dict[str, Any] = dict.fromkeys(OPTIONS)
        return attrs.evolve(self, credentials=None, **nothing)

    def described(self, revision: str) -> Appliance:
        """Where rows come from: a copy without secrets, with the revision that was agreed upon."""
        return attrs.evolve(self.without_credentials(), revision=revision)
