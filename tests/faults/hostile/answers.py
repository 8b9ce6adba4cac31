"""What answers of hostile appliances are made with."""

from __future__ import annotations

import json
import zlib
from collections.abc import AsyncIterator, Callable
from typing import TypeAlias

MIB = 1 << 20
GZIP = "Content-Encoding: gzip\r\n"
GRANT = {"access_token": "access", "refresh_token": "refresh", "token_type": "bearer", "expires_in": 900}
ROW = {"id": "6745a759-2205-4cd2-b172-8ec8f7e60ef8", "name": "nightly", "sessionType": "Job", "state": "Stopped"}
PAGE = json.dumps({"data": [ROW] * 50, "pagination": {"total": 50, "count": 50, "skip": 0, "limit": 200}}).encode()

ANSWERED = "answered"
"""What a call ends in that gives all rows."""

Pieces: TypeAlias = AsyncIterator[bytes]
Answer: TypeAlias = "bytes | Callable[[], Pieces]"


def http(body: bytes = b"", *, status: int = 200, kind: str = "application/json", more: str = "") -> bytes:
    head = f"HTTP/1.1 {status} Whatever\r\nContent-Length: {len(body)}\r\nContent-Type: {kind}\r\n{more}\r\n"
    return head.encode("latin-1") + body


def packed(text: bytes, times: int, *, before: bytes = b"", after: bytes = b"") -> bytes:
    """Gzip of a text that is repeated, made without holding it."""
    stream = zlib.compressobj(9, wbits=31)
    pieces = [stream.compress(before)]
    block = text * (MIB // len(text))
    pieces += [stream.compress(block) for _ in range(times)]
    pieces += [stream.compress(after), stream.flush()]
    return b"".join(pieces)


def filled(text: bytes, size: int, *, before: bytes = b'{"data":[', after: bytes = b"]}") -> bytes:
    return before + b",".join([text] * (size // (len(text) + 1))) + after
