"""How the products put a page of rows into an answer, and how they are asked for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import orjson

from .._spec import Schema, Spec
from .query import Page, Row

ORIGIN = "https://appliance.invalid"
"""Stands for the appliance's own origin in links; answers are shared, so it is put in when one is sent."""


def page_body(spec: Spec, schema: Schema, rows: str, cut: Page, path: str, query: Mapping[str, Sequence[str]]) -> Any:
    """A page in the shape of an answer.

    Args:
        spec: the revision.
        schema: of the answer.
        rows: the field that holds the rows; empty where the answer is a bare list.
        cut: the page.
        path: of the request, for links.
        query: of the request, for links.
    """
    if not rows:
        return list(cut.rows)
    shape = spec.properties(schema)
    if "pagination" in shape:
        counted = {"total": cut.total, "count": len(cut.rows), "skip": cut.skip, "limit": cut.limit}
        return {rows: cut.rows, "pagination": counted}
    if "meta" in shape:
        paging = {"total": cut.total, "count": len(cut.rows), "offset": cut.skip}
        return {"meta": {"pagingInfo": paging}, rows: cut.rows, "errors": None}
    body: dict[str, Any] = {rows: cut.rows}
    if "totalCount" in shape:
        body = {"totalCount": cut.total, rows: cut.rows}
    if "offset" in shape:
        body = {"offset": cut.skip, "limit": cut.limit, **body}
    if "_links" in shape:
        body["_links"] = _links(
            spec, shape["_links"], cut, path, query, counted="totalCount" in shape and "setId" not in shape
        )
    return body


def _links(
    spec: Spec, schema: Schema, cut: Page, path: str, query: Mapping[str, Sequence[str]], *, counted: bool
) -> Any:
    if spec.resolve(schema).get("type") == "array":
        return [{"rel": "self", "href": ORIGIN + path, "method": "GET"}]
    if counted:
        return {"self": {"href": ORIGIN + path}}

    # Without a total the next link alone says that there is more; it is relative, as the vendor's examples have it.
    def link(offset: int) -> dict[str, str]:
        more = {name: list(values) for name, values in query.items() if name not in ("offset", "limit")}
        return {"href": f"{path}?{urlencode({**more, 'limit': cut.limit, 'offset': offset}, doseq=True)}"}

    links = {"self": link(cut.skip), "first": link(0)}
    if cut.skip:
        links["prev"] = link(max(cut.skip - cut.limit, 0))
    if cut.skip + len(cut.rows) < cut.total:
        links["next"] = link(cut.skip + cut.limit)
    return links


def is_json_filter(text: str) -> bool:
    """True where a filter is written as JSON, as the Service Provider Console and Veeam ONE take it."""
    return text.lstrip().startswith(("[", "{"))


def json_select(rows: Sequence[Row], text: str) -> list[Row]:
    """The rows that pass a filter written as JSON: one condition, a list of them, or groups by `and`, `or`, `not`.

    Raises:
        ValueError: it makes no sense.
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"the filter is no JSON: {error}") from None
    conditions = value if isinstance(value, list) else [value]
    return [row for row in rows if all(_holds(row, condition) for condition in conditions)]


def json_order(rows: Sequence[Row], text: str) -> list[Row]:
    """The rows in the order that a sort written as JSON asks for."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"the sort is no JSON: {error}") from None
    ordered = list(rows)
    for entry in reversed(value if isinstance(value, list) else [value]):
        place = str(entry.get("property", ""))
        down = str(entry.get("direction", "")).lower().startswith("desc")
        ordered.sort(key=lambda row, place=place: str(_at(row, place)), reverse=down)  # type: ignore[misc]
    return ordered


def _holds(row: Row, condition: Any) -> bool:
    if not isinstance(condition, dict):
        raise TypeError("a condition has to be an object")
    operation = str(condition.get("operation", ""))
    if operation in ("and", "or", "not", "exclusiveOr"):
        verdicts = [_holds(row, inner) for inner in condition.get("items", ())]
        return {
            "and": all(verdicts),
            "or": any(verdicts),
            "not": not any(verdicts),
            "exclusiveOr": sum(verdicts) == 1,
        }[operation]
    have, want = _at(row, str(condition.get("property", ""))), condition.get("value")
    if condition.get("collation") == "ignorecase" or "collation" not in condition:
        have, want = _folded(have), _folded(want)
    match operation:
        case "equals":
            return bool(have == want)
        case "notEquals":
            return bool(have != want)
        case "contains":
            return have is not None and str(want) in str(have)
        case "in":
            return have in (want if isinstance(want, list) else [want])
        case "lessThan" | "lessThanOrEqual" | "greaterThan" | "greaterThanOrEqual":
            return _compare(have, want, operation)
        case _:
            raise ValueError(f"the operation {operation!r} is not known")


def _compare(have: Any, want: Any, operation: str) -> bool:
    if have is None or type(have) is not type(want):
        return False
    if operation.startswith("less"):
        return bool(have < want or (operation.endswith("OrEqual") and have == want))
    return bool(have > want or (operation.endswith("OrEqual") and have == want))


def _folded(value: Any) -> Any:
    if isinstance(value, list):
        return [_folded(entry) for entry in value]
    return value.lower() if isinstance(value, str) else value


def _at(row: Any, place: str) -> Any:
    for part in place.split("."):
        if not isinstance(row, dict):
            return None
        row = row.get(part)
    return row
