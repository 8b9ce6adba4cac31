"""What credentials take of what is pasted into them, or read from a file.

It brings things along that nobody sees. Line ends, blanks and marks around a token are taken off; what cannot be part
of it is refused (`ValueError`) when the credentials are made.
"""

from __future__ import annotations

import unicodedata
from typing import Any
from uuid import UUID

# Zero-width and direction marks: str.strip() leaves them, and no login form can take them.
_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"


def _clean_text(what: str, value: Any) -> str:
    """The value, refused where it is no text or holds what no server can take."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str, not {type(value).__name__}")
    if not value:
        raise ValueError(f"{what} is empty")
    text: str = value
    for position, char in enumerate(text, 1):
        if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp"):
            fault = "what is not UTF-8" if "\ud800" <= char <= "\udfff" else "a control character"
            if char in "\r\n\u2028\u2029":
                fault = "a line break"
            raise ValueError(f"{what} holds {fault} (U+{ord(char):04X}, character {position})")
    return text


def username(value: Any) -> str:
    """A user name."""
    return _clean_text("the user name", value)


def password(value: Any) -> str:
    """A password, as typed or as a file's only line."""
    # A file's last line end, as `Path.read_text()` gives it, and the mark in front of it. Blanks may be meant.
    return _clean_text("the password", value.removeprefix("\ufeff").rstrip("\r\n") if isinstance(value, str) else value)


def _pasted(what: str, value: Any) -> str:
    """A value without blanks of its own, taken out of what surrounds it."""
    if isinstance(value, str):
        before = None
        while before != value:
            before, value = value, value.strip().strip(_INVISIBLE)
    token = _clean_text(what, value)
    for position, char in enumerate(token, 1):
        if not "!" <= char <= "~":
            raise ValueError(f"{what} holds U+{ord(char):04X} (character {position}), which no token has")
    return token


def token(value: Any) -> str:
    """A token that goes into a form."""
    return _pasted("the token", value)


def bearer(value: Any) -> str:
    """A token that goes into a header: the name of its scheme is often copied with it."""
    if isinstance(value, str):
        scheme, _, rest = value.strip().strip(_INVISIBLE).strip().partition(" ")
        if scheme.lower() in ("bearer", "bearer:"):
            value = rest
    return _pasted("the token", value)


def code(value: Any) -> str | None:
    """A code without the blanks and dashes that it is shown with."""
    if value is None:
        return None
    if isinstance(value, int):
        raise TypeError("a code must be a str: an int loses its leading zeros")
    return _pasted("the code", "".join(value.split()) if isinstance(value, str) else value)


def authorization_code(value: Any) -> str:
    """An authorization code."""
    return _pasted("the authorization code", value)


def saml_response(value: Any) -> str | None:
    """Base64, which is often wrapped into lines."""
    if value is None:
        return None
    return _pasted("the SAML response", "".join(value.split()) if isinstance(value, str) else value)


def totp_secret(value: Any) -> str | None:
    """Base32 without the blanks, dashes and padding that it is shown with."""
    if value is None:
        return None
    if isinstance(value, str):
        value = "".join(value.split()).strip(_INVISIBLE).replace("-", "").rstrip("=").upper()
    secret = _clean_text("totp_secret", value)
    if secret.startswith("OTPAUTH:"):
        raise ValueError("totp_secret is the secret alone: what `secret=` says in the otpauth address")
    if not set(secret) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") or len(secret) % 8 in (1, 3, 6):
        raise ValueError("totp_secret is not base32")  # the text is not repeated
    return secret


def public_key(value: Any) -> str:
    """Base64 without its wrapping, and without the lines around it."""
    if isinstance(value, str):
        value = "".join(line for line in value.split() if line.strip(_INVISIBLE))
    return _pasted("the public key", value)


def private_key(value: Any) -> str | None:
    """PEM, whose lines belong to it."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"the private key must be a str, not {type(value).__name__}")
    text = value.removeprefix("\ufeff").strip()
    if not text.startswith("-----BEGIN ") or "PRIVATE KEY-----" not in text:
        raise ValueError("the private key is not PEM")  # the text is not repeated
    return text + "\n"


def client_id(value: Any) -> str:
    """An application's id."""
    return _pasted("the client id", value)


def user_uid(value: Any) -> str:
    """A user's id, as a text or a UUID."""
    return _pasted("the user's id", str(value) if isinstance(value, UUID) else value)


def assertion(value: Any) -> str | None:
    """A signed assertion, or None."""
    return None if value is None else _pasted("the assertion", value)
