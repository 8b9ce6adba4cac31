"""A lock between processes, and what happens to who waits for it."""

from __future__ import annotations

import asyncio
import gc
import os
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
    """A task that is cancelled while its thread is at SQLite leaves the closing to that thread."""
    at_work, go_on = threading.Event(), threading.Event()
    begin = _process_lock._begin
    closed_while_used = False

    class Connection:
        def __init__(self, real: Any) -> None:
            self.real = real

        def close(self) -> None:
            nonlocal closed_while_used
            closed_while_used = not go_on.is_set()
            self.real.close()

    opened = _process_lock._open
    monkeypatch.setattr(_process_lock, "_open", lambda path: Connection(opened(path)))

    def slow(db: Any) -> bool:
        at_work.set()
        go_on.wait(5)
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


@pytest.mark.parametrize("name", ["gone/lock", "."])
async def test_a_place_that_cannot_be_locked(tmp_path: Path, name: str) -> None:
    """Where there is no such folder, or a folder in the place of the file, it is an OSError."""
    with pytest.raises(OSError):
        async with process_lock(tmp_path / name):
            pass
