"""What may be given as a host."""

from __future__ import annotations

from typing import Any

import pytest

from veeam_async._http.origin import Origin, parse_host
from veeam_async.errors import InvalidAddress, UnsafeOriginError


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
        "https://vbr01#x", "vbr01?x", "[vbr01]", "[::1", "[::1]x", "[]", "::1]", "1.2.3.4.5", "256.1.1.1", "0x7f000001",
        "1.2.3",
        "010.0.0.1", "vbr_01..x", ".", "..", "vbr01.example..", "a\x00b", "a\nb", "\udcff", "vbr01:+1",
        "vbr01:٣",
        "https://[fe80::1%]", "fe80::1%", "fe80::1%e/h0", "https://::1", "x" * 64, "é" * 70, ".".join(["abc"] * 64), "https:///x",
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


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("vbr01..halden.example", "an empty label"),
        (".vbr01.example", "an empty label"),
        ("v" * 70 + ".example", "70 letters, 63"),
        (".".join(["v" * 60] * 5), "304 letters, 253"),
        ("127.1", "all four numbers"),
        ("2130706433", "all four numbers"),
        ("host:abc", "the port is not a number"),
        ("vbr(01)", "a character that no host name has"),
        ("https://vbr01/api/v1/jobs", "'api' is where the API itself begins"),
        ("ftp://x", "the scheme is 'ftp'"),
        ("", "no host name"),
    ],
)
def test_what_is_wrong_with_a_host_is_said(host: str, said: str) -> None:
    """The error is of this package and a ValueError, says what is wrong, and has the host as its appliance."""
    with pytest.raises(InvalidAddress) as caught:
        parse_host(host, default_port=9419)
    assert said in caught.value.message
    assert (caught.value.appliance or "") in host
    assert not isinstance(caught.value.__context__, UnicodeError)


@pytest.mark.parametrize(
    "host",
    [
        "u:planted@h", "https://u:planted@h", "planted@h", "u:pl@planted@h", "u:planted/x@h", "https://u:planted?@h:99999",
        "u:planted", "u:planted@", "https://u:planted@h..x/y?z",
    ],
)  # fmt: skip
def test_a_password_in_the_host_is_not_repeated(host: str) -> None:
    """Neither the error nor a variable of a frame that its traceback reaches has what stands before an `@`."""
    with pytest.raises(InvalidAddress) as caught:
        parse_host(host, default_port=9419)
    assert "planted" not in str(caught.value) and "planted" not in repr(caught.value.__dict__)
    if "@" in host:
        frames = [frame.frame.f_locals for frame in caught.traceback[1:]]
        assert frames and "planted" not in repr(frames)


@pytest.mark.parametrize(
    "host", ["fe80::1%eth0", "[fe80::1%eth0]:9419", "[fe80::1%25eth0]", "https://[FE80::0:1%25eth0]:9419"]
)
def test_zones_in_every_form(host: str) -> None:
    """The zone of an IPv6 address is taken bare, in brackets, and quoted as in RFC 6874, and shown in that form."""
    origin = parse_host(host, default_port=9419)
    assert origin.host == "fe80::1%eth0" and origin.authority == "[fe80::1%eth0]:9419"
    assert str(origin) == "https://[fe80::1%25eth0]:9419"
    assert parse_host(str(origin), default_port=1) == origin


def test_a_zone_of_two_digits_is_a_zone() -> None:
    """`%25` with nothing behind it names the interface 25."""
    assert parse_host("fe80::1%25", default_port=1).host == "fe80::1%25"
    assert parse_host("[fe80::1%255]", default_port=1).host == "fe80::1%5"


@pytest.mark.parametrize(
    ("host", "prefix"),
    [
        ("https://gw.example.com/veeam-7/", "/veeam-7"),
        ("https://gw.example.com/a/b_c.d~/x%20y//", "/a/b_c.d~/x%20y"),
        ("https://gw.example.com/", ""),
        ("https://gw.example.com", ""),
    ],
)
def test_a_path_in_front_of_the_api(host: str, prefix: str) -> None:
    """What a gateway puts in front of the API belongs to the origin, without the slash at its end."""
    origin = parse_host(host, default_port=9419)
    assert origin.prefix == prefix and str(origin) == f"https://gw.example.com:443{prefix}"


@pytest.mark.parametrize(
    "path", ["/a//b", "/../b", "/a/./b", "/a%2fb", "/a%2e%2e", "/a b", "/a\\b", "/é", "/API", "/x/swagger", "/a%zz"]
)
def test_odd_paths_are_refused(path: str) -> None:
    """A path that could leave itself, or that is the API's own, is no prefix."""
    with pytest.raises(InvalidAddress, match=r"path|API"):
        parse_host(f"https://gw.example.com{path}", default_port=9419)


def test_names_beyond_ascii() -> None:
    """International names are asked for as the DNS has them."""
    assert parse_host("Büro.example", default_port=1).host == "xn--bro-hoa.example"
    assert parse_host("vbr01\u200b", default_port=1).host == "vbr01"
    assert parse_host("VBR_01.example.", default_port=1).host == "vbr_01.example."


@pytest.mark.parametrize("host", [None, 5, b"vbr01", ["vbr01"]])
def test_a_host_is_a_text(host: Any) -> None:
    """What is no text is a TypeError."""
    with pytest.raises(TypeError, match="host must be a str"):
        parse_host(host, default_port=1)


def test_mapped_loopback_is_loopback() -> None:
    """IPv4's loopback inside IPv6 does not leave the machine either."""
    assert parse_host("::ffff:127.0.0.1", default_port=1).loopback
    assert parse_host("localhost.", default_port=1).loopback
    assert not parse_host("::ffff:10.0.0.1", default_port=1).loopback


@pytest.mark.parametrize(
    ("host", "named"),
    [("user:pa@ss@vbr01:9419", "vbr01:9419"), ("ftp://vbr01", "ftp://vbr01"), ("vbr..01", "vbr..01"), ("", None)],
)
def test_which_host_was_refused(host: str, named: str | None) -> None:
    """The error says of which host it is, without what stands before its last `@`."""
    with pytest.raises(InvalidAddress) as caught:
        parse_host(host, default_port=9419)
    assert caught.value.appliance == named


def test_brackets_are_for_addresses() -> None:
    """A name in brackets is none, with a port behind them or without."""
    for host in ("[vbr01]", "[vbr01]:443", "https://[vbr01]:443"):
        with pytest.raises(InvalidAddress, match="brackets hold no IPv6 address"):
            parse_host(host, default_port=9419)


def test_the_longest_names() -> None:
    """63 letters for a label and 253 for all of them are the most, and may be."""
    longest = ".".join(["a" * 63] * 3 + ["b" * 61])
    assert len(longest) == 253
    assert parse_host(longest, default_port=9419).host == longest
    for host in ("a" * 64, f"{longest}b"):
        with pytest.raises(InvalidAddress, match="is the most"):
            parse_host(host, default_port=9419)
