"""Pages of real shape for the decoding benchmarks, made from the spec by a seed: the same bytes on every machine.

Sessions of about 650 bytes a row, job states of about 757, polymorphic jobs of about 4.4 KB with eleven subtypes.
"""

from __future__ import annotations

import json
import uuid
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import orjson

SPEC = Path(__file__).parent.parent / "specs" / "vbr" / "1.3-rev0.json"
ROWS = 200
# Kind of page: class of the answer, class of a row, share of optional fields that are there, bytes a row.
KINDS = {
    "sessions": ("SessionsResult", "SessionModel", 0.97, 650),
    "states": ("JobStatesResult", "JobStateModel", 0.83, 757),
    "jobs": ("JobsResult", "JobModel", 0.9, 4400),
}
_DEEPEST = 12
_WORDS = (
    "backup",
    "daily",
    "weekly",
    "finance",
    "archive",
    "cluster",
    "tenant",
    "copy",
    "west",
    "mail",
    "sql",
    "file",
    "exchange",
    "prod",
    "lab",
    "edge",
)


@cache
def _schemas() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(SPEC.read_text())
    schemas: dict[str, Any] = document["components"]["schemas"]
    return schemas


class _Rows:
    def __init__(self, share: float, seed: str) -> None:
        self.share = share
        self.random = Random(seed)

    def named(self, name: str, depth: int, fixed: dict[str, Any]) -> Any:
        schema = _schemas()[name]
        discriminator = schema.get("discriminator")
        if discriminator is not None and not fixed:
            kind = self.random.choice(sorted(discriminator["mapping"]))
            return self.child(name, kind, depth)
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        if schema.get("type") not in (None, "object") and "allOf" not in schema:
            return self.value(schema, name, depth)
        properties, required = self.shape(schema)
        found: dict[str, Any] = {}
        for key, inner in properties.items():
            if key in fixed:
                found[key] = fixed[key]
            elif key in required or (depth < _DEEPEST and self.random.random() < self.share):
                found[key] = self.value(inner, key, depth + 1)
        return found

    def child(self, base: str, kind: str, depth: int) -> Any:
        discriminator = _schemas()[base]["discriminator"]
        target = discriminator["mapping"][kind].rsplit("/", 1)[1]
        return self.named(target, depth, {discriminator["propertyName"]: kind})

    def shape(self, schema: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
        properties: dict[str, Any] = {}
        required: set[str] = set()
        for part in (*schema.get("allOf", ()), schema):
            if "$ref" in part:
                inner, needed = self.shape(_schemas()[part["$ref"].rsplit("/", 1)[1]])
            else:
                inner, needed = part.get("properties", {}), set(part.get("required", ()))
            properties |= inner
            required |= needed
        return properties, required

    def value(self, schema: dict[str, Any], key: str, depth: int) -> Any:
        if "$ref" in schema:
            return self.named(schema["$ref"].rsplit("/", 1)[1], depth, {})
        if "allOf" in schema:
            return self.value(schema["allOf"][0], key, depth)
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        match schema.get("type"):
            case "array":
                count = 0 if depth >= _DEEPEST else self.random.randint(1, 2)
                return [self.value(schema["items"], key, depth + 1) for _ in range(count)]
            case "boolean":
                return self.random.random() < 0.5
            case "integer":
                return self.random.randint(0, 1 << 36 if schema.get("format") == "int64" else 100)
            case "number":
                return round(self.random.random() * 100, 2)
            case "string":
                return self.text(schema.get("format", ""), key)
            case _:
                return {}

    def text(self, form: str, key: str) -> str:
        if form == "uuid":
            return str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        if form == "date-time":
            day, hour, minute, second, fraction = (self.random.randrange(*each) for each in _PARTS)
            # As appliances write them: seven digits of a second, and an offset.
            return f"2026-03-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:07}+01:00"
        words = self.random.randint(5, 9) if key in ("message", "description") else 2
        return " ".join(self.random.choice(_WORDS) for _ in range(words))


_PARTS = ((1, 29), (24,), (60,), (60,), (10**7,))


@cache
def page(kind: str, rows: int = ROWS) -> bytes:
    """The JSON text of a page of `rows` rows, of the kind `sessions`, `states` or `jobs`."""
    _, row, share, _ = KINDS[kind]
    maker = _Rows(share, f"veeam_async {kind}")
    children = sorted(_schemas()[row].get("discriminator", {}).get("mapping", {}))
    data = [
        maker.child(row, children[number % len(children)], 0) if children else maker.named(row, 0, {})
        for number in range(rows)
    ]
    return orjson.dumps({"data": data, "pagination": {"total": rows, "count": rows, "skip": 0, "limit": rows}})


def bytes_per_row(kind: str, rows: int = ROWS) -> float:
    """How large a row of a page is."""
    return len(page(kind, rows)) / rows
