"""The client of one appliance: what the generated clients inherit, and all that a call goes through."""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from ._auth.login import Login
from ._auth.tokens import Tokens
from ._http.headers import own_headers, secrets_in_headers
from ._http.origin import Origin, parse_host
from ._http.pool import Pool
from ._http.streamed import StreamedReply
from ._http.token import OneToken, Token
from ._http.transport import Transport
from ._model import UNSET, check_body, decoder, dumps
from ._operation.call import JSON, BodyFactory, Call
from ._operation.media import check_media_type
from ._operation.reply import Reply
from ._redact import Hidden
from .credentials import BearerToken, Credentials, secrets_of
from .encoding import Plan, encode_form, encode_query
from .errors import DecodeError, InferredOperationWarning, NotFoundError, UnsafeOriginError, VeeamError
from .operation import Operation, Revision
from .profiles import Profile, profile
from .retry import RetryPolicy
from .timeouts import Timeouts as Timeouts
from .timeouts import deadline
from .tls import TlsPolicy

if TYPE_CHECKING:
    from ._http.proxy import Proxy
    from .connect import Negotiation
    from .events import Listener
    from .token_store import TokenStore

if TYPE_CHECKING:
    from ._auth.negotiated import Negotiation
    from ._auth.stored import StoreEntry
    from .token_store import TokenStore
    from .waiting import OnCancel, ProgressCallback

R = TypeVar("R")

_log = logging.getLogger("veeam_async.client")

# Prepared once for each operation that is used, for all clients.
_plans: dict[Operation[Any], Plan] = {}

_DEFAULT_TLS = TlsPolicy()
_DEFAULT_TIMEOUTS = Timeouts()
_DEFAULT_RETRY = RetryPolicy()
_JSON_HEADERS = {"Content-Type": JSON}
_FORM = "application/x-www-form-urlencoded"


class _Operations:
    """`operations` on a client and on its class: every operation, in the document's order."""

    def __get__(self, client: ApplianceClient | None, owner: type[ApplianceClient]) -> tuple[Operation[Any], ...]:
        package = owner.revision.package
        found = []
        for place in import_module(f"{package}.api").OPERATIONS.values():
            group, _, name = place.partition(".")
            found.append(getattr(import_module(f"{package}.api.{group}"), f"_{name.upper()}"))
        return tuple(found)


class ApplianceClient:
    """A session with one appliance, of one API revision.

        async with Client("vbr01.example.com", Password("svc-monitor", secret)) as vbr:
            ...

    It logs in at the first call, renews its token by itself, and logs out when it is left. All calls of one event loop
    may use it at once.

    Args:
        host: a name, an address, `name:port` or a whole origin (`https://vbr01:443`, `http://127.0.0.1:8080`).
        credentials: how to log in.
        port: TCP port; None for the product's own.
        tls: how the appliance's certificate is judged.
        timeouts: limits for each call, in seconds.
        retry: how calls are sent again.
        pool: connections shared with other clients; it is left open. None for connections of its own.
        token_store: where tokens outlive this client; with one, leaving does not log out.
        events: called with each event (`veeam_async.events`); must return quickly and not block.
        strict: True makes an error (`DecodeError`) of everything in an answer that departs from its document.
        examine: False leaves out the `Tolerated` events. Finding what was tolerated reads each answer as a whole, which
            takes several times as long as decoding does; without `events` nothing is examined in any case.
        max_body: bytes; a longer answer is `BodyTooLarge`, and so is one whose values would take more than four times
            as much in memory. Downloads that stream have no such limit.
        allow_http: take plain http to other machines as well.
        name: label of the appliance in errors, logs and events; None for the host.
        proxy: URL of an HTTP proxy, with credentials if it wants any.
        trust_env: take the proxy from HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
        headers: sent with every request to this origin, the login included, and nowhere else: what a gateway in front
            wants to see. Those that the package sets itself are refused. No repr and no error shows their values.
        logout: whether leaving logs out; None for: unless a token store keeps the token, or it came from elsewhere.

    Attributes:
        revision: the API revision.
        profile: the product's manners.
        name: the appliance's label.
        origin: scheme, host and port.
        base_url: the same as text.
        negotiation: what `connect` found out; None where nothing was asked.

    Raises:
        UnsafeOriginError: plain http to another machine without `allow_http`.
        InvalidAddress: `host`, `port` or `proxy` makes no address.
        ValueError, TypeError: another argument makes no sense.
    """

    revision: ClassVar[Revision]
    operations = _Operations()

    def __init__(
        self,
        host: str,
        credentials: Credentials,
        *,
        port: int | None = None,
        tls: TlsPolicy | None = None,
        timeouts: Timeouts | None = None,
        retry: RetryPolicy | None = None,
        pool: Pool | None = None,
        token_store: TokenStore | None = None,
        events: Listener | None = None,
        strict: bool = False,
        examine: bool = True,
        max_body: int = 16 * 1024 * 1024,
        allow_http: bool = False,
        name: str | None = None,
        proxy: str | None = None,
        trust_env: bool = False,
        headers: Mapping[str, str] | None = None,
        logout: bool | None = None,
    ) -> None:
        self.profile: Profile = profile(self.revision.product)
        # What repr needs, for who looks at a client that was refused.
        self.name = self.base_url = ""
        try:
            default_port = self.profile.default_port
            self.origin: Origin = parse_host(host, port=port, default_port=default_port, allow_http=allow_http)
        except VeeamError:
            host = ""  # it may hold a password, and tracebacks show variables
            raise
        self.name = name if name is not None else self.origin.host
        self.base_url = str(self.origin)
        self.negotiation: Negotiation | None = None
        self._owns_pool = pool is None
        self._pool = Pool() if pool is None else pool
        self._timeouts = timeouts if timeouts is not None else _DEFAULT_TIMEOUTS
        self._strict = strict
        # Nobody counts or refuses what is tolerated: decoders are shared by all such clients.
        self._examine = events is not None and examine
        self._lenient = not strict and not self._examine
        self._events = events
        self._closed = False
        self._log_out = logout if logout is not None else None if token_store is not None else True
        own = own_headers(headers, reserved=self.profile.revision_header)
        sent = Hidden({"User-Agent": "veeam-async", **own})
        if self.profile.revision_header is not None:
            sent[self.profile.revision_header] = self.revision.name
        way: Proxy | None = None
        if proxy or trust_env:
            from ._http.proxy import proxy_for

            way = proxy_for(self.origin, proxy, trust_env)
        self._transport = Transport(
            self.origin,
            name=self.name,
            pool=self._pool,
            tls=tls if tls is not None else _DEFAULT_TLS,
            timeouts=self._timeouts,
            retry=retry if retry is not None else _DEFAULT_RETRY,
            headers=sent,
            max_body=max_body,
            proxy=way,
            events=events,
            secrets=secrets_in_headers(own) if own else (),
        )
        self._login = Login(self._transport, self.profile, self.revision, credentials)
        self._stored: StoreEntry | None = None
        if token_store is not None and not isinstance(credentials, BearerToken):
            from ._auth.stored import StoreEntry

            self._stored = StoreEntry(token_store, self._store_key(credentials), self.name)
        self._tokens = Tokens(self._login, appliance=self.name, store=self._stored, on_renewed=self._renewed)
        self._tasks: set[asyncio.Task[Any]] = set()
        # Decoders by plan and status, for clients that count or refuse what others tolerate.
        self._decoders: dict[tuple[Plan, int], Callable[[Any], Any]] = {}

    def __repr__(self) -> str:
        return f"<{self.revision.product} {self.revision.name} client of {self.name} at {self.base_url}>"

    # ------------------------------------------------------------------------------------------------------ calls

    async def execute(self, operation: Operation[R], values: Mapping[str, Any], body: Any = UNSET) -> R:
        """Carry out an operation: what every endpoint function does.

        Args:
            operation: what to call.
            values: parameters by their Python names; UNSET and None are left out.
            body: a model, a plain dict or list, or an upload; UNSET for none.

        Returns:
            The decoded answer.

        Raises:
            ApiError: the appliance answered with an error status.
            AuthenticationError: the login was refused.
            ConnectError, RequestTimeout: there is no answer.
            DecodeError: the answer is not what it should be.
        """
        plan = _plans.get(operation)
        if plan is None:
            plan = _prepare(operation)
        path = plan.path(values)
        if path is plan.template and body is UNSET and not plan.header:
            # The same request each time: nothing of it need be made anew.
            call = plan.bare
            if call is None:
                call = plan.bare = self._make_call(plan, path)
        else:
            headers = plan.headers(values) if plan.header else None
            data: bytes | BodyFactory | None = None
            if body is not UNSET:
                data, headers = self._encode(operation, body, headers)
            call = self._make_call(plan, path, headers, data)
        tokens = self._tokens if plan.secured else None
        result: R = await self._transport.fetch(call, tokens, lambda reply: self._decode(plan, reply))
        return result

    async def send(self, operation: Operation[Any], values: Mapping[str, Any], body: Any = UNSET) -> Reply:
        """As `execute`, without decoding the answer."""
        call, tokens = self._call(operation, values, body)
        return await self._transport.fetch(call, tokens, _as_it_came)

    def decode(self, operation: Operation[R], reply: Reply) -> R:
        """What `execute` would have made of a reply."""
        return self._decode(_plans.get(operation) or _prepare(operation), reply)  # type: ignore[no-any-return]

    @asynccontextmanager
    async def stream(
        self, operation: Operation[Any], values: Mapping[str, Any], body: Any = UNSET
    ) -> AsyncIterator[StreamedReply]:
        """As `execute`, giving the open response when its headers are there: its body is read by the caller.

        Until then it is repeated like any call; afterwards the read limit and a deadline hold. Leaving closes the
        connection if the body was not read to its end.
        """
        call, tokens = self._call(operation, values, body)
        reply = await self._transport.open(call, tokens)
        try:
            yield reply
        finally:
            reply.close()

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
    ) -> Coroutine[Any, Any, Reply]:
        """Any call, described by a document or not, with the same session behind it.

        Args:
            method: GET, POST, ...
            path: from the root (`/api/v1/jobs`), or a whole URL at this appliance's origin, as links in answers are.
            query: parameters by wire name; lists are repeated, UNSET and None left out.
            headers: further headers.
            json: a body that is sent as JSON: a model, a dict, a list.
            data: a body as bytes, or a mapping that is sent as a form.
            safe: True where the call only reads, so that it may be repeated; None for: GET and HEAD do.

        Returns:
            The reply; `.json()` parses its body.

        Raises:
            UnsafeOriginError: `path` is at another origin.
            VeeamError: as `execute`.
        """
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
            accept,
            safe=method in ("GET", "HEAD") if safe is None else safe,
            headers=extra or None,
            body=sent,
        )
        return self._transport.fetch(call, self._tokens, _as_it_came)

    def _own_path(self, url: str) -> str:
        from yarl import URL

        parsed = URL(url)
        origin = self.origin
        if not parsed.host or not parsed.scheme:
            raise ValueError(f"{url!r} is neither a path from the root nor a URL")
        if (parsed.scheme, parsed.host, parsed.port) != (origin.scheme, origin.host, origin.port):
            raise UnsafeOriginError(
                f"{parsed.scheme}://{parsed.authority} is another origin: the token is for {origin}",
                appliance=self.name,
            )
        return parsed.raw_path_qs

    async def call(self, operation_id: str, *, body: Any = UNSET, **parameters: Any) -> Any:
        """Call an operation by the vendor's operationId.

        Args:
            operation_id: as the document spells it.
            body: a model, a plain dict or list, or an upload.
            **parameters: path and query parameters by their Python names.

        Returns:
            What the typed function gives.

        Raises:
            ValueError: this revision has no such operation.
            TypeError: a parameter is missing, or it has no such parameter.
        """
        package = self.revision.package
        place = import_module(f"{package}.api").OPERATIONS.get(operation_id)
        if place is None:
            raise ValueError(f"{self.revision.product} {self.revision.name} has no operation {operation_id!r}")
        group, _, name = place.partition(".")
        function = getattr(import_module(f"{package}.api.{group}"), name)
        if body is not UNSET:
            parameters["body"] = body
        return await function(self, **parameters)

    async def wait(
        self,
        answer_or_id: Any,
        *,
        timeout: float | None = None,
        interval: float | tuple[float, float] = (1.0, 15.0),
        progress: ProgressCallback | None = None,
        on_cancel: OnCancel = "leave",
    ) -> Any:
        """Wait until long work on the appliance has ended; see `veeam_async.wait`."""
        from .waiting import wait

        return await wait(
            self, answer_or_id, timeout=timeout, interval=interval, progress=progress, on_cancel=on_cancel
        )

    def _call(self, operation: Operation[Any], values: Mapping[str, Any], body: Any) -> tuple[Call, Tokens | None]:
        plan = _plans.get(operation)
        if plan is None:
            plan = _prepare(operation)
        headers = plan.headers(values) if plan.header else None
        data: bytes | BodyFactory | None = None
        if body is not UNSET:
            data, headers = self._encode(operation, body, headers)
        return self._make_call(plan, plan.path(values), headers, data), self._tokens if plan.secured else None

    def _make_call(
        self,
        plan: Plan,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | BodyFactory | None = None,
    ) -> Call:
        operation = plan.operation
        return Call(
            plan.method,
            path,
            plan.label,
            operation.path,
            plan.accept,
            safe=operation.safe,
            headers=headers,
            body=body,
            media_types=plan.media_types,
        )

    # -------------------------------------------------------------------------------------------- bodies and answers

    def _encode(
        self, operation: Operation[Any], body: Any, headers: dict[str, str] | None
    ) -> tuple[bytes | BodyFactory, dict[str, str]]:
        described = operation.body
        if described is not None:
            check_body(body, described.type, self.revision.package)
        media = described.media_type if described is not None else JSON
        if media.endswith("json"):
            return dumps(body, request=True), _JSON_HEADERS if headers is None else {**headers, **_JSON_HEADERS}
        headers = headers or {}
        if media == _FORM:
            return encode_form(_fields(body)), {**headers, "Content-Type": _FORM}
        from .streaming import Encoder

        return Encoder(body, media), headers

    def _decode(self, plan: Plan, reply: Reply) -> Any:
        status = reply.status
        decode = plan.answers.get(status) if self._lenient else None
        if decode is None:
            decode = self._decoder(plan, status)
        return decode(reply)

    def _decoder(self, plan: Plan, status: int) -> Callable[[Reply], Any]:
        """What reads an answer with this status: made at its first sight."""
        known = self._decoders.get((plan, status))
        if known is not None:
            return known
        made = self._make_decoder(plan, status)
        if self._lenient:
            plan.answers[status] = made
        else:
            self._decoders[plan, status] = made
        return made

    def _make_decoder(self, plan: Plan, status: int) -> Callable[[Reply], Any]:
        answers = plan.operation.answers
        answer = answers.get(status)
        if answer is None and status != 204:
            # Servers answer 200 for 201 and the like; what a body then holds is what was due.
            answer = next((one for one in answers.values() if one.type), None)
        if answer is None or not answer.type:
            return _nothing
        if answer.type == "bytes":
            return _bytes
        if answer.type == "str" and not any("json" in media for media in answer.media_types):
            return _text
        decode = self.decoder(answer.type, plan.label)

        def decode_json(reply: Reply) -> Any:
            data = reply.json()
            # Success without a body is normal, whatever the document says.
            return decode(data) if data is not None else None

        return decode_json

    def decoder(self, type_expression: str, label: str) -> Callable[[Any], Any]:
        """What reads parsed JSON as a type of this revision, as leniently or strictly as this client reads answers.

        Args:
            type_expression: as in the annotations of models: `JobModel`, `list[JobModel]`.
            label: what events call the operation.
        """
        hook = self._tolerated(label) if self._examine else None
        return decoder(type_expression, self.revision.package, strict=self._strict, on_tolerated=hook)

    def _tolerated(self, label: str) -> Callable[[Any], None]:
        from .events import Tolerated

        def tell(what: Any) -> None:
            model = what.model if isinstance(what.model, str) else getattr(what.model, "__name__", str(what.model))
            if self._transport.teller is not None:
                self._transport.teller.tell(Tolerated(self.name, label, model, what.field, what.kind, what.value))

        return tell

    # ---------------------------------------------------------------------------------------------------- the session

    @property
    def login_credentials(self) -> Credentials:
        """How it logs in. Setting others makes the next call log in with them, at once."""
        return self._login.credentials

    @login_credentials.setter
    def login_credentials(self, credentials: Credentials) -> None:
        self._login.credentials = credentials
        if self._stored is not None:
            self._stored.key = self._store_key(credentials)
        self._tokens.forget_refusal()
        self._tokens.drop()

    def forget_refusal(self) -> None:
        """Let the next call log in again at once, where a login was refused a short time ago."""
        self._tokens.forget_refusal()

    def _store_key(self, credentials: Credentials) -> str:
        """Where the store keeps the token: by appliance and user, or by a hash where the credentials name no user."""
        user = getattr(credentials, "username", None)
        if not user:
            hashed = sha256("\n".join(secrets_of(credentials)).encode()).hexdigest()
            user = f"{type(credentials).__name__} {hashed[:32]}"
        return f"{self.revision.product} {self.base_url} {user}"

    @property
    def token(self) -> Token | None:
        """The token in use, with its refresh token; None before the first call. Its repr shows no secret."""
        return self._tokens.current

    async def login(self, *, force: bool = False) -> Token:
        """Log in now rather than at the first call.

        Args:
            force: log in even where a token is there, and where a login was refused a short time ago.

        Raises:
            AuthenticationError: the appliance refuses the credentials.
            MfaRequired: it asks for a second factor that the credentials do not have.
        """
        if force:
            self._tokens.forget_refusal()
            return await self._tokens.login()
        return await self._tokens.obtain()

    async def logout(self) -> None:
        """Log out, if there is a token. The next call logs in again.

        Raises:
            VeeamError: the appliance could not be told; the token is forgotten nevertheless.
        """
        token = self._tokens.current
        self._tokens.drop()
        if self._stored is not None:
            await self._stored.delete()
        if token is None or token.left() <= 0:
            return
        method, path = self.profile.logout
        call = Call(method, path, f"{method} {path}", path, safe=False)
        await self._transport.fetch(call, OneToken(token), _as_it_came)

    async def authorization_code(self) -> str:
        """Ask for a code with which another session can log in once: `AuthorizationCode(code)`, within 60 seconds.

        Raises:
            VeeamError: this product has no call for it.
        """
        paths = self.profile.code_paths
        if not paths:
            raise VeeamError(f"{self.profile.title} has no call for an authorization code", appliance=self.name)
        reply: Reply | None = None
        for path in paths:
            try:
                reply = await self.request("POST", path)
                break
            except NotFoundError:
                if path == paths[-1]:
                    raise
        assert reply is not None
        data = reply.json()
        code = data.get(self.profile.code_field) if isinstance(data, dict) else None
        if not isinstance(code, str):
            raise DecodeError(
                "the answer has no code", status=reply.status, appliance=self.name, operation=reply.operation
            )
        return code

    async def sign_on_url(self, username: str | None = None) -> str:
        """Where a user signs on at the identity provider, to get a SAML response (aws). No login is needed."""
        return await self._login.sign_on_url(username)

    def spawn(self, work: Coroutine[Any, Any, R]) -> asyncio.Task[R]:
        """A task that ends with this client at the latest. Its error is its caller's to look at, or nobody's."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._spawned)
        return task

    def _spawned(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()

    def _renewed(self, token: Token, elapsed: float) -> None:
        if self._transport.teller is not None:
            self._transport.teller.renewed(token, elapsed)

    async def aclose(self) -> None:
        """Log out as far as that is possible in `timeouts.logout` seconds, end all tasks, close all connections.

        A client that is left need not be closed. Closing twice is allowed.
        """
        if self._closed:
            return
        self._closed = True
        for task in self._tasks:
            task.cancel()
        try:
            if self._tasks:
                await asyncio.wait(self._tasks)
            await self._tokens.aclose()
            ours = not isinstance(self.login_credentials, BearerToken)
            # What the store could not keep serves nobody after this.
            wanted = self._log_out if self._log_out is not None else self._stored is not None and self._stored.unsaved
            if wanted and ours and self._tokens.current is not None:
                try:
                    with deadline(self._timeouts.logout):
                        await self.logout()
                except (VeeamError, OSError) as error:
                    _log.info("%s: not logged out: %s", self.name, error)
        finally:
            if self._owns_pool:
                await self._pool.aclose()

    def adopt_pool(self) -> None:
        """Close the pool together with this client."""
        self._owns_pool = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _fields(body: Any) -> Mapping[str, Any]:
    """Wire names and values of a form model or a mapping."""
    if isinstance(body, Mapping):
        return body
    fields: Mapping[str, Any] = body.to_dict()
    return fields


def _nothing(reply: Reply) -> None:
    check_media_type(reply)


def _bytes(reply: Reply) -> bytes:
    check_media_type(reply)
    return reply.body


def _text(reply: Reply) -> str:
    check_media_type(reply)
    return reply.text()


def _as_it_came(reply: Reply) -> Reply:
    return reply


def _prepare(operation: Operation[Any]) -> Plan:
    plan = Plan(operation)
    if operation.inferred:
        warnings.warn(
            f"{operation.operation_id} ({operation.method} {operation.path}) is inferred: no document evidences it",
            InferredOperationWarning,
            stacklevel=4,
        )
    if plan.secured and operation.path == profile(operation.revision.product).token_path and operation.method == "POST":
        plan.secured = False  # one document forgets to say so
    _plans[operation] = plan
    return plan
