"""The vendor's own answer examples, served over loopback: the typed functions give them back whole.

The examples break their own schemas in hundreds of places; none of that may raise, and nothing of it may be lost.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

import pytest
from aiohttp import web

from codegen.ingest import catalog, documents
from codegen.ingest.walking import operations, resolve
from tests.codegen.small import needs_vendor, revisions, vendor_document
from tests.contract.arguments import Arguments
from tests.contract.run import client_class, misfit, read_all
from veeam_async import BearerToken
from veeam_async._model import encode
from veeam_async._model.timestamps import parse_timestamp
from veeam_async.errors import DecodeError

# How many 2xx examples each document has on its operations, and how many of them are downloads. The others have none.
COUNTS = {
    "m365/v8": (382, 0),
    "one/2.3": (285, 2),
    "spc/3.6.2": (803, 0),
    "spc/3.7": (846, 0),
    "vbr/1.1-rev0": (46, 0),
    "vbr/1.2-rev1": (166, 1),
    "vbr/1.3-rev0": (222, 1),
    "vbr/1.3-rev1": (240, 1),
    "vbr/1.3-rev2": (779, 1),
}

# Examples that are no answer of their operation, and why that is the document's own fault.
FAULTY = {
    ("spc/3.6.2", "GetAsyncActionResult"): "an array, where the schema beside it says an object",
    ("spc/3.7", "GetAsyncActionResult"): "an array, where the schema beside it says an object",
}


class Example(NamedTuple):
    """One example: its operation, the status that it is for, its name, its media type, its value."""

    operation_id: str
    status: int
    name: str
    media_type: str
    value: Any

    @property
    def text(self) -> str:
        """What a server would send."""
        return self.value if isinstance(self.value, str) else json.dumps(self.value)


@cache
def examples(name: str) -> tuple[Example, ...]:
    """The examples of a document's 2xx answers."""
    return tuple(_found(vendor_document(name).content))


def _found(document: dict[str, Any]) -> Iterator[Example]:
    for _, _, operation in operations(document):
        for code, response in operation["responses"].items():
            if not code.startswith("2"):
                continue
            place = operation["operationId"], int(code)
            response = resolve(document, response)
            # Swagger 2.0 has one example of each media type.
            for media_type, value in response.get("examples", {}).items():
                yield Example(*place, "example", media_type, value)
            for media_type, found in response.get("content", {}).items():
                if "example" in found:
                    yield Example(*place, "example", media_type, found["example"])
                for name, part in found.get("examples", {}).items():
                    yield Example(*place, name, media_type, resolve(document, part).get("value"))


class Server:
    """Answers every call with the example that it is given."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.media_type = "application/json"
        self.text = "{}"

    async def answer(self, request: web.Request) -> web.Response:
        return web.Response(status=self.status, text=self.text, content_type=self.media_type)


@asynccontextmanager
async def served() -> AsyncIterator[Server]:
    """The server on a free port of loopback."""
    server = Server()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        server.url = f"http://{host}:{port}"
        yield server
    finally:
        await runner.cleanup()


def same(left: Any, right: Any) -> bool:
    """Whether two JSON values are the same: timestamps as instants, strings whatever their letter case."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, str) and isinstance(right, str) and left != right:
        if left.lower() == right.lower():
            return True
        instants = (_instant(left), _instant(right))
        return instants[0] is not None and instants[0] == instants[1]
    return type(left) is type(right) and left == right


def _instant(text: str) -> datetime | None:
    found = parse_timestamp(text)
    if not isinstance(found, datetime):
        return None
    return found if found.tzinfo is None else found.astimezone(UTC)


@needs_vendor
@pytest.mark.parametrize("name", revisions())
async def test_every_example_comes_back_typed_and_whole(name: str) -> None:
    """Every 2xx example decodes to the operation's type, and to_dict() gives it again; a download is its bytes."""
    arguments = Arguments(documents.read(str(catalog.HOME / f"{name}.json")).content)
    lost, faulty, downloads = [], [], 0
    async with (
        served() as server,
        client_class(name)(server.url, BearerToken("a-token"), logout=False) as client,
    ):
        by_id = {operation.operation_id: operation for operation in client.operations}
        for example in examples(name):
            operation = by_id[example.operation_id]
            server.status, server.media_type, server.text = example.status, example.media_type, example.text
            try:
                value = await getattr(getattr(client, operation.group), operation.name)(**arguments.of(operation))
            except DecodeError:
                faulty.append((name, example.operation_id))
                continue
            read_all(value)
            downloads += isinstance(value, bytes)
            kept = value == example.text.encode() if isinstance(value, bytes) else same(encode(value), example.value)
            fault = misfit(value, operation) or ("" if kept else "not the same")
            if fault:
                lost.append(f"{example.operation_id} {example.status} {example.name}: {fault}")
    assert lost == []
    assert faulty == [known for known in FAULTY if known[0] == name]
    assert (len(examples(name)), downloads) == COUNTS.get(name, (0, 0))
