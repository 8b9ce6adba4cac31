"""What an operation is: method, path, parameters, body, answers. Generated api modules hold one for each operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Generic, Literal, TypeVar

from .._model.fields import camel_case

R = TypeVar("R")

Location = Literal["path", "query", "header"]
ArrayForm = Literal["none", "repeat", "csv"]


class Revision:
    """One API revision of one product, and the package that was generated from it.

    Attributes:
        product: `vbr`, `aws`, `azure`, `m365`, `spc` or `one`.
        name: the vendor's name of the revision, such as `1.3-rev0` or `v8.1`.
        package: the importable package that holds `Client`, `models` and `api`.
    """

    __slots__ = ("name", "package", "product")

    def __init__(self, product: str, name: str, package: str) -> None:
        self.product = product
        self.name = name
        self.package = package

    def __repr__(self) -> str:
        return f"Revision({self.product!r}, {self.name!r})"


class Parameter:
    """A path, query or header parameter: `name` in Python, `wire` in the request, `type` as in the signature."""

    __slots__ = ("array", "json", "location", "name", "required", "type", "wire")

    def __init__(
        self,
        name: str,
        wire: str | None = None,
        location: Location = "query",
        *,
        type: str = "str",
        required: bool = False,
        array: ArrayForm = "none",
        json: bool = False,
    ) -> None:
        self.name = name
        self.wire = camel_case(name) if wire is None else wire
        self.location = location
        self.type = type
        self.required = required
        self.array = array
        self.json = json

    def __repr__(self) -> str:
        return (
            f"Parameter({self.name!r}, {self.wire!r}, {self.location!r}, type={self.type!r}, required={self.required})"
        )


class Body:
    """A request body: the type expression of what is sent and its media type."""

    __slots__ = ("media_type", "required", "type")

    def __init__(self, type: str, media_type: str = "application/json", *, required: bool = True) -> None:
        self.type = type
        self.media_type = media_type
        self.required = required


class Response:
    """A 2xx response: the type expression of its body (empty for none) and the media types it comes in."""

    __slots__ = ("media_types", "type")

    def __init__(self, type: str = "", *media_types: str) -> None:
        self.type = type
        self.media_types = media_types or (("application/json",) if type else ())


class Paging:
    """How an operation gives its rows page by page.

    Attributes:
        rows: wire name of the array in the answer (`data`, `results`).
        row: type expression of one row.
        skip, limit: Python names of the query parameters, or wire names in the body.
        in_body: True where the page is asked for in the request body.
        within: the property of the body that holds `skip` and `limit`; empty where the body itself does.
    """

    __slots__ = ("in_body", "limit", "row", "rows", "skip", "within")

    def __init__(
        self,
        rows: str,
        row: str,
        skip: str = "skip",
        limit: str = "limit",
        *,
        in_body: bool = False,
        within: str = "pagination",
    ) -> None:
        self.rows = rows
        self.row = row
        self.skip = skip
        self.limit = limit
        self.in_body = in_body
        self.within = within


class Operation(Generic[R]):
    """An operation of one API revision, as its document describes it.

    Attributes:
        operation_id: the vendor's operationId.
        tag: the vendor's tag; `group` is the attribute of `Client` that holds it.
        name: the Python function in `api.<group>`.
        title: the vendor's title.
        method, path: as sent; the path has `{wireName}` placeholders.
        parameters: path, query and header parameters in the document's order.
        body: the request body, or None.
        responses: status code to `Response` for each 2xx of the document.
        secured: False where the call carries no token.
        safe: True where the call only reads, so that it may be repeated.
        inferred: True where no document evidences the operation.
        deprecated: True where the vendor says so.
        paging: how it pages, or None.
    """

    __slots__ = (
        "body", "deprecated", "group", "inferred", "method", "name", "operation_id",
        "paging", "parameters", "path", "responses", "revision", "safe", "secured", "tag", "title",
    )  # fmt: skip

    def __init__(
        self,
        operation_id: str,
        title: str,
        method: str,
        path: str,
        *,
        revision: Revision,
        tag: str,
        group: str,
        name: str,
        parameters: Sequence[Parameter] = (),
        body: Body | None = None,
        responses: Mapping[int, Response],
        secured: bool = True,
        safe: bool | None = None,
        inferred: bool = False,
        deprecated: bool = False,
        paging: Paging | None = None,
    ) -> None:
        self.operation_id = operation_id
        self.title = title
        self.method = method
        self.path = path
        self.revision = revision
        self.tag = tag
        self.group = group
        self.name = name
        self.parameters = tuple(parameters)
        self.body = body
        self.responses = responses
        self.secured = secured
        self.safe = method in ("GET", "HEAD") if safe is None else safe
        self.inferred = inferred
        self.deprecated = deprecated
        self.paging = paging

    def __repr__(self) -> str:
        return f"<Operation {self.operation_id}: {self.method} {self.path}>"
