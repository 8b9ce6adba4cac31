"""What departs from the document in an answer: which field and how, never a value."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import attrs

from ..._model.expressions import parse
from ..._model.strictness import Tolerated, departures
from ..._operation.operation import Operation

_TYPES = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}


def json_type(value: Any) -> str:
    """The JSON type of a value."""
    return "null" if value is None else _TYPES.get(type(value), "unknown")


def fingerprint(text: str) -> str:
    """A short hash of a name that no document has, so that two reports can be compared without it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


@attrs.define
class Departure:
    """One departure of answers from the document.

    Attributes:
        operation: the operationId.
        model, field: where; the field of a name that the document does not have is `sha256:` and its hash.
        kind: `unknown_enum`, `null`, `missing`, `extra`, `wrong_type` and the like.
        seen: the JSON type that came.
        times: how often it was seen.
    """

    operation: str
    model: str
    field: str
    kind: str
    seen: str
    times: int = 0
    # Values stay in memory, as hashes, to be counted.
    _values: set[bytes] = attrs.field(factory=set, repr=False, init=False)

    def add(self, value: Any) -> None:
        """Count one more."""
        self.times += 1
        if not isinstance(value, (dict, list)):
            self._values.add(hashlib.sha256(repr(value).encode("utf-8", "surrogatepass")).digest())

    def to_dict(self) -> dict[str, Any]:
        """For the report; `different` says how many values there were."""
        shown: dict[str, Any] = {
            "operation": self.operation,
            "model": self.model,
            "field": self.field,
            "kind": self.kind,
            "seen": self.seen,
            "times": self.times,
        }
        if self.kind in ("unknown_enum", "letter_case", "unknown_type"):
            shown["different"] = len(self._values)
        return shown


class Comparison:
    """Collects the departures of many answers.

    Args:
        package: the package of the revision.
        vocabulary: the names of fields that documents of the product have; others are hashed.
    """

    def __init__(self, package: str, vocabulary: Iterable[str]) -> None:
        self._package = package
        self._vocabulary = frozenset(vocabulary)
        self._departures: dict[tuple[str, ...], Departure] = {}

    @property
    def departures(self) -> list[Departure]:
        """All of them, in the order of operations and fields."""
        return [self._departures[key] for key in sorted(self._departures)]

    def answer(self, operation: Operation[Any], status: int, value: Any) -> int:
        """Compare an answer; gives the number of departures."""
        response = operation.responses.get(status)
        if response is None or not response.type:
            return 0
        tolerated = list(departures(value, parse(response.type), self._package))
        for each in tolerated:
            self._add(operation.operation_id, each)
        return len(tolerated)

    def _add(self, operation: str, tolerated: Tolerated) -> None:
        field = tolerated.field
        if tolerated.kind == "extra" and field not in self._vocabulary:
            field = f"sha256:{fingerprint(field)}"
        seen = "absent" if tolerated.kind == "missing" else json_type(tolerated.value)
        key = (operation, tolerated.model, field, tolerated.kind, seen)
        if key not in self._departures:
            self._departures[key] = Departure(*key)
        self._departures[key].add(tolerated.value)
