"""From names in type expressions to classes, and what is worked out once for each."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

import tests.sample_api.models as sample
from tests.sample_api.models import BackupJobModel, StorageModel
from veeam_async._model import UNSET, Model, OpenEnum, decoder, dumps, field, model
from veeam_async._model.classes import resolve
from veeam_async._model.enums import members
from veeam_async._model.strictness import Tolerated

if TYPE_CHECKING:
    from veeam_async._model import Unset


def test_a_class_is_looked_for_in_models_and_then_in_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Models of somebody's own may stand in one module; a name that is nowhere is an error that says so."""
    (tmp_path / "models_in_one_module.py").write_text("class OwnModel: pass\n")
    package = tmp_path / "models_in_a_package"
    package.mkdir()
    (package / "__init__.py").write_text("class Outer: pass\n")
    (package / "models.py").write_text("class Inner: pass\n")
    monkeypatch.syspath_prepend(tmp_path)  # when all is there: folders are listed once
    assert resolve("OwnModel", "models_in_one_module").__name__ == "OwnModel"
    assert resolve("Inner", "models_in_a_package").__module__ == "models_in_a_package.models"
    assert resolve("Outer", "models_in_a_package").__module__ == "models_in_a_package"
    for home in ("models_in_a_package", "no_such_package_at_all"):
        with pytest.raises(NameError, match=f"no class 'Missing' in {home}.models"):
            resolve("Missing", home)


@pytest.mark.skipif(sys.version_info < (3, 14), reason="annotations are evaluated at once before Python 3.14")
def test_annotations_that_are_evaluated_later() -> None:
    """A model in a module without the import from `__future__` may name what is not there yet."""
    source = """
@model
class LateModel(Model):
    size: int
    next_run: datetime | None | Unset = UNSET
    parts: list[NotThereYet] | Unset = UNSET
"""
    space: dict[str, Any] = {"__name__": __name__, "model": model, "Model": Model, "UNSET": UNSET}
    exec(compile(source, "late", "exec", dont_inherit=True), space)
    late = space["LateModel"].from_dict({"size": 1, "nextRun": "2026-03-01T00:00:00Z", "parts": []})
    assert (late.size, late.next_run.year, late.parts) == (1, 2026, [])


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="Python 3.14 evaluates annotations later by itself")
def test_annotations_that_were_evaluated_are_refused() -> None:
    """Before 3.14 the module has to ask for that; the error says how."""
    source = "@model\nclass EagerModel(Model):\n    size: int | None\n"
    with pytest.raises(TypeError, match=f"{__name__}: .*models need `from __future__ import annotations`"):
        exec(
            compile(source, "eager", "exec", dont_inherit=True), {"__name__": __name__, "model": model, "Model": Model}
        )


def test_super_without_arguments_in_a_model() -> None:
    """In methods of all kinds; other functions that a method closes over stay as they are."""

    @model
    class SuperModel(Model):
        """Super."""

        name: str | Unset = UNSET

        def __repr__(self) -> str:
            return f"{later}: {super().__repr__()}"

        @property
        def raw(self) -> dict[str, Any]:
            return super().to_dict()

        @classmethod
        def from_dict(cls, data: Any) -> SuperModel:
            return super().from_dict({"name": "by default"} | data)

        @staticmethod
        def own() -> Any:
            return __class__  # type: ignore[name-defined]  # as `super` finds it

    later = "shown"
    made = SuperModel.from_dict({})
    assert (repr(made), made.raw) == ("shown: SuperModel(name='by default')", {"name": "by default"})
    assert SuperModel.own() is SuperModel is type(made)


def test_a_models_module_that_needs_what_is_not_installed_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no missing class."""
    monkeypatch.syspath_prepend(tmp_path)
    package = tmp_path / "models_that_need_more"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "models.py").write_text("import certainly_not_installed\n")
    with pytest.raises(ModuleNotFoundError, match="certainly_not_installed"):
        resolve("Missing", "models_that_need_more")


def test_a_class_is_resolved_once() -> None:
    """And so is what attrs knows of it, which costs twenty times the class and adds no method."""

    @model
    class FreshModel(Model):
        """Fresh: what attrs knows of it is worked out here."""

        size: int

    props: Any = FreshModel.__attrs_props__
    assert (props.is_slotted, props.added_init, props.added_eq, props.added_repr) == (True, False, False, False)
    assert attrs.fields(BackupJobModel) is attrs.fields(BackupJobModel)
    resolve("StorageModel", "tests.sample_api")
    hits = resolve.cache_info().hits
    assert resolve("StorageModel", "tests.sample_api") is StorageModel
    assert resolve.cache_info().hits == hits + 1


def test_an_enum_remembers_a_thousand_spellings_at_most() -> None:
    """A server that never repeats itself does not fill the memory; what is remembered is the same member again."""

    class EColour(OpenEnum):
        RED = "Red"

    spellings = members(EColour)
    assert spellings["new"] is spellings["new"]
    assert spellings["RED"] is EColour.RED
    assert all(spellings[f"colour {number}"] == f"colour {number}" for number in range(3000))
    assert len(spellings) == 1024
    assert spellings["colour 2999"].is_unknown


def test_read_only_fields_at_any_depth_are_left_out_of_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a list within a model that holds itself; a model without any is sent without a copy."""

    @model
    class StampModel(Model):
        """Stamp."""

        __module__ = "tests.sample_api.models"
        id: str | Unset = field(default=UNSET, read_only=True)
        size: int | Unset = UNSET

    @model
    class TreeModel(Model):
        """Tree."""

        __module__ = "tests.sample_api.models"
        stamps: list[StampModel] | Unset = UNSET
        left: TreeModel | Unset = UNSET
        right: TreeModel | Unset = UNSET

    monkeypatch.setattr(sample, "StampModel", StampModel, raising=False)
    monkeypatch.setattr(sample, "TreeModel", TreeModel, raising=False)
    tree = TreeModel.from_dict({"left": {"stamps": [{"id": "1", "size": 2}]}, "newer": {"id": "3"}})
    assert dumps(tree, request=True) == b'{"left":{"stamps":[{"size":2}]},"newer":{"id":"3"}}'


def test_a_field_that_may_be_absent_but_not_null_is_not_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A required one is, nullable or not."""

    @model
    class NeedsModel(Model):
        """Needs."""

        __module__ = "tests.sample_api.models"
        must: str
        must_or_null: str | None
        may: str | Unset = UNSET
        may_or_null: str | Unset | None = UNSET

    monkeypatch.setattr(sample, "NeedsModel", NeedsModel, raising=False)
    seen: list[Tolerated] = []
    decode: Any = decoder("NeedsModel", "tests.sample_api", on_tolerated=seen.append)
    decode({})
    assert [(each.kind, each.field) for each in seen] == [("missing", "must"), ("missing", "mustOrNull")]
    seen.clear()
    decode({"must": None, "mustOrNull": None, "may": None, "mayOrNull": None})
    assert [(each.kind, each.field) for each in seen] == [("null", "must"), ("null", "may")]
