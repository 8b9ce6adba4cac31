"""openapi-python-client as a library: the one module that knows it.

It reads the types: what a property, a parameter, a body and an answer are in Python. Its parser loses what it cannot
name (two enum values that become one identifier, a re-spelled class, a path parameter that may be null, a second media
type), so names do not pass through it: it sees each schema, property, operation and answer under a number, and what it
says of a number is put back under the document's name. It sees no inheritance either, for it would merge base and
child; that comes from the document. Whatever it refuses is an error here, never a warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import GeneratorError
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

from codegen.document import Content, Document, Json, Operation, Schema, SpecError
from codegen.expressions import union
from codegen.naming import class_name

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
_MEDIA_TYPES = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "multipart": "multipart/form-data",
    "binary": "application/octet-stream",
    "text": "text/plain",
}
_FIRST_ANSWER = 100  # answers are numbered as if they were statuses


class Types:
    """What openapi-python-client says of a document.

    Attributes:
        classes: the Python class of each schema of kind model or enum.
        properties: the type expression of (schema, property).
        additional: the type expression of a model's further keys, where the document gives one.
        values: the values of each enum.
        aliases: the type expression of each alias.
        parameters: of (operationId, location, parameter).
        bodies: of operationId.
        answers: of (operationId, status, number of the media type).
    """

    def __init__(self) -> None:
        self.classes: dict[str, str] = {}
        self.properties: dict[tuple[str, str], str] = {}
        self.additional: dict[str, str] = {}
        self.values: dict[str, list[str]] = {}
        self.aliases: dict[str, str] = {}
        self.parameters: dict[tuple[str, str, str], str] = {}
        self.bodies: dict[str, str] = {}
        self.answers: dict[tuple[str, int, int], str] = {}


def parse(document: Document, name: str) -> Types:
    """Let openapi-python-client read a document.

    Args:
        document: the spec as plain facts.
        name: what to call it in errors.

    Raises:
        SpecError: it refused something, or said nothing of it.
    """
    return _Parse(document, name).types


class _Parse:
    def __init__(self, document: Document, name: str) -> None:
        self.document = document
        self.name = name
        self.types = Types()
        self.maps: list[Json] = []
        classes = [schema for schema in document.schemas.values() if schema.kind != "alias"]
        self.numbers = {schema.name: f"Schema{number}" for number, schema in enumerate(classes)}
        self.named = {number: schema_name for schema_name, number in self.numbers.items()}
        for schema in classes:
            self.types.classes[schema.name] = class_name(schema.name, self.types.classes.values())
        self._read(self._parsed())

    # -- what it is given

    def _parsed(self) -> GeneratorData:
        schemas: dict[str, Any] = {}
        for schema_name, number in self.numbers.items():
            schemas[number] = self._given_schema(self.document.schemas[schema_name])
        aliases = [schema for schema in self.document.schemas.values() if schema.kind == "alias"]
        schemas["Aliases"] = {
            "type": "object",
            "properties": {f"a{number}": self._given(schema.type) for number, schema in enumerate(aliases)},
            "additionalProperties": False,
        }
        paths = {
            f"/o{number}": {"post": self._given_operation(number, operation)}
            for number, operation in enumerate(self.document.operations)
        }
        for place, value in enumerate(self.maps):  # grows while its own values are given
            schemas[f"Map{place}"] = {"type": "object", "additionalProperties": self._given(value) or True}
        config = Config.from_sources(
            ConfigFile(), MetaType.NONE, Path("spec.json"), "utf-8", overwrite=False, output_path=None
        )
        given = {
            "openapi": "3.0.3",
            "info": {"title": self.name, "version": "0"},
            "paths": paths,
            "components": {"schemas": schemas},
        }
        parsed = GeneratorData.from_dict(given, config=config)
        if isinstance(parsed, GeneratorError):
            raise SpecError(f"{self.name}: openapi-python-client refuses it: {_line(parsed.detail)}")
        refused = [(error, "") for error in parsed.errors]
        for collection in parsed.endpoint_collections_by_tag.values():
            refused += [(error, error.header) for error in collection.parse_errors]
        if refused:
            raise SpecError(
                *(
                    f"{self.name}: openapi-python-client refuses {self._back(_line(f'{header} {error.detail}'))}"
                    for error, header in refused
                )
            )
        return parsed

    def _given_schema(self, schema: Schema) -> dict[str, Any]:
        if schema.kind == "enum":
            return {
                "type": "string",
                "enum": list(schema.values),
                "x-enum-varnames": [f"V{number}" for number in range(len(schema.values))],
            }
        return {
            "type": "object",
            "required": [f"p{number}" for number, entry in enumerate(schema.properties.values()) if entry.required],
            "properties": {
                f"p{number}": self._given(entry.type) for number, entry in enumerate(schema.properties.values())
            },
            "additionalProperties": self._given(schema.additional) if schema.additional else False,
        }

    def _given(self, plain: Json) -> dict[str, Any]:
        if "$ref" in plain:
            return {"$ref": f"#/components/schemas/{self.numbers[plain['$ref']]}"}
        if "array" in plain:
            return {"type": "array", "items": self._given(plain["array"])}
        if "union" in plain:
            return {"oneOf": [self._given(member) for member in plain["union"]]}
        if "map" in plain:
            if plain["map"] not in self.maps:
                self.maps.append(plain["map"])
            return {"$ref": f"#/components/schemas/Map{self.maps.index(plain['map'])}"}
        return dict(plain)

    def _given_operation(self, number: int, operation: Operation) -> dict[str, Any]:
        given: dict[str, Any] = {
            "operationId": f"o{number}",
            "parameters": [
                {
                    "name": f"q{position}",
                    "in": "query",
                    "required": parameter.required,
                    "schema": self._given(parameter.type),
                }
                for position, parameter in enumerate(operation.parameters)
                if not _has_object(parameter.type)
            ],
            "responses": {
                str(_FIRST_ANSWER + position): {
                    "description": "",
                    "content": {_MEDIA_TYPES[_answer_shape(content)]: {"schema": self._given(content.type)}},
                }
                for position, (_, _, content) in enumerate(_contents(operation))
            },
        }
        if operation.body:
            given["requestBody"] = {
                "required": True,
                "content": {_MEDIA_TYPES[_body_shape(operation.body)]: {"schema": self._given(operation.body.type)}},
            }
        return given

    # -- what it says

    def _read(self, parsed: GeneratorData) -> None:
        models = {str(model.class_info.name): model for model in parsed.models}
        enums = {str(enum.class_info.name): enum for enum in parsed.enums}
        self.map_types = {
            f"Map{number}": models[f"Map{number}"].additional_properties for number in range(len(self.maps))
        }
        lost = [
            schema_name for schema_name, number in self.numbers.items() if number not in models and number not in enums
        ]
        if lost:
            raise SpecError(
                *(f"{self.name}: openapi-python-client says nothing of schema {schema_name}" for schema_name in lost)
            )
        for schema_name, number in self.numbers.items():
            schema = self.document.schemas[schema_name]
            if schema.kind == "enum":
                members = enums[number].values
                self.types.values[schema_name] = [
                    value for position, value in enumerate(schema.values) if f"V{position}" in members
                ]
                continue
            model = models[number]
            said = _by_name(model)
            for position, wire in enumerate(schema.properties):
                self.types.properties[schema_name, wire] = self._expression(said[f"p{position}"])
            if model.additional_properties is not None:
                self.types.additional[schema_name] = self._expression(model.additional_properties)
        said = _by_name(models["Aliases"])
        aliases = (schema.name for schema in self.document.schemas.values() if schema.kind == "alias")
        self.types.aliases = {alias: self._expression(said[f"a{position}"]) for position, alias in enumerate(aliases)}
        endpoints = {
            str(endpoint.name): endpoint
            for group in parsed.endpoint_collections_by_tag.values()
            for endpoint in group.endpoints
        }
        for place, operation in enumerate(self.document.operations):
            endpoint = endpoints[f"o{place}"]
            queries = {entry.name.get_untrusted_value(): entry for entry in endpoint.query_parameters}
            for position, parameter in enumerate(operation.parameters):
                expression = (
                    self._expression(queries[f"q{position}"])
                    if f"q{position}" in queries
                    else self._plain_expression(parameter.type)
                )
                self.types.parameters[operation.operation_id, parameter.location, parameter.wire] = expression
            if operation.body:
                self.types.bodies[operation.operation_id] = self._expression(endpoint.bodies[0].prop)
            answers = {answer.status_code.pattern: answer.prop for answer in endpoint.responses.patterns}
            for position, (status, nth, _) in enumerate(_contents(operation)):
                self.types.answers[operation.operation_id, status, nth] = self._expression(
                    answers[str(_FIRST_ANSWER + position)]
                )

    def _expression(self, said: PropertyProtocol) -> str:
        if isinstance(said, ListProperty):
            return f"list[{self._expression(said.inner_property)}]"
        if isinstance(said, UnionProperty):
            return union(self._expression(member) for member in said.inner_properties)
        if isinstance(said, EnumProperty | ModelProperty):
            number = str(said.class_info.name)
            if number in self.map_types:
                value = self.map_types[number]
                return f"dict[str, {'Any' if value is None else self._expression(value)}]"
            return self.types.classes[self.named[number]]
        for kind, expression in _SCALARS.items():
            if isinstance(said, kind):
                return expression
        raise SpecError(f"{self.name}: openapi-python-client gives a {type(said).__name__}, which has no counterpart")

    def _plain_expression(self, plain: Json) -> str:
        """The type of a parameter that is an object: openapi-python-client takes none."""
        if "$ref" in plain:
            return self.types.classes[plain["$ref"]]
        if "map" in plain:
            return f"dict[str, {self._plain_expression(plain['map'])}]"
        if "array" in plain:
            return f"list[{self._plain_expression(plain['array'])}]"
        if "union" in plain:
            return union(self._plain_expression(member) for member in plain["union"])
        return {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}.get(
            str(plain.get("type")), "Any"
        )

    def _back(self, line: str) -> str:
        """Put the document's names back into an error's text."""
        for number, schema_name in sorted(self.named.items(), key=lambda entry: -len(entry[0])):
            line = line.replace(f"/{number}", f"/{schema_name}").replace(f"{number} ", f"{schema_name} ")
        for position in range(len(self.document.operations) - 1, -1, -1):
            line = line.replace(f"/o{position}", f"operation {self.document.operations[position].operation_id}")
        return line


def _line(text: str | None) -> str:
    return " ".join((text or "it does not say why").split())


def _by_name(model: ModelProperty) -> dict[str, PropertyProtocol]:
    return {
        entry.name.get_untrusted_value(): entry
        for entry in [*(model.required_properties or ()), *(model.optional_properties or ())]
    }


def _has_object(plain: Json) -> bool:
    return "map" in plain or any(isinstance(value, dict) and _has_object(value) for value in plain.values())


def _contents(operation: Operation) -> Iterator[tuple[int, int, Content]]:
    for status, contents in operation.answers.items():
        for place, content in enumerate(contents):
            yield status, place, content


def _body_shape(content: Content) -> str:
    return (
        "json" if content.shape == "text" or (content.shape == "form" and "$ref" not in content.type) else content.shape
    )


def _answer_shape(content: Content) -> str:
    return content.shape if content.shape in ("json", "text", "binary") else "json"
