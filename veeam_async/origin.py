"""Where an appliance is: what a user may give as host, and the origin that comes of it."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

import attrs

from .errors import UnsafeOriginError

# What nearly everyone gives, which then need not be taken apart at length.
_USUAL = re.compile(r"(?:(https?)://)?([a-z0-9.-]+)(?::([0-9]{1,5}))?", re.ASCII)
_NO_NAME = re.compile(r"[\s/\\@?#]")


@attrs.frozen
class Origin:
    """Scheme, host and port: all that a bearer token may be sent to.

    Attributes:
        scheme: `https` or `http`.
        host: name or address, lower case, without brackets.
        port: TCP port.
    """

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """True where packets do not leave this machine."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ip_address(self.host.partition("%")[0]).is_loopback
        except ValueError:
            return False


def parse_host(host: str, *, port: int | None = None, default_port: int, allow_http: bool = False) -> Origin:
    """The origin that `host` stands for.

    Args:
        host: a name, an address (IPv6 with or without brackets), `name:port`, or a whole origin
            (`https://vbr01:443`, `http://127.0.0.1:8080`).
        port: overrides the product's default; must not contradict a port in `host`.
        default_port: the product's port, for where neither says one. An origin with a scheme has the scheme's.
        allow_http: take `http://` for other hosts than this machine as well.

    Raises:
        ValueError: `host` is none of these.
        UnsafeOriginError: plain http to another machine without `allow_http`.
    """
    text = host.strip()
    scheme = "https"
    given: int | None = None
    if usual := _USUAL.fullmatch(text):
        scheme, name, digits = usual[1] or scheme, usual[2], usual[3]
        given = int(digits) if digits else None
        if usual[1]:
            default_port = 443 if scheme == "https" else 80
    elif "://" in text:
        parts = urlsplit(text)
        scheme = parts.scheme.lower()
        if scheme not in ("http", "https"):
            raise ValueError(f"scheme {scheme!r} of {host!r} is neither https nor http")
        if parts.username is not None or parts.password is not None:
            raise ValueError("credentials do not belong into the host")
        if parts.path not in ("", "/") or parts.query or parts.fragment:
            raise ValueError(f"{host!r} is more than an origin: give scheme, host and port only")
        name = parts.hostname or ""
        given = parts.port
        default_port = 443 if scheme == "https" else 80
    elif text.count(":") > 1 and not text.startswith("["):
        name = text  # a bare IPv6 address
    else:
        parts = urlsplit("//" + text)
        if parts.path or parts.query or parts.fragment or parts.username is not None:
            raise ValueError(f"{host!r} is neither a host, nor host:port, nor an origin")
        name = parts.hostname or ""
        given = parts.port
    if not name or _NO_NAME.search(name):
        raise ValueError(f"{host!r} has no host name")
    if ":" in name:
        try:
            ip_address(name.partition("%")[0])
        except ValueError:
            raise ValueError(f"{host!r} is neither a host, nor host:port, nor an origin") from None
    if given is not None and port is not None and given != port:
        raise ValueError(f"{host!r} says another port than port={port}")
    chosen = given if given is not None else port if port is not None else default_port
    if not 0 < chosen < 65536:
        raise ValueError(f"{chosen} is no TCP port")
    origin = Origin(scheme, name.lower(), chosen)
    if scheme == "http" and not allow_http and not origin.loopback:
        raise UnsafeOriginError(
            f"{origin} would carry credentials in the clear: use https, or say allow_http=True", appliance=origin.host
        )
    return origin
