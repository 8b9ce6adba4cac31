"""A spec as plain facts: named schemas and operations, nothing inline, nothing behind a `$ref` but schemas.

Whatever has a shape of its own (an object with properties, an enum) is a named schema, whether the document names it or
not. What remains of a type is small: a reference, a scalar, an array, a map, a union.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs

DROPPED_HEADERS = frozenset({"authorization", "content-type", "x-api-version"})
"""Header parameters that the session layer sends by itself."""

Json = Mapping[str, Any]
Location = Literal["path", "query", "header"]
Shape = Literal["json", "form", "multipart", "binary", "text"]


@attrs.define
class Property:
    """A property of a model.

    Attributes:
        wire: its name in the document.
        type: a plain schema (reference, scalar, array, map, union).
        source: its schema in the document, for what a type does not say.
    """

    wire: str
    type: Json
    required: bool
    nullable: bool
    read_only: bool = False
    source: Json = attrs.field(factory=dict)


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
    """A path, query or header parameter.

    Attributes:
        wire, location: as in the document.
        type: a plain schema.
        array: how several values are written.
        json: True where the value is written as JSON.
        source: its schema in the document.
        deprecated: True where the document says so.
    """

    wire: str
    location: Location
    type: Json
    required: bool
    array: Literal["none", "repeat", "csv"]
    json: bool = False
    source: Json = attrs.field(factory=dict)
    deprecated: bool = False


@attrs.define
class Content:
    """A body: its media type and its type. `shape` says how it travels."""

    media_type: str
    type: Json
    shape: Shape


@attrs.define
class Operation:
    """An operation; `responses` has the bodies of each 2xx status, `errors` the other statuses.

    `elsewhere` is True where it may be answered with 202 and a `Location` instead: what is due comes later.
    """

    operation_id: str
    title: str
    method: str
    path: str
    tag: str
    parameters: list[Parameter]
    body: Content | None
    body_required: bool
    responses: dict[int, list[Content]]
    errors: list[int]
    elsewhere: bool
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
