"""Every model of every revision: decoding raises nothing but `DecodeError`, and nothing is lost in what goes back.

One object for each model, always the same, in the suite; by `make fuzz` ever new ones, as many for each model as
`VEEAM_FUZZ_EXAMPLES` says.
"""

from __future__ import annotations

import copy
import importlib
import os
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.properties.objects import Document, Maker, document, names, spoiled
from veeam_async._model import Model, OpenEnum, decoder, dumps, fields
from veeam_async._model.expressions import TypeExpression, parse
from veeam_async._model.strictness import Tolerated
from veeam_async.errors import DecodeError

pytestmark = pytest.mark.clone
FUZZ_EXAMPLES = int(os.environ.get("VEEAM_FUZZ_EXAMPLES", "25"))
NO_OBJECTS: tuple[Any, ...] = (None, True, 3, 2.5, "x", [], [{}])
NO_TYPES: tuple[Any, ...] = ("Newer", "", None, 3, [], {})
# Each revision's models are dealt out to this many tests, so that they run in parallel.
PARTS = 4
EACH_REVISION = pytest.mark.parametrize("revision", names())
EACH_PART = pytest.mark.parametrize("part", range(PARTS))
IN_THE_SUITE = settings(max_examples=1, derandomize=True, database=None, phases=[Phase.generate])
FUZZING = settings(IN_THE_SUITE, max_examples=FUZZ_EXAMPLES, derandomize=False)


def load(found: Document, name: str) -> Any:
    return getattr(importlib.import_module(found.package + ".models"), name)


def read_all(value: Any) -> None:
    if isinstance(value, Model):
        for name in fields(type(value)):
            read_all(getattr(value, name))
        read_all(value.additional_properties)
    elif isinstance(value, list):
        for each in value:
            read_all(each)
    elif isinstance(value, dict):
        for each in value.values():
            read_all(each)


def comes_back(found: Document, name: str, data: dict[str, Any]) -> None:
    """Decode by every means there is and compare what comes back."""
    decode = decoder(name, found.package)
    before = copy.deepcopy(data)

    unread = decode(copy.deepcopy(data))
    assert unread.to_dict() == before
    assert list(unread.to_dict()) == list(before)
    read_all(unread)
    filled = unread.to_dict()
    assert filled == before
    assert copy.deepcopy(unread).to_dict() == before, "a copy is not what was read"

    model = load(found, name).from_dict(data)
    assert type(model) is type(unread)
    assert model == unread
    assert model.to_dict() == before
    data.clear()
    read_all(model)
    assert model.to_dict() == before, "the model shares something with what it was made of"
    assert list(model.to_dict()) == list(before)
    try:
        text = orjson.dumps(filled, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        dumps(unread)  # orjson has no integers beyond 64 bits and no lone surrogates; dumps has
    else:
        assert orjson.dumps(orjson.loads(dumps(unread)), option=orjson.OPT_SORT_KEYS) == text


def for_each_model(revision: str, part: int, profile: settings) -> None:
    found = document(revision)

    def run(name: str, random: Random) -> None:
        try:
            goes_in_and_comes_out(found, name, random)
        except Exception as error:
            error.add_note(f"{revision} {name}")
            raise

    for name in found.objects()[part::PARTS]:
        profile(given(st.just(name), st.randoms(use_true_random=True))(run))()


def goes_in_and_comes_out(found: Document, name: str, random: Random) -> None:
    data = Maker(found, random).named(name)
    comes_back(found, name, copy.deepcopy(data))
    bad = spoiled(data, random)
    if isinstance(bad, dict):
        comes_back(found, name, bad)


@EACH_PART
@EACH_REVISION
def test_objects_come_back_as_they_were(revision: str, part: int) -> None:
    """An object of the schema, and the same object spoiled, goes in and comes out, read or not."""
    for_each_model(revision, part, IN_THE_SUITE)


@pytest.mark.fuzz
@EACH_PART
@EACH_REVISION
def test_ever_new_objects_come_back_as_they_were(revision: str, part: int) -> None:
    """The same with as many objects for each model as there is time for."""
    for_each_model(revision, part, FUZZING)


@EACH_REVISION
def test_an_object_of_the_schema_has_nothing_to_tolerate(revision: str) -> None:
    """What the spec allows decodes strictly: the generated models say what the spec says, and to no other class."""
    found = document(revision)
    random = Random(revision)
    for name in found.objects():
        data = Maker(found, random).named(name)
        seen: list[Tolerated] = []
        model = decoder(name, found.package, on_tolerated=seen.append)(data)
        assert seen == [], name
        read_all(model)
        assert model.additional_properties == {}


@EACH_REVISION
def test_each_value_of_a_discriminator_leads_to_its_class(revision: str) -> None:
    """The mapping in the spec, all of it, in any letter case; an unknown value leads to the base."""
    found = document(revision)
    for name, schema in found.schemas.items():
        discriminator = schema.get("discriminator", {})
        wire = discriminator.get("propertyName")
        decode = decoder(name, found.package) if wire else None
        for kind, target in discriminator.get("mapping", {}).items():
            assert decode is not None
            child = load(found, target.rsplit("/", 1)[1])
            assert issubclass(child, load(found, name))
            for spelling in (kind, kind.upper(), kind.lower()):
                assert type(decode({wire: spelling})) is child
        if decode is not None:
            for value in NO_TYPES:
                assert type(decode({wire: value})) is load(found, name)


@EACH_REVISION
def test_what_is_no_object_is_a_decode_error_for_every_model(revision: str) -> None:
    """Arrays, strings, numbers and null where a model is due raise `DecodeError` and nothing else."""
    found = document(revision)
    for name in found.objects():
        for value in NO_OBJECTS:
            with pytest.raises(DecodeError):
                decoder(name, found.package)(value)
            with pytest.raises(DecodeError):
                load(found, name).from_dict(value)


@EACH_REVISION
def test_every_class_loads_and_every_annotation_resolves(revision: str) -> None:
    """Each name in each annotation is a class of the revision, and no two fields share a JSON name."""
    found = document(revision)
    models = importlib.import_module(found.package + ".models")
    for name in models.MODULES:
        cls = getattr(models, name)
        if isinstance(cls, str):  # an alias of a plain type
            resolve_all(parse(cls), models, name)
            continue
        if not issubclass(cls, Model):
            assert issubclass(cls, OpenEnum), name
            continue
        wires = [each.wire for each in fields(cls).values()]
        assert len(set(wires)) == len(wires), name
        for each in fields(cls).values():
            resolve_all(parse(each.annotation), models, f"{name}.{each.name}")


def resolve_all(expression: TypeExpression, models: Any, place: str) -> None:
    for node in expression.nodes:
        if node.item is not None:
            resolve_all(node.item, models, place)
        elif node.is_class:
            assert issubclass(getattr(models, node.name), (Model, OpenEnum)), place
