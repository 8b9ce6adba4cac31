"""Where an appliance is: what a user may give as host, and the origin that comes of it."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address
from operator import index
from typing import NamedTuple, NoReturn

from ..errors import InvalidAddress, UnsafeOriginError

_URL = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#]*)([^?#]*)(.*)", re.ASCII | re.IGNORECASE | re.DOTALL)
# Underscores are no letters of a host name, but Windows takes them for names of computers.
_LABEL = re.compile(r"[a-z0-9_-]+", re.ASCII)
# The last label of a name that its resolver reads as an address: `127.1`, `2130706433`, `0x7f000001`.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
# What few addresses have is compiled when it is first met.
_BRACKETS = r"(?s)\[([^\[\]]*)\](?::(.*))?"
_ZONE = r"[A-Za-z0-9._~-]+"
_SEGMENT = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+"
_LONGEST_LABEL = 63
_LONGEST_NAME = 253
_LONGEST_SHOWN = 120


class Origin(NamedTuple):
    """Scheme, host and port, and where on it the API begins: all that a bearer token may be sent to.

    Attributes:
        scheme: `https` or `http`.
        host: name or address, lower case, without brackets; names beyond ASCII as the DNS has them (`xn--...`). An IPv6
            address has its zone behind it (`fe80::1%eth0`).
        port: TCP port.
        prefix: path under which a gateway has the API, without a slash at its end (`/veeam-7`); empty where there is
            none.
    """

    scheme: str
    host: str
    port: int
    prefix: str = ""

    def __str__(self) -> str:
        # RFC 6874: the sign before a zone is quoted in a URL.
        return f"{self.scheme}://{self.authority.replace('%', '%25')}{self.prefix}"

    @property
    def authority(self) -> str:
        """Host and port as a connection needs them: `vbr01:9419`, `[fe80::1%eth0]:9419`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def address(self) -> IPv4Address | IPv6Address | None:
        """The host as an address without its zone; None where it is a name."""
        try:
            return ip_address(self.host.partition("%")[0])
        except ValueError:
            return None

    @property
    def loopback(self) -> bool:
        """True where packets do not leave this machine."""
        name = self.host.removesuffix(".")
        if name == "localhost" or name.endswith(".localhost"):
            return True
        address = self.address
        mapped = getattr(address, "ipv4_mapped", None)
        return address is not None and (mapped or address).is_loopback


def parse_host(host: str, *, port: int | None = None, default_port: int, allow_http: bool = False) -> Origin:
    """The origin that `host` stands for.

    Args:
        host: a name, an address (IPv6 with or without brackets and zone), `name:port`, or a whole origin
            (`https://vbr01:443`, `http://127.0.0.1:8080`), with a path where a gateway puts one in front of the API
            (`https://gateway.example.com/veeam-7/`).
        port: overrides the product's default; must not contradict a port in `host`.
        default_port: the product's port, for where neither says one. An origin with a scheme has the scheme's.
        allow_http: take `http://` for other hosts than this machine as well.

    Raises:
        InvalidAddress: `host` is none of these. It is a `ValueError`, and never repeats what stands before an `@`.
        UnsafeOriginError: plain http to another machine without `allow_http`.
    """
    if not isinstance(host, str):
        raise TypeError(f"host must be a str, not {type(host).__name__}")
    text = host.strip()
    # What follows the last sign, for a password may have one too. Neither it nor what has it stays in this frame.
    host = shown = _shown(text.rpartition("@")[2])
    if "@" in text:
        del text
        _refuse(shown, "credentials do not belong into the host: give them as the second argument")
    scheme = "https"
    prefix = ""
    url = _URL.fullmatch(text)
    if url is not None:
        scheme = url[1].lower()
        if scheme not in ("http", "https"):
            _refuse(shown, f"the scheme is {scheme[:20]!r}, neither https nor http")
        if url[4]:
            _refuse(
                shown,
                "a query or a fragment is no part of an origin: an origin is scheme, host, port and at most a path",
            )
        text = url[2]
        prefix = _prefix(url[3], shown)
        default_port = 443 if scheme == "https" else 80
    elif re.search(r"[/?#\\]", text):
        _refuse(shown, "this is neither a host, nor host:port, nor an origin such as https://vbr01:9419")
    name, digits = _split(text, shown, bare=url is None)
    given = _port(digits, _shown(name))  # who forgets the host behind `user:password@` has a password there
    if given is not None and port is not None and given != port:
        _refuse(shown, f"this is another port than port={port}")
    chosen = given if given is not None else port if port is not None else default_port
    if not 0 < index(chosen) < 65536:
        _refuse(shown, f"{chosen!s:.20} is no TCP port")
    origin = Origin(scheme, _host(name, shown), chosen, prefix)
    if scheme == "http" and not allow_http and not origin.loopback:
        raise UnsafeOriginError(
            f"{origin} would carry credentials in the clear",
            hint="Use https, or say allow_http=True",
            appliance=origin.host,
        )
    return origin


def _refuse(shown: str, reason: str) -> NoReturn:
    raise InvalidAddress(reason, appliance=shown or None)


def _shown(text: str) -> str:
    """As much of what was given as an error may repeat."""
    text = "".join(char if char.isprintable() else "?" for char in text[:_LONGEST_SHOWN])
    return text.encode("utf-8", "replace").decode()


def _split(text: str, shown: str, *, bare: bool) -> tuple[str, str | None]:
    """Name and port, both as they were written."""
    if text.startswith("["):
        brackets = re.fullmatch(_BRACKETS, text)
        if brackets is None or ":" not in brackets[1]:
            _refuse(shown, "the brackets hold no IPv6 address")
        return brackets[1], brackets[2]
    if bare and text.count(":") > 1:
        return text, None  # an IPv6 address without brackets
    name, colon, digits = text.partition(":")
    return name, digits if colon else None


def _port(digits: str | None, shown: str) -> int | None:
    if digits is None or digits == "":  # RFC 3986 allows a colon with nothing behind it
        return None
    if not re.fullmatch(r"[0-9]{1,9}", digits, re.ASCII):
        _refuse(shown, "the port is not a number")
    number = int(digits)
    if not 0 < number < 65536:
        _refuse(shown, f"{number} is no TCP port")
    return number


def _prefix(path: str, shown: str) -> str:
    segments = path.rstrip("/").split("/")[1:]
    for segment in segments:
        if not re.fullmatch(_SEGMENT, segment) or segment in (".", "..") or "%2" in segment.replace("%20", ""):
            _refuse(shown, "the path is no plain path of letters, digits, dashes and slashes")
        if segment.lower() in ("api", "swagger"):
            _refuse(shown, f"{segment!r} is where the API itself begins: give what comes before it")
    return "".join(f"/{segment}" for segment in segments)


def _host(name: str, shown: str) -> str:
    if ":" in name:
        address, percent, zone = name.partition("%")
        # `%25` is how a URL writes the sign; a zone that is called `25` alone is a zone.
        zone = zone[2:] if zone.startswith("25") and len(zone) > 2 else zone
        try:
            address = str(IPv6Address(address))
        except AddressValueError:
            _refuse(shown, "several colons, and no IPv6 address: this is neither a host, nor host:port, nor an origin")
        if percent and not re.fullmatch(_ZONE, zone):
            _refuse(shown, "the zone behind the IPv6 address is empty or no name of an interface")
        return f"{address}%{zone}" if percent else address
    name = _ascii_name(name, shown)
    labels = name.removesuffix(".").split(".")
    if not all(labels):
        _refuse(
            shown,
            "there is no host name"
            if labels == [""]
            else "the host name has an empty label: two dots, or one in front",
        )
    for label in labels:
        if len(label) > _LONGEST_LABEL:
            _refuse(shown, f"a label of the host name has {len(label)} letters, {_LONGEST_LABEL} is the most")
        if not _LABEL.fullmatch(label):
            _refuse(shown, "the host name has a character that no host name has")
    if len(name) > _LONGEST_NAME:
        _refuse(shown, f"the host name has {len(name)} letters, {_LONGEST_NAME} is the most")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(".".join(labels)))
        except AddressValueError:
            _refuse(shown, "this looks like an IPv4 address and is none: give all four numbers, without leading zeros")
    return name


def _ascii_name(name: str, shown: str) -> str:
    """A name as the DNS has it."""
    if name.isascii():
        return name.lower()
    import idna  # yarl needs it too

    try:
        return idna.encode(name, uts46=True).decode().lower()
    except UnicodeError as error:
        _refuse(shown, f"the host name is none of an international domain: {str(error)[:100]}")
