"""OpenTelemetry spans from the hooks: one span for each request, with its status, size and attempt.

pip install veeam-async opentelemetry-sdk
VEEAM_HOST=vbr01 VEEAM_USERNAME=operator VEEAM_PASSWORD=... python -m veeam_async.examples.tracing
"""

from __future__ import annotations

import os
import time
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

from veeam_async import Password, run
from veeam_async.events import Event, RequestAnswered, RequestFailed, RequestRetried, TokenRenewed
from veeam_async.vbr.v1_3_rev0 import Client

tracer = trace.get_tracer("veeam_async")


class Tracing:
    """Makes spans of what a client says, by the semantic conventions for HTTP clients.

    Args:
        origin: `https://host:port`, which events do not repeat.
    """

    def __init__(self, origin: str) -> None:
        self._origin = origin
        parts = urlsplit(origin)
        self._server: dict[str, str | int] = {"server.address": parts.hostname or "", "server.port": parts.port or 443}

    def __call__(self, event: Event) -> None:
        """Turn events into spans. It is called on the event loop: it must not block."""
        match event:
            case RequestAnswered():
                self._span(event, status=event.status, size=event.size)
            case RequestFailed(status=None):
                self._span(event, error=event.error)  # with a status its answer has a span already
            case RequestRetried():
                trace.get_current_span().add_event("retry", {"veeam.reason": event.reason, "veeam.pause": event.pause})
            case TokenRenewed():
                trace.get_current_span().add_event("token", {"veeam.how": event.how})

    def _span(
        self, event: RequestAnswered | RequestFailed, *, status: int = 0, size: int = -1, error: str = ""
    ) -> None:
        attributes: dict[str, str | int] = {
            **self._server,
            "url.full": self._origin + event.path,
            "http.request.method": event.method,
            "veeam.appliance": event.appliance,
            "veeam.operation": event.operation,
        }
        if status:
            attributes["http.response.status_code"] = status
        if size >= 0:
            attributes["http.response.body.size"] = size
        if event.attempt > 1:
            attributes["http.request.resend_count"] = event.attempt - 1
        if error or status >= 400:
            attributes["error.type"] = error or str(status)
        ended = time.time_ns()
        name = f"{event.method} {event.operation}"
        started = ended - int(event.elapsed * 1e9)
        span = tracer.start_span(name, kind=SpanKind.CLIENT, start_time=started, attributes=attributes)
        if "error.type" in attributes:
            span.set_status(Status(StatusCode.ERROR))
        span.end(ended)


async def main() -> None:
    credentials = Password(os.environ["VEEAM_USERNAME"], os.environ["VEEAM_PASSWORD"])
    host = os.environ["VEEAM_HOST"]
    origin = host if "://" in host else f"https://{host}:9419"
    async with Client(host, credentials, events=Tracing(origin)) as vbr:
        with tracer.start_as_current_span("nightly report"):
            page = await vbr.sessions.get_all_sessions(limit=10)
            print(len(page.data), "sessions")


if __name__ == "__main__":
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
    trace.set_tracer_provider(provider)
    run(main())
