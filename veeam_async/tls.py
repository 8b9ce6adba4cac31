"""How an appliance's certificate is judged, and what is shown to who asks for one."""

from __future__ import annotations

import os
import re
import unicodedata
import warnings
from typing import Any, Literal

import attrs

from .errors import InsecureWarning

# Compiled when they are first needed: few programs give a fingerprint or a name.
_BEFORE = r"(?i)(?:sha-?([0-9]{1,3})|md5)?\s*(?:finger|thumb)?(?:print)?\s*(?:\([^)]*\))?\s*[=:]?"
_DIGITS = {32: "an MD5", 40: "a SHA-1", 56: "a SHA-224", 96: "a SHA-384", 128: "a SHA-512"}
_NAME = r"[a-z0-9_*-]{1,63}(?:\.[a-z0-9_-]{1,63})*"
_HOW = "`veeam-async fingerprint HOST` and `openssl x509 -noout -fingerprint -sha256` print it"


def _fingerprint(value: Any) -> str | None:
    """64 hexadecimal digits, taken out of what dialogs, browsers and openssl put around and between them."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"a fingerprint must be a str, not {type(value).__name__}")
    # Cf: direction marks and others that nobody sees. Pd: every kind of dash.
    seen = [(place, char) for place, char in enumerate(value, 1) if unicodedata.category(char) not in ("Cf", "Cc")]
    text = "".join(char for _, char in seen)
    before = re.match(_BEFORE, text.lstrip())
    assert before is not None  # everything in it is optional
    start = len(text) - len(text.lstrip()) + before.end()
    digits = ""
    for place, char in seen[start:]:
        if char in "0123456789abcdefABCDEF":
            digits += char.lower()
        elif not (char == ":" or char.isspace() or unicodedata.category(char) == "Pd"):
            raise ValueError(
                f"a SHA-256 fingerprint has 64 hexadecimal digits, with or without colons: character {place} is "
                f"{char if char.isprintable() else 'another'} (U+{ord(char):04X})"
            )
    if len(digits) != 64:
        kind = f"{_DIGITS[len(digits)]} fingerprint" if len(digits) in _DIGITS else f"a text of {len(digits)} digits"
        raise ValueError(f"a SHA-256 fingerprint has 64 hexadecimal digits, and this is {kind}; {_HOW}")
    return digits


def _path(value: str | os.PathLike[str] | None) -> str | None:
    if value is None:
        return None
    path = os.fspath(value)
    if not path or "\0" in path:
        raise ValueError("the name of a file is empty or holds a NUL")
    return path


def _server_name(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"server_name must be a str, not {type(value).__name__}")
    name = value.strip().removesuffix(".").lower()
    if not name.isascii():
        import idna  # yarl needs it too

        try:
            name = idna.encode(name, uts46=True).decode()
        except UnicodeError:
            name = ""
    if len(name) > 253 or not re.fullmatch(_NAME, name):
        try:
            from ipaddress import ip_address

            return str(ip_address(name))
        except ValueError:
            raise ValueError("server_name must be the name, or the address, that the certificate is for") from None
    return name


def _is_policy(policy: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, (TlsPolicy, type(None))):
        raise TypeError(f"{attribute.name} must be a TlsPolicy, not {type(value).__name__}")


@attrs.frozen(cache_hash=True)
class TlsPolicy:
    """How certificates are judged. Without arguments: by the system's authorities, host name included.

    A policy means the same on every Python: whatever `ssl.create_default_context` of that Python would say.

    Attributes:
        ca_file: file with the certificates to trust instead of the system's, PEM or DER: authorities, an issuing
            authority alone, or the appliance's own certificate. Its content is watched: what replaces it counts for
            connections that are made from a second later on.
        fingerprint: SHA-256 of the one certificate that is accepted, in hexadecimal, as it is pasted from wherever;
            nothing else of it is looked at. `fetch_fingerprint()` gives it.
        insecure: True accepts every certificate, so that anyone in between can read along. Warns.
        check_hostname: False accepts a certificate of `ca_file` under any name; self-signed ones often have none.
        server_name: name (or address) that the certificate is for, where the appliance is reached by another, such as
            its address; it is also what is asked for in the handshake (SNI).
        strict: True also refuses what RFC 5280 forbids and old authorities make: certificates without key
            identifiers, basic constraints that are not critical. That is what Python 3.13 and later do by themselves.
        minimum_version: oldest version of TLS that is spoken: `1.2` or `1.3`.
        client_cert: PEM file with the certificate (and the chain behind it) to show to who asks for one.
        client_key: PEM file with its key, where that is not in `client_cert`. Both are watched too.
        client_key_password: of the key, where it has one; not shown by repr.
        proxy: how the certificate of an `https://` proxy is judged; by the system's authorities where absent. No other
            attribute counts for it.

    Raises:
        ValueError: a fingerprint, a name or a version makes no sense, or arguments exclude each other.
    """

    ca_file: str | None = attrs.field(default=None, converter=_path, kw_only=True)
    fingerprint: str | None = attrs.field(default=None, converter=_fingerprint, kw_only=True)
    insecure: bool = attrs.field(default=False, kw_only=True)
    check_hostname: bool = attrs.field(default=True, kw_only=True)
    server_name: str | None = attrs.field(default=None, converter=_server_name, kw_only=True)
    strict: bool = attrs.field(default=False, kw_only=True)
    minimum_version: Literal["1.2", "1.3"] = attrs.field(default="1.2", kw_only=True)
    client_cert: str | None = attrs.field(default=None, converter=_path, kw_only=True)
    client_key: str | None = attrs.field(default=None, converter=_path, kw_only=True)
    client_key_password: str | None = attrs.field(default=None, repr=False, kw_only=True)
    proxy: TlsPolicy | None = attrs.field(default=None, validator=_is_policy, kw_only=True)

    def __attrs_post_init__(self) -> None:
        for name in ("insecure", "check_hostname", "strict"):
            # A text such as "false" would count as True.
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name} must be True or False, not {type(getattr(self, name)).__name__}")
        if (self.ca_file is not None) + (self.fingerprint is not None) + self.insecure > 1:
            raise ValueError("give one of ca_file, fingerprint, insecure")
        if not self.check_hostname and self.ca_file is None:
            raise ValueError("check_hostname=False goes with ca_file only")
        if self.strict and (self.fingerprint is not None or self.insecure):
            raise ValueError("strict=True is about authorities: it does not go with fingerprint or insecure")
        if self.minimum_version not in ("1.2", "1.3"):
            raise ValueError('minimum_version must be "1.2" or "1.3"')
        if self.client_cert is None and (self.client_key is not None or self.client_key_password is not None):
            raise ValueError("client_key and client_key_password go with client_cert")
        if self.proxy is not None and self.proxy.proxy is not None:
            raise ValueError("the policy of a proxy has no proxy of its own")
        if self.insecure:
            warnings.warn(
                "TLS certificates are not verified: anyone in between can read the password and the token; "
                "pin the certificate instead: TlsPolicy(fingerprint=await fetch_fingerprint(host))",
                InsecureWarning,
                stacklevel=3,
            )

    @classmethod
    def verify(cls, ca_file: str | os.PathLike[str] | None = None) -> TlsPolicy:
        """The policy that verifies by the system's authorities, or by those of a file."""
        return cls(ca_file=ca_file)
