"""A spec as plain facts: named schemas and operations, nothing inline, nothing behind a `$ref` but schemas.

Whatever has a shape of its own (an object with properties, an enum) is a named schema, whether the document names it or
not. What remains of a type is small: a reference, a scalar, an array, a map, a union.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import attrs

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
DROPPED_HEADERS = frozenset({"authorization", "content-type", "x-api-version"})
"""Header parameters that the session layer sends by itself."""

Json = Mapping[str, Any]
Location = Literal["path", "query", "header"]


class SpecError(Exception):
    """What is wrong with a spec or with what was emitted from it: one line each."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@attrs.define
class Property:
    """A property of a model: `type` is a plain schema (reference, scalar, array, map, union)."""

    wire: str
    type: Json
    required: bool
    nullable: bool
    default: Any = None
    format: str | None = None
    read_only: bool = False


@attrs.define
class Schema:
    """A named schema.

    Attributes:
        kind: `model` (a class), `enum` (a class of strings) or `alias` (another name for `type`).
        base: the schema it inherits from.
        discriminator: the property that says which child an object is; `mapping` gives the child for each value.
        listed: True where the document names the schema, False where it stood inline.
        tag: the tag of the operation that it stood in, if it did.
    """

    name: str
    kind: Literal["model", "enum", "alias"]
    base: str | None = None
    properties: dict[str, Property] = attrs.field(factory=dict)
    additional: Json | None = None
    discriminator: str | None = None
    mapping: dict[str, str] = attrs.field(factory=dict)
    values: list[str] = attrs.field(factory=list)
    type: Json = attrs.field(factory=dict)
    listed: bool = True
    tag: str = ""


@attrs.define
class Parameter:
    """A path, query or header parameter; `array` says how several values are written."""

    wire: str
    location: Location
    type: Json
    required: bool
    array: Literal["none", "repeat", "csv"]
    default: Any = None
    format: str | None = None


@attrs.define
class Content:
    """A body: its media type and its type. `shape` says how it travels."""

    media_type: str
    type: Json
    shape: Literal["json", "form", "multipart", "binary", "text"]


@attrs.define
class Operation:
    """An operation; `answers` has the bodies of each 2xx status, `errors` the other statuses."""

    operation_id: str
    title: str
    method: str
    path: str
    tag: str
    parameters: list[Parameter]
    body: Content | None
    body_required: bool
    answers: dict[int, list[Content]]
    errors: list[int]
    secured: bool
    safe: bool | None
    inferred: bool
    deprecated: bool


@attrs.define
class Document:
    """A spec; `warnings` says what was taken otherwise than written."""

    schemas: dict[str, Schema]
    operations: list[Operation]
    warnings: list[str]


def load(path: Path) -> dict[str, Any]:
    """The JSON of a spec file."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SpecError(
            f"{path}: there is no such spec; `python -m codegen ingest` makes it from a vendor document"
        ) from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SpecError(f"{path}: cannot be read as JSON: {error}") from None
    if (
        not isinstance(data, dict)
        or not isinstance(data.get("paths"), dict)
        or not str(data.get("openapi", "")).startswith("3.")
    ):
        raise SpecError(f"{path}: this is no OpenAPI 3 document")
    return data
