"""Man pages of the command line, made from its help: `python -m scripts.man_pages FOLDER`; `make docs` has them too."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

from click_man.core import write_man_pages

from veeam_async.cli.app import app


def write(folder: Path) -> list[Path]:
    """Write a page for each command into a folder; gives their files."""
    folder.mkdir(parents=True, exist_ok=True)
    write_man_pages("veeam-async", app, version=version("veeam-async"), target_dir=str(folder))
    return sorted(folder.glob("veeam-async*.1"))


if __name__ == "__main__":
    print(*write(Path(sys.argv[1])), sep="\n")
