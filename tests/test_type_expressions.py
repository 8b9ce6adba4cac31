"""Type expressions: the grammar of annotations."""

from __future__ import annotations

import pytest

from veeam_async._model.expressions import Node, TypeExpression, parse


def test_a_plain_type() -> None:
    """A name alone is one node, neither nullable nor optional."""
    assert parse("str") == TypeExpression((Node("str"),))
    assert parse("Vb365 | _P2") == TypeExpression((Node("Vb365"), Node("_P2")))


def test_null_and_absence_are_taken_out_of_a_union() -> None:
    """`| None` and `| Unset` say what may stand there, in whatever order."""
    for text in ("int | None | Unset", "int | Unset | None", " int|Unset |None "):
        assert parse(text) == TypeExpression((Node("int"),), nullable=True, optional=True)
    assert parse("None") == TypeExpression((), nullable=True)


def test_lists_and_maps_nest() -> None:
    """What a list or a map holds is an expression of its own."""
    expression = parse("dict[str, list[JobModel | None]] | None")
    (outer,) = expression.nodes
    assert outer.name == "dict"
    assert outer.item is not None
    (inner,) = outer.item.nodes
    assert (inner.name, inner.item) == ("list", TypeExpression((Node("JobModel"),), nullable=True))


def test_the_classes_of_an_expression_are_those_of_its_items_too() -> None:
    """At any depth; what Python has itself is none."""
    assert parse("dict[str, list[JobModel | None]] | EJobType | list[int]").classes == {"JobModel", "EJobType"}
    assert parse("datetime | date | Any").classes == set()


def test_a_union_keeps_its_members_in_order() -> None:
    """The first that fits is taken, so that order matters."""
    assert [node.name for node in parse("A | B | str").nodes] == ["A", "B", "str"]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("str", True), ("list[str]", True), ("dict[str, list[Any]]", True), ("str | int | None", True),
        ("Any", True), ("JobModel | Any", True), ("datetime", False), ("list[datetime]", False), ("JobModel", False),
        ("str | JobModel", False), ("dict[str, EJobType]", False),
    ],
)  # fmt: skip
def test_plain_types_need_no_work(text: str, plain: bool) -> None:
    """The JSON value is the value wherever no class, date or timestamp is within."""
    assert parse(text).is_plain is plain


@pytest.mark.parametrize(
    "text",
    ["", "|", "str |", "list", "list[", "list[str", "list[str]]", "dict[int, str]", "dict[str]", "a b", "x-y", "3"],
)
def test_what_is_no_type_expression_is_refused(text: str) -> None:
    """Anything else is a ValueError that shows the text."""
    with pytest.raises(ValueError, match="not a type expression"):
        parse(text)
