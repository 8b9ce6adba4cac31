"""What an appliance remembers of the requests that came: the requests, their number, and what was odd about them."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

import attrs
import orjson

_MOST = 20_000
_MOST_BODY = 65_536


_SECRET_HEADERS = frozenset({"authorization", "cookie", "veeam-mfa-code"})


@attrs.frozen
class Recorded:
    """A request that came.

    Attributes:
        method, path: as sent; the path without its query.
        query: values by name, in the order of the request.
        headers: by name in lower case.
        operation_id: empty where the revision has no such operation.
        status: of the answer; 0 where the connection was cut instead.
        body: the bytes of the request, at most 64 KiB of them.
        at: monotonic seconds of its arrival.
    """

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str] = attrs.field(repr=False)
    operation_id: str
    status: int
    body: bytes = attrs.field(repr=False)
    at: float = attrs.field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The request as JSON takes it, without its secrets: no Authorization header, no body of a login."""
        headers = {name: value for name, value in self.headers.items() if name not in _SECRET_HEADERS}
        secret = self.headers.get("content-type", "").startswith(("application/x-www-form-urlencoded", "multipart/"))
        return {
            "method": self.method,
            "path": self.path,
            "query": dict(self.query),
            "headers": headers,
            "operation": self.operation_id,
            "status": self.status,
            "body": None if secret or not self.body else self.body.decode("utf-8", "replace"),
        }


@attrs.frozen
class Departure:
    """Something that a client sent beyond the document, and that was ignored.

    Attributes:
        method, path, operation_id: of the request.
        where: the place, such as `query skip` or `body description`.
        text: why it is beyond the document.
    """

    method: str
    path: str
    operation_id: str
    where: str
    text: str


class Journal:
    """The requests of one appliance.

    Args:
        record: keep the requests; without it they are only counted.

    Attributes:
        requests: the newest last, 20,000 at most.
        counts: requests by operationId; those of no operation under an empty name.
        logins: requests to the token endpoint.
        departures: what clients sent beyond the document, 20,000 at most.
        errors: exceptions inside the appliance itself.
    """

    def __init__(self, record: bool) -> None:
        self.requests: deque[Recorded] = deque(maxlen=_MOST if record else 0)
        self.counts: Counter[str] = Counter()
        self.logins = 0
        self.departures: deque[Departure] = deque(maxlen=_MOST)
        self.errors: list[BaseException] = []
        self._file: TextIO | None = None
        self._lock = threading.Lock()

    def write_to(self, path: str | Path) -> None:
        """Append each request to a file from now on, one JSON object a line."""
        self.close()
        self._file = Path(path).open("a", encoding="utf-8")  # noqa: SIM115

    def add(self, request: Recorded) -> None:
        """Keep a request."""
        self.requests.append(request)
        with self._lock:
            if self._file is not None:
                self._file.write(orjson.dumps(request.to_dict()).decode() + "\n")
                self._file.flush()

    @property
    def wanted(self) -> bool:
        """True where requests are kept or written."""
        return bool(self.requests.maxlen) or self._file is not None

    def clear(self) -> None:
        """Forget everything but the file."""
        self.requests.clear()
        self.counts.clear()
        self.departures.clear()
        self.errors.clear()
        self.logins = 0

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None


def body_of(body: bytes) -> bytes:
    """The part of a body that is kept."""
    return body[:_MOST_BODY]
