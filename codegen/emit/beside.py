"""Types, from what openapi-python-client says, and beside its objects what it cannot say.

It merges a base into its children and knows no discriminators, takes one media type for an response, no object as a
parameter, and no other name for a schema. Those come from the document's facts, here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openapi_python_client.parser.properties.any import AnyProperty
from openapi_python_client.parser.properties.boolean import BooleanProperty
from openapi_python_client.parser.properties.date import DateProperty
from openapi_python_client.parser.properties.datetime import DateTimeProperty
from openapi_python_client.parser.properties.enum_property import EnumProperty
from openapi_python_client.parser.properties.file import FileProperty
from openapi_python_client.parser.properties.float import FloatProperty
from openapi_python_client.parser.properties.int import IntProperty
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.parser.properties.model_property import ModelProperty
from openapi_python_client.parser.properties.none import NoneProperty
from openapi_python_client.parser.properties.protocol import PropertyProtocol
from openapi_python_client.parser.properties.string import StringProperty
from openapi_python_client.parser.properties.union import UnionProperty
from openapi_python_client.parser.properties.uuid import UuidProperty

from codegen.emit.document import Content, Document, Json, Operation, Parameter
from codegen.emit.expressions import union
from codegen.emit.parsed import Parsed
from codegen.faults import BadInput

_SCALARS: dict[type[Any], str] = {
    AnyProperty: "Any",
    BooleanProperty: "bool",
    DateProperty: "date",
    DateTimeProperty: "datetime",
    FileProperty: "bytes",
    FloatProperty: "float",
    IntProperty: "int",
    NoneProperty: "None",
    StringProperty: "str",
    UuidProperty: "str",
}
_PLAIN = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
    "date": "date",
    "date-time": "datetime",
    "binary": "bytes",
}


class Types:
    """The type expression of everything in a revision."""

    def __init__(self, document: Document, parsed: Parsed, classes: Mapping[str, str]) -> None:
        self.document = document
        self.parsed = parsed
        self.classes = classes

    def property(self, schema: str, wire: str) -> str:
        """A property of a model."""
        return self._of(self.parsed.property(schema, wire))

    def alias(self, schema: str) -> str:
        """What a schema is another name for."""
        return self._plain(self.document.schemas[schema].type)

    def parameter(self, operation: Operation, parameter: Parameter) -> str:
        """A parameter of an operation."""
        said = self.parsed.parameter(operation.operation_id, parameter.location, parameter.wire)
        return self._plain(parameter.type) if said is None else self._of(said)

    def body(self, operation: Operation) -> str:
        """The body of an operation that has one."""
        return self._of(self.parsed.body(operation.operation_id))

    def response(self, operation: Operation, status: int) -> list[str]:
        """The bodies of a response, one for each media type."""
        contents = operation.responses[status]
        if not contents:
            return []
        first = self._of(self.parsed.response(operation.operation_id, status))
        return [_content(first, contents[0]), *(_content(self._plain(each.type), each) for each in contents[1:])]

    def _of(self, said: PropertyProtocol) -> str:
        if isinstance(said, ListProperty):
            return f"list[{self._of(said.inner_property)}]"
        if isinstance(said, UnionProperty):
            return union(self._of(part) for part in said.inner_properties)
        if isinstance(said, EnumProperty | ModelProperty):
            name = str(said.class_info.name)
            if name in self.parsed.maps:
                value = self.parsed.maps[name].additional_properties
                return f"dict[str, {'Any' if value is None else self._of(value)}]"
            return self.classes[self.parsed.schemas[name]]
        for kind, expression in _SCALARS.items():
            if isinstance(said, kind):
                return expression
        raise BadInput(f"openapi-python-client gives a {type(said).__name__}, which has no counterpart")

    def _plain(self, plain: Json) -> str:
        if "$ref" in plain:
            return self.classes[plain["$ref"]]
        if "map" in plain:
            return f"dict[str, {self._plain(plain['map'])}]"
        if "array" in plain:
            return f"list[{self._plain(plain['array'])}]"
        if "union" in plain:
            return union(self._plain(part) for part in plain["union"])
        return _PLAIN.get(str(plain.get("format")), _PLAIN.get(str(plain.get("type")), "Any"))


def _content(expression: str, content: Content) -> str:
    if content.shape == "binary":
        return "bytes"
    return "str" if content.shape == "text" else expression
