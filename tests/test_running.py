"""`veeam_async.run`: a coroutine from a script that has no event loop."""

from __future__ import annotations

import asyncio

import pytest

from veeam_async import run


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
