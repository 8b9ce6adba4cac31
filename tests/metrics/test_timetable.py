"""Each appliance has its own dates, whatever the others do."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict

import pytest

from veeam_async.metrics.timetable import Timetable

NAMES = [f"a{number}" for number in range(40)]


async def run(table: Timetable, seconds: float) -> None:
    """Run a timetable for some time."""
    task = asyncio.create_task(table.run())
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("veeam_async.metrics.timetable._PATIENCE", 0.1)


@pytest.mark.usefixtures("patience")
async def test_one_that_hangs_delays_no_other() -> None:
    """A third hangs, with places for a tenth: no other is ever older than one and a half intervals."""
    loop = asyncio.get_running_loop()
    calls: dict[str, list[float]] = defaultdict(list)

    async def work(name: str, _: bool) -> None:
        calls[name].append(loop.time())
        if int(name[1:]) % 3 == 0:
            await asyncio.sleep(3600)

    began = loop.time()
    await run(Timetable(lambda: NAMES, work, 1.0, 4), 4.5)
    for name in NAMES:
        if int(name[1:]) % 3 == 0:
            assert len(calls[name]) == 1
            continue
        assert calls[name][0] - began < 0.9
        gaps = [later - earlier for earlier, later in zip(calls[name], calls[name][1:], strict=False)]
        assert len(gaps) >= 3
        assert max(gaps) < 1.5


async def test_later_calls_lie_evenly() -> None:
    """After the first round no tenth of the interval has many more calls than the others."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    calls: list[float] = []

    async def work(_: str, __: bool) -> None:
        calls.append(loop.time() - began)

    await run(Timetable(lambda: NAMES, work, 1.0, 100), 2.95)
    tenths = [sum(1 for at in calls if 1.0 + tenth / 10 <= at < 1.1 + tenth / 10) for tenth in range(10)]
    assert sum(tenths) == len(NAMES)
    assert max(tenths) <= 8


async def test_members_come_and_go() -> None:
    """Who joins is called soon, who leaves is no longer called."""
    names = ["a"]
    calls: list[str] = []

    async def work(name: str, _: bool) -> None:
        calls.append(name)

    task = asyncio.create_task(Timetable(lambda: names, work, 0.2, 10).run())
    await asyncio.sleep(0.1)
    assert set(calls) == {"a"}
    names[:] = ["b"]
    await asyncio.sleep(0.2)
    calls.clear()
    await asyncio.sleep(0.5)
    assert set(calls) == {"b"}
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_error_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """A call that raises is logged, and its next date stays."""
    calls: list[str] = []

    async def work(name: str, _: bool) -> None:
        calls.append(name)
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR):
        await run(Timetable(lambda: ["a"], work, 0.1, 1), 0.55)
    assert len(calls) >= 3
    assert "a: the poll broke off" in caplog.text


async def test_nothing_runs_on() -> None:
    """Ending the timetable ends every call that is in progress."""
    ended: list[str] = []

    async def work(name: str, _: bool) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(name)

    await run(Timetable(lambda: NAMES, work, 1.0, 100), 0.1)
    assert sorted(ended) == sorted(NAMES)
    assert asyncio.all_tasks() == {asyncio.current_task()}
