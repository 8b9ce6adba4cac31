"""Bad input to `emit`: one clear line for each fault, status 2, and nothing half-written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from codegen import emit
from codegen.__main__ import main
from codegen.compare import compare
from codegen.faults import BadInput
from tests.codegen.odd import document, operation, query, ref, write_specs


def refuse(capsys: pytest.CaptureFixture[str], specs: Path, package: Path, *revisions: str) -> list[str]:
    """The lines that `emit` gives for its refusal, after making sure that it changed nothing."""
    before = {path: path.read_bytes() for path in package.parent.rglob("*") if path.is_file()}
    assert main(["emit", "--specs", str(specs), "--package", str(package), *revisions]) == 2
    assert {path: path.read_bytes() for path in package.parent.rglob("*") if path.is_file()} == before
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert lines
    assert all(line.startswith("codegen emit: ") for line in lines)
    return [line.removeprefix("codegen emit: ") for line in lines]


def test_an_unknown_revision(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A revision that the specs do not have is refused by name, with those that they have."""
    specs = write_specs(tmp_path / "specs", v7=document())
    (line,) = refuse(capsys, specs, tmp_path / "acme", "odd/v9")
    assert line.startswith("odd/v9: there is no")
    assert line.endswith("there are: odd/v7")


@pytest.mark.parametrize("name", ["v7", "odd/", "../odd/v7", "odd/v7/x", "/odd/v7", "odd\\v7", "Odd/v7 "])
def test_what_names_no_revision(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only PRODUCT/REVISION names a revision; nothing leads out of the specs folder."""
    (line,) = refuse(capsys, write_specs(tmp_path / "specs", v7=document()), tmp_path / "acme", name)
    assert "does not name a revision" in line


def test_no_specs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder without specs is refused."""
    (line,) = refuse(capsys, tmp_path / "nowhere", tmp_path / "acme")
    assert line.endswith("there are no specs")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"openapi": "2.0", "paths": {}}', '{"swagger": "2.0", "paths": {}}', "\udcff"]
)
def test_no_openapi(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is no JSON or no OpenAPI 3 document is refused."""
    specs = write_specs(tmp_path / "specs", v7="x")
    (specs / "odd/v7.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    (line,) = refuse(capsys, specs, tmp_path / "acme")
    assert "cannot be read as JSON" in line or "is no OpenAPI 3 document" in line


def test_a_catalog_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A broken catalog is refused, for it holds what the docstrings link to."""
    specs = write_specs(tmp_path / "specs", v7=document())
    (specs / "catalog.toml").write_text("[", encoding="utf-8")
    (line,) = refuse(capsys, specs, tmp_path / "acme")
    assert "catalog.toml: cannot be read" in line


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "a property's $ref": (
        {"schemas": {"Lost": {"type": "object", "properties": {"x": ref("Nowhere")}}}},
        "odd/v7: schema Lost, property x: $ref #/components/schemas/Nowhere leads nowhere",
    ),
    "a base's $ref": (
        {"schemas": {"Lost": {"allOf": [ref("Nowhere"), {"type": "object", "properties": {"x": {}}}]}}},
        "odd/v7: schema Lost: $ref #/components/schemas/Nowhere leads nowhere",
    ),
    "a body's $ref": (
        {"paths": {"/lost": {"post": operation("Lose", requestBody={"$ref": "#/components/requestBodies/X"})}}},
        "odd/v7: operation Lose: $ref #/components/requestBodies/X leads nowhere",
    ),
    "a parameter's $ref": (
        {"paths": {"/lost": {"get": operation("Lose", parameters=[{"$ref": "#/components/schemas/Part"}])}}},
        "odd/v7: operation Lose: $ref #/components/schemas/Part leads nowhere",
    ),
    "two operations with one name": (
        {"paths": {"/again": {"get": operation("CreateWidget")}}},
        "odd/v7: two operations with one name, CreateWidget: POST /widgets, GET /again",
    ),
    "a cookie": (
        {
            "paths": {
                "/lost": {"get": operation("Lose", parameters=[query("c", {"type": "string"}) | {"in": "cookie"}])}
            }
        },
        "odd/v7: operation Lose: parameter c in cookie has no counterpart",
    ),
    "an undeclared placeholder": (
        {"paths": {"/lost/{id}": {"get": operation("Lose")}}},
        "odd/v7: operation Lose: path /lost/{id} and its path parameters [] do not match",
    ),
    "a child that is none": (
        {
            "schemas": {
                "Base": {
                    "type": "object",
                    "properties": {"type": {"type": "string"}},
                    "discriminator": {"propertyName": "type", "mapping": {"A": "#/components/schemas/Gear"}},
                }
            }
        },
        "odd/v7: schema Base: Gear, its child for type A, does not inherit from it",
    ),
    "a discriminator without a property": (
        {"schemas": {"Base": {"type": "object", "properties": {"a": {}}, "discriminator": {"mapping": {}}}}},
        "odd/v7: schema Base: discriminator without propertyName",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_document_with_a_fault(fault: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A $ref that leads nowhere, a name given twice, a thing without a counterpart: one line says where."""
    changes, expected = FAULTS[fault]
    assert refuse(capsys, write_specs(tmp_path / "specs", v7=document(**changes)), tmp_path / "acme") == [expected]


def test_a_circle_of_bases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Schemas that inherit from each other in a circle are refused."""
    part = {"type": "object", "properties": {"a": {"type": "string"}}}
    changes = {"A": {"allOf": [ref("B"), part]}, "B": {"allOf": [ref("A"), part]}}
    lines = refuse(capsys, write_specs(tmp_path / "specs", v7=document(schemas=changes)), tmp_path / "acme")
    assert lines == [f"odd/v7: schema {name}: inherits from itself" for name in "AB"]


def test_two_revisions_with_one_package(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two revisions whose names give the same package name are refused."""
    specs = write_specs(tmp_path / "specs", **{"1.0-rev1": document(), "1-0.rev1": document()})
    (line,) = refuse(capsys, specs, tmp_path / "acme")
    assert line.endswith("would both be the package odd.v1_0_rev1")


def test_a_fault_in_one_revision_keeps_back_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """When one of several revisions is refused, the package stays as it was, the good ones included."""
    specs = write_specs(tmp_path / "specs", v7=document(), v8=document())
    emit.emit(specs, tmp_path / "acme")
    write_specs(specs, v7=document(schemas={"Extra": {"type": "object"}}), v8=document(schemas={"X": ref("Nowhere")}))
    lines = refuse(capsys, specs, tmp_path / "acme")
    assert lines == ["odd/v8: schema X: $ref #/components/schemas/Nowhere leads nowhere"]


def test_a_package_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the package's place is a file, that is said and nothing else happens."""
    (tmp_path / "acme").write_text("not a folder", encoding="utf-8")
    (line,) = refuse(capsys, write_specs(tmp_path / "specs", v7=document()), tmp_path / "acme")
    assert "cannot be written" in line


LOSSES = {
    "api/widgets.py": [
        (
            '    "CreateWidget",\n    "CreateWidget"',
            '    "CreateWidgets",\n    "CreateWidget"',
            "operation CreateWidget was not emitted",
        ),
        ("    def create_widget(", "    def create_wodget(", "operation CreateWidget has no function"),
        (
            'Parameter("accept", "Accept", "header")',
            'Parameter("accept")',
            "operation Widgets_GetWidgets: parameter Accept in header was not emitted",
        ),
        ('    body=Body("Widget", required=False),\n', "", "operation CreateWidget: its body was not emitted"),
        ('        202: Response("Operation_"),\n', "", "operation CreateWidget: response 202 was not emitted"),
        ('    "/widgets",', '    "/gadgets",', "operation Widgets_GetWidgets was emitted as GET /gadgets"),
    ],
    "models/*.py": [
        ("class PageWidget(Model)", "class Pages(Model)", "schema Page«Widget» was not emitted"),
        (
            '    links: dict[str, Part] | None | Unset = field(default=UNSET, wire="_links")\n',
            "",
            "schema Widget: property _links was not emitted",
        ),
        ('    KB_256 = "256KB"\n', "", "schema EColour: value '256KB' was not emitted"),
        ('    MM = "mm"\n', "", "schema Widget, property size.unit: values mm, in were not emitted"),
        ("class Gear(Widget)", "class Gear(Model)", "schema Widget: Gear does not inherit from it"),
        ('        "Cog": "Gear",\n', "", "schema Widget: kind Cog does not lead to Gear"),
    ],
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with specs and the package that they give; not to be changed."""
    folder = tmp_path_factory.mktemp("made")
    emit.emit(write_specs(folder / "specs", v7=document()), folder / "acme")
    return folder


@pytest.mark.parametrize(
    ("files", "old", "new", "expected"), [(files, *loss) for files, losses in LOSSES.items() for loss in losses]
)
def test_what_gets_lost_is_noticed(made: Path, files: str, old: str, new: str, expected: str, tmp_path: Path) -> None:
    """An operation, parameter, schema, property, enum value or child missing from what was written is a fault."""
    home = Path(shutil.copytree(made / "acme/odd/v7", tmp_path / "v7"))
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(home.glob(files))}
    path = next(path for path, text in texts.items() if old in text)
    path.write_text(texts[path].replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        compare(json.loads((made / "specs/odd/v7.json").read_text(encoding="utf-8")), home, "odd/v7")
    assert f"odd/v7: {expected}" in caught.value.lines


def test_an_inline_schema_under_a_name_without_letters(tmp_path: Path) -> None:
    """An operation and a parameter whose names have no letter give what stands inline in them a name all the same."""
    family = {"discriminator": {"propertyName": "%"}, "oneOf": [ref("Low"), ref("High")]}
    made = document(
        paths={"/x": {"get": operation("\\", parameters=[query("%", family)])}},
        schemas={"Low": {"type": "object"}, "High": {"type": "object"}},
    )
    (report,) = emit.emit(write_specs(tmp_path / "specs", v7=made), tmp_path / "acme")
    assert report.families == report.spec.families + 1
    assert (tmp_path / "acme/odd/v7/models").is_dir()
