"""How values become a request."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from typing import Any
from uuid import UUID

import pytest

from veeam_async._model import UNSET, OpenEnum
from veeam_async._operation.encoding import Plan, encode_form, encode_query, header_value, plain
from veeam_async._operation.operation import Operation, Parameter, Response, Revision


class Colour(OpenEnum):
    RED = "Red"


class Number(Enum):
    ONE = 1


def plan(path: str, *parameters: Parameter) -> Plan:
    operation: Operation[Any] = Operation(
        "DoIt", "Do It", "GET", path, revision=Revision("vbr", "1.3-rev0", "x"), tag="T", group="t", name="do_it",
        parameters=parameters, responses={200: Response("X")},
    )  # fmt: skip
    return Plan(operation)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (1, "1"),
        (-1, "-1"),
        (1.5, "1.5"),
        (True, "true"),
        (False, "false"),
        (Colour.RED, "Red"),
        (Colour("Green"), "Green"),
        (Number.ONE, "1"),
        (UUID("6745A759-2205-4cd2-b172-8ec8f7e60ef8"), "6745a759-2205-4cd2-b172-8ec8f7e60ef8"),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 600, tzinfo=timezone(timedelta(hours=2))), "2026-01-02T01:04:05.000600Z"),
    ],
)
def test_values_of_parameters(value: object, text: str) -> None:
    """Each kind of value has one text."""
    assert plain(value) == text


@pytest.mark.parametrize("value", [{}, {"a": 1}, b"x"])
def test_values_that_are_none(value: object) -> None:
    """An object or bytes cannot be a parameter."""
    with pytest.raises(TypeError):
        plain(value)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("6745a759-2205-4cd2-b172-8ec8f7e60ef8", "6745a759-2205-4cd2-b172-8ec8f7e60ef8"),
        (UUID(int=0), "00000000-0000-0000-0000-000000000000"),
        ("a/b", "a%2Fb"),
        ("../x", "..%2Fx"),
        ("a b?c#d%e", "a%20b%3Fc%23d%25e"),
        ("müller@x", "m%C3%BCller%40x"),
        ("٣", "%D9%A3"),
        (7, "7"),
        ("a\r\nb", "a%0D%0Ab"),
    ],
)
def test_path_parameters_are_quoted(value: object, path: str) -> None:
    """Nothing in a path parameter can leave its place."""
    assert plan("/a/{id}/b", Parameter("id", location="path")).path({"id": value}) == f"/a/{path}/b"


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_path_parameters_that_change_the_path_are_refused(value: str) -> None:
    """An empty id or dots would ask for something else."""
    with pytest.raises(ValueError, match="id"):
        plan("/a/{id}", Parameter("id", location="path")).path({"id": value})


@pytest.mark.parametrize("values", [{}, {"id": UNSET}, {"id": None}])
def test_missing_path_parameter(values: dict[str, Any]) -> None:
    """A path parameter that is not given is a TypeError with its name."""
    with pytest.raises(TypeError, match="id"):
        plan("/a/{id}", Parameter("id", location="path")).path(values)


def test_several_path_parameters_and_a_query() -> None:
    """Placeholders are wire names, values Python names."""
    made = plan(
        "/a/{jobId}/b/{n}.zip",
        Parameter("job_id", location="path"),
        Parameter("n", location="path"),
        Parameter("name_filter"),
    )
    assert made.path({"job_id": "x", "n": 2, "name_filter": "a&b=c"}) == "/a/x/b/2.zip?nameFilter=a%26b%3Dc"
    assert made.path({"job_id": "x", "n": 2}) == "/a/x/b/2.zip"
    assert made.path({"job_id": "x", "n": 2, "name_filter": UNSET}) == "/a/x/b/2.zip"


def test_arrays() -> None:
    """Arrays are repeated, or joined by commas where the document says so; empty ones vanish."""
    made = plan("/a", Parameter("ids", array="repeat"), Parameter("kinds", array="csv"), Parameter("skip"))
    assert made.path({"ids": ["a", "b c"], "kinds": [Colour.RED, "x,y"], "skip": 0}) == (
        "/a?ids=a&ids=b%20c&kinds=Red,x%2Cy&skip=0"
    )
    assert made.path({"ids": [], "skip": UNSET}) == "/a"
    assert made.path({"ids": ("a",)}) == "/a?ids=a"


def test_unset_and_none_are_left_out() -> None:
    """A query parameter that is UNSET or None is not sent; falsy values are."""
    made = plan("/a", Parameter("skip"), Parameter("asc"), Parameter("name"))
    assert made.path({"skip": UNSET, "asc": None}) == "/a"
    assert made.path({"skip": 0, "asc": False, "name": ""}) == "/a?skip=0&asc=false&name="
    assert made.path({"skip": UNSET, "asc": True, "name": None}) == "/a?asc=true"


def test_unknown_parameter() -> None:
    """A name that the operation does not have is a TypeError."""
    with pytest.raises(TypeError, match="typo"):
        plan("/a", Parameter("skip")).path({"typo": 1})


def test_header_parameters() -> None:
    """Header parameters go into headers alone, and cannot begin another one."""
    made = plan("/a", Parameter("accept", "Accept", "header"))
    assert made.path({"accept": "text/csv"}) == "/a"
    assert made.headers({"accept": "text/csv"}) == {"Accept": "text/csv"}
    assert made.headers({"accept": UNSET}) is None
    with pytest.raises(ValueError, match="one line"):
        header_value("a\r\nX: y")


def test_forms_and_queries_of_free_calls() -> None:
    """Names and values are quoted, lists repeated, UNSET and None left out."""
    assert encode_form({"a b": "c&d", "n": [1, 2], "x": None, "y": UNSET, "t": True}) == b"a+b=c%26d&n=1&n=2&t=true"
    assert encode_query({"a b": "c/d", "n": ["x", "y"], "z": None}) == "?a%20b=c%2Fd&n=x&n=y"
    assert encode_query({"z": None, "n": 1, "u": UNSET, "m": 2}) == "?n=1&m=2"
    assert encode_query({}) == encode_query(None) == encode_query({"a": UNSET}) == ""


def test_accept_names_what_the_operation_answers() -> None:
    """The Accept header has the documented media types, and JSON for errors."""
    operation: Operation[Any] = Operation(
        "D", "D", "GET", "/d", revision=Revision("vbr", "1", "x"), tag="T", group="t", name="d",
        responses={200: Response("bytes", "application/zip", "application/x-tar"), 204: Response()},
    )  # fmt: skip
    assert Plan(operation).accept == "application/zip, application/x-tar, application/json"
    assert plan("/a").accept == "application/json"
