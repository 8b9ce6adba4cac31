"""openapi-python-client as a library: the one module that calls it.

It reads a revision under the document's own names and says what each property, parameter, body and response is in
Python. `beside` adds what it cannot say. Whatever it refuses is an error here, never a warning.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import GeneratorError
from openapi_python_client.parser.openapi import Endpoint
from openapi_python_client.parser.properties import EnumProperty, ModelProperty
from openapi_python_client.parser.properties.protocol import PropertyProtocol
from openapi_python_client.parser.properties.schemas import Class
from openapi_python_client.strings import PythonIdentifier

from codegen import naming
from codegen.emit.document import Content, Document, Json, Operation, Parameter, Schema
from codegen.faults import BadInput

_ANSWERS = {"binary": "application/octet-stream", "text": "text/plain"}
_BODIES = {
    "form": "application/x-www-form-urlencoded",
    "multipart": "multipart/form-data",
    "binary": "application/octet-stream",
    "text": "application/octet-stream",
}
"""The media types that openapi-python-client takes, by the shape of what travels; all else is JSON to it."""
_PLACEHOLDER = re.compile(r"[a-zA-Z_-][a-zA-Z0-9_-]*")
_PLAIN_TYPES = ("string", "integer", "number", "boolean")


@attrs.frozen
class Parsed:
    """What openapi-python-client says of a revision.

    Attributes:
        models: the model of each schema that is one, by the document's name.
        enums: the enum of each schema that is one.
        maps: the objects that are maps, by the name of the class that openapi-python-client would make of each.
        schemas: the document's name of each class.
        endpoints: the endpoint of each operation, by operationId.
        parameters: the name under which an endpoint has a parameter, by (operationId, location, name in the document).
    """

    models: dict[str, ModelProperty]
    enums: dict[str, EnumProperty]
    maps: dict[str, ModelProperty]
    schemas: dict[str, str]
    endpoints: dict[str, Endpoint]
    parameters: dict[tuple[str, str, str], str]
    properties: dict[tuple[str, str], str]

    def property(self, schema: str, wire: str) -> PropertyProtocol:
        """What a property of a model is."""
        return _by_name(_properties(self.models[schema]), self.properties.get((schema, wire), wire))

    def parameter(self, operation_id: str, location: str, wire: str) -> PropertyProtocol | None:
        """What a parameter is; None for one that openapi-python-client does not take."""
        name = self.parameters.get((operation_id, location, wire))
        if name is None:
            return None
        endpoint = self.endpoints[operation_id]
        places = {"path": endpoint.path_parameters, "header": endpoint.header_parameters}
        return _by_name(places.get(location, endpoint.query_parameters), name)

    def body(self, operation_id: str) -> PropertyProtocol:
        """What an operation takes as its body."""
        return self.endpoints[operation_id].bodies[0].prop

    def response(self, operation_id: str, status: int) -> PropertyProtocol:
        """What an operation gives, as the first of its media types."""
        patterns = self.endpoints[operation_id].responses.patterns
        return next(response.prop for response in patterns if response.status_code.pattern == str(status))


def parse(document: Document, name: str, classes: Mapping[str, str]) -> Parsed:
    """Let openapi-python-client read a revision.

    Args:
        document: the spec as plain facts.
        name: what to call it in errors.
        classes: the class of each schema.

    Raises:
        BadInput: it refused something, or said nothing of it.
    """
    return _Parse(document, name, classes).parsed()


class _Parse:
    def __init__(self, document: Document, name: str, classes: Mapping[str, str]) -> None:
        self.document = document
        self.name = name
        self.classes = classes
        self.config = _config()
        self.titles: dict[str, str] = {}
        self.class_names: dict[str, str] = {}
        self.maps: set[str] = set()
        self.properties: dict[tuple[str, str], str] = {}
        self.parameters: dict[tuple[str, str, str], str] = {}
        for schema in document.schemas.values():
            if schema.kind != "alias":
                title = self._title(classes[schema.name])
                self.titles[schema.name] = title
                self.class_names[self._class_name(title)] = schema.name

    def parsed(self) -> Parsed:
        """What it says, looked over: nothing refused, nothing lost."""
        given = {
            "openapi": "3.0.3",
            "info": {"title": self.name, "version": "0"},
            "paths": self._paths(),
            "components": {"schemas": self._schemas()},
        }
        data = self._read(given)
        models = {str(model.class_info.name): model for model in data.models}
        enums = {str(enum.class_info.name): enum for enum in data.enums if isinstance(enum, EnumProperty)}
        lost = [self.class_names[each] for each in self.class_names if each not in models and each not in enums]
        if lost:
            raise BadInput(*(f"{self.name}: openapi-python-client says nothing of schema {schema}" for schema in lost))
        return Parsed(
            {schema: models[each] for each, schema in self.class_names.items() if each in models},
            {schema: enums[each] for each, schema in self.class_names.items() if each in enums},
            {each: models[each] for each in self.maps if each in models},
            self.class_names,
            self._endpoints(data),
            self.parameters,
            self.properties,
        )

    def _read(self, given: dict[str, Any]) -> GeneratorData:
        try:
            data = GeneratorData.from_dict(given, config=self.config)
        except (ValueError, TypeError, RecursionError) as error:
            raise BadInput(f"{self.name}: openapi-python-client refuses it: {_line(str(error))}") from None
        if isinstance(data, GeneratorError):
            raise BadInput(f"{self.name}: openapi-python-client refuses it: {_line(data.detail)}")
        refused = [f"{error.header} {error.detail}" for error in data.errors]
        for collection in data.endpoint_collections_by_tag.values():
            refused += [f"{error.header} {error.detail}" for error in collection.parse_errors]
        if refused:
            raise BadInput(*(f"{self.name}: openapi-python-client refuses {_line(each)}" for each in refused))
        return data

    def _endpoints(self, data: GeneratorData) -> dict[str, Endpoint]:
        """Its endpoints by operationId: those of a tag come in the document's order."""
        queues = {str(tag): iter(each.endpoints) for tag, each in data.endpoint_collections_by_tag.items()}
        return {
            operation.operation_id: next(queues[str(PythonIdentifier(value=operation.tag, prefix="tag"))])
            for operation in self.document.operations
        }

    # -- names that it can take

    def _class_name(self, title: str) -> str:
        return str(Class.from_string(string=title, config=self.config).name)

    def _title(self, name: str) -> str:
        """A name that makes a class of its own: openapi-python-client spells `E_Job` and `EJob` alike."""
        title, number = name, 2
        while self._class_name(title) in self.class_names or self._class_name(title) in self.maps:
            title, number = f"{name}Number{number}", number + 1
        return title

    # -- what it is given

    def _schemas(self) -> dict[str, Any]:
        given = {}
        for schema in self.document.schemas.values():
            if schema.kind != "alias":
                given[self.classes[schema.name]] = {"title": self.titles[schema.name]} | self._schema(schema)
        return given

    def _schema(self, schema: Schema) -> dict[str, Any]:
        if schema.kind == "enum":
            return {
                "type": "string",
                "enum": list(schema.values),
                "x-enum-varnames": naming.member_names(schema.values),
            }
        names = _distinct(schema.properties)
        self.properties |= {(schema.name, wire): name for wire, name in names.items() if wire != name}
        where = self.classes[schema.name]
        return {
            "type": "object",
            "required": [names[entry.wire] for entry in schema.properties.values() if entry.required],
            "properties": {
                names[wire]: self._given(entry.type, where + naming.pascal_case(wire))
                for wire, entry in schema.properties.items()
            },
            "additionalProperties": self._given(schema.additional, where + "Value") if schema.additional else False,
        }

    def _given(self, plain: Json, where: str) -> dict[str, Any]:
        if "$ref" in plain:
            return {"$ref": f"#/components/schemas/{self.classes[plain['$ref']]}"}
        if "array" in plain:
            return {"type": "array", "items": self._given(plain["array"], where)}
        if "union" in plain:
            return {"oneOf": [self._given(part, f"{where}Or{place}") for place, part in enumerate(plain["union"])]}
        if "map" in plain:
            title = self._title(where + "ByKey")
            self.maps.add(self._class_name(title))
            value = self._given(plain["map"], where + "Value") if plain["map"] else True
            return {"type": "object", "title": title, "additionalProperties": value}
        return dict(plain)

    def _paths(self) -> dict[str, dict[str, Any]]:
        paths: dict[str, dict[str, Any]] = {}
        for operation in self.document.operations:
            path, entry = self._operation(operation)
            paths.setdefault(path, {})[operation.method.lower()] = entry
        return paths

    def _operation(self, operation: Operation) -> tuple[str, dict[str, Any]]:
        where = naming.pascal_case(operation.operation_id)
        path, parameters = self._given_parameters(operation, where)
        given: dict[str, Any] = {
            "operationId": operation.operation_id,
            "tags": [operation.tag],
            "parameters": parameters,
            "responses": {
                str(status): {
                    "description": "",
                    "content": self._content(contents[:1], f"{where}Response{status}", _ANSWERS),
                }
                for status, contents in operation.responses.items()
            },
        }
        if operation.body:
            given["requestBody"] = {
                "required": True,
                "content": self._content([operation.body], where + "Body", _BODIES),
            }
        return path, given

    def _content(self, contents: list[Content], where: str, media_types: Mapping[str, str]) -> dict[str, Any]:
        return {
            media_types.get(content.shape, "application/json"): {"schema": self._given(content.type, where)}
            for content in contents
        }

    def _given_parameters(self, operation: Operation, where: str) -> tuple[str, list[dict[str, Any]]]:
        """The path, and the parameters that openapi-python-client can take; it wants those of the path all."""
        path = operation.path
        given: list[dict[str, Any]] = []
        taken: set[str] = set()
        for parameter in operation.parameters:
            in_path = parameter.location == "path"
            name = parameter.wire
            if in_path and not _PLACEHOLDER.fullmatch(name):
                name = f"placeholder_{len(given)}"
                path = path.replace(f"{{{parameter.wire}}}", f"{{{name}}}")
            identifier = str(PythonIdentifier(value=name, prefix="field_", skip_snake_case=True)).lower()
            usable = self._takes(parameter) and identifier not in taken
            if not usable and not in_path:
                continue
            taken.add(identifier)
            schema = self._given(parameter.type, where + naming.pascal_case(name)) if usable else {"type": "string"}
            if usable:
                self.parameters[operation.operation_id, parameter.location, parameter.wire] = name
            required = in_path or parameter.required
            given.append({"name": name, "in": parameter.location, "required": required, "schema": schema})
        return path, given

    def _takes(self, parameter: Parameter) -> bool:
        """Whether it takes a parameter: no maps and no JSON, in paths and headers nothing but one plain value."""
        kind = parameter.type
        if parameter.json or _has_map(kind):
            return False
        if parameter.location == "query":
            return True
        if "$ref" in kind:
            return self.document.schemas[kind["$ref"]].kind == "enum"
        return kind.get("type") in _PLAIN_TYPES and "format" not in kind


def _config() -> Config:
    """Its settings: the title of a schema is the whole name of its class."""
    file = ConfigFile(use_path_prefixes_for_title_model_names=False)
    return Config.from_sources(file, MetaType.NONE, Path("spec.json"), "utf-8", overwrite=False, output_path=None)


def _has_map(plain: Json) -> bool:
    return "map" in plain or any(isinstance(part, dict) and _has_map(part) for part in plain.values())


def _distinct(wires: Iterable[str]) -> dict[str, str]:
    """Names that openapi-python-client keeps apart: the document's own wherever that is so."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for wire in wires:
        name, number = wire, 2
        while _spelled(name) in taken:
            name, number = f"{re.sub(r'[^A-Za-z0-9]', '', wire) or 'name'}_{number}", number + 1
        taken.add(_spelled(name))
        names[wire] = name
    return names


def _spelled(name: str) -> str:
    return str(PythonIdentifier(value=name, prefix="field_", skip_snake_case=True))


def _line(text: str | None) -> str:
    return " ".join((text or "it does not say why").split())


def _properties(model: ModelProperty) -> Collection[PropertyProtocol]:
    return [*(model.required_properties or ()), *(model.optional_properties or ())]


def _by_name(properties: Iterable[PropertyProtocol], name: str) -> PropertyProtocol:
    return next(each for each in properties if each.name.get_untrusted_value() == name)
