"""`make docs`: build the site into site/, then follow every link of the built pages that stays on the site.

The pages are those of docs/, those that the package gives, and what commands print on simulated appliances: on a page
`<!-- terminal: poll jobs --result failed -->` becomes a picture of that command's output.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urlsplit

import yaml

from scripts.man_pages import write as write_man_pages
from scripts.model_pages import PLACE, models_html
from scripts.site_pages import page
from scripts.site_pages import pages as made_pages
from scripts.site_search import ASKED, browser, search, wrong_answers
from scripts.terminal import picture
from veeam_async import revisions
from veeam_async.profiles import PRODUCTS

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "site"
WORK = ROOT / "build" / "docs"
_TERMINAL = re.compile(r"^<!-- terminal: (.+?) -->$", re.MULTILINE)


class Page(HTMLParser):
    """The anchors of a page, and what it points at."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and name in ("id", "name"):
                self.anchors.add(value)
            if value and name in ("href", "src"):
                self.links.append(value)


def lost_links(pages: dict[Path, Page]) -> list[str]:
    """Links that lead to no file of the site, or to no anchor of its page."""
    lost = []
    for path, read in pages.items():
        for link in read.links:
            target, anchor = urldefrag(link)
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            goal = path
            if parts.path:
                base = SITE if parts.path.startswith("/") else path.parent
                goal = (base / unquote(parts.path.lstrip("/"))).resolve()
                goal = goal / "index.html" if goal.is_dir() else goal
            if not goal.is_file():
                lost.append(f"{path.relative_to(SITE)}: {link}: no such page")
            elif anchor and goal in pages and unquote(anchor) not in pages[goal].anchors and anchor != "__skip":
                lost.append(f"{path.relative_to(SITE)}: {link}: no such anchor")
    return lost


@contextmanager
def simulated(name: str, *options: str) -> Iterator[Path]:
    """A fleet of simulated appliances; gives its fleet file."""
    process = subprocess.Popen(
        [sys.executable, "-m", "veeam_async.cli", "simulate", "9", "--directory", str(WORK / name), *options],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield Path(process.stdout.readline().strip())
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def with_pictures(text: str, name: str, healthy: Path, broken: Path) -> str:
    """A page with a picture of each command that it asks for; `check` looks at the fleet in which some are broken."""
    number = 0

    def draw(match: re.Match[str]) -> str:
        nonlocal number
        number += 1
        file = f"terminal/{name}-{number}.svg"
        target = WORK / "pages" / file
        target.parent.mkdir(exist_ok=True)
        fleet = broken if match[1].startswith("check") else healthy
        target.write_text(picture(match[1], fleet), encoding="utf-8")
        return f"![What `veeam-async {match[1]}` prints]({file})"

    return _TERMINAL.sub(draw, text)


def configuration() -> dict[str, Any]:
    """The configuration of the site with the pages that are made here in its navigation."""
    settings: dict[str, Any] = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    settings |= {"docs_dir": "pages", "site_dir": "site"}
    settings["copyright"] = f"veeam_async {version('veeam-async')}, MIT licence"
    for name, text, place in made_pages():
        path = WORK / "pages" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if len(place) == 1:
            settings["nav"].append({place[0]: name})
            continue
        group = next((entry for entry in settings["nav"] if place[0] in entry), None)
        if group is None:
            settings["nav"].append(group := {place[0]: []})
        group[place[0]].append({place[1]: name})
    return settings


def models_in_place() -> None:
    """Put the models of each revision into its finished page."""
    for known in revisions():
        path = SITE / page(known, "models").removesuffix(".md") / "index.html"
        before = path.read_text(encoding="utf-8")
        if before.count(PLACE) != 1:
            sys.exit(f"{path.relative_to(SITE)} has no place for its models")
        path.write_text(before.replace(PLACE, f'<div class="models">{models_html(known)}</div>'), encoding="utf-8")


def guides_first() -> None:
    """Let the search answer with guides: of operations it keeps the names, those of each product's newest revision."""
    newest = {page(revisions(product)[0]).removesuffix(".md") for product in PRODUCTS}
    path = SITE / "search.json"
    index = json.loads(path.read_text())
    kept = []
    for item in index["items"]:
        if item["location"].startswith(("operations/", "models/")):
            if item["level"] == 2 or (item["level"] > 2 and item["location"].partition("/#")[0] not in newest):
                continue
            item["text"] = ""
        kept.append(item)
    # `Certificate_GetCertificates` and `last_run` are one word each.
    config = {**index["config"], "separator": index["config"]["separator"].replace("_", "")}
    path.write_text(json.dumps({"config": config, "items": kept}, separators=(",", ":")))


def main() -> None:
    shutil.rmtree(WORK, ignore_errors=True)
    shutil.copytree(ROOT / "docs", WORK / "pages", ignore=shutil.ignore_patterns("__pycache__"))
    with simulated("healthy") as healthy, simulated("broken", "--faults") as broken:
        for path in sorted((WORK / "pages").glob("*.md")):
            path.write_text(with_pictures(path.read_text(), path.stem, healthy, broken), encoding="utf-8")
    (WORK / "mkdocs.yml").write_text(yaml.safe_dump(configuration(), sort_keys=False), encoding="utf-8")
    shutil.rmtree(SITE, ignore_errors=True)
    built = subprocess.run(
        [Path(sys.executable).with_name("zensical"), "build", "--strict", "--clean", "-f", WORK / "mkdocs.yml"],
        env={**os.environ, "NO_COLOR": "1"}, cwd=ROOT, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    if built.returncode:
        sys.exit(built.returncode)
    shutil.move(WORK / "site", SITE)
    write_man_pages(SITE / "man")
    models_in_place()
    guides_first()
    # The page for missing pages has absolute links, which hold where the site is served from the root.
    pages = {path: Page(path) for path in sorted(SITE.rglob("*.html")) if path.name != "404.html"}
    for path in sorted(SITE.rglob("*.html")):
        if "fonts.googleapis.com" in path.read_text():
            sys.exit(f"{path.relative_to(SITE)} loads fonts from another server")
    faults = lost_links(pages)
    if (program := browser()) is None:
        print("docs: no Chromium here, the search is not tried")
    else:
        faults += wrong_answers(asyncio.run(search(SITE, program, list(ASKED))))
    print("\n".join(faults) or f"docs: {len(pages)} pages in site/, every link on the site leads somewhere")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
