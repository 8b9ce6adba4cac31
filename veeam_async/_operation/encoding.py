"""From Python values to a request: path, query, headers and body, prepared once for each operation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import Enum
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote, quote_plus

from .._model import UNSET, Unset, dumps
from .call import JSON, BodyFactory, Call
from .operation import Operation

_UNQUOTED = re.compile(r"[A-Za-z0-9_.~-]*")


def plain(value: Any) -> str:
    """The text of a parameter: `true`, an ISO timestamp (in UTC with Z if it has a zone), an enum's value, a number."""
    if isinstance(value, str):
        return str(value.value) if isinstance(value, Enum) else value
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            return value.isoformat()
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (Mapping, bytes)):
        raise TypeError(f"a parameter cannot be {type(value).__name__}")
    return str(value)


@lru_cache(2048)
def _quoted(text: str) -> str:
    return quote(text, safe="")


def quoted(value: Any) -> str:
    """`plain(value)`, percent-encoded, slashes as well."""
    text = value if type(value) is str else plain(value)
    # Most are ids, numbers and words; ids would only fill the cache.
    if text.isascii() and text.replace("-", "").isalnum():
        return text
    return _quoted(text)


def path_segment(name: str, value: Any) -> str:
    """A path parameter, percent-encoded.

    Raises:
        TypeError: it is missing.
        ValueError: it would make another path of it: empty, `.` or `..`.
    """
    if value is UNSET or value is None:
        raise TypeError(f"path parameter {name!r} is missing")
    text = quoted(value)
    if text in ("", ".", ".."):
        raise ValueError(f"path parameter {name!r} must not be {text!r}")
    return text


class Plan:
    """All of an operation that does not change from call to call.

    Attributes:
        operation: what it is for.
        label: the operationId, for errors, logs and events.
        accept: the Accept header.
        template: the path if it has no parameters, otherwise None.
        secured: True where it carries a token.
        media_types: what a success may be.
        bare: the call without parameters and body.
    """

    __slots__ = (
        "accept",
        "bare",
        "header",
        "label",
        "media_types",
        "method",
        "names",
        "operation",
        "pieces",
        "query",
        "secured",
        "template",
    )

    def __init__(self, operation: Operation[Any]) -> None:
        self.operation = operation
        self.label = operation.operation_id
        self.method = operation.method
        self.secured = operation.secured
        by_wire = {p.wire: p for p in operation.parameters if p.location == "path"}
        # "/a/{id}/b/{n}" -> pieces ["/a/", "/b/", ""], names ["id", "n"]
        self.pieces: list[str] = []
        self.names: list[str] = []
        rest = operation.path
        while "{" in rest:
            before, _, rest = rest.partition("{")
            wire, _, rest = rest.partition("}")
            self.pieces.append(before)
            self.names.append(by_wire[wire].name)
        self.pieces.append(rest)
        self.template = operation.path if not self.names else None
        self.query = {p.name: p for p in operation.parameters if p.location == "query"}
        self.header = {p.name: p for p in operation.parameters if p.location == "header"}
        self.accept = accept_of(operation)
        self.media_types = tuple(media for each in operation.responses.values() for media in each.media_types)
        self.bare = self.call(operation.path)

    def call(
        self, path: str, headers: Mapping[str, str] | None = None, body: bytes | BodyFactory | None = None
    ) -> Call:
        """A call of the operation.

        Args:
            path: with its query, percent-encoded.
            headers: further headers.
            body: what is sent.
        """
        operation = self.operation
        return Call(
            self.method, path, self.label, operation.path, operation.safe, self.accept,
            headers=headers, body=body, media_types=self.media_types,
        )  # fmt: skip

    def path(self, values: Mapping[str, Any]) -> str:
        """Path and query, percent-encoded.

        Raises:
            TypeError: a required path parameter is missing, or a value that no operation of this name has.
            ValueError: a path parameter that would make another path of it.
        """
        path = self.template
        if path is None:
            names = self.names
            path = self.pieces[0]
            for name, piece in zip(names, self.pieces[1:], strict=True):
                value = values.get(name, UNSET)
                # Most are UUIDs, which need no quoting.
                if not (type(value) is str and value.isascii() and value.replace("-", "").isalnum()):
                    value = path_segment(name, value)
                path += value + piece
            if len(values) == len(names):
                return path
        elif not values:
            return path
        query = self.query
        found: list[str] | None = None
        for name, value in values.items():
            if value is UNSET or value is None:
                continue
            parameter = query.get(name)
            if parameter is None:
                if name in self.header or name in self.names:
                    continue
                raise TypeError(f"{self.label} has no parameter {name!r}")
            if found is None:
                found = []
            wire = parameter.wire
            if parameter.json:
                found.append(f"{wire}={_quoted(dumps(value).decode())}")
            elif isinstance(value, (str, int)) or not isinstance(value, (list, tuple, set, frozenset)):
                found.append(f"{wire}={quoted(value)}")
            elif parameter.array == "csv":
                found.append(f"{wire}={','.join(quoted(item) for item in value)}")
            else:
                found += [f"{wire}={quoted(item)}" for item in value]
        return f"{path}?{'&'.join(found)}" if found else path

    def headers(self, values: Mapping[str, Any]) -> dict[str, str] | None:
        """Header parameters that were given, or None."""
        if not self.header:
            return None
        return {
            parameter.wire: header_value(values[name])
            for name, parameter in self.header.items()
            if not isinstance(values.get(name, UNSET), Unset) and values[name] is not None
        } or None


def header_value(value: Any) -> str:
    """The text of a header parameter.

    Raises:
        ValueError: it would begin another header.
    """
    text = plain(value)
    if any(c in text for c in "\r\n\0"):
        raise ValueError("a header must be one line")
    return text


def accept_of(operation: Operation[Any]) -> str:
    """The media types of the operation's answers, the documented ones first."""
    types = [media for each in operation.responses.values() for media in each.media_types]
    if not types:
        return JSON
    return ", ".join(dict.fromkeys([*types, JSON] if JSON not in types else types))


def encode_query(query: Mapping[str, Any] | None) -> str:
    """`?a=1&b=2` of names and values as they are, lists repeated, UNSET and None left out; empty for none."""
    if not query:
        return ""
    found = []
    for name, value in query.items():
        if value is UNSET or value is None:
            continue
        several = isinstance(value, (list, tuple, set, frozenset))
        found += [f"{quote(name, safe='')}={quoted(item)}" for item in (value if several else (value,))]
    return "?" + "&".join(found) if found else ""


# Goes with what `encode_form` gives.
FORM_HEADERS: Final = {"Content-Type": "application/x-www-form-urlencoded"}


def encode_form(fields: Mapping[str, Any]) -> bytes:
    """A form body: UNSET and None left out, lists repeated."""
    found = []
    for name, value in fields.items():
        if value is UNSET or value is None:
            continue
        several = isinstance(value, (list, tuple, set, frozenset))
        found += [f"{_form_text(name)}={_form_text(plain(item))}" for item in (value if several else (value,))]
    return "&".join(found).encode()


def _form_text(text: str) -> str:
    # Names and many values need no quoting, and finding that out is quicker.
    return text if _UNQUOTED.fullmatch(text) else quote_plus(text)
