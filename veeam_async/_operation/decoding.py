"""From an answer to the value that its operation gives."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .._model import decoder
from .._text import neutral
from .encoding import Plan
from .media import check_media_type
from .reply import Accepted, Reply

if TYPE_CHECKING:
    from .._model.strictness import Tolerated

Decode = Callable[[Reply[Any]], Any]


class Decoders:
    """The decoders of a revision's answers, made when the first answer of each kind comes.

    Args:
        package: the package of the revision.
        strict: whether departures from the document are errors.
        report: given an operation's label, what to call with each departure; None to look for none.
    """

    def __init__(
        self,
        package: str,
        *,
        strict: bool = False,
        report: Callable[[str], Callable[[Tolerated], None]] | None = None,
    ) -> None:
        self._package = package
        self._strict = strict
        self._report = report
        self._by_plan: dict[Plan, Decode] = {}

    def of(self, plan: Plan) -> Decode:
        """What decodes the answers of an operation, whatever their status."""
        decode = self._by_plan.get(plan)
        if decode is None:
            decode = self._by_plan[plan] = self._by_status(plan)
        return decode

    def of_type(self, type_expression: str, label: str) -> Callable[[Any], Any]:
        """What reads parsed JSON as a type."""
        hook = None if self._report is None else self._report(label)
        return decoder(type_expression, self._package, strict=self._strict, on_tolerated=hook)

    def _by_status(self, plan: Plan) -> Decode:
        decoders: dict[int, Decode] = {}

        def decode(reply: Reply[Any]) -> Any:
            status = reply.status
            for_status = decoders.get(status)
            if for_status is None:
                for_status = decoders[status] = self._for_status(plan, status)
            return for_status(reply)

        return decode

    def _for_status(self, plan: Plan, status: int) -> Decode:
        responses = plan.operation.responses
        response = responses.get(status)
        if response is None and status != 204:
            # Servers answer 200 for 201 and the like; what a body then holds is what was due.
            response = next((each for each in responses.values() if each.type), None)
        if response is None or not response.type:
            return _nothing
        if response.type == "bytes":
            return _bytes
        if response.type == "str" and not any("json" in media for media in response.media_types):
            return _text
        others = [member for member in response.type.split(" | ") if member != "bytes"]
        decode = self.of_type(" | ".join(others), plan.label)
        if len(others) < len(response.type.split(" | ")):
            return _file_or(decode)

        def decode_json(reply: Reply[Any]) -> Any:
            data = reply.json()
            # Success without a body is normal, whatever the document says.
            return decode(data) if data is not None else _nothing(reply)

        return decode_json


@lru_cache(maxsize=64)
def lenient_decoders(package: str) -> Decoders:
    """The decoders that all clients share that neither count nor refuse what is tolerated."""
    return Decoders(package)


def _nothing(reply: Reply[Any]) -> Accepted | None:
    check_media_type(reply)
    location = reply.headers.get("Location") if reply.status == 202 else None
    return None if location is None else Accepted(neutral(location), reply.operation)


def _bytes(reply: Reply[Any]) -> bytes:
    check_media_type(reply)
    return reply.body


def _file_or(decode: Callable[[Any], Any]) -> Decode:
    """What takes an answer that is a file, or the same as JSON, as its media type says."""

    def decode_either(reply: Reply[Any]) -> Any:
        return decode(reply.json()) if "json" in reply.content_type else _bytes(reply)

    return decode_either


def _text(reply: Reply[Any]) -> str:
    check_media_type(reply)
    return reply.text()
