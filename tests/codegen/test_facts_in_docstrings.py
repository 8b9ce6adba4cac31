"""What docstrings say of models and functions: facts of the document, and nothing that only respells a name."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from codegen import emit
from codegen.emit.remarks import remarks
from tests.codegen.odd import document, operation, query, ref, write_specs


@pytest.mark.parametrize(
    ("source", "wire", "expected"),
    [
        ({"type": "string", "format": "uuid"}, "id", ["UUID"]),
        ({"type": "string", "minLength": 1, "maxLength": 255}, "name", ["1 to 255 characters"]),
        ({"type": "string", "maxLength": 1}, "letter", ["at most 1 character"]),
        ({"type": "string", "minLength": 0}, "name", []),
        ({"type": "array", "minItems": 2, "maxItems": 2}, "pair", ["2 items"]),
        ({"type": "integer", "minimum": 0, "maximum": 100}, "progressPercent", ["0 to 100", "in percent"]),
        ({"type": "integer", "minimum": 1}, "retentionDays", ["at least 1", "in days"]),
        ({"type": "integer", "maximum": 2**63 - 1}, "count", []),
        ({"type": "string"}, "days", []),
        ({"type": "integer", "default": 22}, "sshPort", ["default 22"]),
        ({"type": "boolean", "default": False}, "isOn", ["default false"]),
        ({"type": "string", "default": "Unknown"}, "kind", ["default `Unknown`"]),
        ({"type": "string", "deprecated": True}, "old", ["deprecated"]),
        ({"allOf": [{"$ref": "#/x"}], "default": "A"}, "kind", ["default `A`"]),
        ({"type": "string", "format": "date-time"}, "at", []),
    ],
)
def test_what_a_schema_says_beyond_its_type(source: dict[str, Any], wire: str, expected: list[str]) -> None:
    """Format, lengths, limits, unit, default and deprecation are said in few words; what a type says is not."""
    assert remarks(source, wire) == expected


DISK = {
    "type": "object",
    "required": ["kind"],
    "properties": {
        "kind": {"type": "string"},
        "sizeGB": {"type": "integer", "minimum": 1, "readOnly": True},
        "label": {"type": "string", "maxLength": 32},
    },
    "discriminator": {
        "propertyName": "kind",
        "mapping": {"Fast": "#/components/schemas/FastDisk", "Slow": "#/components/schemas/SlowDisk"},
    },
}
SCHEMAS = {
    "Disk": DISK,
    "FastDisk": {"type": "object", "properties": {"kind": {"type": "string"}, "iops": {"type": "integer"}}},
    "SlowDisk": {"type": "object", "properties": {"kind": {"type": "string"}, "spindles": {"type": "integer"}}},
    "Plain": {"type": "object", "properties": {"name": {"type": "string"}}},
}
PATHS = {
    "/disks": {
        "get": operation(
            "GetDisks",
            "Disks",
            parameters=[
                {"name": "filter", "in": "query", "content": {"application/json": {"schema": ref("Plain")}}},
                query("limitDays", {"type": "integer", "maximum": 9}, deprecated=True),
            ],
            responses={"200": {"description": "", "content": {"application/json": {"schema": ref("Disk")}}}},
        ),
        "post": operation("AddDisk", "Disks", requestBody={"content": {"application/json": {"schema": ref("Disk")}}}),
    },
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an emitted revision."""
    folder = tmp_path_factory.mktemp("facts")
    emit.emit(write_specs(folder / "specs", v7=document(schemas=SCHEMAS, paths=PATHS)), folder / "acme")
    return folder / "acme/odd/v7"


def class_of(home: Path, name: str) -> ast.ClassDef:
    for path in (home / "models").glob("*.py"):
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(statement, ast.ClassDef) and statement.name == name:
                return statement
    raise LookupError(name)


def test_a_model_says_who_gives_and_takes_it_and_what_its_types_do_not(home: Path) -> None:
    """A docstring has the family, the operations, and a line for each attribute of which there is something to say."""
    assert ast.get_docstring(class_of(home, "Disk")) == "\n".join(
        [
            "One of 2 kinds, distinguished by `kind`.",
            "",
            "Given by `disks.get_disks`.",
            "Taken by `disks.add_disk`.",
            "",
            "Attributes:",
            "    size_gb: read-only, at least 1, in GB.",
            "    label: at most 32 characters.",
        ]
    )


def test_a_child_that_the_document_does_not_derive_is_one(home: Path) -> None:
    """What a discriminator names inherits from its base, and says which value selects it."""
    child = class_of(home, "FastDisk")
    assert [ast.unparse(base) for base in child.bases] == ["Disk"]
    assert str(ast.get_docstring(child)).startswith("The `Disk` whose `kind` is `Fast`.\n\nGiven by")


def test_a_model_of_which_there_is_nothing_to_say_has_no_docstring(home: Path) -> None:
    """A name is not said again in words."""
    assert ast.get_docstring(class_of(home, "Plain")) is None


def test_a_function_says_how_its_arguments_travel(home: Path) -> None:
    """Limits, units, deprecation and JSON of a parameter are in the docstring; JSON is in the description too."""
    text = (home / "api/disks.py").read_text(encoding="utf-8")
    assert "limit_days: query `limitDays`, deprecated, at most 9, in days." in text
    assert "filter: query `filter`, sent as JSON." in text
    assert 'Parameter("filter", type="Plain", json=True)' in text
