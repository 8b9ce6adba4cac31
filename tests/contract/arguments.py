"""Plausible arguments for an operation, made from the schemas of its document."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

from codegen.ingest.walking import operations, resolve
from veeam_async._model import UNSET, decoder, fields
from veeam_async._operation.operation import Operation

# How deep what is optional is sent as well; below that, only what is required.
OPTIONAL_DEPTH = 3
ENDLESS_DEPTH = 12
LIMIT_DEPTH = 24

_STRINGS = {
    "uuid": "3f2b8c1e-5d4a-4f6b-9a7c-0e1d2c3b4a59",
    "date-time": "2025-03-14T09:26:53.589Z",
    "date": "2025-03-14",
    "time": "22:30:00",
    "byte": "QUJD",
    "uri": "https://appliance.example.com/",
    "email": "admin@example.com",
    "ipv4": "192.0.2.10",
    "ipv6": "2001:db8::10",
    "hostname": "appliance.example.com",
    "time-span": "01:30:00",
}


# One of them fits the patterns of the documents that `text` does not fit.
_LIKE = (
    "/mnt/text", "C:\\text", "DOMAIN\\user", "192.0.2.10", "admin@example.com", '"admin"@example.com', "server/share",
    "\\\\server\\share",
    "server.example.com", "2025-03", "nfs.example.com:/share", "https://appliance.example.com/", "12345678",
)  # fmt: skip


class Arguments:
    """Makes arguments for the operations of one document.

    Args:
        document: the OpenAPI document that the server checks against.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        # Whether the body being made may hold files: JSON has no bytes.
        self._files = False
        self._read_only = False

    def describes(self, operation: Operation[Any]) -> bool:
        """True where the document has the operation: a vendor's has none of those that are inferred."""
        return operation.method.lower() in self._document["paths"].get(operation.path, {})

    def capitalises_grants(self) -> bool:
        """True where the document lists a login's grants in another letter case than OAuth 2.0 has them."""
        for _, _, operation in operations(self._document):
            content = resolve(self._document, operation.get("requestBody", {})).get("content", {})
            form = content.get("application/x-www-form-urlencoded", {}).get("schema", {})
            grant = self._composed(form)["properties"].get("grant_type", {})
            grants = resolve(self._document, grant).get("enum", [])
            if "password" not in grants and "password" in [word.lower() for word in grants]:
                return True
        return False

    def of(self, operation: Operation[Any]) -> dict[str, Any]:
        """The keyword arguments of an operation's function: every parameter that it has, and its body, all typed."""
        described = self._document["paths"][operation.path][operation.method.lower()]
        shared = self._document["paths"][operation.path].get("parameters", [])
        parts = [resolve(self._document, part) for part in [*shared, *described.get("parameters", ())]]
        by_wire = {(part["in"], part["name"]): part for part in parts}
        made: dict[str, Any] = {}
        for parameter in operation.parameters:
            part = by_wire[parameter.location, parameter.wire]
            value = self.value(part["schema"] if "schema" in part else part["content"]["application/json"]["schema"], 0)
            if (parameter.location, parameter.wire.lower()) == ("header", "accept"):
                value = self._media_type(described)
            made[parameter.name] = decoder(parameter.type, operation.revision.package)(value)
        if operation.body is not None:
            body = resolve(self._document, described["requestBody"])
            media_type = operation.body.media_type
            self._files = not media_type.endswith(("/json", "+json"))
            value = self.value(body["content"][media_type].get("schema", {}), 0)
            if value is not UNSET:
                made["body"] = self._typed(operation, value)
        return made

    def _media_type(self, described: dict[str, Any]) -> str:
        """A media type that the operation answers with."""
        for code, response in described["responses"].items():
            for media_type in resolve(self._document, response).get("content", ()) if code.startswith("2") else ():
                return str(media_type)
        return "*/*"

    def _typed(self, operation: Operation[Any], value: Any) -> Any:
        assert operation.body is not None
        if isinstance(value, bytes) or operation.body.type in ("bytes", "Upload"):
            return value if isinstance(value, bytes) else b"some bytes"
        if operation.body.media_type == "multipart/form-data":
            # The parts are files and texts, which only the model itself takes.
            model = getattr(import_module(f"{operation.revision.package}.models"), operation.body.type)
            made = model.from_dict({})  # its constructor asks for what is required of an answer, too
            for name, field in fields(model).items():
                if field.wire in value:
                    setattr(made, name, value[field.wire])
            return made
        return decoder(operation.body.type, operation.revision.package)(value)

    def value(self, schema: dict[str, Any], depth: int, *, answer: bool = False) -> Any:
        """A JSON value that fits a schema; with `answer`, one that a server sends, read-only properties included."""
        if answer:
            self._files, self._read_only = False, True
            try:
                return self.value(schema, depth)
            finally:
                self._read_only = False
        found = resolve(self._document, schema)
        if depth > LIMIT_DEPTH:
            raise ValueError("a schema that requires itself without end")
        if "discriminator" in found:
            return self._child(found, depth)
        for part in found.get("allOf", ()):
            if "enum" in resolve(self._document, part):
                return self.value(part, depth)  # another name of an enum
        if "allOf" in found or "properties" in found:
            made = self._object(self._composed(found), depth)
            for name in found.get("not", {}).get("required", ()):
                made.pop(name, None)
            return self._known_kind(made, found, schema.get("$ref", ""))
        for key in ("oneOf", "anyOf"):
            if found.get(key):
                return self.value(found[key][0], depth + 1)
        if "enum" in found:
            return found["enum"][0]
        match found.get("type"):
            case "array":
                # Lists of lists of themselves end somewhere.
                count = max(found.get("minItems", 0), 1 if depth < ENDLESS_DEPTH else 0)
                return [self.value(found.get("items", {}), depth + 1) for _ in range(count)]
            case "integer" | "number":
                return self._number(found)
            case "boolean":
                return bool(found.get("default", True))
            case "object":
                extra = found.get("additionalProperties")
                if not isinstance(extra, dict) or not extra or depth >= ENDLESS_DEPTH:
                    return {}
                return {"key": self.value(extra, depth + 1)}
            case "string":
                binary = self._files and found.get("format") == "binary"
                return b"some bytes" if binary else self._string(found)
        return "text"

    def _child(self, base: dict[str, Any], depth: int) -> Any:
        """An object of the first child of a discriminated family."""
        name = base["discriminator"]["propertyName"]
        for value, reference in base["discriminator"].get("mapping", {}).items():
            known = resolve(self._document, base.get("properties", {}).get(name, {})).get("enum", [value])
            if value in known:
                child = self._composed(resolve(self._document, {"$ref": reference}))
                return self._object(child, depth) | {name: value}
        return self._object(self._composed(base), depth)

    def _known_kind(self, made: dict[str, Any], found: dict[str, Any], reference: str) -> dict[str, Any]:
        """A child that was asked for by its own name: its discriminator has a value that its base lists."""
        for part in found.get("allOf", ()):
            base = resolve(self._document, part)
            discriminator = base.get("discriminator", {})
            name, mapping = discriminator.get("propertyName"), discriminator.get("mapping", {})
            if mapping and name in made and made[name] not in mapping:
                made[name] = next(
                    (value for value, there in mapping.items() if there == reference), next(iter(mapping))
                )
            made = self._known_kind(made, base, reference)
        return made

    def _composed(self, schema: dict[str, Any], depth: int = 0) -> dict[str, Any]:
        """A schema with what it is composed of: its properties and what it requires."""
        found = resolve(self._document, schema)
        properties: dict[str, Any] = {}
        required: list[str] = []
        for part in (*(found.get("allOf", ()) if depth < LIMIT_DEPTH else ()), found):
            whole = part if part is found else self._composed(part, depth + 1)
            for name, own in whole.get("properties", {}).items():
                # What two parts say of a property holds together; an enum says most.
                if "enum" not in resolve(self._document, properties.get(name, {})):
                    properties[name] = own
            required += whole.get("required", ())
        return {"properties": properties, "required": required}

    def _object(self, composed: dict[str, Any], depth: int) -> dict[str, Any]:
        made = {}
        for name, part in composed["properties"].items():
            found = resolve(self._document, part)
            if found.get("readOnly") and not self._read_only:
                continue
            if name in composed["required"] or depth < OPTIONAL_DEPTH:
                made[name] = self.value(part, depth + 1)
        # A document may require a name that is none of its properties; a server that checks wants it all the same.
        made.update((name, "text") for name in composed["required"] if name not in composed["properties"])
        return made

    def _number(self, found: dict[str, Any]) -> Any:
        low, high = found.get("minimum"), found.get("maximum")
        default = found.get("default")
        # A document may have a default of another type, or one that its own limits forbid.
        if isinstance(default, int | float) and not isinstance(default, bool) and _is_within(default, low, high):
            return default if found["type"] == "number" else int(default)
        value = 5 if low is None or low <= 5 else low + (1 if found.get("exclusiveMinimum") is True else 0)
        return value if high is None or value <= high else high

    def _string(self, found: dict[str, Any]) -> str:
        if isinstance(found.get("default"), str) and found.get("format", "") not in _STRINGS:
            return str(found["default"])
        text: str = _STRINGS.get(found.get("format", ""), "text")
        if not re.search(found.get("pattern", ""), text):
            text = next((like for like in _LIKE if re.search(found["pattern"], like)), text)
        text += "x" * (found.get("minLength", 0) - len(text))
        longest = found.get("maxLength") if "format" not in found else None
        return text if longest is None else text[: int(longest)]


def _is_within(value: float, low: float | None, high: float | None) -> bool:
    return (low is None or low <= value) and (high is None or value <= high)
