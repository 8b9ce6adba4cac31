"""Downloads: `await` gives the whole body, `to_file()` puts it into a file, `stream()` gives it piece by piece.

A file appears whole or not at all: it is written beside its place and renamed when its length and, where the server
gives one, its checksum are right. File access runs in threads, so that a slow disk holds up nothing.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import inspect
import io
import os
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

from ._operation.request import Request
from ._operation.stream import ByteStream
from .errors import BodyTooLarge, DecodeError, VeeamError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

# Large enough that the hop into a thread costs little beside the write, small enough to hold for many downloads.
_BLOCK: Final = 1 << 20

DownloadProgress: TypeAlias = Callable[[int, int | None], object]
"""Called with the bytes received so far and the size, or None where the server does not say. May be a coroutine
function."""


class Download(Request[T_co]):
    """A request whose answer is a file. `await` reads it whole, up to the client's `max_body` bytes."""

    __slots__ = ()

    async def to_file(
        self,
        path: str | os.PathLike[str],
        *,
        progress: DownloadProgress | None = None,
        max_size: int | None = None,
    ) -> int:
        """Send it and put its answer into a file, whole or not at all.

        Args:
            path: where the file goes. An older file there is replaced only by a whole one.
            progress: called with the bytes written and the size (or None) after each block of a mebibyte and at
                the end; a plain function or a coroutine function. What it raises ends the download.
            max_size: most bytes to take, or None.

        Returns:
            The size of the file in bytes.

        Raises:
            OSError: the file cannot be written.
            BodyTooLarge: there is more than `max_size`.
            VeeamError: there is no answer, or not all of it.
        """
        async with self.stream() as body:
            return await body.save(path, progress=progress, max_size=max_size)

    def stream(self) -> AbstractAsyncContextManager[StreamedBody]:
        """Send it and read its body as you ask for it: `async with request.stream() as body`.

        Leaving closes the connection if the body was not read to its end.
        """
        self._use()
        return self._opened()

    @contextlib.asynccontextmanager
    async def _opened(self) -> AsyncIterator[StreamedBody]:
        stream = await self._sender.open(self._operation, self._values, self._body, self._options)
        try:
            yield StreamedBody(stream)
        finally:
            stream.close()


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


class StreamedBody:
    """The body of an open download. It is read once: by `chunks()`, by `read()` or by `save()`.

    Attributes:
        headers: the answer's headers, case-insensitive.
        status: the HTTP status.
        size: the size in bytes, or None where the server does not say.
        content_type: the media type of the answer.
        filename: the name that the server gives the file, without any folder, or None.
        received: bytes that came so far.
    """

    def __init__(self, reply: ByteStream) -> None:
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
        while chunk := await self._reply.read():
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
                    await _report(progress, written, self.size)
            if block or not written:
                written += await _off_loop(_write_all, file, block)
                await _report(progress, written, self.size)
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


async def _report(progress: DownloadProgress | None, received: int, total: int | None) -> None:
    if progress is not None:
        awaitable = progress(received, total)
        if inspect.isawaitable(awaitable):
            await awaitable
