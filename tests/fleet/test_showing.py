"""Rows and answers in notebooks, and in what Pydantic and FastAPI write."""

from __future__ import annotations

import json
import warnings
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import TypeAdapter, ValidationError

from veeam_async import VeeamError
from veeam_async.fleet import ROW_TYPES, Answer, Appliance, Job, Result, Row, Session

VBR = Appliance("vbr-1", "vbr01", None, tags=["b", "a"], labels={"customer": "x"})
JOB = Job(
    appliance=VBR, id="1", name="<b>Nightly</b>", last_result=Result.WARNING, last_run=datetime(2026, 3, 14, tzinfo=UTC)
)


@pytest.mark.parametrize("kind", ROW_TYPES)
def test_pydantic_writes_what_to_dict_says(kind: type[Row]) -> None:
    """Every type of row is written as `to_dict` has it, without a warning, and described by its columns."""
    row = kind(appliance=VBR, id="1")
    adapter: TypeAdapter[Any] = TypeAdapter(list[kind])  # type: ignore[valid-type]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert json.loads(adapter.dump_json([row])) == [row.to_dict()]
    described = adapter.json_schema(mode="serialization")
    properties = described.get("items", {}).get("properties") or next(iter(described["$defs"].values()))["properties"]
    assert list(properties) == list(row.to_dict())


def test_pydantic_takes_rows_alone() -> None:
    """A row passes as it is; a mapping is none."""
    adapter = TypeAdapter(Job)
    assert adapter.validate_python(JOB) is JOB
    with pytest.raises(ValidationError):
        adapter.validate_python({"id": "1"})


async def test_fastapi() -> None:
    """An endpoint says `-> list[Job]`: the answer has the rows, the OpenAPI document their columns."""
    app = FastAPI()

    @app.get("/jobs")
    async def jobs() -> list[Job]:
        return [JOB]

    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = (await client.get("/jobs")).json()
        document = (await client.get("/openapi.json")).json()
    assert datetime.fromisoformat(answer[0].pop("last_run")) == JOB.last_run
    wanted = JOB.to_dict()
    wanted.pop("last_run")
    assert answer[0] == wanted
    text = json.dumps(document)
    assert '"last_result"' in text
    assert '"date-time"' in text


def test_notebook() -> None:
    """A table of what is there; nothing of a server is markup; no secret, as in `repr`."""
    html = JOB._repr_html_()
    assert "Job of vbr-1" in html
    assert "<b>" not in html
    assert "&lt;b&gt;Nightly" in html
    assert "2026-03-14 00:00:00" in html
    assert "next_run" not in html
    assert "Session of" in Session(appliance=VBR, id="1")._repr_html_()
    assert "error" in Answer(VBR, None, VeeamError("no <i>path</i>"))._repr_html_()
    assert "<i>" not in Answer(VBR, None, VeeamError("no <i>path</i>"))._repr_html_()
    assert ">7<" in Answer(VBR, 7)._repr_html_()
