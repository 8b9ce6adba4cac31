"""What uploads and multipart bodies are made of. Files are read block by block while they are sent."""

from __future__ import annotations

import asyncio
import contextlib
import io
import mimetypes
import os
import threading
from collections.abc import AsyncIterable, AsyncIterator, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeAlias
from uuid import UUID

import aiohttp
import attrs
from aiohttp import hdrs, payload

from ._model import Model, Unset, dumps, encode, fields
from ._operation.call import Outgoing

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter

_BLOCK: Final = 1 << 20


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
        body: a form's model, or wire names and values. `Upload` values become files, text, numbers, timestamps,
            dates and ids become text, and lists repeat the field. Other objects, and lists within lists, are sent as
            JSON. `UNSET` and None are left out.

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
    elif isinstance(value, (str, int, float, date, UUID)):
        part = payload.StringPayload(str(encode(value)))
    elif isinstance(value, (Model, Mapping, list, tuple)):
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
