"""`python -m codegen ingest`: what it writes, and how it refuses."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codegen import __main__ as codegen
from codegen.ingest import catalog
from tests.codegen.small import document, schemas, spec, write


def ingest(where: str, specs: Path, *more: str, product: str = "vbr", revision: str = "9.9-rev9") -> int:
    arguments = ["ingest", where, "--product", product, "--revision", revision, "--specs", str(specs), *more]
    return codegen.main(arguments)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_it_writes_the_spec_and_its_entry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A document becomes DIR/P/R.json and an entry with source, checksum, title, port and counts."""
    specs = tmp_path / "specs"
    assert ingest(write(tmp_path / "doc.json", document()), specs) == 0
    assert spec(specs)["paths"]["/api/v1/jobs"]["get"]["operationId"] == "GetAllJobs"
    entry = catalog.load(specs)["revisions"]["vbr/9.9-rev9"]
    assert entry["source"] == "doc.json"
    assert entry["title"] == "Veeam Backup & Replication REST API"
    assert (entry["port"], entry["operations"], entry["schemas"], entry["inferred"]) == (9419, 2, 2, 0)
    assert "2 operations, 2 schemas" in capsys.readouterr().out


def test_the_command_runs_as_a_module(tmp_path: Path) -> None:
    """`python -m codegen ingest` does the same from a shell."""
    where = write(tmp_path / "doc.json", document())
    command = [sys.executable, "-m", "codegen", "ingest", where, "--product", "vbr", "--revision", "9.9-rev9"]
    done = subprocess.run(
        [*command, "--specs", str(tmp_path / "specs")],
        cwd=catalog.HOME.parent,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "specs" / "vbr" / "9.9-rev9.json").exists()


def without_version() -> dict[str, Any]:
    return {key: value for key, value in document().items() if key != "openapi"}


def mapping_to_nowhere() -> dict[str, Any]:
    base = {
        "type": "object",
        "properties": {"type": {"type": "string"}},
        "discriminator": {"propertyName": "type", "mapping": {"A": "#/components/schemas/Gone"}},
    }
    return schemas(Base=base)


BAD = {
    "no OpenAPI": ({"hello": "world"}, "not an OpenAPI document"),
    "no version": (without_version(), "no `openapi` at the top"),
    "a list": ([1, 2], "not an OpenAPI document"),
    "Swagger 1.2": ({"swagger": "1.2", "info": {}, "paths": {}}, "Swagger 1.2 is not 2.0"),
    "OpenAPI 4": (document(openapi="4.0.0"), "OpenAPI 4.0.0 is not 3.0 or 3.1"),
    "a number for a version": (document(openapi=3.0), "is not 3.0 or 3.1"),
    "no paths": (document(paths={}), "without paths"),
    "paths that are a list": (document(paths=[]), "/paths is no object"),
    "a dangling reference": (
        schemas(Job={"type": "object", "properties": {"a": {"$ref": "#/components/schemas/Gone"}}}),
        "'#/components/schemas/Gone' leads nowhere",
    ),
    "a reference to another file": (schemas(Job={"$ref": "other.json#/Job"}), "leads out of the document"),
    "a mapping to nowhere": (mapping_to_nowhere(), "'#/components/schemas/Gone' leads nowhere"),
    "a schema that is a text": (schemas(Job="text"), "/components/schemas/Job: not an object"),
    "an operation that is a list": (document(paths={"/a": {"get": []}}), "/paths//a/get: not an object"),
    "a circle of references": (
        schemas(A={"allOf": [{"$ref": "#/components/schemas/B"}]}, B={"$ref": "#/components/schemas/B"}),
        "chain of references without end",
    ),
}


def spoilt(seed: int) -> dict[str, Any]:
    """The small document with one to three places of it replaced by something that does not belong there."""
    pick = random.Random(seed)
    made = document(openapi=pick.choice(["3.0.1", "3.1.0"]))
    for _ in range(pick.randint(1, 3)):
        places = list(places_of(made))
        holder, key = pick.choice(places)
        holder[key] = pick.choice(
            [
                None,
                True,
                -1,
                "x",
                [],
                {},
                [None],
                {"$ref": 1},
                {"allOf": [1]},
                {"type": {}},
                {"discriminator": "x"},
                ["x"],
            ]
        )
    return made


def places_of(value: Any) -> Iterator[tuple[Any, Any]]:
    for key, part in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield value, key
        if isinstance(part, (dict, list)):
            yield from places_of(part)


@pytest.mark.parametrize("seed", range(150))
def test_spoilt_documents_are_taken_or_refused(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever stands where it should not: the document is ingested, or refused with one line. Never a traceback."""
    monkeypatch.setattr("codegen.ingest.command._siblings", lambda *_: [])
    status = ingest(write(tmp_path / "doc.json", spoilt(seed)), tmp_path / "specs")
    reported = capsys.readouterr().err
    assert (status, reported.count("\n")) in ((0, 0), (2, 1)), reported
    assert (tmp_path / "specs").exists() == (status == 0)


@pytest.mark.parametrize("case", BAD)
def test_bad_documents_are_refused(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A document that cannot be worked with: one line on stderr that says why, status 2, nothing written."""
    content, says = BAD[case]
    specs = tmp_path / "specs"
    assert ingest(write(tmp_path / "doc.json", content), specs) == 2
    reported = capsys.readouterr()
    assert says in reported.err
    assert reported.err.count("\n") == 1
    assert reported.out == ""
    assert not specs.exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b'{"openapi": "3.0.1",', "no valid JSON"),
        (b"openapi: [3.0.1", "no valid YAML"),
        (b"\xff\xfa\x00\x80", "not UTF-8 text"),
        (b"", "no object at the top"),
        (b"just words", "no object at the top"),
        (b'{"openapi": "3.0.1", "openapi": "3.0.2"}', "stands twice"),
        (b"openapi: 3.0.1\nopenapi: 3.0.2\n", "stands twice"),
        (b"<html></html>", "no object at the top"),
    ],
)
def test_bytes_that_are_no_document_are_refused(
    text: bytes, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Broken JSON or YAML, other encodings, empty files, a key twice: one line, status 2, nothing written."""
    path = tmp_path / "doc.json"
    path.write_bytes(text)
    assert ingest(str(path), tmp_path / "specs") == 2
    reported = capsys.readouterr().err
    assert says in reported
    assert reported.count("\n") == 1
    assert not (tmp_path / "specs").exists()


@pytest.mark.parametrize(
    ("product", "revision", "says"),
    [
        ("vb365", "9.9-rev9", "unknown product 'vb365' (known: aws, azure, m365, one, spc, vbr)"),
        ("vbr", "../../etc", "is no name of a revision"),
        ("vbr", "", "is no name of a revision"),
        ("../vbr", "1", "unknown product"),
    ],
)
def test_unknown_products_and_odd_names_are_refused(
    product: str, revision: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A product that the catalog does not know, or a revision that is no file's name: status 2, nothing written."""
    where = write(tmp_path / "doc.json", document())
    assert ingest(where, tmp_path / "specs", product=product, revision=revision) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "specs").exists()


def test_a_missing_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A document that is not there: one line that names it."""
    assert ingest(str(tmp_path / "gone.json"), tmp_path / "specs") == 2
    assert "gone.json: No such file" in capsys.readouterr().err


def test_a_revision_that_exists_needs_replace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ingesting a revision twice is refused, and changes nothing; with --replace it is ingested again."""
    specs = tmp_path / "specs"
    where = write(tmp_path / "doc.json", document())
    assert ingest(where, specs) == 0
    before = files(specs)
    changed = write(tmp_path / "doc.json", schemas(More={"type": "object"}))
    assert ingest(changed, specs) == 2
    assert "vbr/9.9-rev9 is there already (--replace" in capsys.readouterr().err
    assert files(specs) == before
    assert ingest(changed, specs, "--replace") == 0
    assert "More" in spec(specs)["components"]["schemas"]


def test_it_is_idempotent(tmp_path: Path) -> None:
    """Ingesting the same document again gives the same bytes, catalog included."""
    specs = tmp_path / "specs"
    where = write(tmp_path / "doc.json", document())
    assert ingest(where, specs) == 0
    before = files(specs)
    assert ingest(where, specs, "--replace") == 0
    assert files(specs) == before


def test_a_failure_while_writing_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where a file cannot be written, the old spec and catalog stay whole, and no piece is left beside them."""
    specs = tmp_path / "specs"
    assert ingest(write(tmp_path / "doc.json", document()), specs) == 0
    before = files(specs)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device", "catalog.toml")

    monkeypatch.setattr(os, "chmod", full)
    assert ingest(write(tmp_path / "doc.json", schemas(More={"type": "object"})), specs, "--replace") == 2
    assert "No space left on device" in capsys.readouterr().err
    assert files(specs) == before


def test_a_deeply_nested_document_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nesting beyond reason is one line, not a traceback."""
    path = tmp_path / "doc.json"
    path.write_text('{"openapi": "3.0.1", "x": ' + "[" * 100_000 + "]" * 100_000 + "}", encoding="utf-8")
    assert ingest(str(path), tmp_path / "specs") == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_an_unseen_document_needs_no_code(tmp_path: Path) -> None:
    """A committed spec is a document like any other: ingested as a new revision it comes out the same."""
    source = catalog.HOME / "vbr" / "1.1-rev0.json"
    assert ingest(str(source), tmp_path / "specs", revision="7.7-rev7") == 0
    again = spec(tmp_path / "specs", revision="7.7-rev7")
    first = json.loads(source.read_text(encoding="utf-8"))
    assert again["paths"].keys() == first["paths"].keys()
    assert again["components"]["schemas"] == first["components"]["schemas"]
