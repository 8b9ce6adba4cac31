"""Bodies that are no JSON, enums that are no enums of texts, and schemas that hold themselves."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from codegen import emit
from tests.codegen.odd import answer, document, operation, ref, write_specs
from veeam_async._model import fields


def sends(name: str, media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    return operation(name, requestBody={"required": True, "content": {media_type: {"schema": schema}}})


MIXED = {"enum": ["text", 1, None]}
BOTH = {"allOf": [ref("Left"), ref("Right")]}
ROUND = {
    "Left": {"type": "object", "properties": {"id": {"type": "string"}}},
    "Right": {"type": "object", "properties": {"both": BOTH}},
}
PATHS = {
    "/xml": {"post": sends("SendXml", "application/xml", ref("Part"))},
    "/csv": {"post": sends("SendCsv", "text/csv", {"type": "string"})},
    "/lines": {"post": sends("SendLines", "application/x-ndjson", {"type": "string"})},
    "/problem": {"post": sends("SendProblem", "application/problem+json", ref("Part"))},
    "/open": {"get": operation("GetOpen", responses={"404": answer(None)})},
}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = tmp_path_factory.mktemp("bodies")
    schemas = {"Mixed": {"type": "object", "properties": {"mixed": MIXED}}, "EMixed": MIXED, **ROUND}
    made = document(paths=PATHS, schemas=schemas)
    (report,) = emit.emit(write_specs(folder / "specs", v7=made), folder / "acme_bodies")
    assert "operation GetOpen: no 2xx response in the document; taken to be 200 with any content" in report.warnings
    sys.path.insert(0, str(folder))
    yield importlib.import_module("acme_bodies.odd.v7")
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == "acme_bodies"]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("name", "annotation"),
    [("send_xml", "Upload"), ("send_csv", "Upload"), ("send_lines", "Upload"), ("send_problem", "Part")],
)
def test_a_body_that_is_no_json_is_an_upload(package: ModuleType, name: str, annotation: str) -> None:
    """Nothing but JSON is made of models: of XML, CSV and lines the bytes are sent, whatever schema they have."""
    function = getattr(package.api.widgets, name)
    assert inspect.signature(function).parameters["body"].annotation == annotation


def test_an_operation_without_a_success_gives_anything(package: ModuleType) -> None:
    """Where a document names no success, its answer is JSON of any kind."""
    assert inspect.signature(package.api.widgets.get_open).return_annotation == "Request[Any]"


def test_an_enum_of_several_kinds_is_no_enum(package: ModuleType) -> None:
    """Values that are not all texts make no enum, named or not."""
    assert fields(package.models.Mixed)["mixed"].annotation == "Any | Unset"
    assert package.models.EMixed == "Any"


def test_a_schema_that_holds_what_it_has_of_a_further_base(package: ModuleType) -> None:
    """A class has one base, and a copy of the others' properties: one of them that is the class again is the class."""
    both = package.models.RightBoth
    assert fields(package.models.Right)["both"].annotation == "RightBoth | None | Unset"
    assert fields(both)["both"].annotation == "RightBoth | None | Unset"
    assert both.from_dict({"id": "1", "both": {"id": "2"}}).both.id == "2"
