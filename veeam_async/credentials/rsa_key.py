"""A pair of RSA keys."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from . import Answer, Credentials, pasted


@attrs.frozen
class RsaKey(Credentials):
    """A pair of RSA keys whose public one was assigned to a user: spc.

    The appliance gives a challenge that the private key decrypts. Needs the extra `rsa` (cryptography), except with
    `decrypt`. Give private_key or decrypt.

    Attributes:
        public_key: base64, as it was assigned.
        private_key: PEM; it never leaves this process.
        decrypt: called with the challenge, bytes; gives the code in it, or an awaitable of that. For a key that lies in
            a vault. A plain function runs in a thread.
        read_only: as in `Password`.
    """

    public_key: str = attrs.field(converter=pasted.public_key)
    private_key: str | None = attrs.field(default=None, repr=False, converter=pasted.private_key)
    decrypt: Callable[[bytes], Answer] | None = attrs.field(default=None, repr=False, kw_only=True)
    read_only: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if (self.private_key is None) == (self.decrypt is None):
            raise ValueError("give exactly one of private_key, decrypt")
