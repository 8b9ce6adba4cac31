"""One call from here to an answer: token, time limits, repeats, redirects, the size of bodies, events."""

from __future__ import annotations

import asyncio
import copy
import logging
from collections.abc import Awaitable, Mapping
from functools import lru_cache
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import quote, urljoin

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from ._http.origin import Origin
from ._http.tls_context import context_for, ready_context
from .aiohttp_errors import bare, os_text, tls_error
from .errors import BodyTooLarge, ConnectError, RequestTimeout, TlsError, UnsafeOriginError, VeeamError
from .reply import Reply, read_error
from .retry import SAFE_STATUSES, UNCERTAIN_STATUSES, RetryBudget, RetryPolicy, parse_retry_after
from .timeouts import Timeouts, deadline_at
from .tls import TlsPolicy

if TYPE_CHECKING:
    from ._http.proxy import Proxy
    from .events import Listener
    from .pool import Pool
    from .streaming import Outgoing
    from .tokens import Token, Tokens

T = TypeVar("T")

_log = logging.getLogger("veeam_async.transport")

_FOREVER = float("inf")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
# Connecting ends a little before the limit of the whole call does, so that one knows that nothing was sent.
_CONNECT_SHARE = 0.95


class BodyMaker(Protocol):
    """Makes a body anew for each attempt.

    Attributes:
        replayable: False where that is possible only once.
    """

    replayable: bool

    def __call__(self) -> Outgoing: ...


class Call:
    """What is to be sent, whatever happens on the way.

    Attributes:
        method, path: as sent; the path has its query and is percent-encoded.
        label: the operationId, or method and path, for errors, logs and events.
        accept: the Accept header.
        safe: True where it only reads.
        headers: further headers.
        data: the body as bytes, a function that makes it anew for each attempt, or None.
        stream: True where the open response is wanted.
        tolerant: True where error answers are wanted as they are, after the repeats.
        secrets: masked in errors; a call that has some gets more, so that nothing of its answer is shown.
    """

    __slots__ = ("accept", "data", "headers", "label", "method", "path", "safe", "secrets", "stream", "tolerant")

    def __init__(
        self,
        method: str,
        path: str,
        label: str,
        accept: str = "application/json",
        *,
        safe: bool,
        headers: Mapping[str, str] | None = None,
        data: bytes | BodyMaker | None = None,
        stream: bool = False,
        tolerant: bool = False,
        secrets: tuple[str, ...] = (),
    ) -> None:
        self.method = method
        self.path = path
        self.label = label
        self.accept = accept
        self.safe = safe
        self.headers = headers
        self.data = data
        self.stream = stream
        self.tolerant = tolerant
        self.secrets = secrets


class _Failed(Exception):
    """An attempt without an answer.

    Attributes:
        error: what the caller will see if there is no further attempt.
        sent: False where surely nothing was carried out.
        repeatable: False where sending again cannot help.
        accepted: True where a success status came before it failed.
    """

    def __init__(self, error: VeeamError, *, sent: bool, repeatable: bool = True, accepted: bool = False) -> None:
        self.error = error
        self.sent = sent
        self.repeatable = repeatable
        self.accepted = accepted


class Transport:
    """Sends calls to one appliance."""

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
    ) -> None:
        self.origin = origin
        self.name = name
        self.pool = pool
        self.tls = tls
        self.timeouts = timeouts
        self.retry = retry
        self.budget = RetryBudget(retry.budget)
        self.max_body = max_body
        self.proxy = proxy
        self.events = events
        self._aim(f"{origin.scheme}://{origin.authority}")
        self._fixed_headers = dict(headers)
        if proxy is not None and proxy.headers is not None and origin.scheme == "http":
            # There is no CONNECT to carry them: the request itself goes to the proxy.
            self._fixed_headers.update(proxy.headers)
        self._plain: dict[str, CIMultiDict[str]] = {}
        self._ssl: Any = None if origin.scheme == "https" else True
        self._limits, self._stream_limits = _limits_of(timeouts)

    def _aim(self, base: str) -> None:
        self._base = base
        self._scheme, _, self._authority = base.partition("://")

    # ---------------------------------------------------------------------------------------------------- the loop

    async def exchange(self, call: Call, tokens: Tokens | None = None) -> Any:
        """Send a call until there is an answer that stands.

        Returns:
            A `Reply`, or the open `aiohttp.ClientResponse` for a stream.

        Raises:
            ApiError: the answer has an error status.
            VeeamError: there is no answer.
        """
        started = monotonic()
        total = self.timeouts.total
        until = _FOREVER if total is None else started + total
        limit = "total"
        deadline = deadline_at()
        if deadline is not None and deadline < until:
            until, limit = deadline, "deadline"
            if deadline <= started:
                raise self._late(call, limit, started)
        attempt = 1
        renewed = relogged = False
        hops = 0
        token: Token | None = None
        while True:
            if tokens is not None:
                token = tokens.usable()
                if token is None:
                    token = await self._bounded(tokens.obtain(), call, until, limit, started)
            retry_after: float | None = None
            try:
                if call.stream:
                    answer: Any = await self._open(call, token, attempt, until, limit, started)
                else:
                    answer = await self._fetch(call, token, attempt, until, limit, started)
            except _Failed as failed:
                error, status = failed.error, None
                again = failed.repeatable and (not failed.sent or self._repeatable(call))
                error.outcome_unknown = failed.sent and not call.safe and not failed.accepted
                cause = failed.__cause__
            else:
                status = answer.status
                if status < 300:
                    if not self.budget.full:
                        self.budget.succeeded()
                    if token is not None:
                        token.proved = True
                    return answer
                if token is not None and status not in (401, 403):
                    token.proved = True
                if tokens is not None and token is not None and _replayable(call):
                    if status == 401 and not renewed:
                        renewed = True
                        _log.debug("%s: %s: 401, renewing the token", self.name, call.label)
                        await self._bounded(tokens.replace(token), call, until, limit, started)
                        continue
                    if status == 403 and not relogged and token.source == "refresh" and not token.proved:
                        relogged = True
                        _log.debug("%s: %s: 403 with a token that never served, logging in", self.name, call.label)
                        await self._bounded(tokens.relogin(token), call, until, limit, started)
                        continue
                if status in _REDIRECTS:
                    call = self._moved(call, answer, hops)
                    hops += 1
                    continue
                if call.tolerant and status not in SAFE_STATUSES:
                    return answer
                retry_after = parse_retry_after(answer.headers.get("Retry-After"))
                again = self._answer_allows(call, status, retry_after)
                unknown = not call.safe and status in UNCERTAIN_STATUSES
                unknown = unknown and not (status == 503 and retry_after is not None)
                error = read_error(answer, secrets=call.secrets, outcome_unknown=unknown)
                cause = None
                if call.tolerant and not again:
                    return answer

            pause = self._pause(call, attempt, retry_after, until) if again else None
            if pause is None:
                if attempt > 1:
                    error.add_note(f"sent {attempt} times in {monotonic() - started:.1f} s")
                raise error from cause
            _log.info("%s: %s: attempt %d failed, again in %.2f s: %s", self.name, call.label, attempt, pause, error)
            if self.events is not None:
                from .events import RequestRetried  # takes a moment, and few clients have a listener

                self.tell(RequestRetried(self.name, call.label, attempt, status, str(error), pause))
            await asyncio.sleep(pause)
            attempt += 1

    def _repeatable(self, call: Call) -> bool:
        return call.safe or self.retry.widened(call.label)

    def _answer_allows(self, call: Call, status: int, retry_after: float | None) -> bool:
        if status not in SAFE_STATUSES:
            return False
        return self._repeatable(call) or status == 429 or (status == 503 and retry_after is not None)

    def _pause(self, call: Call, attempt: int, retry_after: float | None, until: float) -> float | None:
        """Seconds until the next attempt, or None where there is none."""
        policy = self.retry
        if attempt >= policy.attempts or not _replayable(call):
            return None
        if retry_after is not None and retry_after > policy.retry_after_cap:
            return None
        pause = policy.pause(attempt, retry_after)
        if monotonic() + pause >= until:
            return None
        return pause if self.budget.take() else None

    # ------------------------------------------------------------------------------------------------- one attempt

    async def _fetch(
        self, call: Call, token: Token | None, attempt: int, until: float, limit: str, started: float
    ) -> Reply:
        begun = 0.0 if self.events is None else monotonic()
        response = None
        try:
            await self._prepare_tls()
            response = await self._request(call, token, attempt, until, limit, self._limits)
            length = response.content_length
            if length is None or length > self.max_body or "Content-Encoding" in response.headers:
                body = await self._read_bounded(call, response)
            else:
                body = await response.read()
        except (aiohttp.ClientError, OSError, RuntimeError) as error:
            raise await self._translate(error, call, response, until, limit, started) from bare(error)
        if self.events is not None:
            self._tell_answer(call, attempt, response.status, len(body), begun)
        secret = token.access if token is not None else None
        return Reply(response.status, response.headers, body, call.label, self.name, secret, bool(call.secrets))

    async def _open(
        self, call: Call, token: Token | None, attempt: int, until: float, limit: str, started: float
    ) -> Any:
        begun = monotonic()
        response = None
        try:
            async with asyncio.timeout(None if until == _FOREVER else until - begun):
                await self._prepare_tls()
                response = await self._request(call, token, attempt, until, limit, self._stream_limits)
        except (aiohttp.ClientError, OSError, RuntimeError) as error:
            raise await self._translate(error, call, response, until, limit, started) from bare(error)
        if self.events is not None:
            self._tell_answer(call, attempt, response.status, -1, begun)
        if response.status < 300:
            return response
        try:
            body = await self._read_bounded(call, response)
        except (aiohttp.ClientError, OSError) as error:
            raise await self._translate(error, call, response, until, limit, started) from bare(error)
        secret = token.access if token is not None else None
        return Reply(response.status, response.headers, body, call.label, self.name, secret, bool(call.secrets))

    async def _prepare_tls(self) -> None:
        if self._ssl is True:
            return
        proxy = self.proxy
        proxy_host = proxy.url.raw_host if proxy is not None and proxy.url.scheme == "https" else None
        ready = ready_context(self.tls, proxy_host)
        try:
            self._ssl = ready if ready is not None else await context_for(self.tls, proxy_host)
        except TlsError as error:
            error.appliance = self.name
            raise

    def _request(
        self,
        call: Call,
        token: Token | None,
        attempt: int,
        until: float,
        limit: str,
        limits: aiohttp.ClientTimeout,
    ) -> Awaitable[aiohttp.ClientResponse]:
        if attempt > 1 or limit == "deadline":
            limits = self._limits_until(until, limits)
        data: Any = call.data
        extra = call.headers
        if not (data is None or isinstance(data, bytes)):
            outgoing = data()
            data = outgoing.data
            extra = {**(extra or {}), "Content-Type": outgoing.content_type}
            if outgoing.size is not None:
                extra["Content-Length"] = str(outgoing.size)
        path, _, query = call.path.partition("?")
        if self.events is not None:
            from .events import RequestStarted

            self.tell(RequestStarted(self.name, call.label, call.method, path, attempt))
        headers = token.headers.get(call.accept) if token is not None and extra is None else None
        if headers is None:
            headers = self._headers(token, call.accept, extra)
        proxy = self.proxy
        return self.pool.session.request(
            call.method,
            _url(self._scheme, self._authority, path, query),
            headers=headers,
            data=data,
            allow_redirects=False,
            ssl=self._ssl,
            timeout=limits,
            proxy=None if proxy is None else proxy.url,
            proxy_headers=None if proxy is None else proxy.headers,
        )

    def _headers(self, token: Token | None, accept: str, extra: Mapping[str, str] | None) -> CIMultiDict[str]:
        cache = self._plain if token is None else token.headers
        headers: CIMultiDict[str] | None = cache.get(accept)
        if headers is None:
            headers = CIMultiDict(self._fixed_headers)
            headers["Accept"] = accept
            if token is not None:
                headers["Authorization"] = f"Bearer {token.access}"
            cache[accept] = headers
        if extra is not None:
            headers = headers.copy()
            headers.update(extra)
        return headers

    def _limits_until(self, until: float, limits: aiohttp.ClientTimeout) -> aiohttp.ClientTimeout:
        left = max(0.001, until - monotonic())
        connect = limits.sock_connect
        connect = left * _CONNECT_SHARE if connect is None else min(connect, left * _CONNECT_SHARE)
        total: float | None = left
        if limits is self._stream_limits:
            # A stream is read after this; only a deadline bounds that.
            deadline = deadline_at()
            total = None if deadline is None else left
        if until == _FOREVER:
            return limits
        return aiohttp.ClientTimeout(
            total=total, sock_connect=connect, sock_read=limits.sock_read, ceil_threshold=_FOREVER
        )

    async def _read_bounded(self, call: Call, response: aiohttp.ClientResponse) -> bytes:
        """The body, of which no more than `max_body` bytes are ever kept."""
        most = self.max_body
        pieces: list[bytes] = []
        size = 0
        try:
            if response.content_length is not None and response.content_length > most:
                raise self._too_large(call, response)
            while piece := await response.content.readany():
                size += len(piece)
                if size > most:
                    raise self._too_large(call, response)
                pieces.append(piece)
        except BaseException:
            response.close()
            raise
        response.release()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _too_large(self, call: Call, response: aiohttp.ClientResponse) -> BodyTooLarge:
        return BodyTooLarge(
            f"the answer is larger than max_body={self.max_body} bytes",
            status=response.status,
            appliance=self.name,
            operation=call.label,
        )

    # ------------------------------------------------------------------------------------------- what can go wrong

    async def _bounded(self, work: Awaitable[T], call: Call, until: float, limit: str, started: float) -> T:
        """Wait for a token no longer than the call may take."""
        if until == _FOREVER:
            return await work
        try:
            async with asyncio.timeout(until - monotonic()):
                return await work
        except RequestTimeout:
            raise
        except TimeoutError:
            raise self._late(call, limit, started) from None

    def _late(self, call: Call, limit: str, started: float) -> RequestTimeout:
        elapsed = monotonic() - started
        what = "the deadline passed" if limit == "deadline" else "no whole answer in time"
        return RequestTimeout(
            f"{what}: {elapsed:.1f} s ({limit})",
            limit=limit,
            seconds=self.timeouts.total if limit == "total" else None,
            appliance=self.name,
            operation=call.label,
        )

    async def _translate(
        self,
        error: BaseException,
        call: Call,
        response: aiohttp.ClientResponse | None,
        until: float,
        limit: str,
        started: float,
    ) -> _Failed | VeeamError:
        """Our error for one of aiohttp's. Its traceback is left behind: its frames hold headers with the token."""
        where: dict[str, Any] = {"appliance": self.name, "operation": call.label}
        target = f"{self.origin.host} port {self.origin.port}"
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            elapsed = monotonic() - started
            if until - started <= elapsed / _CONNECT_SHARE * 1.01:
                return _Failed(self._late(call, limit, started), sent=False, repeatable=False)
            seconds = self.timeouts.connect
            text = f"no connection to {target} in {seconds} s"
            late = RequestTimeout(text, limit="connect", seconds=seconds, **where)
            return _Failed(late, sent=False)
        if isinstance(error, aiohttp.ServerTimeoutError):
            seconds = self.timeouts.read
            late = RequestTimeout(f"nothing came for {seconds} s", limit="read", seconds=seconds, **where)
            # A listing that is too slow does not get faster by being asked for again.
            return _Failed(late, sent=True, repeatable=False)
        if isinstance(error, TimeoutError) and getattr(error, "errno", None) is None:
            return _Failed(self._late(call, limit, started), sent=True, repeatable=False)
        tls = await tls_error(error, self.origin, proxied=self.proxy is not None, limit=self.timeouts.connect, **where)
        if tls is not None:
            return _Failed(tls, sent=False, repeatable=False)
        if isinstance(error, aiohttp.ClientHttpProxyError):
            text = f"the proxy refuses: {error.status} {error.message}"
            return _Failed(ConnectError(text, **where), sent=False, repeatable=error.status in SAFE_STATUSES)
        if isinstance(error, aiohttp.ClientConnectorDNSError):
            return _Failed(ConnectError(f"cannot resolve {self.origin.host}: {os_text(error)}", **where), sent=False)
        if isinstance(error, aiohttp.ClientConnectorError):  # a proxy that is not there included
            via = f" by way of proxy {self.proxy.shown}" if self.proxy is not None else ""
            return _Failed(ConnectError(f"cannot connect to {target}{via}: {os_text(error)}", **where), sent=False)
        if isinstance(error, aiohttp.InvalidURL):
            return VeeamError(f"{call.path!r} makes no URL", **where)
        if isinstance(error, RuntimeError):
            if self.pool.closed:
                return VeeamError("the client is closed", **where)
            raise error
        if response is not None:
            text = f"the connection broke in the body of an answer {response.status}: {os_text(error)}"
            accepted = response.status < 300 and not call.safe
            if accepted:  # only the body is lost
                text += "; the appliance had accepted the request"
            return _Failed(ConnectError(text, **where), sent=True, accepted=accepted)
        if isinstance(error, aiohttp.ServerDisconnectedError):
            return _Failed(ConnectError("the server closed the connection without an answer", **where), sent=True)
        return _Failed(ConnectError(f"the connection broke: {os_text(error)}", **where), sent=True)

    def _moved(self, call: Call, reply: Reply, hops: int) -> Call:
        """The call at the place that a redirect names, if that is at this origin and the same call.

        Raises:
            UnsafeOriginError: the redirect leads to another origin.
            ApiError: it cannot be followed.
        """
        location = reply.headers.get("Location")
        kept = call.method in ("GET", "HEAD") or reply.status in (307, 308)
        if not location or not kept or not _replayable(call) or hops >= _MOST_REDIRECTS:
            raise read_error(reply)
        try:
            # As it was written: the server knows how it quotes; only what no URL may hold is quoted here.
            joined = urljoin(self._base + call.path, quote(location, safe="%/:=&?~#+!$,;'@()*[]"))
            target = URL(joined, encoded=True)
            same = target.scheme == self.origin.scheme and target.host == self.origin.host
            same = same and target.port == self.origin.port
        except ValueError:
            raise read_error(reply) from None
        if not same:
            raise UnsafeOriginError(
                f"{reply.status}: redirects to another origin, {target.scheme}://{target.authority}, "
                f"which gets nothing of this session; if the appliance is there, make a client for it",
                appliance=self.name,
                operation=call.label,
            )
        moved = copy.copy(call)
        moved.path = target.raw_path_qs
        return moved

    # ------------------------------------------------------------------------------------------------------ events

    def tell(self, event: Any) -> None:
        """Give an event to the listener; what it raises is logged and does no harm."""
        listener = self.events
        if listener is None:
            return
        try:
            listener(event)
        except Exception:
            _log.exception("%s: the events listener failed", self.name)

    def _tell_answer(self, call: Call, attempt: int, status: int, size: int, begun: float) -> None:
        from .events import RequestAnswered

        path = call.path.partition("?")[0]
        elapsed = monotonic() - begun
        self.tell(RequestAnswered(self.name, call.label, call.method, path, attempt, status, size, elapsed))


@lru_cache
def _limits_of(timeouts: Timeouts) -> tuple[aiohttp.ClientTimeout, aiohttp.ClientTimeout]:
    """What aiohttp has to watch over, for answers that are read whole and for streams."""
    connect = timeouts.connect
    if timeouts.total is not None:
        share = timeouts.total * _CONNECT_SHARE
        connect = share if connect is None else min(connect, share)
    # A timer for each piece of an answer costs a twentieth of a small call: none where the total ends it first.
    read = timeouts.read
    if read is not None and timeouts.total is not None and read >= timeouts.total:
        read = None
    whole = aiohttp.ClientTimeout(total=timeouts.total, sock_connect=connect, sock_read=read)
    return whole, aiohttp.ClientTimeout(total=None, sock_connect=connect, sock_read=timeouts.read)


# Pollers ask for the same few URLs; a fleet's do not all fit, and cost less to make than memory to keep.
@lru_cache(256)
def _url(scheme: str, authority: str, path: str, query: str) -> URL:
    # Spares yarl from parsing the origin again.
    return URL.build(scheme=scheme, authority=authority, path=path, query_string=query, encoded=True)


def _replayable(call: Call) -> bool:
    """True where the body can be sent once more."""
    data = call.data
    return data is None or isinstance(data, bytes) or data.replayable
