"""What error answers say, from whichever dialect their body is in."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from .._operation.json_text import JsonValue, value_at
from .._operation.reply import Reply, excerpt, shown
from .._redact import redact, redact_all
from ..errors import AnsweredBy, ApiError, api_error_class
from ..retry import parse_retry_after

ERROR_BODY = 65536
"""Bytes of an error's body that are read; the rest of it nobody needs to see."""
_MOST_FIELDS = 50
# A wait in seconds beyond this is none.
_LONGEST = 86400.0 * 365


def read_error(reply: Reply[None]) -> ApiError:
    """The error of an answer.

    Known are `{errorCode, message, resourceId}`, problem details (`title`, `detail` or `details`, `traceId`,
    `errors`), OAuth (`error`, `error_description`), a list of errors (`message`, `type`, `code`), a bare JSON string,
    text, HTML and nothing at all.

    Args:
        reply: an answer with an error status, or one that says in its body that something went wrong.
    """
    said = _read(reply)
    location = reply.headers.get("Location")
    message = said.message
    if message is None:
        message = f"redirects to {shown(redact(location, reply.secrets))}" if location else "no reason given"
    return api_error_class(reply.status)(
        message,
        status=reply.status,
        error_code=said.code,
        details=said.details,
        resource_id=said.resource,
        trace_id=said.trace,
        field_errors=said.fields,
        body=said.body,
        retry_after=retry_after(reply),
        appliance=reply.appliance,
        operation=reply.operation,
        method=reply.call.method,
        path=reply.call.template,
        answered_by=answered_by(reply),
    )


def retry_after(reply: Reply[None]) -> float | None:
    """Seconds that a server asks to wait, in the header or in its list of errors; None where it does not."""
    header = parse_retry_after(reply.headers.get("Retry-After"))
    if header is not None or reply.status not in (429, 503):
        return header
    waits = (value_at(error, "retryAfter") for error in _errors(reply))
    return max((float(wait) for wait in waits if isinstance(wait, (int, float)) and 0 <= wait < _LONGEST), default=None)


def is_passing(reply: Reply[None]) -> bool:
    """True where the server says of its failure that it may pass."""
    if reply.status < 500:
        return False
    kinds = [_text(value_at(error, "type")) for error in _errors(reply)]
    return bool(kinds) and all((kind or "").lower() in ("transport", "retryablelogical") for kind in kinds)


def _errors(reply: Reply[None]) -> list[JsonValue]:
    """The list of errors of an answer, empty where it has none."""
    if "json" not in reply.content_type or not reply.body:
        return []
    try:
        errors = value_at(orjson.loads(reply.body[:ERROR_BODY]), "errors")
    except orjson.JSONDecodeError:
        return []
    return errors[:_MOST_FIELDS] if isinstance(errors, list) else []


def answered_by(reply: Reply[None]) -> AnsweredBy | None:
    """Who wrote an error answer, as far as it shows: appliances answer JSON and ask for bearer tokens."""
    if reply.status == 407 or "Proxy-Authenticate" in reply.headers:
        return "proxy"
    scheme = reply.headers.get("WWW-Authenticate", "").partition(" ")[0].strip(", ").lower()
    if scheme not in ("", "bearer"):
        return "gateway"
    if reply.content_type in ("text/html", "application/xhtml+xml"):
        return "gateway"
    return "appliance" if "json" in reply.content_type or scheme == "bearer" else None


class _Said:
    """The parts of an error answer."""

    __slots__ = ("body", "code", "details", "fields", "message", "resource", "trace")

    def __init__(self) -> None:
        self.code: str | None = None
        self.message: str | None = None
        self.details: str | None = None
        self.resource: str | None = None
        self.trace: str | None = None
        self.fields: dict[str, list[str]] = {}
        self.body: JsonValue = None


def _read(reply: Reply[None]) -> _Said:
    said = _Said()
    body = reply.body[:ERROR_BODY]
    try:
        data: JsonValue = orjson.loads(body) if body else None
        orjson.dumps(data)  # refuses what is nested so deeply that nothing could pickle or show it
        data = redact_all(data, reply.secrets)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
        _read_text(said, reply, body)
        return said
    said.body = data
    if isinstance(data, dict):
        _read_object(said, data)
    elif isinstance(data, str):
        said.message = _text(data)
    return said


def _read_object(said: _Said, data: Mapping[str, JsonValue]) -> None:
    said.code = _text(data.get("errorCode")) or _text(data.get("error"))
    title = _text(data.get("title"))
    detail = _text(data.get("detail")) or _text(data.get("details"))
    said.message = _text(data.get("message")) or _text(data.get("error_description"))
    if said.message is None:
        said.message, said.details = title or detail, detail if title else None
    else:
        said.details = detail
    if said.message is None and isinstance(nested := data.get("error"), dict):
        said.code = said.code or _text(nested.get("code"))
        said.message = _text(nested.get("message"))
    said.resource = _text(data.get("resourceId"))
    said.trace = _text(data.get("traceId"))
    if isinstance(errors := data.get("errors"), dict):
        for name, value in list(errors.items())[:_MOST_FIELDS]:
            lines = value[:_MOST_FIELDS] if isinstance(value, list) else [value]
            said.fields[name] = [line if isinstance(line, str) else orjson.dumps(line).decode() for line in lines]
    elif isinstance(errors, list) and said.message is None:
        _read_list(said, [error for error in errors[:_MOST_FIELDS] if isinstance(error, dict)])


def _read_list(said: _Said, errors: list[dict[str, JsonValue]]) -> None:
    """A list of errors: the first one counts, the text names all."""
    texts = [text for error in errors if (text := _text(error.get("message"))) is not None]
    said.message = "; ".join(dict.fromkeys(texts)) or None
    for error in errors:
        said.code = said.code or _text(error.get("type"))
        for key in ("parameterName", "propertyName"):
            if (name := _text(error.get(key))) is not None:
                said.fields.setdefault(name, []).append(_text(error.get("message")) or "")


def _read_text(said: _Said, reply: Reply[None], body: bytes) -> None:
    text = excerpt(body, reply.secrets)
    kind = shown(reply.content_type) or "an unnamed type"
    if reply.call.secrets and ("json" in kind or "token" in text.lower()):
        # Whatever went wrong, it was to be a token.
        said.message = f"the body is {kind} and makes no sense"
        return
    said.body = text
    said.message = _text(text) if kind == "text/plain" else f"the body is {kind} and begins {text[:80]!r}"


def _text(value: JsonValue) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
