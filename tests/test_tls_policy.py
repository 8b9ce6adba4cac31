"""What a TLS policy takes, and what it refuses when it is made."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from veeam_async.tls import TlsPolicy

HEX = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
COLONS = ":".join(HEX[i : i + 2] for i in range(0, 64, 2)).upper()


@pytest.mark.parametrize(
    "pasted",
    [
        HEX,
        HEX.upper(),
        COLONS,
        COLONS.replace(":", " "),
        COLONS.replace(":", "-"),
        COLONS.replace(":", "\u2013"),
        COLONS.replace(":", "\u00a0"),
        COLONS.replace(":", "\u2007:"),
        "\u200e" + HEX,
        HEX + "\u200e",
        "\ufeff" + HEX + "\r\n",
        COLONS[:48] + "\n" + COLONS[48:],
        COLONS[:48] + "\r\n   " + COLONS[48:],
        f"sha256 Fingerprint={COLONS}",
        f"SHA256 Fingerprint={COLONS}\n",
        f"SHA-256 Fingerprint: {COLONS}",
        f"Fingerprint: {HEX}",
        f"Thumbprint\t{HEX}",
        f"sha256:{HEX}",
        f"SHA-256={HEX}",
        f"  \u200esha256 {HEX}",
    ],
)
def test_fingerprints_as_they_are_pasted(pasted: str) -> None:
    """What openssl, browsers and Windows' dialog put around and between the digits does not matter."""
    assert TlsPolicy(fingerprint=pasted).fingerprint == HEX


@pytest.mark.parametrize(
    ("fingerprint", "said"),
    [
        ("ab" * 20, "a SHA-1 fingerprint"),
        ("SHA1 Fingerprint=" + ":".join(["AB"] * 20), "a SHA-1 fingerprint"),
        ("ab" * 16, "an MD5 fingerprint"),
        ("ab" * 64, "a SHA-512 fingerprint"),
        ("ab" * 31, "a text of 62 digits"),
        ("", "a text of 0 digits"),
        ("sha256:", "a text of 0 digits"),
        (HEX[:-1] + "g", r"character 64 is g \(U\+0067\)"),
        (HEX[:10] + "\u0435" + HEX[11:], r"character 11 is \u0435 \(U\+0435\)"),
        (HEX[:-1] + "\u0664", r"U\+0664"),
        ("sha256//n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=", r"character 7 is / \(U\+002F\)"),
    ],
)
def test_what_is_wrong_with_a_fingerprint_is_said(fingerprint: str, said: str) -> None:
    """Another hash is called by its name, and a character that is none of hexadecimal by its place and code point."""
    with pytest.raises(ValueError, match=said) as caught:
        TlsPolicy(fingerprint=fingerprint)
    assert "64 hexadecimal digits" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("vbr01.halden.example", "vbr01.halden.example"),
        (" VBR01.Halden.Example. ", "vbr01.halden.example"),
        ("büro.example", "xn--bro-hoa.example"),
        ("10.0.0.1", "10.0.0.1"),
        ("2001:DB8::0:1", "2001:db8::1"),
    ],
)
def test_names_to_verify(name: str, taken: str) -> None:
    """A name is taken as certificates have it; an address is one too."""
    assert TlsPolicy(server_name=name).server_name == taken


@pytest.mark.parametrize("name", ["", ".", "a..b", "a b", "https://vbr01", "vbr01:9419", "x" * 64, "é" * 70, "a\0b"])
def test_odd_names_are_refused(name: str) -> None:
    """What no certificate can be for is refused when it is given."""
    with pytest.raises(ValueError, match="server_name"):
        TlsPolicy(server_name=name)


@pytest.mark.parametrize(
    "options",
    [
        {"ca_file": "a", "fingerprint": HEX},
        {"ca_file": "a", "insecure": True},
        {"fingerprint": HEX, "insecure": True},
        {"check_hostname": False},
        {"fingerprint": HEX, "check_hostname": False},
        {"fingerprint": HEX, "strict": True},
        {"insecure": True, "strict": True},
        {"minimum_version": "1.1"},
        {"minimum_version": 1.2},
        {"client_key": "k"},
        {"client_key_password": "p"},
        {"ca_file": ""},
        {"ca_file": "a\0b"},
        {"client_cert": ""},
        {"proxy": TlsPolicy(proxy=TlsPolicy())},
    ],
)
def test_arguments_that_contradict_each_other(options: dict[str, Any]) -> None:
    """What makes no sense together, or alone, is refused when it is given."""
    with pytest.raises(ValueError):
        TlsPolicy(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"insecure": "false"},
        {"check_hostname": 0, "ca_file": "a"},
        {"strict": 1},
        {"fingerprint": b"x"},
        {"proxy": "x"},
        {"server_name": 5},
    ],
)
def test_arguments_of_another_type(options: dict[str, Any]) -> None:
    """A text such as "false" would count as True: types are looked at."""
    with pytest.raises(TypeError):
        TlsPolicy(**options)


def test_a_policy_is_a_key() -> None:
    """Equal policies are one; each attribute makes another; a pickle is equal; no repr shows the key's password."""
    base = TlsPolicy(client_cert="c", client_key_password="planted")
    others = [
        TlsPolicy(client_cert="c"),
        TlsPolicy(client_cert="c", client_key_password="planted", server_name="a"),
        TlsPolicy(client_cert="c", client_key_password="planted", strict=True),
        TlsPolicy(client_cert="c", client_key_password="planted", minimum_version="1.3"),
        TlsPolicy(client_cert="c", client_key_password="planted", proxy=TlsPolicy()),
    ]
    assert len({base, *others, TlsPolicy(client_cert="c", client_key_password="planted")}) == 6
    assert pickle.loads(pickle.dumps(base)) == base and hash(pickle.loads(pickle.dumps(base))) == hash(base)
    assert "planted" not in repr(base)
