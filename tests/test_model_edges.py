"""Models: what happens at the edges of reading and writing."""

from __future__ import annotations

import inspect
import json
import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

import tests.sample_api.models as sample
from tests.sample_api.models import EJobType, JobModel, MixedModel, StorageModel
from veeam_async._model import UNSET, Model, decoder, dumps, encode, field, model
from veeam_async._model.classes import resolve
from veeam_async._model.strictness import Tolerated

if TYPE_CHECKING:
    from veeam_async._model import Unset

    Links = dict[str, StorageModel]

PACKAGE = "tests.sample_api"


def unread(data: dict[str, Any], name: str) -> Any:
    return decoder(name, PACKAGE)(data)


def test_a_union_of_an_enum_and_a_model_reads_each_by_its_kind() -> None:
    """A text is a member, an object a model, and a timestamp in a union is one."""

    @model
    class UnionModel(Model):
        """Unions."""

        __module__ = "tests.sample_api.models"
        kind_or_storage: EJobType | StorageModel | Unset = UNSET
        moment_or_storage: datetime | StorageModel | Unset = UNSET

    union: Any = UnionModel.from_dict({"kindOrStorage": {"size": 1}, "momentOrStorage": "2026-03-01T00:00:00Z"})
    assert isinstance(union.kind_or_storage, StorageModel)
    assert union.kind_or_storage is union.kind_or_storage
    assert union.moment_or_storage == datetime(2026, 3, 1, tzinfo=UTC)
    union = UnionModel.from_dict({"kindOrStorage": "vspherebackup", "momentOrStorage": {"size": 2}})
    assert union.kind_or_storage is EJobType.V_SPHERE_BACKUP
    assert union.moment_or_storage.size == 2


def test_a_model_of_somebodys_own_reads_and_writes_fields_of_every_kind() -> None:
    """Dates, timestamps, models, lists and rows of a class that was not generated keep what is set."""

    @model
    class OwnModel(Model):
        """Somebody's own."""

        __module__ = "tests.sample_api.models"
        day: date | Unset = UNSET
        at: datetime | Unset = UNSET
        kind: EJobType | Unset = UNSET
        storage: StorageModel | Unset = UNSET
        parts: list[StorageModel] | Unset = UNSET
        rows: list[StorageModel] = field(rows=True)
        plain: list[str] | Unset = UNSET

    storage = StorageModel(size=1)
    own: Any = OwnModel(
        day=date(2026, 3, 1), at=datetime(2026, 3, 1, tzinfo=UTC), kind=EJobType.BACKUP_COPY, storage=storage,
        parts=[storage], rows=[storage], plain=["a"],
    )  # fmt: skip
    assert own.storage is own.parts[0] is own.rows[0] is storage
    storage.size = 2
    assert own.to_dict() == {
        "day": "2026-03-01", "at": "2026-03-01T00:00:00Z", "kind": "BackupCopy", "storage": {"size": 2},
        "parts": [{"size": 2}], "rows": [{"size": 2}], "plain": ["a"],
    }  # fmt: skip
    assert (own.day, own.at, own.kind) == (date(2026, 3, 1), datetime(2026, 3, 1, tzinfo=UTC), EJobType.BACKUP_COPY)


@pytest.mark.parametrize("read", [False, True])
def test_a_nested_field_can_be_deleted_whether_read_or_not(read: bool) -> None:
    """It is UNSET afterwards, is not sent, and what is set next is what is read."""
    job = unread({"type": "VSphereBackup", "storage": {"size": 1}}, "JobModel")
    if read:
        assert job.storage.size == 1
    del job.storage
    assert job.storage is UNSET
    assert job.to_dict() == {"type": "VSphereBackup"}
    job.storage = StorageModel(size=5)
    assert job.storage.size == 5


def test_plain_lists_and_maps_that_are_set_stay_the_callers_own() -> None:
    """What is put into them afterwards is sent as well; those with timestamps are written at once."""
    mixed: Any = MixedModel()
    free: dict[str, Any] = {"a": 1}
    names: list[Any] = ["x"]
    mixed.free = free
    mixed.additional_properties["own"] = names
    free["b"] = 2
    names.append("y")
    assert mixed.to_dict() == {"free": {"a": 1, "b": 2}, "own": ["x", "y"]}


def test_pop_takes_the_last_and_sort_goes_up() -> None:
    """The lists of models have the defaults of every list."""
    kinds = unread({"kinds": ["b", "c", "a"]}, "MixedModel").kinds
    assert kinds.pop() == "a"
    kinds.append("a")
    kinds.sort()
    assert kinds == ["a", "b", "c"]
    kinds.sort(reverse=True)
    assert kinds == ["c", "b", "a"]


def test_what_is_nested_beyond_pythons_stack_is_written_whole() -> None:
    """Thousands of levels of lists and objects, with models, timestamps and UNSET in them, in request and dict."""
    value: Any = {
        "at": datetime(2026, 3, 1, tzinfo=UTC), "storage": StorageModel(size=1), "gone": UNSET,
        "list": [UNSET, date(2026, 3, 1), StorageModel(size=2)],
    }  # fmt: skip
    for _ in range(3000):
        value = [UNSET, {"deeper": value}]
    written = encode(value)
    for _ in range(3000):
        assert len(written) == 1
        written = written[0]["deeper"]
    assert written == {"at": "2026-03-01T00:00:00Z", "storage": {"size": 1}, "list": ["2026-03-01", {"size": 2}]}


def test_a_list_that_contains_itself_is_refused() -> None:
    """Lists are no endless loop either, nor are lists within objects within lists."""
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(ValueError, match="contains itself"):
        encode(loop)
    mixed: list[Any] = []
    mixed.append({"again": mixed})
    with pytest.raises(ValueError, match="contains itself"):
        encode(mixed)


def test_values_of_a_discriminator_without_end_are_all_the_base() -> None:
    """A server that never repeats itself gets the base class each time, and known types stay known."""
    decode = decoder("JobModel", PACKAGE)
    assert {type(decode({"type": f"Kind{number}"})) for number in range(600)} == {JobModel}
    assert decode({"type": "BackupCopy"}).to_dict() == {"type": "BackupCopy"}
    assert type(decode({"type": "BackupCopy"})) is not JobModel


def test_unset_in_a_list_is_left_out_of_what_is_sent() -> None:
    """JSON has nothing for it, and a null would say something else."""
    assert json.loads(dumps({"a": [1, UNSET, 2], "b": UNSET})) == {"a": [1, 2]}


def test_a_field_is_neither_rows_nor_read_only_unless_it_says_so() -> None:
    """Defaults and JSON names change nothing else: absent is UNSET, and what is there is sent."""

    @model
    class PlainModel(Model):
        """Plain."""

        count: int = 3
        names: list[str] | Unset = field(default=UNSET, wire="NAMES")

    plain: Any = PlainModel()
    assert (plain.count, plain.names) == (3, UNSET)
    assert json.loads(dumps(PlainModel(names=["a"]), request=True)) == {"count": 3, "NAMES": ["a"]}
    plain = PlainModel.from_dict({})
    assert (plain.count, plain.names) == (UNSET, UNSET)


def test_a_field_that_is_declared_again_keeps_its_json_name() -> None:
    """A child narrows a field of its base, whose JSON name is not the Python name in camel case."""

    @model
    class BaseModel(Model):
        """Base."""

        ssh_port: Any = field(default=UNSET, wire="SSHPort")

    @model
    class ChildModel(BaseModel):
        """Child."""

        ssh_port: int | Unset = UNSET

    assert ChildModel(ssh_port=22).to_dict() == {"SSHPort": 22}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"share": 3, "free": [1], "day": "2026-03-01"}, []),
        ({"share": 0.5}, []),
        ({"share": True}, [("wrong_type", "share")]),
        ({"share": "much"}, [("wrong_type", "share")]),
        ({"count": True}, [("wrong_type", "count")]),
        ({"on": 1}, [("wrong_type", "on")]),
        ({"day": "soon"}, [("bad_timestamp", "day")]),
        ({"kind": 3}, [("wrong_type", "kind")]),
        ({"either": 3}, [("wrong_type", "either")]),
        ({"either": "x"}, []),
        ({"text": None}, []),
    ],
)
def test_each_kind_of_field_is_examined_for_its_own_type(data: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    """A number is no truth value, a truth value no number; what the document allows is not reported."""
    seen: list[Tolerated] = []
    decoder("MixedModel", PACKAGE, on_tolerated=seen.append)(data)
    assert [(each.kind, each.field) for each in seen] == expected


def test_only_what_must_be_there_is_missing() -> None:
    """A required field is, a discriminator with a default too; a field that may be absent is not."""
    seen: list[Tolerated] = []
    decoder("BackupJobModel", PACKAGE, on_tolerated=seen.append)({"id": "1", "name": "n"})
    assert [(each.kind, each.field) for each in seen] == [("missing", "type"), ("missing", "storage")]
    seen.clear()
    decoder("LinuxServerModel", PACKAGE, on_tolerated=seen.append)({"serviceType": "Linux"})
    assert [(each.kind, each.field) for each in seen if each.kind != "missing"] == []


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01", "2026-03-01"), ("2026-13-01T10:20:30Z", "2026-13-01T10:20:30Z"),
        ("2026-03-01T10:20Z", datetime(2026, 3, 1, 10, 20, tzinfo=UTC)), ("soon", "soon"),
        ("2026-03-01t10:20:30.1234567z", datetime(2026, 3, 1, 10, 20, 30, 123456, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_a_field_reads_every_spelling_of_a_timestamp(text: str, moment: Any) -> None:
    """A date alone stays text, as does what no calendar has; all go back as they came."""
    mixed = unread({"at": text, "times": [text]}, "MixedModel")
    assert (mixed.at, mixed.times) == (moment, [moment])
    assert mixed.to_dict() == {"at": text, "times": [text]}


@pytest.mark.parametrize(
    ("expression", "value", "expected"),
    [
        ("int | bool", True, []),
        ("bool | int", 3, []),
        ("str | list[int]", 3, ["wrong_type"]),
        ("str | bool", 1, ["wrong_type"]),
        ("float | str", True, ["wrong_type"]),
        ("int | EJobType", "New", ["unknown_enum"]),
        ("EJobType | int", 3, []),
        ("AliasOfNumber", 3, []),
        ("AliasOfNumber", "x", ["wrong_type"]),
        ("AliasOfNumber | StorageModel", {"size": "x"}, ["wrong_type"]),
        ("list[AliasOfNumber]", [3], []),
        ("AliasOfNumber", None, ["null"]),
        ("Foreign", 3, []),
        ("list[Foreign]", ["x"], []),
        ("StorageModel | Foreign", {"size": "x"}, ["wrong_type"]),
        ("None", None, []),
        ("list[None]", [3, None], ["wrong_type"]),
        ("StorageModel | Any", None, []),
        ("JobModel", {"id": "1", "name": "n", "type": 3}, ["unknown_type", "wrong_type"]),
        ("JobModel", {"id": "1", "name": "n", "type": None}, ["null"]),
        ("JobModel", {"id": "1", "name": "n", "type": "us-east-1"}, []),
        ("JobModel", {"id": "1", "name": "n", "type": "AgentBackup", "platform": "Linux"}, []),
        ("JobModel", {"id": "1", "name": "n", "type": "agentbackup", "platform": "Linux"}, ["unknown_enum"]),
        ("AgentJobModel", {"id": "1", "name": "n", "type": "AgentBackup", "platform": "Linux"}, []),
        ("AgentJobModel", {"id": "1", "name": "n", "type": "Other", "platform": "Linux"}, ["unknown_enum"]),
        ("ServerModel", {"serviceType": "Other"}, ["unknown_type"]),
        ("RowsModel", {"more": True}, ["missing", "wrong_type"]),
        ("RowsModel", {"rows": None, "last": 1}, []),
        ("RowsModel", {"rows": [{"size": 1}, {"size": 1, "x": 2}], "last": 1}, ["extra"]),
    ],
)
def test_each_departure_is_found_whatever_the_type(
    expression: str, value: Any, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In unions, aliases, discriminators and beside absent rows; what the document allows is none."""

    @model
    class RowsModel(Model):
        """Rows: the fields after them are examined as well."""

        __module__ = "tests.sample_api.models"
        rows: list[StorageModel] = field(rows=True)
        last: int
        more: str | Unset = UNSET

    monkeypatch.setattr(sample, "AliasOfNumber", "int", raising=False)
    monkeypatch.setattr(sample, "Foreign", complex, raising=False)  # a class that JSON has nothing for
    monkeypatch.setattr(sample, "RowsModel", RowsModel, raising=False)
    seen: list[Tolerated] = []
    resolve.cache_clear()
    try:
        decoder(expression, PACKAGE, on_tolerated=seen.append)(value)
    finally:
        resolve.cache_clear()
    assert [each.kind for each in seen] == expected


def test_the_classes_of_a_base_from_elsewhere_are_looked_for_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of one package may have a child in its own and be named by another's."""
    monkeypatch.setattr(sys.modules[__name__], "BackupJobModel", sample.BackupJobModel, raising=False)
    seen: list[Tolerated] = []
    data = {"id": "1", "name": "n", "type": "VSphereBackup", "storage": {"size": "x"}}
    decoder("BackupJobModel", __name__, on_tolerated=seen.append)(data)
    assert [(each.kind, each.path) for each in seen] == [("wrong_type", "storage.size")]


def test_a_class_with_two_bases_has_the_fields_of_both_as_python_inherits_them() -> None:
    """A child's field comes before that of the base that both share."""

    @model
    class BaseModel(Model):
        """Base."""

        size: int | Unset = UNSET

    @model
    class WiderModel(BaseModel):
        """Wider."""

        size: int | Unset = field(default=UNSET, wire="SIZE")
        width: int | Unset = UNSET

    @model
    class LongerModel(BaseModel):
        """Longer."""

        length: int | Unset = UNSET

    class BothModel(LongerModel, WiderModel):
        """Both."""

    make: Any = BothModel
    both = make(size=1, width=2, length=3)
    assert both.to_dict() == {"SIZE": 1, "width": 2, "length": 3}
    assert (both.size, dict(both.additional_properties)) == (1, {})


def test_a_field_called_self_is_in_the_signature() -> None:
    """As links of HAL have one."""

    @model
    class HalModel(Model):
        """Links."""

        self: Any = UNSET

    assert list(inspect.signature(HalModel).parameters) == ["self", "additional_properties"]


def test_an_alias_is_read_as_the_type_that_it_stands_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A map of models by another name holds models, and what is added is sent."""

    @model
    class AliasModel(Model):
        """Alias."""

        __module__ = "tests.sample_api.models"
        links: Links | Unset = UNSET

    monkeypatch.setattr(sample, "Links", "dict[str, StorageModel]", raising=False)
    resolve.cache_clear()
    try:
        aliased: Any = AliasModel.from_dict({"links": {"a": {"size": 1}}})
        assert aliased.links["a"].size == 1
        aliased.links["b"] = StorageModel(size=2)
        assert aliased.to_dict() == {"links": {"a": {"size": 1}, "b": {"size": 2}}}
    finally:
        resolve.cache_clear()


def test_there_is_one_unset() -> None:
    """Whoever makes another gets it."""
    assert type(UNSET)() is UNSET
    assert MixedModel(text=type(UNSET)()).to_dict() == {}


def test_a_field_of_a_class_with_children_chooses_for_each_object(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first that is read, and those after it."""

    @model
    class HolderModel(Model):
        """Holder."""

        __module__ = "tests.sample_api.models"
        job: JobModel | Unset = UNSET

    monkeypatch.setattr(sample, "HolderModel", HolderModel, raising=False)
    for kind in ("BackupJobModel", "BackupCopyJobModel", "BackupJobModel", "JobModel"):
        data = {"BackupJobModel": "VSphereBackup", "BackupCopyJobModel": "BackupCopy", "JobModel": "Other"}[kind]
        assert type(unread({"job": {"type": data}}, "HolderModel").job).__name__ == kind
