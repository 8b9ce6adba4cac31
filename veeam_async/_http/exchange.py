"""One call from here to an answer: it holds the clock, the token and the attempt, and does what `decide` says."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from time import monotonic
from typing import Generic, Protocol, TypeVar
from urllib.parse import quote, urljoin

import aiohttp
from yarl import URL

from .._operation.call import Call
from .._operation.reply import Reply
from ..errors import DecodeError, RequestTimeout, UnsafeOriginError, VeeamError, Where
from ..retry import RetryPolicy
from ..timeouts import Timeouts, deadline_at
from ._aiohttp import bare, interrupted_step
from .answers import read_error
from .clock import FOREVER, Clock
from .decide import MOST_REDIRECTS, Answered, Broken, Decision, Next, Situation, Unreadable, decide
from .sender import limits_of, limits_until
from .surroundings import Reporter, Surroundings
from .token import Token, TokenSource

T = TypeVar("T")
W = TypeVar("W")
Outcome = Answered | Broken | Unreadable

_log = logging.getLogger("veeam_async.transport")


class Ended(Exception):
    """An attempt that did not give what the call is to give.

    Attributes:
        outcome: what is decided by.
        error: what the caller gets where nothing further follows; None where that is made of `reply`.
        reply: the answer, if there is one.
    """

    def __init__(self, outcome: Outcome, error: VeeamError | None = None, reply: Reply[None] | None = None) -> None:
        self.outcome = outcome
        self.error = error
        self.reply = reply


class Receiver(Protocol[T]):
    """Makes of an open response what a call gives."""

    stream: bool

    async def __call__(self, response: aiohttp.ClientResponse, exchange: Exchange[T], token: Token | None) -> T:
        """Take the answer.

        Raises:
            Ended: it is not what the call is to give.
        """
        ...


class Exchange(Generic[T]):
    """A call in progress."""

    _attempt = 1
    _begun: float
    _renewed = _logged_in = False
    _hops = 0
    # What the last attempt died of, for the time-out that may follow.
    _cause: str | None = None
    _made_clock: Clock | None = None

    def __init__(self, around: Surroundings, call: Call, tokens: TokenSource | None, receive: Receiver[T]) -> None:
        self.around = around
        self.call = call
        self._tokens = tokens
        self._receive = receive
        self._started = monotonic()
        self._deadline = deadline_at()

    @property
    def _clock(self) -> Clock:
        # Few calls ever look at it.
        clock = self._made_clock
        if clock is None:
            clock = self._made_clock = Clock(self._timeouts, self._started, self._deadline)
        return clock

    @property
    def _timeouts(self) -> Timeouts:
        return self.call.timeouts or self.around.timeouts

    @property
    def _retry(self) -> RetryPolicy:
        return self.call.retry or self.around.retry

    @property
    def context(self) -> Where:
        """What every error of this call says."""
        call = self.call
        return {
            "appliance": self.around.name,
            "operation": call.label,
            "method": call.method,
            "path": call.template,
        }

    # ---------------------------------------------------------------------------------------------------- the loop

    async def run(self) -> T:
        """Send the call until there is an answer that stands.

        Raises:
            ApiError: the answer has an error status.
            DecodeError: the answer is not what the call answers.
            VeeamError: there is no answer.
        """
        if self._deadline is not None and self._deadline <= self._started:
            raise self._clock.late(self.context)
        while True:
            token = None
            if self._tokens is not None:
                token = self._tokens.usable()
                if token is None:
                    token = await self._within(self._tokens.obtain())
            try:
                answer = await (self._send_in_time(token) if self._receive.stream else self._send(token))
            except Ended as ended:
                after = ended
            else:
                if not self.around.budget.full:
                    self.around.budget.succeeded()
                if token is not None:
                    token.proved = True
                return answer
            await self._go_on(after, token)

    async def _go_on(self, ended: Ended, token: Token | None) -> None:
        """Do what follows from an attempt, so that the next one can be made.

        Raises:
            VeeamError: there is no next one.
        """
        outcome = ended.outcome
        if token is not None and isinstance(outcome, Answered) and outcome.status not in (401, 403):
            token.proved = True
        decision = decide(outcome, self._situation(token))
        if decision.next is Next.RETRY:
            await self._pause(ended, decision)
        elif decision.next is Next.RENEW and token is not None and self._tokens is not None:
            self._renewed = True
            _log.debug("%s: %s: 401, renewing the token", self.around.name, self.call.label)
            await self._within(self._tokens.replace(token))
        elif decision.next is Next.LOG_IN and token is not None and self._tokens is not None:
            self._logged_in = True
            _log.debug("%s: %s: 403 with a token that never served", self.around.name, self.call.label)
            await self._within(self._tokens.relogin(token))
        elif decision.next is Next.REDIRECT and ended.reply is not None:
            self.call = self._moved(ended.reply)
            self._hops += 1
        else:
            raise self._error(ended, decision) from ended.__cause__

    def _situation(self, token: Token | None) -> Situation:
        call = self.call
        return Situation(
            safe=call.safe or self._retry.widened(call.label),
            changes=not call.safe,
            replayable=call.replayable,
            renewable=token is not None,
            unproved=token is not None and token.source == "refresh" and not token.proved,
            renewed=self._renewed,
            logged_in=self._logged_in,
            redirectable=self._hops < MOST_REDIRECTS,
        )

    async def _pause(self, ended: Ended, decision: Decision) -> None:
        """Wait for the next attempt.

        Raises:
            VeeamError: there is none: attempts, time or budget are used up.
        """
        error = self._error(ended, decision)
        policy = self._retry
        wanted = decision.retry_after
        pause = policy.pause(self._attempt, wanted)
        if (
            self._attempt >= policy.attempts
            or (wanted is not None and wanted > policy.retry_after_cap)
            or monotonic() + pause >= self._clock.until
            or not self.around.budget.take()
        ):
            raise error from ended.__cause__
        name, label, attempt = self.around.name, self.call.label, self._attempt
        _log.info("%s: %s: attempt %d failed, again in %.2f s: %s", name, label, attempt, pause, error)
        if self.around.reporter is not None:
            status = ended.outcome.status if isinstance(ended.outcome, Answered) else None
            self.around.reporter.retried(self.call, attempt, status, error, pause)
        self._cause = f"the attempt before it: {error.describe()}"
        await asyncio.sleep(pause)
        self._attempt += 1

    def _error(self, ended: Ended, decision: Decision) -> VeeamError:
        error = ended.error
        if error is None:
            assert ended.reply is not None
            error = read_error(ended.reply)
        error.outcome_unknown = decision.outcome_unknown
        if self._attempt > 1:
            error.add_note(f"sent {self._attempt} times in {self._clock.elapsed():.1f} s")
        return error

    # ------------------------------------------------------------------------------------------------- one attempt

    async def _send_in_time(self, token: Token | None) -> T:
        """As `_send`, for streams: aiohttp's own limit would end the body as well, which may take longer."""
        if self._clock.until == FOREVER:
            return await self._send(token)
        try:
            async with asyncio.timeout(self._clock.left()):
                return await self._send(token)
        except RequestTimeout:
            raise
        except TimeoutError as error:
            late = self._clock.late(self.context, "http", self._cause)
            raise Ended(Broken(sent=True, repeatable=False), late) from bare(error)

    async def _send(self, token: Token | None) -> T:
        response: aiohttp.ClientResponse | None = None
        around = self.around
        try:
            sender = around.sender
            if not sender.ready():
                await sender.prepare()
            limits = around.limits if self.call.timeouts is None else limits_of(self.call.timeouts)
            limit = limits[self._receive.stream]
            if self._attempt > 1 or self._deadline is not None:
                limit = limits_until(self._clock, limit, stream=self._receive.stream)
            if around.reporter is not None:
                self._begun = monotonic()
                around.reporter.started(self.call, self._attempt)
            response = await sender.send(self.call, token, limit)
            return await self._receive(response, self, token)
        except (aiohttp.ClientError, OSError) as error:
            raise await self._broken(error, response) from bare(error)
        except VeeamError as error:
            self._complete(error)
            raise
        except RuntimeError as error:
            if not around.sender.pool.closed:
                raise
            raise VeeamError("the client is closed", **self.context) from bare(error)
        except asyncio.CancelledError as error:
            # The frames that it came through hold headers with the token.
            response = None
            bare(error)
            raise

    def _complete(self, error: VeeamError) -> None:
        """Let an error from below say which call it ended."""
        call = self.call
        error.appliance = error.appliance or self.around.name
        error.operation, error.method, error.path = call.label, call.method, call.template

    async def _broken(self, error: BaseException, response: aiohttp.ClientResponse | None) -> VeeamError | Ended:
        """What an attempt without a whole answer ends in."""
        from .failures import Attempt, failure_of, tls_failure

        if isinstance(error, aiohttp.InvalidURL):
            return VeeamError(f"{self.call.path!r} makes no URL", **self.context)
        status = None if response is None else response.status
        connecting = isinstance(error, aiohttp.ConnectionTimeoutError)
        timed_out = isinstance(error, TimeoutError) and getattr(error, "errno", None) is None
        if timed_out and not isinstance(error, aiohttp.ServerTimeoutError):
            step = (
                interrupted_step(error, tls=self.around.sender.origin.scheme == "https") if status is None else "body"
            )
            late = self._clock.late(self.context, step or "http", self._cause)
            return Ended(Broken(sent=step in (None, "body"), repeatable=False), late)
        attempt = Attempt(
            self.around.sender.origin,
            self.around.sender.proxy,
            not self.call.safe,
            status,
            self._timeouts.connect,
            self._timeouts.read,
            self.context,
            self.around.sender.tls.server_name,
        )
        failure = await tls_failure(error, attempt) or failure_of(error, attempt)
        if connecting and self._clock.until != FOREVER and self._clock.ended_connecting():
            late = self._clock.late(self.context, failure.error.step, failure.error.message)
            return Ended(Broken(sent=False, repeatable=False), late)
        return Ended(failure.outcome, failure.error)

    def repeats(self, ended: Ended) -> bool:
        """True where an attempt that ended so may be followed by another."""
        following = decide(ended.outcome, self._situation(None)).next
        return following in (Next.REDIRECT, Next.RETRY)

    def undecodable(self, error: DecodeError, status: int, reply: Reply[None] | None = None) -> Ended:
        """The end of an attempt whose answer is a success and not what the call answers."""
        error.status = status
        self._complete(error)
        error.step = error.step or "body"
        # Its frames hold the body, and the caller has the error's own fields.
        error.__traceback__ = None
        foreign = error.answered_by not in (None, "appliance")
        return Ended(Unreadable(error.incomplete, foreign), error, reply)

    async def _within(self, work: Awaitable[W]) -> W:
        """Wait for a token no longer than the call may take."""
        if self._clock.until == FOREVER:
            return await work
        try:
            async with asyncio.timeout(self._clock.left()):
                return await work
        except RequestTimeout:
            raise
        except TimeoutError:
            raise self._clock.late(self.context, "login") from None

    # ------------------------------------------------------------------------------------------------- redirects

    def _moved(self, reply: Reply[None]) -> Call:
        """The call at the place that a redirect names, if that is at this origin and the same call.

        Raises:
            UnsafeOriginError: the redirect leads to another origin.
            ApiError: it cannot be followed.
        """
        target = self._target(reply)
        if target is None:
            raise read_error(reply)
        origin = self.around.sender.origin
        same = target.scheme == origin.scheme and target.host == origin.host and target.port == origin.port
        if not (same and f"{target.raw_path}/".startswith(f"{origin.prefix}/")):
            place = f"{target.scheme}://{target.authority}"
            target = None  # its query could hold the token
            raise UnsafeOriginError(
                f"{reply.status}: redirects to another origin, {place}, which gets nothing of this session",
                hint="If the appliance is there, make a client for it",
                **self.context,
            )
        return self.call._replace(path=target.raw_path_qs.removeprefix(origin.prefix))

    def _target(self, reply: Reply[None]) -> URL | None:
        """Where a redirect leads, or None where it cannot be followed."""
        call, sender = self.call, self.around.sender
        location = reply.headers.get("Location")
        kept = call.method in ("GET", "HEAD") or reply.status in (307, 308)
        if not location or not kept:
            return None
        try:
            # As it was written: the server knows how it quotes; only what no URL may hold is quoted here.
            quoted = quote(location, safe="%/:=&?~#+!$,;'@()*[]")
            target = URL(urljoin(sender.base + sender.origin.prefix + call.path, quoted), encoded=True)
            _ = target.port, target.host
        except ValueError:
            return None
        return target

    # ---------------------------------------------------------------------------------------------------- events

    def answered(self, status: int, size: int) -> None:
        """Report that an answer came; -1 for the size of one that is not read yet."""
        if self.around.reporter is not None:
            self.around.reporter.answered(self.call, self._attempt, status, size, monotonic() - self._begun)

    async def run_and_report(self, reporter: Reporter) -> T:
        """As `run`, and report an error at its end."""
        try:
            return await self.run()
        except VeeamError as error:
            reporter.failed(self.call, self._attempt, error, self._clock.elapsed())
            raise
