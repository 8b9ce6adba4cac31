"""The parts of a revision's package before they are text: classes, functions and their parts."""

from __future__ import annotations

import attrs

from codegen.emit import document as doc


@attrs.define
class Field:
    """A field of a class; `narrows` one of a base, which `fits` by the rules of type checkers or
    does not, and where it was optional, `demands` it.
    """

    name: str
    wire: str
    type: str
    required: bool
    default: str | None = None
    note: str = ""
    narrows: bool = False
    fits: bool = True
    demands: bool = False
    read_only: bool = False
    rows: bool = False


@attrs.define
class Class:
    """A class or an alias of a models module."""

    name: str
    schema: doc.Schema
    base: str | None = None
    fields: list[Field] = attrs.field(factory=list)
    discriminator: str | None = None
    children: dict[str, str] = attrs.field(factory=dict)
    members: list[tuple[str, str]] = attrs.field(factory=list)
    type: str = ""


@attrs.define
class Argument:
    """A parameter of an endpoint function."""

    name: str
    type: str
    parameter: doc.Parameter


@attrs.define
class Listing:
    """How an operation gives its rows: classes of page and row, and where rows, skip and limit are."""

    page: str
    rows: str
    row: str
    skip: str
    limit: str
    in_body: bool = False
    within: str = "pagination"


@attrs.define
class Function:
    """An endpoint function."""

    name: str
    group: str
    operation: doc.Operation
    arguments: list[Argument]
    body: str | None
    responses: dict[int, tuple[str, list[str]]]
    returns: str
    listing: Listing | None = None


@attrs.define
class Emitted:
    """Everything of one revision.

    Attributes:
        classes: by class name, in the document's order.
        modules: models module to its classes.
        groups: group to its tag, in the document's order.
        functions: in the document's order.
    """

    classes: dict[str, Class]
    modules: dict[str, list[str]]
    groups: dict[str, str]
    functions: list[Function]
