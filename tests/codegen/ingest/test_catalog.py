"""The catalog: what it says of a revision, what survives a re-ingest, what a new revision inherits."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from codegen.faults import BadInput
from codegen.ingest import catalog, ingest, revisions
from tests.codegen.small import document, spec, write

TABLE = """
| REST API Revision | Support Status | Build |
| --- | --- | --- |
| [9.9-rev9](https://docs.example.com/vbr/9.9-rev9/tag/SectionAbout) | Supported | 99.0.0.1234 |
| [9.8-rev0](https://docs.example.com/vbr/9.8-rev0/tag/SectionAbout) | Supported | 98.1.0.10 |
| [1.0-rev1](https://docs.example.com/archive/vbr.html) | Deprecated | 11.0.0.837 |

The newest is [v10.1](https://docs.example.com/azure/10.1/main/tag/SectionOverview), see there.
"""


def with_table() -> dict[str, Any]:
    made = document()
    made["tags"].append({"name": "SectionOverview", "description": TABLE})
    return made


def decide(specs: Path, name: str, **decided: Any) -> None:
    book = catalog.load(specs)
    book["revisions"][name] |= decided
    (specs / catalog.NAME).write_text(catalog.dumps(book), encoding="utf-8")


def test_a_documents_table_of_revisions_is_read() -> None:
    """Builds and reference pages are taken from the document's own table and links."""
    assert revisions.learn(with_table()) == {
        "9.9-rev9": {"product_version": "99.0.0.1234", "reference": "https://docs.example.com/vbr/9.9-rev9"},
        "9.8-rev0": {"product_version": "98.1.0.10", "reference": "https://docs.example.com/vbr/9.8-rev0"},
        "v10.1": {"reference": "https://docs.example.com/azure/10.1/main"},
    }


@pytest.mark.parametrize("newer_first", [True, False])
def test_a_newer_document_names_an_older_revision(newer_first: bool, tmp_path: Path) -> None:
    """A revision whose own document does not say its build has it from a newer one, in whatever order they come."""
    specs = tmp_path / "specs"
    come = [("9.9-rev9", with_table()), ("9.8-rev0", document())]
    for revision, content in come if newer_first else reversed(come):
        ingest(write(tmp_path / f"{revision}.json", content), "vbr", revision, specs=specs)
    found = catalog.load(specs)["revisions"]
    assert found["vbr/9.9-rev9"]["product_version"] == "99.0.0.1234"
    assert found["vbr/9.8-rev0"]["product_version"] == "98.1.0.10"
    assert found["vbr/9.8-rev0"]["reference"] == "https://docs.example.com/vbr/9.8-rev0"


def test_what_was_decided_by_hand_stays(tmp_path: Path) -> None:
    """safe_posts, product_version, reference and port of an entry survive --replace, and mark the spec."""
    specs = tmp_path / "specs"
    where = write(tmp_path / "doc.json", document())
    ingest(where, "vbr", "9.9-rev9", specs=specs)
    by_hand = {
        "safe_posts": ["CreateJob"],
        "product_version": "99",
        "reference": "https://docs.example.com",
        "port": 443,
    }
    decide(specs, "vbr/9.9-rev9", **by_hand)
    ingest(where, "vbr", "9.9-rev9", specs=specs, replace=True)
    entry = catalog.load(specs)["revisions"]["vbr/9.9-rev9"]
    assert {key: entry[key] for key in by_hand} == by_hand
    operations = spec(specs)["paths"]["/api/v1/jobs"]
    assert operations["post"]["x-safe"] is True
    assert "x-safe" not in operations["get"]


def test_a_new_revision_inherits_safe_posts(tmp_path: Path) -> None:
    """A POST of the same name and path as one that only reads in another revision only reads; another path does not."""
    specs = tmp_path / "specs"
    ingest(write(tmp_path / "doc.json", document()), "vbr", "9.8-rev0", specs=specs)
    decide(specs, "vbr/9.8-rev0", safe_posts=["CreateJob"])
    ingest(write(tmp_path / "doc.json", document()), "vbr", "9.8-rev0", specs=specs, replace=True)
    ingest(write(tmp_path / "doc.json", document()), "vbr", "9.9-rev9", specs=specs)
    assert catalog.load(specs)["revisions"]["vbr/9.9-rev9"]["safe_posts"] == ["CreateJob"]
    moved = document()
    moved["paths"]["/api/v1/other"] = moved["paths"].pop("/api/v1/jobs")
    ingest(write(tmp_path / "doc.json", moved), "vbr", "10.0-rev0", specs=specs)
    assert catalog.load(specs)["revisions"]["vbr/10.0-rev0"]["safe_posts"] == []


def test_the_revision_in_a_path_does_not_matter(tmp_path: Path) -> None:
    """Where the revision is in the path, `/api/v8/...` and `/api/v9/...` are the same path."""
    specs = tmp_path / "specs"
    source = json.loads((catalog.HOME / "azure" / "v8.1.json").read_text(encoding="utf-8"))
    source["paths"] = {path.replace("/api/v8.1/", "/api/v9/"): item for path, item in source["paths"].items()}
    entry = ingest(write(tmp_path / "doc.json", source), "azure", "v9", specs=specs)
    assert entry["safe_posts"] == catalog.load(catalog.HOME)["revisions"]["azure/v8.1"]["safe_posts"]


def test_a_directory_of_ones_own_knows_the_products(tmp_path: Path) -> None:
    """A new specs directory starts with our products; its own words about a product win."""
    assert set(catalog.load(tmp_path)["products"]) == {"aws", "azure", "m365", "one", "spc", "vbr"}
    (tmp_path / catalog.NAME).write_text('[products.other]\ntitle = "Other"\nport = 1\n', encoding="utf-8")
    assert set(catalog.load(tmp_path)["products"]) == {"aws", "azure", "m365", "one", "other", "spc", "vbr"}


def test_a_broken_catalog_is_refused(tmp_path: Path) -> None:
    """A catalog that is no TOML is an error that names it."""
    (tmp_path / catalog.NAME).write_text("[products", encoding="utf-8")
    with pytest.raises(BadInput, match=r"catalog\.toml"):
        catalog.load(tmp_path)


@pytest.mark.parametrize(
    "value",
    [
        "plain", 'with "quotes" and \\ and a line\nbreak', "\x7f\x00\u2028 ünï", ["a" * 60, "b" * 60], [], 443, True,
        {"1.3-rev0": {"a b": "c"}, "": {"": "x"}},
    ],
)  # fmt: skip
def test_what_is_written_is_read_again(value: Any) -> None:
    """Every value comes back from the catalog's TOML as it went in."""
    book = {"products": {"vbr": {"value": value}}, "revisions": {"vbr/1.3-rev0": {"value": value}}}
    assert tomllib.loads(catalog.dumps(book)) == book


def test_revisions_are_in_order() -> None:
    """v8 comes before v8.1, and v8.1 before v10."""
    names = ["azure/v10", "vbr/1.3-rev1", "azure/v8.1", "vbr/1.3-rev0", "vbr/1.10-rev0", "azure/v8"]
    assert sorted(names, key=catalog.revision_order) == [
        "azure/v8", "azure/v8.1", "azure/v10", "vbr/1.3-rev0", "vbr/1.3-rev1", "vbr/1.10-rev0",
    ]  # fmt: skip
