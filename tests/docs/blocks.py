"""The code blocks of README.md and docs/: found, joined for each page, made checkable and runnable.

The python blocks of a page are one program, in order. On the line above a block, `<!-- no-run -->` leaves it out of the
run, `<!-- not-typed -->` out of the type check, `<!-- not-checked -->` out of both; `<!-- new -->` starts a program.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import attrs

ROOT = Path(__file__).resolve().parent.parent.parent
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>[a-z]+)(?P<options>[^\n]*)\n(?P<code>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
DIRECTIVE = re.compile(r"<!-- (no-run|new|not-checked|not-typed) -->\s*\Z")

# What a page may use without saying where it comes from; the text above the block does.
PRELUDE = "".join(
    f"{name}: str\n" for name in ("secret", "code", "signed", "key", "public_key", "private_key", "customer")
)


@attrs.frozen
class Block:
    """A fenced code block.

    Attributes:
        page: the Markdown file.
        line: line of its first line of code, counted from 1.
        language: what stands behind the fence.
        title: `title="..."` behind that, or an empty string.
        code: the code, dedented.
        directives: the words of the comments above it.
    """

    page: Path
    line: int
    language: str
    title: str
    code: str
    directives: frozenset[str]

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """Every page that a reader may copy from."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> list[Block]:
    """The fenced code blocks of a page."""
    text = page.read_text()
    found = []
    for match in FENCE.finditer(text):
        before, directives = text[: match.start()], set()
        while directive := DIRECTIVE.search(before):
            directives.add(directive[1])
            before = before[: directive.start()]
        title = re.search(r'title="([^"]*)"', match["options"])
        found.append(
            Block(
                page,
                text.count("\n", 0, match.start()) + 2,
                match["language"],
                title[1] if title else "",
                textwrap.dedent(match["code"]),
                frozenset(directives),
            )
        )
    return found


def programs(page: Path, *, leave_out: str) -> list[list[Block]]:
    """The python blocks of a page as programs, without those that carry the directive `leave_out`."""
    result: list[list[Block]] = [[]]
    for block in blocks(page):
        if block.language != "python" or "not-checked" in block.directives:
            continue
        if "new" in block.directives:
            result.append([])
        if leave_out not in block.directives:
            result[-1].append(block)
    return [program for program in result if program]


def checkable(program: list[Block]) -> str:
    """A program as a module for type checkers: top-level `await` stands in a coroutine function."""
    body = "\n".join(f"# {block}\n{block.code}" for block in program)
    return f"from __future__ import annotations\n\n{PRELUDE}\n\nasync def page() -> None:\n" + textwrap.indent(
        body, "    "
    )


def write_checkable(folder: Path) -> None:
    """Write every program of every page as a module into a folder, for the type checkers."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.py"):
        old.unlink()
    for page in pages():
        for number, program in enumerate(programs(page, leave_out="not-typed")):
            name = "_".join(page.relative_to(ROOT).with_suffix("").parts).replace("-", "_").lower()
            (folder / f"{name}_{number}.py").write_text(checkable(program))


if __name__ == "__main__":
    write_checkable(ROOT / "build" / "blocks")
