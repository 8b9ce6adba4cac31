"""The page of a scrape, put together from texts that were made, and compressed, when their appliance was polled."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import attrs

from .families import FAMILIES, Family

# Below this a text is compressed with its neighbours: on its own it would not become smaller.
_SMALL = 1024
_CHUNK = 1 << 20
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"
# An empty last block ends the stream.
_GZIP_END = b"\x03\x00"


class Text(NamedTuple):
    """The samples of one appliance and family; `deflated` is empty where they are few."""

    plain: bytes
    deflated: bytes


def deflate(data: bytes) -> bytes:
    """Blocks that can stand anywhere in a stream: they refer to nothing before them, and do not end it."""
    compressor = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush(zlib.Z_FULL_FLUSH)


def texts(lines: Mapping[str, Sequence[str]]) -> dict[str, Text]:
    """Lines by family as texts."""
    made: dict[str, Text] = {}
    for name, samples in lines.items():
        # Half of a surrogate pair, which a server may send, has no place in UTF-8.
        plain = "".join(samples).encode("utf-8", "replace")
        made[name] = Text(plain, deflate(plain) if len(plain) >= _SMALL else b"")
    return made


@attrs.frozen
class Page:
    """The page of some appliances. Nothing in it changes, so that a thread can put it together.

    Attributes:
        appliances: the texts of each.
        histograms: whether durations are shown by bucket.
        openmetrics: whether it is OpenMetrics or the older text format.
        more: further families, already in that format.
    """

    appliances: Sequence[Mapping[str, Text]]
    histograms: bool = False
    openmetrics: bool = False
    more: bytes = b""

    def plain(self) -> Iterator[bytes]:
        """The page in pieces of about a megabyte."""
        waiting: list[bytes] = []
        size = 0
        for plain, _ in self._pieces():
            waiting.append(plain)
            size += len(plain)
            if size > _CHUNK:
                yield b"".join(waiting)
                waiting, size = [], 0
        yield b"".join(waiting)

    def gzipped(self) -> bytes:
        """The whole page, compressed: what was compressed before is only put in its place."""
        out = [_GZIP_HEADER]
        small: list[bytes] = []
        checksum = size = 0

        def flush() -> None:
            nonlocal checksum, size
            data = b"".join(small)
            small.clear()
            if data:
                checksum, size = zlib.crc32(data, checksum), size + len(data)
                out.append(deflate(data))

        for plain, deflated in self._pieces():
            if not deflated:
                small.append(plain)
                continue
            flush()
            checksum, size = zlib.crc32(plain, checksum), size + len(plain)
            out.append(deflated)
        flush()
        out += (_GZIP_END, struct.pack("<II", checksum, size & 0xFFFFFFFF))
        return b"".join(out)

    def _pieces(self) -> Iterator[Text]:
        for family in FAMILIES:
            present = [one[family.name] for one in self.appliances if family.name in one]
            if present:
                yield Text(self._header(family), b"")
                # The few-lined ones first, so that they are compressed together.
                present.sort(key=_is_deflated)
                yield from present
        if self.more:
            yield Text(self.more, b"")
        if self.openmetrics:
            yield Text(b"# EOF\n", b"")

    def _header(self, family: Family) -> bytes:
        if family.kind == "summary" and self.histograms:
            family = attrs.evolve(family, kind="histogram")
        return family.header(openmetrics=self.openmetrics)


def _is_deflated(text: Text) -> bool:
    return bool(text.deflated)
