"""A document's schemas as JSON Schema has them, so that a library that knows nothing of OpenAPI can check values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.protocols import Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from .._spec import Schema, Spec
from .patterns import compiled
from .query import read_moment

Direction = Literal["request", "answer"]

_ROOT = "urn:document"
_FORMATS = FormatChecker(formats=("uuid", "date"))


@_FORMATS.checks("date-time")
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or ("T" in value.upper() and read_moment(value) is not None)


class Schemas:
    """Validators for the schemas of one revision, each made at its first use.

    Args:
        spec: the revision.
        direction: read-only properties are nobody's duty in a `request`, write-only ones in an `answer`.
    """

    def __init__(self, spec: Spec, direction: Direction) -> None:
        self._spec = spec
        self._hidden = "readOnly" if direction == "request" else "writeOnly"
        components = _converted(spec.document.get("components", {}), self._is_hidden)
        self._document = _dispatching({"components": components}, closed=direction == "request")
        resource = DRAFT202012.create_resource(self._document)
        self._registry: Registry[Any] = Registry().with_resource(_ROOT, resource)
        self._validators: dict[int, tuple[Schema, Validator]] = {}

    def _is_hidden(self, schema: Any) -> bool:
        return isinstance(schema, Mapping) and bool(self._spec.resolve(schema).get(self._hidden))

    def validator(self, schema: Schema) -> Validator:
        """The validator of a schema of the document; references in it are the document's own."""
        kept = self._validators.get(id(schema))
        if kept is not None:
            return kept[1]
        local = _rooted(_converted(schema, self._is_hidden))
        made = Draft202012Validator(local, registry=self._registry, format_checker=_FORMATS)
        # The schema is kept beside its validator: an id is good only as long as what it names lives.
        self._validators[id(schema)] = schema, made
        return made

    def named(self, name: str) -> Validator:
        """The validator of a named schema."""
        return Draft202012Validator(
            {"$ref": f"{_ROOT}{_reference(name)}"}, registry=self._registry, format_checker=_FORMATS
        )


def _rooted(schema: Any) -> Any:
    """The schema with its references led to the document, for use outside of it."""
    if isinstance(schema, dict):
        return {
            name: f"{_ROOT}{value}" if name == "$ref" and isinstance(value, str) else _rooted(value)
            for name, value in schema.items()
        }
    return [_rooted(value) for value in schema] if isinstance(schema, list) else schema


def _converted(node: Any, is_hidden: Callable[[Any], bool]) -> Any:
    """A copy in which `nullable`, boolean bounds and hidden properties say what JSON Schema understands.

    A time of day may be any text: `format: time` is the vendor's word for `22:00` and `10:00 PM`.
    """
    if isinstance(node, list):
        return [_converted(value, is_hidden) for value in node]
    if not isinstance(node, Mapping):
        return node
    if isinstance(node.get("$ref"), str):
        return {"$ref": node["$ref"]}
    made: dict[str, Any] = {}
    for name, value in node.items():
        if name == "properties" and isinstance(value, Mapping):
            made[name] = {own: _converted(schema, is_hidden) for own, schema in value.items()}
        elif name == "pattern" and isinstance(value, str):
            made[name] = compiled(value).pattern
        elif name not in ("nullable", "example"):
            made[name] = _converted(value, is_hidden)
    if isinstance(node.get("required"), list) and isinstance(node.get("properties"), Mapping):
        made["required"] = [name for name in node["required"] if not is_hidden(node["properties"].get(name))]
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(made.get(exclusive), bool) and made.pop(exclusive) and bound in made:
            made[exclusive] = made.pop(bound)
    if node.get("nullable") is True:
        made = _with_null(made)
    if made.get("format") == "time":
        del made["format"]
    return made


def _with_null(schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    elif "type" not in schema and ("allOf" in schema or "oneOf" in schema or "anyOf" in schema):
        return {"anyOf": [schema, {"type": "null"}]}
    return schema


def _dispatching(document: dict[str, Any], *, closed: bool) -> dict[str, Any]:
    """The document, in which a discriminator's base checks the child that its value names.

    JSON Schema knows nothing of discriminators: a base alone would take any child's body unseen. Here a base `X`
    becomes `X` = `X.base`, and for each value: not that value, or the child; children inherit from `X.base`. Where it
    is `closed`, a value without a child is refused: servers may send one, but nobody can ask for it.
    """
    schemas: dict[str, Any] = document["components"].get("schemas", {})
    bases = {
        name: schema
        for name, schema in schemas.items()
        if isinstance(schema.get("discriminator"), dict) and schema["discriminator"].get("mapping")
    }
    for name, schema in bases.items():
        field = schema["discriminator"]["propertyName"]
        _rebase(schemas, [_name(target) for target in schema["discriminator"]["mapping"].values()], name)
        values = list(schema["discriminator"]["mapping"])
        branches = [
            {"anyOf": [{"not": {"required": [field], "properties": {field: {"enum": [value]}}}}, {"$ref": target}]}
            for value, target in schema.pop("discriminator")["mapping"].items()
        ]
        schema.pop("oneOf", None)
        if closed and field in schema.get("properties", {}):
            schema["properties"][field] = {"allOf": [schema["properties"][field]], "enum": list(values)}
        schemas[f"{name}.base"] = schema
        schemas[name] = {"type": "object", "allOf": [{"$ref": _reference(f"{name}.base")}, *branches]}
    return document


def _rebase(schemas: dict[str, Any], children: list[str], base: str) -> None:
    """Let children, and what they inherit from between themselves and the base, inherit from the base alone."""
    queue = [name for name in dict.fromkeys(children) if name in schemas and name != base]
    for name in queue:
        waiting = [schemas[name]]
        while waiting:
            parts = waiting.pop().get("allOf", ())
            waiting += parts
            for part in parts:
                parent = _name(str(part.get("$ref", "")))
                if parent == base:
                    part["$ref"] = _reference(f"{base}.base")
                elif parent in schemas and parent not in queue:
                    queue.append(parent)


def _reference(name: str) -> str:
    return "#/components/schemas/" + name.replace("~", "~0").replace("/", "~1")


def _name(reference: str) -> str:
    return reference.rsplit("/", 1)[-1].replace("~1", "/").replace("~0", "~")
