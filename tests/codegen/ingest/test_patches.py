"""Declared corrections: what they can say, when they apply, when they stop an ingest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from codegen.faults import BadInput
from codegen.ingest import catalog, ingest, patches
from codegen.ingest.patches import Patch
from tests.codegen.small import document, spec, write

REQUIRED = "/components/schemas/Job/required"


def job() -> dict[str, Any]:
    return {"components": {"schemas": {"Job": {"required": ["id", "name"], "properties": {"id": {"type": "string"}}}}}}


def patched(patch: Patch, revision: str = "1.0") -> dict[str, Any]:
    made = job()
    patches.apply([patch], made, revision)
    found: dict[str, Any] = made["components"]["schemas"]["Job"]
    return found


def test_remove() -> None:
    """`remove` takes values out of a list, and an empty "required" away."""
    assert patched(Patch(REQUIRED, "remove", "why", "name"))["required"] == ["id"]
    assert "required" not in patched(Patch(REQUIRED, "remove", "why", ["id", "name"]))


def test_add() -> None:
    """`add` appends values to a list, which may not be there yet."""
    assert patched(Patch(REQUIRED, "add", "why", "size"))["required"] == ["id", "name", "size"]
    enum = Patch("/components/schemas/Job/properties/id/enum", "add", "why", ["a", "b"])
    assert patched(enum)["properties"]["id"]["enum"] == ["a", "b"]


def test_set_delete_and_rename() -> None:
    """`set` puts a value, `delete` takes one away, `rename` gives a key another name in its place."""
    properties = "/components/schemas/Job/properties"
    assert patched(Patch(f"{properties}/id/format", "set", "why", "uuid"))["properties"]["id"]["format"] == "uuid"
    assert patched(Patch(f"{properties}/id", "delete", "why"))["properties"] == {}
    assert patched(Patch(f"{properties}/id", "rename", "why", "ID"))["properties"] == {"ID": {"type": "string"}}


USELESS = [
    Patch(REQUIRED, "remove", "why", "gone"),
    Patch(REQUIRED, "add", "why", "id"),
    Patch("/components/schemas/Gone/required", "remove", "why", "id"),
    Patch("/components/schemas/Job/properties/gone", "delete", "why"),
    Patch("/components/schemas/Job/properties/gone", "rename", "why", "other"),
    Patch("/components/schemas/Job/properties/id/type", "set", "why", "string"),
]


@pytest.mark.parametrize("patch", USELESS, ids=lambda patch: f"{patch.action} {patch.pointer}")
def test_a_patch_that_no_longer_applies_is_an_error(patch: Patch) -> None:
    """A patch for the revision that changes nothing stops the ingest: the document has changed."""
    with pytest.raises(BadInput, match="no longer applies"):
        patched(patch)


@pytest.mark.parametrize("patch", USELESS, ids=lambda patch: f"{patch.action} {patch.pointer}")
def test_a_patch_made_for_other_revisions_is_tried(patch: Patch) -> None:
    """On a revision that it was not made for, a patch applies where it can and is left where it cannot."""
    for_another = Patch(patch.pointer, patch.action, patch.reason, patch.value, ("0.9",))
    assert patched(for_another) == job()["components"]["schemas"]["Job"]
    assert patched(Patch(REQUIRED, "remove", "why", "name", ("0.9",)))["required"] == ["id"]


def test_nothing_new_is_put_into_a_revision_that_nobody_looked_at() -> None:
    """`set` and `add` make a key on the revisions that they are for, and nowhere else."""
    properties = "/components/schemas/Job/properties"
    for patch in (
        Patch(f"{properties}/id/format", "set", "why", "uuid", ("0.9",)),
        Patch(f"{properties}/id/enum", "add", "why", "a", ("0.9",)),
    ):
        assert patched(patch, "0.9") != job()["components"]["schemas"]["Job"]
        assert patched(patch, "1.0") == job()["components"]["schemas"]["Job"]


GOOD = f'[[patch]]\npointer = "{REQUIRED}"\naction = "remove"\nvalue = "id"\nreason = "it is absent"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD.replace('reason = "it is absent"\n', ""), "patch 1: no reason"),
        (GOOD.replace('"it is absent"', '""'), "patch 1: no reason"),
        (GOOD.replace('value = "id"\n', ""), "patch 1: no value"),
        (GOOD.replace('"remove"', '"replace"'), "unknown action 'replace'"),
        (GOOD + 'revision = "1.0"\n', "unknown key 'revision'"),
        ("[[patch]\n", "patches.toml"),
    ],
)
def test_bad_patch_files_are_refused(text: str, says: str, tmp_path: Path) -> None:
    """A patch without reason, value or known action is refused with its number."""
    path = tmp_path / "patches.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=says):
        patches.read(path)


def test_ingest_applies_the_patches_of_its_directory(tmp_path: Path) -> None:
    """DIR/patches/P.toml is applied, again at each re-ingest; the file stays as it is."""
    specs = tmp_path / "specs"
    (specs / "patches").mkdir(parents=True)
    (specs / "patches" / "vbr.toml").write_text(GOOD, encoding="utf-8")
    where = write(tmp_path / "doc.json", document())
    for replace in (False, True):
        assert ingest(where, "vbr", "9.9-rev9", specs=specs, replace=replace)["patches"] == 1
        assert "required" not in spec(specs)["components"]["schemas"]["Job"]
    assert (specs / "patches" / "vbr.toml").read_text(encoding="utf-8") == GOOD


def test_a_patch_that_stops_an_ingest_writes_nothing(tmp_path: Path) -> None:
    """Where a patch no longer applies, no spec and no catalog is written."""
    specs = tmp_path / "specs"
    (specs / "patches").mkdir(parents=True)
    (specs / "patches" / "vbr.toml").write_text(GOOD.replace('"id"', '"gone"'), encoding="utf-8")
    with pytest.raises(BadInput, match="no longer applies: it is so already"):
        ingest(write(tmp_path / "doc.json", document()), "vbr", "9.9-rev9", specs=specs)
    assert [path.name for path in specs.rglob("*") if path.is_file()] == ["vbr.toml"]


@pytest.mark.parametrize("path", sorted((catalog.HOME / "patches").glob("*.toml")), ids=lambda path: path.name)
def test_our_patches_name_their_revisions(path: Path) -> None:
    """Each of our patches says which revisions it was made for, and no two are the same."""
    found = patches.read(path)
    assert found
    assert all(patch.revisions for patch in found)
    assert len({(patch.pointer, patch.action, str(patch.value)) for patch in found}) == len(found)
