"""The HTTP proxy in front of an appliance: given, or taken from the environment when asked for."""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple, NoReturn
from urllib.parse import unquote

from yarl import URL

from .._redact import Hidden
from ..errors import InvalidAddress, VeeamError
from .origin import Origin, parse_host

_SCHEMES = ("http", "https")


class Proxy(NamedTuple):
    """A proxy.

    Attributes:
        url: without credentials.
        headers: `Proxy-Authorization`, where the URL had credentials.
        shown: what may be seen of it.
    """

    url: URL
    headers: Hidden | None
    shown: str


def parse_proxy(url: str) -> Proxy:
    """A proxy by its URL, `http://proxy:3128` or `http://user:password@proxy:3128`.

    Raises:
        InvalidAddress: the URL is no http or https URL. It is a `ValueError`, and does not repeat the credentials.
    """
    if not isinstance(url, str):
        raise TypeError(f"a proxy must be a str, not {type(url).__name__}")
    scheme, separator, rest = url.strip().partition("://")
    scheme = scheme.lower()
    url = ""  # this frame shows no credentials
    if not separator or scheme not in _SCHEMES:
        _refuse(f"not by {scheme[:20]}" if separator and re.fullmatch(r"[a-z0-9+.-]+", scheme) else "")
    credentials, at, authority = rest.rpartition("@")
    rest = ""
    headers = _headers(credentials) if at else None
    credentials = ""
    if at and headers is None:
        _refuse("with a user name that has no colon (RFC 7617)")
    if re.search(r"[?#]|/.", authority):
        _refuse("without a path")
    try:
        origin = parse_host(f"{scheme}://{authority}", default_port=80, allow_http=True)
    except VeeamError as error:
        raise InvalidAddress(f"the proxy is no address: {error.message}") from None
    shown = f"{scheme}://{origin.authority}"
    return Proxy(URL.build(scheme=scheme, authority=origin.authority, encoded=True), headers, shown)


def _refuse(detail: str) -> NoReturn:
    raise InvalidAddress(
        "a proxy is given as http://host:port or https://host:port" + (f", {detail}" if detail else "")
    )


def _headers(credentials: str) -> Hidden | None:
    """The header for quoted credentials; None where the user name has a colon."""
    user, _, password = credentials.partition(":")
    user, password = unquote(user), unquote(password)
    if ":" in user:
        return None
    pair = f"{user}:{password}".encode("utf-8", "surrogateescape")
    return Hidden({"Proxy-Authorization": "Basic " + b64encode(pair).decode()})


def proxy_for(origin: Origin, url: str | None, trust_env: bool) -> Proxy | None:
    """A client's proxy: by its URL where it was given one, else the environment's where that is to be trusted."""
    if url:
        return parse_proxy(url)
    return proxy_from_environment(origin) if trust_env else None


def proxy_from_environment(origin: Origin, environ: Mapping[str, str] | None = None) -> Proxy | None:
    """The proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name for an origin, or None.

    As for curl and Go, a name in lower case counts before the same in capitals, and this machine needs no proxy.
    NO_PROXY lists, separated by commas or blanks: `*` for everything; addresses and ranges (`10.0.0.0/8`,
    `2001:db8::/32`); names, which stand for all names under them too (`example.com`, `.example.com`); `*.example.com`
    for those under it alone. Each may have a port behind it (`vbr01:9419`, `[2001:db8::5]:9419`).

    Raises:
        InvalidAddress: the variable holds something else than an http or https URL.
    """
    environ = os.environ if environ is None else environ
    # A web server gives a request's header `Proxy:` to its CGI programs as HTTP_PROXY.
    forged = origin.scheme == "http" and "REQUEST_METHOD" in environ
    url = _variable(environ, f"{origin.scheme}_proxy", capitals=not forged)
    if not url or origin.loopback or _past_proxy(origin, _variable(environ, "no_proxy")):
        return None
    try:
        return parse_proxy(url if "://" in url else f"http://{url}")
    except VeeamError as error:
        url = ""
        text = f"the environment variable {origin.scheme.upper()}_PROXY: {error.message}"
        raise InvalidAddress(text, appliance=origin.host) from None


def _variable(environ: Mapping[str, str], name: str, *, capitals: bool = True) -> str:
    value = environ.get(name)
    if value is None and capitals:
        value = environ.get(name.upper())
    return (value or "").strip()


def _past_proxy(origin: Origin, no_proxy: str) -> bool:
    host = origin.host.removesuffix(".")
    address = _plain(origin.address)
    return any(_matches(entry, host, address, origin.port) for entry in re.split(r"[,\s]+", no_proxy.lower()) if entry)


def _matches(entry: str, host: str, address: IPv4Address | IPv6Address | None, port: int) -> bool:
    if entry == "*":
        return True
    entry, entry_port = _without_port(entry)
    if entry_port not in (None, port):
        return False
    if address is not None:
        return _holds(entry.strip("[]").partition("%")[0], address)
    entry = entry.removesuffix(".")
    if entry.startswith("*."):
        return host.endswith(entry[1:])
    entry = entry.lstrip(".")
    return bool(entry) and (host == entry or host.endswith(f".{entry}"))


def _without_port(entry: str) -> tuple[str, int | None]:
    """An entry and the port behind it, if there is one; a bare IPv6 address or range has none."""
    head, colon, tail = entry.rpartition(":")
    if colon and tail.isdecimal() and len(tail) <= 5 and (":" not in head or head.endswith("]")):
        return head, int(tail)
    return entry, None


def _holds(entry: str, address: IPv4Address | IPv6Address) -> bool:
    try:
        if "/" in entry:
            return address in ip_network(entry.replace("]", ""), strict=False)
        return address == _plain(ip_address(entry))
    except ValueError:
        return False  # a name


def _plain(address: IPv4Address | IPv6Address | None) -> IPv4Address | IPv6Address | None:
    """An IPv4 address as such, also where IPv6 carries it (`::ffff:10.0.0.1`)."""
    return getattr(address, "ipv4_mapped", None) or address
