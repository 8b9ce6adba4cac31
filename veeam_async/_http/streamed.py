"""An answer whose body is read by its caller, piece by piece."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp

from .._operation.call import Call
from .._operation.media import media_type_of
from ..errors import ConnectError, DecodeError, RequestTimeout, Where
from ._aiohttp import bare, os_text
from .coding import CodingError, Unpacking

_PIECE = 1 << 16


class StreamedReply:
    """An open answer with a success status. Close it when its body is read, or no longer wanted.

    Attributes:
        status: the HTTP status.
        headers: case-insensitive.
        content_type: the media type without parameters, lower case; empty where the server says none.
        size: bytes of the body, or None where the server does not say, or it is packed.
        packed: True where the body comes in a content coding: length and checksum are not those of what is read.
        received: bytes that were read so far.
        call: what it answers.
        appliance: the appliance's label.
    """

    def __init__(self, response: aiohttp.ClientResponse, call: Call, appliance: str) -> None:
        self._response = response
        self.call = call
        self.appliance = appliance
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self.content_type = media_type_of(self.headers)
        try:
            self._unpacking = Unpacking(self.headers.get("Content-Encoding", ""))
        except CodingError as error:
            response.close()
            raise self._no_body(str(error), incomplete=False) from None
        self.packed = self._unpacking.packed
        self.size = None if self.packed else response.content_length
        self.received = 0

    def __repr__(self) -> str:
        return f"<StreamedReply {self.status} to {self.call.label} from {self.appliance}, {self.received} bytes read>"

    @property
    def filename(self) -> str | None:
        """The name that the server gives the file, as it came, or None."""
        import warnings

        with warnings.catch_warnings():
            # What makes no sense in the header is no name; aiohttp would warn of each bit of it.
            warnings.simplefilter("ignore")
            disposition = self._response.content_disposition
        return disposition.filename if disposition is not None else None

    async def read(self) -> bytes:
        """The next bytes, up to 64 KiB; empty at the end.

        Raises:
            ConnectError: the connection broke, or less came than was announced.
            RequestTimeout: the server stopped sending.
            DecodeError: the body is not in the content coding that the server names.
        """
        try:
            piece = await self._next()
        except TimeoutError as error:
            raise RequestTimeout(
                f"the download stopped after {self._of_size()}", limit="read", step="body", **self._where()
            ) from bare(error)
        except (aiohttp.ClientError, ConnectionError) as error:
            text = f"the download broke after {self._of_size()}: {os_text(error)}"
            raise ConnectError(text, step="body", **self._where()) from bare(error)
        except CodingError as error:
            raise self._no_body(str(error), incomplete=error.incomplete) from None
        self.received += len(piece)
        if not piece and self.size is not None and self.received != self.size:
            raise ConnectError(f"the download ended after {self._of_size()}", step="body", **self._where())
        return piece

    async def _next(self) -> bytes:
        content = self._response.content
        if not self.packed:
            return await content.read(_PIECE)
        while True:
            piece = self._unpacking.take(_PIECE)
            if piece:
                return piece
            data = await content.read(_PIECE)
            if not data:
                self._unpacking.finish()
                return b""
            self._unpacking.feed(data)

    def close(self) -> None:
        """Give the connection back where the body was read to its end, else close it. May be called twice."""
        self._response.close()  # which leaves the connection alone where the whole body came

    def _of_size(self) -> str:
        return f"{self.received} bytes" if self.size is None else f"{self.received} of {self.size} bytes"

    def _no_body(self, text: str, *, incomplete: bool) -> DecodeError:
        return DecodeError(text, status=self.status, incomplete=incomplete, step="body", **self._where())

    def _where(self) -> Where:
        call = self.call
        return {
            "appliance": self.appliance,
            "operation": call.label,
            "method": call.method,
            "path": call.template,
        }
