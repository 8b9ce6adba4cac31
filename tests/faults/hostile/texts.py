"""JSON that is whole and costs: the answer to a listing, and what the call ends in."""

from __future__ import annotations

import json

from .answers import ANSWERED, MIB, PAGE, ROW, Answer, http

# Which of both is a question of what is counted first.
REFUSED = "more than 4 times max_body|no whole JSON, or one value of it is too large"
_ROW = json.dumps(ROW).encode()


def with_rows(first: bytes) -> bytes:
    """A page of fifty rows, the first of which has something more."""
    return PAGE.replace(b'"name": "nightly"', b'"name": "nightly", ' + first, 1)


def keys(count: int, size: int) -> bytes:
    return b",".join(b'"%0*d":1' % (size, number) for number in range(count))


def numbers(number: bytes) -> bytes:
    return b'"count":[' + b",".join([number] * 100) + b"]"


TEXTS: dict[str, tuple[Answer, str]] = {
    "a million keys": (http(with_rows(keys(1_000_000, 7))), REFUSED),
    "a million keys on top": (http(b'{"data":[],' + keys(1_000_000, 7) + b"}"), REFUSED),
    "keys of 1 MiB": (http(with_rows(keys(5, MIB))), ANSWERED),
    "one key a hundred thousand times": (http(with_rows(b",".join([b'"name":"x"'] * 100_000))), REFUSED),
    "one key of rows fifty thousand times": (http(b"{" + b",".join([b'"data":[%b]' % _ROW] * 50_000) + b"}"), REFUSED),
    "numbers of 100,000 digits": (http(with_rows(b'"count":' + b"9" * 100_000)), ANSWERED),
    "a hundred numbers of 100,000 digits": (http(with_rows(numbers(b"9" * 100_000))), REFUSED),
    "fractions of 100,000 digits": (http(with_rows(numbers(b"0." + b"9" * 100_000))), ANSWERED),
    "an exponent of 100,000 digits": (http(with_rows(b'"count":1e' + b"9" * 100_000)), ANSWERED),
    "texts of NUL": (http(with_rows(b'"more":"' + b"\\u0000" * MIB + b'"')), ANSWERED),
    "a name of NUL": (http(PAGE.replace(b'"nightly"', b'"' + b"\\u0000" * 10_000 + b'"')), ANSWERED),
    "escapes that are half": (http(with_rows(b'"more":"' + b"\\ud800" * 2 * MIB + b'"')), REFUSED),
    "a text of bare control characters": (http(with_rows(b'"more":"' + b"\x01" * 8 * MIB + b'"')), REFUSED),
    "spaces": (http(b" " * 8 * MIB + PAGE), ANSWERED),
    "rubbish behind the end": (http(PAGE + b"}" * 4 * MIB), REFUSED),
    "comments": (http(b"/* */" * MIB + PAGE), "no whole JSON"),
}  # fmt: skip
