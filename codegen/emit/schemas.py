"""Reading the schemas of a spec: inheritance, discriminators, and what is inline given a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from codegen import naming
from codegen.emit.document import Json, Property, Schema


def enum_values(source: Json) -> list[str]:
    """The values of a schema that is an enum of strings, open (`x-known-values`) or not; none for any other."""
    kind = source.get("type", "string")
    if "string" not in (kind if isinstance(kind, list) else [kind]):
        return []
    values = [source["const"]] if "const" in source else source.get("enum", source.get("x-known-values", ()))
    texts = [value for value in values if value is not None]
    return naming.unique(texts) if all(isinstance(value, str) for value in texts) else []


def _name(reference: object) -> str:
    """The schema that a reference names."""
    return str(reference).rpartition("/")[2].replace("~1", "/").replace("~0", "~")


def _members(source: Json) -> list[str]:
    """The schemas that a union and its discriminator name."""
    parts = [str(part.get("$ref", "")) for key in ("oneOf", "anyOf") for part in source.get(key, ())]
    return [_name(part) for part in (*parts, *source["discriminator"].get("mapping", {}).values())]


class SchemaReader:
    """Reads schemas, named and inline.

    Attributes:
        sources: the schemas that the document names.
        schemas: what they were read as, by name; the inline ones in `inline`.
        tag: the tag of the operation whose inline schemas are being read.
        faults, warnings: a line for each.
    """

    def __init__(self, sources: Mapping[str, Json]) -> None:
        self.sources = dict(sources)
        self.schemas: dict[str, Schema] = {}
        self.inline: dict[str, Schema] = {}
        self.tag = ""
        self.faults: list[str] = []
        self.warnings: list[str] = []
        self._names = set(self.sources)
        self._open_aliases: list[str] = []
        # Inline schemas that are being read, and their names.
        self._hoisting: list[tuple[Json, str]] = []
        self._bases: dict[str, str] = {}

    def read(self) -> None:
        """Read all that the document names."""
        self._find_bases()
        for name, source in self.sources.items():
            self.schemas[name] = self._named(name, source)

    def finish(self) -> dict[str, Schema]:
        """All schemas, those that stood inline at the end, once inheritance has been looked over."""
        self.schemas |= self.inline
        for schema in self.inline.values():
            for child in schema.mapping.values():
                if self.schemas[child].kind == "model" and self.schemas[child].base is None and child != schema.name:
                    self.schemas[child].base = schema.name
        self._check_bases()
        if not self.faults:
            self._declare_discriminators()
        return self.schemas

    def _declare_discriminators(self) -> None:
        """The property that a discriminator names is one, whether the document lists it or not."""
        for schema in self.schemas.values():
            wire = schema.discriminator
            if wire is None:
                continue
            current: str | None = schema.name
            while current is not None and wire not in self.schemas[current].properties:
                current = self.schemas[current].base
            if current is None:
                schema.properties[wire] = Property(wire, {"type": "string"}, True, False)

    def _target(self, reference: str, where: str) -> str | None:
        kind, name = reference.rpartition("/")[0], _name(reference)
        if kind != "#/components/schemas" or name not in self.sources:
            self.faults.append(f"{where}: $ref {reference} leads nowhere")
            return None
        return name

    def _parts(self, source: Json) -> tuple[list[str], list[Json]]:
        """The references and the own parts of an `allOf`, with what stands beside it."""
        references = [str(part["$ref"]) for part in (source, *source.get("allOf", ())) if "$ref" in part]
        own = [part for part in source.get("allOf", ()) if "$ref" not in part]
        beside = {key: value for key, value in source.items() if key not in ("allOf", "$ref")}
        nested = [self._parts(part) for part in own if "allOf" in part]
        for more_references, more_own in nested:
            references += more_references
            own += more_own
        return references, [beside, *(part for part in own if "allOf" not in part)]

    def _is_model(self, source: Json, seen: frozenset[str] = frozenset()) -> bool:
        """Whether a schema has properties of its own or by inheritance, or may have them some day."""
        if enum_values(source):
            return False
        if source.get("properties") or "discriminator" in source:
            return True
        if "allOf" in source or "$ref" in source:
            references, own = self._parts(source)
            if any(enum_values(part) for part in own):
                return False
            if any(part.get("properties") or "discriminator" in part for part in own):
                return True
            names = [_name(reference) for reference in references]
            return any(
                name in self.sources and name not in seen and self._is_model(self.sources[name], seen | {name})
                for name in names
            )
        extra = source.get("additionalProperties")
        typed_map = isinstance(extra, Mapping) and bool(extra)
        return source.get("type") == "object" and not typed_map and "oneOf" not in source

    def _find_bases(self) -> None:
        """A schema with a discriminator is the base of those that it names and that have none of their own."""
        for name, source in self.sources.items():
            if "discriminator" in source and self._is_model(source):
                for member in _members(source):
                    baseless = member in self.sources and not self._parts(self.sources[member])[0]
                    if baseless and not self._leads_to(name, member):
                        self._bases.setdefault(member, name)

    def _leads_to(self, name: str, base: str) -> bool:
        """Whether a schema is another, or has it for a base of its bases."""
        queue = [name]
        for current in queue:
            if current == base:
                return True
            further = [_name(reference) for reference in self._parts(self.sources.get(current, {}))[0]]
            queue += [each for each in (*further, self._bases.get(current)) if each and each not in queue]
        return False

    def _named(self, name: str, source: Json, *, listed: bool = True) -> Schema:
        where = f"schema {name}"
        if values := enum_values(source):
            return Schema(name, "enum", values=values, listed=listed)
        if "allOf" in source and not self._is_model(source):
            values = naming.unique(value for part in self._parts(source)[1] for value in enum_values(part))
            if values:
                return Schema(name, "enum", values=values, listed=listed)
        if not self._is_model(source) or ("$ref" in source and not source.get("properties")):
            return Schema(name, "alias", type=self.plain(source, name, where)[0], listed=listed)
        return self._model(name, source, where, listed=listed)

    def _model(self, name: str, source: Json, where: str, *, listed: bool) -> Schema:
        references, parts = self._parts(source)
        schema = Schema(name, "model", listed=listed)
        targets = [target for reference in references if (target := self._target(reference, where))]
        models = [self._followed(target) for target in targets if self._is_model(self.sources[target])]
        schema.base = models[0] if models else self._bases.get(name)
        required: set[str] = set()
        for other in models[1:]:  # one base class; the properties of further ones are copied
            flat = self._flat(other, frozenset({name}))
            required |= set(flat.get("required", ()))
            parts.insert(0, flat)
        properties: dict[str, Json] = {}
        for part in parts:
            required |= set(part.get("required", ()))
            properties |= part.get("properties", {})
            if isinstance(part.get("additionalProperties"), Mapping) and part["additionalProperties"]:
                schema.additional = self.plain(part["additionalProperties"], name + "Value", where)[0]
            if discriminator := part.get("discriminator"):
                self._discriminator(schema, part, discriminator, where)
        for wire, value in properties.items():
            inline = name + naming.pascal_case(wire)
            plain, nullable = self.plain(value, inline, f"{where}, property {wire}")
            schema.properties[wire] = Property(
                wire, plain, wire in required, nullable, self._is_read_only(value), value
            )
        inherited = self._inherited(schema.base)
        for wire, (value, already, inherited_inline) in inherited.items():
            if (
                wire in required and wire not in properties and not already
            ):  # a child may require what its base does not
                plain, nullable = self.plain(value, inherited_inline, f"{where}, property {wire}")
                schema.properties[wire] = Property(wire, plain, True, nullable, self._is_read_only(value), value)
        return schema

    def _is_read_only(self, source: Json) -> bool:
        """Whether a property is read-only, by itself or by the schema that it refers to."""
        for _ in range(20):
            if source.get("readOnly") is True:
                return True
            name = _name(source.get("$ref", ""))
            if name not in self.sources:
                break
            source = self.sources[name]
        return False

    def _followed(self, name: str) -> str:
        """The schema behind a schema that is nothing but a reference."""
        for _ in range(20):
            source = self.sources[name]
            further = _name(source.get("$ref", ""))
            if further not in self.sources or source.get("properties"):
                break
            name = further
        return name

    def _inherited(self, base: str | None) -> dict[str, tuple[Json, bool, str]]:
        """The properties of a base and its own bases: schema, whether required, name for an inline type."""
        properties: dict[str, tuple[Json, bool, str]] = {}
        seen: set[str] = set()
        while base and base not in seen and base in self.sources:
            seen.add(base)
            references, parts = self._parts(self.sources[base])
            required = {wire for part in parts for wire in part.get("required", ())}
            for part in parts:
                for wire, value in part.get("properties", {}).items():
                    inline = base + naming.pascal_case(wire)
                    properties.setdefault(wire, (value, wire in required, inline))
            base = next((_name(reference) for reference in references), self._bases.get(base))
        return properties

    def _flat(self, name: str, seen: frozenset[str]) -> dict[str, Any]:
        references, parts = self._parts(self.sources[name])
        flat: dict[str, Any] = {"properties": {}, "required": []}
        targets = [_name(reference) for reference in references] or [self._bases.get(name, "")]
        for part in [
            *(self._flat(target, seen | {name}) for target in targets if target in self.sources and target not in seen),
            *parts,
        ]:
            flat["properties"] |= part.get("properties", {})
            flat["required"] += part.get("required", [])
        return flat

    def _discriminator(self, schema: Schema, part: Json, discriminator: Json, where: str) -> None:
        schema.discriminator = str(discriminator.get("propertyName", ""))
        if not schema.discriminator:
            self.faults.append(f"{where}: discriminator without propertyName")
        for value, reference in discriminator.get("mapping", {}).items():
            target = self._target(reference if "/" in str(reference) else f"#/components/schemas/{reference}", where)
            if target:
                schema.mapping[str(value)] = target
        if not schema.mapping:  # the members' names are the values
            for member in (*part.get("oneOf", ()), *part.get("anyOf", ())):
                target = self._target(str(member.get("$ref", "")), where)
                if target:
                    schema.mapping[target] = target

    def _check_bases(self) -> None:
        for schema in self.schemas.values():
            if schema.base and self.schemas[schema.base].kind != "model":
                self.faults.append(f"schema {schema.name}: inherits from {schema.base}, which is no object")
            seen = {schema.name}
            base = schema.base
            while base:
                if base in seen:
                    self.faults.append(f"schema {schema.name}: inherits from itself")
                    break
                seen.add(base)
                base = self.schemas[base].base
            for value, child in schema.mapping.items():
                ancestor: str | None = child
                for _ in range(20):
                    if ancestor is None or ancestor == schema.name:
                        break
                    ancestor = self.schemas[ancestor].base
                if ancestor != schema.name:
                    said = f"{child}, its child for {schema.discriminator} {value}"
                    self.faults.append(f"schema {schema.name}: {said}, does not inherit from it")

    def _hoist(self, name: str, source: Json, where: str) -> Json:
        # What a schema has of a further base may hold the same once more, without end.
        for given, outer in self._hoisting:
            if given == source:
                return {"$ref": outer}
        name = name or "Inline"  # where it stands may have a name without a letter
        if name in self._names:
            name = next(f"{name}{number}" for number in range(2, 10_000) if f"{name}{number}" not in self._names)
        self._names.add(name)
        self.inline[name] = Schema(name, "model", listed=False)  # keeps its place before what stands inside it
        self._hoisting.append((source, name))
        self.inline[name] = attrs.evolve(self._named(name, source, listed=False), tag=self.tag)
        self._hoisting.pop()
        return {"$ref": name}

    def plain(self, source: Json, inline: str, where: str) -> tuple[Json, bool]:
        """The type of a schema as a reference, a scalar, an array, a map or a union, and whether null is allowed."""
        nullable = bool(source.get("nullable"))
        if "$ref" in source:
            target = self._target(str(source["$ref"]), where)
            return self._reference(target, where) if target else {}, nullable or bool(
                target and self.sources[target].get("nullable")
            )
        kind = source.get("type")
        if isinstance(kind, list):
            nullable = nullable or "null" in kind
            kinds = [entry for entry in kind if entry != "null"]
            if len(kinds) != 1:
                members = [
                    self.plain({**source, "type": entry, "nullable": False}, inline, where)[0] for entry in kinds
                ]
                return {"union": members} if members else {}, nullable
            kind = kinds[0]
            source = {**source, "type": kind}
        if "allOf" in source:
            return self._merged(source, inline, where, nullable)
        for key in ("oneOf", "anyOf"):
            if key in source and "properties" not in source:
                if "discriminator" in source:
                    return self._hoist(inline, source, where), nullable
                members = []
                for number, part in enumerate(source[key], 1):
                    if part.get("type") == "null":
                        nullable = True
                        continue
                    plain, null = self.plain(part, f"{inline}{number}" if len(source[key]) > 1 else inline, where)
                    nullable = nullable or null
                    members.append(plain)
                return (members[0] if len(members) == 1 else {"union": members}) if members else {}, nullable
        if texts := enum_values(source):
            return self._hoist(inline, {"type": "string", "enum": texts}, where), nullable or None in source.get(
                "enum", ()
            )
        if kind is None and source.get("enum"):
            kind = {bool: "boolean", int: "integer", float: "number"}.get(type(source["enum"][0]))
        if kind == "array":
            items = source.get("items", {})
            inner, null = self.plain(items, inline if "enum" in items else inline + "Item", where)
            null = null and "$ref" not in items  # rows of a nullable schema are taken to be there
            return {"array": {"union": [inner, {"type": "null"}]} if null and inner else inner}, nullable
        if source.get("properties"):
            return self._hoist(inline, source, where), nullable
        if kind == "object" or "additionalProperties" in source:
            free = source.get("additionalProperties")
            if isinstance(free, Mapping) and free:
                inner, null = self.plain(free, inline + "Value", where)
                null = null and "$ref" not in free
                return {"map": {"union": [inner, {"type": "null"}]} if null and inner else inner}, nullable
            return {"map": {}}, nullable
        if kind in ("string", "integer", "number", "boolean"):
            scalar = {"type": kind}
            if source.get("format") in ("date-time", "date", "binary") and kind == "string":
                scalar["format"] = source["format"]
            return scalar, nullable
        return {}, nullable

    def _merged(self, source: Json, inline: str, where: str, nullable: bool) -> tuple[Json, bool]:
        """The type of an `allOf`: the one model it refers to, a new model, or the first part that says anything."""
        references, own = self._parts(source)
        if self._is_model(source):
            adds = any(part.get("properties") or "discriminator" in part for part in own)
            if len(references) != 1 or adds:
                return self._hoist(inline, source, where), nullable
            own = []
        for part in [*({"$ref": reference} for reference in references), *reversed(own)]:
            plain, null = self.plain(part, inline, where)
            nullable = nullable or null
            if plain:
                return plain, nullable
        return {}, nullable

    def _reference(self, name: str, where: str) -> Json:
        source = self.sources[name]
        if enum_values(source):
            return {"$ref": name}
        if self._is_model(source) and ("$ref" not in source or source.get("properties")):
            return {"$ref": name}
        if name in self._open_aliases:
            self.warnings.append(f"{where}: {name} contains itself; its depths are Any")
            return {}
        self._open_aliases.append(name)
        plain = self.plain(source, name, where)[0]
        self._open_aliases.pop()
        return plain
