"""Content codings, read to the end of their stream: a body that is cut, however well its connection ended, is an error.

aiohttp's own decoding takes the first member of a gzip body for all of it and does not look for the trailer.
"""

from __future__ import annotations

import zlib
from typing import Protocol

# What is asked for. Brotli is read where it comes unasked and the library is there.
ACCEPTED = "gzip, deflate"
_STEP = 1 << 20
_MOST_CODINGS = 3


class CodingError(Exception):
    """A body is not what its Content-Encoding says.

    Attributes:
        incomplete: True where it ends before its stream does.
    """

    def __init__(self, message: str, *, incomplete: bool = False) -> None:
        super().__init__(message)
        self.incomplete = incomplete


class TooMuch(Exception):
    """A body unpacks to more than its limit."""


class Decoder(Protocol):
    """Unpacks one content coding."""

    def feed(self, data: bytes) -> None:
        """Give it more of what came."""

    def take(self, most: int) -> bytes:
        """Up to `most` unpacked bytes; empty where it needs more."""
        ...

    def finish(self) -> None:
        """Say that nothing more comes.

        Raises:
            CodingError: the stream has not ended.
        """


# Each member takes time of its own: many that give nothing would hold the loop.
_MOST_SMALL_MEMBERS = 1000
_SMALL_MEMBER = 1024
# zlib copies what follows a member: of a whole body that would take the interpreter's lock for long.
_AT_ONCE = 1 << 16


class _Zlib:
    """gzip with all its members, or deflate with or without its zlib wrapper."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._gzip = name == "gzip"
        self._stream: zlib._Decompress | None = zlib.decompressobj(31) if self._gzip else None
        self._pending = b""
        # Where in it the next byte is.
        self._at = 0
        self._begun = self._ended = False
        # Bytes of the present member.
        self._size = 0
        # How many members were next to nothing.
        self._small = 0

    def feed(self, data: bytes) -> None:
        self._pending = self._pending[self._at :] + data
        self._at = 0

    def take(self, most: int) -> bytes:
        while self._at < len(self._pending):
            packed = self._pending[self._at : self._at + _AT_ONCE]
            if self._ended:
                if not self._gzip:
                    raise CodingError(f"more bytes follow the end of the {self._name} stream")
                member = packed.lstrip(b"\0")  # padding, as gzip itself takes it
                self._at += len(packed) - len(member)
                if not member:
                    continue
                packed = member
                self._small += self._size < _SMALL_MEMBER
                if self._small > _MOST_SMALL_MEMBERS:
                    raise CodingError(
                        f"the body has more than {_MOST_SMALL_MEMBERS} gzip members with next to nothing in them"
                    )
                self._size = 0
                self._stream = zlib.decompressobj(31)
            if self._stream is None:
                if len(packed) < 2:
                    break
                wrapped = packed[0] & 15 == 8 and (packed[0] << 8 | packed[1]) % 31 == 0
                self._stream = zlib.decompressobj(15 if wrapped else -15)
            try:
                piece = self._stream.decompress(packed, most)
            except zlib.error as error:
                raise CodingError(f"the body is announced as {self._name} and is not: {error}") from None
            self._begun = True
            self._ended = self._stream.eof
            self._at += len(packed) - len(self._stream.unused_data if self._ended else self._stream.unconsumed_tail)
            if piece:
                self._size += len(piece)
                return piece
        return b""

    def finish(self) -> None:
        if self._at < len(self._pending) and not self._begun:
            raise CodingError(f"the body is announced as {self._name} and is not")
        if self._begun and not self._ended:
            raise CodingError(f"the {self._name} stream ends before its trailer", incomplete=True)


class _Brotli:
    """Brotli, by the library that is there."""

    def __init__(self) -> None:
        try:
            import brotli  # type: ignore[import-not-found,unused-ignore]
        except ImportError:
            raise CodingError(
                "the body is in the content coding br, which nobody asked for and the library brotli would read"
            ) from None
        self._error: type[Exception] = brotli.error
        self._stream = brotli.Decompressor()
        self._pending = b""
        self._begun = False

    def feed(self, data: bytes) -> None:
        self._pending += data

    def take(self, most: int) -> bytes:
        data, self._pending = self._pending, b""
        if not data and not self._begun:
            return b""
        self._begun = True
        try:
            if data and self._stream.is_finished():
                raise CodingError("more bytes follow the end of the br stream")
            # Without its bound on the output the library is not used: a body must not unpack without limit.
            piece: bytes = self._stream.process(data, output_buffer_limit=most)
        except TypeError:
            raise CodingError("the library brotli is too old to be bounded: brotli>=1.2 reads br") from None
        except self._error:
            raise CodingError("the body is announced as br and is not") from None
        return piece

    def finish(self) -> None:
        if self._begun and not self._stream.is_finished():
            raise CodingError("the br stream ends early", incomplete=True)


def decoders_for(header: str) -> list[Decoder]:
    """What unpacks a body with this Content-Encoding, outermost coding first; empty where it is not packed.

    Raises:
        CodingError: nothing here reads it.
    """
    names = [name for part in header.split(",") if (name := part.strip().lower()) not in ("", "identity")]
    if len(names) > _MOST_CODINGS:
        raise CodingError(f"the body is packed {len(names)} times")
    decoders: list[Decoder] = []
    for name in reversed(names):
        if name in ("gzip", "x-gzip"):
            decoders.append(_Zlib("gzip"))
        elif name == "deflate":
            decoders.append(_Zlib("deflate"))
        elif name == "br":
            decoders.append(_Brotli())
        else:
            raise CodingError(f"the body is in the content coding {name[:40]!r}, which nobody asked for")
    return decoders


class Unpacking:
    """A body that goes through its decoders.

    Args:
        header: its Content-Encoding.

    Raises:
        CodingError: nothing here reads it.
    """

    def __init__(self, header: str) -> None:
        self._decoders = decoders_for(header)

    @property
    def packed(self) -> bool:
        return bool(self._decoders)

    def feed(self, data: bytes) -> None:
        self._decoders[0].feed(data)

    def take(self, most: int = _STEP) -> bytes:
        """Up to `most` bytes; empty where more must be fed."""
        last = len(self._decoders) - 1
        while True:
            piece = self._decoders[last].take(most)
            if piece:
                return piece
            for place in reversed(range(last)):
                piece = self._decoders[place].take(most)
                if piece:
                    self._decoders[place + 1].feed(piece)
                    break
            else:
                return b""

    def finish(self) -> None:
        """Say that nothing more comes.

        Raises:
            CodingError: a stream has not ended.
        """
        for decoder in self._decoders:
            decoder.finish()
