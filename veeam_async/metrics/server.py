"""The exporter's HTTP server: metrics, service discovery, health."""

from __future__ import annotations

import asyncio
from html import escape
from importlib.metadata import version
from typing import Any, Protocol
from urllib.parse import quote

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, GCCollector, Info, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder

from ..fleet import Appliance, FleetView
from .access import guard
from .families import WHO
from .lines import label_name
from .page import Page
from .web_config import WebConfig

_END = b"# EOF\n"
_PAGES = (
    ("/metrics", "the metrics of the whole fleet"),
    ("/sd", "the appliances, for <code>http_sd_configs</code>"),
    ("/-/healthy", "whether this exporter works"),
    ("/-/ready", "whether every appliance was polled once"),
)


class Shown(Protocol):
    """What the server shows: an exporter."""

    @property
    def fleet(self) -> FleetView: ...

    @property
    def ready(self) -> bool: ...

    def page(self, target: str | None = None, *, openmetrics: bool = False, more: bytes = b"") -> Page: ...


class _Server:
    """The handlers."""

    def __init__(self, exporter: Shown) -> None:
        self._exporter = exporter
        self._own = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._own)
        build = Info("veeam_exporter_build", "Version of the exporter.", registry=self._own)
        build.info({"version": version("veeam-async")})
        size = Gauge("veeam_exporter_appliances", "Appliances that the exporter polls.", registry=self._own)
        size.set_function(lambda: len(exporter.fleet))

    async def metrics(self, request: web.Request) -> web.StreamResponse:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        more = encode(self._own).removesuffix(_END)
        page = self._exporter.page(openmetrics=_is_openmetrics(content_type), more=more)
        return await _send(request, page, content_type)

    async def probe(self, request: web.Request) -> web.StreamResponse:
        target = request.query.get("target")
        if not target:
            return web.Response(status=400, text="say which appliance: /probe?target=NAME\n")
        _, content_type = choose_encoder(request.headers.get("Accept", ""))
        try:
            page = self._exporter.page(target, openmetrics=_is_openmetrics(content_type))
        except KeyError:
            return web.Response(status=404, text="no such appliance in this fleet\n")
        return await _send(request, page, content_type)

    async def discovery(self, request: web.Request) -> web.Response:
        return web.json_response([_group(appliance, request.host) for appliance in self._exporter.fleet])

    async def index(self, request: web.Request) -> web.Response:
        links = "".join(f'<li><a href="{path}">{path}</a>: {what}</li>' for path, what in _PAGES)
        names = "".join(
            f'<li><a href="/probe?target={quote(one.name, safe="")}">{escape(one.name)}</a></li>'
            for one in self._exporter.fleet
        )
        html = (
            "<!doctype html><html lang=en><title>veeam-async exporter</title><h1>veeam-async exporter</h1>"
            f"<ul>{links}</ul><h2>Appliances</h2><ul>{names}</ul></html>"
        )
        return web.Response(text=html, content_type="text/html", charset="utf-8")

    async def healthy(self, request: web.Request) -> web.Response:
        return web.Response(text="OK\n")

    async def is_ready(self, request: web.Request) -> web.Response:
        if self._exporter.ready:
            return web.Response(text="OK\n")
        return web.Response(status=503, text="some appliances were not polled yet\n")


def make_app(exporter: Shown, config: WebConfig | None = None) -> web.Application:
    """An application with all pages.

    Args:
        exporter: what it shows.
        config: users, and headers of every response.
    """
    server = _Server(exporter)
    app = web.Application(middlewares=[guard(config)] if config is not None else [])
    app.add_routes(
        [
            web.get("/", server.index),
            web.get("/metrics", server.metrics),
            web.get("/probe", server.probe),
            web.get("/sd", server.discovery),
            web.get("/-/healthy", server.healthy),
            web.get("/-/ready", server.is_ready),
        ]
    )
    if config is not None and config.headers:
        headers = config.headers

        async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
            response.headers.update(headers)

        app.on_response_prepare.append(add_headers)
    return app


def _is_openmetrics(content_type: str) -> bool:
    return content_type.startswith("application/openmetrics-text")


async def _send(request: web.Request, page: Page, content_type: str) -> web.StreamResponse:
    """Send a page; compressed where the scraper takes that. A large one is put together off the loop."""
    headers = {"Content-Type": content_type, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("Accept-Encoding", "").casefold():
        body = await asyncio.to_thread(page.gzipped)
        return web.Response(body=body, headers=headers | {"Content-Encoding": "gzip"})
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    for piece in page.plain():
        await response.write(piece)
    await response.write_eof()
    return response


def _group(appliance: Appliance, exporter: str) -> dict[str, Any]:
    """A target of Prometheus' HTTP service discovery: the exporter itself, asked about one appliance."""
    chosen = {label_name(name): value for name, value in appliance.labels.items()}
    return {
        "targets": [exporter],
        "labels": {
            # Those of the metrics themselves would be renamed.
            **{name: value for name, value in chosen.items() if name not in ("job", *WHO)},
            "__metrics_path__": "/probe",
            "__param_target": appliance.name,
            "__meta_veeam_appliance": appliance.name,
            "__meta_veeam_product": appliance.product,
            "__meta_veeam_host": appliance.host,
            "__meta_veeam_tags": f",{','.join(sorted(appliance.tags))},",
            "instance": appliance.name,
        },
    }
