"""Watches, over rows that the test makes up."""

from __future__ import annotations

import asyncio
import gc
from collections import defaultdict
from collections.abc import AsyncIterator, Set
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.fleet.virtual import virtual_time
from veeam_async.errors import ConnectError
from veeam_async.fleet import Cursor, CursorBusy, CursorError, MemoryCursor, SqliteCursor
from veeam_async.fleet.answer import Answer
from veeam_async.fleet.appliance import Appliance
from veeam_async.fleet.fanout import Limits, Step
from veeam_async.fleet.rows import Job, Row, Session, SessionState
from veeam_async.fleet.watch import Pace, Watch

T0 = datetime(2026, 3, 1, tzinfo=UTC)


class Site:
    """Appliances with rows, and a diary of who was asked when and since when."""

    def __init__(self, *names: str) -> None:
        self.appliances = [Appliance(name, "127.0.0.1", None) for name in names]
        self.rows: dict[str, list[Row]] = defaultdict(list)
        self.asked: list[tuple[str, float, datetime | None]] = []
        self.failing: set[str] = set()
        self.slow: dict[str, float] = {}

    def job(self, name: str, id: str, /, **fields: Any) -> None:
        self._put(name, Job(appliance=self._appliance(name), id=id, **fields))

    def session(self, name: str, id: str, minute: float, state: SessionState = SessionState.FINISHED) -> None:
        started = T0 + timedelta(minutes=minute)
        self._put(name, Session(appliance=self._appliance(name), id=id, started=started, state=state))

    def _appliance(self, name: str) -> Appliance:
        return next(appliance for appliance in self.appliances if appliance.name == name)

    def _put(self, name: str, row: Row) -> None:
        self.rows[name] = [other for other in self.rows[name] if other.id != row.id] + [row]

    async def read(self, appliance: Appliance, since: datetime | None) -> AsyncIterator[Any]:
        self.asked.append((appliance.name, asyncio.get_running_loop().time(), since))
        await asyncio.sleep(self.slow.get(appliance.name, 0))
        for row in list(self.rows[appliance.name]):
            if since is None or not isinstance(row, Session) or row.started is None or row.started >= since:
                yield [row]
        if appliance.name in self.failing:
            raise ConnectError("gone", appliance=appliance.name)

    def watch(self, cursor: Cursor | None = None, **options: Any) -> Watch[Any]:
        extra = {key: options.pop(key) for key in ("since", "on_error", "workers") if key in options}
        limits = Limits(timeout=options.pop("timeout", None))
        pace = Pace(**{"every": 0.02, "at_once": True, **options})
        return Watch(
            "test", lambda: self.appliances, self.read, lambda work: Step(work, limits),
            pace, cursor or MemoryCursor(), **extra,
        )  # fmt: skip


async def seen(watch: Watch[Any]) -> list[tuple[str, str, str]]:
    return [(change.kind, change.appliance.name, change.row.id) async for change in watch]


def others() -> set[asyncio.Task[Any]]:
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}


@virtual_time
async def test_only_new_and_changed() -> None:
    """A row is given when it is new and when it changed, and not in between."""
    site = Site("a")
    site.job("a", "1", name="one")
    site.job("a", "2", name="two")
    got = []

    def later() -> None:
        site.job("a", "2", name="zwei")
        site.job("a", "3")

    async with site.watch() as watch:
        async for change in watch:
            got.append((change.kind, change.row.id, change.row.name))
            if len(got) == 2:
                asyncio.get_running_loop().call_later(0.1, later)
            if len(got) == 4:
                break
    assert got == [("new", "1", "one"), ("new", "2", "two"), ("changed", "2", "zwei"), ("new", "3", None)]
    assert len(site.asked) > 3
    await asyncio.sleep(0.01)
    assert others() == set()


@virtual_time
async def test_ignored_fields() -> None:
    """A change in an ignored field is no change."""
    site = Site("a")
    cursor = MemoryCursor()
    site.job("a", "1", objects=1)
    assert await seen(site.watch(cursor, rounds=1, ignore={"objects"})) == [("new", "a", "1")]
    site.job("a", "1", objects=2)
    assert await seen(site.watch(cursor, rounds=1, ignore={"objects"})) == []


@virtual_time
async def test_rounds() -> None:
    """With `rounds` the watch ends when every appliance was polled that often."""
    site = Site("a", "b", "c")
    await seen(site.watch(rounds=3))
    assert sorted(name for name, _, _ in site.asked) == ["a"] * 3 + ["b"] * 3 + ["c"] * 3
    assert others() == set()


@virtual_time
async def test_evenly_spread() -> None:
    """The polls of a round lie evenly over the interval, from the first round on."""
    site = Site(*(f"a{number}" for number in range(20)))
    start = asyncio.get_running_loop().time()
    await seen(site.watch(every=1.0, at_once=False, rounds=1))
    moments = sorted(moment - start for _, moment, _ in site.asked)
    gaps = [later - sooner for sooner, later in pairwise(moments)]
    assert moments[-1] < 1.0
    assert max(gaps) < 0.1


@virtual_time
async def test_no_drift() -> None:
    """Dates hang on the start: what a poll takes is not added to the interval."""
    site = Site("a")
    site.slow["a"] = 0.03
    await seen(site.watch(every=0.05, at_once=False, rounds=8))
    moments = [moment for _, moment, _ in site.asked]
    assert moments[-1] - moments[0] == pytest.approx(7 * 0.05, abs=1e-4)


@virtual_time
async def test_no_pile_up() -> None:
    """A poll that takes longer than the interval is not begun again meanwhile; the rounds left out are counted."""
    site = Site("a")
    site.slow["a"] = 0.05
    watch = site.watch(every=0.02, at_once=False, rounds=3)
    await seen(watch)
    moments = [moment for _, moment, _ in site.asked]
    assert min(later - sooner for sooner, later in pairwise(moments)) >= 0.05
    assert watch.skipped == 4


@virtual_time
async def test_failure_is_not_the_end() -> None:
    """A failing appliance is listed and reported, the others go on, and it gives its rows when it is back."""
    site = Site("a", "b")
    site.failing.add("a")
    site.job("b", "1")
    reported: list[Answer[Any]] = []

    def mend() -> None:
        site.failing.clear()
        site.job("a", "2")

    async with site.watch(on_error=reported.append) as watch:
        async for change in watch:
            if change.appliance.name == "b":
                asyncio.get_running_loop().call_later(0.1, mend)
            else:
                break
            await asyncio.sleep(0.05)
            assert set(watch.errors) == {"a"}
        assert all(isinstance(answer.error, ConnectError) for answer in reported)
        assert len(reported) >= 2


@virtual_time
async def test_recovered() -> None:
    """An appliance that answers again leaves the list of errors."""
    site = Site("a")
    site.failing.add("a")
    watch = site.watch(rounds=3, on_error=lambda _: site.failing.clear())
    await seen(watch)
    assert watch.errors == {}


@virtual_time
async def test_joining_and_leaving() -> None:
    """An appliance that joins is polled, one that leaves is not polled any more."""
    site = Site("a")
    site.job("a", "1")
    async with site.watch() as watch:
        async for change in watch:
            if change.appliance.name == "a":
                site.appliances[:] = [Appliance("b", "127.0.0.1", None)]
                site.job("b", "9")
                watch.changed()
            else:
                break
        asked_a = sum(name == "a" for name, _, _ in site.asked)
        assert asked_a <= 2


@virtual_time
async def test_leaving_and_coming_back() -> None:
    """An appliance that left and came back has one place in the timetable, not two."""
    site = Site("a", "b")
    site.slow["a"] = 0.01
    async with site.watch(every=0.1) as watch:

        def leave() -> None:
            gone.append(site.appliances.pop(0))
            watch.changed()

        def come_back() -> None:
            site.appliances.append(gone.pop())
            site.job("b", "1")
            watch.changed()

        gone: list[Appliance] = []
        loop = asyncio.get_running_loop()
        for number in range(3):
            loop.call_later(0.205 + number * 0.2, leave)
            loop.call_later(0.207 + number * 0.2, come_back)
        loop.call_later(2.0, lambda: site.job("b", "2"))
        async for change in watch:
            if change.row.id == "2":
                break
    late = [moment for name, moment, _ in site.asked if name == "a" and moment > site.asked[0][1] + 1.0]
    assert 9 <= len(late) <= 11
    assert watch.skipped == 0


@virtual_time
async def test_slow_consumer_slows_polling() -> None:
    """While the consumer is busy no appliance is polled again and no more rows wait than the buffer holds."""
    site = Site("a")
    for number in range(50):
        site.job("a", str(number))
    async with site.watch(buffer=5) as watch:
        taken = 0
        async for _ in watch:
            await asyncio.sleep(0.002)
            taken += 1
            assert len(site.asked) == 1
            if taken == 50:
                break


@virtual_time
async def test_restart_repeats_nothing(tmp_path: Path) -> None:
    """A watch that goes on with the same cursor gives what appeared in between and nothing twice."""
    site = Site("a", "b")
    for number in range(10):
        site.session("a", f"s{number}", number)
        site.session("b", f"t{number}", number)
    cursor = SqliteCursor(tmp_path / "w.db")
    first = await seen(site.watch(cursor, rounds=2))
    cursor.close()
    assert len(first) == 20
    site.session("a", "s10", 11)
    cursor = SqliteCursor(tmp_path / "w.db")
    assert await seen(site.watch(cursor, rounds=2)) == [("new", "a", "s10")]
    cursor.close()


@virtual_time
async def test_row_in_hand_comes_again(tmp_path: Path) -> None:
    """A row is taken when the next one is asked for: leaving the loop over it gives it again, `done` does not."""
    site = Site("a")
    for number in range(3):
        site.job("a", str(number))
    cursor = SqliteCursor(tmp_path / "w.db")
    for say_done, expected in ((False, "0"), (True, "0"), (False, "1")):
        async with site.watch(cursor) as watch:
            async for change in watch:
                assert change.row.id == expected
                if say_done:
                    change.done()
                break
    cursor.close()


@virtual_time
async def test_going_on_after_a_transaction_that_failed(tmp_path: Path) -> None:
    """Who asks for the next row has taken this one, even where a transaction took that back before."""
    site = Site("a")
    for number in range(3):
        site.job("a", str(number))
    cursor = SqliteCursor(tmp_path / "w.db")
    for expected in (["0", "1", "2"], []):
        got = []
        async for change in site.watch(cursor, rounds=1):
            got.append(change.row.id)
            with suppress(ZeroDivisionError), cursor.transaction():
                change.done()
                _ = 1 / 0
        assert got == expected
    cursor.close()


@virtual_time
async def test_late_word_does_not_undo_a_later_one() -> None:
    """`done` on a change that was passed by says nothing any more: the row has changed since."""
    site = Site("a")
    site.job("a", "1", name="x")
    cursor = MemoryCursor()
    old = [change async for change in site.watch(cursor, rounds=1)]
    site.job("a", "1", name="y")
    assert len(await seen(site.watch(cursor, rounds=1))) == 1
    old[0].done()
    assert await seen(site.watch(cursor, rounds=1)) == []


@virtual_time
async def test_key_names_the_condition() -> None:
    """The key of a change is the same after a restart, and another one when the row changed."""
    site = Site("a")
    site.job("a", "1", name="x")

    async def key() -> str:
        async with site.watch() as watch:
            async for change in watch:
                return change.key
        raise AssertionError

    first = await key()
    assert await key() == first
    site.job("a", "1", name="y")
    assert await key() != first


@virtual_time
async def test_mark_moves_with_the_sessions() -> None:
    """Rounds ask from the newest session on, less the overlap; the ids before that are forgotten."""
    site = Site("a")
    site.session("a", "old", 0)
    site.session("a", "new", 60)
    cursor = MemoryCursor()
    await seen(site.watch(cursor, rounds=2, overlap=60))
    assert [since for _, _, since in site.asked] == [None, T0 + timedelta(minutes=59)]
    assert set(cursor.seen("test", "a")) == {"new"}


@virtual_time
async def test_mark_waits_for_running_sessions() -> None:
    """A session that runs holds the mark, so that its end is seen, however many begin meanwhile."""
    site = Site("a")
    site.session("a", "long", 0, SessionState.RUNNING)
    site.session("a", "later", 600)
    cursor = MemoryCursor()
    assert len(await seen(site.watch(cursor, rounds=2))) == 2
    site.session("a", "long", 0, SessionState.FINISHED)
    assert await seen(site.watch(cursor, rounds=1)) == [("changed", "a", "long")]


@virtual_time
async def test_mark_does_not_wait_for_ever() -> None:
    """A session that never ends holds the mark no longer than the horizon."""
    site = Site("a")
    site.session("a", "stuck", 0, SessionState.RUNNING)
    site.session("a", "later", 600)
    cursor = MemoryCursor()
    await seen(site.watch(cursor, rounds=1, horizon=3600))
    assert cursor.mark("test", "a") == T0 + timedelta(minutes=600)


@virtual_time
async def test_failed_round_moves_nothing() -> None:
    """A round that broke off leaves the mark; its rows are not given twice."""
    site = Site("a")
    site.session("a", "1", 0)
    site.failing.add("a")
    cursor = MemoryCursor()
    assert len(await seen(site.watch(cursor, rounds=2))) == 1
    assert cursor.mark("test", "a") is None


@virtual_time
async def test_leaving_leaves_nothing() -> None:
    """Breaking out of the loop without a context manager ends all polls."""
    site = Site("a", "b", "c")
    for name in "abc":
        site.job(name, "1")
        site.slow[name] = 0.01 if name == "a" else 5
    async for _ in site.watch():
        break
    gc.collect()
    for _ in range(5):
        await asyncio.sleep(0)
    assert others() == set()


@virtual_time
async def test_mistake_in_reading_is_an_error_of_the_appliance() -> None:
    """Whatever reading raises, the watch goes on."""
    site = Site("a")
    site.appliances.append(Appliance("broken", "127.0.0.1", None))
    site.rows["broken"] = [object()]  # type: ignore[list-item]
    site.job("a", "1")
    watch = site.watch(rounds=1)
    assert await seen(watch) == [("new", "a", "1")]
    assert isinstance(watch.errors["broken"].error, AttributeError)


class Failing(MemoryCursor):
    """A cursor that cannot take a row, or end a round, as often as a test says."""

    def __init__(self) -> None:
        super().__init__()
        self.not_taken = 0
        self.not_finished = 0
        self.busy = 0

    def seen(self, watch: str, appliance: str) -> Any:
        if self.busy:
            self.busy -= 1
            raise CursorBusy("held by another process")
        return super().seen(watch, appliance)

    def taken(self, watch: str, appliance: str, id: str, digest: str) -> None:
        if self.not_taken:
            self.not_taken -= 1
            raise CursorError("no space left")
        super().taken(watch, appliance, id, digest)

    def finish(self, watch: str, appliance: str, mark: datetime | None, keep: Set[str]) -> None:
        if self.not_finished:
            self.not_finished -= 1
            raise CursorError("no space left")
        super().finish(watch, appliance, mark, keep)


@virtual_time
async def test_what_a_cursor_could_not_take_comes_again() -> None:
    """A row that the cursor could not keep as taken is given again; the watch goes on and says why."""
    site = Site("a", "b")
    site.session("a", "1", 1)
    site.session("b", "1", 1)
    cursor = Failing()
    cursor.not_taken = 1
    reported: list[Answer[Any]] = []
    got = await seen(site.watch(cursor, rounds=3, on_error=reported.append))
    assert sorted(got) == sorted([("new", "a", "1"), ("new", "b", "1"), got[0]])
    assert [str(answer.error) for answer in reported] == ["no space left"]


@virtual_time
async def test_a_round_whose_end_cannot_be_kept_is_an_error_of_that_appliance() -> None:
    """The mark stays where it was, the error is the appliance's, and the next round makes up for it."""
    site = Site("a")
    site.session("a", "1", 1)
    cursor = Failing()
    cursor.not_finished = 1
    reported: list[Answer[Any]] = []
    watch = site.watch(cursor, rounds=2, on_error=reported.append)
    assert await seen(watch) == [("new", "a", "1")]
    assert [type(answer.error) for answer in reported] == [CursorError] and watch.errors == {}
    assert [since for _, _, since in site.asked] == [None, None]
    assert cursor.mark("test", "a") is not None


@virtual_time
async def test_a_cursor_that_is_held_is_waited_for() -> None:
    """While another process holds the cursor the loop is free, and the round goes on when it lets go."""
    site = Site("a")
    site.job("a", "1")
    cursor = Failing()
    cursor.busy = 10
    started = asyncio.get_running_loop().time()
    assert await seen(site.watch(cursor, rounds=1)) == [("new", "a", "1")]
    assert 2 < asyncio.get_running_loop().time() - started < 5


@virtual_time
async def test_a_cursor_that_is_held_for_good_is_an_error() -> None:
    """After half a minute the round is an error of its appliance."""
    site = Site("a")
    cursor = Failing()
    cursor.busy = 10_000
    watch = site.watch(cursor, rounds=1)
    assert await seen(watch) == []
    assert isinstance(watch.errors["a"].error, CursorBusy) and not site.asked
