"""A part of a vendor's document that changes may be made to."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Iterator
from typing import Any

from codegen.faults import BadInput
from codegen.ingest.walking import METHODS, objects, operations, resolve, target

_VERSION = re.compile(r"(?P<before>/api|)/v\d[\d.]*/")


class Draft:
    """Some operations of a document, and all that they refer to.

    Args:
        document: OpenAPI 3.0 or Swagger 2.0; it is not changed.
        seed: the same seed makes the same draft.
        paths: how many paths; 0 for all.

    Attributes:
        document: what it has become.
        random: where every choice comes from.
    """

    def __init__(self, document: dict[str, Any], seed: int, paths: int) -> None:
        self.random = random.Random(seed)
        self.document = _part(document, self.random, paths) if paths else copy.deepcopy(document)
        self.swagger = "swagger" in document
        if self.swagger:
            self.document.setdefault("definitions", {})
        else:
            self.document.setdefault("components", {}).setdefault("schemas", {})
        self._count = 0
        for _, found in objects(self.document):
            if found.get("additionalProperties") is False:
                del found["additionalProperties"]  # nothing could be added to what is closed

    @property
    def schemas(self) -> dict[str, Any]:
        """The named schemas."""
        held = self.document if self.swagger else self.document["components"]
        schemas: dict[str, Any] = held["definitions" if self.swagger else "schemas"]
        return schemas

    @property
    def paths(self) -> dict[str, Any]:
        """The paths."""
        paths: dict[str, Any] = self.document["paths"]
        return paths

    def operations(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Every operation as (path, method, operation), but for those that log in or out."""
        return [
            (path, method, operation) for path, method, operation in operations(self.document) if not _is_login(path)
        ]

    def operation(self) -> dict[str, Any]:
        """Any operation."""
        return self.random.choice(self.operations())[2]

    def structures(self) -> list[str]:
        """The names of the schemas that have properties of their own."""
        return [name for name, schema in self.schemas.items() if schema.get("properties")]

    def structure(self) -> str:
        """The name of any schema with properties; one is made where there is none."""
        names = self.structures()
        if not names:
            self.schemas["MadeUpPart"] = {"type": "object", "properties": {"id": {"type": "string"}}}
            names = ["MadeUpPart"]
        return self.random.choice(names)

    def ref(self, name: str) -> dict[str, str]:
        """A reference to a schema."""
        return {"$ref": self.pointer(name)}

    def pointer(self, name: str) -> str:
        """Where a schema is."""
        escaped = name.replace("~", "~0").replace("/", "~1")
        return ("#/definitions/" if self.swagger else "#/components/schemas/") + escaped

    def add(self, name: str, schema: dict[str, Any]) -> dict[str, str]:
        """Add a schema under a name that is free, and refer to it."""
        self._count += 1
        free = name if name not in self.schemas else f"{name}{self._count}"
        self.schemas[free] = schema
        return self.ref(free)

    def answer(self, schema: dict[str, Any] | None = None, media_type: str = "application/json") -> dict[str, Any]:
        """A response."""
        if schema is None:
            return {"description": "OK"}
        if self.swagger:
            return {"description": "OK", "schema": schema}
        return {"description": "OK", "content": {media_type: {"schema": schema}}}

    def query(self, name: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
        """A query parameter."""
        return {"name": name, "in": "query", **(schema if self.swagger else {"schema": schema}), **more}

    def path(self, name: str) -> dict[str, Any]:
        """A parameter of a path."""
        schema = {"type": "string"}
        return {"name": name, "in": "path", "required": True, **(schema if self.swagger else {"schema": schema})}

    def give_body(
        self, operation: dict[str, Any], schema: dict[str, Any], media_type: str = "application/json"
    ) -> None:
        """Give an operation a body in place of what it has."""
        if self.swagger:
            rest = [part for part in operation.get("parameters", []) if resolve(self.document, part)["in"] != "body"]
            body = {"name": "spec", "in": "body", "required": True, "schema": schema}
            operation["parameters"] = [*(part for part in rest if part.get("in") != "formData"), body]
            operation["consumes"] = [media_type]
        else:
            operation["requestBody"] = {"required": True, "content": {media_type: {"schema": schema}}}

    def add_operation(self, method: str, path: str, operation_id: str | None, **more: Any) -> dict[str, Any]:
        """Add an operation and say what came of it."""
        made: dict[str, Any] = {"tags": ["Widgets"], "responses": {"204": self.answer()}} | more
        if operation_id is not None:
            made["operationId"] = operation_id
        self.paths.setdefault(path, {})[method] = made
        return made

    def base(self) -> str:
        """What the paths of the document begin with."""
        found = self._version()
        return found[0].rstrip("/") if found is not None else ""

    def _version(self) -> re.Match[str] | None:
        # Those that log in may have none.
        return next(filter(None, map(_VERSION.match, self.paths)), None)

    def called(self, revision: str) -> str:
        """The revision's name where its paths begin with it: now they begin with the new one."""
        found = self._version()
        assert found is not None
        new = f"{found['before']}/v{revision}/"
        self.document["paths"] = {path.replace(found[0], new, 1): item for path, item in self.paths.items()}
        return f"v{revision}"


def _is_login(path: str) -> bool:
    return any(word in path.lower() for word in ("token", "oauth", "/login", "logout"))


def _part(document: dict[str, Any], choose: random.Random, count: int) -> dict[str, Any]:
    """The paths that log in, some others, and all that those refer to."""
    names = list(document["paths"])
    kept = {name for name in names if _is_login(name)} | set(choose.sample(names, min(count, len(names))))
    made = {key: copy.deepcopy(part) for key, part in document.items() if key not in _HELD}
    made["paths"] = {name: copy.deepcopy(document["paths"][name]) for name in names if name in kept}
    waiting: list[Any] = [made["paths"]]
    if "swagger" in document:
        # A mark on a parameter refers to these.
        named = ("FilterParameter", "SortParameter", "SelectParameter")
        waiting += [{"$ref": f"#/definitions/{name}"} for name in named if name in document["definitions"]]
    seen: set[str] = set()
    while waiting:
        for reference in _references(waiting.pop()):
            if reference not in seen:
                seen.add(reference)
                try:
                    there = copy.deepcopy(target(document, reference))
                except BadInput:
                    continue  # a defect of the vendor's own
                holder = made
                *parents, last = reference.removeprefix("#/").split("/")
                for part in parents:
                    holder = holder.setdefault(part, {})
                holder[last.replace("~1", "/")] = there
                waiting.append(there)
    for kind in ("securitySchemes",):
        if kind in document.get("components", {}):
            made.setdefault("components", {})[kind] = copy.deepcopy(document["components"][kind])
    return made


_HELD = ("paths", "components", "definitions", "parameters", "responses", "x-tagGroups")


def _references(value: Any) -> Iterator[str]:
    for _, found in objects(value):
        reference = found.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/"):
            yield reference
        discriminator = found.get("discriminator")
        if isinstance(discriminator, dict):
            for there in discriminator.get("mapping", {}).values():
                yield there if "/" in there else f"#/components/schemas/{there}"


def operation_count(document: dict[str, Any]) -> int:
    """How many operations a document has."""
    return sum(1 for item in document["paths"].values() for method in METHODS if method in item)
