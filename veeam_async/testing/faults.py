"""Faults on request: what an appliance, a proxy or a network does wrong, in one line for each.

```python
appliance.faults.add(operation="GetAllSessions", after=3, times=1, status=503, retry_after=2)
appliance.faults.add(operation="login", delay=5.0)
appliance.faults.add(method="POST", cut="after")  # carried out, without an answer
appliance.faults.add(operation="GetAllJobs", change="unknown_enum", fields=["type"])
```
"""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol, get_args

import attrs

from .._spec import Schema, Spec

Change = Literal["unknown_enum", "letter_case", "null", "missing", "extra"]
Cut = Literal["before", "after", "body"]
Tls = Literal["renew", "replace"]

UNKNOWN = "UnheardOf"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def _upper(text: str | None) -> str | None:
    return text and text.upper()


def _one_of(*words: str) -> Callable[[Any, Any, str | None], None]:
    def check(instance: Any, attribute: Any, value: str | None) -> None:
        if value is not None and value not in words:
            raise ValueError(f"{attribute.name}={value!r}: {suggestion(value, words)}")

    return check


def _at_least(least: float) -> Callable[[Any, Any, float | None], None]:
    def check(instance: Any, attribute: Any, value: float | None) -> None:
        if value is not None and not least <= value < float("inf"):
            raise ValueError(f"{attribute.name}={value!r}: at least {least:g}, and finite")

    return check


def suggestion(word: str, words: Iterable[str]) -> str:
    """What somebody may have meant, or what there is."""
    known = list(words)
    lowered = {one.lower(): one for one in known}
    close = difflib.get_close_matches(word.lower(), lowered, 1, 0.5)
    if close:
        return f"did you mean {lowered[close[0]]}?"
    return f"there are {', '.join(known[:12])}{', ...' if len(known) > 12 else ''}"


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
        optional: it may end without having met a request; any other that does is reported, see `Faults.unfired`.
        hits: how many requests it has met.

    Raises:
        ValueError: a word that is not one of those above, a number out of its range, or a fault that does nothing.
    """

    operation: str | None = None
    login: bool | None = None
    method: str | None = attrs.field(default=None, converter=_upper, validator=_one_of(*_METHODS))
    path: str | None = None
    after: int = attrs.field(default=0, validator=_at_least(0))
    times: int | None = attrs.field(default=None, validator=_at_least(1))
    every: int = attrs.field(default=1, validator=_at_least(1))
    status: int | None = attrs.field(default=None, validator=_at_least(200))
    code: str = ""
    message: str = "The server fails as the test asks."
    retry_after: float | str | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes | str | Mapping[str, Any] | Sequence[Any] | None = None
    content_type: str | None = None
    html: bool = False
    empty: bool = False
    delay: float = attrs.field(default=0.0, validator=_at_least(0))
    drip: float = attrs.field(default=0.0, validator=_at_least(0))
    cut: Cut | None = attrs.field(default=None, validator=_one_of(*get_args(Cut)))
    truncate: int | None = attrs.field(default=None, validator=_at_least(0))
    change: Change | None = attrs.field(default=None, validator=_one_of(*get_args(Change)))
    fields: Sequence[str] = ()
    mutate: Callable[[Any], Any] | None = None
    reject_token: bool = False
    dead_token: bool = False
    carried_out: bool = False
    skew: float | None = None
    tls: Tls | None = attrs.field(default=None, validator=_one_of(*get_args(Tls)))
    optional: bool = False
    hits: int = attrs.field(default=0, init=False)
    _seen: int = attrs.field(default=0, init=False)

    def __str__(self) -> str:
        own = [one for one in attrs.fields(Fault) if one.init and one.name != "optional"]
        given = [one for one in own if getattr(self, one.name) not in (None, False, 0, 0.0, "", (), {})]
        texts = [f"{one.name}={getattr(self, one.name)!r}" for one in given if getattr(self, one.name) != one.default]
        return f"Fault({', '.join(texts)})"

    def __attrs_post_init__(self) -> None:
        if not self._effects():
            raise ValueError("this fault does nothing: say status=, delay=, cut=, change= or another effect")
        if self.fields and self.change is None:
            raise ValueError("fields= is for change=, and this fault has none")

    def _effects(self) -> bool:
        nothing: tuple[Any, ...] = (None, False, 0.0, {})
        names = (
            "status", "retry_after", "headers", "content_type", "html", "empty", "delay", "drip", "cut", "change",
            "mutate", "reject_token", "dead_token",
        )  # fmt: skip
        if any(getattr(self, name) not in nothing for name in names):
            return True
        return self.truncate is not None or self.skew is not None or self.tls is not None or self.body is not None

    def meets(self, operation_id: str, login: bool, method: str, path: str) -> bool:
        """True where this request is one that the fault is to meet; counts it."""
        if self.operation is not None:
            same = login if self.operation == "login" else fnmatch.fnmatchcase(operation_id, self.operation)
            if not same:
                return False
        if self.login is not None and self.login != login:
            return False
        if self.method is not None and self.method != method:
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


class Names(Protocol):
    """What the names in a fault are compared with."""

    def operation_ids(self) -> Iterable[str]:
        """The operationIds of every revision that the appliance serves, the newest revision's first."""
        ...

    def fields(self, pattern: str | None) -> Iterable[str]:
        """The names of the fields in the answers of the operations that a pattern fits; of all where it is None."""
        ...


class Faults:
    """The faults of one appliance, in the order in which they were added; several may meet one request.

    Args:
        names: what operations and fields the appliance has; nothing is compared where None.
    """

    def __init__(self, names: Names | None = None) -> None:
        self._names = names
        self._faults: list[Fault] = []

    def add(self, fault: Fault | None = None, **options: Any) -> Fault:
        """Add a fault: a `Fault`, or its attributes as keywords. Gives it back, so that its hits can be read.

        Raises:
            ValueError: an operation or a field that the appliance has in none of its revisions; see `Fault` too.
        """
        new = Fault(**options) if fault is None else fault
        self._check(new)
        self._faults.append(new)
        return new

    def _check(self, fault: Fault) -> None:
        if self._names is None:
            return
        if fault.operation not in (None, "login"):
            known = dict.fromkeys(self._names.operation_ids())
            if not any(fnmatch.fnmatchcase(name, str(fault.operation)) for name in known):
                hint = suggestion(str(fault.operation), known)
                raise ValueError(f"operation={fault.operation!r} fits no operation: {hint}")
        if fault.fields:
            pattern = fault.operation if fault.operation != "login" else None
            known = dict.fromkeys(self._names.fields(pattern))
            for name in fault.fields:
                if name not in known:
                    raise ValueError(f"fields={list(fault.fields)!r}: no answer has {name}; {suggestion(name, known)}")

    @property
    def unfired(self) -> list[Fault]:
        """The faults that have met no request yet, but for the optional ones."""
        return [fault for fault in self._faults if not fault.hits and not fault.optional]

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
