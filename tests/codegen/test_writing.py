"""Texts of a document that become source."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.emit.writing import Code, code, docstring, environment, expression, identifier, join, literal, prose
from codegen.faults import BadInput


def printed(value: object) -> str:
    return environment().from_string("{{ value }}").render(value=value)


@pytest.mark.parametrize("value", ["x", 1, None, True, ["x"], b"x"])
def test_a_template_prints_nothing_but_code(value: object) -> None:
    """What did not go through the module of texts cannot be printed."""
    with pytest.raises(TypeError, match="did not come from"):
        printed(value)


def test_code_is_not_formatted_by_hand() -> None:
    """Putting code into a plain string is an error, so that no plain string can bring a raw text along."""
    with pytest.raises(TypeError):
        str(literal("x"))
    with pytest.raises(TypeError):
        f"{literal('x')}"


def test_code_is_put_together_by_templates_of_ours() -> None:
    """Pieces of source are put together by `code` and `join`."""
    assert printed(code("Body({})", join(", ", [literal("A | B"), literal(3)]))) == 'Body("A | B", 3)'


@given(st.text())
def test_a_literal_is_its_text(text: str) -> None:
    """Python reads a literal as the text that it was made of, and as nothing else."""
    assert ast.literal_eval(printed(literal(text))) == text


@given(st.lists(st.text(), min_size=1))
def test_a_docstring_is_one_text(lines: list[str]) -> None:
    """Whatever the lines of a docstring hold, Python reads one string and nothing behind it."""
    (statement,) = ast.parse(f"def f():\n    {printed(docstring(lines))}").body
    assert isinstance(statement, ast.FunctionDef)
    (inner,) = statement.body
    assert isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Constant)


@given(st.text())
def test_prose_cannot_end_a_docstring(text: str) -> None:
    """Prose is one printable line without quotes and backslashes."""
    shown = prose(text)
    assert shown.isprintable()
    assert not {'"', "\\"} & set(shown)


@pytest.mark.parametrize("name", ["", "a b", "a-b", "1a", "class", "a.", "a()", "\u00fcml", "a\n"])
def test_what_is_no_name(name: str) -> None:
    """Only an identifier in ASCII, no keyword, can stand where a name does."""
    with pytest.raises(BadInput):
        identifier(name)


@pytest.mark.parametrize("text", ["", "f()", "a;b", "'a'", "a\nb", "a=b", "__import__('os')", "a:b", "@a", "a#b"])
def test_what_is_no_type(text: str) -> None:
    """Only names, bars, brackets and commas make a type."""
    with pytest.raises(BadInput):
        expression(text)


def test_what_is_a_type() -> None:
    """A type expression is written as it is."""
    assert printed(expression("dict[str, list[Job | None]] | Unset")) == "dict[str, list[Job | None]] | Unset"
    assert isinstance(expression("Any"), Code)
