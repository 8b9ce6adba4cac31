"""Asks an appliance for everything that a revision's GETs answer, and collects what the answers name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from tests.testing.caller import Caller
from veeam_async._spec import Spec, SpecOperation

UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
# What rows call the field that distinguishes them, the likeliest first.
NAMES = (
    *("instanceUid", "id", "uid", "mountId", "sessionId"),
    *("resourceId", "instanceId", "accountId", "folderId", "name"),
)
ANY = "11111111-2222-4333-8444-555555555555"


class Walk:
    """All answers of one revision, lists below rows with the first rows of their parents.

    Attributes:
        answers: each path that was asked, and its JSON value.
        rows: the rows of each list by its template.
        keys: the ids of all rows of all lists, in lower case.
    """

    def __init__(self, caller: Caller, spec: Spec, parents: int = 2, all_of: Sequence[str] = ()) -> None:
        self._caller = caller
        self._spec = spec
        self._parents = parents
        self._all_of = all_of
        self._asked: dict[str, list[Any]] = {}
        self.answers: dict[str, Any] = {}
        self.rows: dict[str, list[Any]] = defaultdict(list)
        self.keys: set[str] = set()

    async def go(self) -> None:
        """Ask for everything."""
        for operation in self._spec.operations.values():
            if operation.method == "GET":
                for path in await self._paths(operation):
                    await self._ask(operation, path)

    async def _ask(self, operation: SpecOperation, path: str) -> list[Any]:
        if path in self._asked:
            return self._asked[path]
        query = self._query(operation)
        reply = await self._caller("GET", path, params=query)
        if reply.status != 200 or "json" not in reply.headers.get("Content-Type", ""):
            self._asked[path] = []
            return []
        self.answers[path] = answer = reply.json
        listing = self._spec.listing(operation)
        if listing is None and isinstance(answer, dict) and isinstance(answer.get("id"), str):
            self.keys.add(answer["id"].lower())
        bare: Any = answer
        rows: list[Any] = self._bare(bare) if listing is None else bare[listing[0]] if listing[0] else bare
        self._asked[path] = rows
        self.rows[operation.path] += rows
        placeholder = self.placeholder(operation.path)
        for row in rows:
            if isinstance(row, dict):
                own = (placeholder, *self._own(operation, row))
                self.keys.update(str(row[name]).lower() for name in own if name in row)
                for name in NAMES:
                    if isinstance(row.get(name), str | int):
                        self.keys.add(str(row[name]).lower())
                        if name != "name":
                            break
        return rows

    @staticmethod
    def _own(operation: SpecOperation, row: dict[str, Any]) -> list[str]:
        """The fields of a row that say what another product calls it: `repositoryUidInVbr` in `repositories`."""
        last = operation.path.rpartition("/")[2].lower()
        stems = {name: name.partition("UidIn")[0].lower() for name in row if "UidIn" in name}
        return [name for name, stem in stems.items() if last.endswith((f"{stem}s", f"{stem[:-1]}ies"))]

    def placeholder(self, template: str) -> str:
        """What the path of a single row of a list calls its key."""
        for path in self._spec.paths:
            if path.startswith(f"{template}/{{") and path.count("/") == template.count("/") + 1:
                return path.rpartition("{")[2].rstrip("}")
        return ""

    @staticmethod
    def _bare(answer: Any) -> list[Any]:
        for name in ("data", "results", "items"):
            if isinstance(answer, dict) and isinstance(answer.get(name), list):
                return list(answer[name])
        return answer if isinstance(answer, list) else []

    async def _paths(self, operation: SpecOperation) -> list[str]:
        paths = [("", "")]
        for segment in operation.segments:
            following = []
            for template, path in paths:
                if not segment.startswith("{"):
                    following.append((f"{template}/{segment}", f"{path}/{segment}"))
                    continue
                parent = self._spec.paths.get(template, {}).get("GET")
                rows = await self._ask(parent, path) if parent else []
                names = (segment[1:-1], *NAMES)
                for row in rows if template in self._all_of else rows[: self._parents]:
                    key = next((row[name] for name in names if isinstance(row, dict) and name in row), None)
                    if key is not None:
                        following.append((f"{template}/{segment}", f"{path}/{key}"))
            paths = following
        return [path for _, path in paths]

    def _query(self, operation: SpecOperation) -> dict[str, str]:
        query = {}
        for parameter in operation.parameters:
            if parameter["in"] == "query" and parameter["name"].lower() == "limit":
                query[parameter["name"]] = "500"
            elif parameter["in"] == "query" and parameter.get("required"):
                schema = self._spec.resolve(parameter.get("schema", {}))
                query[parameter["name"]] = str(next(iter(schema.get("enum", ())), ANY))
        return query


def texts(value: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text of a JSON value with the names of the fields that lead to it."""
    if isinstance(value, dict):
        for name, entry in value.items():
            yield from texts(entry, (*place, name))
    elif isinstance(value, list):
        for entry in value:
            yield from texts(entry, place)
    elif isinstance(value, str):
        yield place, value
