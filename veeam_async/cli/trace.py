"""`-v`: what is sent and what comes back, a line each on stderr."""

from __future__ import annotations

from rich.markup import escape

from ..events import Event, RequestAnswered, RequestFailed, RequestRetried, RequestStarted, TokenRenewed
from .output import duration, size, stderr


def show_event(event: Event) -> None:
    """Print an event; bodies, headers and secrets are in none."""
    line = describe(event)
    if line:
        stderr().print(f"[faint]{escape(f'{event.appliance}: {line}')}[/]")


def describe(event: Event) -> str:
    """An event in words; empty for what is not traced."""
    match event:
        case RequestStarted():
            again = f" (attempt {event.attempt})" if event.attempt > 1 else ""
            return f"> {event.method} {event.path}{again}"
        case RequestAnswered():
            length = f", {size(event.size)}" if event.size >= 0 else ""
            return f"< {event.status} {event.method} {event.path} in {duration(event.elapsed)}{length}"
        case RequestRetried():
            return f"again in {duration(event.pause)}: {event.reason}"
        case RequestFailed():
            step = f" at step {event.step}" if event.step else ""
            return f"failed{step} after {duration(event.elapsed)}: {event.reason}"
        case TokenRenewed():
            return f"token by {event.how}, good for {duration(event.lifetime)}"
        case _:
            return ""
