"""Bodies that are read whole: never more than a limit of them is kept, packed or unpacked."""

from __future__ import annotations

import asyncio

import aiohttp

from .coding import CodingError, TooMuch, Unpacking

# Above this, unpacking takes longer than a hop into a thread does.
_UNPACKED_HERE = 1 << 16
_STEP = 1 << 20


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
    body, whole = await _read_up_to(response, limit, cut=False)
    if not whole:
        raise TooMuch
    if encoding is None or not body:
        return body
    body, whole = await _unpack(body, encoding, limit)
    if not whole:
        raise TooMuch
    return body


async def read_start(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """As much of a body as a limit lets through: for error answers, of which nobody needs more."""
    encoding = response.headers.get("Content-Encoding")
    body, _ = await _read_up_to(response, limit, cut=True)
    if encoding is None or not body:
        return body
    try:
        return (await _unpack(body, encoding, limit, cut=True))[0]
    except CodingError:
        return b""


async def _read_up_to(response: aiohttp.ClientResponse, limit: int, *, cut: bool) -> tuple[bytes, bool]:
    """The first bytes as they came, and whether these are all."""
    pieces: list[bytes] = []
    size = 0
    try:
        while piece := await response.content.readany():
            size += len(piece)
            pieces.append(piece)
            if size > limit:
                response.close()
                return (b"".join(pieces)[:limit] if cut else b""), False
    except BaseException:
        response.close()
        raise
    response.release()
    return pieces[0] if len(pieces) == 1 else b"".join(pieces), True


async def _unpack(body: bytes, encoding: str, limit: int, *, cut: bool = False) -> tuple[bytes, bool]:
    unpacking = Unpacking(encoding)
    if not unpacking.packed:
        return body, True
    unpacking.feed(body)
    if len(body) <= _UNPACKED_HERE and limit <= _STEP:
        return _take(unpacking, limit, cut=cut)
    return await asyncio.to_thread(_take, unpacking, limit, cut=cut)


def _take(unpacking: Unpacking, limit: int, *, cut: bool) -> tuple[bytes, bool]:
    pieces: list[bytes] = []
    size = 0
    while piece := unpacking.take(min(_STEP, limit + 1)):
        size += len(piece)
        pieces.append(piece)
        if size > limit:
            return (b"".join(pieces)[:limit] if cut else b""), False
    if not cut:
        unpacking.finish()
    return pieces[0] if len(pieces) == 1 else b"".join(pieces), True
