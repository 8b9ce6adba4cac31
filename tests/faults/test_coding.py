"""Bodies that cost more to unpack or to read than they hold."""

from __future__ import annotations

import gzip
import sys
import time
import zlib
from collections.abc import Callable
from contextlib import nullcontext
from types import ModuleType

import pytest

from veeam_async._http.coding import CodingError, Unpacking, decoders_for
from veeam_async._operation.json_text import decode_text

TEXT = b"".join(b'{"id": %d},' % number for number in range(3000))


def unpacked(header: str, body: bytes, *, step: int = 1 << 20, most: int = 4096) -> bytes:
    """The whole body, given in steps and taken in pieces."""
    unpacking = Unpacking(header)
    assert unpacking.packed
    pieces = []
    for start in range(0, len(body), step):
        unpacking.feed(body[start : start + step])
        while piece := unpacking.take(most):
            assert len(piece) <= most
            pieces.append(piece)
    unpacking.finish()
    return b"".join(pieces)


def test_pieces_are_bounded() -> None:
    """A body that unpacks to a thousand times its size comes in pieces of a mebibyte at most."""
    unpacking = Unpacking("gzip")
    unpacking.feed(gzip.compress(bytes(5 << 20)))
    sizes = list(iter(lambda: len(unpacking.take()), 0))
    assert sum(sizes) == 5 << 20
    assert max(sizes) <= 1 << 20


def raw_deflate(text: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(text) + packer.flush()


def looks_wrapped() -> tuple[bytes, bytes]:
    """A text whose raw deflate stream has the check of a zlib header, and no such header."""
    texts = (number.to_bytes(2, "big") for number in range(65_536))
    return next((text, raw) for text in texts if int.from_bytes((raw := raw_deflate(text))[:2], "big") % 31 == 0)


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
@pytest.mark.parametrize(
    ("header", "pack"),
    [
        ("gzip", gzip.compress),
        (" GZIP ,identity", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", raw_deflate),
        ("gzip", lambda text: gzip.compress(text[:1]) + gzip.compress(text[1:2000]) + gzip.compress(text[2000:])),
        ("gzip", lambda text: gzip.compress(text) + bytes(500)),
        ("gzip", lambda text: gzip.compress(text[:9]) + bytes(5) + gzip.compress(text[9:]) + bytes(5)),
        ("deflate, gzip", lambda text: gzip.compress(zlib.compress(text))),
        ("gzip,deflate,x-gzip", lambda text: gzip.compress(raw_deflate(gzip.compress(text)))),
    ],
)  # fmt: skip
def test_bodies_that_are_packed(header: str, pack: Callable[[bytes], bytes], step: int) -> None:
    """Every coding gives the text back, in whatever pieces it comes, with all members and through all codings."""
    assert unpacked(header, pack(TEXT), step=step) == TEXT


def test_much_padding_between_members() -> None:
    """Zeros behind a member are padding however many they are, and the next member counts."""
    assert unpacked("gzip", gzip.compress(TEXT) + bytes(200_000) + gzip.compress(TEXT)) == TEXT * 2


def test_a_raw_stream_that_looks_wrapped() -> None:
    """Whether deflate has its wrapper is seen by both halves of its header."""
    text, raw = looks_wrapped()
    assert unpacked("deflate", raw) == text
    # A stored block whose padding looks like a header's method.
    assert unpacked("deflate", b"\x08\x03\x00\xfc\xffabc" + raw_deflate(b"def")) == b"abcdef"
    assert unpacked("deflate", b"\x09\x15\x00\xea\xff" + b"x" * 21) == b"x" * 21


@pytest.mark.parametrize("header", ["", " ", "identity", "Identity, ,"])
def test_bodies_that_are_not_packed(header: str) -> None:
    """`identity` is no coding."""
    assert not Unpacking(header).packed
    assert decoders_for(header) == []


@pytest.mark.parametrize(
    ("header", "body", "message", "incomplete"),
    [
        ("gzip", gzip.compress(TEXT)[:-1], "ends before its trailer", True),
        ("gzip", gzip.compress(TEXT)[:1], "ends before its trailer", True),
        ("gzip", gzip.compress(TEXT) + gzip.compress(TEXT)[:200], "ends before its trailer", True),
        ("deflate", zlib.compress(TEXT)[:-1], "ends before its trailer", True),
        ("gzip, gzip", gzip.compress(gzip.compress(TEXT)[:-1]), "ends before its trailer", True),
        ("gzip, gzip", gzip.compress(gzip.compress(TEXT))[:-1], "ends before its trailer", True),
        ("gzip", b"{}", "announced as gzip and is not: ", False),
        ("gzip", gzip.compress(TEXT) + b"{}", "announced as gzip and is not: ", False),
        ("gzip", zlib.compress(TEXT), "announced as gzip and is not: ", False),
        ("gzip", gzip.compress(TEXT) + zlib.compress(TEXT), "announced as gzip and is not: ", False),
        ("gzip", gzip.compress(TEXT)[:-8] + bytes(8), "announced as gzip and is not: ", False),
        ("deflate", b"x", "announced as deflate and is not$", False),
        ("deflate", zlib.compress(TEXT) + b"\0", "more bytes follow the end of the deflate stream", False),
        ("deflate", raw_deflate(TEXT) + b"x", "more bytes follow the end of the deflate stream", False),
    ],
    ids=[
        "cut trailer", "cut header", "cut second member", "cut deflate", "cut inner", "cut outer", "no gzip",
        "no second member", "zlib", "zlib as second member",
        "wrong checksum", "one byte", "more behind deflate", "more behind raw deflate",
    ],
)  # fmt: skip
@pytest.mark.parametrize("step", [1, 1 << 20])
def test_bodies_that_are_not_what_they_say(header: str, body: bytes, message: str, incomplete: bool, step: int) -> None:
    """What is cut, damaged, of another kind or followed by more is an error; only what is cut says so."""
    with pytest.raises(CodingError, match=message) as caught:
        unpacked(header, body, step=step)
    assert caught.value.incomplete is incomplete


def test_a_packed_body_without_bytes() -> None:
    """A body of no bytes is empty, whatever its header says."""
    assert unpacked("gzip", b"") == b""
    assert unpacked("deflate", raw_deflate(b"")) == b""


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("gzip, gzip, gzip, gzip", "packed 4 times"),
        ("zstd", "'zstd', which nobody asked for"),
        (f"gzip, {'x' * 100}", f"'{'x' * 40}'"),
    ],
)
def test_codings_that_are_refused(header: str, message: str) -> None:
    """More than three codings, and such as nobody asked for."""
    with pytest.raises(CodingError, match=message) as caught:
        Unpacking(header)
    assert not caught.value.incomplete


class Brotli:
    """As much of the library as is relied on: a text is packed with `<` before and `>` behind it."""

    error = ValueError

    def __init__(self) -> None:
        self.rest = b""
        self.ended = False

    def process(self, data: bytes, *, output_buffer_limit: int) -> bytes:
        self.rest += data
        if self.rest.startswith(b"!"):
            raise self.error
        self.rest = self.rest.removeprefix(b"<")
        piece, self.rest = self.rest[:output_buffer_limit], self.rest[output_buffer_limit:]
        self.ended = self.ended or piece.endswith(b">")
        return piece.removesuffix(b">")

    def is_finished(self) -> bool:
        return self.ended


class OldBrotli(Brotli):
    def process(self, data: bytes) -> bytes:  # type: ignore[override]
        raise NotImplementedError


def with_brotli(monkeypatch: pytest.MonkeyPatch, decompressor: type[Brotli] | None) -> None:
    library = None
    if decompressor is not None:
        library = ModuleType("brotli")
        vars(library).update(error=Brotli.error, Decompressor=decompressor)
    monkeypatch.setitem(sys.modules, "brotli", library)


@pytest.mark.parametrize("step", [1, 5, 1 << 20])
def test_brotli_that_nobody_asked_for(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Where the library is there it reads br, in bounded pieces."""
    with_brotli(monkeypatch, Brotli)
    assert unpacked("br", b"<" + TEXT + b">", step=step, most=100) == TEXT
    assert unpacked("br", b"") == b""
    assert unpacked("br, gzip", gzip.compress(b"<" + TEXT + b">"), step=step) == TEXT


@pytest.mark.parametrize(
    ("decompressor", "body", "message", "incomplete"),
    [
        (None, b"", "nobody asked for and the library brotli would read", False),
        (OldBrotli, b"<text>", "too old", False),
        (Brotli, b"!", "announced as br and is not", False),
        (Brotli, b"<text", "ends early", True),
    ],
)
def test_brotli_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, decompressor: type[Brotli] | None, body: bytes, message: str, incomplete: bool
) -> None:
    """Without the library, with one that is too old, and where the body is cut or no br at all."""
    with_brotli(monkeypatch, decompressor)
    with pytest.raises(CodingError, match=message) as caught:
        unpacked("br", body)
    assert caught.value.incomplete is incomplete


def test_more_behind_the_end_of_brotli(monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows the end of the stream is none of it."""
    with_brotli(monkeypatch, Brotli)
    (decoder,) = decoders_for("br")
    decoder.feed(b"<text>")
    assert decoder.take(100) == b"text"
    decoder.feed(b"more")
    with pytest.raises(CodingError, match="more bytes follow the end of the br stream"):
        decoder.take(100)


@pytest.mark.parametrize(("text", "fine"), [(b"", False), (b" ", False), (b"x" * 2000, True)])
def test_members_with_next_to_nothing_are_counted(text: bytes, fine: bool) -> None:
    """Thousands of empty gzip members are refused at once; as many that hold something are taken."""
    before = time.process_time()
    (decoder,) = decoders_for("gzip")
    decoder.feed(gzip.compress(text) * 3000)
    with nullcontext() if fine else pytest.raises(CodingError, match="more than 1000 gzip members"):
        while decoder.take(65536):
            pass
    assert time.process_time() - before < 5


@pytest.mark.parametrize(("size", "members", "fine"), [(1023, 1001, True), (1023, 1002, False), (1024, 1100, True)])
def test_how_many_small_members_are_taken(size: int, members: int, fine: bool) -> None:
    """A thousand members under 1 KiB may come before the last one; each of 1 KiB is as good as any."""
    with nullcontext() if fine else pytest.raises(CodingError, match="more than 1000 gzip members"):
        assert unpacked("gzip", gzip.compress(b"x" * size) * members) == b"x" * size * members


@pytest.mark.parametrize("charset", ["punycode", "idna", "unicode_escape", "utf-7", "no-such"])
def test_codecs_of_python_are_no_charsets(charset: str) -> None:
    """What Python alone calls a text encoding is none of HTTP's: the body is read as UTF-8."""
    assert decode_text("x-\\u0041é+AGE-".encode(), charset) == "x-\\u0041é+AGE-"
