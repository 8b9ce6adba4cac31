"""What carries out the requests of one client: from an operation and its values to a decoded answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
from yarl import URL

from ._http.answers import read_error
from ._http.origin import Origin
from ._http.token import TokenSource
from ._http.transport import Transport
from ._model import UNSET, check_body, dumps
from ._operation.call import JSON, BodyFactory, Call
from ._operation.decoding import Decoders, lenient_decoders
from ._operation.encoding import Plan, encode_form, encode_query
from ._operation.operation import Operation, Revision
from ._operation.plans import plan_of
from ._operation.reply import Reply, unchanged
from ._operation.sending import NO_OPTIONS, Options
from .errors import DecodeError, NotFoundError, UnsafeOriginError
from .profiles import Profile

if TYPE_CHECKING:
    from ._model.strictness import Tolerated
    from ._operation.stream import ByteStream
    from .errors import SessionFailed

T = TypeVar("T")

_FORM = "application/x-www-form-urlencoded"
_JSON_HEADERS = {"Content-Type": JSON}


class Session:
    """Sends the requests of one client, with one token and one set of decoders.

    Attributes:
        revision: the API revision.
        profile: what the product does by its own rules.
        name: the appliance's label.
    """

    def __init__(
        self,
        transport: Transport,
        tokens: TokenSource,
        origin: Origin,
        *,
        revision: Revision,
        profile: Profile,
        strict: bool,
        examine: bool,
        tasks: set[asyncio.Task[Any]],
        options: Options = NO_OPTIONS,
    ) -> None:
        self.revision = revision
        self.profile = profile
        self.name = transport.name
        self._transport = transport
        self._tokens = tokens
        self._origin = origin
        self._strict = strict
        self._examine = examine
        self._tasks = tasks
        self._options = options
        self._decoders = self._make_decoders(strict)
        # Most products answer at once, and an answer with a success status is one.
        self._waits = any(kind.result_path for kind in profile.long_work)

    def with_options(self, options: Options) -> Session:
        """The same session with other defaults."""
        return Session(
            self._transport,
            self._tokens,
            self._origin,
            revision=self.revision,
            profile=self.profile,
            strict=self._strict if options.strict is None else options.strict,
            examine=self._examine,
            tasks=self._tasks,
            options=options.over(self._options),
        )

    def execute(
        self, operation: Operation[T], values: Mapping[str, Any], body: Any = UNSET, options: Options = NO_OPTIONS
    ) -> Coroutine[Any, Any, T]:
        """Send a request and decode its answer."""
        plan = plan_of(operation)
        call = self._call(plan, values, body, options)
        return self._fetch(call, plan.secured, self._decode(plan, options))

    def reply(
        self, operation: Operation[T], values: Mapping[str, Any], body: Any = UNSET, options: Options = NO_OPTIONS
    ) -> Coroutine[Any, Any, Reply[T]]:
        """Send a request and give status, headers, body and the decoded value."""
        plan = plan_of(operation)
        call = self._call(plan, values, body, options)
        decode = self._decode(plan, options)
        return self._fetch(call, plan.secured, lambda reply: reply.with_value(decode(reply)))

    def fetch(
        self, operation: Operation[Any], values: Mapping[str, Any], body: Any = UNSET, options: Options = NO_OPTIONS
    ) -> Coroutine[Any, Any, Reply[None]]:
        """Send a request and leave its answer as it came."""
        plan = plan_of(operation)
        call = self._call(plan, values, body, options)
        return self._fetch(call, plan.secured, unchanged)

    def open(
        self, operation: Operation[Any], values: Mapping[str, Any], body: Any = UNSET, options: Options = NO_OPTIONS
    ) -> Coroutine[Any, Any, ByteStream]:
        """Send a request and leave the body of its answer to be read."""
        plan = plan_of(operation)
        call = self._call(plan, values, body, options)
        tokens = self._tokens if plan.secured else None
        return self._open_later(call, tokens) if self._waits else self._transport.open(call, tokens)

    def ask(self, method: str, path: str) -> Coroutine[Any, Any, Reply[None]]:
        """Send a call without a body to a path, or to a URL of this appliance."""
        return self.request(method, path)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = UNSET,
        data: bytes | Mapping[str, Any] | None = None,
        safe: bool | None = None,
    ) -> Coroutine[Any, Any, Reply[None]]:
        """Any call; see `ApplianceClient.request`."""
        method = method.upper()
        if not path.startswith("/") or path.startswith("//"):
            path = self._own_path(path)
        sent: bytes | None = None
        extra = dict(headers) if headers else {}
        if json is not UNSET:
            sent = dumps(json)
            extra.setdefault("Content-Type", JSON)
        elif isinstance(data, Mapping):
            sent = encode_form(data)
            extra.setdefault("Content-Type", _FORM)
        elif data is not None:
            sent = bytes(data)
            extra.setdefault("Content-Type", "application/octet-stream")
        text = encode_query(query)
        if text and "?" in path:
            text = "&" + text[1:]
        accept = extra.pop("Accept", JSON)
        template = path.partition("?")[0]
        call = Call(
            method,
            path + text,
            f"{method} {template}",
            template,
            method in ("GET", "HEAD") if safe is None else safe,
            accept,
            headers=extra or None,
            body=sent,
        )
        return self._fetch(self._with_options(call, NO_OPTIONS), True, unchanged)

    def decoder(self, type_expression: str, label: str, options: Options = NO_OPTIONS) -> Callable[[Any], Any]:
        """What reads parsed JSON as a type of this revision, as leniently or strictly as answers are read.

        Args:
            type_expression: as in the annotations of models: `JobModel`, `list[JobModel]`.
            label: what events call the operation.
            options: of the request.
        """
        return self._decoders_for(options).of_type(type_expression, label)

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task that ends with the client at the latest. Its error is its caller's to look at, or nobody's."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._spawned)
        return task

    def _spawned(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()

    # ------------------------------------------------------------------------------------------------------- requests

    def _call(self, plan: Plan, values: Mapping[str, Any], body: Any, options: Options) -> Call:
        path = plan.path(values)
        if path is plan.template and body is UNSET and not plan.header:
            call = plan.bare
        else:
            headers = plan.headers(values) if plan.header else None
            data: bytes | BodyFactory | None = None
            if body is not UNSET:
                data, headers = self._encode(plan.operation, body, headers)
            call = plan.call(path, headers, data)
        if options is NO_OPTIONS and self._options is NO_OPTIONS:
            return call
        return self._with_options(call, options)

    def _with_options(self, call: Call, options: Options) -> Call:
        options = options.over(self._options)
        if options is NO_OPTIONS:
            return call
        timeouts = None
        if options.timeout is not None:
            timeouts = attrs.evolve(self._transport.timeouts, total=options.timeout)
        headers = {**(call.headers or {}), **options.headers} or None
        return call._replace(timeouts=timeouts, retry=options.retry, headers=headers)

    def _encode(
        self, operation: Operation[Any], body: Any, headers: dict[str, str] | None
    ) -> tuple[bytes | BodyFactory, dict[str, str]]:
        described = operation.body
        if described is not None:
            check_body(body, described.type, self.revision.package)
        media = described.media_type if described is not None else JSON
        if media.endswith(("/json", "+json")):
            sent = {"Content-Type": media} if media != JSON else _JSON_HEADERS
            return dumps(body, request=True), sent if headers is None else {**headers, **sent}
        headers = headers or {}
        if media == _FORM:
            return encode_form(_fields(body)), {**headers, "Content-Type": _FORM}
        from .uploads import Encoder  # few clients upload

        return Encoder(body, media), headers

    def _own_path(self, url: str) -> str:
        parsed = URL(url)
        origin = self._origin
        if not parsed.host or not parsed.scheme:
            raise ValueError(f"{url!r} is neither a path from the root nor a URL")
        if (parsed.scheme, parsed.host, parsed.port) != (origin.scheme, origin.host, origin.port):
            raise UnsafeOriginError(
                f"{parsed.scheme}://{parsed.authority} is another origin: the token is for {origin}",
                appliance=self.name,
            )
        path = parsed.raw_path_qs
        return path.removeprefix(origin.prefix) if origin.prefix and path.startswith(origin.prefix + "/") else path

    # -------------------------------------------------------------------------------------------------------- answers

    def _fetch(self, call: Call, secured: bool, decode: Callable[[Reply[Any]], T]) -> Coroutine[Any, Any, T]:
        tokens = self._tokens if secured else None
        if self.profile.faults is not None:
            decode = _without_faults(decode, self.profile.faults)
        return self._fetch_later(call, tokens, decode) if self._waits else self._transport.fetch(call, tokens, decode)

    async def _fetch_later(self, call: Call, tokens: TokenSource | None, decode: Callable[[Reply[Any]], T]) -> T:
        """As `Transport.fetch`; where the answer will be at another place, it is waited for and read there."""

        def first(reply: Reply[Any]) -> T | Reply[Any]:
            return reply if _elsewhere(reply.status, reply.headers) else decode(reply)

        def second(reply: Reply[Any]) -> T:
            reply.elsewhere = True
            return decode(reply)

        answer = await self._transport.fetch(call, tokens, first)
        if not isinstance(answer, Reply) or not _elsewhere(answer.status, answer.headers):
            return answer  # type: ignore[return-value]  # a 202 with a place is the reply alone
        path, failure = await self._later(answer.headers["Location"], call)
        try:
            # The place wants a token, whether the call does or not.
            value = await self._transport.fetch(_at(call, path), self._tokens, second)
        except NotFoundError:
            if failure is None:
                raise
            raise failure from None
        if failure is not None:
            raise failure
        return value

    async def _open_later(self, call: Call, tokens: TokenSource | None) -> ByteStream:
        body: ByteStream = await self._transport.open(call, tokens)
        if not _elsewhere(body.status, body.headers):
            return body
        body.close()
        path, failure = await self._later(body.headers["Location"], call)
        if failure is not None:
            raise failure
        return await self._transport.open(_at(call, path), self._tokens)

    async def _later(self, location: str, call: Call) -> tuple[str, SessionFailed | None]:
        from .waiting import finish_elsewhere  # few servers answer so

        return await finish_elsewhere(self, location, call.label)

    def _decode(self, plan: Plan, options: Options) -> Callable[[Reply[Any]], Any]:
        return self._decoders_for(options).of(plan)

    def _decoders_for(self, options: Options) -> Decoders:
        if options.strict is None or options.strict == self._strict:
            return self._decoders
        return self._make_decoders(options.strict)

    def _make_decoders(self, strict: bool) -> Decoders:
        package = self.revision.package
        if not strict and not self._examine:
            return lenient_decoders(package)
        return Decoders(package, strict=strict, report=self._report if self._examine else None)

    def _report(self, label: str) -> Callable[[Tolerated], None]:
        def report(tolerated: Tolerated) -> None:
            if self._transport.reporter is not None:
                self._transport.reporter.tolerated(label, tolerated)

        return report


def _fields(body: Any) -> Mapping[str, Any]:
    """JSON names and values of a form model or a mapping."""
    if isinstance(body, Mapping):
        return body
    fields: Mapping[str, Any] = body.to_dict()
    return fields


def _elsewhere(status: int, headers: Mapping[str, str]) -> bool:
    """True for an answer that says where the answer will be."""
    return status == 202 and "Location" in headers


def _at(call: Call, path: str) -> Call:
    """The call that reads at another place what a call is answered."""
    headers = {name: value for name, value in (call.headers or {}).items() if name != "Content-Type"}
    return call._replace(method="GET", path=path, headers=headers or None, body=None, safe=True)


def _without_faults(decode: Callable[[Reply[Any]], T], field: str) -> Callable[[Reply[Any]], T]:
    """What decodes an answer that does not say, in spite of its status, that something went wrong."""

    def checked(reply: Reply[Any]) -> T:
        if reply.body and "json" in reply.content_type:
            try:
                data = reply.parsed = reply.json()
            except DecodeError:
                return decode(reply)
            if isinstance(data, dict) and data.get(field):
                raise read_error(reply)
        return decode(reply)

    return checked
