"""Waiting for long work: a call is answered with a session, and somebody has to look when it is done."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, Literal, TypeAlias, TypeVar
from urllib.parse import unquote, urlsplit

from ._operation.reply import Accepted, Reply
from ._operation.sending import Sender
from ._work import Progress as Progress
from ._work import ProgressCallback as ProgressCallback
from ._work import Work, find_work, nothing_to_wait_for
from .errors import NotFoundError, RequestTimeout, SessionFailed

T = TypeVar("T")

OnCancel: TypeAlias = Literal["leave", "stop"]
"""What a cancelled wait does to the work: lets it go on, or asks the appliance to stop it."""

# What puts an answer together that others give at once is given this long.
_ANSWER_SECONDS: Final = 600.0
_BACK_OFF: Final = 1.5


async def wait(
    sender: Sender,
    answer_or_id: Any,
    *,
    timeout: float | None,
    interval: float | tuple[float, float],
    progress: ProgressCallback | None,
    on_cancel: OnCancel,
) -> Any:
    """Wait until long work has ended; `client.wait` says the rest.

    Returns:
        The session, task or operation as it ended: a model. A list of them where the answer holds several.

    Raises:
        SessionFailed: it failed or was cancelled on the appliance; carries the message and the log. Of several the
            first one, after all have ended.
        RequestTimeout: `timeout` passed. The work goes on.
        VeeamError: the answer names no work to wait for.
        ValueError: an argument is none of what it can be, or `stop` is asked for work that cannot be stopped.
    """
    pauses = _checked(interval, on_cancel)
    work = _work_of(sender, answer_or_id)
    return await _wait_for(sender, work, timeout, pauses, progress, on_cancel)


async def send_and_wait(
    sender: Sender,
    reply: Coroutine[Any, Any, Reply[Any]],
    *,
    timeout: float | None,
    interval: float | tuple[float, float],
    progress: ProgressCallback | None,
    on_cancel: OnCancel,
) -> Any:
    """Send a request and wait for the work that its answer, or its `Location` header, names."""
    try:
        pauses = _checked(interval, on_cancel)
    except ValueError:
        reply.close()
        raise
    started = asyncio.get_running_loop().time()
    limit = asyncio.timeout(timeout)
    try:
        async with limit:
            answer = await reply
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise _late(sender, f"waited {timeout:g} s for an answer", timeout) from error
    if answer.elsewhere:
        return answer.value  # what the appliance worked on is the answer itself, and it was waited for
    location = answer.headers.get("Location")
    if answer.value is None and location:
        work: Work | list[Work] = _work_at(sender, location, answer.operation)
    else:
        work = _work_of(sender, answer.value, answer.operation)
    left = None if timeout is None else max(0.0, timeout - (asyncio.get_running_loop().time() - started))
    return await _wait_for(sender, work, left, pauses, progress, on_cancel)


def _work_of(sender: Sender, answer_or_id: Any, operation: str | None = None) -> Work | list[Work]:
    if isinstance(answer_or_id, Accepted):
        return _work_at(sender, answer_or_id.location, answer_or_id.operation)
    return find_work(sender, answer_or_id, operation)


def _work_at(sender: Sender, location: str, operation: str) -> Work:
    """The work that lies at a place."""
    try:
        path = urlsplit(location).path
    except ValueError:
        path = location
    for kind in sender.profile.long_work:
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(kind.path))
        match = re.fullmatch(f".*?{pattern}", path)
        if match is not None:
            places = {name: unquote(value) for name, value in match.groupdict().items()}
            # Behind a gateway the host there is another one: what only names an action is looked at by its id.
            return Work(sender, [kind], places, location=None if kind.result_path else location)
    raise nothing_to_wait_for(sender, f"Location {path[:100]!r} is no work that is known", operation)


async def _wait_for(
    sender: Sender,
    found: Work | list[Work],
    timeout: float | None,
    pauses: tuple[float, float],
    progress: ProgressCallback | None,
    on_cancel: OnCancel,
) -> Any:
    first, most = pauses
    works = found if isinstance(found, list) else [found]
    for work in works if on_cancel == "stop" else ():
        if work.kind.stop_path is None:
            raise ValueError(f"{work.kind.kind} {work.id} cannot be stopped")
    limit = asyncio.timeout(timeout)
    try:
        async with limit:
            if not isinstance(found, list):
                return (await found.run(first, most, progress)).model()
            ended = await asyncio.gather(*(work.run(first, most, progress) for work in works), return_exceptions=True)
    except TimeoutError as error:
        if not limit.expired():
            raise
        waiting = ", ".join(work.label for work in works if not work.over)
        raise _late(sender, f"waited {timeout:g} s for {waiting}: the work goes on", timeout) from error
    except asyncio.CancelledError:
        if on_cancel == "stop":
            await asyncio.gather(*(work.stop() for work in works if not work.over))
        raise
    for outcome in ended:
        if isinstance(outcome, BaseException):
            raise outcome
    return [work.model() for work in works]


async def finish(sender: Sender, raw: Mapping[str, Any], *, operation: str | None = None) -> dict[str, Any]:
    """Wait for the operation that a listing answered instead of a page, and give its last answer undecoded."""
    work = find_work(sender, raw, operation)
    if isinstance(work, list):
        raise nothing_to_wait_for(sender, "several works instead of a page", operation)
    return (await _answered(work, operation)).raw


async def finish_elsewhere(sender: Sender, location: str, operation: str) -> tuple[str, SessionFailed | None]:
    """Wait for what a call was answered with instead of its answer.

    Args:
        sender: what sends the requests.
        location: what the answer's `Location` says.
        operation: the label of the call.

    Returns:
        The path where the answer is, and how the work failed, if it did.

    Raises:
        SessionFailed: it was cancelled.
        VeeamError: it is no work of a kind that leaves an answer.
    """
    work = _work_at(sender, location, operation)
    if work.kind.result_path is None:
        raise nothing_to_wait_for(sender, f"a {work.kind.kind} leaves no answer", operation)
    failure: SessionFailed | None = None
    try:
        await _answered(work, operation)
    except SessionFailed as error:
        if (error.result or "").lower() not in work.kind.failed:
            raise
        failure = error
    return work.path(work.kind.result_path), failure


async def _answered(work: Work, operation: str | None) -> Work:
    limit = asyncio.timeout(_ANSWER_SECONDS)
    try:
        async with limit:
            return await work.run(0.25, 5.0, None)
    except TimeoutError as error:
        if not limit.expired():
            raise
        text = f"{work.label} gave no answer in {_ANSWER_SECONDS:g} s"
        raise RequestTimeout(
            text, limit="wait", seconds=_ANSWER_SECONDS, appliance=work.sender.name, operation=operation
        ) from error


async def wait_until_gone(
    sender: Sender,
    send: Callable[[], Coroutine[Any, Any, object]],
    label: str,
    *,
    timeout: float | None,
    interval: float | tuple[float, float],
) -> None:
    """Send a request again and again until it is answered with 404; `client.wait_until_gone` says the rest."""
    pause, most = _pauses(interval)
    limit = asyncio.timeout(timeout)
    try:
        async with limit:
            while True:
                try:
                    await send()
                except NotFoundError:
                    return
                await asyncio.sleep(pause)
                pause = min(pause * _BACK_OFF, most)
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise _late(sender, f"waited {timeout:g} s, and {label} still answers", timeout) from error


def _checked(interval: float | tuple[float, float], on_cancel: str) -> tuple[float, float]:
    """The pauses, once both arguments make sense."""
    pauses = _pauses(interval)
    if on_cancel not in ("leave", "stop"):
        raise ValueError(f"on_cancel is {on_cancel!r}: it must be 'leave' or 'stop'")
    return pauses


def _pauses(interval: float | tuple[float, float]) -> tuple[float, float]:
    first, most = (interval, interval) if isinstance(interval, (int, float)) else interval
    if not 0 < first <= most:
        raise ValueError(f"interval is {interval}: it must be seconds above 0, the second number not below the first")
    return first, most


def _late(sender: Sender, text: str, timeout: float | None) -> RequestTimeout:
    return RequestTimeout(text, limit="wait", seconds=timeout, appliance=sender.name)
