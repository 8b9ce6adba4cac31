"""A specification as a whole: operations by method and path, and schemas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from .operations import METHODS, Response, Schema, SpecOperation

# The field that holds the rows of a page, and the field beside it that distinguishes a page from another object.
_PAGES = (
    ("data", "pagination"),
    ("data", "meta"),
    ("results", "totalCount"),
    ("results", "offset"),
    ("results", "_links"),
    ("items", "totalCount"),
)


@attrs.define(eq=False)
class Spec:
    """One API revision: document, operations, and the index that finds an operation by what was requested."""

    product: str
    revision: str
    document: dict[str, Any] = attrs.field(repr=False)
    operations: dict[str, SpecOperation] = attrs.field(init=False, repr=False, factory=dict)
    paths: dict[str, dict[str, SpecOperation]] = attrs.field(init=False, repr=False, factory=dict)
    _static: dict[str, dict[str, SpecOperation]] = attrs.field(init=False, repr=False, factory=dict)
    _templates: dict[int, list[tuple[tuple[str, ...], dict[str, SpecOperation]]]] = attrs.field(
        init=False, repr=False, factory=dict
    )

    def __attrs_post_init__(self) -> None:
        for path, item in self.document["paths"].items():
            methods = {
                method.upper(): self._operation(method, path, item, item[method])
                for method in METHODS
                if method in item
            }
            self.paths[path] = methods
            for operation in methods.values():
                self.operations[operation.operation_id] = operation
            segments = _split(path)
            if "{" in path:
                self._templates.setdefault(len(segments), []).append((segments, methods))
            else:
                self._static["/".join(segments)] = methods
        for rows in self._templates.values():
            # A literal segment wins over a placeholder, the leftmost first: /jobs/states/{id} before /jobs/{id}/{x}.
            rows.sort(key=lambda row: [segment.startswith("{") for segment in row[0]])

    def _operation(self, method: str, path: str, item: Mapping[str, Any], raw: Mapping[str, Any]) -> SpecOperation:
        parameters = {}
        for source in (item.get("parameters", ()), raw.get("parameters", ())):
            for entry in source:
                parameter = self.resolve(entry)
                parameters[parameter["name"], parameter["in"]] = parameter
        body = self.resolve(raw.get("requestBody", {}))
        responses, errors = self._responses(raw.get("responses", {}))
        security = raw.get("security", self.document.get("security"))
        return SpecOperation(
            operation_id=str(raw.get("operationId") or f"{method} {path}"),
            method=method.upper(),
            path=path,
            tag=str((raw.get("tags") or ["default"])[0]),
            segments=_split(path),
            parameters=tuple(parameters.values()),
            body={media: entry.get("schema", {}) for media, entry in body.get("content", {}).items()},
            body_required=bool(body.get("required", False)),
            responses=tuple(responses),
            errors=tuple(errors),
            secured=bool(security) and not _is_login(method, path),
            raw=raw,
            path_item=item,
        )

    def _responses(self, raw: Mapping[str, Any]) -> tuple[list[Response], list[int]]:
        responses, errors = [], []
        for status, entry in raw.items():
            if status.startswith("2") or (status == "default" and len(raw) == 1):
                content = self.resolve(entry).get("content", {})
                number = int(status) if status.isdigit() else 200
                responses.append(Response(number, {media: body.get("schema", {}) for media, body in content.items()}))
            elif status.isdigit():
                errors.append(int(status))
        # A document that names no success leaves open what it is.
        return responses or [Response(200, {"application/json": {}})], errors

    def find(self, method: str, path: str) -> tuple[SpecOperation | None, dict[str, str], tuple[str, ...]]:
        """Find the operation for a request.

        Args:
            method: as sent, upper case.
            path: the raw path, still percent-decoded by the caller.

        Returns:
            The operation (None where there is none), the placeholders' values by name, and the methods of the
            path (empty where there is no such path).
        """
        segments = _split(path)
        methods = self._static.get("/".join(segments))
        if methods is not None:
            return methods.get(method), {}, tuple(methods)
        allowed: list[str] = []
        for template, methods in self._templates.get(len(segments), ()):
            if all(have == want or want.startswith("{") for have, want in zip(segments, template, strict=True)):
                operation = methods.get(method)
                if operation is not None:
                    values = {
                        want[1:-1]: have for have, want in zip(segments, template, strict=True) if want.startswith("{")
                    }
                    return operation, values, tuple(methods)
                allowed.extend(methods)
        return None, {}, tuple(allowed)

    def resolve(self, node: Any) -> Any:
        """Follow `$ref` until something else comes.

        Raises:
            ValueError: the references lead in a circle.
        """
        for _ in range(50):
            if not isinstance(node, dict) or "$ref" not in node:
                return node
            node = self.lookup(node["$ref"])
        raise ValueError("references lead in a circle")

    def lookup(self, reference: str) -> Any:
        """What a local reference such as `#/components/schemas/JobModel` points to."""
        node: Any = self.document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part.replace("~1", "/").replace("~0", "~")]
        return node

    @property
    def schemas(self) -> Mapping[str, Schema]:
        """The named schemas."""
        schemas: Mapping[str, Schema] = self.document.get("components", {}).get("schemas", {})
        return schemas

    def properties(self, schema: Schema) -> dict[str, Schema]:
        """All properties of an object schema, its bases' included."""
        properties: dict[str, Schema] = {}
        for part in self.parts(schema):
            properties.update(part.get("properties", {}))
        return properties

    def required(self, schema: Schema) -> set[str]:
        """All names that an object schema or one of its bases requires."""
        return {name for part in self.parts(schema) for name in part.get("required", ())}

    def parts(self, schema: Schema) -> Iterator[Schema]:
        """The schema and everything that it is composed of by `allOf`, bases first."""
        schema = self.resolve(schema)
        for part in schema.get("allOf", ()):
            yield from self.parts(part)
        yield schema

    def children(self, schema: Schema) -> dict[str, str]:
        """Discriminator value to the child's reference, for the values of the property, as its enum spells them."""
        schema = self.resolve(schema)
        discriminator = schema.get("discriminator")
        if not discriminator:
            return {}
        mapping: dict[str, str] = discriminator.get("mapping", {})
        values = self.resolve(self.properties(schema).get(discriminator["propertyName"], {})).get("enum")
        if values is None:
            return dict(mapping)
        spelt = {str(value).lower(): value for value in values}
        return {spelt[value.lower()]: target for value, target in mapping.items() if value.lower() in spelt}

    def names(self, schema: Schema, seen: set[str]) -> Iterator[str]:
        """The names of all properties below a schema, its children's too; references in `seen` are left out."""
        reference = schema.get("$ref")
        if reference is not None:
            if reference in seen:
                return
            seen.add(reference)
        for target in self.children(schema).values():
            yield from self.names({"$ref": target}, seen)
        for part in self.parts(schema):
            for name, inner in part.get("properties", {}).items():
                yield name
                yield from self.names(inner, seen)
            for key in ("items", "additionalProperties"):
                if isinstance(part.get(key), Mapping):
                    yield from self.names(part[key], seen)
            for choice in (*part.get("oneOf", ()), *part.get("anyOf", ())):
                yield from self.names(choice, seen)

    def listing(self, operation: SpecOperation) -> tuple[str, Schema] | None:
        """Name of the array and schema of a row, where the operation gives rows page by page or as one list of rows.

        The name is empty where the answer is a bare list of objects.
        """
        for response in operation.responses:
            schema = self.resolve(response.content.get("application/json", {}))
            items = schema.get("items", {}) if schema.get("type") == "array" else {}
            if "$ref" in items and "enum" not in self.resolve(items):
                return "", items
            properties = self.properties(schema) if schema else {}
            for rows, mark in _PAGES:
                if rows in properties and mark in properties:
                    array = self.resolve(properties[rows])
                    if array.get("type") == "array":
                        return rows, array.get("items", {})
        return None


def _split(path: str) -> tuple[str, ...]:
    return tuple(path.strip("/").split("/"))


def _is_login(method: str, path: str) -> bool:
    # The Azure documents ask for a token on the call that gives one.
    return method == "post" and path.rstrip("/").endswith("/token")
