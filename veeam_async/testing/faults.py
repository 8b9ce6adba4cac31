"""Faults on request: what an appliance, a proxy or a network does wrong, told in one line for each.

```python
appliance.faults.add(operation="GetAllSessions", after=3, times=1, status=503, retry_after=2)
appliance.faults.add(operation="login", delay=5.0)
appliance.faults.add(method="POST", cut="after")  # carried out, but nobody is told
appliance.faults.add(operation="GetAllJobs", change="unknown_enum", fields=["type"])
```
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import attrs

from .spec import Schema, Spec

Change = Literal["unknown_enum", "letter_case", "null", "missing", "extra"]
Cut = Literal["before", "after", "body"]
Tls = Literal["renew", "replace"]

UNKNOWN = "UnheardOf"
_PAGE = (
    b"<!DOCTYPE html><html><head><title>Service unavailable</title></head><body><h1>Try again later</h1></body></html>"
)


@attrs.define(kw_only=True)
class Fault:
    """One fault: which requests it meets, and what happens to them.

    Attributes:
        operation: operationId, a pattern with `*`, or `login` for the product's token endpoint; None meets all.
        login: False meets all but the token endpoint; True only that.
        method: HTTP method, or None.
        path: pattern over the path, or None.
        after: how many matching requests go unharmed first.
        times: how many are met in all; None for no end.
        every: meets every nth request only.
        status: answer with this status in the product's own error shape; nothing is carried out unless `carried_out`.
        code, message: `errorCode` and text of that error.
        retry_after: header Retry-After: seconds, or any text.
        headers: further headers of the answer.
        body: answer with these bytes, this text or this JSON value.
        content_type: of the answer.
        html: answer with a web page where JSON is due.
        empty: answer without a body.
        delay: seconds before anything happens.
        drip: seconds over which the answer's body trickles.
        cut: `before` closes the connection and carries out nothing, `after` carries out and closes without an answer,
            `body` closes in the middle of the body.
        truncate: keep so many bytes of the body, with a fitting Content-Length.
        change: alter the JSON answer: enum values nobody knows, their letter case, nulls, missing or extra fields.
        fields: names of the fields that `change` alters; all that it can where empty.
        mutate: a function from the answer's JSON value to what is sent in its place.
        reject_token: answer 401 as for a token that the server forgot.
        dead_token: the token that this login gives is refused with 403 everywhere.
        carried_out: with `status`: do what was asked and answer with the error all the same.
        skew: seconds that the server's wall clock is ahead (or behind) from this request on.
        tls: serve a new certificate of the same authority, or of one that nobody trusts, from this request on.
        hits: how many requests it has met.
    """

    operation: str | None = None
    login: bool | None = None
    method: str | None = None
    path: str | None = None
    after: int = 0
    times: int | None = None
    every: int = 1
    status: int | None = None
    code: str = ""
    message: str = "The server was told to fail."
    retry_after: float | str | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes | str | Mapping[str, Any] | Sequence[Any] | None = None
    content_type: str | None = None
    html: bool = False
    empty: bool = False
    delay: float = 0.0
    drip: float = 0.0
    cut: Cut | None = None
    truncate: int | None = None
    change: Change | None = None
    fields: Sequence[str] = ()
    mutate: Callable[[Any], Any] | None = None
    reject_token: bool = False
    dead_token: bool = False
    carried_out: bool = False
    skew: float | None = None
    tls: Tls | None = None
    hits: int = attrs.field(default=0, init=False)
    _seen: int = attrs.field(default=0, init=False)

    def meets(self, operation_id: str, login: bool, method: str, path: str) -> bool:
        """True where this request is one that the fault is to meet; counts it."""
        if self.operation is not None:
            same = login if self.operation == "login" else fnmatch.fnmatchcase(operation_id, self.operation)
            if not same:
                return False
        if self.login is not None and self.login != login:
            return False
        if self.method is not None and self.method.upper() != method:
            return False
        if self.path is not None and not fnmatch.fnmatchcase(path, self.path):
            return False
        self._seen += 1
        turn = self._seen - self.after
        if turn <= 0 or (turn - 1) % self.every or (self.times is not None and self.hits >= self.times):
            return False
        self.hits += 1
        return True

    @property
    def over(self) -> bool:
        """True where it will meet no further request."""
        return self.times is not None and self.hits >= self.times

    def payload(self) -> bytes | None:
        """The bytes that replace the answer's body, or None."""
        import orjson

        if self.html:
            return _PAGE
        if self.empty:
            return b""
        if isinstance(self.body, str):
            return self.body.encode()
        if self.body is None or isinstance(self.body, bytes):
            return self.body
        return orjson.dumps(self.body)

    def alter(self, value: Any, spec: Spec, schema: Schema | None) -> Any:
        """The JSON value to send in place of the right one; the value is the fault's to change."""
        if self.change is not None and schema is not None:
            for holder, name, part in list(_places(value, schema, spec)):
                if (not self.fields or name in self.fields) and name in holder:
                    self._alter(holder, name, part)
            if self.change == "extra":
                for holder in _objects(value):
                    holder.setdefault("unheardOf", {"since": "the next release"})
        return self.mutate(value) if self.mutate is not None else value

    def _alter(self, holder: dict[str, Any], name: str, part: Schema) -> None:
        value = holder[name]
        match self.change:
            case "unknown_enum" if "enum" in part:
                holder[name] = UNKNOWN
            case "letter_case" if "enum" in part and isinstance(value, str):
                holder[name] = value[:1].swapcase() + value[1:]
            case "null" if self.fields or not isinstance(value, dict | list):
                holder[name] = None
            case "missing" if self.fields or not isinstance(value, dict | list):
                del holder[name]


class Faults:
    """The faults of one appliance, in the order in which they were added; several may meet one request."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault | None = None, **options: Any) -> Fault:
        """Add a fault: a `Fault`, or its attributes as keywords. Gives it back, so that its hits can be read."""
        made = Fault(**options) if fault is None else fault
        self._faults.append(made)
        return made

    def remove(self, fault: Fault) -> None:
        """End a fault."""
        self._faults.remove(fault)

    def clear(self) -> None:
        """End all faults."""
        self._faults.clear()

    def __len__(self) -> int:
        return len(self._faults)

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._faults)

    def take(self, operation_id: str, login: bool, method: str, path: str) -> list[Fault]:
        """The faults that meet this request."""
        if not self._faults:
            return []
        return [fault for fault in self._faults if fault.meets(operation_id, login, method, path)]


def _places(value: Any, schema: Schema, spec: Spec) -> Iterator[tuple[dict[str, Any], str, Schema]]:
    """Every field of a JSON value that its schema knows: the object that holds it, its name, its schema."""
    schema = spec.resolve(schema)
    if isinstance(value, list):
        for entry in value:
            yield from _places(entry, schema.get("items", {}), spec)
    elif isinstance(value, dict):
        children = spec.children(schema)
        if children:
            child = children.get(str(value.get(schema["discriminator"]["propertyName"])))
            schema = spec.lookup(child) if child else schema
        properties = spec.properties(schema)
        for name in list(value):
            if name in properties:
                part = spec.resolve(properties[name])
                yield from _places(value[name], part, spec)
                yield value, name, part


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for entry in value:
            yield from _objects(entry)
    elif isinstance(value, dict):
        for entry in list(value.values()):
            yield from _objects(entry)
        yield value
