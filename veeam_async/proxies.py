"""The HTTP proxy on the way to an appliance: given, or taken from the environment when asked for."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import unquote

import attrs
from yarl import URL

from .origin import Origin


@attrs.frozen
class Proxy:
    """A proxy.

    Attributes:
        url: without credentials.
        headers: `Proxy-Authorization`, where the URL had credentials.
        shown: what may be seen of it.
    """

    url: URL
    headers: dict[str, str] | None = attrs.field(repr=False)
    shown: str


def parse_proxy(url: str) -> Proxy:
    """A proxy by its URL, `http://proxy:3128` or `http://user:password@proxy:3128`.

    Raises:
        ValueError: the URL is no http or https URL.
    """
    parsed = URL(url)
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError("a proxy is given as http://host:port or https://host:port")
    headers = None
    if parsed.user is not None:
        pair = f"{unquote(parsed.raw_user or '')}:{unquote(parsed.raw_password or '')}"
        headers = {"Proxy-Authorization": "Basic " + b64encode(pair.encode()).decode()}
    bare = parsed.with_user(None)
    return Proxy(bare, headers, f"{bare.scheme}://{bare.authority}")


def proxy_for(origin: Origin, url: str | None, trust_env: bool) -> Proxy | None:
    """A client's proxy: by its URL where it was given one, else the environment's where that is to be trusted."""
    if url:
        return parse_proxy(url)
    return proxy_from_environment(origin) if trust_env else None


def proxy_from_environment(origin: Origin) -> Proxy | None:
    """The proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY (in either case) name for an origin, or None."""
    from urllib.request import getproxies, proxy_bypass

    url = getproxies().get(origin.scheme)
    if not url or origin.loopback or proxy_bypass(f"{origin.host}:{origin.port}"):
        return None
    return parse_proxy(url if "://" in url else f"http://{url}")
