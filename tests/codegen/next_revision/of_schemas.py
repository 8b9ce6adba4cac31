"""Changes that a vendor makes to schemas."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from codegen.ingest.walking import objects
from tests.codegen.next_revision.draft import Draft

TEXT = {"type": "string"}
ODD_VALUES = [
    "None", "", "a b", "1", "AND/OR", "from", "+", "-", "self", "mro", "name", "value", "Ünicode", "x-1", "OK", "Ok",
    "*", "%", "a.b", "a_b", "a-b", "True", "null", "日本", "9 to 5", "__init__", "class", "C:\\", "2.0", "v1.1",
]  # fmt: skip
ODD_NAMES = [
    "class", "from", "self", "data", "type", "@odata.type", "$type", "x-y", "x.y", "x y", "1st", "_id", "__id",
    "ID", "Id", "list", "dict", "str", "None", "from_dict", "to_dict", "additionalProperties", "model", "field",
    "größe", "a/b", "a~b", "jobID", "JobId", "job_id", "URLs", "isOK?", "import", "body", "client", "keys", "items",
    "copy", "get", "datetime", "date", "Any", "UNSET", "annotations", "match", "print", "%", "名前", "x'y", 'x"y',
]  # fmt: skip


def rename_schemas(draft: Draft) -> None:
    """Schemas get other names: a suffix, a prefix, a namespace with dots."""
    style = draft.random.choice(["{}V2", "Veeam.Backup.{}", "E{}", "{}Dto", "api_{}", "{}-Spec", "I{}[]", "{}«T»"])
    names = draft.random.sample(sorted(draft.schemas), max(1, len(draft.schemas) // 3)) if draft.schemas else []
    renamed = {name: style.format(name) for name in names if style.format(name) not in draft.schemas}
    pointers = {draft.pointer(old): draft.pointer(new) for old, new in renamed.items()}
    for old, new in renamed.items():
        draft.schemas[new] = draft.schemas.pop(old)
    for _, found in objects(draft.document):
        if found.get("$ref") in pointers:
            found["$ref"] = pointers[found["$ref"]]
        discriminator = found.get("discriminator")
        if isinstance(discriminator, dict):
            for value, there in discriminator.get("mapping", {}).items():
                discriminator["mapping"][value] = pointers.get(there, renamed.get(there, there))


def new_enum_values(draft: Draft) -> None:
    """Enums get values, some of them odd; one becomes an enum of hundreds."""
    for _, found in objects(draft.schemas):
        values = found.get("enum")
        if isinstance(values, list) and all(isinstance(value, str) for value in values) and values:
            more = [*draft.random.sample(ODD_VALUES, 6), values[0].swapcase(), values[0] + " (new)"]
            found["enum"] = list(dict.fromkeys([*values, *more]))
    draft.add("ERegionOfManyNames", TEXT | {"enum": [f"region-{number:03}" for number in range(400)]})
    _use(draft, draft.add("EOneValue", TEXT | {"enum": ["only"]}))


def _use(draft: Draft, reference: dict[str, Any], name: str = "added") -> None:
    """Use a schema in the answer of an operation, and in a schema."""
    draft.schemas[draft.structure()].setdefault("properties", {})[name] = copy.deepcopy(reference)
    count = sum(1 for path in draft.paths if "/widgets/uses" in path)
    used = draft.add_operation("get", f"{draft.base()}/widgets/uses{count}", f"GetUse{count}")
    used["responses"] = {"200": draft.answer(reference)}


def nested_bases(draft: Draft) -> None:
    """A schema gets a base, which has a base, which has one."""
    name = draft.structure()
    own = draft.schemas[name]
    root = draft.add("RootModel", {"type": "object", "properties": {"rootId": TEXT | {"format": "uuid"}}})
    middle = draft.add("MiddleModel", {"allOf": [root, {"type": "object", "properties": {"middle": TEXT}}]})
    plain = {"allOf": [middle, {"description": "and more"}], "properties": {"upper": {"type": "integer"}}}
    upper = draft.add("UpperModel", plain)
    draft.schemas[name] = {"allOf": [upper, own]} if draft.random.random() < 0.5 else own | {"allOf": [upper]}
    _use(draft, draft.ref(name))


def families(draft: Draft) -> None:
    """Unions by discriminator in every form: with and without mapping, with and without inheritance."""
    kinds = {"type": "object", "required": ["kind"], "properties": {"kind": TEXT, "name": TEXT}}
    flat = [draft.add(f"Flat{kind}", copy.deepcopy(kinds)) for kind in ("Disk", "Tape", "Cloud")]
    _use(draft, draft.add("FlatTarget", {"oneOf": flat, "discriminator": {"propertyName": "kind"}}))
    _use(draft, draft.add("FlatAnyTarget", {"anyOf": flat, "discriminator": {"propertyName": "kind"}}))
    child = {"type": "object", "properties": {"size": {"type": "integer", "format": "int64"}}}
    base_name = "GrownTarget"
    mapping = {"Disk": draft.pointer("GrownDisk"), "Old Disk": draft.pointer("GrownDisk"), "tape": "GrownTape"}
    if draft.swagger:
        draft.schemas[base_name] = copy.deepcopy(kinds) | {"discriminator": "kind"}
    else:
        draft.schemas[base_name] = copy.deepcopy(kinds) | {
            "discriminator": {"propertyName": "kind", "mapping": mapping}
        }
    draft.schemas["GrownDisk"] = {"allOf": [draft.ref(base_name), copy.deepcopy(child)]}
    draft.schemas["GrownTape"] = {"type": "object", "allOf": [draft.ref(base_name)], **copy.deepcopy(child)}
    draft.schemas["GrownFastTape"] = {"allOf": [draft.ref("GrownTape"), {"properties": {"speed": {"type": "number"}}}]}
    _use(draft, {"type": "array", "items": draft.ref(base_name)}, "targets")
    _use(draft, draft.ref("GrownFastTape"))


def enum_discriminator(draft: Draft) -> None:
    """The property of a discriminator is an enum of its own, and the mapping says what the enum does."""
    if draft.swagger:
        return  # it has no mapping: the values are the names of schemas
    kind = draft.add("EShapeKind", TEXT | {"enum": ["Circle", "square", "Tri-angle"]})
    base = {
        "type": "object", "required": ["shapeKind"], "properties": {"shapeKind": kind},
        "discriminator": {
            "propertyName": "shapeKind",
            "mapping": {"Circle": draft.pointer("CircleShape"), "square": draft.pointer("SquareShape"),
                        "Tri-angle": draft.pointer("TriangleShape")},
        },
    }  # fmt: skip
    draft.schemas["AnyShape"] = base
    for name in ("Circle", "Square", "Triangle"):
        draft.schemas[f"{name}Shape"] = {"allOf": [draft.ref("AnyShape"), {"properties": {name.lower(): TEXT}}]}
    _use(draft, draft.ref("AnyShape"))
    _use(draft, draft.ref("SquareShape"))


def unions_become_flat(draft: Draft) -> None:
    """A discriminated base gives up its properties: each child has them itself, and the base is a union."""
    for name, base in list(draft.schemas.items()):
        discriminator = base.get("discriminator")
        if not isinstance(discriminator, dict) or not base.get("properties"):
            continue
        own = {key: base.pop(key) for key in ("properties", "required") if key in base}
        base.pop("type", None)
        heirs = [
            (key, schema)
            for key, schema in draft.schemas.items()
            if {"$ref": draft.pointer(name)} in schema.get("allOf", ())
        ]
        for _, heir in heirs:
            parts = [part for part in heir["allOf"] if part != {"$ref": draft.pointer(name)}]
            heir["allOf"] = [*parts, {"type": "object", **copy.deepcopy(own)}]
        base["oneOf"] = [draft.ref(key) for key, _ in heirs] or [draft.add(f"{name}Only", {"type": "object", **own})]


def unions_lose_discriminator(draft: Draft) -> None:
    """What was distinguished by a property no longer is."""
    for _, found in objects(draft.schemas):
        if "discriminator" in found and draft.random.random() < 0.6:
            del found["discriminator"]
            if "oneOf" in found:
                found["anyOf"] = found.pop("oneOf")  # values that fit several fit none of oneOf
    one, other = draft.add("Left", {"properties": {"left": TEXT}}), draft.add("Right", {"properties": {"right": TEXT}})
    _use(draft, draft.add("Undecided", {"anyOf": [one, other]}))
    _use(draft, {"anyOf": [one, other, TEXT, {"type": "array", "items": one}]})


def integer_enums(draft: Draft) -> None:
    """Enums of numbers and of flags, named and in place."""
    number = draft.add("EPriority", {"type": "integer", "enum": [0, 1, 2, -1], "x-enum-varnames": ["a", "b", "c", "d"]})
    _use(draft, number, "priority")
    _use(draft, draft.add("ERatio", {"type": "number", "enum": [0.5, 1]}), "ratio")
    _use(draft, {"type": "boolean", "enum": [True]}, "always")
    _use(draft, {"type": "array", "items": {"type": "integer", "enum": [1, 7]}}, "weekdays")
    _use(draft, {"enum": ["text", 1, None]}, "mixed")


def aliases(draft: Draft) -> None:
    """Schemas that are but another name."""
    _use(draft, draft.add("JustAnother", draft.ref(draft.structure())), "another")
    _use(draft, draft.add("WrappedAnother", {"allOf": [draft.ref(draft.structure())]}), "wrapped")
    _use(draft, draft.add("Identifier", TEXT | {"format": "uuid"}), "identifier")
    _use(draft, draft.add("Identifiers", {"type": "array", "items": draft.ref("Identifier")}), "identifiers")
    _use(draft, draft.add("Labels", {"type": "object", "additionalProperties": TEXT}), "labels")
    _use(draft, draft.add("Anything", {}), "anything")
    _use(draft, draft.add("Moment", TEXT | {"format": "date-time"}), "moment")
    _use(draft, draft.add("AliasOfAlias", draft.ref("JustAnother")), "aliasOfAlias")


def odd_properties(draft: Draft) -> None:
    """Properties whose names are no names of Python, or are already something there."""
    kinds = [TEXT, {"type": "integer"}, {"type": "boolean"}, TEXT | {"format": "date-time"}]
    for name in [draft.structure(), draft.structure()]:
        more = {odd: dict(draft.random.choice(kinds)) for odd in draft.random.sample(ODD_NAMES, 16)}
        draft.schemas[name]["properties"] |= more
        _use(draft, draft.ref(name), "self")


def case_twins(draft: Draft) -> None:
    """Schemas whose names differ in nothing but case, or in what Python takes for the same."""
    name = draft.structure()
    for twin in (name.upper(), name.lower(), f"{name}_", f"E_{name}", f"E{name}", f"{name}-x", f"{name}X"):
        if twin not in draft.schemas:
            _use(draft, draft.add(twin, {"type": "object", "properties": {"twin": TEXT}}), f"twin_{twin}")


def odd_schema_names(draft: Draft) -> None:
    """Schemas with the names of types, modules and keywords."""
    odd = ["Any", "list", "None", "Model", "str", "datetime", "class", "Client", "type", "Enum", "1st", "Überblick",
           "a b", "Page<Widget>", "Dictionary`2", "x/y", "shared", "models", "import", "Request", "日本"]  # fmt: skip
    for name in draft.random.sample(odd, 8):
        if name not in draft.schemas:
            draft.schemas[name] = {"type": "object", "properties": {"odd": TEXT}}
            _use(draft, draft.ref(name), f"of {name}")


def inline_schemas(draft: Draft) -> None:
    """What was referred to is written in place."""
    for name in draft.structures():
        for wire, part in draft.schemas[name]["properties"].items():
            there = part.get("$ref", "").rpartition("/")[2]
            simple = there in draft.schemas and "discriminator" not in draft.schemas[there] and there != name
            if simple and draft.random.random() < 0.3:
                draft.schemas[name]["properties"][wire] = copy.deepcopy(draft.schemas[there])
    inner = {
        "type": "object",
        "properties": {"deep": {"type": "array", "items": {"properties": {"x": {"enum": ["A"]}}}}},
    }
    _use(draft, {"type": "object", "properties": {"first": inner, "second": {"allOf": [inner]}}}, "inlined")


def maps(draft: Draft) -> None:
    """Objects by name: of models, of lists, of maps, of anything, beside properties."""
    model = draft.ref(draft.structure())
    for place, extra in enumerate(
        [model, {"type": "array", "items": model}, {"type": "object", "additionalProperties": model}, {}, True, False]
    ):
        _use(draft, {"type": "object", "additionalProperties": extra}, f"map{place}")
    both = {"type": "object", "properties": {"known": TEXT}, "additionalProperties": model}
    _use(draft, draft.add("KnownAndMore", both), "knownAndMore")


def deep_arrays(draft: Draft) -> None:
    """Lists of lists of lists."""
    found: dict[str, Any] = draft.ref(draft.structure())
    for _ in range(4):
        found = {"type": "array", "items": found}
    _use(draft, found, "matrix")
    _use(draft, draft.add("Rows", copy.deepcopy(found)), "rows")
    _use(draft, {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}, "numbers")
    _use(draft, {"type": "array", "items": {}}, "untyped")


def defaults(draft: Draft) -> None:
    """Defaults, right ones and such as do not fit."""
    values: list[Any] = ["text", 0, 1.5, True, None, [], {}, "2020-01-01", -1, ["a"], {"a": 1}, 10**30]
    for name in draft.structures():
        for part in draft.schemas[name]["properties"].values():
            if "$ref" not in part and draft.random.random() < 0.2:
                part["default"] = draft.random.choice(values)
    _use(draft, TEXT | {"enum": ["a", "b"], "default": "c"}, "defaulted")
    _use(draft, {"type": "integer", "default": "7"}, "number")


def directions(draft: Draft) -> None:
    """Properties that are read or written only, some of them required, some behind a reference."""
    for name in draft.structures():
        for wire, part in draft.schemas[name]["properties"].items():
            # What a filter compares by cannot be for reading alone.
            if "$ref" in part or wire == "operation" or draft.random.random() < 0.7:
                continue
            part["readOnly" if draft.random.random() < 0.7 else "writeOnly"] = True
            if draft.random.random() < 0.3:
                required = draft.schemas[name].setdefault("required", [])
                required += [wire] if wire not in required else []
    composed = {"allOf": [draft.ref(draft.structure())], "readOnly": True}
    _use(draft, draft.add("Holder", {"type": "object", "required": ["state"], "properties": {"state": composed}}))


def circles(draft: Draft) -> None:
    """Schemas that hold each other, and themselves, in lists and maps."""
    there, back = draft.structure(), draft.structure()
    draft.schemas[there]["properties"]["forth"] = draft.ref(back)
    draft.schemas[back]["properties"]["back"] = {"type": "array", "items": draft.ref(there)}
    own = {"type": "object", "properties": {"children": {"type": "array", "items": draft.ref("TreeNode")}}}
    draft.schemas["TreeNode"] = own | {"additionalProperties": draft.ref("TreeNode")}
    draft.schemas["Forest"] = {"type": "array", "items": draft.ref("Forest")}
    draft.schemas["Scopes"] = {"type": "object", "additionalProperties": draft.ref("Scopes")}
    for name in ("TreeNode", "Forest", "Scopes"):
        _use(draft, draft.ref(name), name)


def formats(draft: Draft) -> None:
    """Formats that are known and such as are not."""
    for place, name in enumerate(
        ["date", "time", "duration", "byte", "password", "ipv4", "ipv6", "uri", "email", "guid", "timespan", "int32",
         "binary", "hostname", "regex", "decimal", "", "x y"]
    ):  # fmt: skip
        _use(draft, TEXT | {"format": name}, f"format{place}") if place % 3 == 0 else None
        draft.schemas[draft.structure()]["properties"][f"formatted{place}"] = TEXT | {"format": name}
    _use(draft, {"type": "number", "format": "decimal"}, "money")
    _use(draft, {"type": "integer", "format": "uint64", "minimum": 0, "maximum": 2**64 - 1}, "large")
    _use(draft, {"type": "array"}, "bare")
    _use(draft, {"properties": {"untold": TEXT}}, "untold")


def compositions(draft: Draft) -> None:
    """`allOf` of several, of what is in place, of itself within; `not`; unions of plain values."""
    one, other = draft.ref(draft.structure()), draft.ref(draft.structure())
    if one != other:
        _use(draft, draft.add("BothOfThem", {"allOf": [one, other]}), "both")
        _use(draft, {"allOf": [one, other], "nullable": True}, "bothHere")
    _use(
        draft, draft.add("OnlyInPlace", {"allOf": [{"properties": {"a": TEXT}}, {"properties": {"b": TEXT}}]}), "place"
    )
    within = {"allOf": [{"allOf": [one, {"properties": {"inner": TEXT}}]}, {"properties": {"outer": TEXT}}]}
    _use(draft, draft.add("AllOfWithin", within), "within")
    _use(draft, {"oneOf": [TEXT, {"type": "integer"}, {"type": "boolean"}]}, "plain")
    _use(draft, {"type": "object", "not": {"required": ["x"]}, "properties": {"x": TEXT}}, "negated")
    _use(draft, {"oneOf": [{"required": ["a"]}, {"required": ["b"]}], "properties": {"a": TEXT, "b": TEXT}}, "either")


CHANGES: tuple[Callable[[Draft], None], ...] = (
    rename_schemas, new_enum_values, nested_bases, families, enum_discriminator, unions_become_flat,
    unions_lose_discriminator, integer_enums, aliases, odd_properties, case_twins, odd_schema_names, inline_schemas,
    maps, deep_arrays, defaults, directions, circles, formats, compositions,
)  # fmt: skip
