"""The codes of an authenticator."""

from __future__ import annotations

from base64 import b32decode

STEP = 30
"""Seconds that a code serves."""


def totp_code(secret: str, at: float) -> str:
    """The authenticator's code at a time, in seconds since 1970.

    Raises:
        ImportError: pyotp is not there.
        ValueError: the secret is not base32.
    """
    from pyotp.totp import TOTP

    class Totp(TOTP):
        def byte_secret(self) -> bytes:
            # pyotp refuses the short secrets that appliances give out.
            return b32decode(self.secret + "=" * (-len(self.secret) % 8), casefold=True)

    return Totp(secret.replace(" ", "").rstrip("=")).at(int(at))
