"""Downloads that are never wholly in memory, and what uploads and multipart bodies are made of.

A download to a file appears there whole or not at all: it is written beside its place and renamed when its length and,
where the server gives one, its checksum are right. File access runs in threads, so that a slow disk holds up nothing.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import inspect
import io
import mimetypes
import os
import secrets
import threading
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeAlias, TypeVar

import aiohttp
import attrs
from aiohttp import hdrs, payload

from ._http.streamed import StreamedReply
from ._model import UNSET, Model, Unset, dumps, fields
from ._operation.call import Outgoing as Outgoing
from .errors import BodyTooLarge, DecodeError, VeeamError

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter

    from .client import ApplianceClient
    from .operation import Operation

T = TypeVar("T")

# Large enough that the hop into a thread costs little beside the write, small enough to hold for many downloads.
_BLOCK: Final = 1 << 20
_CHUNK: Final = 1 << 16


@attrs.frozen
class NamedFile:
    """A file for a multipart body whose name or type the server should see.

    Attributes:
        content: the bytes, a path, a file open for reading bytes, or an asynchronous iterable of bytes.
        filename: the name that is sent.
        content_type: the media type that is sent; guessed from the name where None.
    """

    content: bytes | os.PathLike[str] | BinaryIO | AsyncIterable[bytes] = attrs.field(repr=False)
    filename: str
    content_type: str | None = None


Upload: TypeAlias = bytes | os.PathLike[str] | BinaryIO | AsyncIterable[bytes] | NamedFile
"""What can be uploaded: bytes, a path, a file open for reading bytes, an asynchronous iterable of bytes, or one of
these with a name. Files are read block by block while they are sent."""

DownloadProgress: TypeAlias = Callable[[int, int | None], object]
"""Called with the bytes received so far and the size, or None where the server does not tell it. May be a coroutine
function."""


async def _off_loop(function: Callable[..., T], *args: Any) -> T:
    """Run in a thread, and be cancelled only when the thread is through: nobody then closes a file under it."""
    work = asyncio.get_running_loop().run_in_executor(None, function, *args)
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        while not work.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait((work,))
        if not work.cancelled():
            work.exception()
        raise


# ---------------------------------------------------------------------------------------------------------- downloads


class _Digest:
    """A checksum that the server announced, and the running one of what came."""

    __slots__ = ("announced", "name", "running")

    def __init__(self, name: str, announced: bytes) -> None:
        self.name = name
        self.announced = announced
        self.running = hashlib.new(name, usedforsecurity=False)


def _announced_digest(headers: Mapping[str, str]) -> _Digest | None:
    """The strongest checksum among Repr-Digest, Content-Digest (RFC 9530), Digest (RFC 3230) and Content-MD5."""
    found: dict[str, bytes] = {}
    for header in ("Repr-Digest", "Content-Digest", "Digest"):
        for part in headers.get(header, "").split(","):
            name, _, value = part.strip().partition("=")
            # A structured field wraps its bytes in colons: sha-256=:...:
            with contextlib.suppress(ValueError):
                found.setdefault(name.strip().lower(), base64.b64decode(value.strip().strip(":"), validate=True))
    with contextlib.suppress(ValueError):
        found.setdefault("md5", base64.b64decode(headers.get("Content-MD5", "").strip(), validate=True))
    for wire, name in (("sha-512", "sha512"), ("sha-256", "sha256"), ("sha", "sha1"), ("md5", "md5")):
        announced = found.get(wire, b"")
        # What is not as long as such a checksum is not one, and proves nothing about the body.
        if len(announced) == hashlib.new(name, usedforsecurity=False).digest_size:
            return _Digest(name, announced)
    return None


class Download:
    """An open download. It is read once: by `chunks()`, by `read()` or by `save()`.

    Attributes:
        headers: the answer's headers, case-insensitive.
        status: the HTTP status.
        size: the size in bytes, or None where the server does not tell it.
        content_type: the media type of the answer.
        filename: the name that the server gives the file, without any folder, or None.
        received: bytes that came so far.
    """

    def __init__(self, reply: StreamedReply) -> None:
        self._reply = reply
        self._read = False
        self.headers: Mapping[str, str] = reply.headers
        self.status = reply.status
        self.content_type = reply.content_type or "application/octet-stream"
        self.size = reply.size
        # A checksum is that of the packed body, which is not seen here.
        self._digest = None if reply.packed else _announced_digest(self.headers)

    @property
    def received(self) -> int:
        return self._reply.received

    @property
    def filename(self) -> str | None:
        name = self._reply.filename
        name = name.encode(errors="replace").decode() if name else None
        # The name comes from the other side: it must not lead anywhere.
        name = name.replace("\\", "/").rpartition("/")[2] if name else None
        return name if name not in ("", ".", "..") else None

    def _where(self) -> dict[str, Any]:
        call = self._reply.call
        return {
            "appliance": self._reply.appliance,
            "operation": call.label,
            "method": call.method,
            "path": call.template,
            "step": "body",
        }

    def _too_large(self, max_size: int) -> BodyTooLarge:
        return BodyTooLarge(
            f"the download is larger than {max_size} bytes", limit=max_size, status=self.status, **self._where()
        )

    async def chunks(self, *, max_size: int | None = None) -> AsyncIterator[bytes]:
        """The body as it comes, in pieces of up to 64 KiB.

        Args:
            max_size: most bytes to take, or None.

        Raises:
            BodyTooLarge: there is more than `max_size`.
            ConnectError: the connection broke, or less came than was announced.
            RequestTimeout: the server stopped sending.
            DecodeError: the checksum that the server gave is not that of what came.
        """
        if self._read:
            raise VeeamError("this download was read already", **self._where())
        self._read = True
        if max_size is not None and self.size is not None and self.size > max_size:
            raise self._too_large(max_size)
        digest = self._digest
        while chunk := await self._reply.read(_CHUNK):
            if max_size is not None and self.received > max_size:
                raise self._too_large(max_size)
            if digest is not None:
                digest.running.update(chunk)
            yield chunk
        if digest is not None and digest.running.digest() != digest.announced:
            raise DecodeError(
                f"the download's {digest.name} is {digest.running.hexdigest()}, "
                f"the server announced {digest.announced.hex()}",
                status=self.status,
                **self._where(),
            )

    async def read(self, *, max_size: int | None = None) -> bytes:
        """The whole body in memory; raises as `chunks()` does."""
        return b"".join([chunk async for chunk in self.chunks(max_size=max_size)])

    async def save(
        self,
        path: str | os.PathLike[str],
        *,
        progress: DownloadProgress | None = None,
        max_size: int | None = None,
    ) -> int:
        """Put the body into a file, whole or not at all.

        Args:
            path: where the file goes. An older file there is replaced only by a whole one.
            progress: called with the bytes written and the size (or None) after each block of a mebibyte and at
                the end; a plain function or a coroutine function. What it raises ends the download.
            max_size: most bytes to take, or None.

        Returns:
            The size of the file in bytes.

        Raises:
            OSError: the file cannot be written.
            VeeamError: as `chunks()`.
        """
        target = Path(path)
        # Beside its place: a rename within one file system is atomic.
        part = target.with_name(f".{target.name}.{secrets.token_hex(6)}.part")
        file: io.FileIO | None = None
        body = self.chunks(max_size=max_size)
        try:
            file = await _open_new(part)
            block = bytearray()
            written = 0
            async for chunk in body:
                block += chunk
                if len(block) >= _BLOCK:
                    written += await _off_loop(_write_all, file, block)
                    block = bytearray()
                    await _tell(progress, written, self.size)
            if block or not written:
                written += await _off_loop(_write_all, file, block)
                await _tell(progress, written, self.size)
            await _off_loop(file.close)
            await _off_loop(os.replace, part, target)
            return written
        finally:
            await body.aclose()  # type: ignore[attr-defined]
            await _off_loop(_discard, file, part)


async def _open_new(part: Path) -> io.FileIO:
    work = asyncio.get_running_loop().run_in_executor(None, io.FileIO, part, "xb")
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        # The thread may open the file after all.
        while not work.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait((work,))
        if not work.cancelled() and work.exception() is None:
            work.result().close()
        raise


def _write_all(file: io.FileIO, block: bytearray) -> int:
    rest = memoryview(block)
    while rest:
        rest = rest[file.write(rest) :]
    return len(block)


def _discard(file: io.FileIO | None, part: Path) -> None:
    if file is not None:
        file.close()
    part.unlink(missing_ok=True)


async def _tell(progress: DownloadProgress | None, received: int, total: int | None) -> None:
    if progress is not None:
        told = progress(received, total)
        if inspect.isawaitable(told):
            await told


class _Recorder:
    """Stands in for a client: an endpoint function given this tells what it would have sent."""

    __slots__ = ("arguments", "client")

    def __init__(self, client: ApplianceClient) -> None:
        self.client = client
        self.arguments: tuple[Operation[Any], Mapping[str, Any], Any] | None = None

    async def execute(self, operation: Operation[Any], values: Mapping[str, Any], body: Any = UNSET) -> Any:
        self.arguments = (operation, values, body)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)


@contextlib.asynccontextmanager
async def _opened(client: ApplianceClient, call: Callable[[Any], Awaitable[Any]]) -> AsyncIterator[Download]:
    recorder = _Recorder(client)
    await call(recorder)
    assert recorder.arguments is not None, "endpoint functions call client.execute"
    operation, values, body = recorder.arguments
    async with client.stream(operation, values, body) as reply:
        yield Download(reply)


def open_download(
    client: ApplianceClient, call: Callable[[Any], Awaitable[Any]]
) -> AbstractAsyncContextManager[Download]:
    """Open the answer of an endpoint function as a `Download`.

    Args:
        client: the client that sends the request.
        call: given something like a client, calls the endpoint function with it.

    Returns:
        An asynchronous context manager. Leaving it closes the connection if the body was not read to its end.
    """
    return _opened(client, call)


# ------------------------------------------------------------------------------------------------------------ uploads


class _BlocksPayload(payload.Payload):
    """A body that is read block by block while it is sent, and can be sent again where its source can be read again."""

    def __init__(self, size: int | None, content_type: str, filename: str | None = None) -> None:
        # aiohttp takes the headers of a multipart part from here.
        super().__init__(None, content_type=content_type, filename=filename)
        self._size = size

    def _blocks(self) -> AsyncIterator[bytes]:
        raise NotImplementedError

    async def write(self, writer: AbstractStreamWriter) -> None:
        await self.write_with_length(writer, None)

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        sent = 0
        blocks = self._blocks()
        try:
            async for block in blocks:
                if content_length is not None and sent + len(block) > content_length:
                    block = block[: content_length - sent]
                sent += len(block)
                await writer.write(block)
                if content_length is not None and sent == content_length:
                    break
        finally:
            await blocks.aclose()  # type: ignore[attr-defined]
        if self._size is not None and sent < self._size:
            # Ending here would leave the server waiting for the rest that Content-Length promised.
            raise OSError(f"the upload's source ended after {sent} of {self._size} bytes")

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        raise TypeError("an upload is not text")


@attrs.frozen
class _FileFrom:
    """An open file, and the place where its upload begins, however often it is sent; None where it cannot go back."""

    file: BinaryIO
    start: int | None
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False, repr=False)

    def read(self, sent: int) -> bytes:
        """The next block, in a thread."""
        if self.start is None:
            return self.file.read(_BLOCK)
        # A read that was given up may still run: seeking and reading are one step, so that it moves nothing.
        with self._lock:
            self.file.seek(self.start + sent)
            return self.file.read(_BLOCK)


class _MemoryPayload(_BlocksPayload):
    def __init__(self, data: bytes, content_type: str, filename: str | None) -> None:
        super().__init__(len(data), content_type, filename)
        self._data = data

    async def _blocks(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._data), _BLOCK):
            yield self._data[start : start + _BLOCK]


class _FilePayload(_BlocksPayload):
    def __init__(self, path: Path, size: int, content_type: str, filename: str | None) -> None:
        super().__init__(size, content_type, filename)
        self._path = path

    async def _blocks(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        # A cancelled upload does not wait for the thread: the file is closed behind it.
        work: asyncio.Future[Any] = loop.run_in_executor(None, self._path.open, "rb")
        try:
            file: BinaryIO = await asyncio.shield(work)
        except asyncio.CancelledError:
            work.add_done_callback(_close_opened)
            raise
        try:
            while True:
                work = loop.run_in_executor(None, file.read, _BLOCK)
                block = await asyncio.shield(work)
                if not block:
                    break
                yield block
        finally:
            work.add_done_callback(lambda done: _close_read(file, done))


def _close_opened(work: asyncio.Future[Any]) -> None:
    if not work.cancelled() and work.exception() is None:
        work.result().close()


def _close_read(file: BinaryIO, work: asyncio.Future[Any]) -> None:
    if not work.cancelled():
        work.exception()
    file.close()


class _OpenFilePayload(_BlocksPayload):
    def __init__(self, source: _FileFrom, size: int | None, content_type: str, filename: str | None) -> None:
        super().__init__(size, content_type, filename)
        self._source = source

    async def _blocks(self) -> AsyncIterator[bytes]:
        sent = 0
        loop = asyncio.get_running_loop()
        while block := await loop.run_in_executor(None, self._source.read, sent):
            sent += len(block)
            yield block


class _IterablePayload(_BlocksPayload):
    def __init__(self, source: AsyncIterable[bytes], content_type: str, filename: str | None) -> None:
        super().__init__(None, content_type, filename)
        self._source = source

    async def _blocks(self) -> AsyncIterator[bytes]:
        async for block in self._source:
            yield block


def _pinned(body: Any) -> Any:
    """The body with its open files pinned to where they stand now."""
    if isinstance(body, NamedFile):
        return attrs.evolve(body, content=_pinned(body.content))
    if isinstance(body, (list, tuple)):
        return [_pinned(one) for one in body]
    if isinstance(body, os.PathLike) or hasattr(body, "__aiter__") or not hasattr(body, "read"):
        return body
    start = None
    # A pipe or a socket cannot go back to any place.
    with contextlib.suppress(OSError, ValueError, AttributeError):
        start = body.tell() if body.seekable() else None
    return _FileFrom(body, start)


class Encoder:
    """Makes a body that is no JSON, anew for each attempt. What cannot be sent is found at once.

    Args:
        body: an `Upload`, or a form's model or dict for `multipart/form-data`.
        media_type: of the whole body.

    Attributes:
        replayable: False where the source can be read only once.

    Raises:
        TypeError, OSError: as `encode_upload` and `encode_multipart`.
    """

    __slots__ = ("_body", "_first", "_media_type", "replayable")

    def __init__(self, body: Any, media_type: str) -> None:
        self._media_type = media_type
        if media_type.startswith("multipart/"):
            self._body: Any = {name: _pinned(value) for name, value in _form_fields(body)}
        else:
            self._body = _pinned(body)
        self._first: Outgoing | None = self._make()
        self.replayable = self._first.replayable

    def __call__(self) -> Outgoing:
        made, self._first = self._first, None
        return self._make() if made is None else made

    def _make(self) -> Outgoing:
        if self._media_type.startswith("multipart/"):
            return encode_multipart(self._body)
        return encode_upload(self._body, self._media_type)


def _encode(body: Any, content_type: str, filename: str | None = None) -> tuple[payload.Payload, bool]:
    if isinstance(body, NamedFile):
        guessed = mimetypes.guess_type(body.filename)[0] if filename is None else None
        return _encode(body.content, body.content_type or guessed or content_type, body.filename)
    if isinstance(body, (bytes, bytearray, memoryview)):
        return _MemoryPayload(bytes(body), content_type, filename), True
    if isinstance(body, os.PathLike):
        path = Path(body)
        return _FilePayload(path, path.stat().st_size, content_type, filename or path.name), True
    if hasattr(body, "__aiter__"):
        return _IterablePayload(body, content_type, filename), False
    source = body if isinstance(body, _FileFrom) else _pinned(body)
    if isinstance(source, _FileFrom):
        file = source.file
        if isinstance(file, io.TextIOBase):
            raise TypeError("an upload's file must be open for reading bytes: open(path, 'rb')")
        size = None
        if source.start is not None:
            size = file.seek(0, os.SEEK_END) - source.start
            file.seek(source.start)
        name = getattr(file, "name", None)
        name = filename or (os.path.basename(name) if isinstance(name, str) else None)
        return _OpenFilePayload(source, size, content_type, name), source.start is not None
    raise TypeError(
        "an upload is bytes, a path, a file open for reading bytes or an asynchronous iterable of bytes, "
        f"not {type(body).__name__}"
    )


def encode_upload(body: Upload, content_type: str = "application/octet-stream") -> Outgoing:
    """A body of bytes, ready to be sent; encode again for each attempt.

    Args:
        body: what to send; a `str` is refused, for it could be a path or the content.
        content_type: the media type to announce.

    Raises:
        TypeError: `body` is none of the things that can be uploaded.
        OSError: the file is not there.
    """
    data, replayable = _encode(body, content_type)
    return Outgoing(data, data.content_type, data.size, replayable)


def encode_multipart(body: Model | Mapping[str, Any]) -> Outgoing:
    """A `multipart/form-data` body, ready to be sent; encode again for each attempt.

    Args:
        body: a form's model, or wire names and values. `Upload` values become files, text and numbers become text,
            lists repeat the field, other objects are sent as JSON. `UNSET` and None are left out.

    Raises:
        TypeError: a value can be none of these.
        OSError: a file is not there.
    """
    writer = aiohttp.MultipartWriter("form-data")
    replayable = True
    for name, value in _form_fields(body):
        for one in value if isinstance(value, (list, tuple)) else (value,):
            if one is None or isinstance(one, Unset):
                continue
            part, again = _encode_part(name, one)
            replayable = replayable and again
            writer.append_payload(part)
    return Outgoing(writer, writer.content_type, writer.size, replayable)


def _form_fields(body: Model | Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(body, Mapping):
        yield from body.items()
        return
    # Not by to_dict(): a file has no JSON form.
    for field in fields(type(body)).values():
        yield field.wire, getattr(body, field.name)
    yield from body.additional_properties.items()


def _encode_part(name: str, value: Any) -> tuple[payload.Payload, bool]:
    part: payload.Payload
    replayable = True
    filename = ""
    if isinstance(value, bool):
        part = payload.StringPayload("true" if value else "false")
    elif isinstance(value, (str, int, float)):
        part = payload.StringPayload(str(getattr(value, "value", value)))
    elif isinstance(value, (Model, Mapping)):
        part = payload.BytesPayload(dumps(value), content_type="application/json")
    else:
        part, replayable = _encode(value, "application/octet-stream")
        # Servers take a part for a file when it has a file name.
        filename = _escaped(part.filename or name)
    disposition = f'form-data; name="{_escaped(name)}"'
    part.headers[hdrs.CONTENT_DISPOSITION] = disposition + (f'; filename="{filename}"' if filename else "")
    return part, replayable


def _escaped(name: str) -> str:
    """As browsers escape names in forms: aiohttp would percent-encode spaces as well, which servers keep."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
