"""The man pages that are made from the help."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import click
import pytest

from scripts.man_pages import write
from veeam_async.cli.app import app

# click-man calls what click 9 will not have; a newer click-man has to come with it.
pytestmark = pytest.mark.filterwarnings("ignore:'click.utils.make_default_short_help' is deprecated")


def names(command: click.Command, prefix: str) -> list[str]:
    """The files of a command and of those below it."""
    below = command.commands.values() if isinstance(command, click.Group) else ()
    return [f"{prefix}.1", *(name for one in below for name in names(one, f"{prefix}-{one.name}"))]


def test_every_command_has_a_page(tmp_path: Path) -> None:
    """A page for each command, with its options, and words about each."""
    pages = {path.name: path.read_text() for path in write(tmp_path)}
    assert sorted(pages) == sorted(names(app, "veeam-async"))
    assert "\\-\\-result" in pages["veeam-async-poll.1"]
    assert [name for name, text in pages.items() if ".SH DESCRIPTION" not in text] == []


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_pages_are_clean(tmp_path: Path) -> None:
    """Groff has nothing to say against them."""
    pages = write(tmp_path)
    command = ["groff", "-man", "-ww", "-K", "utf-8", "-T", "utf8"]
    done = subprocess.run([*command, *pages], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert "veeam-async poll" in done.stdout
