"""The one place that relies on aiohttp's insides. What it relies on is checked when it is loaded.

Public API of aiohttp is used elsewhere too. What stands here has no public form: not repeating PUT and DELETE,
connections that outlive broken answers unharmed, and errors without the headers that their frames hold.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import re
import socket
import ssl
from contextlib import suppress
from functools import partial
from itertools import chain
from types import TracebackType
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong
from multidict import CIMultiDict

from .._text import neutral
from ..errors import Step

# Where aiohttp begins to quote what it could not read, as a text and within the repr of one.
_QUOTED = r"""\n\n|\\n\\n|:\s+b\\*['"]"""
_LONGEST_TEXT = 200

_MOST_INTERIM = 20
# Bytes that one read of a connection without TLS may give. asyncio asks for 256 KiB, and glibc maps and unmaps a block
# of 128 KiB or more for each read: up to a fifth of the CPU of a small call, and more of a large one.
_READ = 120 << 10
# Bytes that are parsed at once, and line ends in one read from which on that matters.
_SLICE = 1 << 14
_MOST_LINES = 1000

HEADER_LIMIT = 65536
"""Bytes that one header of an answer may have."""
HEADER_COUNT = 1000
"""Headers that an answer may have."""


def check(
    session: type[aiohttp.ClientSession] = aiohttp.ClientSession,
    connector: type[aiohttp.BaseConnector] = aiohttp.BaseConnector,
    handler: type[ResponseHandler] = ResponseHandler,
    request: type[aiohttp.ClientRequest] = aiohttp.ClientRequest,
) -> None:
    """See that this release of aiohttp still has what this module relies on.

    Raises:
        ImportError: it has not: PUT and DELETE could be sent twice, or answers be mixed up.
    """
    missing: list[str] = []
    if "_retry_connection" not in _names(session, "_request"):
        missing.append("ClientSession._retry_connection")
    if "_prepare_headers" not in _names(session, "_request"):
        missing.append("ClientSession._prepare_headers")
    if "update_headers" not in _names(request, "__init__"):
        missing.append("ClientRequest.update_headers")
    if "_factory" not in _names(connector, "__init__"):
        missing.append("BaseConnector._factory")
    if "_conns" not in _names(connector, "__init__"):
        missing.append("BaseConnector._conns")
    methods = ("feed_data", "set_exception", "eof_received", "data_received")
    missing += [f"ResponseHandler.{name}" for name in methods if not callable(getattr(handler, name, None))]
    used = _names(handler, "set_exception", "__init__", "data_received")
    missing += [f"ResponseHandler.{name}" for name in ("_payload", "_loop", "_parser") if name not in used]
    if "_reading_paused" not in _names(handler, "pause_reading", "resume_reading"):
        missing.append("ResponseHandler._reading_paused")
    options = inspect.signature(session.__init__).parameters
    missing += [
        f"ClientSession({name}=)"
        for name in ("auto_decompress", "max_line_size", "max_field_size", "max_headers")
        if name not in options
    ]
    if missing:
        raise ImportError(
            f"veeam_async does not work with aiohttp {aiohttp.__version__}, which lacks {', '.join(missing)}: "
            "install a release within the bounds that veeam-async declares"
        )


def _names(cls: type, *methods: str) -> set[str]:
    """Names of attributes that methods of a class, or those it inherits from, use."""
    names: set[str] = set()
    for base in cls.__mro__:
        for method in methods:
            code = getattr(base.__dict__.get(method), "__code__", None)
            if code is not None:
                names.update(code.co_names)
    return names


def _few_lines(data: bytes) -> bool:
    """Whether there are at most so many line ends in what was read that parsing it at once takes no time."""
    # Looking for one byte is far faster than counting pairs, and most JSON has no line end.
    return b"\n" not in data or data.count(b"\r\n") <= _MOST_LINES


class _Connection(ResponseHandler):
    """A connection as aiohttp has it, which broken and hostile answers do not get the better of.

    An answer that stops making sense within its body (a wrong chunk) closes the connection, but aiohttp wakes only
    who waits for a head, and stops all timers: who waits for the rest of the body would do so for ever.
    An answer that nobody asked for, sent behind another one, would be taken for the answer to the next request.
    Interim answers (`100 Continue`) without end would never let go of the event loop, and a body in chunks of a byte
    would for the tenth of a second that parsing one read of it takes.
    """

    _served: object = None
    _interim = 0
    _rest = b""

    def connection_made(self, transport: Any) -> None:
        if hasattr(transport, "max_size"):
            transport.max_size = _READ
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._rest:
            self._rest += data
        elif len(data) <= _SLICE or _few_lines(data):
            ResponseHandler.data_received(self, data)
        else:
            self._rest = data
            self._next_slice()

    def _next_slice(self) -> None:
        """Parse some of what came, and the rest of it when others had their turn."""
        transport = self.transport
        if transport is None:
            self._rest = b""
            return
        data, self._rest = self._rest[:_SLICE], self._rest[_SLICE:]
        super().data_received(data)
        if self._rest:
            transport.pause_reading()
            self._loop.call_soon(self._next_slice)
        elif not self._reading_paused:
            transport.resume_reading()

    def eof_received(self) -> None:
        payload = self._payload
        if payload is not None and not payload.is_eof() and _cut_within_tls(self.transport):
            # The end of the connection is to be the end of the body: only TLS can say that nobody cut it.
            payload.set_exception(aiohttp.ClientPayloadError("TLS was cut before the end of the body"))
        super().eof_received()

    def feed_data(self, data: Any, size: int = 0) -> None:
        # Each request has a parser of its own.
        if self._parser is self._served:
            if self.transport is not None:
                self.transport.close()
            return
        if 100 <= data[0].code < 200:
            self._interim += 1
            if self._interim > _MOST_INTERIM:
                # Who waits for the answer closes the connection, and so does what else comes by then.
                self._served = self._parser
                self.set_exception(aiohttp.ClientPayloadError(f"more than {_MOST_INTERIM} interim answers"))
                return
        else:
            self._served = self._parser
            self._interim = 0
        ResponseHandler.feed_data(self, data, size)

    def set_exception(self, exc: Any, exc_cause: BaseException | None = None) -> None:
        payload = self._payload
        cause: tuple[Any, ...] = () if exc_cause is None else (exc_cause,)
        super().set_exception(exc, *cause)
        if payload is not None and not payload.is_eof() and payload.exception() is None:
            if not isinstance(exc, TimeoutError):
                exc = aiohttp.ClientPayloadError(f"the rest of the body makes no sense: {exc}")
            payload.set_exception(exc, *cause)
            # Once more when a reader that the piece before woke waits again: it does not look at this by itself.
            self._loop.call_soon(payload.set_exception, exc)


def _cut_within_tls(transport: asyncio.BaseTransport | None) -> bool:
    """True where the other side ended a TLS connection without saying so (close_notify)."""
    tls = None if transport is None else transport.get_extra_info("ssl_object")
    if not isinstance(tls, ssl.SSLObject):
        return False
    try:
        return tls.read() != b""
    except ssl.SSLError:
        return True


def new_session(lender: aiohttp.ClientSession | None = None, **connector_options: Any) -> aiohttp.ClientSession:
    """A session for the running loop that sends nothing twice and nothing that nobody asked for.

    Args:
        lender: a session whose connections and trace configurations are used instead of own ones. They stay its own.
        **connector_options: for own connections.
    """
    connector: Any
    if lender is not None:
        connector = lender.connector
    else:
        connector = aiohttp.TCPConnector(**connector_options)
        connector._factory = partial(_Connection, loop=asyncio.get_running_loop())
    session = aiohttp.ClientSession(
        connector=connector,
        connector_owner=lender is None,
        trace_configs=lender.trace_configs if lender is not None else None,
        # Appliances do not use cookies; a jar would cost a lookup for each call.
        cookie_jar=aiohttp.DummyCookieJar(),
        # `coding` unpacks, to the end of each stream.
        auto_decompress=False,
        max_line_size=HEADER_LIMIT,
        max_field_size=HEADER_LIMIT,
        max_headers=HEADER_COUNT,
        request_class=_Request,
    )
    # aiohttp repeats PUT and DELETE by itself when a kept connection breaks. They may have been carried out by then,
    # so repeating is decided by `decide` alone.
    session._retry_connection = False
    # The session has no headers of its own to add.
    object.__setattr__(session, "_prepare_headers", _as_given)
    return session


class _Request(aiohttp.ClientRequest):
    """A request that brings all its headers: adding them one by one costs a thirtieth of a small call."""

    def update_headers(self, headers: Any) -> None:
        self.headers = CIMultiDict(headers)


def _as_given(headers: Any) -> Any:
    return headers or CIMultiDict()


def abandon(session: aiohttp.ClientSession) -> None:
    """Drop a session whose event loop has ended, and hang up: none of its transports can close itself any more."""
    connector: Any = session.connector
    session.detach()
    connections, connector._conns = connector._conns, {}
    for protocol, _ in chain.from_iterable(connections.values()):
        if protocol.transport is not None:
            # The file descriptor goes with the transport, when the collector comes by. uvloop, which has no such
            # method (TypeError), closed it with the loop.
            with suppress(OSError, TypeError):
                protocol.transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)


def bare(error: BaseException) -> BaseException:
    """The error without its traceback, nor those of what led to it: their frames hold headers with the token.

    Nor do their texts keep the bytes that aiohttp could not read: they may be the answer to a login. What is left can
    be pickled.
    """
    for link in _links(error):
        link.__traceback__ = None
        link.args = tuple(brief(part) if isinstance(part, str) else part for part in link.args)
        if isinstance(link, aiohttp.ServerDisconnectedError):
            # It carries the head of the answer as far as that came.
            link.message = "Server disconnected"
            link.args = (link.message,)
        if isinstance(link, (aiohttp.ClientResponseError, HttpProcessingError)):
            link.message = brief(link.message)
            link.headers = None
        if isinstance(link, aiohttp.ClientResponseError):
            # Its repr shows the headers of the request, the token among them.
            about: Any = link.request_info
            link.request_info, link.history = about._replace(headers={}), ()
            link.args = (link.request_info, link.history)
        if isinstance(link, aiohttp.ClientConnectorError) and not isinstance(link._conn_key.ssl, bool):
            # An SSL context cannot be pickled, and Dask pickles causes as well.
            link._conn_key = link._conn_key._replace(ssl=True)
            link.args = (link._conn_key, *link.args[1:])
    return error


def brief(text: str) -> str:
    """One line of an error's text, without the bytes of an answer that aiohttp quotes behind it."""
    return " ".join(neutral(re.split(_QUOTED, text)[0]).split())[:_LONGEST_TEXT]


def os_text(error: BaseException) -> str:
    """What the system, or aiohttp, says of an error, in one line."""
    inner = getattr(error, "os_error", None) or error
    # The status of what is no HTTP is aiohttp's own, not the server's.
    text = inner.message if isinstance(inner, aiohttp.ClientResponseError) else ""
    text = text or str(getattr(inner, "strerror", None) or inner)
    number = getattr(inner, "errno", None)
    if number and text.startswith("Connect call failed"):  # asyncio's words for what the system says shorter
        text = os.strerror(number)
    return brief(text).rstrip(":") or type(error).__name__


def header_limit(error: BaseException) -> str | None:
    """Which limit on headers an answer broke, in words; None where it broke none."""
    for link in _links(error):
        if isinstance(link, LineTooLong):
            return f"a header of the answer is longer than {HEADER_LIMIT} bytes"
        if isinstance(link, HttpProcessingError) and link.message.startswith("Too many headers"):
            return f"the answer has more than {HEADER_COUNT} headers"
    return None


# Functions that are at work when the time for connecting ends, outermost first, and the step that each stands for.
_AT_WORK: dict[str, Step] = {
    "_create_connection": "connect",
    "_resolve_host": "name",
    "_resolve_host_with_throttle": "name",
    "start_connection": "connect",
    "_create_proxy_connection": "proxy",
    "create_connection": "tls",
}


def interrupted_step(error: BaseException, *, tls: bool) -> Step | None:
    """In which step connecting was when its time ended, by the frames of the error; None where it was over."""
    step: Step | None = None
    for link in _links(error):
        for name in _functions(link.__traceback__):
            step = _AT_WORK.get(name) or step
    return step if step != "tls" or tls else "connect"


def _links(error: BaseException) -> list[BaseException]:
    """An error and all that led to it, each once: causes and contexts, which may go in a circle."""
    links, known = [error], {id(error)}
    for link in links:
        for one in (link.__cause__, link.__context__):
            if one is not None and id(one) not in known:
                known.add(id(one))
                links.append(one)
    return links


def _functions(trace: TracebackType | None) -> list[str]:
    names = []
    while trace is not None:
        names.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    return names


def name_does_not_exist(error: BaseException) -> bool:
    """True where the name has no address, which asking again does not change."""
    inner = getattr(error, "os_error", None)
    return isinstance(inner, OSError) and inner.errno in (socket.EAI_NONAME, _NO_DATA)


_NO_DATA = getattr(socket, "EAI_NODATA", socket.EAI_NONAME)

check()
