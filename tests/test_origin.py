"""What may be given as a host."""

from __future__ import annotations

import pytest

from veeam_async.errors import UnsafeOriginError
from veeam_async.origin import Origin, parse_host


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("vbr01", "https://vbr01:9419"),
        ("VBR01.Example.COM", "https://vbr01.example.com:9419"),
        (" vbr01 ", "https://vbr01:9419"),
        ("10.0.0.1", "https://10.0.0.1:9419"),
        ("vbr01:443", "https://vbr01:443"),
        ("https://vbr01", "https://vbr01:443"),
        ("https://vbr01:9419/", "https://vbr01:9419"),
        ("HTTPS://vbr01", "https://vbr01:443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost", "http://localhost:80"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("::1", "https://[::1]:9419"),
        ("[fe80::1]", "https://[fe80::1]:9419"),
        ("[fe80::1]:443", "https://[fe80::1]:443"),
        ("2001:db8::1", "https://[2001:db8::1]:9419"),
    ],
)
def test_every_spelling_of_a_host(host: str, origin: str) -> None:
    """A name, an address, either with a port, and a whole origin become one origin."""
    assert str(parse_host(host, default_port=9419)) == origin


@pytest.mark.parametrize(
    "host",
    [
        "", " ", "https://", "ftp://vbr01", "https://user:secret@vbr01", "https://vbr01/api", "https://vbr01?x=1",
        "vbr01/api", "vbr01:99999", "vbr01:0", "vbr01:port", "a b", "user@vbr01", "vbr01#x", "1:2:3:x", "https://a b",
    ],
)  # fmt: skip
def test_nonsense_is_refused(host: str) -> None:
    """What is no host is a ValueError, and no error repeats a password."""
    with pytest.raises(ValueError) as caught:
        parse_host(host, default_port=9419)
    assert "secret" not in str(caught.value)


def test_port_argument() -> None:
    """`port` stands in for the default, and must not contradict the host."""
    assert parse_host("vbr01", port=443, default_port=9419).port == 443
    assert parse_host("vbr01:443", port=443, default_port=9419).port == 443
    assert parse_host("https://vbr01", port=8443, default_port=9419).port == 8443
    with pytest.raises(ValueError, match="another port"):
        parse_host("vbr01:443", port=9419, default_port=9419)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "[::1]", "localhost", "a.localhost"])
def test_loopback_takes_plain_http(host: str) -> None:
    """Plain http to this machine is allowed."""
    assert parse_host(f"http://{host}", default_port=1).loopback


@pytest.mark.parametrize("host", ["128.0.0.1", "10.0.0.1", "[::2]", "localhost.example.com", "127.0.0.1.example.com"])
def test_elsewhere_does_not(host: str) -> None:
    """Plain http to another machine needs the explicit word."""
    with pytest.raises(UnsafeOriginError):
        parse_host(f"http://{host}", default_port=1)
    assert not parse_host(f"http://{host}", default_port=1, allow_http=True).loopback


def test_origins_compare() -> None:
    """Two spellings of one origin are equal and hash alike."""
    assert {Origin("https", "a", 443), parse_host("https://A", default_port=1)} == {Origin("https", "a", 443)}


@pytest.mark.parametrize("port", [1, 65535])
def test_the_first_and_the_last_port(port: int) -> None:
    """Every TCP port is one, from 1 to 65535."""
    assert parse_host(f"vbr01:{port}", default_port=9419).port == port
    assert parse_host("vbr01", port=port, default_port=9419).port == port


@pytest.mark.parametrize("port", [0, 65536])
def test_no_port_beyond_them(port: int) -> None:
    """0 and 65536 are none."""
    with pytest.raises(ValueError, match="no TCP port"):
        parse_host("vbr01", port=port, default_port=9419)


@pytest.mark.parametrize("host", ["https://user@vbr01", "https://:secret@vbr01"])
def test_half_of_the_credentials_is_refused_too(host: str) -> None:
    """A user name alone, or a password alone, does not belong into the host either."""
    with pytest.raises(ValueError, match="credentials"):
        parse_host(host, default_port=9419)
