"""`veeam_async.run`: a coroutine from a script that has no event loop."""

from __future__ import annotations

import asyncio
import signal
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from veeam_async import run
from veeam_async.testing import SimulatedAppliance


def test_gives_what_the_coroutine_returns() -> None:
    """The value of the coroutine is the value of `run`."""

    async def answer() -> int:
        await asyncio.sleep(0)
        return 42

    assert run(answer()) == 42


def test_raises_what_the_coroutine_raises() -> None:
    """An exception of the coroutine reaches the caller."""

    async def fail() -> None:
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        run(fail())


async def test_refuses_to_run_inside_a_loop() -> None:
    """Inside an event loop it is a RuntimeError that says what to do, and the coroutine is not left pending."""

    async def answer() -> int:
        return 42

    with pytest.raises(RuntimeError, match="await the coroutine"):
        run(answer())


def test_leaves_no_loop_behind() -> None:
    """Tasks that the coroutine left are cancelled, and the loop is closed."""
    left: list[asyncio.Task[None]] = []

    async def leave() -> asyncio.AbstractEventLoop:
        left.append(asyncio.create_task(asyncio.sleep(60)))
        return asyncio.get_running_loop()

    loop = run(leave())
    assert loop.is_closed()
    assert left[0].cancelled()


PROGRAM = """
    import asyncio, sys
    from veeam_async import Password, run
    from veeam_async.vbr.v1_3_rev0 import Client

    async def main():
        async with Client(sys.argv[1], Password("svc-monitor", sys.argv[2])) as client:
            await client.login()
            print("in", flush=True)
            try:
                await asyncio.sleep(60)
            finally:
                if sys.argv[3] == "hang":
                    print("leaving", flush=True)
                    await asyncio.sleep(60)

    run(main())
"""


async def started(appliance: SimulatedAppliance, how: str) -> asyncio.subprocess.Process:
    program = textwrap.dedent(PROGRAM)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, appliance.url, appliance.password, how, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None and await process.stdout.readline() == b"in\n"
    return process


async def test_sigterm_logs_out() -> None:
    """A process that is asked to end leaves no session on its appliances, and says by its status what ended it."""
    async with SimulatedAppliance("vbr", "1.3-rev0") as appliance:
        process = await started(appliance, "sleep")
        process.terminate()
        assert await process.wait() == 143
        assert appliance.count("login") == appliance.count("Logout") == 1


async def test_a_second_sigterm_ends_it_at_once() -> None:
    """Who does not want to wait for the end of it sends SIGTERM again."""
    async with SimulatedAppliance("vbr", "1.3-rev0") as appliance:
        process = await started(appliance, "hang")
        process.terminate()
        assert process.stdout is not None and await process.stdout.readline() == b"leaving\n"
        process.terminate()
        assert await process.wait() == -signal.SIGTERM


def test_a_handler_of_ones_own_is_left_alone() -> None:
    """SIGTERM is taken where nobody else has it, and given back; another thread runs too."""
    taken: list[int] = []

    async def look() -> Any:
        return signal.getsignal(signal.SIGTERM)

    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    run(look())
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

    def mine(number: int, frame: Any) -> None:
        taken.append(number)

    signal.signal(signal.SIGTERM, mine)
    try:
        assert run(look()) is mine
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(run, look()).result() is signal.SIG_DFL
