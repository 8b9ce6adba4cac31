"""What HTTP and TLS can be abused for: an answer to a listing, and what the call ends in."""

from __future__ import annotations

import asyncio
import gzip
import zlib

from .answers import ANSWERED, MIB, PAGE, Answer, Pieces, http

JSON = b"Content-Type: application/json\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\n" + JSON + b"Transfer-Encoding: chunked\r\n\r\n"
WHOLE = b"%x\r\n%b\r\n" % (len(PAGE), PAGE)


def raw(*lines: str, body: bytes = PAGE, status: str = "200 OK") -> bytes:
    """An answer with these headers and no others."""
    return "\r\n".join([f"HTTP/1.1 {status}", JSON.decode().rstrip(), *lines, "", ""]).encode("latin-1") + body


def length(size: int | str) -> str:
    return f"Content-Length: {size}"


def stacked(times: int) -> bytes:
    body = PAGE
    for _ in range(times):
        body = gzip.compress(body, 1, mtime=0)  # its length is asked for apart
    return body


def deflated(times: int, *, window: int) -> bytes:
    """Spaces by the MiB in the zlib or the raw format, which are both called `deflate`."""
    stream = zlib.compressobj(9, wbits=window)
    return b"".join([*(stream.compress(b" " * MIB) for _ in range(times)), stream.compress(PAGE), stream.flush()])


async def endless_extension() -> Pieces:
    yield CHUNKED + b"5;"
    while True:
        yield b"name=value;" * 6000
        await asyncio.sleep(0)


async def endless_trailers() -> Pieces:
    yield CHUNKED + WHOLE + b"0\r\n"
    while True:
        yield b"X-More: and more\r\n" * 1000
        await asyncio.sleep(0)


async def chunk_size_without_end() -> Pieces:
    yield CHUNKED
    while True:
        yield b"0" * MIB
        await asyncio.sleep(0)


async def one_byte_a_second() -> Pieces:
    yield raw(length(len(PAGE)), body=b"")
    for place in range(len(PAGE)):
        yield PAGE[place : place + 1]
        await asyncio.sleep(1)


async def head_by_bytes() -> Pieces:
    for byte in raw(length(len(PAGE)), body=b""):
        yield bytes([byte])
        await asyncio.sleep(0.2)


async def handshake_by_bytes() -> Pieces:
    # A record of a ServerHello that is announced and does not come to an end.
    for byte in b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03" + bytes(1000):
        yield bytes([byte])
        await asyncio.sleep(0.2)


async def warnings_without_end() -> Pieces:
    while True:  # TLS alerts: a warning that is none of the fatal ones
        yield b"\x15\x03\x03\x00\x02\x01\x5a" * 1000
        await asyncio.sleep(0)


# Which limit ends it first is a question of the machine.
LATE = "nothing came for|no whole answer in time"
COOKIES = [f"Set-Cookie: name{number}=value; Path=/" for number in range(1000)]
CODINGS = ", ".join(["gzip"] * 100)

# Odd from the first line on: several of them at once cost next to nothing.
HEADS: dict[str, tuple[Answer, str]] = {
    "a hundred codings, none applied": (raw(length(len(PAGE)), f"Content-Encoding: {CODINGS}"), "packed 100 times"),
    "two codings": (raw(length(len(stacked(2))), "Content-Encoding: gzip, gzip", body=stacked(2)), ANSWERED),
    "a hundred times identity": (
        raw(length(len(PAGE)), "Content-Encoding: " + ", ".join(["identity"] * 100)), ANSWERED
    ),
    "a coding nobody knows": (
        raw(length(len(PAGE)), "Content-Encoding: compress, x-odd"),
        "'x-odd', which nobody asked for",
    ),
    "a thousand cookies": (raw(length(len(PAGE)), *COOKIES), "more than 1000 headers"),
    "nine hundred cookies": (raw(length(len(PAGE)), *COOKIES[:900]), ANSWERED),
    "a negative chunk": (CHUNKED + b"-5\r\n" + PAGE, "not valid HTTP"),
    "a shorter length": (raw(length(len(PAGE) - 100)), "not valid HTTP|no whole JSON"),
    "a negative length": (raw(length(-1)), "not valid HTTP"),
    "a length with a plus": (raw(length(f"+{len(PAGE)}")), "not valid HTTP"),
    "a length of 10,000 digits": (raw(length("9" * 10_000)), "not valid HTTP"),
    "two lengths": (raw(length(len(PAGE)), length(10)), "not valid HTTP"),
    "one length twice": (raw(length(len(PAGE)), length(len(PAGE))), "not valid HTTP"),
    "a list of lengths": (raw(length(f"{len(PAGE)}, {len(PAGE)}")), "not valid HTTP"),
    "a length and chunks": (raw(length(10), "Transfer-Encoding: chunked", body=WHOLE + b"0\r\n\r\n"), "not valid HTTP"),
    "a transfer coding nobody knows": (raw("Transfer-Encoding: odd", length(len(PAGE))), "not valid HTTP"),
    "206": (
        raw(length(len(PAGE)), "Content-Range: bytes 0-99/100000", status="206 Partial Content"),
        "nobody asked for one",
    ),
    "304": (raw('ETag: "x"', status="304 Not Modified", body=b""), "304: no reason given"),
    "304 with a body": (raw(length(len(PAGE)), status="304 Not Modified"), "304: no reason|not valid HTTP"),
    "204 with a body": (raw(length(len(PAGE)), status="204 No Content"), "204|not valid HTTP"),
    "999": (raw(length(len(PAGE)), status="999 Odd"), "999: no reason given"),
    "000": (raw(length(len(PAGE)), status="000 Odd"), "0: no reason given"),
    "a status of four digits": (raw(length(len(PAGE)), status="2000 Odd"), "not valid HTTP"),
    "101": (raw("Upgrade: websocket", "Connection: upgrade", status="101 Switching Protocols"), "101: no reason given"),
    "HTTP/9.9": (raw(length(len(PAGE))).replace(b"HTTP/1.1", b"HTTP/9.9", 1), "not valid HTTP"),
    "HTTP/0.9": (PAGE, "not valid HTTP"),
    "header names with odd bytes": (raw(length(len(PAGE)), "X-\xe9\x01\x7f: odd"), "not valid HTTP"),
    "a header without a name": (raw(length(len(PAGE)), ": odd"), "not valid HTTP"),
    "a header with NUL": (raw(length(len(PAGE)), "X-Odd: a\x00b"), "not valid HTTP"),
    "a header without a colon": (raw(length(len(PAGE)), "odd"), "not valid HTTP"),
    "folded headers": (raw(length(len(PAGE)), "X-Odd: a", *[" b"] * 500), ANSWERED),
    "lone line feeds": (raw(length(len(PAGE))).replace(b"\r\n", b"\n"), ANSWERED),
    "a redirect to itself": (
        http(status=307, more="Location: /api/v1/sessions?limit=200\r\n"),
        "307: redirects to /api",
    ),
    "a redirect to another origin": (
        http(status=302, more="Location: http://127.0.0.2:9/api/v1/sessions\r\n"),
        "another origin, http://127.0.0.2:9",
    ),
    "a redirect to a file": (http(status=302, more="Location: file:///etc/passwd\r\n"), "another origin, file://"),
    "a Location of 60 KB": (http(status=302, more=f"Location: /{'x' * 60_000}\r\n"), "302: redirects to /xxx"),
    "a Location of odd bytes": (
        http(status=302, more="Location: http://[\x01\xff]:99999/\r\n"),
        r"302: redirects to http://\[",
    ),
    "a redirect to nowhere": (http(status=302), "302: no reason given"),
    "Retry-After in the year 9999": (
        http(status=503, more="Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n"),
        "503: no reason given",
    ),
    "a negative Retry-After": (http(status=429, more="Retry-After: -5\r\n"), "429: no reason given"),
    "Retry-After of a text": (http(status=429, more="Retry-After: soon\r\n"), "429: no reason given"),
    "Retry-After of 5,000 digits": (http(status=429, more=f"Retry-After: {'9' * 5000}\r\n"), "429: no reason given"),
    "Retry-After of nan": (http(status=429, more="Retry-After: nan\r\n"), "429: no reason given"),
}  # fmt: skip

# What goes on, comes slowly, or grows; `tls:` is asked by https.
STREAMS: dict[str, tuple[Answer, str]] = {
    "deflate bomb": (http(deflated(256, window=15), more="Content-Encoding: deflate\r\n"), "larger than max_body"),
    "raw deflate bomb": (http(deflated(256, window=-15), more="Content-Encoding: deflate\r\n"), "larger than max_body"),
    "a hundred codings": (
        raw(length(len(stacked(100))), f"Content-Encoding: {CODINGS}", body=stacked(100)),
        "packed 100 times",
    ),
    "endless chunk extension": (endless_extension, LATE),
    "endless trailers": (endless_trailers, "more than 1000 headers"),
    "a chunk size without end": (chunk_size_without_end, LATE),
    "a chunk of 2**64 bytes": (CHUNKED + b"f" * 16 + b"\r\n" + PAGE, f"{LATE}|not valid HTTP"),
    "a longer length": (raw(length(len(PAGE) + 1000)), LATE),
    "103 and silence": (raw("Link: </x>; rel=preload", status="103 Early Hints", body=b""), LATE),
    "one byte a second": (one_byte_a_second, LATE),
    "a head by bytes": (head_by_bytes, LATE),
    "tls: hangs up within the handshake": (b"\x16\x03\x03\x40\x00\x02", f"no TLS handshake|{LATE}"),
    "tls: a handshake by bytes": (handshake_by_bytes, f"no TLS handshake|{LATE}"),
    "tls: warnings without end": (warnings_without_end, f"no TLS handshake|{LATE}"),
    "tls: no TLS": (raw(length(len(PAGE))), f"no TLS handshake|{LATE}"),
}  # fmt: skip
