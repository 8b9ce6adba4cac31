"""What is to be sent, whatever happens meanwhile."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from ..retry import RetryPolicy
from ..timeouts import Timeouts

JSON = "application/json"


class Outgoing(NamedTuple):
    """A body for one attempt.

    Attributes:
        data: bytes, or what aiohttp takes as `data=`.
        content_type: its media type.
        size: its length in bytes, or None where that is not known: it is then sent in chunks.
        replayable: True where the same source can be encoded and sent once more.
    """

    data: object
    content_type: str
    size: int | None = None
    replayable: bool = True

    def __repr__(self) -> str:
        return f"<{self.content_type}, {'unknown' if self.size is None else self.size} bytes>"


class BodyFactory(Protocol):
    """Makes a body anew for each attempt.

    Attributes:
        replayable: False where that is possible only once.
    """

    replayable: bool

    def __call__(self) -> Outgoing: ...


class Call(NamedTuple):
    """A request to an appliance, before a token and a connection are there for it.

    Attributes:
        method: the HTTP method.
        path: as sent: percent-encoded, with its query.
        label: the operationId, or method and path, for errors, logs and events.
        template: the path as the document has it, with its placeholders.
        safe: True where it only reads.
        accept: the Accept header.
        headers: further headers.
        body: bytes, what makes the body anew for each attempt, or None.
        media_types: what a success may be, by the document; empty where it says nothing.
        secrets: masked in errors; nothing of the answer to a call that has some is shown.
        timeouts: for this call alone; None for the client's.
        retry: for this call alone; None for the client's.
    """

    method: str
    path: str
    label: str
    template: str
    safe: bool
    accept: str = JSON
    headers: Mapping[str, str] | None = None
    body: bytes | BodyFactory | None = None
    media_types: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    timeouts: Timeouts | None = None
    retry: RetryPolicy | None = None

    def __repr__(self) -> str:
        return f"<{self.method} {self.template}>"

    @property
    def replayable(self) -> bool:
        """True where the body can be sent once more."""
        body = self.body
        return body is None or isinstance(body, bytes) or body.replayable
