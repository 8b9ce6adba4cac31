"""Bodies that cost more to unpack or to read than they hold."""

from __future__ import annotations

import gzip
import time
from contextlib import nullcontext

import pytest

from veeam_async._http.coding import CodingError, decoders_for
from veeam_async._operation.json_text import decode_text


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


@pytest.mark.parametrize("charset", ["punycode", "idna", "unicode_escape", "utf-7", "no-such"])
def test_codecs_of_python_are_no_charsets(charset: str) -> None:
    """What Python alone calls a text encoding is none of HTTP's: the body is read as UTF-8."""
    assert decode_text("x-\\u0041é+AGE-".encode(), charset) == "x-\\u0041é+AGE-"
