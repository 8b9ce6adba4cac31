"""Whether everything of a spec was emitted: read from both afresh, the spec as JSON and the package as source.

It shares nothing with the code that emits but the rules for names, so that what gets lost between the two shows here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from codegen import naming
from codegen.faults import BadInput

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
DROPPED_HEADERS = frozenset({"authorization", "content-type", "x-api-version"})


@attrs.frozen
class Counts:
    """Operations, named schemas, discriminator families and their children."""

    operations: int
    schemas: int
    families: int
    children: int


@attrs.define
class _Class:
    bases: list[str]
    wires: set[str]
    values: set[str]
    children: dict[str, str]


@attrs.define
class _Package:
    classes: dict[str, _Class]
    aliases: set[str]
    operations: dict[str, dict[str, Any]]
    index: dict[str, str]
    functions: set[str]
    names: dict[str, str] = attrs.field(factory=dict)


def compare(data: Mapping[str, Any], home: Path, name: str) -> tuple[Counts, Counts]:
    """Compare a spec with the package emitted from it.

    Args:
        data: the OpenAPI document.
        home: the package's folder.
        name: what to call it in errors.

    Returns:
        Counts of the package and of the spec.

    Raises:
        BadInput: one line for each operation, parameter, schema, property or enum value without a counterpart.
    """
    package = _read_package(home)
    package.names = _names(data.get("components", {}).get("schemas", {}), package)
    faults = [*_operations(data, package), *_schemas(data, package)]
    if faults:
        raise BadInput(*(f"{name}: {fault}" for fault in faults))
    return _count_package(data, package), count(data)


def count(data: Mapping[str, Any]) -> Counts:
    """What a spec has."""
    schemas = data.get("components", {}).get("schemas", {})
    families = {key: schema for key, schema in schemas.items() if "discriminator" in schema}
    children = {(key, target) for key, schema in families.items() for target in _mapping(schema).values()}
    return Counts(sum(1 for _ in _spec_operations(data)), len(schemas), len(families), len(children))


def _count_package(data: Mapping[str, Any], package: _Package) -> Counts:
    listed = [key for key in data.get("components", {}).get("schemas", {}) if package.names.get(key)]
    families = {key: item for key, item in package.classes.items() if item.children}
    children = {(key, child) for key, item in families.items() for child in item.children.values()}
    return Counts(len(package.operations), len(listed), len(families), len(children))


def _spec_operations(data: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]]:
    for path, item in data.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                yield path, method, item, item[method]


def _resolve(data: Mapping[str, Any], value: Mapping[str, Any]) -> Mapping[str, Any]:
    for _ in range(10):
        if "$ref" not in value:
            break
        target: Any = data
        for part in str(value["$ref"]).removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        value = target
    return value


def _referred(reference: object) -> str:
    return str(reference).rpartition("/")[2].replace("~1", "/").replace("~0", "~")


def _mapping(schema: Mapping[str, Any]) -> dict[str, str]:
    mapping = schema["discriminator"].get("mapping", {})
    if mapping:
        return {str(value): _referred(target) for value, target in mapping.items()}
    names = [_referred(member.get("$ref", "")) for key in ("oneOf", "anyOf") for member in schema.get(key, ())]
    return {name: name for name in names}


# -- what must be there


def _operations(data: Mapping[str, Any], package: _Package) -> Iterator[str]:
    for path, method, item, operation in _spec_operations(data):
        operation_id = str(operation.get("operationId") or f"{method}_{naming.snake_case(path)}")
        where = f"operation {operation_id}"
        emitted = package.operations.get(operation_id)
        if emitted is None:
            yield f"{where} was not emitted"
            continue
        if (emitted["method"], emitted["path"]) != (method.upper(), path):
            yield f"{where} was emitted as {emitted['method']} {emitted['path']}"
        if package.index.get(operation_id) not in package.functions:
            yield f"{where} has no function"
        entries = [_resolve(data, entry) for entry in (*item.get("parameters", ()), *operation.get("parameters", ()))]
        for entry in entries:
            key = (str(entry.get("name")), str(entry.get("in")))
            if key not in emitted["parameters"] and not (key[1] == "header" and key[0].lower() in DROPPED_HEADERS):
                yield f"{where}: parameter {key[0]} in {key[1]} was not emitted"
        if (
            "requestBody" in operation
            and _resolve(data, operation["requestBody"]).get("content")
            and not emitted["body"]
        ):
            yield f"{where}: its body was not emitted"
        for code, response in operation.get("responses", {}).items():
            if str(code).startswith("2") and str(code).isdigit():
                if int(code) not in emitted["responses"]:
                    yield f"{where}: response {code} was not emitted"
                    continue
                for media_type, content in _resolve(data, response).get("content", {}).items():
                    if "schema" in content and media_type not in emitted["responses"][int(code)]:
                        yield f"{where}: response {code} as {media_type} was not emitted"
    if list(package.index) != [
        str(operation.get("operationId") or f"{method}_{naming.snake_case(path)}")
        for path, method, _, operation in _spec_operations(data)
    ]:
        yield "the list of operations is not the document's"


def _schemas(data: Mapping[str, Any], package: _Package) -> Iterator[str]:
    for key, schema in data.get("components", {}).get("schemas", {}).items():
        name = package.names.get(key)
        if name is None:
            yield f"schema {key} was not emitted"
            continue
        if name in package.aliases:
            if schema.get("properties") or "discriminator" in schema:
                yield f"schema {key} was emitted without its properties"
            continue
        item = package.classes[name]
        wires = _all_wires(name, package)
        for part in _parts(schema):
            for wire in part.get("properties", {}):
                if wire not in wires:
                    yield f"schema {key}: property {wire} was not emitted"
            for value in _texts(part):
                if value not in item.values:
                    yield f"schema {key}: value {value!r} was not emitted"
            for wire, entry in part.get("properties", {}).items():
                yield from _inline_values(f"schema {key}, property {wire}", entry, package)
        if "discriminator" in schema:
            for value, target in _mapping(schema).items():
                child = package.names.get(target)
                if child is None or item.children.get(value) != child:
                    field = schema["discriminator"].get("propertyName")
                    yield f"schema {key}: {field} {value} does not lead to {target}"
                elif name not in (child, *_ancestors(child, package)):
                    yield f"schema {key}: {target} does not inherit from it"
        for part in schema.get("allOf", ()):
            base = _referred(part.get("$ref", ""))
            parent = package.names.get(base)
            if parent in package.classes and not _all_wires(parent, package) <= wires:
                yield f"schema {key}: properties of {base} were not emitted"


def _inline_values(where: str, schema: Any, package: _Package) -> Iterator[str]:
    if isinstance(schema, Mapping):
        values = _texts(schema)
        if values and not any(item.values >= set(values) for item in package.classes.values()):
            yield f"{where}: values {', '.join(values)} were not emitted"
        for key in ("items", "additionalProperties"):
            yield from _inline_values(where, schema.get(key), package)
        for wire, entry in schema.get("properties", {}).items():
            yield from _inline_values(f"{where}.{wire}", entry, package)


def _texts(schema: Mapping[str, Any]) -> list[str]:
    """The values of an enum of texts; none of one that has other values too."""
    values = [value for value in schema.get("enum", ()) if value is not None]
    is_text = schema.get("type", "string") == "string" and all(isinstance(value, str) for value in values)
    return values if is_text else []


def _parts(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield schema
    for part in schema.get("allOf", ()):
        if "$ref" not in part:
            yield from _parts(part)


def _names(keys: Iterable[str], package: _Package) -> dict[str, str]:
    """The class or alias of each schema: the document's own name, or what the rules for names make of it."""
    there = {**package.classes, **dict.fromkeys(package.aliases)}
    names: dict[str, str] = {}
    for key in sorted(keys, key=lambda key: naming.class_name(key) != key):
        taken: set[str] = set()
        while (name := naming.class_name(key, taken)) in names.values() and name in there:
            taken.add(name)
        if name in there:
            names[key] = name
    return names


def _ancestors(name: str, package: _Package) -> list[str]:
    ancestors: list[str] = []
    queue = [name]
    for current in queue:
        for base in package.classes[current].bases if current in package.classes else ():
            if base not in ancestors:
                ancestors.append(base)
                queue.append(base)
    return ancestors


def _all_wires(name: str | None, package: _Package) -> set[str]:
    return {
        wire
        for each in (name, *_ancestors(str(name), package))
        if each in package.classes
        for wire in package.classes[str(each)].wires
    }


# -- what is there


def _read_package(home: Path) -> _Package:
    package = _Package({}, set(), {}, {}, set())
    for path in sorted((home / "models").glob("*.py")):
        if path.name != "__init__.py":
            for statement in _parse(path).body:
                if isinstance(statement, ast.ClassDef):
                    package.classes[statement.name] = _read_class(statement)
                elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                    package.aliases.add(statement.target.id)
    for path in sorted((home / "api").glob("*.py")):
        for statement in _parse(path).body:
            if isinstance(statement, ast.ClassDef):
                methods = [line for line in statement.body if isinstance(line, ast.FunctionDef)]
                package.functions.update(f"{path.stem}.{method.name}" for method in methods)
            if (
                not isinstance(statement, ast.AnnAssign)
                or statement.value is None
                or not isinstance(statement.target, ast.Name)
            ):
                continue
            if statement.target.id == "OPERATIONS":
                package.index = ast.literal_eval(statement.value)
            elif isinstance(statement.value, ast.Call):
                operation_id, operation = _read_operation(statement.value)
                package.operations[operation_id] = operation
    return package


def _parse(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"), str(path))
    except SyntaxError as error:
        raise BadInput(f"{path}: emitted as no Python: {error}") from None


def _read_class(statement: ast.ClassDef) -> _Class:
    item = _Class([base.id for base in statement.bases if isinstance(base, ast.Name)], set(), set(), {})
    for line in statement.body:
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            keywords = _keywords(line.value) if isinstance(line.value, ast.Call) else {}
            item.wires.add(
                ast.literal_eval(keywords["wire"]) if "wire" in keywords else naming.camel_case(line.target.id)
            )
        elif isinstance(line, ast.Assign):
            item.values.add(ast.literal_eval(line.value))
    for decorator in statement.decorator_list:
        if isinstance(decorator, ast.Call) and "children" in (keywords := _keywords(decorator)):
            item.children = ast.literal_eval(keywords["children"])
    return item


def _read_operation(call: ast.Call) -> tuple[str, dict[str, Any]]:
    operation_id, _, method, path = (ast.literal_eval(argument) for argument in call.args)
    keywords = _keywords(call)
    parameters = set()
    for entry in getattr(keywords.get("parameters"), "elts", ()):
        values = [ast.literal_eval(argument) for argument in entry.args]
        parameters.add(
            (values[1] if len(values) > 1 else naming.camel_case(values[0]), values[2] if len(values) > 2 else "query")
        )
    responses = keywords["responses"]
    assert isinstance(responses, ast.Dict)
    media_types: dict[int, list[str]] = {}
    for key, value in zip(responses.keys, responses.values, strict=True):
        assert key is not None and isinstance(value, ast.Call)
        values = [ast.literal_eval(argument) for argument in value.args]
        media_types[ast.literal_eval(key)] = values[1:] or (["application/json"] if values else [])
    return operation_id, {
        "method": method,
        "path": path,
        "parameters": parameters,
        "body": "body" in keywords,
        "responses": media_types,
    }


def _keywords(call: ast.Call) -> dict[str, ast.expr]:
    return {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
