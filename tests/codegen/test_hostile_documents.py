"""Nothing of a document is code: what is injected through its texts has no effect where the package is imported."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from codegen import emit, gate
from codegen.faults import BadInput
from tests.codegen.odd import document, operation, write_specs


def injection(marker: Path) -> str:
    """A text that makes a file if anything evaluates it where a docstring was to be."""
    return f'"""+str(open({str(marker)!r}, "w"))+"""'


def family(property_name: str, value: str) -> dict[str, Any]:
    """A base with one child, distinguished by a property and a value of somebody's choice."""
    base = {
        "type": "object",
        "properties": {property_name: {"type": "string"}},
        "required": [property_name],
        "discriminator": {"propertyName": property_name, "mapping": {value: "#/components/schemas/Child"}},
    }
    child = {"allOf": [{"$ref": "#/components/schemas/Base"}, {"type": "object", "properties": {"x": {}}}]}
    return {"schemas": {"Base": base, "Child": child}}


def imported(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Import every module of an emitted package."""
    monkeypatch.syspath_prepend(package.parent)
    before = set(sys.modules)
    try:
        for path in sorted(package.rglob("*.py")):
            name = path.relative_to(package.parent).with_suffix("").as_posix().replace("/", ".")
            importlib.import_module(name.removesuffix(".__init__"))
    finally:
        for name in set(sys.modules) - before:
            del sys.modules[name]


PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "a discriminator": lambda text: family(text, "Cog"),
    "a key of a mapping": lambda text: family("type", text),
    "a tag": lambda text: {"paths": {"/lost": {"get": operation("Lose") | {"tags": [text]}}}},
    "an operationId": lambda text: {"paths": {"/lost": {"get": operation(text)}}},
    "a title": lambda text: {"paths": {"/lost": {"get": operation("Lose") | {"summary": text}}}},
}


@pytest.mark.parametrize("place", PLACES)
def test_a_text_of_a_document_does_not_run(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that closes its docstring and calls `open` is emitted as a text, or the document is refused."""
    marker = tmp_path / "marker"
    specs = write_specs(tmp_path / "specs", v7=document(**PLACES[place](injection(marker))))
    (specs / "catalog.toml").write_text('[revisions."odd/v7"]\nreference = "https://example.com"\n', encoding="utf-8")
    package = tmp_path / "acme"
    try:
        emit.emit(specs, package)
    except BadInput:
        assert not package.exists()
    else:
        imported(package, monkeypatch)
    assert not marker.exists()


@pytest.mark.parametrize(
    "text",
    [
        '"""x""" + str(print())\n',
        "import os\n",
        "from os import system\n",
        "@print()\nclass A: ...\n",
        "x: print() = 1\n",
        "x = 'a text that no document has: $'\n",
        "x.y = 1\n",
        "class A(print()): ...\n",
        "class A:\n    print()\n",
        "class A:\n    def f(self, x=print()): ...\n",
        "class A:\n    def f(self):\n        return exec(self)\n",
        "def f(): ...\n",
        "if True:\n    x = 1\n",
        "from __future__ import annotations\nfor x in y: ...\n",
        "x = [y for y in z]\n",
        "x = lambda: 1\n",
        "x = 1.5\n",
        "x = f'{__import__(1)}'\n",
    ],
)
def test_the_gate_refuses_what_no_template_writes(text: str, tmp_path: Path) -> None:
    """A call, an import or a statement that no template makes stops the emit, wherever it came from."""
    (tmp_path / "jobs.py").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match="no template writes"):
        gate.check_tree(tmp_path, {}, "odd/v7")


def test_the_gate_takes_what_is_emitted(tmp_path: Path) -> None:
    """A package of an ordinary document passes."""
    specs = write_specs(tmp_path / "specs", v7=document())
    emit.emit(specs, tmp_path / "acme")
    data = json.loads((specs / "odd/v7.json").read_text(encoding="utf-8"))
    gate.check_tree(tmp_path / "acme/odd/v7", data, "odd/v7", "Odd Product")
