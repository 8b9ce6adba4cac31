"""English: short sentences in the documentation, and none of the words and turns that are not to come back."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")])
GENERATED = {"vbr", "aws", "azure", "m365", "spc", "one"}
MODULES = [
    path
    for folder in ("veeam_async", "codegen", "tests", "examples", "benchmarks", "scripts")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path.relative_to(ROOT).parts[1] not in GENERATED and "node_modules" not in path.parts and path != Path(__file__)
]
MOST_WORDS = 35

# House words that say nothing to a reader.
WORDS = re.compile(
    r"\b(?:shel(?:f|ves)|shells|manners?|aim(?:s|ed)?|lay(?:s|ing)?|laid|seats?|faces?|tell(?:s|er|ing)?|told|ways?)\b",
    re.IGNORECASE,
)
# What such words are elsewhere: a rule of style sheets, the place in a file, an argument of subprocess.
ELSEWHERE = re.compile(r"@font-face|\.tell\(\)|\bshell=True")
# "is told", "was had", "goes before": a sentence says who does what.
TURNS = re.compile(r"\b(?:(?:is|are|was|were|be|been|being) (?:told|had)|(?<!let )go(?:es)? before)\b", re.IGNORECASE)


def prose(text: str) -> str:
    """The sentences of a Markdown page: no code, no tables, no headings, no link targets."""
    text = re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    lines = [line for line in text.splitlines() if not re.match(r"\s*(\||#|:::|    )", line)]
    text = "\n".join(lines)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    return re.sub(r"`[^`]*`", "CODE", text)


def sentences(text: str) -> Iterator[str]:
    """Sentences: up to a full stop, a colon that ends a line, or the end of a paragraph or a list item."""
    for block in re.split(r"\n\s*\n|\n(?=\s*[-*] |\s*\d+\. )", text):
        flat = " ".join(block.split())
        yield from (part for part in re.split(r"(?<=[.!?:;])\s+(?=[A-Z\d*`\[(\"])|:$", flat) if part.strip())


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_sentences_are_short(page: Path) -> None:
    """No sentence of the documentation has more than 35 words."""
    long = [one for one in sentences(prose(page.read_text(encoding="utf-8"))) if len(one.split()) > MOST_WORDS]
    assert long == []


def words(path: Path) -> Iterator[tuple[int, str]]:
    """Names, comments, docstrings and other strings of a module, with their lines; parts of a name as words."""
    source = ELSEWHERE.sub("", path.read_text(encoding="utf-8"))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME:
            yield token.start[0], re.sub(r"_|(?<=[a-z])(?=[A-Z])", " ", token.string)
        elif token.type in (tokenize.STRING, tokenize.COMMENT):
            yield token.start[0], token.string


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_words_of_a_page(page: Path) -> None:
    """No word and no turn of the list is on a page."""
    text = prose(page.read_text(encoding="utf-8"))
    assert [match[0] for pattern in (WORDS, TURNS) for match in pattern.finditer(text)] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_words_of_a_module(path: Path) -> None:
    """No word and no turn of the list is in a name, a comment, a docstring or a message."""
    seen = [
        f"{path.name}:{line}: {match[0]}"
        for line, text in words(path)
        for pattern in (WORDS, TURNS)
        for match in pattern.finditer(text)
    ]
    assert seen == []


def test_the_judge_sees_what_it_is_for(tmp_path: Path) -> None:
    """Each pattern fires on what it forbids, in prose alone; in a module on parts of names and on comments too."""
    text = prose("It is told here.\n\n    is told\n\n```sh\nwas had\n```\n| goes before |\n\nThe `shelf` of a shelf.")
    assert [match[0] for match in TURNS.finditer(text)] == ["is told"]
    assert [match[0] for match in WORDS.finditer(text)] == ["told", "shelf"]
    module = tmp_path / "module.py"
    module.write_text("def run_and_tell(ByWay, place):  # shells\n    return place.tell()\n")
    assert [match[0] for _, text in words(module) for match in WORDS.finditer(text)] == ["tell", "Way", "shells"]
    assert [len(one.split()) for one in sentences("One two three. Four five.\n\n- Six")] == [3, 2, 2]
