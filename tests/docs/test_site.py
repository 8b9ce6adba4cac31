"""The pages of the site that are made out of the package, and the pictures of commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.build_docs import with_pictures
from scripts.site_pages import operations_page, pages
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
    assert text.count("\nBody: `") == sum(one.body is not None for one in operations)


def test_pages_have_their_places() -> None:
    """The changelog, a page for each product, and the operations are in the navigation."""
    places = {name: place for name, _, place in pages()}
    assert places["changelog.md"] == ["Changelog"]
    assert {f"products/{one.product}.md" for one in revisions()} <= set(places)
    assert "operations/index.md" in places


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
