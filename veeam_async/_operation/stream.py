"""An open answer, as downloads read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from .call import Call


class ByteStream(Protocol):
    """The body of an answer that is read piece by piece.

    Attributes:
        status: the HTTP status.
        headers: case-insensitive.
        content_type: the media type; empty where the server says none.
        size: bytes of the body, or None where the server does not say.
        packed: True where the body comes in a content coding.
        received: bytes that were read so far.
        filename: the name that the server gives the file, as it came.
        call: what it answers.
        appliance: the appliance's label.
    """

    status: int
    headers: Mapping[str, str]
    content_type: str
    size: int | None
    packed: bool
    received: int
    call: Call
    appliance: str

    @property
    def filename(self) -> str | None: ...

    async def read(self) -> bytes:
        """The next bytes, up to 64 KiB; empty at the end."""
        ...

    def close(self) -> None:
        """Give the connection back where the body was read to its end, else close it."""
        ...
