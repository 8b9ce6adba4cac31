"""Models: what decoding promises, and what a model does as a Python object."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
import pydoc
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import attrs
import pytest

from tests.sample_api.models import (
    AgentJobModel,
    BackupCopyJobModel,
    BackupJobModel,
    EJobType,
    JobModel,
    JobsResult,
    LinksModel,
    LinuxAgentJobModel,
    LinuxServerModel,
    MixedModel,
    ServerModel,
    StorageModel,
    TokenModel,
)
from veeam_async._model import UNSET, Model, Unset, decoder, dumps, field, fields, model
from veeam_async.errors import DecodeError

PACKAGE = "tests.sample_api"


class Noting(StorageModel):
    """A class of somebody's own with an attribute of its own."""

    note: str


JOB = {
    "id": "6745a759-2205-4cd2-b172-8ec8f7e60ef8",
    "name": "nightly",
    "type": "VSphereBackup",
    "storage": {"size": 3, "parts": [{"size": 1}, {"size": 2, "parts": []}]},
    "endTime": "2026-03-01T02:00:00+01:00",
}


def read_all(value: Any) -> Any:
    """Read every field of everything, so that nothing is left unread."""
    if isinstance(value, Model):
        for name in fields(type(value)):
            read_all(getattr(value, name))
    elif isinstance(value, list):
        for each in value:
            read_all(each)
    elif isinstance(value, dict):
        for each in value.values():
            read_all(each)
    return value


def unread(data: dict[str, Any], name: str = "JobModel") -> Any:
    return decoder(name, PACKAGE)(copy.deepcopy(data))


def filled(data: dict[str, Any], name: str = "JobModel") -> Any:
    return read_all(unread(data, name))


@pytest.fixture(params=[unread, filled], ids=["unread", "filled"])
def decode(request: pytest.FixtureRequest) -> Any:
    return request.param


# Decoding


def test_the_discriminator_chooses_the_child_before_any_field_is_read() -> None:
    """A job is of its own class at once, and of its base's."""
    job = unread(JOB)
    assert type(job) is BackupJobModel
    assert isinstance(job, JobModel)


def test_an_unknown_value_of_the_discriminator_gives_the_base_with_all_fields_kept(decode: Callable[..., Any]) -> None:
    """A type newer than the package is a `JobModel`, and loses nothing."""
    data = {**JOB, "type": "QuantumBackup", "flux": {"level": 9}}
    job = decode(data)
    assert type(job) is JobModel
    assert job.to_dict() == data
    assert job.type == "QuantumBackup"
    assert job.type.is_unknown
    assert job.additional_properties["flux"] == {"level": 9}


@pytest.mark.parametrize("value", [None, 3, True, ["VSphereBackup"], {"a": 1}, ""])
def test_a_discriminator_that_is_no_name_gives_the_base(value: Any, decode: Callable[..., Any]) -> None:
    """Null, a number, a list where the type is due: the base class, nothing lost."""
    data = {"id": "1", "name": "n", "type": value}
    job = decode(data)
    assert type(job) is JobModel
    assert job.to_dict() == data


def test_a_missing_discriminator_gives_the_base() -> None:
    """Without a type an object is of the base class, and the field is UNSET."""
    job = unread({"id": "1", "name": "n"})
    assert job.type is UNSET
    assert type(job) is JobModel


def test_the_letter_case_of_the_discriminator_does_not_matter() -> None:
    """`vspherebackup` is a VMware backup job, and goes back as it came."""
    job = unread({**JOB, "type": "vspherebackup"})
    assert type(job) is BackupJobModel
    assert job.to_dict()["type"] == "vspherebackup"
    assert job.type is EJobType.V_SPHERE_BACKUP
    assert job.to_dict()["type"] == "vspherebackup"


def test_a_child_that_is_a_base_itself_chooses_further(decode: Callable[..., Any]) -> None:
    """Two discriminators in a row lead to the innermost class; an unknown second value stops at the first."""
    data = {"id": "1", "name": "n", "type": "AgentBackup", "platform": "Linux", "kernel": "6.1"}
    job = decode(data)
    assert type(job) is LinuxAgentJobModel
    assert job.to_dict() == data
    assert type(decode({**data, "platform": "Plan9"})) is AgentJobModel
    assert type(decode({**data, "type": "BackupCopy"})) is BackupCopyJobModel


def test_decoding_through_a_child_gives_that_child_whatever_the_value_says() -> None:
    """`BackupJobModel.from_dict` trusts its caller."""
    job = BackupJobModel.from_dict({**JOB, "type": "BackupCopy"})
    assert type(job) is BackupJobModel
    assert job.type is EJobType.BACKUP_COPY


def test_a_discriminator_whose_json_name_is_not_its_python_name() -> None:
    """`serviceType` chooses, `service_type` is read."""
    server = ServerModel.from_dict({"serviceType": "Linux", "SSHPort": 22})
    assert isinstance(server, LinuxServerModel)
    assert (server.service_type, server.ssh_port) == ("Linux", 22)


def test_a_page_of_several_types_holds_each_as_its_own() -> None:
    """Rows of one list differ in class; null and a string among them stay what they are."""
    page = unread({"data": [JOB, {"id": "2", "name": "c", "type": "BackupCopy"}, None, "x", {}]}, "JobsResult")
    assert [type(each) for each in page.data] == [BackupJobModel, BackupCopyJobModel, type(None), str, JobModel]


def test_null_in_a_required_field_is_none(decode: Callable[..., Any]) -> None:
    """The documents are wrong about null; the object is not lost for it."""
    data = {**JOB, "name": None, "storage": None}
    job = decode(data)
    assert job.name is None
    assert job.storage is None
    assert job.to_dict() == data


def test_a_missing_required_field_is_unset(decode: Callable[..., Any]) -> None:
    """The documents are wrong about required; the object is not lost for it."""
    data = {"type": "VSphereBackup", "id": "1"}
    job = decode(data)
    assert job.name is UNSET
    assert job.storage is UNSET
    assert not job.storage
    assert job.to_dict() == data


def test_an_optional_field_is_unset_where_absent_and_none_where_null(decode: Callable[..., Any]) -> None:
    """Absent and null are distinguished, and go back as they came."""
    data = {**JOB, "description": None}
    del data["endTime"]
    job = decode(data)
    assert job.description is None
    assert job.end_time is UNSET
    assert job.to_dict() == data


def test_an_extra_field_is_kept_and_sent_back(decode: Callable[..., Any]) -> None:
    """Keys that no document lists are in `additional_properties` and in `to_dict`."""
    data = {**JOB, "newIn14": {"deep": [1, {"x": None}]}}
    job = decode(data)
    assert job.additional_properties == {"newIn14": {"deep": [1, {"x": None}]}}
    assert job.to_dict() == data


@pytest.mark.parametrize(
    "data",
    [
        {"text": 5, "count": "many", "share": [], "on": "yes", "day": 1, "at": {"x": 1}},
        {"times": "2026-03-01T00:00:00Z", "kinds": {"a": 1}, "kind": ["VSphereBackup"]},
        {"stores": [], "grid": {"a": []}, "names": 3, "either": 7},
        {"stores": {"a": None, "b": 3, "c": "x"}, "grid": [None, 1, [None, "x", 3]], "kinds": [None, 3, ["x"], {}]},
        {"times": [None, 3, {}], "either": ["x"]},
    ],
)
def test_a_value_of_the_wrong_type_is_kept_as_it_is(data: dict[str, Any], decode: Callable[..., Any]) -> None:
    """A string where an object is due stays a string; nothing raises, nothing is lost."""
    assert decode(data, "MixedModel").to_dict() == data


def test_wrong_types_do_not_spoil_the_fields_beside_them() -> None:
    """A list where an enum is due leaves a timestamp in the same object a timestamp."""
    mixed = unread({"kind": ["x"], "at": "2026-03-01T00:00:00Z", "stores": {"a": {"size": 1}}}, "MixedModel")
    assert mixed.kind == ["x"]
    assert mixed.at == datetime(2026, 3, 1, tzinfo=UTC)
    assert mixed.stores["a"].size == 1


def test_fields_of_every_kind_are_decoded() -> None:
    """Enums, dates, timestamps, models, lists, lists of lists and maps become what their annotations say."""
    data = {
        "text": "t", "count": 3, "share": 0.5, "on": True, "free": {"any": ["thing"]}, "day": "2026-03-01",
        "at": "2026-03-01T10:00:00.1234567Z", "times": ["2026-03-01T10:00:00"], "kinds": ["VSphereBackup", "New"],
        "kind": "US-EAST-1", "stores": {"a": {"size": 1}}, "grid": [[{"size": 2}], []], "names": {"a": ["b"]},
        "either": {"size": 3},
    }  # fmt: skip
    mixed = unread(data, "MixedModel")
    assert mixed.day == date(2026, 3, 1)
    assert mixed.at == datetime(2026, 3, 1, 10, 0, 0, 123456, tzinfo=UTC)
    assert mixed.times == [datetime(2026, 3, 1, 10)]
    assert mixed.kinds == [EJobType.V_SPHERE_BACKUP, "New"]
    assert mixed.kind is EJobType.US_EAST_1
    assert isinstance(mixed.stores["a"], StorageModel)
    assert isinstance(mixed.grid[0][0], StorageModel)
    assert isinstance(mixed.either, StorageModel)
    assert mixed.free == {"any": ["thing"]}
    assert mixed.to_dict() == data


def test_a_model_may_contain_itself() -> None:
    """A recursive schema decodes as deep as the object goes."""
    data: dict[str, Any] = {"size": 0}
    for size in range(1, 200):
        data = {"size": size, "parts": [data]}
    storage = unread(data, "StorageModel")
    assert storage.parts[0].parts[0].size == 197
    assert read_all(storage).to_dict() == data


def test_names_that_are_no_identifiers_are_read_and_written() -> None:
    """`.issued`, `_links`, `access_token` and `from` have fields like any other."""
    data = {"access_token": "t", ".issued": "2026-03-01T10:00:00Z", ".expires": None}
    token = TokenModel.from_dict(data)
    assert token.issued == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert token.to_dict() == data
    links = LinksModel.from_dict({"_links": {"self": {"href": "/x"}}, "from": "a"})
    assert links.links == {"self": {"href": "/x"}}
    assert links.from_ == "a"
    assert links.to_dict() == {"_links": {"self": {"href": "/x"}}, "from": "a"}


def test_rows_that_differ_in_their_keys_are_all_read_right() -> None:
    """Code compiled for the first row's keys serves rows with others: every subset of the optional ones, any order."""
    rows = []
    for number in range(64):
        row: dict[str, Any] = {"id": str(number), "type": "VSphereBackup"}
        if number & 1:
            row["name"] = f"n{number}"
        if number & 2:
            row["description"] = "d"
        if number & 4:
            row["endTime"] = None
        if number & 8:
            row["storage"] = {"size": number}
        if number & 16:
            row["extra"] = number
        if number & 32:
            row = dict(reversed(row.items()))
        rows.append(row)
    for order in (rows, rows[::-1]):
        page = filled({"data": order}, "JobsResult")
        assert page.to_dict() == {"data": order}


# Lossless


def test_to_dict_of_an_untouched_object_is_what_came_to_the_letter() -> None:
    """Before anything is read, even letter case, seven digits and the order of keys are the server's."""
    data = {"zeta": 1, "type": "VSPHEREBACKUP", "endTime": "2026-03-01T02:00:00.1234567+01:00", "id": "1"}
    job = unread(data)
    assert job.to_dict() == data
    assert list(job.to_dict()) == list(data)


def test_get_change_put_sends_the_change_and_loses_nothing() -> None:
    """A field set before any was read is not overwritten by what came, and all else goes back."""
    data = {**JOB, "newIn14": 1}
    job = unread(data)
    job.name = "weekly"
    assert job.to_dict() == {**data, "name": "weekly"}
    assert job.name == "weekly"
    assert job.id == JOB["id"]
    assert job.to_dict() == {**data, "name": "weekly"}


def test_a_change_deep_inside_is_sent() -> None:
    """Setting a field of a nested model shows in `to_dict` and `dumps` of the whole."""
    page = unread({"data": [JOB], "pagination": {"total": 1}}, "JobsResult")
    page.data[0].storage.parts[1].size = 99
    expected = copy.deepcopy({"data": [JOB], "pagination": {"total": 1}})
    expected["data"][0]["storage"]["parts"][1]["size"] = 99  # type: ignore[index]
    assert page.to_dict() == expected
    assert decoder("JobsResult", PACKAGE)(__import__("json").loads(dumps(page))).to_dict() == expected


def test_set_fields_survive_when_keys_are_missing_in_what_came() -> None:
    """Even where the compiled code is passed over, a field set on one that was not read stays set."""
    unread(JOB).id  # noqa: B018 -- compiles the code for an object that has all keys
    job = unread({"type": "VSphereBackup"})
    job.name = "set"
    assert job.id is UNSET
    assert job.name == "set"


def test_additional_properties_are_a_dict_to_change(decode: Callable[..., Any]) -> None:
    """What is put into `additional_properties` is sent, what is taken out is not."""
    job = decode({**JOB, "a": 1, "b": 2})
    del job.additional_properties["a"]
    job.additional_properties["c"] = [3]
    assert job.to_dict() == {**JOB, "b": 2, "c": [3]}


def test_additional_properties_may_be_replaced_on_a_shell() -> None:
    """Assigning a dict of one's own to an object that was not read yet is kept."""
    job = unread({**JOB, "a": 1})
    job.additional_properties = {"mine": 1}
    assert job.to_dict() == {**JOB, "mine": 1}


def test_a_field_cannot_be_set_through_additional_properties() -> None:
    """A key that is a field has one place; once the field is not there, neither place has it."""
    job = filled(JOB)
    with pytest.raises(KeyError, match="'name' is a field of BackupJobModel: set its attribute"):
        job.additional_properties["name"] = "other"
    with pytest.raises(KeyError):
        del job.additional_properties["name"]
    with pytest.raises(KeyError):
        job.additional_properties["name"]
    assert "name" not in job.additional_properties
    assert job.to_dict()["name"] == "nightly"


def test_additional_properties_are_a_live_view(decode: Callable[..., Any]) -> None:
    """What is set there is sent, what is deleted is not, and it counts what no field holds."""
    job = decode({**JOB, "a": 1, "b": [2]})
    extra = job.additional_properties
    job.additional_properties["c"] = 3
    del extra["a"]
    extra["b"].append(4)
    assert (len(extra), list(extra), repr(extra)) == (2, ["b", "c"], "{'b': [2, 4], 'c': 3}")
    assert job.to_dict() == {**JOB, "b": [2, 4], "c": 3}


def test_a_list_keeps_its_identity_and_writes_back_what_is_done_to_it(decode: Callable[..., Any]) -> None:
    """Appending, removing and sorting models, enums and timestamps of a list show in what is sent."""
    data = {
        "kinds": ["vspherebackup", "New"], "times": ["2026-03-01T10:00:00.1234567", "2026-03-02T10:00:00"],
        "grid": [[{"size": 1}], []], "stores": {"a": {"size": 2}}, "names": {"a": ["b"]},
    }  # fmt: skip
    mixed = decode(data, "MixedModel")
    assert mixed.kinds is mixed.kinds
    mixed.kinds.append(EJobType.BACKUP_COPY)
    mixed.times.append(datetime(2026, 3, 3, tzinfo=UTC))
    mixed.grid[1].append(StorageModel(size=5))
    mixed.grid[0][0].size = 4
    mixed.stores["b"] = StorageModel(size=3)
    mixed.names["a"].append("c")
    expected = {
        "kinds": ["vspherebackup", "New", "BackupCopy"],
        "times": ["2026-03-01T10:00:00.1234567", "2026-03-02T10:00:00", "2026-03-03T00:00:00Z"],
        "grid": [[{"size": 4}], [{"size": 5}]], "stores": {"a": {"size": 2}, "b": {"size": 3}},
        "names": {"a": ["b", "c"]},
    }  # fmt: skip
    assert mixed.to_dict() == expected
    assert json.loads(dumps(mixed)) == expected
    del mixed.kinds[:2]
    mixed.grid.reverse()
    assert mixed.to_dict() == expected | {"kinds": ["BackupCopy"], "grid": [[{"size": 5}], [{"size": 4}]]}


def test_what_is_set_is_what_is_read_and_sent() -> None:
    """Models, lists, maps, enum members and timestamps of one's own keep their identity; UNSET takes them away."""
    storage: Any = StorageModel(size=1)
    job: Any = unread(JOB)
    job.storage = storage
    assert job.storage is storage
    part = StorageModel(size=0)
    storage.parts = [part]
    assert job.storage.parts[0] is part
    part.size = 2
    job.storage.parts.append(StorageModel(size=3))
    assert job.to_dict()["storage"] == {"size": 1, "parts": [{"size": 2}, {"size": 3}]}
    job.end_time = datetime(2026, 1, 1, tzinfo=UTC)
    job.type = EJobType.BACKUP_COPY
    assert job.to_dict()["endTime"] == "2026-01-01T00:00:00Z"
    assert job.type is EJobType.BACKUP_COPY
    job.storage = UNSET
    assert job.storage is UNSET
    assert "storage" not in job.to_dict()
    job.storage = {"size": 7}
    assert job.storage.size == 7  # pyright: ignore[reportAttributeAccessIssue]


def test_every_change_of_a_list_is_made_in_the_json() -> None:
    """Whatever is done to a list, what is sent is what is read; elements that stay keep their spelling."""
    raw = [f"vSphereBackup{number}" for number in range(6)] + ["vspherebackup"]
    mixed: Any = decoder("MixedModel", PACKAGE)({"kinds": raw})
    kinds = mixed.kinds
    changes: list[Callable[[], Any]] = [
        lambda: kinds.append("a"), lambda: kinds.extend(iter("bc")), lambda: kinds.insert(1, EJobType.BACKUP_COPY),
        lambda: kinds.pop(), lambda: kinds.pop(0), lambda: kinds.remove(EJobType.BACKUP_COPY), lambda: kinds.reverse(),
        lambda: kinds.sort(), lambda: kinds.sort(key=len, reverse=True), lambda: kinds.__setitem__(0, "z"),
        lambda: kinds.__setitem__(slice(1, 3), iter("xyz")), lambda: kinds.__delitem__(slice(0, 2)),
        lambda: kinds.__delitem__(-1), lambda: kinds.__iadd__(["q"]), lambda: kinds.__imul__(2), lambda: kinds.clear(),
    ]  # fmt: skip
    for change in changes:
        change()
        sent = mixed.to_dict()["kinds"]
        assert [str(kind) for kind in kinds] == [EJobType(value) for value in sent]
        assert kinds is mixed.kinds
        if EJobType.V_SPHERE_BACKUP in kinds:
            assert "vspherebackup" in sent
    with pytest.raises(IndexError):
        kinds.pop()
    with pytest.raises(ValueError):
        kinds.remove("a")
    assert mixed.to_dict() == {"kinds": []}


def test_every_change_of_a_map_is_made_in_the_json() -> None:
    """Whatever is done to a map of models, what is sent is what is read."""
    mixed: Any = unread({"stores": {"a": {"size": 1}, "b": {"size": 2}, "c": None}}, "MixedModel")
    stores = mixed.stores
    new = StorageModel(size=3)
    changes: list[Callable[[], Any]] = [
        lambda: stores.__setitem__("d", new), lambda: stores.update({"e": new}, f=new), lambda: stores.pop("a"),
        lambda: stores.__ior__({"g": StorageModel(size=4)}), lambda: stores.setdefault("h", new),
        lambda: stores.popitem(),
        lambda: stores.__delitem__("b"), lambda: stores.pop("missing", None), lambda: stores.setdefault("d", None),
    ]  # fmt: skip
    for change in changes:
        change()
        new.size += 1
        assert mixed.to_dict()["stores"] == {key: value and value.to_dict() for key, value in stores.items()}
    assert set(stores) == {"c", "d", "e", "f", "g"}
    with pytest.raises(KeyError):
        stores.pop("missing")
    assert pickle.loads(pickle.dumps(stores)) == stores
    copy.copy(stores)["z"] = new  # which changes nothing of the model
    assert "z" not in mixed.to_dict()["stores"]
    stores.clear()
    assert mixed.to_dict() == {"stores": {}}


def test_rows_of_a_page_are_a_list_where_absent_or_null() -> None:
    """`for row in page.data` works whatever came; an untouched page goes back as it was, and rows can be put in."""
    nothing: list[dict[str, Any]] = [{}, {"data": None}, {"data": []}]
    for data in nothing:
        page = unread(data, "JobsResult")
        assert page.data == []
        assert page.to_dict() == data
        page.data.append(unread(JOB))
        assert page.to_dict() == {"data": [JOB]}


def test_read_only_fields_are_kept_and_not_sent() -> None:
    """What the document calls read-only stays in the model and its dict, and is left out of a request."""

    @model
    class Inner(Model):
        """Inner."""

        id: str | Unset = field(default=UNSET, read_only=True)
        size: int | Unset = UNSET

    @model
    class Outer(Model):
        """Outer."""

        links: dict[str, Any] | Unset = field(default=UNSET, wire="_links", read_only=True)
        inner: Any = field(default=UNSET)
        name: str | Unset = UNSET

    data = {"_links": {"self": "/x"}, "name": "n", "inner": {"a": 1}, "extra": 1}
    outer = Outer.from_dict(data)
    assert outer.to_dict() == data
    assert json.loads(dumps(outer)) == data
    assert json.loads(dumps(outer, request=True)) == {"name": "n", "inner": {"a": 1}, "extra": 1}
    assert json.loads(dumps([Inner(id="1", size=2)], request=True)) == [{"size": 2}]


def test_the_signature_names_the_fields() -> None:
    """`inspect.signature` shows each field with its type and default, and `help` shows them as well."""
    signature = inspect.signature(BackupJobModel)
    assert list(signature.parameters) == [
        "id", "name", "type", "storage", "end_time", "description", "additional_properties",
    ]  # fmt: skip
    assert signature.parameters["storage"].default is inspect.Parameter.empty
    assert signature.parameters["end_time"].default is UNSET
    assert signature.parameters["end_time"].annotation == "datetime | Unset | None"
    shown = pydoc.render_doc(BackupJobModel)
    assert "end_time" in shown
    assert "datetime | Unset | None" in shown


def test_repr_is_bounded() -> None:
    """A long text, a long list and a deep object are cut."""
    assert len(repr(JobModel.from_dict({"id": "x" * 10_000, "rows": list(range(10_000))}))) < 1000
    deep: Any = {}
    for _ in range(3000):
        deep = {"parts": [deep]}
    assert len(repr(decoder("StorageModel", PACKAGE)(deep))) < 5000


def test_a_plain_subclass_keeps_its_own_attributes_in_pickles_and_copies() -> None:
    """What somebody's own class holds beside the fields goes along."""
    mine = Noting.from_dict({"size": 1})
    mine.note = "x"
    for again in (pickle.loads(pickle.dumps(mine)), copy.deepcopy(mine)):
        assert (type(again), again.note, again.to_dict()) == (Noting, "x", {"size": 1})


def test_unset_leaves_a_field_out_and_none_sends_null() -> None:
    """What a user sets to UNSET is not sent; None is null."""
    job = unread(JOB)
    job.end_time = UNSET
    job.description = None
    expected = {**JOB, "description": None}
    del expected["endTime"]
    assert job.to_dict() == expected


def test_a_deleted_field_is_unset() -> None:
    """`del job.end_time` says that the field shall be left out."""
    job = filled(JOB)
    del job.end_time
    assert job.end_time is UNSET
    assert "endTime" not in job.to_dict()


def test_an_id_may_be_given_as_a_uuid() -> None:
    """Ids are strings, and a UUID is taken for one in what comes."""
    key = uuid.UUID(JOB["id"])  # type: ignore[arg-type]
    job = JobModel(id=key, name="n", type=EJobType.BACKUP_COPY)  # type: ignore[arg-type]
    assert job.to_dict()["id"] == JOB["id"]
    assert dumps(job) == b'{"id":"6745a759-2205-4cd2-b172-8ec8f7e60ef8","name":"n","type":"BackupCopy"}'


def test_from_dict_shares_nothing_with_what_it_was_given(decode: Callable[..., Any]) -> None:
    """Changing the dict afterwards does not change the model, nor vice versa."""
    data = {**copy.deepcopy(JOB), "free": {"list": [1]}}
    before = copy.deepcopy(data)
    job: Any = JobModel.from_dict(data)
    if decode is filled:
        read_all(job)
    data["free"]["list"].append(2)  # type: ignore[index]
    data["storage"]["parts"].clear()  # type: ignore[index]
    assert job.to_dict() == before
    read_all(job)
    job.additional_properties["free"]["list"].append(3)
    job.storage.parts.clear()
    assert data["free"] == {"list": [1, 2]}


def test_to_dict_shares_nothing_with_the_model(decode: Callable[..., Any]) -> None:
    """Changing what `to_dict` gave does not change the model."""
    job = decode({**JOB, "free": {"list": [1]}})
    given = job.to_dict()
    given["free"]["list"].append(2)
    given["storage"]["parts"].clear()
    assert job.to_dict() == {**JOB, "free": {"list": [1]}}


def test_from_dict_takes_what_to_dict_takes() -> None:
    """Models, enums, timestamps and UUIDs inside the dict are taken for what they are sent as."""
    job = JobModel.from_dict(
        {
            "id": uuid.UUID(JOB["id"]),  # type: ignore[arg-type]
            "name": "nightly",
            "type": EJobType.V_SPHERE_BACKUP,
            "storage": StorageModel.from_dict(JOB["storage"]),  # type: ignore[arg-type]
            "endTime": datetime.fromisoformat(JOB["endTime"]),  # type: ignore[arg-type]
        }
    )
    assert isinstance(job, BackupJobModel)
    assert job.to_dict() == JOB


@pytest.mark.parametrize("data", [None, "x", 3, [], [{}]])
def test_from_dict_of_what_is_no_object_is_a_decode_error(data: Any) -> None:
    """Only an object can become a model."""
    with pytest.raises(DecodeError, match="an object was due for JobModel"):
        JobModel.from_dict(data)


def test_deeply_nested_free_json_survives() -> None:
    """An object nested deeper than Python's stack goes in and comes out."""
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    job = JobModel.from_dict({**JOB, "deep": deep})
    again = job.to_dict()["deep"]
    depth = 0
    while again:
        again = again[0]
        depth += 1
    assert depth == 5000


# The Python object


def test_reading_what_is_no_field_is_an_attribute_error(decode: Callable[..., Any]) -> None:
    """`hasattr` is honest on objects read and unread, and a misspelt name cannot be set."""
    job = decode(JOB)
    assert hasattr(job, "name")
    assert hasattr(job, "additional_properties")
    assert not hasattr(job, "nmae")
    with pytest.raises(AttributeError, match="'BackupJobModel' object has no attribute 'nmae'"):
        job.nmae  # noqa: B018
    with pytest.raises(AttributeError):
        job.nmae = 1


def test_asking_for_what_is_no_field_does_not_fill_a_shell() -> None:
    """What Python and its tools look for on every object costs nothing and changes nothing."""
    data = {**JOB, "type": "VSPHEREBACKUP"}
    job = unread(data)
    assert not hasattr(job, "__array__")
    assert not hasattr(job, "nmae")
    assert job.to_dict() == data


def test_an_object_without_any_state_raises_attribute_errors() -> None:
    """An object that neither decoding nor a constructor made does not send Python into endless recursion."""
    with pytest.raises(AttributeError):
        object.__new__(JobModel).name  # noqa: B018


def test_many_threads_may_read_one_page() -> None:
    """Reading from several threads at once gives each of them everything."""
    data = {"data": [{**JOB, "id": str(number)} for number in range(400)]}
    page = unread(data, "JobsResult")

    def work(_: int) -> list[str]:
        return [f"{row.id} {row.name} {row.storage.parts[1].size}" for row in page.data]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(work, range(4)))
    assert answers == [[f"{number} nightly 2" for number in range(400)]] * 4
    assert page.to_dict() == data


def test_a_field_may_be_called_self() -> None:
    """HAL links are, and constructors take it."""

    @model
    class HalModel(Model):
        """Hal model."""

        self: str

    make: Any = HalModel
    assert make(self="/x").to_dict() == {"self": "/x"}


def test_copy_replace_changes_one_field(decode: Callable[..., Any]) -> None:
    """`copy.replace` of Python 3.13 works; before, its protocol does."""
    changed = decode(JOB).__replace__(name="weekly")
    assert changed.to_dict() == {**JOB, "name": "weekly"}


def test_match_statements_read_fields(decode: Callable[..., Any]) -> None:
    """Class patterns with fields work on what was not read."""
    match decode(JOB):
        case BackupJobModel(name=name, storage=StorageModel(size=3)):
            assert name == "nightly"
        case _:
            pytest.fail("not matched")


def test_equal_objects_are_equal_whether_read_or_not() -> None:
    """Equality is by class and content; what was read makes no difference."""
    assert unread(JOB) == filled(JOB)
    assert unread(JOB) == unread({**JOB, "type": "vspherebackup"})
    assert unread(JOB) != unread({**JOB, "name": "other"})
    assert unread(JOB) != unread({**JOB, "extra": 1})
    assert JobModel.from_dict({}) != StorageModel.from_dict({})
    assert unread(JOB) != JOB


def test_models_are_not_hashable() -> None:
    """They can change, so they are no keys."""
    with pytest.raises(TypeError):
        hash(unread(JOB))


def test_repr_shows_what_is_there(decode: Callable[..., Any]) -> None:
    """Fields by their names, UNSET left out, extra keys at the end."""
    shown = repr(decode({"id": "1", "name": "n", "type": "BackupCopy", "x": 1}))
    assert shown == (
        "BackupCopyJobModel(id='1', name='n', type=<EJobType.BACKUP_COPY: 'BackupCopy'>, "
        "additional_properties={'x': 1})"
    )


def test_repr_shows_no_secret() -> None:
    """Passwords, tokens and passphrases are masked, named or nested in extra keys."""
    token = TokenModel.from_dict(
        {"access_token": "s3cret-1", "password": "s3cret-2", "nested": [{"refreshToken": "s3cret-3", "a": "b"}]}
    )
    shown = repr(token)
    assert "s3cret" not in shown
    assert "access_token='***'" in shown
    assert "'a': 'b'" in shown


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_survive(protocol: int, decode: Callable[..., Any]) -> None:
    """A pickled page comes back equal, subtypes and unknown values and all."""
    data = {"data": [{**JOB, "new": 1}, {"id": "1", "name": "n", "type": "Newer"}, None]}
    page = decode(data, "JobsResult")
    again = pickle.loads(pickle.dumps(page, protocol))
    assert again == page
    assert again.to_dict() == data
    assert [type(each) for each in again.data] == [BackupJobModel, JobModel, type(None)]
    assert again.data[1].type.is_unknown


def test_a_pickle_of_a_changed_shell_has_the_change() -> None:
    """A field set before anything was read is pickled."""
    job = unread(JOB)
    job.name = "weekly"
    assert pickle.loads(pickle.dumps(job)).to_dict() == {**JOB, "name": "weekly"}


def test_a_deep_copy_is_independent(decode: Callable[..., Any]) -> None:
    """Changing a deep copy leaves the original alone."""
    job = decode({**JOB, "free": [1]})
    duplicate = copy.deepcopy(job)
    duplicate.storage.size = 99
    duplicate.additional_properties["free"].append(2)
    assert job.to_dict() == {**JOB, "free": [1]}


def test_a_shallow_copy_shares_what_is_nested(decode: Callable[..., Any]) -> None:
    """As in all of Python: own fields, shared nested models, own dict of extra keys."""
    job = decode({**JOB, "extra": 1})
    duplicate = copy.copy(job)
    duplicate.name = "copy"
    duplicate.additional_properties["more"] = 2
    assert duplicate.storage is job.storage
    assert job.to_dict() == {**JOB, "extra": 1}
    assert type(duplicate) is BackupJobModel


def test_attrs_knows_the_models() -> None:
    """`attrs.has`, `fields` and `asdict` work; a base's fields come first."""
    assert attrs.has(BackupJobModel)
    assert [each.name for each in attrs.fields(BackupJobModel)] == [
        "id", "name", "type", "storage", "end_time", "description", "additional_properties",
    ]  # fmt: skip
    assert [each.name for each in attrs.fields(JobModel)] == ["id", "name", "type", "additional_properties"]
    assert attrs.fields(TokenModel).issued.metadata["wire"] == ".issued"
    assert attrs.fields(TokenModel).issued.default is UNSET
    assert attrs.fields(TokenModel).access_token.default is attrs.NOTHING
    assert attrs.asdict(filled(JOB))["storage"]["parts"][0]["size"] == 1


def test_attrs_evolve_changes_one_field_and_keeps_the_rest(decode: Callable[..., Any]) -> None:
    """The class, all fields and the extra keys go over; the original stays."""
    job = decode({**JOB, "extra": 1})
    changed = attrs.evolve(job, name="weekly")
    assert type(changed) is BackupJobModel
    assert changed.to_dict() == {**JOB, "extra": 1, "name": "weekly"}
    changed.additional_properties["extra"] = 2
    assert job.to_dict() == {**JOB, "extra": 1}


def test_a_subclass_made_by_attrs_keeps_what_models_do() -> None:
    """Somebody's own `attrs.define` over a model has a constructor by attrs, and decodes and encodes as before."""

    @attrs.define(kw_only=True, eq=False)
    class Noted(StorageModel):
        note: str = ""

    mine = Noted(size=3, note="x")  # type: ignore[call-arg]
    assert (mine.note, mine.to_dict()) == ("x", {"size": 3})
    assert Noted.from_dict({"size": 4, "parts": []}).to_dict() == {"size": 4, "parts": []}


def test_a_plain_subclass_decodes_as_itself() -> None:
    """A class of one's own with more methods is what its `from_dict` gives, with the fields of its base."""

    class Sized(StorageModel):
        @property
        def doubled(self) -> int:
            return self.size * 2

    mine = Sized.from_dict({"size": 4, "x": 1})
    assert type(mine) is Sized
    assert mine.doubled == 8
    assert mine.to_dict() == {"size": 4, "x": 1}


def test_constructors_take_keywords_and_fill_in_the_discriminator() -> None:
    """What is left out is UNSET, and the type of a child that exactly one value leads to is that value."""
    job = BackupJobModel(id="1", name="n", storage=StorageModel(size=1))
    assert job.type is EJobType.V_SPHERE_BACKUP
    assert job.end_time is UNSET
    assert job.to_dict() == {"id": "1", "name": "n", "type": "VSphereBackup", "storage": {"size": 1}}
    assert LinuxServerModel().service_type == "Linux"


def test_a_constructor_without_a_required_argument_says_which() -> None:
    """All that are missing are named."""
    with pytest.raises(TypeError, match=r"BackupJobModel\(\) is missing .* 'name', 'storage'"):
        BackupJobModel(id="1")  # type: ignore[call-arg]


def test_a_constructor_with_an_unknown_argument_says_which() -> None:
    """A misspelt keyword is an error."""
    with pytest.raises(TypeError, match=r"StorageModel\(\) got an unexpected keyword argument: 'sise'"):
        StorageModel(size=1, sise=2)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        StorageModel(1)  # type: ignore[call-arg, arg-type]


def test_a_constructor_takes_additional_properties() -> None:
    """Keys that no document lists can be sent, and the dict given is copied."""
    extra = {"new": 1}
    storage = StorageModel(size=1, additional_properties=extra)
    extra["later"] = 2
    assert storage.to_dict() == {"size": 1, "new": 1}


def test_classes_are_loaded_when_a_value_needs_them() -> None:
    """A class whose module does not exist harms nobody before a value of it comes."""

    namespace: dict[str, Any] = {
        "__annotations__": {"never": "NeverUsedModel | None | Unset", "late": "Any"},
        "never": UNSET,
    }
    Holder: Any = model(
        type("Holder", (Model,), namespace | {"late": UNSET, "__module__": "tests.sample_api.models.x"})
    )
    holder = Holder.from_dict({"late": 1})
    assert holder.late == 1
    assert Holder.from_dict({"never": None}).never is None
    with pytest.raises(ModuleNotFoundError):
        Holder.from_dict({"never": {}}).never  # noqa: B018


def test_types_say_that_unset_is_falsy() -> None:
    """`if job.end_time:` is enough to know that there is one."""
    job = BackupJobModel.from_dict({})
    value: datetime | Unset | None = job.end_time
    assert not value
    assert JobsResult.from_dict({"data": []}).data == []
    assert MixedModel().to_dict() == {}
