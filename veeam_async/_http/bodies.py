"""Bodies that are read whole: never more than a limit of them is kept, packed or unpacked."""

from __future__ import annotations

import asyncio

import aiohttp

from .coding import CodingError, TooMuch, Unpacking


async def read_body(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """The body of an answer, unpacked. The connection is given back, or closed where the body was not read whole.

    Raises:
        TooMuch: it has more than `limit` bytes.
        CodingError: it is not what its Content-Encoding says.
    """
    length = response.content_length
    encoding = response.headers.get("Content-Encoding")
    if encoding is None and length is not None and length <= limit:
        return await response.read()
    if length is not None and length > limit:
        response.close()
        raise TooMuch
    body, whole = await _read_up_to(response, limit)
    if whole and body and encoding is not None:
        body, whole = await asyncio.to_thread(_unpacked, body, encoding, limit)
    if not whole:
        raise TooMuch
    return body


async def read_start(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """As much of a body as a limit lets through: for error answers, of which nobody needs more."""
    encoding = response.headers.get("Content-Encoding")
    body, _ = await _read_up_to(response, limit)
    if not body or encoding is None:
        return body
    try:
        return _unpacked(body, encoding, limit, cut=True)[0]
    except CodingError:
        return b""


async def _read_up_to(response: aiohttp.ClientResponse, limit: int) -> tuple[bytes, bool]:
    """The first bytes as they came, and whether these are all."""
    pieces: list[bytes] = []
    size = 0
    try:
        while piece := await response.content.readany():
            size += len(piece)
            pieces.append(piece)
            if size > limit:
                response.close()
                return b"".join(pieces)[:limit], False
    except BaseException:
        response.close()
        raise
    response.release()
    return b"".join(pieces), True


def _unpacked(body: bytes, encoding: str, limit: int, *, cut: bool = False) -> tuple[bytes, bool]:
    """The first bytes of what was packed, and whether these are all. A body that was cut may end anywhere."""
    unpacking = Unpacking(encoding)
    if not unpacking.packed:
        return body, True
    unpacking.feed(body)
    pieces: list[bytes] = []
    size = 0
    while piece := unpacking.take():
        size += len(piece)
        pieces.append(piece)
        if size > limit:
            return b"".join(pieces)[:limit], False
    if not cut:
        unpacking.finish()
    return b"".join(pieces), True
