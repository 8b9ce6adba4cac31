"""The exporter's pages over HTTP."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from http import HTTPStatus

import aiohttp
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from tests.metrics.conftest import Site
from tests.metrics.pages import samples

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


class Reader:
    """Reads pages of one exporter."""

    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        self._session = session
        self._base = f"http://127.0.0.1:{port}"

    async def get(self, path: str, **headers: str) -> tuple[int, str, bytes]:
        async with self._session.get(self._base + path, headers=headers) as response:
            return response.status, response.headers["Content-Type"], await response.read()


async def test_scrape_does_not_wait(site: Site) -> None:
    """A scrape is answered at once, also before the first poll and while all appliances hang."""
    for each in site.simulated:
        each.faults.add(delay=30.0)
    loop = asyncio.get_running_loop()
    async with site.exporter as exporter, aiohttp.ClientSession() as session:
        reader = Reader(session, await exporter.serve(port=0))
        for path in ("/metrics", "/probe?target=a0"):
            started = loop.time()
            status, _, body = await reader.get(path)
            page = samples(parse_text(body.decode()))
            assert loop.time() - started < 1
            assert status == HTTPStatus.OK
            assert "veeam_up" not in page
        assert (await reader.get("/-/healthy"))[0] == HTTPStatus.OK
        assert (await reader.get("/-/ready"))[0] == HTTPStatus.SERVICE_UNAVAILABLE
    for each in site.simulated:
        each.faults.clear()  # some may not have been asked yet


async def test_pages(site: Site) -> None:
    """Text and OpenMetrics, whole or for one target; discovery, health; mistakes are named."""
    async with aiohttp.ClientSession() as session:
        reader = Reader(session, await site.exporter.serve(port=0))
        await site.exporter.poll()
        status, kind, body = await reader.get("/metrics")
        assert (status, kind.partition(";")[0]) == (HTTPStatus.OK, "text/plain")
        page = samples(parse_text(body.decode()))
        assert len(page["veeam_up"]) == 6
        assert page["veeam_exporter_appliances"] == {(): 6.0}
        assert "process_resident_memory_bytes" in page
        status, kind, body = await reader.get("/metrics", Accept=OPENMETRICS)
        assert (status, kind.partition(";")[0]) == (HTTPStatus.OK, "application/openmetrics-text")
        page = samples(parse_openmetrics(body.decode()))  # type: ignore[no-untyped-call]
        assert len(page["veeam_up"]) == 6
        _, _, body = await reader.get("/probe?target=a3")
        page = samples(parse_text(body.decode()))
        assert {dict(key)["appliance"] for series in page.values() for key in series} == {"a3"}
        _, _, body = await reader.get("/probe?target=a3", Accept=OPENMETRICS)
        assert samples(parse_openmetrics(body.decode())) == page  # type: ignore[no-untyped-call]
        assert (await reader.get("/probe?target=nobody"))[0] == HTTPStatus.NOT_FOUND
        assert (await reader.get("/probe"))[0] == HTTPStatus.BAD_REQUEST
        assert (await reader.get("/-/ready"))[0] == HTTPStatus.OK
        status, kind, body = await reader.get("/")
        assert kind.startswith("text/html")
        assert b"/probe?target=a5" in body


async def test_gzip_is_the_same_page(site: Site) -> None:
    """Compressed, the page is one gzip stream with the same bytes, a fraction of the size."""
    await site.exporter.poll()
    page = site.exporter.page()
    plain = b"".join(page.plain())
    packed = page.gzipped()
    whole = zlib.decompressobj(wbits=31)
    assert whole.decompress(packed) == plain
    assert whole.eof
    assert whole.unused_data == b""
    assert gzip.decompress(packed) == plain
    assert len(packed) < len(plain) / 4
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        reader = Reader(session, await site.exporter.serve(port=0))
        status, _, body = await reader.get("/probe?target=a0", **{"Accept-Encoding": "gzip"})
        assert status == HTTPStatus.OK
        assert gzip.decompress(body).decode() == site.exporter.render("a0")[0]


async def test_discovery(site: Site) -> None:
    """Each appliance is a target: the exporter, asked about it, under its own name."""
    async with aiohttp.ClientSession() as session:
        port = await site.exporter.serve(port=0)
        async with session.get(f"http://127.0.0.1:{port}/sd") as response:
            assert response.content_type == "application/json"
            groups = await response.json()
    assert [group["targets"] for group in groups] == [[f"127.0.0.1:{port}"]] * 6
    labels = groups[4]["labels"]
    assert labels["instance"] == labels["__param_target"] == "a4"
    assert labels["__metrics_path__"] == "/probe"
    assert labels["__meta_veeam_product"] == "azure"
    assert labels["__meta_veeam_tags"] == ",azure,lab,"
    assert labels["customer"] == 'Example "AG"'
    assert labels["cost_centre"] == "7"
    assert "product" not in labels


@pytest.mark.parametrize("accept", ["", "text/plain", "*/*"])
async def test_text_is_what_is_given_by_default(site: Site, accept: str) -> None:
    """Whoever does not ask for OpenMetrics gets the text format."""
    async with aiohttp.ClientSession() as session:
        reader = Reader(session, await site.exporter.serve(port=0))
        _, kind, body = await reader.get("/metrics", Accept=accept)
    assert kind.startswith("text/plain")
    assert not body.endswith(b"# EOF\n")
