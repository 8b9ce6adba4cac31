"""An answer as it came, and what its error bodies say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from .errors import ApiError, DecodeError, api_error_class
from .redact import redact, redact_all
from .retry import parse_retry_after

EXCERPT = 200
# More of a server's text is no help in a message; `body` has all of it.
_LONGEST_TEXT = 2000
_MOST_FIELDS = 50


def excerpt(body: bytes, length: int = EXCERPT) -> str:
    """The first characters of a body, for people."""
    return body[: length * 2].decode("utf-8", "replace")[:length]


class Reply:
    """An answer that is read to its end and not decoded.

    Attributes:
        status: the HTTP status.
        headers: case-insensitive.
        body: the bytes, decompressed.
        operation: the operationId, or method and path.
        appliance: the appliance's label.
        secret: the token that the request carried, which no excerpt of the body may show; None where it had none.
        private: True where the body itself is secret, and no excerpt of it is shown.
    """

    __slots__ = ("appliance", "body", "headers", "operation", "private", "secret", "status")

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
        operation: str,
        appliance: str,
        secret: str | None = None,
        private: bool = False,
    ) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.operation = operation
        self.appliance = appliance
        self.secret = secret
        self.private = private

    def __repr__(self) -> str:
        return f"<Reply {self.status} to {self.operation} from {self.appliance}, {len(self.body)} bytes>"

    @property
    def content_type(self) -> str:
        """The media type without parameters, lower case; empty where the server says none."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """The parsed body; None where there is none.

        Raises:
            DecodeError: the body is not JSON, whatever its content type says.
        """
        body = self.body
        if not body:
            return None
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            where = f"{error.msg} at character {error.pos}"
        # Outside of the handler: the parser's error holds the whole body, and must not hang on to ours.
        return self._odd_json(body, where)

    def _odd_json(self, body: bytes, where: str) -> Any:
        if body.startswith(b"\xef\xbb\xbf"):
            try:
                return orjson.loads(body[3:])
            except orjson.JSONDecodeError:
                pass
        if not body.strip():
            return None
        kind = _shown(self.content_type) or "nothing"
        if "json" in kind:
            message = f"the body is announced as {kind} and is no whole JSON: {where}"
        else:
            message = f"JSON was due, the body is {kind}: a proxy or another service may have answered"
        raise DecodeError(
            message,
            status=self.status,
            excerpt=None if self.private else excerpt(redact(excerpt(body, 4096), [self.secret]).encode()),
            appliance=self.appliance,
            operation=self.operation,
        )

    def text(self) -> str:
        """The body as text, in the charset that the server named or in UTF-8."""
        charset = "utf-8"
        for part in self.headers.get("Content-Type", "").split(";")[1:]:
            name, _, value = part.partition("=")
            if name.strip().lower() == "charset":
                charset = value.strip().strip('"')
        try:
            return self.body.decode(charset, "replace")
        except (LookupError, ValueError):  # some codecs have no way to replace what they cannot read
            return self.body.decode("utf-8", "replace")


def _shown(header: str) -> str:
    """A header's text as messages may hold it: what is no UTF-8 comes as surrogates, which nothing can print."""
    return header.encode(errors="backslashreplace").decode()[:100]


def _text(value: Any) -> str | None:
    return value.strip()[:_LONGEST_TEXT] if isinstance(value, str) and value.strip() else None


def read_error(reply: Reply, *, secrets: Iterable[str | None] = (), outcome_unknown: bool = False) -> ApiError:
    """The error of an answer, from whichever dialect its body is in.

    Known are `{errorCode, message, resourceId}`, problem details (`title`, `detail` or `details`, `traceId`,
    `errors`), OAuth (`error`, `error_description`), a bare JSON string, text, HTML and nothing at all.

    Args:
        reply: an answer with an error status.
        secrets: masked wherever the server repeats them.
        outcome_unknown: goes into the error.
    """
    secrets = (*secrets, reply.secret)
    body = reply.body
    data: Any = None
    parsed = False
    try:
        if body:
            data = orjson.loads(body)
            orjson.dumps(data)  # refuses what is nested so deeply that nothing could pickle or show it
            data = redact_all(data, secrets)
        parsed = True
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
        data = None
        # Before it is cut, lest half a secret stays.
        body = redact(body[:65536].decode("utf-8", "replace"), secrets).encode()
    code = message = details = resource = trace = None
    fields: dict[str, list[str]] = {}
    shown: Any = data
    if isinstance(data, dict):
        code = _text(data.get("errorCode")) or _text(data.get("error"))
        title = _text(data.get("title"))
        detail = _text(data.get("detail")) or _text(data.get("details"))
        message = _text(data.get("message")) or _text(data.get("error_description"))
        if message is None:
            message, details = title or detail, detail if title else None
        else:
            details = detail
        if message is None and isinstance(nested := data.get("error"), dict):
            code = code or _text(nested.get("code"))
            message = _text(nested.get("message"))
        resource = _text(data.get("resourceId"))
        trace = _text(data.get("traceId"))
        if isinstance(errors := data.get("errors"), dict):
            for name, value in list(errors.items())[:_MOST_FIELDS]:
                lines = value[:_MOST_FIELDS] if isinstance(value, list) else [value]
                texts = [line if isinstance(line, str) else orjson.dumps(line).decode() for line in lines]
                fields[name] = [text[:_LONGEST_TEXT] for text in texts]
    elif isinstance(data, str):
        message = _text(data)
    elif not parsed:
        shown = excerpt(body)
        kind = _shown(reply.content_type) or "an unnamed type"
        if reply.private and ("json" in kind or "token" in shown.lower()):
            shown = None  # whatever went wrong on its way, it was to be a token
            message = f"the body is {kind} and makes no sense"
        else:
            message = _text(shown) if kind == "text/plain" else f"the body is {kind} and begins {shown[:80]!r}"
    if message is None:
        location = reply.headers.get("Location")
        message = f"redirects to {_shown(location)}" if location else "no reason given"
    return api_error_class(reply.status)(
        message,
        status=reply.status,
        error_code=code,
        details=details,
        resource_id=resource,
        trace_id=trace,
        field_errors=fields,
        body=shown,
        retry_after=parse_retry_after(reply.headers.get("Retry-After")),
        appliance=reply.appliance,
        operation=reply.operation,
        outcome_unknown=outcome_unknown,
    )
