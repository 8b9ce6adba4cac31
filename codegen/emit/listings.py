"""Which operations give their rows page by page, and how they are asked for the next page."""

from __future__ import annotations

from codegen.emit import document as doc
from codegen.emit.beside import Types
from codegen.emit.expressions import members, union
from codegen.emit.parts import Class, Function, Listing

# Arrays of pages that hold no rows.
_NO_ROWS = ("_links", "links", "errors")


class Listings:
    """Distinguishes listings from other operations."""

    def __init__(self, document: doc.Document, types: Types) -> None:
        self._document = document
        self._types = types

    def of(self, function: Function) -> Listing | None:
        """A listing gives one object that holds one array of rows, and is asked for by skip and limit."""
        schema = self._page(function.operation)
        if schema is None:
            return None
        name, page = self._types.classes[schema], self._all_properties(schema)
        arrays = [wire for wire, (_, entry) in page.items() if "array" in entry.type and wire not in _NO_ROWS]
        if len(arrays) != 1:
            return None
        rows = arrays[0]
        expression = self._types.property(page[rows][0], rows)
        row = union(part for part in members(expression[len("list[") : -1]) if part != "None")
        counted = any(wire.lower() in ("pagination", "totalcount", "total", "count") for wire in page)
        by_wire = {
            argument.parameter.wire.lower(): argument
            for argument in function.arguments
            if argument.parameter.location == "query" and "int" in members(argument.type)
        }
        limit = by_wire.get("limit")
        skip = by_wire.get("skip") or by_wire.get("offset")
        # Asked for page by page, a call that changes something would do so for every page.
        if limit and skip and (function.operation.method == "GET" or function.operation.safe):
            return Listing(name, rows, row, skip.name, limit.name)
        if counted and function.operation.body and "$ref" in function.operation.body.type:
            requested = self._all_properties(function.operation.body.type["$ref"])
            within = "pagination" if "pagination" in requested and "$ref" in requested["pagination"][1].type else ""
            paged = self._all_properties(requested[within][1].type["$ref"]) if within else requested
            fields = {wire.lower(): wire for wire in paged}
            skip_wire = fields.get("skip") or fields.get("offset")
            if skip_wire and "limit" in fields:
                return Listing(name, rows, row, skip_wire, fields["limit"], in_body=True, within=within)
        return None

    def _page(self, operation: doc.Operation) -> str | None:
        """The schema that an operation gives, by itself or as the result of an operation that is waited for."""
        by_status: dict[int, str] = {}
        for status, contents in operation.responses.items():
            if status == 202 and operation.elsewhere:
                continue
            named = {content.type.get("$ref") for content in contents}
            if len(named) != 1 or None in named or all(content.shape != "json" for content in contents):
                return None
            by_status[status] = contents[0].type["$ref"]
        later = by_status.pop(202, None)
        result = self._all_properties(later).get("result") if later else None
        if result is not None and "$ref" in result[1].type:
            page: str = result[1].type["$ref"]
            # Without another response, a call that changes something would do so again for every page.
            allowed = by_status == {200: page} or (not by_status and operation.method == "GET")
            return page if allowed else None
        if later is not None:
            by_status[202] = later
        return next(iter(by_status.values())) if len(by_status) == 1 else None

    def _all_properties(self, name: str | None) -> dict[str, tuple[str, doc.Property]]:
        properties: dict[str, tuple[str, doc.Property]] = {}
        while name:
            schema = self._document.schemas[name]
            for wire, entry in schema.properties.items():
                properties.setdefault(wire, (name, entry))
            name = schema.base
        return properties


def mark_rows(classes: dict[str, Class], functions: list[Function]) -> None:
    """The rows of a page are a list whatever the document says of null: `for row in page.data` is to be typed."""
    for function in functions:
        if function.listing is None:
            continue
        declaring: str | None = function.listing.page
        while declaring is not None:
            for field in classes[declaring].fields:
                if field.wire == function.listing.rows:
                    field.type = field.type.removesuffix(" | Unset").removesuffix(" | None")
                    field.rows = True
            declaring = classes[declaring].base
