"""Whether an answer's media type is one that its operation can have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import DecodeError
from .call import Call
from .reply import Reply, shown

_WEB_PAGES = frozenset({"text/html", "application/xhtml+xml"})


def media_type_of(headers: Mapping[str, str]) -> str:
    """The media type of a Content-Type without parameters, lower case; empty where there is none."""
    return headers.get("Content-Type", "").partition(";")[0].strip().lower()


def foreign_answer(
    call: Call, status: int, headers: Mapping[str, str], appliance: str, excerpt: str | None = None
) -> DecodeError | None:
    """The error for a success that is a web page where none is due; None for any other.

    Sign-on pages and consoles of one page are answered with 200 to whatever was asked for.
    """
    media_type = media_type_of(headers)
    if media_type not in _WEB_PAGES or media_type in call.media_types:
        return None
    return DecodeError(
        f"a web page ({shown(media_type)}) came, not the answer of this call",
        hint="A proxy, a sign-on page or another service answered",
        status=status,
        excerpt=excerpt,
        answered_by="gateway",
        appliance=appliance,
        operation=call.label,
        method=call.method,
        path=call.template,
        step="body",
    )


def check_media_type(reply: Reply[Any]) -> None:
    """Refuse a web page as the answer of a call that has none.

    Raises:
        DecodeError: a web page came.
    """
    if not reply.body:
        return
    error = foreign_answer(reply.call, reply.status, reply.headers, reply.appliance, reply.excerpt())
    if error is not None:
        raise error
