"""Families of schemas in every form that a document may give them."""

from __future__ import annotations

import copy
from typing import Any

from codegen.emit import Target
from codegen.emit.package import build
from codegen.emit.reading import read
from codegen.ingest.checks import check_references
from codegen.ingest.facts import facts
from codegen.ingest.mend import mend
from tests.codegen.small import schemas

KIND = {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}}
MORE = {"type": "object", "properties": {"size": {"type": "integer"}}}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def union(*names: str, key: str = "oneOf") -> dict[str, Any]:
    return {key: [ref(name) for name in names], "discriminator": {"propertyName": "kind"}}


def mended(**named: dict[str, Any]) -> dict[str, Any]:
    """The schemas as they are written, once the emitter has taken them."""
    spec = facts(schemas(**copy.deepcopy(named)))
    mend(spec)
    check_references(spec)
    build(read(spec, "odd/v7"), "odd/v7", Target("odd", "v7", "Odd").tags)
    made: dict[str, Any] = spec["components"]["schemas"]
    return made


def mapping(schema: dict[str, Any]) -> dict[str, str]:
    return {value: there.rpartition("/")[2] for value, there in schema["discriminator"].get("mapping", {}).items()}


def test_a_union_without_mapping_and_inheritance_is_a_family() -> None:
    """Members without a base get the union for one; their names are the values."""
    for key in ("oneOf", "anyOf"):
        made = mended(Disk=KIND, Tape=KIND, Target=union("Disk", "Tape", key=key))
        assert mapping(made["Target"]) == {"Disk": "Disk", "Tape": "Tape"}
        assert key not in made["Target"]
        assert made["Disk"]["allOf"] == [ref("Target"), KIND]


def test_a_second_union_of_the_same_members_stands_between() -> None:
    """A class has one base: the second union is a child of the first and the base of its members."""
    made = mended(Disk=KIND, Tape=KIND, Target=union("Disk", "Tape"), Other=union("Tape", "Disk"))
    assert mapping(made["Target"]) == mapping(made["Other"]) == {"Disk": "Disk", "Tape": "Tape"}
    assert (made["Disk"]["allOf"], made["Target"]["allOf"]) == ([ref("Target"), KIND], [ref("Other")])


def test_a_second_union_with_another_member_is_no_family() -> None:
    """What only some of its members inherit, nothing can stand between: it has no discriminator."""
    made = mended(Disk=KIND, Tape=KIND, Cloud=KIND, Target=union("Disk", "Tape"), Wide=union("Disk", "Cloud"))
    assert mapping(made["Target"]) == {"Disk": "Disk", "Tape": "Tape"}
    assert made["Wide"] == {"oneOf": [ref("Disk"), ref("Cloud")]}
    assert made["Cloud"] == KIND


def test_a_union_of_members_with_one_base_stands_between() -> None:
    """What all members inherit, the union inherits: nothing is lost, and a member is one of both."""
    child = {"allOf": [ref("Common"), MORE]}
    made = mended(Common=KIND, Disk=child, Tape=child, Target=union("Disk", "Tape"))
    assert made["Target"]["allOf"] == [ref("Common")]
    assert made["Disk"]["allOf"] == [ref("Target"), MORE]
    assert mapping(made["Target"]) == {"Disk": "Disk", "Tape": "Tape"}


def test_a_union_of_members_with_several_bases_is_no_family() -> None:
    """Nothing can stand between them and their bases."""
    named: dict[str, Any] = {
        "One": KIND,
        "Two": KIND,
        "Disk": {"allOf": [ref("One"), MORE]},
        "Tape": {"allOf": [ref("Two"), MORE]},
    }
    made = mended(**named, Target=union("Disk", "Tape"))
    assert made["Target"] == {"oneOf": [ref("Disk"), ref("Tape")]}
    assert made["Disk"] == named["Disk"]


def test_the_base_of_a_family_comes_first() -> None:
    """A child that names its family's base after another schema names it first; of two families it is in the first."""
    base = {**KIND, "discriminator": {"propertyName": "kind", "mapping": {"disk": "Disk"}}}
    made = mended(Base=base, Plain=MORE, Disk={"allOf": [ref("Plain"), ref("Base"), MORE]})
    assert made["Disk"]["allOf"][:2] == [ref("Base"), ref("Plain")]
    assert mapping(made["Base"]) == {"disk": "Disk"}
    made = mended(Base=base, Second=base, Disk={"allOf": [ref("Base"), ref("Second"), MORE]})
    assert (mapping(made["Base"]), mapping(made["Second"])) == ({"disk": "Disk"}, {})


def test_a_schema_that_takes_another_in_is_no_child_of_it() -> None:
    """A schema that no mapping names is a child of the first that it is composed of, and of no other."""
    base = {**KIND, "discriminator": {"propertyName": "kind", "mapping": {"disk": "Disk"}}}
    made = mended(
        Base=base, Disk={"allOf": [ref("Base"), MORE]}, Plain=MORE, Both={"allOf": [ref("Plain"), ref("Base")]}
    )
    assert mapping(made["Base"]) == {"disk": "Disk"}


def test_a_union_in_another_schema_is_given_a_name() -> None:
    """Two that are the same are given one; a union of its own name keeps it."""
    holder = {"type": "object", "properties": {"first": union("Disk", "Tape"), "second": union("Disk", "Tape")}}
    made = mended(Disk=KIND, Tape=KIND, Holder=holder, HolderFirst=MORE)
    assert made["Holder"]["properties"] == {"first": ref("HolderFirst2"), "second": ref("HolderFirst2")}
    assert mapping(made["HolderFirst2"]) == {"Disk": "Disk", "Tape": "Tape"}


def test_a_union_of_its_own_children_without_a_discriminator_is_their_base() -> None:
    """Each would be the other and more: a circle in which no object is valid."""
    child = {"allOf": [ref("Base"), MORE]}
    made = mended(Base={**KIND, "anyOf": [ref("Disk"), ref("Tape")]}, Disk=child, Tape=child)
    assert made["Base"] == KIND
    made = mended(Base={**KIND, "anyOf": [ref("Disk"), ref("Other")]}, Disk=MORE, Other=MORE)
    assert made["Base"] == {**KIND, "anyOf": [ref("Disk"), ref("Other")]}
