"""The engine under a fleet: a bounded number of tasks works through many appliances, answers come as they come.

It knows nothing of HTTP. What is called for an appliance is any async function; each ends in exactly one `Answer`.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial
from typing import Generic, Protocol, TypeVar

import attrs

from ..errors import ConnectError, RequestTimeout, VeeamError
from .answer import Answer
from .appliance import Appliance
from .breaker import ApplianceSkipped, Breaker, BreakerState
from .channel import Channel

T = TypeVar("T")
R_contra = TypeVar("R_contra", contravariant=True)
R = TypeVar("R")


class Emit(Protocol[R_contra]):
    """Hands something to whoever iterates; waits while the buffer is full. `weight` is what it counts in the buffer."""

    async def __call__(self, item: R_contra, weight: int = 1, /) -> None: ...

    async def room(self) -> None:
        """Waits until next to nothing waits for the consumer: before something large is made of an answer."""


class Sink(Protocol[R_contra]):
    """Where what is emitted goes: a channel. `put` waits where it is full, `room` where it has plenty."""

    @property
    def full(self) -> bool: ...

    @property
    def plenty(self) -> bool: ...

    async def put(self, item: R_contra, weight: int = 1, /) -> None: ...

    async def room(self) -> None: ...


class _Emitter(Generic[R]):
    """Hands on what an appliance's work emits; its time stands still meanwhile, the deadline goes on."""

    __slots__ = ("_clock", "_ends", "_own", "_scope", "_sink")

    def __init__(self, sink: Sink[R], scope: asyncio.Timeout, own: float | None, ends: float | None) -> None:
        self._sink = sink
        self._scope = scope
        self._own = own
        self._ends = ends
        self._clock = asyncio.get_running_loop().time

    async def __call__(self, item: R, weight: int = 1, /) -> None:
        if self._sink.full:
            await self._stand_still(partial(self._sink.put, item, weight))
        else:
            await self._sink.put(item, weight)

    async def room(self) -> None:
        if self._sink.plenty:
            await self._stand_still(self._sink.room)

    async def _stand_still(self, wait: Callable[[], Awaitable[None]]) -> None:
        # Where the time passed while nothing could say so, the wait is where the work ends.
        if self._own is None or self._scope.expired():
            await wait()
            return
        before = self._clock()
        self._scope.reschedule(self._ends)
        await wait()
        self._own += self._clock() - before
        self._scope.reschedule(_earlier(self._own, self._ends))


@attrs.frozen(kw_only=True)
class Limits:
    """Limits of one fan-out.

    Attributes:
        concurrency: appliances that are worked on at the same time.
        timeout: seconds that one appliance may take, all attempts together; None for no limit. An appliance's own
            `timeout` overrides it.
        deadline: seconds for the whole fan-out from its start; None for no limit.
        attempts: how often the function is tried on an appliance when no connection was made or a time limit of a
            call passed. More than 1 only where the function may run twice.
        pause: seconds before the second attempt; doubled for each further one, with full jitter.
        buffer: rows or answers that wait for the consumer before the work pauses; None for `concurrency`.
    """

    concurrency: int = attrs.field(default=200, validator=attrs.validators.ge(1))
    timeout: float | None = 60.0
    deadline: float | None = None
    attempts: int = attrs.field(default=1, validator=attrs.validators.ge(1))
    pause: float = attrs.field(default=0.5, validator=attrs.validators.ge(0))
    buffer: int | None = None


class CancelledInside(VeeamError):
    """The function ended with CancelledError although nobody cancelled it: something that it awaited was cancelled."""


class Step(Generic[T, R]):
    """How one appliance is worked on: breaker, slots, limits, attempts. Shared by fan-outs and watches.

    Args:
        work: called with the appliance and `emit`; returns the answer's value.
        breaker: gives an appliance's breaker, or None to do without.
        slot: gives a context that waits for a place on the appliance, or None.
        limits: the limits of the fan-out.
    """

    __slots__ = ("_breaker", "_limits", "_slot", "_work")

    def __init__(
        self,
        work: Callable[[Appliance, Emit[R]], Awaitable[T]],
        limits: Limits,
        breaker: Callable[[Appliance], Breaker | None] = lambda _: None,
        slot: Callable[[Appliance], AbstractAsyncContextManager[None] | None] = lambda _: None,
    ) -> None:
        self._work = work
        self._limits = limits
        self._breaker = breaker
        self._slot = slot

    async def run(self, appliance: Appliance, sink: Sink[R], ends: float | None) -> Answer[T]:
        """Works on one appliance; `ends` is the loop time of the deadline."""
        clock = asyncio.get_running_loop().time
        started = clock()
        breaker = self._breaker(appliance)
        if ends is not None and started >= ends:
            return Answer(appliance, None, _late(appliance, "deadline", self._limits.deadline), 0.0, 0, _state(breaker))
        if breaker is not None:
            try:
                breaker.admit(appliance.name)
            except ApplianceSkipped as error:
                return Answer(appliance, None, error, 0.0, 0, breaker.state)
        attempts = 0
        settled = False
        try:
            limit = appliance.timeout if appliance.timeout is not None else self._limits.timeout
            own = None if limit is None else started + limit
            scope = asyncio.timeout_at(_earlier(own, ends))
            try:
                async with scope:
                    emit = _Emitter(sink, scope, own, ends)
                    async with self._slot(appliance) or nullcontext():
                        while True:
                            attempts += 1
                            try:
                                value = await self._work(appliance, emit)
                                break
                            except (ConnectError, RequestTimeout):
                                if attempts >= self._limits.attempts:
                                    raise
                            await asyncio.sleep(self._limits.pause * 2 ** (attempts - 1) * random.random())
            except TimeoutError as error:
                if not scope.expired():
                    raise
                over = ends is not None and clock() >= ends
                which = "deadline" if over else "appliance"
                raise _late(appliance, which, self._limits.deadline if over else limit) from error
            except asyncio.CancelledError as error:
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                text = "something that the function awaited was cancelled"
                raise CancelledInside(text, appliance=appliance.name) from error
        except Exception as error:
            settled = True
            if breaker is not None:
                breaker.failed(error)
            return Answer(appliance, None, error, clock() - started, attempts, _state(breaker))
        else:
            settled = True
            if breaker is not None:
                breaker.succeeded()
            return Answer(appliance, value, None, clock() - started, attempts, _state(breaker))
        finally:
            if not settled and breaker is not None:
                breaker.abandoned()


def _state(breaker: Breaker | None) -> BreakerState:
    return BreakerState.CLOSED if breaker is None else breaker.state


def _earlier(one: float | None, other: float | None) -> float | None:
    return one if other is None else other if one is None else min(one, other)


def _late(appliance: Appliance, which: str, seconds: float | None) -> RequestTimeout:
    text = "the fan-out's deadline" if which == "deadline" else "the time for this appliance"
    return RequestTimeout(
        f"{text} of {seconds:g} s was over" if seconds is not None else f"{text} was over",
        limit=which,
        seconds=seconds,
        appliance=appliance.name,
    )


async def fan_out(
    appliances: Sequence[Appliance],
    step: Step[T, R],
    limits: Limits,
    *,
    workers: set[asyncio.Task[None]] | None = None,
) -> AsyncGenerator[Answer[T] | R, None]:
    """Runs a step over all appliances.

    Args:
        appliances: who is asked.
        step: what is done for each.
        limits: the limits; the deadline counts from the first iteration.
        workers: gets the worker tasks while they live, so that an owner can end them.

    Yields:
        What steps emit and one `Answer` for each appliance, as they come. What an appliance emits comes
        before its answer. Leaving early ends all that is in flight.
    """
    clock = asyncio.get_running_loop().time
    ends = None if limits.deadline is None else clock() + limits.deadline
    size = min(limits.concurrency, len(appliances))
    channel: Channel[Answer[T] | R] = Channel(limits.buffer or max(1, size))
    pending = deque(appliances)

    async def work() -> None:
        try:
            while pending:
                await channel.put(await step.run(pending.popleft(), channel, ends))
        except asyncio.CancelledError:
            channel.close(VeeamError("the fleet was closed while this fan-out was running"))
            raise
        except BaseException as error:
            # KeyboardInterrupt, SystemExit and the like: no answer carries them, they end the fan-out.
            channel.close(error)

    tasks = {asyncio.create_task(work(), name=f"fleet-worker-{number}") for number in range(size)}
    if workers is not None:
        workers |= tasks
    missing = len(appliances)
    try:
        while missing:
            item = await channel.get()
            if isinstance(item, Answer):
                missing -= 1
            yield item
            # Nothing here keeps a page alive while the next one is made.
            del item
    finally:
        await end(tasks)
        if workers is not None:
            workers -= tasks


async def end(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancels tasks and waits until they have ended."""
    ending = list(tasks)
    for task in ending:
        task.cancel()
    if ending:
        await asyncio.gather(*ending, return_exceptions=True)
