"""A server that costs next to nothing, in a process of its own: what is measured is the client.

`python -m benchmarks.server [PATH=FILE ...]` prints its port and serves until its stdin closes.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import orjson

from .pages import sessions

ROOT = Path(__file__).resolve().parent.parent

TOKEN = {
    "access_token": "A" * 600,
    "token_type": "bearer",
    "refresh_token": "R" * 600,
    "expires_in": 900,
    ".issued": "2026-03-14T08:00:00Z",
    ".expires": "2026-03-14T08:15:00Z",
    "username": "svc-monitor",
    "roleName": "Backup Viewer",
}
SMALL = {"name": "vbr01", "buildVersion": "13.0.0.4967", "vbrId": "7d8f0a41-0000-4000-8000-000000000001",
         "databaseVendor": "PostgreSQL", "sqlServerVersion": "17.0", "platform": "Windows", "patches": []}  # fmt: skip


def answer(body: bytes) -> bytes:
    """A whole HTTP answer."""
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


ANSWERS = {
    b"/api/oauth2/token": answer(orjson.dumps(TOKEN)),
    b"/api/oauth2/logout": answer(b"{}"),
    b"/api/v1/sessions": answer(sessions(200)),
    b"/api/v1/serverInfo": answer(orjson.dumps(SMALL)),
}
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


class Canned(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, enough of it for requests whose bodies have a Content-Length."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end]
            lower = head.lower()
            length = 0
            if (at := lower.find(b"content-length:")) >= 0:
                length = int(lower[at + 15 :].split(b"\r\n", 1)[0])
            if len(self.buffer) < end + 4 + length:
                return
            self.buffer = self.buffer[end + 4 + length :]
            path = head.split(b" ", 2)[1].split(b"?", 1)[0]
            self.transport.write(ANSWERS.get(path, NOT_FOUND))


async def serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Canned, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


@contextmanager
def running(pages: Mapping[str, Path] | None = None) -> Iterator[int]:
    """The server in a process of its own, with files for answers at further paths; gives its port."""
    more = [f"{path}={file}" for path, file in (pages or {}).items()]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.server", *more],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()


if __name__ == "__main__":
    for path, _, file in (each.partition("=") for each in sys.argv[1:]):
        ANSWERS[path.encode()] = answer(Path(file).read_bytes())
    asyncio.run(serve())
