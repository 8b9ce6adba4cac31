"""What is emitted for a document, before it is text: classes, functions, files and their names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import attrs

from codegen import naming
from codegen.emit import document as doc
from codegen.emit import files
from codegen.emit.beside import Types
from codegen.emit.expressions import members, union
from codegen.emit.parsed import parse
from codegen.emit.remarks import remarks


@attrs.define
class Field:
    """A field of a class; `narrows` one of a base, which `fits` by the rules of type checkers or does not."""

    name: str
    wire: str
    type: str
    required: bool
    default: str | None = None
    note: str = ""
    narrows: bool = False
    fits: bool = True
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
    answers: dict[int, tuple[str, list[str]]]
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


def build(document: doc.Document, name: str) -> Emitted:
    """Decide names, types and files for a document.

    Args:
        document: the spec as plain facts.
        name: what to call it in errors.

    Raises:
        BadInput: openapi-python-client refused something.
    """
    classes = _class_names(document)
    return _Builder(document, Types(document, parse(document, name, classes), classes)).build()


def _class_names(document: doc.Document) -> dict[str, str]:
    """The class of each schema; what is only another name comes last to a name that two would have."""
    names: dict[str, str] = {}
    for schema in sorted(document.schemas.values(), key=lambda schema: schema.kind == "alias"):
        names[schema.name] = naming.class_name(schema.name, names.values())
    return names


def references(plain: object) -> Iterator[str]:
    """The schemas that a plain type names."""
    if isinstance(plain, dict):
        if isinstance(plain.get("$ref"), str):
            yield plain["$ref"]
        for value in plain.values():
            yield from references(value)
    elif isinstance(plain, list):
        for value in plain:
            yield from references(value)


class _Builder:
    def __init__(self, document: doc.Document, types: Types) -> None:
        self.document = document
        self.types = types
        self.names: dict[str, str] = dict(types.classes)
        self.attributes: dict[str, dict[str, str]] = {}
        self.fields: dict[str, list[Field]] = {}
        self.uploads: set[str] = set()

    def build(self) -> Emitted:
        self._find_uploads()
        classes = {self.names[schema.name]: self._class(schema) for schema in self.document.schemas.values()}
        self._discriminated(classes)
        groups, functions = self._functions(classes)
        self._mark_rows(classes, functions)
        return Emitted(classes, self._modules(functions), groups, functions)

    # -- models

    def _find_uploads(self) -> None:
        """Models that travel as multipart forms take whatever can be uploaded for their binary fields."""
        queue = [
            ref
            for operation in self.document.operations
            if operation.body and operation.body.shape == "multipart"
            for ref in references(operation.body.type)
        ]
        for name in queue:
            if name not in self.uploads:
                self.uploads.add(name)
                queue += [
                    ref for entry in self.document.schemas[name].properties.values() for ref in references(entry.type)
                ]

    def _attribute_names(self, name: str) -> dict[str, str]:
        """Wire name to attribute, those of the bases included."""
        if name not in self.attributes:
            schema = self.document.schemas[name]
            found = dict(self._attribute_names(schema.base)) if schema.base else {}
            fresh = [wire for wire in schema.properties if wire not in found]
            # The plain name goes to the property that is spelled so: `issued` before `.issued`.
            plain = [wire for wire in fresh if naming.camel_case(naming.attribute_name(wire)) == wire]
            for wire in [*plain, *(wire for wire in fresh if wire not in plain)]:
                found[wire] = naming.attribute_name(wire, found.values())
            self.attributes[name] = found
        return self.attributes[name]

    def _class(self, schema: doc.Schema) -> Class:
        made = Class(self.names[schema.name], schema)
        if schema.kind == "enum":
            made.members = list(zip(naming.member_names(schema.values), schema.values, strict=True))
        elif schema.kind == "alias":
            made.type = self.types.alias(schema.name)
        else:
            made.base = self.names[schema.base] if schema.base else None
            made.fields = self._fields(schema)
        return made

    def _fields(self, schema: doc.Schema) -> list[Field]:
        """The fields that a class declares: those of its own, and those of its bases that it narrows."""
        if schema.name not in self.fields:
            attributes = self._attribute_names(schema.name)
            inherited = self._inherited(schema.base)
            found = []
            for wire, entry in schema.properties.items():
                before = inherited.get(wire)
                field = self._field(schema, attributes[wire], entry, before)
                if before is None or before.type != field.type:
                    field.narrows = before is not None
                    field.fits = before is None or self._fits(field.type, before.type)
                    found.append(field)
            self.fields[schema.name] = found
        return self.fields[schema.name]

    def _field(self, schema: doc.Schema, name: str, entry: doc.Property, before: Field | None) -> Field:
        expression = self.types.property(schema.name, entry.wire)
        # In a form a file is what can be uploaded; in JSON it is base64 text.
        expression = expression.replace("bytes", "Upload" if schema.name in self.uploads else "str")
        required, nullable = entry.required, entry.nullable
        if before is not None:  # both schemas hold
            required = required or before.required
            nullable = nullable and "None" in members(before.type)
        if expression != "Any" and (nullable or not required):
            expression = union([expression, "None"])
        return Field(
            name,
            entry.wire,
            expression if required else f"{expression} | Unset",
            required,
            note=", ".join(remarks(entry.source, entry.wire, read_only=entry.read_only)),
            read_only=entry.read_only,
        )

    def _fits(self, narrow: str, wide: str) -> bool:
        """Whether a type checker takes one type where a base class declares the other."""
        allowed = set(members(wide))
        return "Any" in allowed or all(
            part in allowed or any(self._is_child(part, base) for base in allowed) for part in members(narrow)
        )

    def _is_child(self, name: str, base: str) -> bool:
        schemas = {made: schema for schema, made in self.names.items()}
        current: str | None = schemas.get(name)
        while current:
            if self.names[current] == base:
                return True
            current = self.document.schemas[current].base
        return False

    def _inherited(self, base: str | None) -> dict[str, Field]:
        """Wire name to what the bases declare."""
        found: dict[str, Field] = {}
        while base:
            schema = self.document.schemas[base]
            for field in self._fields(schema):
                found.setdefault(field.wire, field)
            base = schema.base
        return found

    def _discriminated(self, classes: dict[str, Class]) -> None:
        for made in classes.values():
            schema = made.schema
            if not schema.mapping:
                continue
            made.discriminator = schema.discriminator
            made.children = {value: self.names[child] for value, child in schema.mapping.items()}
            leading: dict[str, list[str]] = defaultdict(list)
            for value, child in made.children.items():
                leading[child].append(value)
            attribute = self._attribute_names(schema.name)[str(schema.discriminator)]
            for child, values in leading.items():
                if len(values) > 1 or child == made.name:
                    continue
                own = next((entry for entry in classes[child].fields if entry.wire == schema.discriminator), None)
                if own is None:
                    wire = str(schema.discriminator)
                    declared = self._inherited(classes[child].schema.base)[wire]
                    own = Field(attribute, wire, declared.type, declared.required)
                    classes[child].fields = [own, *classes[child].fields]
                own.default = values[0]

    # -- operations

    def _functions(self, classes: dict[str, Class]) -> tuple[dict[str, str], list[Function]]:
        groups: dict[str, str] = {}
        by_tag: dict[str, str] = {}
        taken: dict[str, set[str]] = defaultdict(set)
        functions = []
        for operation in self.document.operations:
            if operation.tag not in by_tag:
                by_tag[operation.tag] = naming.group_name(operation.tag, groups)
                groups[by_tag[operation.tag]] = operation.tag
            group = by_tag[operation.tag]
            name = naming.function_name(operation.operation_id, operation.tag, taken[group])
            taken[group].add(name)
            functions.append(self._function(operation, group, name))
        for function in functions:
            function.listing = self._listing(function)
        return groups, functions

    def _mark_rows(self, classes: dict[str, Class], functions: list[Function]) -> None:
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

    def _function(self, operation: doc.Operation, group: str, name: str) -> Function:
        arguments: list[Argument] = []
        for parameter in operation.parameters:
            expression = self.types.parameter(operation, parameter)
            argument = naming.parameter_name(parameter.wire, [entry.name for entry in arguments])
            arguments.append(Argument(argument, expression, parameter))
        answers: dict[int, tuple[str, list[str]]] = {}
        for status, contents in operation.answers.items():
            types = self.types.answer(operation, status)
            answers[status] = (union(types) if types else "", [content.media_type for content in contents])
        body = None
        if operation.body:
            body = self.types.body(operation)
            if operation.body.shape == "binary":
                body = "bytes"
        returns = union(expression or "None" for expression, _ in answers.values())
        return Function(name, group, operation, arguments, body, answers, returns)

    def _listing(self, function: Function) -> Listing | None:
        """A listing answers with one object that holds one array of rows, and is asked for by skip and limit."""
        answered = self._page(function.operation)
        if answered is None:
            return None
        page = self._all_properties(answered)
        arrays = [
            wire for wire, (_, entry) in page.items() if "array" in entry.type and wire not in ("_links", "links")
        ]
        if len(arrays) != 1:
            return None
        rows = arrays[0]
        expression = self.types.property(page[rows][0], rows)
        row = union(part for part in members(expression[len("list[") : -1]) if part != "None")
        counted = any(wire.lower() in ("pagination", "totalcount", "total", "count") for wire in page)
        by_wire = {
            argument.parameter.wire.lower(): argument
            for argument in function.arguments
            if argument.parameter.location == "query"
        }
        limit = by_wire.get("limit")
        skip = by_wire.get("skip") or by_wire.get("offset")
        if limit and skip:
            return Listing(self.names[answered], rows, row, skip.name, limit.name)
        if counted and function.operation.body and "$ref" in function.operation.body.type:
            asked = self._all_properties(function.operation.body.type["$ref"])
            within = "pagination" if "pagination" in asked and "$ref" in asked["pagination"][1].type else ""
            paged = self._all_properties(asked[within][1].type["$ref"]) if within else asked
            fields = {wire.lower(): wire for wire in paged}
            skip_wire = fields.get("skip") or fields.get("offset")
            if skip_wire and "limit" in fields:
                page_name = self.names[answered]
                return Listing(page_name, rows, row, skip_wire, fields["limit"], in_body=True, within=within)
        return None

    def _page(self, operation: doc.Operation) -> str | None:
        """The schema that an operation answers with, by itself or as the result of an operation that is waited for."""
        if any(len(contents) != 1 or contents[0].shape != "json" for contents in operation.answers.values()):
            return None
        if any("$ref" not in contents[0].type for contents in operation.answers.values()):
            return None
        answered: dict[int, str] = {status: contents[0].type["$ref"] for status, contents in operation.answers.items()}
        later = answered.pop(202, None)
        result = self._all_properties(later).get("result") if later else None
        if result is not None and "$ref" in result[1].type:
            page: str = result[1].type["$ref"]
            # Without another answer, a call that changes something would do so again for every page.
            allowed = answered == {200: page} or (not answered and operation.method == "GET")
            return page if allowed else None
        if later is not None:
            answered[202] = later
        return next(iter(answered.values())) if len(answered) == 1 else None

    def _all_properties(self, name: str | None) -> dict[str, tuple[str, doc.Property]]:
        found: dict[str, tuple[str, doc.Property]] = {}
        while name:
            schema = self.document.schemas[name]
            for wire, entry in schema.properties.items():
                found.setdefault(wire, (name, entry))
            name = schema.base
        return found

    # -- files

    def _modules(self, functions: list[Function]) -> dict[str, list[str]]:
        groups: dict[str, list[str]] = defaultdict(list)
        for function in functions:
            operation = function.operation
            types = [parameter.type for parameter in operation.parameters]
            types += [content.type for contents in operation.answers.values() for content in contents]
            if operation.body:
                types.append(operation.body.type)
            for name in naming.unique(name for plain in types for name in references(plain)):
                groups[self.names[name]].append(function.group)
        nodes = []
        for schema in self.document.schemas.values():
            uses = [ref for entry in schema.properties.values() for ref in references(entry.type)]
            uses += [*references(schema.type), *references(schema.additional), *schema.mapping.values()]
            own = self.names[schema.name]
            base = self.names[schema.base] if schema.base else None
            nodes.append(files.Node(own, base, tuple(self.names[use] for use in uses), tuple(groups.get(own, ()))))
        return files.files(nodes)
