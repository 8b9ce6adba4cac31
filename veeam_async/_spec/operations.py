"""One operation of a specification, references resolved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

Schema = Mapping[str, Any]

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
"""The keys of a path item that are operations."""


@attrs.frozen(eq=False)
class Response:
    """One answer that an operation may give: its status and its schema by media type (empty for no body)."""

    status: int
    content: Mapping[str, Schema]


@attrs.define(eq=False)
class SpecOperation:
    """One operation as its document describes it.

    Attributes:
        operation_id, method, path, tag: as in the document; the path has `{placeholders}`.
        segments: the path split at slashes.
        parameters: path, query and header parameters, references resolved.
        body: schema of the request body by media type; empty where the operation takes none.
        body_required: True where the document says so.
        responses: the answers that are successes, in the document's order.
        errors: the statuses of the other answers.
        secured: False where the call carries no token.
        raw: the operation object of the document.
        path_item: the path item object that holds it.
        queries: names of its query parameters.
    """

    operation_id: str
    method: str
    path: str
    tag: str
    segments: tuple[str, ...]
    parameters: tuple[Schema, ...]
    body: Mapping[str, Schema]
    body_required: bool
    responses: tuple[Response, ...]
    errors: tuple[int, ...]
    secured: bool
    raw: Mapping[str, Any] = attrs.field(repr=False)
    path_item: Mapping[str, Any] = attrs.field(repr=False)
    queries: frozenset[str] = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self.queries = frozenset(entry["name"] for entry in self.parameters if entry["in"] == "query")

    def parameter(self, name: str, location: str = "query") -> Schema | None:
        """The parameter of that wire name, or None."""
        for parameter in self.parameters:
            if parameter["name"] == name and parameter["in"] == location:
                return parameter
        return None

    @property
    def placeholders(self) -> tuple[str, ...]:
        """Names of the path's placeholders, left to right."""
        return tuple(segment[1:-1] for segment in self.segments if segment.startswith("{"))
