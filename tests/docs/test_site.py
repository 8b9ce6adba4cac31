"""The pages of the site that are made out of the package, and the pictures of commands."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from scripts.build_docs import guides_first, with_pictures
from scripts.model_pages import PLACE, model_page, models_html
from scripts.site_pages import operations_page, pages, recipes_page
from scripts.site_search import ASKED, wrong_answers
from scripts.terminal import picture
from veeam_async import Revision, revisions
from veeam_async.registry import client_class

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("revision", revisions(), ids=lambda one: f"{one.product}-{one.name}")
def test_every_operation_has_a_section(revision: Revision) -> None:
    """Each operation of a revision is on its page, with its path, and what it takes."""
    text = operations_page(revision)
    headings = re.findall(r"^### (\S+)$", text, re.MULTILINE)
    operations = client_class(revision).operations
    assert sorted(headings) == sorted(one.operation_id for one in operations)
    assert text.count("\nBody: <code>") == sum(one.body is not None for one in operations)


@pytest.mark.parametrize("revision", revisions(), ids=lambda one: f"{one.product}-{one.name}")
def test_every_model_has_a_section(revision: Revision) -> None:
    """Each model and enum of a revision is on its page, and each link of its operations and models leads to one."""
    html = models_html(revision)
    anchors = re.findall(r'<h2 id="(\w+)">', html)
    assert len(anchors) == len(set(anchors)) > 100
    assert model_page(revision).count(PLACE) == 1
    links = set(re.findall(r'href="#(\w+)"', html))
    links |= set(re.findall(r'href="[^"#]*/models/[^"#]*#(\w+)"', operations_page(revision)))
    assert sorted(links - set(anchors)) == []


def test_a_model_and_an_enum() -> None:
    """A model's section has fields by both names, types with links, and kinds; that of an enum its values."""
    revision = next(one for one in revisions("vbr") if one.name == "1.3-rev0")
    sections = dict(re.findall(r'<h2 id="(\w+)">(.*?)(?=<h2 |\Z)', models_html(revision), re.DOTALL))
    job = sections["BackupJobModel"]
    assert '<p>A <a href="#JobModel">JobModel</a>.</p>' in job
    assert "<code>is_high_priority</code></td><td><code>isHighPriority</code></td><td><code>bool</code></td>" in job
    assert "<td><code>str</code></td><td>required</td>" in job
    assert '<code>VSphereBackup</code> <a href="#BackupJobModel">' in sections["JobModel"]
    assert "#getalljobsstates" in sections["JobStatesResult"]
    assert sections["ESessionState"].count("<code>") > 5


def test_wrong_answers_of_the_search() -> None:
    """The first answer counts, and none is a fault."""
    right = {words: [f"{guides[0]}#somewhere", "operations/x/"] for words, guides in ASKED.items()}
    assert wrong_answers(right) == []
    assert len(wrong_answers(right | {"retry": ["operations/x/#retry"]})) == 1
    assert len(wrong_answers({})) == len(ASKED)


def test_what_the_search_keeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guides as they are; of operations the names of the newest revision, without texts and tags."""
    items = [
        {"location": "tls/#pin", "level": 2, "title": "Pin", "text": "long"},
        {"location": "operations/vbr-1.3-rev2/", "level": 1, "title": "VBR", "text": "long"},
        {"location": "operations/vbr-1.3-rev2/#jobs", "level": 2, "title": "Jobs", "text": ""},
        {"location": "operations/vbr-1.3-rev2/#getjob", "level": 3, "title": "GetJob", "text": "long"},
        {"location": "operations/vbr-1.0-rev2/#getjob", "level": 3, "title": "GetJob", "text": "long"},
    ]
    monkeypatch.setattr("scripts.build_docs.SITE", tmp_path)
    index = tmp_path / "search.json"
    index.write_text(json.dumps({"config": {"separator": "[\\s\\-_]+"}, "items": items}))
    guides_first()
    kept = json.loads(index.read_text())
    assert [(one["location"], one["text"]) for one in kept["items"]] == [
        ("tls/#pin", "long"), ("operations/vbr-1.3-rev2/", ""), ("operations/vbr-1.3-rev2/#getjob", ""),
    ]  # fmt: skip
    assert kept["config"]["separator"] == "[\\s\\-]+"


def test_pages_have_their_places() -> None:
    """The changelog and the operations are in the navigation."""
    places = {name: place for name, _, place in pages()}
    assert places["changelog.md"] == ["Changelog"]
    assert "operations/index.md" in places


def test_every_example_is_a_recipe() -> None:
    """The page of recipes holds each example, whole."""
    text = recipes_page()
    files = [*ROOT.glob("examples/*.py"), *ROOT.glob("examples/deployment/*"), ROOT / "Dockerfile"]
    assert [path.name for path in files if path.read_text().rstrip() not in text] == []


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/*.md")), ids=lambda path: path.name)
def test_markers_are_known(page: Path) -> None:
    """A comment that asks for a picture is spelt as the build reads it, and names a command."""
    from veeam_async.cli.app import app

    text = page.read_text()
    asked = re.findall(r"^<!-- terminal: (\S+).* -->$", text, re.MULTILINE)
    assert len(asked) == text.count("<!-- terminal")
    assert set(asked) <= set(app.commands)


def test_picture_of_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture holds what the command prints, and loads nothing from another server."""
    drawn = picture("operations show StopJob", tmp_path / "fleet.toml")
    assert "/api/v1/jobs/{id}/stop" in drawn.replace("&#160;", " ")
    assert "@font-face" not in drawn
    monkeypatch.setattr("scripts.build_docs.WORK", tmp_path)
    (tmp_path / "pages").mkdir()
    text = with_pictures("a\n<!-- terminal: operations show StopJob -->\nb", "page", tmp_path, tmp_path)
    assert "![What `veeam-async operations show StopJob` prints](terminal/page-1.svg)" in text
    assert (tmp_path / "pages" / "terminal" / "page-1.svg").read_text() == drawn
