"""A lock between processes, and what happens to who waits for it."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import threading
from pathlib import Path
from random import Random
from typing import Any

import pytest

from veeam_async import _process_lock
from veeam_async._process_lock import process_lock


async def test_one_at_a_time(tmp_path: Path) -> None:
    """Of tasks that want the lock together one has it, and all get it in the end."""
    inside = most = served = 0

    async def work() -> None:
        nonlocal inside, most, served
        async with process_lock(tmp_path / "lock"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.002)
            inside -= 1
            served += 1

    await asyncio.gather(*(work() for _ in range(20)))
    assert (most, served) == (1, 20)


async def test_waiting_can_be_cancelled_at_any_moment(tmp_path: Path) -> None:
    """Whenever a task that opens, waits for or has the lock is cancelled: nothing is held, leaked or crashed."""
    rng = Random(1)
    path = tmp_path / "lock"

    async def work() -> None:
        async with process_lock(path):
            await asyncio.sleep(rng.uniform(0, 0.002))

    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for _ in range(60):
        tasks = [asyncio.create_task(work()) for _ in range(10)]
        await asyncio.sleep(rng.uniform(0, 0.004))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(10), process_lock(path):
        pass
    await asyncio.to_thread(lambda: None)
    gc.collect()
    after = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    assert after <= before + 2


async def test_a_connection_is_not_closed_under_who_uses_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task that is cancelled while its thread is at SQLite leaves the closing to that thread, and does not wait."""
    at_work, go_on = threading.Event(), threading.Event()
    begin = _process_lock._begin
    closed_while_used = waited_for = False
    closed = threading.Semaphore(0)

    class Connection:
        def __init__(self, real: Any) -> None:
            self.real = real

        def close(self) -> None:
            nonlocal closed_while_used
            closed_while_used = closed_while_used or not go_on.is_set()
            self.real.close()
            closed.release()

    opened = _process_lock._open
    monkeypatch.setattr(_process_lock, "_open", lambda path: Connection(opened(path)))

    def slow(db: Any) -> bool:
        nonlocal waited_for
        at_work.set()
        waited_for = waited_for or not go_on.wait(20)
        return begin(db.real)

    monkeypatch.setattr(_process_lock, "_begin", slow)

    async def work() -> None:
        async with process_lock(tmp_path / "lock"):
            pass

    task = asyncio.create_task(work())
    await asyncio.to_thread(at_work.wait, 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    go_on.set()
    async with asyncio.timeout(5), process_lock(tmp_path / "lock"):
        pass
    assert not closed_while_used
    assert not waited_for
    for _ in range(2):
        assert await asyncio.to_thread(closed.acquire, timeout=20)


@pytest.mark.parametrize("share", [0.5, 1.0])
async def test_how_often_it_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float) -> None:
    """After a hundredth of a second, half as long again each time, a quarter of a second at most, by chance half."""
    monkeypatch.setattr(random, "uniform", lambda low, high: low if share < 1 else high)
    pauses: list[float] = []
    sleep = asyncio.sleep
    holder = process_lock(tmp_path / "lock")
    await holder.__aenter__()

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 11:
            await holder.__aexit__(None, None, None)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", pause)
    async with process_lock(tmp_path / "lock"):
        pass
    expected = [min(0.25, 0.01 * 1.5**number) * share for number in range(11)]
    assert pauses == pytest.approx(expected)


@pytest.mark.parametrize("name", ["gone/lock", "."])
async def test_a_place_that_cannot_be_locked(tmp_path: Path, name: str) -> None:
    """Where there is no such folder, or a folder in the place of the file, it is an OSError."""
    with pytest.raises(OSError):
        async with process_lock(tmp_path / name):
            pass
