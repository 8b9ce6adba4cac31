"""Whether a spec has the shape of an OpenAPI document wherever it is read: each thing of the kind that is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from codegen.emit.document import Json
from veeam_async._spec import METHODS

DEEPEST = 100
"""Levels of a document at most."""

Check = Callable[[Any, str], Iterator[str]]
_KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "list": (list,),
    "text": (str,),
    "text or a list": (str, list),
}
_A = {"object": "an object", "list": "a list", "text": "a text", "text or a list": "a text or a list"}


def faults(document: Json) -> Iterator[str]:
    """One line for each thing of another kind than is due, and for texts that no file can hold."""
    deep = list(_texts(document))
    if deep:
        yield from deep[:1]
        return
    yield from _keys(document, "", paths=_of("object", _path_item), components=_components, security=_is("list"))


def _texts(document: Json) -> Iterator[str]:
    queue: list[tuple[Any, int]] = [(document, 0)]
    while queue:
        value, depth = queue.pop()
        if depth > DEEPEST:
            yield f"nested more than {DEEPEST} levels deep"
            return
        if isinstance(value, str):
            if any("\ud800" <= letter <= "\udfff" for letter in value):
                yield f"half a surrogate pair in {value!r}"
        elif isinstance(value, Mapping):
            queue += [(part, depth + 1) for part in (*value, *value.values())]
        elif isinstance(value, list):
            queue += [(part, depth + 1) for part in value]


def _is(kind: str) -> Check:
    def check(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, _KINDS[kind]):
            yield f"{where}: not {_A[kind]}"

    return check


def _keys(value: Any, where: str, **checks: Check) -> Iterator[str]:
    """Check the keys of an object that it has."""
    wrong = list(_is("object")(value, where))
    yield from wrong
    for key, check in {} if wrong else checks.items():
        if key in value:
            yield from check(value[key], f"{where}/{key}")


def _each(check: Check) -> Check:
    def check_each(value: Any, where: str) -> Iterator[str]:
        if isinstance(value, Mapping):
            for key, part in value.items():
                yield from check(part, f"{where}/{key}")
        elif isinstance(value, list):
            for place, part in enumerate(value):
                yield from check(part, f"{where}/{place}")
        else:
            yield f"{where}: neither an object nor a list"

    return check_each


def _of(kind: str, check: Check) -> Check:
    """An object or a list, and all that is in it."""

    def check_all(value: Any, where: str) -> Iterator[str]:
        wrong = list(_is(kind)(value, where))
        yield from wrong or _each(check)(value, where)

    return check_all


def _path_item(item: Any, where: str) -> Iterator[str]:
    yield from _keys(item, where, parameters=_of("list", _parameter), **dict.fromkeys(METHODS, _operation))


def _operation(operation: Any, where: str) -> Iterator[str]:
    yield from _keys(
        operation,
        where,
        operationId=_is("text"),
        summary=_is("text"),
        tags=_of("list", _is("text")),
        parameters=_of("list", _parameter),
        requestBody=_body,
        responses=_of("object", _body),
        security=_is("list"),
    )


def _parameter(parameter: Any, where: str) -> Iterator[str]:
    yield from _keys(
        parameter,
        where,
        **{"$ref": _is("text"), "in": _is("text")},
        name=_is("text"),
        schema=_schema,
        content=_of("object", _media),
        style=_is("text"),
    )
    if isinstance(parameter, dict) and "$ref" not in parameter and not {"name", "in"} <= set(parameter):
        yield f"{where}: a parameter without name or place"


def _body(body: Any, where: str) -> Iterator[str]:
    yield from _keys(body, where, **{"$ref": _is("text")}, content=_of("object", _media))


def _media(media: Any, where: str) -> Iterator[str]:
    yield from _keys(media, where, schema=_schema)


def _components(components: Any, where: str) -> Iterator[str]:
    yield from _keys(
        components,
        where,
        schemas=_schemas,
        parameters=_of("object", _parameter),
        requestBodies=_of("object", _body),
        responses=_of("object", _body),
    )


def _schemas(schemas: Any, where: str) -> Iterator[str]:
    yield from _of("object", _schema)(schemas, where)
    if isinstance(schemas, dict) and "" in schemas:
        yield f"{where}: a schema without a name"


def _schema(schema: Any, where: str) -> Iterator[str]:
    some = _of("list", _schema)
    yield from _keys(
        schema,
        where,
        **{"$ref": _is("text")},
        type=_is("text or a list"),
        format=_is("text"),
        properties=_of("object", _schema),
        required=_of("list", _is("text")),
        enum=_is("list"),
        items=_schema,
        additionalProperties=_schema_or_flag,
        allOf=some,
        oneOf=some,
        anyOf=some,
        discriminator=_discriminator,
    )
    if isinstance(schema, dict) and isinstance(schema.get("type"), list):
        yield from _each(_is("text"))(schema["type"], f"{where}/type")


def _schema_or_flag(schema: Any, where: str) -> Iterator[str]:
    if not isinstance(schema, bool):
        yield from _schema(schema, where)


def _discriminator(discriminator: Any, where: str) -> Iterator[str]:
    yield from _keys(discriminator, where, propertyName=_is("text"), mapping=_of("object", _is("text")))
