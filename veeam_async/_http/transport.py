"""What sends the calls of one appliance: `fetch` for answers that are decoded, `open` for bodies that stream."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import aiohttp

from .._operation.call import Call
from .._operation.json_text import JsonError
from .._operation.media import foreign_answer
from .._operation.reply import Reply
from .._redact import HiddenTuple, secrets_in
from ..errors import BodyTooLarge, DecodeError
from ..retry import RetryBudget, RetryPolicy
from ..timeouts import Timeouts
from ..tls import TlsPolicy
from .answers import ERROR_BODY, is_passing, retry_after
from .bodies import read_body, read_start
from .coding import CodingError, TooMuch
from .decide import Answered
from .exchange import Ended, Exchange, Receiver
from .origin import Origin
from .pool import Pool
from .sender import Sender, limits_of
from .streamed import StreamedReply
from .token import Token, TokenSource

if TYPE_CHECKING:
    from ..events import Listener
    from .proxy import Proxy  # few clients have one
    from .reporting import Reporter

T = TypeVar("T")

# What the values of a JSON text may take, beside the text: they are several times as large.
_VALUES_SHARE = 4
# Bytes below which a body is parsed at once.
SMALL = 1 << 19


class Transport:
    """Sends calls to one appliance.

    Attributes:
        name: the appliance's label.
        sender: where and how requests go out.
        timeouts, retry: for calls that have none of their own.
        budget: what is left of the appliance's repeats.
        max_body: bytes of a body that is read whole.
        reporter: gives events to a listener, or None.
    """

    def __init__(
        self,
        origin: Origin,
        *,
        name: str,
        pool: Pool,
        tls: TlsPolicy,
        timeouts: Timeouts,
        retry: RetryPolicy,
        headers: Mapping[str, str],
        max_body: int,
        proxy: Proxy | None,
        events: Listener | None,
        secrets: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.sender = Sender(origin, pool=pool, tls=tls, headers=headers, proxy=proxy, secrets=secrets)
        self.timeouts = timeouts
        self.limits = limits_of(timeouts)
        self.retry = retry
        self.budget = RetryBudget(retry.budget)
        self.max_body = max_body
        # A Content-Length of fewer digits is surely below the limits of what is read and parsed at once.
        self.digits = len(str(min(max_body, SMALL)))
        self.reporter: Reporter | None = None
        if events is not None:
            from .reporting import Reporter  # takes a moment, and few clients have a listener

            self.reporter = Reporter(name, events)

    def fetch(
        self, call: Call, tokens: TokenSource | None, decode: Callable[[Reply[None]], T]
    ) -> Coroutine[Any, Any, T]:
        """Send a call and decode its answer; an answer that is cut is asked for again as a broken one is.

        Args:
            call: what to send.
            tokens: where its token comes from; None for a call without one.
            decode: makes the result of an answer with a success status; raises `DecodeError` for what is none.

        Raises:
            ApiError: the answer has an error status.
            DecodeError: the answer is not what it should be.
            VeeamError: there is no answer.
        """
        return self._run(call, tokens, _Fetching(decode))

    def probe(self, call: Call) -> Coroutine[Any, Any, Reply[None]]:
        """Send a call without a token and give its answer as it is, an error too, after the repeats.

        Raises:
            VeeamError: there is no answer.
        """
        return self._run(call, None, _Probing())

    def open(self, call: Call, tokens: TokenSource | None) -> Coroutine[Any, Any, StreamedReply]:
        """Send a call and give its answer when its head is there; its body is the caller's to read.

        Raises:
            ApiError: the answer has an error status.
            VeeamError: there is no answer.
        """
        return self._run(call, tokens, _Opening())

    def _run(self, call: Call, tokens: TokenSource | None, receive: Receiver[T]) -> Coroutine[Any, Any, T]:
        exchange = Exchange(self, call, tokens, receive)
        return exchange.run() if self.reporter is None else exchange.run_and_report(self.reporter)


class _Fetching(Generic[T]):
    """Reads a success whole and decodes it."""

    __slots__ = ("_decode",)
    stream = False

    def __init__(self, decode: Callable[[Reply[None]], T]) -> None:
        self._decode = decode

    async def __call__(self, response: aiohttp.ClientResponse, exchange: Exchange[T], token: Token | None) -> T:
        status = response.status
        if status < 200 or status >= 300:
            raise await _refused(response, exchange, token)
        reply: Reply[None] | None = None
        if status == 200:
            # What nearly all answers are, read without a further coroutine in between.
            headers, around = response.headers, exchange.around
            length = headers.get("Content-Length")
            if length is not None and len(length) < around.digits and "Content-Encoding" not in headers:
                body = await response.read()
                if around.reporter is not None:
                    exchange.answered(status, len(body))
                secrets = around.sender.secrets_with(token)
                reply = Reply(status, headers, body, exchange.call, around.name, secrets)
        if reply is None:
            reply = await _read(response, exchange, token)
        try:
            return self._decode(reply)
        except DecodeError as error:
            raise exchange.undecodable(error, status, reply) from None


class _Probing:
    """Reads whatever comes."""

    stream = False

    async def __call__(
        self, response: aiohttp.ClientResponse, exchange: Exchange[Reply[None]], token: Token | None
    ) -> Reply[None]:
        if 200 <= response.status < 300:
            return await _read(response, exchange, token)
        ended = await _refused(response, exchange, token)
        if exchange.repeats(ended):
            raise ended
        assert ended.reply is not None
        return ended.reply


class _Opening:
    """Leaves a success open."""

    stream = True

    async def __call__(
        self, response: aiohttp.ClientResponse, exchange: Exchange[StreamedReply], token: Token | None
    ) -> StreamedReply:
        status = response.status
        if status < 200 or status >= 300:
            raise await _refused(response, exchange, token)
        exchange.answered(status, -1)
        error = _partial(response, exchange) or foreign_answer(
            exchange.call, status, response.headers, exchange.around.name
        )
        if error is not None:
            response.close()
            raise exchange.undecodable(error, status)
        return StreamedReply(response, exchange.call, exchange.around.name)


async def _read(response: aiohttp.ClientResponse, exchange: Exchange[Any], token: Token | None) -> Reply[None]:
    """The whole answer of a success."""
    around, call, status = exchange.around, exchange.call, response.status
    error = _partial(response, exchange)
    if error is None:
        try:
            body = await read_body(response, around.max_body)
        except TooMuch:
            error = BodyTooLarge(f"the answer is larger than max_body={around.max_body} bytes", limit=around.max_body)
        except CodingError as odd:
            error = DecodeError(str(odd), incomplete=odd.incomplete)
    if error is not None:
        response.close()
        raise exchange.undecodable(error, status) from None
    exchange.answered(status, len(body))
    reply: Reply[None] = Reply(status, response.headers, body, call, around.name, around.sender.secrets_with(token))
    if len(body) >= SMALL and _is_json(reply):
        await _parse(reply, exchange)
    return reply


def _is_json(reply: Reply[None]) -> bool:
    """True where somebody will read the body as JSON."""
    due = reply.call.media_types
    return "json" in reply.content_type if not due else any("json" in media for media in due)


async def _parse(reply: Reply[None], exchange: Exchange[Any]) -> None:
    """Parse a large body in steps, one body of the pool at a time, so that no other appliance waits for it.

    Raises:
        Ended: it is no JSON, or would become more than the limit of bodies lets through.
    """
    from .._operation.large_json import CannotBeCut, TooManyValues, read_in_steps  # few answers are so large

    most = exchange.around.max_body * _VALUES_SHARE
    steps = read_in_steps(reply.body, reply.headers.get("Content-Type", ""), most)
    async with exchange.around.sender.pool.parsing():
        try:
            while True:
                next(steps)
                await asyncio.sleep(0)
        except StopIteration as end:
            reply.parsed = end.value
            return
        except TooManyValues:
            text = f"the answer would become more than {_VALUES_SHARE} times max_body={exchange.around.max_body} bytes"
            error: DecodeError = BodyTooLarge(text, limit=most)
        except CannotBeCut:
            text = "the answer is no whole JSON, or one value of it is too large to be read while other appliances wait"
            error = BodyTooLarge(text, limit=most)
        except JsonError as odd:
            error = reply.no_json(str(odd), incomplete=odd.incomplete)
    raise exchange.undecodable(error, reply.status, reply)


async def _refused(response: aiohttp.ClientResponse, exchange: Exchange[Any], token: Token | None) -> Ended:
    """The end of an attempt whose answer is no success. No more than the start of its body is read."""
    call = exchange.call
    body = await read_start(response, ERROR_BODY)
    exchange.answered(response.status, len(body))
    sent = secrets_in(call.body) if isinstance(call.body, bytes) else ()
    secrets = HiddenTuple((*call.secrets, *exchange.around.sender.secrets_with(token), *sent))
    reply: Reply[None] = Reply(response.status, response.headers, body, call, exchange.around.name, secrets)
    return Ended(Answered(reply.status, retry_after(reply), is_passing(reply)), reply=reply)


def _partial(response: aiohttp.ClientResponse, exchange: Exchange[Any]) -> DecodeError | None:
    """The error for a part of an answer that nobody asked for."""
    if response.status != 206 or any(name.lower() == "range" for name in exchange.call.headers or ()):
        return None
    return DecodeError("a part of the answer came (206), and nobody asked for one")
