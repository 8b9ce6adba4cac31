"""Decoders, strict decoding, the hook for what is tolerated, and encoding."""

from __future__ import annotations

import copy
import enum
import json
import uuid
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

import orjson
import pytest

from tests.sample_api.models import BackupJobModel, EJobType, JobModel, JobsResult, MixedModel, StorageModel
from veeam_async._model import UNSET, decoder, dumps, encode
from veeam_async._model.strictness import Tolerated
from veeam_async.errors import DecodeError

PACKAGE = "tests.sample_api"
JOB = {"id": "1", "name": "n", "type": "VSphereBackup", "storage": {"size": 3}}


def decode(type_expression: str, value: Any, **options: Any) -> Any:
    return decoder(type_expression, PACKAGE, **options)(copy.deepcopy(value))


# Decoders


def test_a_decoder_gives_a_value_of_its_type() -> None:
    """Models, lists, maps, enums and plain values."""
    assert isinstance(decode("JobModel", JOB), BackupJobModel)
    assert [type(each) for each in decode("list[JobModel]", [JOB, None])] == [BackupJobModel, type(None)]
    assert isinstance(decode("dict[str, StorageModel]", {"a": {"size": 1}})["a"], StorageModel)
    assert decode("EJobType", "backupcopy") is EJobType.BACKUP_COPY
    assert decode("list[EJobType]", ["BackupCopy"]) == [EJobType.BACKUP_COPY]
    assert decode("datetime", "2026-03-01T00:00:00Z") == datetime(2026, 3, 1, tzinfo=UTC)
    assert decode("str", "x") == "x"
    assert decode("Any", {"x": [1]}) == {"x": [1]}
    assert decode("JobModel | None", None) is None


def test_decoders_are_made_once() -> None:
    """The same type of the same revision is the same function."""
    assert decoder("JobModel", PACKAGE) is decoder("JobModel", PACKAGE)


def test_a_union_is_decided_by_the_kind_of_the_value() -> None:
    """An object is the first model, an array the list, a string the string."""
    assert isinstance(decode("StorageModel | JobModel", JOB), StorageModel)
    assert isinstance(decode("list[StorageModel] | JobModel", JOB), BackupJobModel)
    assert isinstance(decode("list[StorageModel] | JobModel", [{"size": 1}])[0], StorageModel)
    assert decode("StorageModel | str", "x") == "x"
    assert decode("StorageModel | EJobType", "BackupCopy") is EJobType.BACKUP_COPY
    assert decode("StorageModel | datetime", "2026-03-01T00:00:00Z") == datetime(2026, 3, 1, tzinfo=UTC)
    assert decode("int | str | bool | None", True) is True


@pytest.mark.parametrize(
    ("type_expression", "value", "message"),
    [
        ("JobModel", [], "an object was due for JobModel, an array came"),
        ("JobModel", None, "an object was due for JobModel, null came"),
        ("JobModel", "x", "an object was due for JobModel, a string came"),
        ("JobModel", 1.5, "an object was due for JobModel, a number came"),
        ("JobModel", True, "an object was due for JobModel, a boolean came"),
        ("JobModel | StorageModel", [], "an object was due"),
        ("dict[str, JobModel]", [], "an object was due"),
        ("dict[str, Any]", [], "an object was due"),
        ("list[JobModel]", {}, r"an array was due for list\[JobModel\], an object came"),
        ("list[str]", None, "an array was due"),
    ],
)
def test_an_object_or_array_that_was_due_and_did_not_come(type_expression: str, value: Any, message: str) -> None:
    """The only thing that lenient decoding refuses."""
    with pytest.raises(DecodeError, match=message):
        decode(type_expression, value)


def test_a_type_expression_that_is_none_is_refused_at_once() -> None:
    """Not when the first answer comes."""
    with pytest.raises(ValueError, match="not a type expression"):
        decoder("list[JobModel", PACKAGE)


def test_a_class_that_does_not_exist_is_named() -> None:
    """A package that does not fit its operations says what is missing."""
    with pytest.raises(NameError, match=r"'NoSuchModel' in tests\.sample_api\.models"):
        decode("NoSuchModel", {})


def test_integers_beyond_64_bits_survive_decoding_and_encoding() -> None:
    """Python's integers have no end, and nothing of ours gives them one."""
    storage = StorageModel.from_dict({"size": 2**80})
    assert storage.size == 2**80
    assert storage.to_dict() == {"size": 2**80}
    assert dumps(storage) == b'{"size":1208925819614629174706176}'


# What is tolerated


TOLERATED: list[tuple[dict[str, Any], str, str, str]] = [
    ({"id": None}, "null", "id", "id"),
    ({"name": UNSET}, "missing", "name", "name"),
    ({"extra": 1}, "extra", "extra", "extra"),
    ({"name": 3}, "wrong_type", "name", "name"),
    ({"storage": "x"}, "wrong_type", "storage", "storage"),
    ({"storage": {"size": True}}, "wrong_type", "size", "storage.size"),
    ({"storage": {"size": 1, "parts": [{"size": 1}, {}]}}, "missing", "size", "storage.parts[1].size"),
    ({"storage": {"size": 1, "parts": {}}}, "wrong_type", "parts", "storage.parts"),
    ({"storage": {"size": 1, "parts": [None]}}, "null", "parts", "storage.parts[0]"),
    ({"type": "vspherebackup"}, "letter_case", "type", "type"),
    ({"endTime": "soon"}, "bad_timestamp", "endTime", "endTime"),
    ({"endTime": 3}, "wrong_type", "endTime", "endTime"),
]


@pytest.mark.parametrize(("change", "kind", "field", "path"), TOLERATED)
def test_what_is_tolerated_is_reported_to_the_hook(change: dict[str, Any], kind: str, field: str, path: str) -> None:
    """Each departure from the document is counted once, with its place, and decoding gives what it gives otherwise."""
    data = {key: value for key, value in {**JOB, **change}.items() if value is not UNSET}
    seen: list[Tolerated] = []
    job = decode("JobModel", data, on_tolerated=seen.append)
    assert [(each.kind, each.field, each.path) for each in seen] == [(kind, field, path)]
    assert job.to_dict() == data
    assert path in seen[0].message


@pytest.mark.parametrize(("change", "kind", "field", "path"), TOLERATED)
def test_strict_decoding_makes_it_an_error(change: dict[str, Any], kind: str, field: str, path: str) -> None:
    """`strict=True` refuses what is tolerated otherwise and says where it stands."""
    data = {key: value for key, value in {**JOB, **change}.items() if value is not UNSET}
    with pytest.raises(DecodeError) as caught:
        decode("JobsResult", {"data": [JOB, data]}, strict=True)
    assert caught.value.field == f"data[1].{path}"


def test_an_unknown_type_and_enum_are_tolerated_as_such() -> None:
    """A discriminator without a class and an enum without the value are two findings of one field."""
    seen: list[Tolerated] = []
    decode("JobModel", {**JOB, "type": "New", "storage": UNSET} | {"id": "2"}, on_tolerated=seen.append)
    assert [(each.model, each.kind, each.value) for each in seen[:2]] == [
        ("JobModel", "unknown_type", "New"),
        ("JobModel", "unknown_enum", "New"),
    ]


def test_what_the_document_allows_is_not_tolerated_but_right() -> None:
    """Null and absence of optional fields, whole numbers where numbers are due, free-form fields."""
    seen: list[Tolerated] = []
    decode("JobModel", {**JOB, "endTime": None, "description": "d"}, on_tolerated=seen.append)
    mixed = {"share": 1, "free": [None, {"x": 1}], "either": "x", "stores": {"a": {"size": 1}}, "day": "2026-03-01"}
    decode("MixedModel", mixed, strict=True, on_tolerated=seen.append)
    decode("JobsResult", {"data": []}, strict=True, on_tolerated=seen.append)
    assert seen == []


def test_findings_in_maps_and_nested_lists_have_their_place() -> None:
    """Keys of maps and both indexes of a list of lists are in the path."""
    seen: list[Tolerated] = []
    data = {
        "stores": {"a": {"size": "x"}},
        "grid": [[], [{"size": 1}, {"size": None}]],
        "kinds": ["New", 3],
        "day": "x",
    }
    decode("MixedModel", data, on_tolerated=seen.append)
    assert [(each.path, each.kind) for each in seen] == [
        ("day", "bad_timestamp"),
        ("kinds[0]", "unknown_enum"),
        ("kinds[1]", "wrong_type"),
        ("stores.a.size", "wrong_type"),
        ("grid[1][1].size", "null"),
    ]


def test_a_strict_error_shows_no_value_of_an_extra_field() -> None:
    """What nobody knows may be a secret."""
    with pytest.raises(DecodeError) as caught:
        decode("JobModel", {**JOB, "newSecret": "s3cret"}, strict=True)
    assert "s3cret" not in str(caught.value)


# Encoding


class Plain(enum.Enum):
    ONE = 1


def test_encode_gives_plain_json_values() -> None:
    """Everything that a user may put into a body becomes what JSON has."""
    key = uuid.UUID("6745a759-2205-4cd2-b172-8ec8f7e60ef8")
    value = {
        "id": key, key: 1, "on": date(2026, 3, 1), "at": datetime(2026, 3, 1, tzinfo=UTC), "kind": EJobType("New"),
        "plain": Plain.ONE, "model": StorageModel(size=1), "gone": UNSET, "tuple": (1, UNSET, None),
        "frozen": MappingProxyType({"a": (1.5, True)}),
    }  # fmt: skip
    expected = {
        "id": str(key), str(key): 1, "on": "2026-03-01", "at": "2026-03-01T00:00:00Z", "kind": "New", "plain": 1,
        "model": {"size": 1}, "tuple": [1, None], "frozen": {"a": [1.5, True]},
    }  # fmt: skip
    assert encode(value) == expected
    assert orjson.loads(dumps(value)) == expected


def test_dumps_of_a_model_is_the_json_of_its_dict() -> None:
    """Untouched, read, changed, with models in lists and maps."""
    data = {"data": [JOB, {"id": "2", "type": "New", "x": [1]}], "pagination": {"total": 2}}
    page: JobsResult = decode("JobsResult", data)
    assert json.loads(dumps(page)) == data
    page.data[0].name = "changed"
    page.data[1].additional_properties["y"] = UNSET
    assert json.loads(dumps(page)) == page.to_dict()
    assert page.to_dict()["data"][0]["name"] == "changed"
    mixed = MixedModel(stores={"a": StorageModel(size=1)}, grid=[[StorageModel(size=2)]], at=datetime(2026, 3, 1))
    assert json.loads(dumps(mixed)) == mixed.to_dict()


@pytest.mark.parametrize("value", [object(), {"x": object()}, [b"bytes"], {3: 1}, {"x": 1j}])
def test_what_json_has_nothing_for_is_a_type_error(value: Any) -> None:
    """No guessing: bytes, complex numbers and keys that are no strings are refused."""
    with pytest.raises(TypeError):
        encode(value)
    with pytest.raises(TypeError):
        dumps(value)


def test_a_value_that_contains_itself_is_refused() -> None:
    """Not an endless loop."""
    loop: dict[str, Any] = {}
    loop["self"] = loop
    with pytest.raises(ValueError, match="contains itself"):
        encode(loop)
    with pytest.raises(DecodeError, match="contains itself"):
        JobModel.from_dict(loop)


def test_lone_surrogates_can_be_sent() -> None:
    """What came from an appliance goes back, even where it is no valid Unicode."""
    assert json.loads(dumps({"name": "\ud800"})) == {"name": "\ud800"}


def test_a_listed_type_without_a_class_is_right() -> None:
    """An enum lists more platforms than the document has classes for: such an object conforms."""
    from veeam_async.vbr.v1_3_rev1.models import BackupObjectModel, EPlatformType

    without = sorted({member.value for member in EPlatformType} - set(BackupObjectModel.__children__))
    assert without
    seen: list[Tolerated] = []
    package = "veeam_async.vbr.v1_3_rev1"
    row = {"id": "11111111-2222-4333-8444-555555555555", "platformName": without[0]}
    decoder("BackupObjectModel", package, strict=True, on_tolerated=seen.append)(row)
    assert not [each for each in seen if each.kind == "unknown_type"]
