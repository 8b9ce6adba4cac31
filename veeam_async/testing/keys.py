"""Logins by RSA keys: a public key that belongs to an account, and challenges that only its private key reads."""

from __future__ import annotations

import base64
from typing import Generic, TypeVar

from .products import Problem, Refused

User = TypeVar("User")


class Keys(Generic[User]):
    """The public keys of an appliance's accounts."""

    def __init__(self) -> None:
        self._users: dict[str, User] = {}

    def assign(self, user: User) -> tuple[str, str]:
        """Make a pair of keys for an account.

        Returns:
            The public key as base64, and the private key as PEM.
        """
        from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

        pair = generate_private_key(65537, 2048)
        public = pair.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        private = pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        text = base64.b64encode(public).decode()
        self._users[text] = user
        return text, private.decode()

    def user(self, public_key: str) -> User:
        """The account that a public key belongs to.

        Raises:
            Refused: to none.
        """
        user = self._users.get(public_key)
        if user is None:
            raise Refused(Problem(400, "The public key is not known."), "invalid_client")
        return user

    def encrypted(self, public_key: str, code: str) -> str:
        """A code that only the private key reads, as base64."""
        from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
        from cryptography.hazmat.primitives.hashes import SHA1
        from cryptography.hazmat.primitives.serialization import load_der_public_key

        key = load_der_public_key(base64.b64decode(public_key))
        assert isinstance(key, RSAPublicKey)
        padding = OAEP(MGF1(SHA1()), SHA1(), None)
        return base64.b64encode(key.encrypt(code.encode(), padding)).decode()
