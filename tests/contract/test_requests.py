"""Every operation of every revision is sent to a server on loopback: openapi-core accepts what is sent, and answers
that are made from the schemas come back typed and whole."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest

from codegen.ingest import catalog
from codegen.ingest.walking import operations, resolve
from tests.codegen.small import revisions
from tests.contract.arguments import Arguments
from tests.contract.run import client_class, misfit, read_all
from tests.contract.test_vendor_examples import same
from veeam_async import BearerToken
from veeam_async._model import encode
from veeam_async.errors import InferredOperationWarning


class Recorder:
    """Keeps the last request as openapi-core wants it, and answers what it is given."""

    def __init__(self) -> None:
        self.url = ""
        self.request: MockRequest | None = None
        self.status = 200
        self.media_type: str | None = None
        self.body = b""

    async def answer(self, request: web.Request) -> web.Response:
        self.request = MockRequest(
            str(request.url.origin()),
            request.method.lower(),
            request.path,
            args=list(request.query.items()),  # type: ignore[arg-type]
            headers=dict(request.headers),
            data=await request.read(),
            content_type=request.headers.get("Content-Type", ""),
        )
        headers = {"Content-Type": self.media_type} if self.media_type else {}
        return web.Response(status=self.status, body=self.body, headers=headers)


@asynccontextmanager
async def recorder() -> AsyncIterator[Recorder]:
    """The recorder on a free port of loopback."""
    made = Recorder()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", made.answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        made.url = f"http://{host}:{port}"
        yield made
    finally:
        await runner.cleanup()


def answer_of(document: dict[str, Any], operation: dict[str, Any], arguments: Arguments) -> tuple[int, str | None, Any]:
    """The first 2xx answer of an operation: status, media type, value (bytes where it is no JSON)."""
    code, response = next((code, part) for code, part in operation["responses"].items() if code.startswith("2"))
    for media_type, content in resolve(document, response).get("content", {}).items():
        if media_type.endswith("json") or (media_type == "*/*" and "$ref" in content.get("schema", {})):
            media_type = media_type if media_type.endswith("json") else "application/json"
            return int(code), media_type, arguments.value(content.get("schema", {}), 0, answer=True)
        return int(code), media_type, b"some,bytes\n"
    return int(code), None, b""


def spec(name: str) -> dict[str, Any]:
    """A spec of the repository."""
    content: dict[str, Any] = json.loads((catalog.HOME / f"{name}.json").read_text(encoding="utf-8"))
    return content


@pytest.mark.timeout(300)
@pytest.mark.filterwarnings(f"ignore::{InferredOperationWarning.__module__}.{InferredOperationWarning.__name__}")
@pytest.mark.parametrize("name", revisions())
async def test_every_call_fits_its_spec(name: str) -> None:
    """What each typed function sends is valid by openapi-core, and what it gives is what was answered."""
    document = spec(name)
    openapi = OpenAPI.from_dict(document)
    described = {operation["operationId"]: operation for _, _, operation in operations(document)}
    arguments = Arguments(document)
    faults = {}
    async with recorder() as server, client_class(name)(server.url, BearerToken("a-token"), logout=False) as client:
        assert [operation.operation_id for operation in client.operations] == list(described)
        for operation in client.operations:
            made = answer_of(document, described[operation.operation_id], arguments)
            faults_field = client.profile.faults
            if isinstance(made[2], dict) and made[2].get(faults_field):
                made[2][faults_field] = []  # anything else there is an error
            server.status, server.media_type = made[:2]
            server.body = made[2] if isinstance(made[2], bytes) else json.dumps(made[2]).encode()
            request = getattr(getattr(client, operation.group), operation.name)(**arguments.of(operation))
            value = (await request.reply()).value
            read_all(value)
            fault = misfit(value, operation)
            if not fault and not isinstance(made[2], bytes) and not same(encode(value), made[2]):
                fault = "the answer did not come back whole"
            assert server.request is not None
            try:
                openapi.validate_request(server.request)
            except OpenAPIError as error:
                fault = f"{error} {error.__cause__ or ''} {getattr(error.__cause__, 'schema_errors', '')}"
            if fault:
                faults[operation.operation_id] = fault
    assert faults == {}
