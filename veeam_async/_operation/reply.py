"""An answer as it came: status, headers and body, read to its end and not decoded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Generic, NamedTuple, TypeVar, cast

from .._redact import redact, redact_named
from .._text import neutral
from ..errors import DecodeError
from .call import Call
from .json_text import JsonError, charset_of, decode_text, loads

EXCERPT = 200
# Bytes of a body that are searched for secrets, to show so many characters.
_SEARCHED = 1 << 14
_UNSET: Final = object()

T_co = TypeVar("T_co", covariant=True)
V = TypeVar("V")


def excerpt(body: bytes, secrets: tuple[str, ...]) -> str:
    """The first characters of a body, for people, with what is secret masked."""
    # Masked before it is cut, lest half a secret stays.
    text = redact(body[:_SEARCHED].decode("utf-8", "replace"), secrets, cut=len(body) > _SEARCHED)
    return redact_named(text)[:EXCERPT]


class Accepted(NamedTuple):
    """What awaiting a request gives where the answer is 202, has no body, and says where the work is to be seen.

    `client.wait(accepted)` waits for that work.

    Attributes:
        location: the answer's `Location` header.
        operation: the operation that began the work.
    """

    location: str
    operation: str


class Reply(Generic[T_co]):
    """An answer that is read to its end.

    Attributes:
        status: the HTTP status.
        headers: case-insensitive.
        body: the bytes, decompressed.
        call: what it answers.
        appliance: the appliance's label.
        secrets: what the request carried, which no excerpt of the body may show.
        parsed: the value of a body that was parsed already.
        elsewhere: True where the call was answered later, at another place.
    """

    __slots__ = ("_value", "appliance", "body", "call", "elsewhere", "headers", "parsed", "secrets", "status")

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
        call: Call,
        appliance: str,
        secrets: tuple[str, ...] = (),
    ) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.call = call
        self.appliance = appliance
        self.secrets = secrets
        self.parsed: object = _UNSET
        self.elsewhere = False
        self._value: Any = None

    def __repr__(self) -> str:
        return f"<Reply {self.status} to {self.operation} from {self.appliance}, {len(self.body)} bytes>"

    @property
    def value(self) -> T_co:
        """The decoded answer; None where the call has no type of its own, as with `client.request`."""
        return cast("T_co", self._value)

    def with_value(self, value: V) -> Reply[V]:
        """The reply with its decoded answer."""
        self._value = value
        # The value has taken the parsed body over.
        self.parsed = _UNSET
        return cast("Reply[V]", self)

    @property
    def operation(self) -> str:
        """The operationId, or method and path."""
        return self.call.label

    @property
    def content_type(self) -> str:
        """The media type without parameters, lower case; empty where the server says none."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str | None:
        """The charset that the server names, or None."""
        return charset_of(self.headers.get("Content-Type", ""))

    def json(self) -> Any:
        """The parsed body; None where there is none.

        Raises:
            DecodeError: the body is not JSON, whatever its content type says.
        """
        if self.parsed is not _UNSET:
            return self.parsed
        if not self.body:
            return None
        try:
            return loads(self.body, self.headers.get("Content-Type", ""))
        except JsonError as error:
            where, incomplete = str(error), error.incomplete
        raise self.no_json(where, incomplete=incomplete)

    def no_json(self, where: str, *, incomplete: bool) -> DecodeError:
        """The error for a body that is no JSON."""
        kind = shown(self.content_type) or "nothing"
        if "json" in kind:
            message = f"the body is announced as {kind} and is no whole JSON: {where}"
        else:
            message = f"JSON was due, the body is {kind}"
        foreign = "json" not in kind and not incomplete
        return DecodeError(
            message,
            hint="A proxy or another service may have answered" if foreign else None,
            status=self.status,
            excerpt=self.excerpt(),
            incomplete=incomplete,
            answered_by="gateway" if foreign else None,
            appliance=self.appliance,
            operation=self.operation,
            method=self.call.method,
            path=self.call.template,
            step="body",
        )

    def excerpt(self) -> str | None:
        """The first characters of the body without what is secret; None where all of it is."""
        if self.call.secrets:
            return None
        return neutral(excerpt(self.body, self.secrets), EXCERPT)

    def text(self) -> str:
        """The body as text, in the charset that the server named or in UTF-8."""
        return decode_text(self.body, self.charset)


def shown(header: str) -> str:
    """A header's text as messages may hold it."""
    return neutral(header, 100)


def unchanged(reply: Reply[None]) -> Reply[None]:
    """Decode nothing: the reply as it came."""
    return reply
