"""The fan-out engine, over plain async functions."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from tests.fleet.virtual import virtual_time
from veeam_async.errors import ConnectError, ForbiddenError, RequestTimeout
from veeam_async.fleet.answer import Answer
from veeam_async.fleet.appliance import Appliance
from veeam_async.fleet.breaker import ApplianceSkipped, Breaker, BreakerPolicy, BreakerState
from veeam_async.fleet.fanout import CancelledInside, Emit, Limits, Step, fan_out
from veeam_async.fleet.member import Slots


def appliances(count: int) -> list[Appliance]:
    return [Appliance(f"a{number}", "127.0.0.1", None) for number in range(count)]


async def collect(who: list[Appliance], work: Any, limits: Limits | None = None, **step: Any) -> list[Answer[Any]]:
    limits = limits or Limits()
    return [answer async for answer in fan_out(who, Step(work, limits, **step), limits) if isinstance(answer, Answer)]


def others() -> set[asyncio.Task[Any]]:
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}


@virtual_time
async def test_one_answer_each() -> None:
    """Every appliance gives exactly one answer, with a value or the error that was raised for it."""

    async def work(appliance: Appliance, emit: Emit[Any]) -> str:
        if appliance.name.endswith("3"):
            raise ForbiddenError("no", status=403)
        return appliance.name

    answers = await collect(appliances(40), work, Limits(concurrency=7))
    assert sorted(answer.appliance.name for answer in answers) == sorted(a.name for a in appliances(40))
    assert {answer.appliance.name for answer in answers if not answer.ok} == {"a3", "a13", "a23", "a33"}
    assert all(answer.value == answer.appliance.name for answer in answers if answer.ok)
    with pytest.raises(ForbiddenError):
        next(answer for answer in answers if not answer.ok).result()


@virtual_time
async def test_no_appliances() -> None:
    """A fan-out over nobody gives nothing and ends."""
    assert await collect([], None) == []


@virtual_time
async def test_answers_come_as_they_come() -> None:
    """A slow appliance does not hold up the answers of fast ones that come after it in the list."""

    async def work(appliance: Appliance, emit: Emit[Any]) -> None:
        await asyncio.sleep(0.2 if appliance.name == "a0" else 0)

    answers = await collect(appliances(20), work, Limits(concurrency=2))
    assert answers[-1].appliance.name == "a0"


@virtual_time
async def test_bounded_tasks() -> None:
    """Thousands of appliances make no more tasks than `concurrency` allows, and no more run at once."""
    running = most = tasks = 0

    async def work(appliance: Appliance, emit: Emit[Any]) -> None:
        nonlocal running, most, tasks
        running += 1
        most = max(most, running)
        tasks = max(tasks, len(asyncio.all_tasks()))
        await asyncio.sleep(0)
        running -= 1

    assert len(await collect(appliances(3000), work, Limits(concurrency=50))) == 3000
    assert most == 50
    assert tasks <= 52


@virtual_time
async def test_time_limit_frees_the_slot() -> None:
    """An appliance that hangs holds its slot no longer than its limit: with one slot the others still answer."""

    async def work(appliance: Appliance, emit: Emit[Any]) -> None:
        await asyncio.sleep(60 if appliance.name == "a0" else 0)

    answers = await collect(appliances(5), work, Limits(concurrency=1, timeout=0.05))
    first = answers[0]
    assert isinstance(first.error, RequestTimeout)
    assert (first.error.limit, first.error.appliance) == ("appliance", "a0")
    assert first.elapsed == pytest.approx(0.05, abs=1e-4)
    assert all(answer.ok for answer in answers[1:])


@virtual_time
async def test_own_time_limit() -> None:
    """The limit that an appliance carries overrides the fan-out's."""
    who = [Appliance("slow", "127.0.0.1", None, timeout=5), Appliance("hasty", "127.0.0.1", None, timeout=0.01)]

    async def work(appliance: Appliance, emit: Emit[Any]) -> None:
        await asyncio.sleep(0.1)

    answers = {answer.appliance.name: answer for answer in await collect(who, work, Limits(timeout=0.05))}
    assert answers["slow"].ok
    assert isinstance(answers["hasty"].error, RequestTimeout)


@virtual_time
async def test_deadline_ends_everything() -> None:
    """At the deadline what is in flight ends and what waits is not begun: an answer with an error for each."""
    called: list[str] = []

    async def work(appliance: Appliance, emit: Emit[Any]) -> None:
        called.append(appliance.name)
        await asyncio.sleep(60)

    before = asyncio.get_running_loop().time()
    answers = await collect(appliances(30), work, Limits(concurrency=10, deadline=0.1))
    assert asyncio.get_running_loop().time() - before == pytest.approx(0.1, abs=1e-4)
    assert len(answers) == 30
    assert len(called) == 10
    assert all(isinstance(answer.error, RequestTimeout) and answer.error.limit == "deadline" for answer in answers)
    assert sorted(answer.attempts for answer in answers) == [0] * 20 + [1] * 10


@virtual_time
async def test_own_timeout_error_is_kept() -> None:
    """A TimeoutError that the function raises itself stays its own error."""

    async def work(appliance: Appliance, emit: Emit[Any]) -> None:
        raise TimeoutError("mine")

    (answer,) = await collect(appliances(1), work)
    assert str(answer.error) == "mine"
    assert not isinstance(answer.error, RequestTimeout)


@virtual_time
async def test_leaving_early_leaves_nothing() -> None:
    """Breaking out of the loop ends all tasks that the fan-out made."""
    ended = 0

    async def work(appliance: Appliance, emit: Emit[Any]) -> None:
        nonlocal ended
        if appliance.name != "a0":
            try:
                await asyncio.sleep(60)
            finally:
                ended += 1

    limits = Limits(concurrency=20)
    async for _ in fan_out(appliances(100), Step(work, limits), limits):
        break
    gc.collect()
    for _ in range(5):
        await asyncio.sleep(0)
    assert others() == set()
    assert ended == 19 + 1  # the worker of a0 had begun another one


@virtual_time
async def test_cancellation_leaves_nothing() -> None:
    """Cancelling the task that iterates ends all tasks that the fan-out made."""

    async def work(appliance: Appliance, emit: Emit[Any]) -> None:
        await asyncio.sleep(60)

    task = asyncio.create_task(collect(appliances(50), work))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert others() == set()


@virtual_time
async def test_cancelled_inside() -> None:
    """A function that ends with CancelledError without being cancelled gives an error, not a lost appliance."""

    async def work(appliance: Appliance, emit: Emit[Any]) -> None:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    answers = await collect(appliances(3), work)
    assert [type(answer.error) for answer in answers] == [CancelledInside] * 3


class Stop(BaseException):
    """Something that is no Exception, such as KeyboardInterrupt."""


@virtual_time
async def test_base_exception_ends_the_fan_out() -> None:
    """A BaseException is no answer: it comes out where the fan-out is awaited, and nothing stays behind."""

    async def work(appliance: Appliance, emit: Emit[Any]) -> None:
        if appliance.name == "a7":
            raise Stop
        await asyncio.sleep(60)

    with pytest.raises(Stop):
        await collect(appliances(20), work)
    assert others() == set()


@virtual_time
async def test_attempts() -> None:
    """With `attempts` a failed connection is tried again, another error is not; the answer counts them."""
    calls: dict[str, int] = {}

    async def work(appliance: Appliance, emit: Emit[Any]) -> int:
        calls[appliance.name] = count = calls.get(appliance.name, 0) + 1
        if appliance.name == "a0" and count < 3:
            raise ConnectError("refused")
        if appliance.name == "a1":
            raise ValueError("a mistake")
        return count

    answers = {a.appliance.name: a for a in await collect(appliances(3), work, Limits(attempts=3, pause=0.001))}
    assert (answers["a0"].value, answers["a0"].attempts) == (3, 3)
    assert (type(answers["a1"].error), answers["a1"].attempts) == (ValueError, 1)
    assert answers["a2"].attempts == 1


@virtual_time
async def test_breaker_in_the_answer() -> None:
    """A dead appliance is skipped once its breaker is open, the answer shows it, and the others are asked."""
    breakers: dict[str, Breaker] = {}

    def breaker(appliance: Appliance) -> Breaker:
        return breakers.setdefault(appliance.name, Breaker(BreakerPolicy(failures=2, wait=60)))

    calls = 0

    async def work(appliance: Appliance, emit: Emit[Any]) -> None:
        nonlocal calls
        if appliance.name == "a0":
            calls += 1
            raise ConnectError("refused", appliance="a0")

    rounds = [{a.appliance.name: a for a in await collect(appliances(2), work, breaker=breaker)} for _ in range(4)]
    assert [one["a0"].breaker for one in rounds] == [BreakerState.CLOSED] + [BreakerState.OPEN] * 3
    assert [one["a0"].skipped for one in rounds] == [False, False, True, True]
    assert isinstance(rounds[3]["a0"].error, ApplianceSkipped)
    assert isinstance(rounds[3]["a0"].error.__cause__, ConnectError)
    assert calls == 2
    assert all(one["a1"].ok for one in rounds)


@virtual_time
async def test_per_appliance_slot() -> None:
    """Places on an appliance bound what runs on it at once, across fan-outs."""
    slots = {"a0": Slots()}
    running = most = 0

    async def work(appliance: Appliance, emit: Emit[Any]) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1

    await asyncio.gather(*(collect(appliances(1), work, slot=lambda a: slots[a.name].place(1)) for _ in range(4)))
    assert most == 1


@virtual_time
async def test_rows_wait_for_the_consumer() -> None:
    """A consumer that is slow pauses those who emit: no more rows wait than the buffer holds."""
    emitted = 0

    async def work(appliance: Appliance, emit: Emit[int]) -> None:
        nonlocal emitted
        for number in range(100):
            await emit(number)
            emitted += 1

    limits = Limits(buffer=5)
    taken = 0
    async for item in fan_out(appliances(3), Step(work, limits), limits):
        if not isinstance(item, Answer):
            taken += 1
            await asyncio.sleep(0)
            assert emitted <= taken + 5 + 3
    assert taken == 300


@virtual_time
async def test_waiting_for_the_consumer_costs_no_time() -> None:
    """The appliance's time stands still while the consumer is busy."""

    async def work(appliance: Appliance, emit: Emit[int]) -> None:
        for number in range(4):
            await emit(number)

    limits = Limits(buffer=1, timeout=0.1)
    answers = []
    async for item in fan_out(appliances(1), Step(work, limits), limits):
        if isinstance(item, Answer):
            answers.append(item)
        else:
            await asyncio.sleep(0.08)
    assert [answer.ok for answer in answers] == [True]


@virtual_time
async def test_what_an_ended_call_leaves_can_be_given() -> None:
    """Work whose time has passed may still give what it has; its answer is its own error."""

    async def work(appliance: Appliance, emit: Emit[int]) -> None:
        await emit(1)
        await emit(2)
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            await emit(3)
            raise RequestTimeout("no answer in time") from None

    limits = Limits(buffer=1, timeout=0.1)
    items = []
    async for item in fan_out(appliances(1), Step(work, limits), limits):
        items.append(item)
        await asyncio.sleep(0.2)
    *rows, answer = items
    assert rows == [1, 2, 3]
    assert isinstance(answer, Answer)
    assert isinstance(answer.error, RequestTimeout)


@virtual_time
async def test_pages_are_made_when_they_are_wanted() -> None:
    """What waits for room before it makes a page makes one after another, not all at once; none is left out."""
    made = taken = 0

    async def work(appliance: Appliance, emit: Emit[int]) -> None:
        nonlocal made
        for _ in range(3):
            await emit.room()
            made += 1
            await emit(made, 200)

    limits = Limits(buffer=1000)
    async for item in fan_out(appliances(50), Step(work, limits), limits):
        if not isinstance(item, Answer):
            taken += 1
            await asyncio.sleep(0.01)
            assert made <= taken + 1
    assert taken == 150


@virtual_time
async def test_room_that_is_not_used_is_for_others() -> None:
    """Who was let in and had nothing to give holds up nobody; the appliance's time stands still meanwhile."""

    async def work(appliance: Appliance, emit: Emit[str]) -> None:
        await emit.room()
        if appliance.name.endswith(("1", "2", "3", "4")):
            await emit(appliance.name, 500)
        else:
            await emit.room()

    limits = Limits(buffer=300, timeout=0.5)
    items = []
    async for item in fan_out(appliances(100), Step(work, limits), limits):
        items.append(item)
        await asyncio.sleep(0.1)
    answers = [item for item in items if isinstance(item, Answer)]
    assert len(answers) == 100
    assert all(answer.ok for answer in answers)
    assert len(items) == 140
