"""One hostile appliance beside twenty healthy ones: these are answered as fast as without it, in little more memory.

All bounds are against the same fleet without the hostile one, measured in the same run: no machine's speed matters.
"""

from __future__ import annotations

import asyncio
import gc
import json
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import attrs
import pytest

from veeam_async import Password, Timeouts
from veeam_async._http.pool import Pool
from veeam_async.errors import VeeamError
from veeam_async.retry import RetryPolicy
from veeam_async.timeouts import deadline
from veeam_async.vbr.v1_3_rev0 import Client
from veeam_async.vbr.v1_3_rev0.models import SessionsResult

from .answers import ANSWERED
from .appliances import KINDS
from .framing import HEADS, STREAMS
from .texts import TEXTS

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = [sys.executable, "-m", "tests.faults.hostile.appliances"]
HELD = 0.1
SLOWER = 1.0
MEMORY = 64 << 20
ROUNDS = 3
# Characters that an error may have, whatever the server sent.
LONGEST = 2000
TOGETHER = 10


@attrs.define
class Measured:
    """What a run of the fleet took.

    Attributes:
        slowest: seconds of the slowest healthy answer.
        held: seconds that the loop was held at most.
        memory: bytes of memory at the most.
        ends: what the call of each hostile appliance ended in, by its kind.
    """

    slowest: float = 0.0
    held: float = 0.0
    memory: int = 0
    ends: dict[str, str] = attrs.field(factory=dict)


@attrs.define
class Ports:
    healthy: list[int]
    hostile: dict[str, int]


@pytest.fixture(scope="module")
def ports() -> Iterator[Ports]:
    # What other tests left in memory is not looked through each time, which would hold the loop.
    gc.collect()
    gc.freeze()
    with subprocess.Popen(PROGRAM, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Ports(**json.loads(process.stdout.readline()))
        process.kill()
    gc.unfreeze()


def resident() -> int:
    """Bytes of memory that this process has now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def tick(measured: Measured, before: int) -> None:
    last = perf_counter()
    while True:
        await asyncio.sleep(0.002)
        now = perf_counter()
        measured.held = max(measured.held, now - last - 0.002)
        measured.memory = max(measured.memory, resident() - before)
        last = perf_counter()


async def poll(client: Client, measured: Measured) -> None:
    started = perf_counter()
    page = await client.sessions.get_all_sessions(limit=200)
    assert len(page.data) == 50
    measured.slowest = max(measured.slowest, perf_counter() - started)


async def run(ports: Ports, *hostile: str) -> Measured:
    """Poll the fleet, each healthy appliance several times, while the hostile ones do what they do."""
    measured = Measured()
    gc.collect()
    pages: dict[str, SessionsResult] = {}
    watch = asyncio.ensure_future(tick(measured, resident()))
    async with Pool() as pool:

        def client(port: int, scheme: str = "http") -> Client:
            return Client(
                f"{scheme}://127.0.0.1:{port}",
                Password("monitor", "secret-enough"),
                pool=pool,
                logout=False,
                timeouts=Timeouts(connect=1.0, read=1.0, total=1.5),
                retry=RetryPolicy(attempts=2, backoff=0.01),
            )

        async def healthy(port: int) -> None:
            async with client(port) as one:
                for _ in range(ROUNDS):
                    await poll(one, measured)
                    await asyncio.sleep(0.1)

        async def harm(kind: str) -> None:
            async with client(ports.hostile[kind], "https" if kind.startswith("tls: ") else "http") as one:
                with deadline(4):
                    try:
                        pages[kind] = await one.sessions.get_all_sessions(limit=200)
                    except VeeamError as error:
                        measured.ends[kind] = str(error)

        async with asyncio.TaskGroup() as group:
            for kind in hostile:
                group.create_task(harm(kind))
            if hostile:
                await asyncio.sleep(0.01)
            for port in ports.healthy:
                group.create_task(healthy(port))
    watch.cancel()
    for kind, page in pages.items():  # the rows of a page are made when they are read
        measured.ends[kind] = ANSWERED if len(page.data) == 50 else f"answered by {len(page.data)} rows"
    return measured


async def harmless(ports: Ports, *hostile: str) -> dict[str, str]:
    """See that hostile appliances cost their own answers and nobody else's; gives what their calls ended in."""
    for _ in range(3):  # another process may have had the processor: a fault would show each time
        control = await run(ports)
        measured = await run(ports, *hostile)
        held = measured.held - control.held
        slower = measured.slowest - control.slowest
        if held <= HELD and slower <= SLOWER:
            break
    seen = f"{measured}, without it {control}"[:500]
    assert held <= HELD, seen
    assert slower <= SLOWER, seen
    assert measured.memory - control.memory <= MEMORY, seen
    assert measured.ends.keys() == set(hostile)
    assert all(0 < len(end) < LONGEST for end in measured.ends.values())
    return measured.ends


@pytest.mark.parametrize("kind", KINDS)
async def test_one_hostile_appliance(ports: Ports, kind: str) -> None:
    """It costs its own answer and nobody else's: neither time nor more memory than a large answer takes."""
    await harmless(ports, kind)


@pytest.mark.parametrize("kind", STREAMS | TEXTS)
async def test_one_hostile_appliance_ends(ports: Ports, kind: str) -> None:
    """As above, and its own call ends in what is right for it: whole rows, or an error that says what came."""
    _, expected = (STREAMS | TEXTS)[kind]
    ends = await harmless(ports, kind)
    assert re.search(expected, ends[kind]), ends


@pytest.mark.parametrize("first", range(0, len(HEADS), TOGETHER))
async def test_odd_heads(ports: Ports, first: int) -> None:
    """Several appliances whose answers are odd from their first line on, to a listing and to a login."""
    kinds = list(HEADS)[first : first + TOGETHER]
    ends = await harmless(ports, *kinds)
    assert {kind: end for kind, end in ends.items() if not re.search(HEADS[kind][1], end)} == {}
    ends = await harmless(ports, *(f"login: {kind}" for kind in kinds))
    assert [kind for kind, end in ends.items() if end == ANSWERED] == []
