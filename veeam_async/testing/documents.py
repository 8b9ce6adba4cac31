"""The documents that an appliance serves about itself: no token is asked for them."""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Callable, Mapping
from typing import Protocol

import attrs
import orjson

from .._spec import Spec

_PATH = re.compile(r"/swagger/(?:docs/)?v?([\w.-]+?)(?:/swagger)?\.json")


class _HasSpec(Protocol):
    @property
    def spec(self) -> Spec: ...


@attrs.frozen
class Document:
    """A document as it is sent."""

    body: bytes
    media: str


def document_of(
    served: Mapping[str, str], handlers: Callable[[str], _HasSpec], method: str, path: str
) -> Document | None:
    """The document at a path, or None where the path names none.

    Args:
        served: each revision that is served, and the one whose document it is answered from.
        handlers: gives what holds the specification of a document's revision.
        method: of the request.
        path: of the request.
    """
    if method != "GET" or not path.startswith("/swagger"):
        return None
    if path.rstrip("/") in ("/swagger", "/swagger/index.html"):
        return Document(_index(tuple(served)), "text/html")
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    asked = match[1]
    revision = next((name for name in served if asked.lower() in (name.lower(), name.lower().removeprefix("v"))), None)
    if revision is None:
        return None
    return Document(_text(handlers(served[revision]).spec), "application/json")


def _index(revisions: tuple[str, ...]) -> bytes:
    rows = "".join(
        f'<li><a href="/swagger/v{html.escape(name.removeprefix("v"))}/swagger.json">{html.escape(name)}</a></li>'
        for name in revisions
    )
    return f"<!DOCTYPE html><html><head><title>API documents</title></head><body><ul>{rows}</ul></body></html>".encode()


@functools.cache
def _text(spec: Spec) -> bytes:
    return orjson.dumps(spec.document)
