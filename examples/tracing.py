"""OpenTelemetry spans from the hooks: one span for each request, with its status, size and attempt.

VEEAM_HOST=vbr01 VEEAM_USERNAME=operator VEEAM_PASSWORD=... python examples/tracing.py
"""

from __future__ import annotations

import os
import time

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

from veeam_async import Password, run
from veeam_async.events import Event, RequestAnswered, RequestRetried, TokenRenewed
from veeam_async.vbr.v1_3_rev0 import Client

tracer = trace.get_tracer("veeam_async")


def listen(event: Event) -> None:
    """Turn events into spans. It is called on the event loop: it must not block."""
    match event:
        case RequestAnswered():
            ended = time.time_ns()
            span = tracer.start_span(
                f"{event.method} {event.operation}",
                kind=SpanKind.CLIENT,
                start_time=ended - int(event.elapsed * 1e9),
                attributes={
                    "veeam.appliance": event.appliance,
                    "veeam.operation": event.operation,
                    "http.request.method": event.method,
                    "url.path": event.path,
                    "http.response.status_code": event.status,
                    "http.response.body.size": event.size,
                    "http.request.resend_count": event.attempt - 1,
                },
            )
            if event.status >= 400:
                span.set_status(Status(StatusCode.ERROR))
            span.end(ended)
        case RequestRetried():
            trace.get_current_span().add_event("retry", {"veeam.reason": event.reason, "veeam.pause": event.pause})
        case TokenRenewed():
            trace.get_current_span().add_event("token", {"veeam.how": event.how, "veeam.lifetime": event.lifetime})


async def main() -> None:
    credentials = Password(os.environ["VEEAM_USERNAME"], os.environ["VEEAM_PASSWORD"])
    async with Client(os.environ["VEEAM_HOST"], credentials, events=listen) as vbr:
        with tracer.start_as_current_span("nightly report"):
            page = await vbr.sessions.get_all_sessions(limit=10)
            print(len(page.data), "sessions")


if __name__ == "__main__":
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
    trace.set_tracer_provider(provider)
    run(main())
