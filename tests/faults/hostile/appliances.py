"""Healthy and hostile appliances in a process of their own, so that what they cost is not the client's.

`python -m tests.faults.hostile.appliances` prints a JSON object: ports of healthy appliances, and of each hostile kind.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import sys

from .answers import GRANT, GZIP, MIB, PAGE, ROW, Answer, Pieces, filled, http, packed
from .framing import HEADS, STREAMS
from .texts import TEXTS

HEALTHY = 20


async def drip() -> Pieces:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
    while True:
        yield b" "
        await asyncio.sleep(0.05)


async def silence() -> Pieces:
    await asyncio.sleep(60)
    yield b""


async def continues() -> Pieces:
    while True:
        yield b"HTTP/1.1 100 Continue\r\n\r\n" * 1000
        await asyncio.sleep(0)


async def endless_headers() -> Pieces:
    yield b"HTTP/1.1 200 OK\r\n"
    while True:
        yield b"X-More: and more\r\n" * 1000
        await asyncio.sleep(0)


async def endless_body() -> Pieces:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    while True:
        yield b"10000\r\n" + b" " * 65536 + b"\r\n"
        await asyncio.sleep(0)


async def tiny_chunks() -> Pieces:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    while True:
        yield b"1\r\n \r\n" * 10000
        await asyncio.sleep(0)


REVISIONS = " ".join(f"{number // 500}.{number // 50 % 10}-rev{number % 50}" for number in range(5000)).encode()

# Kind: answers to a login and to a listing; None for an honest one.
KINDS: dict[str, tuple[Answer | None, Answer | None]] = {
    "login: gzip of 64 MiB of texts": (
        http(packed(b'"abcd",', 64, before=b'{"message":"m","errors":[', after=b'""]}'), status=400, more=GZIP), None
    ),
    "login: a token of 8 MiB": (http(json.dumps(GRANT | {"access_token": "t" * 8 * MIB}).encode()), None),
    "login: silence": (silence, None),
    "login: endless body": (endless_body, None),
    "login: revisions": (http(REVISIONS * 20, status=400, kind="text/plain"), None),
    "login: long revision": (http(b"1." + b"9" * 5000 + b"-rev1", status=400, kind="text/plain"), None),
    "login: web page": (http(b"<html>" * 100_000, kind="text/html"), None),
    "gzip of 256 MiB": (None, http(packed(b" ", 256, after=PAGE), more=GZIP)),
    "gzip in gzip": (None, http(gzip.compress(packed(b" ", 256)), more="Content-Encoding: gzip, gzip\r\n")),
    "empty lists": (None, http(filled(b"[]", 15 * MIB))),
    "empty objects": (None, http(filled(b"{}", 15 * MIB))),
    "objects of one key": (None, http(filled(b'{"id":1}', 15 * MIB))),
    "short texts": (None, http(filled(b'"abcd"', 15 * MIB))),
    "numbers": (None, http(filled(b"1.5", 15 * MIB))),
    "long numbers": (None, http(filled(b"1" * 5000, 4 * MIB))),
    "rows": (None, http(filled(json.dumps(ROW).encode(), 15 * MIB))),
    "odd texts": (None, http(filled(json.dumps(ROW | {"name": "\ud83d"}).encode(), 8 * MIB))),
    "one object of many keys": (
        None, http(b"{" + b",".join(b'"key%07d":1' % number for number in range(900_000)) + b"}")
    ),
    "deep": (None, http(b"[" * 8 * MIB)),
    "deep pairs": (None, http(b'{"a":' * MIB)),
    "one long text": (None, http(b'{"data":[{"name":"' + b"\\u00e9" * 2 * MIB + b'"}]}')),
    "another charset": (None, http(b'{"data":["' + b"\xe9" * 8 * MIB + b'"]}')),
    "an error of 15 MiB": (None, http(filled(b'"x"', 15 * MIB, before=b'{"errors":{"a":['), status=500)),
    "an error of 60 KiB": (None, http(filled(b'"x"', 60_000, before=b'{"errors":{"a":[', after=b"]}}"), status=400)),
    "drip": (None, drip),
    "silence": (None, silence),
    "endless continue": (None, continues),
    "endless headers": (None, endless_headers),
    "endless body": (None, endless_body),
    "tiny chunks": (None, tiny_chunks),
    "a header of 1 MiB": (None, http(PAGE, more=f"X-Long: {'x' * MIB}\r\n")),
    "redirects": (None, http(status=302, more="Location: /api/v1/sessions?again\r\n")),
    "busy": (None, http(status=429, more="Retry-After: 0\r\n")),
    "web page": (None, http(b"<html>" * 1_000_000, kind="text/html")),
    "login: a proxy asks who it is": (http(status=407, more="Proxy-Authenticate: Negotiate\r\n"), None),
    "login: a gateway asks who it is": (
        http(b"no", status=401, kind="text/plain", more="WWW-Authenticate: Basic\r\n"), None
    ),
    "login: an odd lifetime": (http(b'{"access_token":"a","refresh_token":"r","expires_in":1e308}'), None),
    "login: not a number": (
        http(b'{"access_token":"a","refresh_token":"r","expires_in":NaN,"x":' + b"[" * 500_000), None
    ),
    "gzip without its end": (None, http(gzip.compress(PAGE)[:-6], more=GZIP)),
    "gzip of many members": (None, http(gzip.compress(b" ") * 500_000 + gzip.compress(PAGE), more=GZIP)),
    "gzip of empty members": (None, http(gzip.compress(b"") * 500_000 + gzip.compress(PAGE), more=GZIP)),
    "punycode": (None, http(b'{"data":["x-' + b"ab" * 2 * MIB, kind="application/json; charset=punycode")),
    "no HTTP": (None, b"\x00" * MIB),
    "hangs up": (None, b""),
}  # fmt: skip


class Appliance:
    def __init__(self, login: Answer | None, listing: Answer | None) -> None:
        self._login: Answer = http(json.dumps(GRANT).encode()) if login is None else login
        self._listing: Answer = http(PAGE) if listing is None else listing

    async def start(self) -> int:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=MIB)
        self._server = server
        port: int = server.sockets[0].getsockname()[1]
        return port

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                _, _, length = head.partition("content-length: ")
                if length:
                    await reader.readexactly(int(length.split("\r\n")[0]))
                answer = self._login if "/token" in head.split("\r\n")[0] else self._listing
                if "logout" in head.split("\r\n")[0]:
                    answer = http(b"{}")
                if isinstance(answer, bytes):
                    if not answer:
                        break
                    writer.write(answer)
                    await writer.drain()
                    continue
                async for piece in answer():
                    writer.write(piece)
                    await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()


async def main() -> None:
    healthy = [Appliance(None, None) for _ in range(HEALTHY)]
    ports = {"healthy": [await appliance.start() for appliance in healthy]}
    appliances = {kind: Appliance(*answers) for kind, answers in KINDS.items()}
    appliances |= {kind: Appliance(None, answer) for kind, (answer, _) in (HEADS | STREAMS | TEXTS).items()}
    appliances |= {f"login: {kind}": Appliance(answer, None) for kind, (answer, _) in HEADS.items()}
    hostile = {kind: await appliance.start() for kind, appliance in appliances.items()}
    sys.stdout.write(json.dumps({**ports, "hostile": hostile}) + "\n")
    sys.stdout.flush()
    await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(main())
