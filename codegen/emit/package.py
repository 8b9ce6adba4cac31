"""What is emitted for a document, before it is text: classes, functions, files and their names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from codegen import naming
from codegen.emit import document as doc
from codegen.emit import files
from codegen.emit.beside import Types
from codegen.emit.expressions import members, union
from codegen.emit.listings import Listings, mark_rows
from codegen.emit.parsed import parse
from codegen.emit.parts import Argument, Class, Emitted, Field, Function
from codegen.emit.remarks import remarks


def build(document: doc.Document, name: str, tags: Mapping[str, str] | None = None) -> Emitted:
    """Decide names, types and files for a document.

    Args:
        document: the spec as plain facts.
        name: what to call it in errors.
        tags: the tags that the vendor renamed, with the name that their modules keep.

    Raises:
        BadInput: openapi-python-client refused something.
    """
    classes = _class_names(document)
    return _Builder(document, Types(document, parse(document, name, classes), classes), tags or {}).build()


def _class_names(document: doc.Document) -> dict[str, str]:
    """The class of each schema: a name that the document has comes first, an alias last."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for schema in sorted(document.schemas.values(), key=_precedence):
        names[schema.name] = naming.class_name(schema.name, taken)
        taken.add(names[schema.name])
    return names


def _precedence(schema: doc.Schema) -> tuple[bool, bool]:
    return naming.class_name(schema.name) != schema.name, schema.kind == "alias"


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
    def __init__(self, document: doc.Document, types: Types, tags: Mapping[str, str]) -> None:
        self.document = document
        self.tags = tags
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
        mark_rows(classes, functions)
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
            names = dict(self._attribute_names(schema.base)) if schema.base else {}
            fresh = [wire for wire in schema.properties if wire not in names]
            # The plain name goes to the property that is spelled so: `issued` before `.issued`.
            plain = [wire for wire in fresh if naming.camel_case(naming.attribute_name(wire)) == wire]
            for wire in [*plain, *(wire for wire in fresh if wire not in plain)]:
                names[wire] = naming.attribute_name(wire, names.values())
            self.attributes[name] = names
        return self.attributes[name]

    def _class(self, schema: doc.Schema) -> Class:
        item = Class(self.names[schema.name], schema)
        if schema.kind == "enum":
            item.members = list(zip(naming.member_names(schema.values), schema.values, strict=True))
        elif schema.kind == "alias":
            item.type = self.types.alias(schema.name)
        else:
            item.base = self.names[schema.base] if schema.base else None
            item.fields = self._fields(schema)
        return item

    def _fields(self, schema: doc.Schema) -> list[Field]:
        """The fields that a class declares: those of its own, and those of its bases that it narrows."""
        if schema.name not in self.fields:
            attributes = self._attribute_names(schema.name)
            inherited = self._inherited(schema.base)
            declared = []
            for wire, entry in schema.properties.items():
                before = inherited.get(wire)
                field = self._field(schema, attributes[wire], entry, before)
                if before is None or before.type != field.type:
                    field.narrows = before is not None
                    field.fits = before is None or self._fits(field.type, before.type)
                    field.demands = before is not None and field.required and not before.required
                    declared.append(field)
            self.fields[schema.name] = declared
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
        schemas = {class_name: schema for schema, class_name in self.names.items()}
        current: str | None = schemas.get(name)
        while current:
            if self.names[current] == base:
                return True
            current = self.document.schemas[current].base
        return False

    def _inherited(self, base: str | None) -> dict[str, Field]:
        """Wire name to what the bases declare."""
        fields: dict[str, Field] = {}
        while base:
            schema = self.document.schemas[base]
            for field in self._fields(schema):
                fields.setdefault(field.wire, field)
            base = schema.base
        return fields

    def _discriminated(self, classes: dict[str, Class]) -> None:
        for item in classes.values():
            schema = item.schema
            if not schema.mapping:
                continue
            item.discriminator = schema.discriminator
            item.children = {value: self.names[child] for value, child in schema.mapping.items()}
            leading: dict[str, list[str]] = defaultdict(list)
            for value, child in item.children.items():
                leading[child].append(value)
            attribute = self._attribute_names(schema.name)[str(schema.discriminator)]
            for child, values in leading.items():
                if len(values) > 1 or child == item.name:
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
                by_tag[operation.tag] = naming.group_name(self.tags.get(operation.tag, operation.tag), groups)
                groups[by_tag[operation.tag]] = operation.tag
            group = by_tag[operation.tag]
            name = naming.function_name(operation.operation_id, operation.tag, taken[group])
            taken[group].add(name)
            functions.append(self._function(operation, group, name))
        listings = Listings(self.document, self.types)
        for function in functions:
            function.listing = listings.of(function)
        return groups, functions

    def _function(self, operation: doc.Operation, group: str, name: str) -> Function:
        arguments: list[Argument] = []
        for parameter in operation.parameters:
            expression = self.types.parameter(operation, parameter)
            argument = naming.parameter_name(parameter.wire, [entry.name for entry in arguments])
            arguments.append(Argument(argument, expression, parameter))
        responses: dict[int, tuple[str, list[str]]] = {}
        for status, contents in operation.responses.items():
            types = self.types.response(operation, status)
            responses[status] = (union(types) if types else "", [content.media_type for content in contents])
        body = None
        if operation.body:
            body = self.types.body(operation)
            if operation.body.shape in ("binary", "text"):
                body = "bytes"
        returns = union(
            expression or "None"
            for status, (expression, _) in responses.items()
            if status != 202 or not operation.elsewhere
        )
        return Function(name, group, operation, arguments, body, responses, returns)

    # -- files

    def _modules(self, functions: list[Function]) -> dict[str, list[str]]:
        groups: dict[str, list[str]] = defaultdict(list)
        for function in functions:
            operation = function.operation
            types = [parameter.type for parameter in operation.parameters]
            types += [content.type for contents in operation.responses.values() for content in contents]
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
