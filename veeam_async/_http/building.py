"""Builds the transport of a client from its options."""

from __future__ import annotations

from .._redact import Hidden
from ..options import ClientOptions
from ..retry import RetryPolicy
from ..timeouts import Timeouts
from ..tls import TlsPolicy
from .headers import own_headers, secrets_in_headers
from .origin import Origin
from .pool import Pool
from .transport import Transport

_TLS = TlsPolicy()
_TIMEOUTS = Timeouts()
_RETRY = RetryPolicy()
_MAX_BODY = 16 * 1024 * 1024


def build_transport(
    origin: Origin, *, name: str, pool: Pool, revision: str | None, revision_header: str | None, options: ClientOptions
) -> Transport:
    """The transport to one appliance.

    Args:
        origin: where the appliance is.
        name: the appliance's label.
        pool: connections to take.
        revision: the API revision; None where each call says its own.
        revision_header: the header that carries the revision; None where the path does.
        options: of the client.

    Raises:
        ValueError, TypeError: a header makes no sense.
        InvalidAddress: the proxy makes no address.
    """
    own = own_headers(options.get("headers"), reserved=revision_header)
    sent = Hidden({"User-Agent": "veeam-async", **own})
    if revision_header is not None and revision is not None:
        sent[revision_header] = revision
    url, trust_env = options.get("proxy"), bool(options.get("trust_env"))
    proxy = None
    if url or trust_env:
        from .proxy import proxy_for  # few clients have one

        proxy = proxy_for(origin, url, trust_env)
    max_body = options.get("max_body")
    return Transport(
        origin,
        name=name,
        pool=pool,
        tls=options.get("tls") or _TLS,
        timeouts=options.get("timeouts") or _TIMEOUTS,
        retry=options.get("retry") or _RETRY,
        headers=sent,
        max_body=_MAX_BODY if max_body is None else max_body,
        proxy=proxy,
        events=options.get("events"),
        secrets=secrets_in_headers(own) if own else (),
    )
