"""Long work on an appliance: which an answer names, and how it is looked at.

What the products call it, where it is polled and which words end it is data: `veeam_async.profiles.work.LongWork`.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias
from uuid import UUID

import attrs

from ._model import Model, Unset, encode
from ._operation.encoding import path_segment
from ._operation.reply import Reply
from ._operation.sending import Sender
from .errors import (
    ConnectError,
    DecodeError,
    NotFoundError,
    RateLimitedError,
    RequestTimeout,
    ServerError,
    SessionFailed,
    VeeamError,
)
from .profiles.work import LongWork
from .timeouts import remaining

_log = logging.getLogger("veeam_async.waiting")

# Appliances restart their services under long work: so many looks in a row may fail before the wait does.
_MOST_FAILURES: Final = 5
# The session that an answer names is not always there at once.
_MOST_MISSING: Final = 3
_STOP_SECONDS: Final = 10.0
_BACK_OFF: Final = 1.5
_LOG_LINES: Final = 500
# An answer may hold a list, a caller's list may hold such answers, and one of these may be a page.
_MOST_LEVELS: Final = 3


@attrs.frozen
class Progress:
    """How far long work has come.

    Attributes:
        percent: 0 to 100, or None where the product does not say.
        state: the product's word for its state.
        last_log_line: the newest line of its log, or None where there is none.
        session: the session, task or operation as it was last seen: a model.
    """

    percent: float | None
    state: str
    last_log_line: str | None
    session: Any = attrs.field(repr=False)


ProgressCallback: TypeAlias = Callable[[Progress], object]
"""Called after each look at the work; a plain function or a coroutine function."""


def nothing_to_wait_for(sender: Sender, what: str, operation: str | None = None) -> VeeamError:
    """The error for an answer that names no work."""
    return VeeamError(
        f"nothing to wait for: {what}. Give wait() a session's id, or what the call answered",
        appliance=sender.name,
        operation=operation,
    )


def _is_id(value: Any) -> bool:
    return isinstance(value, (str, UUID)) and str(value).strip("0-") != ""


def find_work(
    sender: Sender, answer: Any, operation: str | None = None, levels: int = _MOST_LEVELS
) -> Work | list[Work]:
    """The work that an answer names, or a list of it; lists may lie in lists for some levels.

    Raises:
        VeeamError: there is none.
    """
    kinds = sender.profile.long_work
    if isinstance(answer, (str, UUID)):
        if not _is_id(answer):
            raise nothing_to_wait_for(sender, f"{str(answer)!r} is no id", operation)
        return Work(sender, [k for k in kinds if _places(k) <= {"id", "revision"}], {"id": str(answer)})
    if answer is None or isinstance(answer, Unset):
        raise nothing_to_wait_for(sender, "the appliance answered without naming any work", operation)
    if isinstance(answer, (list, tuple)):
        return _find_all(sender, answer, operation, levels)
    if not isinstance(answer, (Mapping, Model)):
        raise nothing_to_wait_for(sender, f"{type(answer).__name__} is no answer that names any work", operation)
    raw: dict[str, Any] = dict(answer) if isinstance(answer, Mapping) else answer.to_dict()
    for kind in kinds:
        for key in kind.ids:
            if _is_id(raw.get(key)):
                return Work(sender, [kind], {**raw, "id": str(raw[key])})
    if _is_id(raw.get("id")):
        for kind in kinds:
            own = _own_model(kind, answer)
            if own is not None or any(mark <= raw.keys() for mark in kind.marks):
                return Work(sender, [kind], {**raw, "id": str(raw["id"])}, raw, own)
    for key in sender.profile.rows:
        if isinstance(raw.get(key), list):
            return _find_all(sender, raw[key], operation, levels)
    keys = ", ".join(list(raw)[:8]) or "no fields"
    names = " or ".join(kind.kind for kind in kinds)
    raise nothing_to_wait_for(sender, f"{type(answer).__name__} with {keys} names no {names}", operation)


def _find_all(sender: Sender, answers: list[Any] | tuple[Any, ...], operation: str | None, levels: int) -> list[Work]:
    if not levels:
        raise nothing_to_wait_for(sender, "lists within lists", operation)
    found: list[Work] = []
    for answer in answers:
        one = find_work(sender, answer, operation, levels - 1)
        found += one if isinstance(one, list) else [one]
    return found


def _own_model(kind: LongWork, answer: Any) -> str | None:
    """The name of the answer's class where that is a model of this kind of work."""
    if isinstance(answer, Model):
        for cls in type(answer).__mro__:
            if cls.__name__ == kind.model or (kind.family and cls.__name__.startswith(kind.family)):
                return type(answer).__name__
    return None


def _places(kind: LongWork) -> set[str]:
    return {piece.partition("}")[0] for piece in kind.path.split("{")[1:]}


# ---------------------------------------------------------------------------------------------- looking at the work


def _at(raw: Any, path: str) -> Any:
    """The value at a dotted path, or None. An object's keys are looked up as they are, then in any letter case."""
    for key in path.split("."):
        if not isinstance(raw, Mapping):
            return None
        value = raw.get(key)
        if value is None:
            value = next((v for k, v in raw.items() if isinstance(k, str) and k.lower() == key.lower()), None)
        raw = value
    return raw


def _text(raw: Any, paths: tuple[str, ...]) -> str:
    for path in paths:
        value = _at(raw, path)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""


class Work:
    """One long work: which it is, and how it was last seen."""

    def __init__(
        self,
        sender: Sender,
        kinds: list[LongWork],
        places: Mapping[str, Any],
        raw: dict[str, Any] | None = None,
        own_model: str | None = None,
        location: str | None = None,
    ) -> None:
        self.sender = sender
        # A bare id may be that of several kinds: the one that knows it stays.
        self.kinds = kinds
        self.places = places
        self.raw: dict[str, Any] = raw or {}
        self.own_model = own_model
        # Where the server said that it lies, which may be elsewhere than its kind does.
        self.location = location
        self.over = False
        self._unknown: set[str] = set()

    @property
    def kind(self) -> LongWork:
        return self.kinds[0]

    @property
    def id(self) -> str:
        return str(self.places["id"])

    @property
    def state(self) -> str:
        state = _at(self.raw, self.kind.status)
        return str(state) if isinstance(state, (str, int, float)) else ""

    @property
    def label(self) -> str:
        state = f" ({self.state})" if self.state else ""
        return f"{self.kind.kind} {self.id}{state}"

    def model(self) -> Any:
        """What was last seen, as a model; the plain object where the revision has no such model."""
        try:
            decode = self.sender.decoder(self.own_model or self.kind.model, f"wait for {self.kind.kind}")
            return decode(encode(self.raw))  # a model changes its object: what was read of it stands in it
        except NameError:
            return self.raw

    async def run(self, pause: float, most: float, progress: ProgressCallback | None) -> Work:
        """Look until it has ended.

        Raises:
            SessionFailed: it failed or was cancelled there.
        """
        seen = bool(self.raw) and self._has_ended()
        failures = missing = 0
        while not seen:
            try:
                self.raw = await self._look()
            except NotFoundError:
                missing += 1
                if self.raw or missing > _MOST_MISSING:
                    raise
            except (ConnectError, ServerError, RateLimitedError, RequestTimeout) as error:
                failures += 1
                # A deadline that has passed stays so.
                if failures > _MOST_FAILURES or getattr(error, "limit", None) == "deadline":
                    raise
                _log.info("%s: look %d at %s failed: %s", self.sender.name, failures, self.label, error)
            else:
                failures = 0
                seen = self._has_ended()
                if progress is not None:
                    await self._report(progress)
            if not seen:
                # No longer than to the deadline above: the look after it says that it has passed.
                left = remaining()
                await asyncio.sleep(pause if left is None else max(0.0, min(pause, left)))
                pause = min(pause * _BACK_OFF, most)
        self.over = True
        await self._judge()
        return self

    async def _look(self) -> dict[str, Any]:
        if self.location is not None:
            try:
                asking = self.sender.ask(self.kind.method, self.location)
            except ValueError:
                raise nothing_to_wait_for(self.sender, f"Location {self.location[:100]!r} is no place") from None
            return self._object(await asking)
        for kind in self.kinds[:-1]:
            try:
                raw = await self._at_its_place(kind)
            except NotFoundError:
                continue
            self.kinds = [kind]
            return raw
        raw = await self._at_its_place(self.kinds[-1])
        self.kinds = self.kinds[-1:]
        return raw

    async def _at_its_place(self, kind: LongWork) -> dict[str, Any]:
        return self._object(await self.sender.ask(kind.method, self.path(kind.path)), kind.within)

    def _object(self, reply: Reply[Any], within: str = "") -> dict[str, Any]:
        raw = reply.json()
        if within and isinstance(raw, dict):
            raw = raw.get(within)
        if not isinstance(raw, dict):
            raise DecodeError(
                "the answer is not an object",
                status=reply.status,
                excerpt=reply.excerpt(),
                appliance=self.sender.name,
                operation=reply.operation,
            )
        return raw

    def path(self, template: str) -> str:
        """A path of its kind, filled in for this work.

        Raises:
            VeeamError: the answer that named it lacks what belongs there.
        """
        head, *pieces = template.split("{")
        path = [head]
        for piece in pieces:
            name, _, rest = piece.partition("}")
            # Of a bare id the work itself says the rest, once it was seen.
            value = self.sender.revision.name if name == "revision" else self.places.get(name, self.raw.get(name))
            try:
                path += [path_segment(name, value), rest]
            except (TypeError, ValueError) as error:
                raise nothing_to_wait_for(self.sender, f"a {self.kind.kind} cannot be looked at: {error}") from None
        return "".join(path)

    def _has_ended(self) -> bool:
        state = self.state.lower()
        if state in self.kind.done:
            return True
        if state in self.kind.running:
            return False
        if state not in self._unknown:
            self._unknown.add(state)
            _log.warning("%s: %s is in a state that is not known: taken for running", self.sender.name, self.label)
        # A state newer than this package; a time of its end is as good, unless it is the zero of times.
        ended = _at(self.raw, self.kind.ended) if self.kind.ended else None
        return isinstance(ended, str) and not ended.startswith("0001-")

    async def _report(self, progress: ProgressCallback) -> None:
        percent = _at(self.raw, self.kind.percent) if self.kind.percent else None
        lines = await self.log()
        awaitable = progress(
            Progress(
                percent=float(percent) if isinstance(percent, (int, float)) else None,
                state=self.state,
                last_log_line=lines[-1] if lines else None,
                session=self.model(),
            )
        )
        if inspect.isawaitable(awaitable):
            await awaitable

    async def log(self) -> list[str]:
        """The lines of its log, oldest first, as far as they can be read."""
        try:
            rows = await self.log_records()
        except VeeamError as error:
            _log.info("%s: no log of %s: %s", self.sender.name, self.label, error)
            return []
        return [line for row in rows[-_LOG_LINES:] if (line := self._line(row))]

    async def log_records(self) -> list[Any]:
        """The records of its log as the appliance gives them, oldest first; none where the product has no log.

        Raises:
            VeeamError: the log cannot be read.
        """
        if self.kind.log_path is None:
            return []
        reply = await self.sender.ask("GET", self.path(self.kind.log_path))
        rows = self._object(reply).get(self.kind.log_rows)
        return rows if isinstance(rows, list) else []

    async def look(self) -> None:
        """Read its state once.

        Raises:
            VeeamError: it cannot be read.
        """
        self.raw = await self._look()

    def _line(self, row: Any) -> str:
        if not isinstance(row, Mapping):
            return row if isinstance(row, str) else ""
        texts = [text for key in self.kind.log_line if (text := _text(row, (key,)))]
        status = _text(row, (self.kind.log_status,))
        # Only what went wrong needs the word.
        wrong = status.lower() in self.kind.failed or status.lower() in ("warning", "failed", "error")
        return f"{status}: {' - '.join(texts)}" if wrong and texts else " - ".join(texts)

    async def _judge(self) -> None:
        kind = self.kind
        verdict = _text(self.raw, kind.result)
        if kind.canceled_flag is not None and _at(self.raw, kind.canceled_flag) is True:
            verdict = verdict if verdict.lower() in kind.failed else "Canceled"
        if verdict.lower() not in kind.failed and verdict.lower() not in kind.canceled:
            return
        message = _text(self.raw, kind.message)
        raise SessionFailed(
            f"{kind.kind} {self.id} ended as {verdict}" + (f": {message}" if message else ""),
            session=self.model(),
            session_id=self.id,
            result=verdict,
            log=await self.log(),
            appliance=self.sender.name,
        )

    async def stop(self) -> None:
        """Ask the appliance to stop it; said in the log where that fails."""
        if self.kind.stop_path is None:
            return
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self.sender.ask(self.kind.stop_method, self.path(self.kind.stop_path))
        except (VeeamError, TimeoutError) as error:
            _log.warning("%s: %s could not be stopped: %s", self.sender.name, self.label, error)
