"""Models, lists and maps that stand at several places, are copied, or are used while others read them."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from threading import Barrier
from typing import TYPE_CHECKING, Any
from uuid import UUID

import attrs
import pytest

import tests.sample_api.models as sample
from tests.sample_api.models import BackupJobModel, EJobType, JobModel, JobsResult, MixedModel, StorageModel
from veeam_async._model import UNSET, Model, decoder, dumps, encode, field, model
from veeam_async._model.classes import resolve

if TYPE_CHECKING:
    from veeam_async._model import Unset

PACKAGE = "tests.sample_api"
JOB: dict[str, Any] = {"id": "1", "type": "VSphereBackup", "storage": {"size": 3}}


class Marked(StorageModel):
    """A class of somebody's own with an attribute of its own."""

    mark: str


@attrs.define(kw_only=True, eq=False)
class Noted(StorageModel):
    """A class of somebody's own, made by attrs."""

    note: str = ""


def came(data: dict[str, Any], name: str) -> Any:
    return decoder(name, PACKAGE)(copy.deepcopy(data))


def pickled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


# Rows that a server left out


def test_rows_are_put_in_by_whatever_change_comes_first() -> None:
    """Appending, extending, inserting, setting a slice, `+=`; what changes nothing leaves the page as it came."""
    row = {"id": "1", "type": "BackupCopy"}
    changes: list[Callable[[Any], Any]] = [
        lambda page: page.data.append(came(row, "JobModel")),
        lambda page: page.data.extend(iter([came(row, "JobModel")])),
        lambda page: page.data.insert(0, came(row, "JobModel")),
        lambda page: page.data.__setitem__(slice(0, 0), [came(row, "JobModel")]),
        lambda page: setattr(page, "data", [*page.data, came(row, "JobModel")]),
    ]
    nothing: list[dict[str, Any]] = [{}, {"data": None}]
    for data in nothing:
        for change in changes:
            page = came(data, "JobsResult")
            change(page)
            page.data.append(came(row, "JobModel"))
            page.data[0].name = "n"
            assert page.to_dict() == {"data": [{**row, "name": "n"}, row]}
        page = came(data, "JobsResult")
        page.data.clear()
        page.data.extend([])
        page.data.sort()
        page.data.reverse()
        assert encode(page.data) == json.loads(dumps(page.data)) == []
        assert page.to_dict() == data


def test_rows_that_were_read_before_others_were_set_do_not_come_back() -> None:
    """A list that was absent is not put over the rows that a page has by now, nor after it was taken out."""
    page = came({}, "JobsResult")
    first, second = page.data, page.data
    first.append(came(JOB, "JobModel"))
    second.append(came({"id": "2"}, "JobModel"))
    assert page.data is first
    assert page.to_dict() == {"data": [JOB]}
    page.data = UNSET
    first.append(came(JOB, "JobModel"))
    assert page.to_dict() == {}


def test_absent_rows_of_one_page_in_another_leave_the_first_as_it_came() -> None:
    """Writing the second changes nothing in the first."""
    page: Any = JobsResult.from_dict({})
    other = attrs.evolve(page)
    assert other.to_dict() == {"data": []}
    assert page.to_dict() == {}


# One object at several places


def test_a_model_of_one_object_may_be_set_in_another() -> None:
    """It stands in both, and a change shows in both."""
    first, second = came(JOB, "JobModel"), came({"id": "2", "type": "VSphereBackup"}, "JobModel")
    second.storage = first.storage
    second.storage.parts = [StorageModel(size=1)]
    assert first.storage is second.storage
    first.storage.parts.append(second.storage.parts[0])
    second.storage.parts[0].size = 5
    storage = {"size": 3, "parts": [{"size": 5}, {"size": 5}]}
    assert first.to_dict() == {**JOB, "storage": storage}
    assert second.to_dict()["storage"] == json.loads(dumps(second))["storage"] == storage


def test_lists_within_lists_and_maps_keep_what_is_set() -> None:
    """The models in them are those that are read, and a list that was added takes more."""
    part = StorageModel(size=1)
    mixed: Any = MixedModel(grid=[[part]], stores={"a": part})
    assert mixed.grid[0][0] is mixed.stores["a"] is part
    mixed.grid.append([StorageModel(size=2)])
    mixed.grid[1].append(part)
    part.size = 3
    assert mixed.to_dict() == {"grid": [[{"size": 3}], [{"size": 2}, {"size": 3}]], "stores": {"a": {"size": 3}}}
    grid: Any = ((part,), {})
    mixed.grid = grid
    mixed.grid[0].append(StorageModel(size=4))
    assert mixed.to_dict()["grid"] == [[{"size": 3}, {"size": 4}], {}]


def test_what_a_caller_sets_for_models_stays_plain() -> None:
    """Reading the field puts nothing into the caller's dict or list, and changes do not reach it; free-form ones do."""

    @model
    class FreshModel(Model):
        """Fresh: a list of enums, and one of whatever there is."""

        __module__ = "tests.sample_api.models"
        kinds: list[EJobType] | Unset = UNSET
        free: list[Any] | Unset = UNSET

    storage: Any = {"size": 1, "parts": [{"size": 2}]}
    kinds: Any = ["vspherebackup"]
    free: list[Any] = [1]
    before = copy.deepcopy(storage)
    job: Any = BackupJobModel.from_dict({})
    job.storage = storage
    mixed: Any = FreshModel(kinds=kinds, free=free)
    job.storage.parts[0].size = 9
    mixed.kinds.append(EJobType.BACKUP_COPY)
    free.append(2)
    assert json.loads(json.dumps(storage)) == before
    assert kinds == ["vspherebackup"]
    assert mixed.to_dict() == {"kinds": ["vspherebackup", "BackupCopy"], "free": [1, 2]}


def test_models_stand_where_json_of_any_kind_may() -> None:
    """In extra keys and in free-form fields, alone or in lists, they are read as they were set, and sent."""
    part: Any = StorageModel(size=1)
    mixed: Any = MixedModel(free={"deep": [part]}, additional_properties={"one": part, "on2": datetime(2026, 3, 1)})
    part.size = 2
    assert mixed.free["deep"][0] is mixed.additional_properties["one"] is part
    expected = {"free": {"deep": [{"size": 2}]}, "one": {"size": 2}, "on2": "2026-03-01T00:00:00"}
    assert mixed.to_dict() == json.loads(dumps(mixed)) == expected
    for again in (copy.deepcopy(mixed), pickled(mixed), copy.copy(mixed)):
        assert again == mixed
        assert isinstance(again.additional_properties["one"], StorageModel)
        assert again.to_dict() == expected
    assert copy.deepcopy(mixed).free["deep"][0] is not part


def test_an_object_that_contains_itself_is_refused_and_can_be_shown() -> None:
    """Nothing is sent for ever, and its repr names it again as `...`."""
    loop = StorageModel(size=1)
    loop.parts = [loop, loop]
    for write in (loop.to_dict, lambda: dumps(loop)):
        with pytest.raises(ValueError, match="contains itself"):
            write()
    assert repr(loop) == "StorageModel(size=1, parts=[..., ...])"


# Copies


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled])
def test_a_copy_is_spelled_as_the_original_came(copied: Callable[[Any], Any]) -> None:
    """Letter case, seven digits, unknown keys; with what was changed and added since."""
    data = {
        "kinds": ["vspherebackup"], "times": ["2026-03-01T10:00:00.1234567"], "grid": [[{"size": 1, "x": 2}]],
        "stores": {"a": {"size": 3}, "b": None}, "kind": "BACKUPCOPY", "extra": [1],
    }  # fmt: skip
    mixed = came(data, "MixedModel")
    mixed.kinds.append(EJobType.V_SPHERE_BACKUP)
    mixed.grid[0].append(StorageModel(size=5))
    mixed.stores["a"].size = 4
    assert len(mixed.times) == 1
    again = copied(mixed)
    assert again == mixed
    assert again.to_dict() == mixed.to_dict() == {
        **data, "kinds": ["vspherebackup", "VSphereBackup"], "grid": [[{"size": 1, "x": 2}, {"size": 5}]],
        "stores": {"a": {"size": 4}, "b": None},
    }  # fmt: skip
    again.grid[0][1].size = 6
    again.stores["a"].size = 7
    assert (mixed.grid[0][1].size, mixed.stores["a"].size) == (5, 4)


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled])
def test_a_copy_holds_each_kind_of_field_as_the_original_does(copied: Callable[[Any], Any]) -> None:
    """A free-form field its model, a list of enums its spelling, a map of models its changes."""

    @model
    class FreshModel(Model):
        """Fresh: nothing was worked out for this class before."""

        __module__ = "tests.sample_api.models"
        __qualname__ = "FreshModel"
        free: Any = UNSET
        kinds: list[EJobType] | Unset = UNSET
        stores: dict[str, StorageModel] | Unset = UNSET

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample, "FreshModel", FreshModel, raising=False)
        fresh: Any = FreshModel.from_dict({"kinds": ["vspherebackup"], "stores": {"a": {"size": 1}}})
        fresh.free = StorageModel(size=2)
        assert fresh.kinds == [EJobType.V_SPHERE_BACKUP]
        fresh.stores["a"].size = 3
        again = copied(fresh)
        assert again == fresh
        assert type(again.free) is StorageModel
        assert again.to_dict() == {"kinds": ["vspherebackup"], "stores": {"a": {"size": 3}}, "free": {"size": 2}}


def test_what_is_set_is_json_at_once_or_stays_for_its_caller() -> None:
    """An id is read as text; what JSON has nothing for, as a file to upload, is kept and cannot be sent."""
    key = UUID("6745a759-2205-4cd2-b172-8ec8f7e60ef8")
    mixed: Any = MixedModel(text=key)  # type: ignore[arg-type]
    assert mixed.text == str(key)
    file = object()
    mixed.free = file
    assert mixed.free is file
    with pytest.raises(TypeError, match="object has no JSON form"):
        mixed.to_dict()


def marked() -> Marked:
    made = Marked(size=1)
    made.mark = "x"
    return made


def noted() -> Noted:
    return Noted(size=1, note="x")  # type: ignore[call-arg]


@pytest.mark.parametrize("own", [marked, noted])
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickled, lambda value: value.__replace__()])
def test_what_somebodys_own_class_holds_is_in_every_copy(own: Callable[[], Any], copied: Callable[[Any], Any]) -> None:
    """In a `__dict__` or in slots, at the top or nested."""
    job: Any = BackupJobModel(id="1", name="n", storage=own())
    job.storage.parts = [own()]
    for again in (copied(job.storage), copied(job).storage, copied(job).storage.parts[0]):
        assert type(again) is type(own())
        assert getattr(again, "mark", None) or again.note == "x"
        assert again.size == 1


def test_a_copy_of_a_list_or_a_map_is_no_part_of_the_model() -> None:
    """What is done to it is not sent; it is spelled as the original is."""
    data = {
        "kinds": ["vspherebackup"], "times": ["2026-03-01T10:00:00.1234567"], "stores": {"a": {"size": 3}},
        "grid": [[{"size": 1}]],
    }  # fmt: skip
    mixed = came(data, "MixedModel")
    for name in data:
        duplicate = copy.copy(getattr(mixed, name))
        assert encode(duplicate) == data[name]
        duplicate.clear()
        assert encode(duplicate) in ([], {})
    assert mixed.to_dict() == data


def test_a_shallow_copy_shares_lists_as_all_of_python_does() -> None:
    """One list, two objects."""
    storage = came({"size": 1, "parts": [{"size": 2}]}, "StorageModel")
    duplicate = copy.copy(storage)
    duplicate.parts.append(StorageModel(size=3))
    duplicate.size = 4
    assert storage.to_dict() == {"size": 1, "parts": [{"size": 2}, {"size": 3}]}


def test_a_request_is_spelled_as_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read of an object with read-only fields is sent in the server's letter case and with all digits."""

    @model
    class SpelledModel(Model):
        """Spelled."""

        __module__ = "tests.sample_api.models"
        id: str | Unset = field(default=UNSET, read_only=True)
        times: list[datetime] | Unset = UNSET
        kinds: dict[str, list[EJobType]] | Unset = UNSET
        kind_by_name: dict[str, EJobType] | Unset = UNSET
        inner: list[SpelledModel] | Unset = UNSET
        named: dict[str, SpelledModel] | Unset = UNSET

    monkeypatch.setattr(sample, "SpelledModel", SpelledModel, raising=False)
    times = ["2026-03-01T10:00:00.1234567Z"]
    data = {
        "times": times, "kinds": {"a": ["vspherebackup"]}, "kindByName": {"a": "vspherebackup"},
        "inner": [{"times": times}], "named": {"a": {"times": times}},
    }  # fmt: skip
    inner = {"id": "2", "times": times}
    spelled: Any = SpelledModel.from_dict({"id": "1", **data, "inner": [inner], "named": {"a": inner}})
    assert spelled.times[0] == datetime(2026, 3, 1, 10, 0, 0, 123456, tzinfo=UTC)
    assert spelled.kinds["a"] == [EJobType.V_SPHERE_BACKUP]
    assert spelled.kind_by_name["a"] is EJobType.V_SPHERE_BACKUP
    assert spelled.inner[0].times == spelled.named["a"].times
    assert json.loads(dumps(spelled, request=True)) == data
    spelled.kind_by_name["a"] = EJobType.BACKUP_COPY
    spelled.kind_by_name["b"] = spelled.kinds["a"][0]
    assert spelled.to_dict()["kindByName"] == {"a": "BackupCopy", "b": "VSphereBackup"}


def test_a_timestamp_that_is_equal_to_another_is_spelled_as_it_was_set() -> None:
    """So is one number for another, and a member that came twice in two spellings."""
    mixed = came({"times": ["2026-03-01T10:00:00Z", 1], "kinds": ["vspherebackup", "VSphereBackup"]}, "MixedModel")
    mixed.times[0] = datetime.fromisoformat("2026-03-01T12:00:00+02:00")
    mixed.times[1] = True
    mixed.kinds.pop(0)
    assert json.dumps(mixed.to_dict()) == '{"times": ["2026-03-01T12:00:00+02:00", true], "kinds": ["VSphereBackup"]}'


def test_a_timestamp_with_seconds_in_its_offset_is_sent_as_that_instant() -> None:
    """As local mean times have them."""
    mixed = came({"times": []}, "MixedModel")
    mixed.times.append(datetime(1880, 1, 1, tzinfo=timezone(timedelta(minutes=19, seconds=32))))
    assert json.loads(dumps(mixed)) == mixed.to_dict() == {"times": ["1880-01-01T00:00:00+00:19:32"]}


def test_lists_of_texts_and_of_others_write_what_is_changed_in_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """An enum beside a list, a timestamp beside a model: in lists and in maps, read-only fields left out."""

    @model
    class PartModel(Model):
        """Part."""

        __module__ = "tests.sample_api.models"
        id: str | Unset = field(default=UNSET, read_only=True)
        size: int

    @model
    class UnionsModel(Model):
        """Unions."""

        __module__ = "tests.sample_api.models"
        either: list[EJobType | list[PartModel]] | Unset = UNSET
        named: dict[str, datetime | PartModel] | Unset = UNSET

    monkeypatch.setattr(sample, "PartModel", PartModel, raising=False)
    monkeypatch.setattr(sample, "UnionsModel", UnionsModel, raising=False)
    time = "2026-03-01T10:00:00.1234567Z"
    unions = came({"either": ["vspherebackup", [{"size": 1}]], "named": {"a": time, "b": {"id": "1"}}}, "UnionsModel")
    unions.either[1].append(PartModel(size=2))
    unions.named["b"].size = 3
    expected = {"either": ["vspherebackup", [{"size": 1}, {"size": 2}]], "named": {"a": time, "b": {"size": 3}}}
    assert json.loads(dumps(unions, request=True)) == expected
    unions.named["b"].id = UNSET
    assert json.loads(dumps(unions)) == unions.to_dict() == expected


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_lists_and_maps_are_in_pickles_of_every_protocol(protocol: int) -> None:
    """Of enums, of timestamps, of models, and rows that were put in."""
    times = ["2026-03-01T10:00:00.1234567"]
    data = {"kinds": ["vspherebackup"], "times": times, "grid": [[{"size": 1}]], "stores": {"a": {"size": 3}}}
    mixed = came(data, "MixedModel")
    assert len(mixed.kinds) + len(mixed.times) + len(mixed.grid[0]) + len(mixed.stores) == 4
    again = pickle.loads(pickle.dumps(mixed, protocol))
    again.kinds.append(EJobType.BACKUP_COPY)
    assert again.to_dict() == {**data, "kinds": ["vspherebackup", "BackupCopy"]}
    page = came({}, "JobsResult")
    page.data.append(came(JOB, "JobModel"))
    again = pickle.loads(pickle.dumps(page, protocol))
    again.data.append(came(JOB, "JobModel"))
    assert again.to_dict() == {"data": [JOB, JOB]}


def test_attrs_makes_plain_values_of_lists_maps_and_absent_rows() -> None:
    """`attrs.asdict` copies lists by their own classes."""
    mixed = came({"kinds": ["vspherebackup"], "stores": {"a": {"size": 3}}}, "MixedModel")
    plain = attrs.asdict(mixed)
    assert plain["kinds"] == [EJobType.V_SPHERE_BACKUP]
    plain["kinds"].append(EJobType.BACKUP_COPY)
    assert json.loads(dumps(plain))["kinds"] == ["VSphereBackup", "BackupCopy"]
    assert mixed.to_dict()["kinds"] == ["vspherebackup"]
    assert attrs.asdict(mixed)["stores"]["a"]["size"] == 3
    assert attrs.asdict(came({}, "JobsResult"))["data"] == []


# Equality and threads


def test_reading_makes_no_difference_to_equality() -> None:
    """One of the two was read, wholly or in part; extra keys and classes do count."""
    data = {"grid": [[{"size": 1}]], "stores": {"a": {"size": 2}}, "times": ["2026-03-01T10:00:00.5Z"], "x": {"y": 1}}
    read, other = came(data, "MixedModel"), came({**data, "times": ["2026-03-01T10:00:00.500Z"]}, "MixedModel")
    assert read.grid[0][0].size == 1
    assert read.times[0] == datetime(2026, 3, 1, 10, 0, 0, 500000, tzinfo=UTC)
    assert read == other
    assert other == read
    other.stores["a"].size = 3
    assert read != other
    changes: list[dict[str, Any]] = [{"x": {"y": 2}}, {"grid": [[]]}, {"z": 1}]
    for change in changes:
        assert read != came({**data, **change}, "MixedModel")


def test_objects_that_nest_deeply_are_compared_at_once() -> None:
    """The server decides how deep; both were read to the bottom, where they differ, or differ in their spelling."""

    def nested(kind: str, depth: int) -> Any:
        data: dict[str, Any] = {"id": "1", "kind": kind}
        for _ in range(depth):
            data = {"id": "1", "parts": [data], "inner": {"id": "2"}}
        top: Any = TreeModel.from_dict(data)
        at = top
        for _ in range(depth):
            at = at.parts[0]
        assert str(at.kind).casefold() == kind.casefold()
        return top

    @model
    class TreeModel(Model):
        """Tree."""

        __module__ = "tests.sample_api.models"
        id: str
        parts: list[TreeModel] | Unset = UNSET
        inner: TreeModel | Unset = UNSET
        kind: EJobType | Unset = UNSET

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample, "TreeModel", TreeModel, raising=False)
        resolve.cache_clear()
        assert nested("BackupCopy", 40) != nested("VSphereBackup", 40)
        assert nested("BackupCopy", 40) == nested("backupcopy", 40)
    resolve.cache_clear()


def test_all_threads_get_the_same_objects() -> None:
    """A model and a list have one identity, whoever reads them first: a change is never made in one that is lost."""
    threads = 4
    start = Barrier(threads)
    pages = [came({"data": [JOB] * 3}, "JobsResult") for _ in range(100)]

    def work(_: int) -> list[tuple[int, int]]:
        start.wait(30)
        return [(id(page.data), id(page.data[2].storage)) for page in pages]

    with ThreadPoolExecutor(threads) as pool:
        assert len({tuple(seen) for seen in pool.map(work, range(threads))}) == 1


def test_a_field_may_be_called_cls() -> None:
    """Constructors take it as any other."""

    @model
    class ClassModel(Model):
        """Class."""

        cls: str

    make: Any = ClassModel
    assert make(cls="a").to_dict() == {"cls": "a"}


def test_fields_that_no_model_has_cannot_be_replaced() -> None:
    """All that are unknown are named; extra keys can be replaced whole."""
    job: Any = JobModel.from_dict({"id": "1", "x": 1})
    with pytest.raises(TypeError, match="JobModel has no field 'nmae', 'x'"):
        job.__replace__(nmae=1, x=2, id="2")
    assert job.__replace__(additional_properties={"y": 2}).to_dict() == {"id": "1", "y": 2}
    assert job.to_dict() == {"id": "1", "x": 1}
