"""Many simulated appliances in one process: what each of them weighs, and how many requests a second they answer.

`python -m benchmarks.simulated [COUNT]` runs them in this process and asks them from another one, so that two cores are
busy. The clients keep one connection to each appliance and decode nothing.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from pathlib import Path
from typing import cast

from veeam_async import run
from veeam_async.testing import SimulatedFleet

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 10.0
PATH = "/api/v1/sessions?limit=20"


class Asking(asyncio.Protocol):
    """Sends one request after another on one connection and counts the answers."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._buffer = b""
        self._left = -1
        self.answers = 0
        self.bad = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0])
        if len(self._buffer) < end + 4 + length:
            return
        self.bad += not head.startswith(b"http/1.1 200")
        self.answers += 1
        self._buffer = self._buffer[end + 4 + length :]
        self._transport.write(self._request)


async def ask(targets: list[tuple[int, str]]) -> None:
    """Ask all appliances for some seconds; prints the answers and how many were not 200."""
    loop = asyncio.get_running_loop()
    asking = []
    for port, token in targets:
        head = f"GET {PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nx-api-version: 1.3-rev1\r\n\r\n"
        _, protocol = await loop.create_connection(lambda head=head: Asking(head.encode()), "127.0.0.1", port)  # type: ignore[misc]
        asking.append(protocol)
    await asyncio.sleep(2)
    before, started = sum(one.answers for one in asking), time.perf_counter()
    await asyncio.sleep(SECONDS)
    answers = sum(one.answers for one in asking) - before
    print(json.dumps([answers, time.perf_counter() - started, sum(one.bad for one in asking)]))


def memory() -> float:
    """The most memory that this process has held so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def serve(count: int) -> None:
    """Run the appliances, let the other process ask them, print what was measured."""
    async with SimulatedFleet(1, ["vbr/1.3-rev1"]):
        pass  # what the first one loads is not the others' weight
    before = memory()
    async with SimulatedFleet(count, ["vbr/1.3-rev1"]) as fleet:
        idle = (memory() - before) * 1024 / count
        targets = []
        for one in fleet.appliances:
            form = {"grant_type": "password", "username": one.username, "password": one.password}
            targets.append((one.port, one.tokens.answer(form)["access_token"]))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.simulated", "ask",
            cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        output, _ = await process.communicate(json.dumps(targets).encode())
        answers, seconds, bad = json.loads(output)
        asked = (memory() - before) * 1024 / count
    print(f"appliances            {count}")
    print(
        f"memory of each        {idle:.0f} KiB listening, {asked:.0f} KiB with a connection and after its first answers"
    )
    print(f"requests a second     {answers / seconds:,.0f}, {bad} of them not answered 200")


if __name__ == "__main__":
    if sys.argv[1:] == ["ask"]:
        run(ask(json.loads(sys.stdin.read())))
    else:
        run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
