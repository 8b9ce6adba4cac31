"""The challenge of a login by RSA keys."""

from __future__ import annotations

import asyncio
import base64
import binascii

from ..credentials.rsa_key import RsaKey
from ..errors import DecodeError, VeeamError
from .asking import answer_of


async def code_in(encrypted: str, credentials: RsaKey, appliance: str) -> str:
    """The code in a challenge, by the private key or by who has it.

    Args:
        encrypted: base64.
        credentials: what decrypts it.
        appliance: label for errors.

    Raises:
        DecodeError: the challenge is not base64.
        VeeamError: it cannot be decrypted.
    """
    try:
        challenge = base64.b64decode(encrypted, validate=True)
    except (binascii.Error, ValueError):
        raise DecodeError("the challenge is not base64", appliance=appliance, step="login") from None
    if credentials.decrypt is not None:
        return (await answer_of(credentials.decrypt, challenge)).strip()
    try:
        return await asyncio.to_thread(decrypted, challenge, credentials.private_key or "")
    except ImportError:
        text = "private_key needs cryptography: install veeam-async[rsa]"
    except ValueError as error:
        text = str(error)  # made here: it holds nothing of the key
    raise VeeamError(text, appliance=appliance, step="login")


def decrypted(challenge: bytes, private_key: str) -> str:
    """The code in a challenge, by a private key in PEM.

    No document says which padding the appliance uses. OAEP has a check of its own; what does not pass it is read by
    PKCS #1 v1.5.

    Raises:
        ImportError: cryptography is not there.
        ValueError: the key is none, or the challenge was not made for it.
    """
    from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, AsymmetricPadding, PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(private_key.encode(), password=None)
    except (TypeError, ValueError):
        raise ValueError("the private key cannot be read, or is encrypted") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("the private key is no RSA key")
    # SHA-1 is what .NET's OAEP means; it signs nothing here.
    paddings: list[AsymmetricPadding] = [OAEP(MGF1(kind()), kind(), None) for kind in (SHA1, SHA256)]
    for padding in (*paddings, PKCS1v15()):
        try:
            return key.decrypt(challenge, padding).decode("utf-8").strip("\x00")
        except ValueError:  # of the padding, or of what is no text
            continue
    raise ValueError("the challenge was not made for this private key")
