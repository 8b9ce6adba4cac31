"""A simulated appliance: an HTTP or HTTPS server on loopback that behaves as one product's revision does."""

from __future__ import annotations

import asyncio
import copy
import ssl
import time
from collections import Counter, deque
from collections.abc import Coroutine, Mapping, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qs, parse_qsl, unquote

import attrs
import orjson
from aiohttp import web

from .certificates import Authority
from .faults import Fault, Faults
from .handlers import ORIGIN, Answer, Call, Handlers
from .products import Problem
from .products import product as find_product
from .spec import Schema, Spec, SpecOperation
from .state import State
from .tokens import Refused, TokenService, User
from .world import World

PASSWORD = "simulated-Passw0rd"
_JSON = "application/json"
_ORIGIN = ORIGIN.encode()
_MOST_REQUESTS = 20_000
_MOST_BODY = 64 * 1024 * 1024


@attrs.define(kw_only=True)
class Behaviour:
    """How an appliance answers where real ones differ from each other; change it at any time.

    Attributes:
        revision_error: what a wrong or missing x-api-version is answered with: 400 and the `list` of supported
            revisions, 400 `not_implemented`, or 500 `server_error`.
        unauthorized: a 401's body: in the `product`'s shape, `empty`, or a bare JSON `string`.
        login_error: a refused login's body: in the `product`'s shape or in that of `oauth`.
        unknown_ids: an id that no list shows gives 404 (`not_found`) or a made-up object (`answer`).
        default_limit: rows in a page where the request names no number.
        most_rows: rows in a page at most, whatever the request asks for; None for no bound.
        asynchronous: Azure calls that may answer 200 or 202 answer 202 and an operation to poll.
    """

    revision_error: Literal["list", "not_implemented", "server_error"] = "list"
    unauthorized: Literal["product", "empty", "string"] = "product"
    login_error: Literal["product", "oauth"] = "product"
    unknown_ids: Literal["not_found", "answer"] = "not_found"
    default_limit: int = 200
    most_rows: int | None = None
    asynchronous: bool = False


@attrs.frozen
class Recorded:
    """A request that came.

    Attributes:
        method, path: as sent; the path without its query.
        query: values by name, in the order of the request.
        headers: by name in lower case.
        operation_id: empty where the revision has no such operation.
        status: of the answer; 0 where the connection was cut instead.
        body: the bytes of the request, at most 64 KiB of them.
        at: monotonic seconds of its arrival.
    """

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str] = attrs.field(repr=False)
    operation_id: str
    status: int
    body: bytes = attrs.field(repr=False)
    at: float = attrs.field(repr=False)


class SimulatedAppliance:
    """A real HTTP(S) server on loopback that knows every operation of one revision.

    Args:
        product: `vbr`, `aws` or `azure`.
        revision: the newest revision that it speaks, such as `1.3-rev0`.
        tls: serve HTTPS with a throw-away certificate (`ca_file`, `fingerprint`).
        seed: the same seed gives the same answers and the same world.
        port: port to listen on; 0 takes a free one.
        validate: check each request against the specification and answer 400 where it does not fit; costs time.
        access_lifetime: seconds that an access token is good for; None for the product's own.
        refresh_lifetime: seconds that a refresh token is good for; None for the product's own.
        name: label of the appliance, told where the product tells its server's name.
        revisions: older revisions that it speaks too, as real appliances do.
        world: the facts that it shows; one made from the seed where none is given. Several appliances may share one.
        time_scale: how much faster than the world's own pace a started session runs.
        behaviour: how it answers where real ones differ.
        host: loopback address to listen on.
        username, password: the account that `credentials` holds.
        record: keep the requests; without it they are only counted.
        home: the event loop that it is to live in, where that is not the caller's; see `Background`.
        state: what it shows, shared with other appliances until something changes it; takes the place of `world`.

    Attributes:
        faults: what is to go wrong; see `faults.add`.
        tokens: the OAuth server: accounts, revocation, counts of grants and of wrong passwords.
        authority: the certificate authority that is to serve several appliances; of its own where None (with `tls`).
        errors: exceptions inside the appliance itself; anything here is a defect of the simulation.

    Example:
        ```python
        async with SimulatedAppliance("vbr", "1.3-rev0") as appliance:
            async with Client(appliance.url, appliance.credentials) as vbr:
                page = await vbr.jobs.get_all_jobs()
            assert appliance.count("GetAllJobs") == 1
        ```
    """

    def __init__(
        self,
        product: str = "vbr",
        revision: str = "1.3-rev0",
        *,
        tls: bool = False,
        seed: int = 0,
        port: int = 0,
        validate: bool = True,
        access_lifetime: float | None = None,
        refresh_lifetime: float | None = None,
        name: str = "",
        revisions: Sequence[str] = (),
        world: World | None = None,
        time_scale: float = 60.0,
        behaviour: Behaviour | None = None,
        host: str = "127.0.0.1",
        username: str = "svc-monitor",
        password: str = PASSWORD,
        record: bool = True,
        home: asyncio.AbstractEventLoop | None = None,
        state: State | None = None,
    ) -> None:
        self.product = find_product(product)
        self.revision = revision
        self.name = name or f"{product}-{seed}"
        self.host = host
        self.port = port
        self.seed = seed
        self.tls = tls
        self.behaviour = behaviour or Behaviour()
        self.username = username
        self.password = password
        self.faults = Faults()
        self.errors: list[BaseException] = []
        self.requests: deque[Recorded] = deque(maxlen=_MOST_REQUESTS if record else 0)
        self.counts: Counter[str] = Counter()
        self.tokens = TokenService(self.product, access_lifetime=access_lifetime, refresh_lifetime=refresh_lifetime)
        self.user = self.tokens.add(User(username, password))
        self._validate = validate
        if state is None:
            own = World(seed, time_scale=time_scale) if world is None else world
            state = State.of(self.product, (revision, *revisions), seed, own)
        self._state = state
        self._face = state.faces[revision]
        self.authority: Authority | None = None
        self._authority: Authority | None = None
        self._home = home
        self._server: web.Server | None = None
        self._listener: asyncio.Server | None = None
        self._dead: set[str] = set()

    # Life

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _elsewhere(self) -> bool:
        return self._home is not None and asyncio.get_running_loop() is not self._home

    async def _there(self, coroutine: Coroutine[Any, Any, None]) -> None:
        assert self._home is not None
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self._home))

    async def close(self) -> None:
        """Stop for good."""
        await self.stop()
        if self._authority is not None and self._authority is not self.authority:
            self._authority.close()
        self._authority = None

    async def start(self) -> None:
        """Listen; after `stop` again on the same port."""
        if self._elsewhere():
            return await self._there(self.start())
        if self._listener is not None:
            return
        context: ssl.SSLContext | None = None
        if self.tls:
            if self._authority is None:
                self._authority = self.authority or Authority()
            context = self._authority.context
        self._server = web.Server(self._handle, access_log=None, keepalive_timeout=75.0)
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._server, self.host, self.port, ssl=context, backlog=1024)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and close every connection: to clients the appliance is down."""
        if self._elsewhere():
            return await self._there(self.stop())
        listener, server = self._listener, self._server
        self._listener = self._server = None
        if listener is not None:
            listener.close()
        if server is not None:
            # Not 0: aiohttp takes that for no limit, and would wait for answers that are still delayed.
            await server.shutdown(0.01)
        if listener is not None:
            await listener.wait_closed()

    # What a test reads

    @property
    def url(self) -> str:
        """Origin of the server, such as `http://127.0.0.1:40123`."""
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"

    @property
    def ca_file(self) -> str:
        """Path of the authority's certificate (with `tls`)."""
        return self._certificates.ca_file

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate that is served now, hex (with `tls`)."""
        return self._certificates.fingerprint

    @property
    def _certificates(self) -> Authority:
        if self._authority is None:
            raise RuntimeError("the appliance was not started with tls=True")
        return self._authority

    @property
    def credentials(self) -> Any:
        """A `veeam_async.Password` for the appliance's account."""
        from veeam_async.credentials import Password

        return Password(self.username, self.password)

    @property
    def world(self) -> World:
        """The facts that it shows, its own to change."""
        self._own()
        return self._state.world

    def _own(self) -> None:
        if self._state.shared:
            self._state = self._state.fork()
            self._face = self._state.faces[self.revision]

    @property
    def spec(self) -> Spec:
        """The newest revision's specification."""
        return self._face.spec

    @property
    def revisions(self) -> list[str]:
        """All revisions that it speaks."""
        return list(self._state.faces)

    def count(self, operation_id: str) -> int:
        """How many requests there were for one operation; `login` for the token endpoint."""
        return self.counts[self.product.login if operation_id == "login" else operation_id]

    def add_user(self, name: str, password: str = PASSWORD, **options: Any) -> User:
        """Add an account; see `User` for the options (role, forbidden, totp_secret, recovery_codes, saml)."""
        return self.tokens.add(User(name, password, **options))

    def change_certificate(self, *, trusted: bool = True) -> None:
        """Serve another certificate to new connections: of the same authority, or of one that nobody trusts."""
        if trusted:
            self._certificates.renew()
        else:
            self._certificates.replace()

    # Requests

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        at = time.monotonic()
        path = request.rel_url.raw_path
        face, operation, values, allowed = self._find(request, path)
        operation_id = operation.operation_id if operation else ""
        self.counts[operation_id] += 1
        login = operation_id == self.product.login
        faults = self.faults.take(operation_id, login, request.method, path) if len(self.faults) else []
        body = b""
        status = 0
        try:
            for fault in faults:
                if fault.delay:
                    await asyncio.sleep(fault.delay)
                if fault.skew is not None:
                    self.tokens.skew = timedelta(seconds=fault.skew)
                if fault.tls is not None:
                    self.change_certificate(trusted=fault.tls == "renew")
                if fault.cut == "before":
                    return self._cut(request)
            body = await self._read(request)
            answer = await self._answer(face, operation, values, allowed, request, path, body, faults)
            if any(fault.cut == "after" for fault in faults):
                return self._cut(request)
            status = answer.status
            return await self._write(request, face, operation, answer, faults)
        finally:
            if self.requests.maxlen:
                self.requests.append(
                    Recorded(
                        request.method,
                        path,
                        parse_qs(request.rel_url.raw_query_string, keep_blank_values=True),
                        {name.lower(): value for name, value in request.headers.items()},
                        operation_id,
                        status,
                        body[:65536],
                        at,
                    )
                )

    def _find(
        self, request: web.BaseRequest, path: str
    ) -> tuple[Handlers, SpecOperation | None, dict[str, str], tuple[str, ...]]:
        face = self._face
        if self.product.version_header:
            face = self._state.faces.get(request.headers.get("x-api-version", ""), face)
        operation, values, allowed = face.spec.find(request.method, path)
        if operation is None and len(self._state.faces) > 1:
            for other in self._state.faces.values():
                found = other.spec.find(request.method, path)
                if found[0] is not None:
                    return other, *found
        return face, operation, values, allowed

    async def _read(self, request: web.BaseRequest) -> bytes:
        if not request.body_exists:
            return b""
        parts = []
        size = 0
        async for part in request.content.iter_any():
            size += len(part)
            if size > _MOST_BODY:
                raise web.HTTPRequestEntityTooLarge(_MOST_BODY, size)
            parts.append(part)
        return b"".join(parts)

    async def _answer(
        self,
        face: Handlers,
        operation: SpecOperation | None,
        values: dict[str, str],
        allowed: tuple[str, ...],
        request: web.BaseRequest,
        path: str,
        body: bytes,
        faults: Sequence[Fault],
    ) -> Answer:
        ahead = next((fault for fault in faults if fault.status is not None and not fault.carried_out), None)
        if ahead is not None:
            return self._failed(ahead)
        try:
            if operation is None:
                if allowed:
                    raise Refused(Problem(405, f"{request.method} is not allowed here."))
                raise Refused(Problem(404, f"There is no resource {path}."))
            self._check_revision(request)
            if operation.operation_id == self.product.login:
                answer = self._login(body)
                if any(fault.dead_token for fault in faults):
                    self._dead.add(answer.payload["access_token"])
            else:
                if any(fault.reject_token for fault in faults):
                    raise Refused(Problem(401, "The access token is not known."))
                user = self._user(operation, request)
                reads = request.method == "GET" and not self.behaviour.asynchronous
                if self._state.shared and not reads and operation.operation_id != self.product.logout:
                    self._own()
                    face = self._state.faces[face.spec.revision]
                call = self._call(face, operation, values, request, path, body, user)
                if request.method == "GET" and not faults:
                    answer = face.cached(call, request.rel_url.raw_query_string)
                else:
                    answer = face.answer(call)
        except Refused as refused:
            answer = self._refusal(operation, refused)
        except Exception as error:
            self.errors.append(error)
            raise
        behind = next((fault for fault in faults if fault.status is not None), None)
        return answer if behind is None else self._failed(behind)

    def _call(
        self,
        face: Handlers,
        operation: SpecOperation,
        values: dict[str, str],
        request: web.BaseRequest,
        path: str,
        body: bytes,
        user: User | None,
    ) -> Call:
        raw_query = request.rel_url.raw_query_string
        query: dict[str, list[str]] = {}
        if raw_query:
            for name, value in parse_qsl(raw_query, keep_blank_values=True):
                query.setdefault(name, []).append(value)
        if self._validate:
            # Only here: openapi-core takes longest to load, and a fleet of appliances does without.
            from .validate import Validator

            Validator.of(face.spec).check(operation, values, raw_query, request.headers, body)
        content_type = request.content_type if body else ""
        document: Any = None
        if body and (content_type == _JSON or content_type.endswith("+json")):
            try:
                document = orjson.loads(body)
            except orjson.JSONDecodeError as error:
                raise Refused(Problem(400, f"The body is no JSON: {error}.")) from None
        return Call(
            appliance=self,
            operation=operation,
            values={name: unquote(value) for name, value in values.items()} if values else values,
            query=query,
            accept=request.headers.get("Accept", "*/*"),
            path=path,
            body=document,
            raw=body,
            user=user,
            token=_bearer(request),
        )

    def _check_revision(self, request: web.BaseRequest) -> None:
        if not self.product.version_header or request.headers.get("x-api-version") in self._state.faces:
            return
        match self.behaviour.revision_error:
            case "list":
                names = ", ".join(self._state.faces)
                text = f"The x-api-version header is missing or wrong. Supported revisions: {names}."
                raise Refused(Problem(400, text))
            case "not_implemented":
                raise Refused(Problem(400, "The requested version is not implemented.", "NotImplemented"))
            case _:
                raise Refused(Problem(500, "An unexpected error occurred.", "UnknownError"))

    def _login(self, body: bytes) -> Answer:
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        return Answer(200, self.tokens.answer(form))

    def _user(self, operation: SpecOperation, request: web.BaseRequest) -> User | None:
        token = _bearer(request)
        if not operation.secured:
            return None
        user = self.tokens.check(token)
        if token in self._dead or operation.operation_id in user.forbidden or "*" in user.forbidden:
            raise Refused(Problem(403, "The account is not allowed to do this."))
        return user

    def _refusal(self, operation: SpecOperation | None, refused: Refused) -> Answer:
        problem = refused.problem
        headers = {} if refused.retry_after is None else {"Retry-After": str(max(int(refused.retry_after), 1))}
        login = operation is not None and operation.operation_id == self.product.login
        if login and self.behaviour.login_error == "oauth":
            return Answer(400, {"error": refused.oauth, "error_description": problem.message}, headers=headers)
        if problem.status == 401 and not login:
            if self.behaviour.unauthorized == "empty":
                return Answer(401, headers=headers)
            if self.behaviour.unauthorized == "string":
                return Answer(401, problem.message, headers=headers)
        return Answer(problem.status, self.product.problem(problem), media=self.product.problem_type, headers=headers)

    def _failed(self, fault: Fault) -> Answer:
        problem = Problem(fault.status or 500, fault.message, fault.code)
        if fault.status is not None and fault.status < 300:
            return Answer(fault.status)
        return Answer(problem.status, self.product.problem(problem), media=self.product.problem_type)

    # Answers

    async def _write(
        self,
        request: web.BaseRequest,
        face: Handlers,
        operation: SpecOperation | None,
        answer: Answer,
        faults: Sequence[Fault],
    ) -> web.StreamResponse:
        content_type = answer.media
        headers = dict(answer.headers)
        body = answer.raw
        if body is None:
            payload = answer.payload
            if faults and any(fault.change or fault.mutate for fault in faults):
                payload = copy.deepcopy(payload)
                for fault in faults:
                    payload = fault.alter(payload, face.spec, _schema(operation, answer))
            body = b"" if payload is None else orjson.dumps(payload)
        if self.product.links:
            body = body.replace(_ORIGIN, self.url.encode())
        if self.tokens.skew:
            headers["Date"] = self.tokens.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
        if not faults:
            if not body:
                return web.Response(status=answer.status, headers=headers)
            return web.Response(body=body, status=answer.status, content_type=content_type, headers=headers)
        for fault in faults:
            replaced = fault.payload()
            if replaced is not None:
                body = replaced
                content_type = "text/html" if fault.html else content_type
            content_type = fault.content_type or content_type
            headers.update(fault.headers)
            if fault.retry_after is not None:
                headers["Retry-After"] = str(fault.retry_after)
            if fault.truncate is not None:
                body = body[: fault.truncate]
        if any(fault.drip or fault.cut == "body" for fault in faults):
            return await self._trickle(request, answer.status, body, content_type, headers, faults)
        return web.Response(body=body or None, status=answer.status, content_type=content_type, headers=headers)

    async def _trickle(
        self,
        request: web.BaseRequest,
        status: int,
        body: bytes,
        content_type: str,
        headers: dict[str, str],
        faults: Sequence[Fault],
    ) -> web.StreamResponse:
        response = web.StreamResponse(status=status, headers=headers)
        response.content_type = content_type
        response.content_length = len(body)
        await response.prepare(request)
        cut = any(fault.cut == "body" for fault in faults)
        drip = max(fault.drip for fault in faults)
        end = len(body) // 2 if cut else len(body)
        steps = 10 if drip else 1
        size = max(end // steps, 1)
        for start in range(0, end, size):
            if drip:
                await asyncio.sleep(drip / steps)
            await response.write(body[start : min(start + size, end)])
        if cut:
            return self._cut(request)
        await response.write_eof()
        return response

    def _cut(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()


def _bearer(request: web.BaseRequest) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _schema(operation: SpecOperation | None, answer: Answer) -> Schema | None:
    for response in operation.responses if operation else ():
        if response.status == answer.status:
            return response.content.get(_JSON)
    return None
