"""What happens to a request: it is found, checked, answered from the world, and written, as the faults allow."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote

import attrs
import orjson
from aiohttp import web

from .._spec import Schema, SpecOperation
from .behaviour import Behaviour
from .documents import document_of
from .faults import Fault, Faults
from .handlers import Answer, Call, Handlers
from .journal import Departure, Journal, Recorded, body_of
from .logins import login_fields
from .paging import ORIGIN
from .products import Problem, Product, Refused
from .state import State
from .store import written
from .tokens import TokenService, User

_JSON = "application/json"
_ORIGIN = ORIGIN.encode()
_MOST_BODY = 64 * 1024 * 1024

Pause = Callable[[float], Any]


class _Cut(Exception):
    """The connection is to end without an answer."""


@attrs.frozen
class _Found:
    """What a request is about: the revision that answers, its operation (None where there is none), and the path."""

    revision: str
    handlers: Handlers
    operation: SpecOperation | None
    values: Mapping[str, str]
    allowed: tuple[str, ...]
    path: str
    served: bool
    login: bool

    @property
    def operation_id(self) -> str:
        return self.operation.operation_id if self.operation else ""


@attrs.define(eq=False)
class Responder:
    """Answers the requests of one appliance.

    Attributes:
        product, behaviour, faults, tokens, journal: of the appliance.
        state: what it shows; forked before something changes it while it is shared.
        check: compare each request with its document.
        strict: refuse what goes beyond the document, in place of ignoring it.
        origin: gives the appliance's own origin, for links.
        pause: waits; gives False where the server stopped meanwhile.
        change_certificate: serves another certificate from now on.
    """

    product: Product
    behaviour: Behaviour
    faults: Faults
    tokens: TokenService
    journal: Journal
    state: State
    check: bool
    strict: bool
    origin: Callable[[], str]
    pause: Pause
    change_certificate: Callable[[bool], None]
    _dead: set[str] = attrs.field(init=False, factory=set)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        at = time.monotonic()
        path = request.rel_url.raw_path
        document = document_of(self.state.served.documents, self.state.handlers, request.method, path)
        if document is not None:
            return web.Response(body=document.body, content_type=document.media, charset="utf-8")
        found = self._find(request, path)
        self.journal.counts[found.operation_id] += 1
        self.journal.logins += found.login
        faults = self.faults.take(found.operation_id, found.login, request.method, path) if len(self.faults) else []
        body = b""
        status = 0
        try:
            await self._begin(faults)
            body = await _read(request)
            answer = await self._answer(found, request, path, body, faults)
            if any(fault.cut == "after" for fault in faults):
                raise _Cut
            status = answer.status
            return await self._write(request, found, answer, faults)
        except _Cut:
            return _cut(request)
        finally:
            if self.journal.wanted:
                query = parse_qs(request.rel_url.raw_query_string, keep_blank_values=True)
                headers = {name.lower(): value for name, value in request.headers.items()}
                operation_id = found.operation_id
                kept = body_of(body)
                self.journal.add(Recorded(request.method, path, query, headers, operation_id, status, kept, at))

    async def _begin(self, faults: Sequence[Fault]) -> None:
        for fault in faults:
            if fault.delay and not await self.pause(fault.delay):
                raise _Cut
            if fault.skew is not None:
                self.tokens.skew = timedelta(seconds=fault.skew)
            if fault.tls is not None:
                self.change_certificate(fault.tls == "renew")
            if fault.cut == "before":
                raise _Cut

    def _find(self, request: web.BaseRequest, path: str) -> _Found:
        documents = self.state.served.documents
        newest = self.state.served.newest
        asked, served, looked_for = newest, True, path
        if self.product.revision_header:
            asked = request.headers.get(self.product.revision_header, "")
            if not asked and not self.product.revision_needed:
                asked = newest
            served = asked in documents
        elif self.product.revision_path is not None:
            match = self.product.revision_path.match(path)
            if match is not None:
                asked = self._named(match[1])
                served = asked in documents
                document = documents.get(asked, asked)
                part = document if document.startswith("v") else f"v{document}"
                looked_for = path[: match.start(1)] + part + path[match.end(1) :]
        revision = asked if served else newest
        handlers = self.state.handlers(documents[revision])
        operation, values, allowed = handlers.spec.find(request.method, looked_for)
        login = request.method == "POST" and looked_for.rstrip("/") == self.product.login_path(documents[revision])
        return _Found(revision, handlers, operation, values, allowed, looked_for, served, login)

    def _named(self, text: str) -> str:
        """The revision that a part of a path stands for: some products' revisions have no `v` of their own."""
        documents = self.state.served.documents
        return next((name for name in documents if text.lower() in (name, f"v{name}")), text)

    async def _answer(
        self, found: _Found, request: web.BaseRequest, path: str, body: bytes, faults: Sequence[Fault]
    ) -> Answer:
        ahead = next((fault for fault in faults if fault.status is not None and not fault.carried_out), None)
        if ahead is not None:
            return self._failed(ahead)
        try:
            answer = await self._carried_out(found, request, path, body, faults)
        except Refused as refused:
            answer = self._refusal(found.login, refused)
        except Exception as error:
            self.journal.errors.append(error)
            raise
        behind = next((fault for fault in faults if fault.status is not None), None)
        return answer if behind is None else self._failed(behind)

    async def _carried_out(
        self, found: _Found, request: web.BaseRequest, path: str, body: bytes, faults: Sequence[Fault]
    ) -> Answer:
        operation = found.operation
        if operation is None:
            if not found.served and self.product.revision_path is not None:
                raise Refused(Problem(self.product.wrong_path, f"There is no resource {path}."))
            if found.allowed:
                raise Refused(Problem(405, f"{request.method} is not allowed here."))
            raise Refused(Problem(404, f"There is no resource {path}."))
        if not found.served:
            raise Refused(self._wrong_revision(request.headers.get(self.product.revision_header, "")))
        if found.login:
            form = login_fields(body, request.content_type, request.headers, self.product.mfa_header)
            answer = Answer(200, self.tokens.answer(form))
            if any(fault.dead_token for fault in faults):
                self._dead.add(answer.payload["access_token"])
            return answer
        if any(fault.reject_token for fault in faults):
            raise Refused(Problem(401, "The access token is not known."))
        user = self._user(operation, request)
        handlers = found.handlers
        reads = request.method == "GET" and not self.behaviour.asynchronous
        if self.state.shared and not reads and not self._ends_login(operation, handlers):
            self.own_state()
            handlers = self.state.handlers(handlers.spec.revision)
        call = self._call(operation, found, request, body, user)
        if request.method == "GET" and not faults:
            answer = handlers.cached(call, request.rel_url.raw_query_string)
        else:
            answer = handlers.answer(call)
        if (
            self.behaviour.seconds_per_row
            and answer.rows
            and not await self.pause(answer.rows * self.behaviour.seconds_per_row)
        ):
            raise _Cut
        return answer

    def _ends_login(self, operation: SpecOperation, handlers: Handlers) -> bool:
        return (operation.method, operation.path) == self.product.logout_call(handlers.spec.revision)

    def own_state(self) -> None:
        """Stop sharing the state with other appliances."""
        if self.state.shared:
            self.state = self.state.fork()

    def _call(
        self, operation: SpecOperation, found: _Found, request: web.BaseRequest, body: bytes, user: User | None
    ) -> Call:
        query: dict[str, list[str]] = {}
        if raw_query := request.rel_url.raw_query_string:
            for name, value in parse_qsl(raw_query, keep_blank_values=True):
                if name in operation.queries:
                    query.setdefault(name, []).append(value)
        if self.check:
            self._check(found, operation, raw_query, request, body)
        content_type = request.content_type if body else ""
        document: Any = None
        if body and (content_type == _JSON or content_type.endswith("+json")):
            try:
                document = orjson.loads(body)
            except orjson.JSONDecodeError as error:
                raise Refused(Problem(400, f"The body is no JSON: {error}.")) from None
        values = {name: unquote(value) for name, value in found.values.items()} if found.values else found.values
        return Call(
            host=self,
            operation=operation,
            values=values,
            query=query,
            accept=request.headers.get("Accept", "*/*"),
            path="".join(f"/{written(part, values)}" for part in operation.segments) if values else found.path,
            body=document,
            raw=body,
            user=user,
            token=_bearer(request),
        )

    def _check(
        self, found: _Found, operation: SpecOperation, query: str, request: web.BaseRequest, body: bytes
    ) -> None:
        # Only here: JSON Schema takes longest to load, and a fleet of appliances does without.
        from .checking import Checker

        findings = Checker.of(found.handlers.spec).check(operation, found.values, query, request.headers, body)
        for where, texts in findings.departures.items():
            departure = Departure(request.method, found.path, operation.operation_id, where, texts[0])
            self.journal.departures.append(departure)
        problems = findings.departures | findings.problems if self.strict else findings.problems
        if not problems:
            return
        text = "; ".join(f"{where}: {', '.join(texts)}" for where, texts in problems.items())
        status = 415 if findings.media and self.product.name == "azure" else 400
        raise Refused(Problem(status, f"The request does not fit {operation.operation_id}: {text}", fields=problems))

    def _wrong_revision(self, asked: str) -> Problem:
        match self.behaviour.revision_error:
            case "list":
                return self.product.wrong_revision(asked, list(self.state.served.documents))
            case "not_implemented":
                return Problem(400, "The requested version is not implemented.", "NotImplemented")
            case _:
                return Problem(500, "An unexpected error occurred.", "UnknownError")

    def _user(self, operation: SpecOperation, request: web.BaseRequest) -> User | None:
        token = _bearer(request)
        if not operation.secured:
            return None
        user = self.tokens.check(token, cookies=bool(request.headers.get("Cookie")), method=request.method)
        if token in self._dead or operation.operation_id in user.forbidden or "*" in user.forbidden:
            raise Refused(Problem(403, "The account is not allowed to do this."))
        return user

    def _refusal(self, login: bool, refused: Refused) -> Answer:
        problem = refused.problem
        headers = {} if refused.retry_after is None else {"Retry-After": str(max(int(refused.retry_after), 1))}
        if login and self.behaviour.login_error == "oauth":
            return Answer(400, {"error": refused.oauth, "error_description": problem.message}, headers=headers)
        if problem.status == 401 and not login:
            shape = self.behaviour.unauthorized or self.product.dead_token
            if shape == "empty":
                return Answer(401, headers=headers)
            if shape == "string":
                return Answer(401, problem.message, headers=headers)
        return Answer(problem.status, self.product.problem(problem), media=self.product.problem_type, headers=headers)

    def _failed(self, fault: Fault) -> Answer:
        status = self.product.server_error if fault.status == 500 else fault.status
        problem = Problem(status or self.product.server_error, fault.message, fault.code)
        if fault.status is not None and fault.status < 300:
            return Answer(fault.status)
        return Answer(problem.status, self.product.problem(problem), media=self.product.problem_type)

    # Answers

    async def _write(
        self, request: web.BaseRequest, found: _Found, answer: Answer, faults: Sequence[Fault]
    ) -> web.StreamResponse:
        headers = {**self.product.headers, **answer.headers}
        body = answer.raw
        if body is None:
            payload = answer.payload
            if faults and any(fault.change or fault.mutate for fault in faults):
                payload = copy.deepcopy(payload)
                for fault in faults:
                    payload = fault.alter(payload, found.handlers.spec, _schema(found.operation, answer))
            body = b"" if payload is None else orjson.dumps(payload)
        if self.product.links:
            body = body.replace(_ORIGIN, self.origin().encode())
            if "Location" in headers:
                headers["Location"] = headers["Location"].replace(ORIGIN, self.origin())
        if self.tokens.skew:
            headers["Date"] = self.tokens.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
        if body:
            headers["Content-Type"] = _content_type(answer.media)
        if not faults:
            return web.Response(body=body or None, status=answer.status, headers=headers)
        for fault in faults:
            replaced = fault.payload()
            if replaced is not None:
                body = replaced
                if fault.html:
                    headers["Content-Type"] = _content_type("text/html")
                elif body:
                    headers.setdefault("Content-Type", _content_type(answer.media))
            if fault.content_type:
                headers["Content-Type"] = fault.content_type
            headers.update(fault.headers)
            if fault.retry_after is not None:
                headers["Retry-After"] = str(fault.retry_after)
            if fault.truncate is not None:
                body = body[: fault.truncate]
        if any(fault.drip or fault.cut == "body" for fault in faults):
            return await self._trickle(request, answer.status, body, headers, faults)
        return web.Response(body=body or None, status=answer.status, headers=headers)

    async def _trickle(
        self, request: web.BaseRequest, status: int, body: bytes, headers: dict[str, str], faults: Sequence[Fault]
    ) -> web.StreamResponse:
        response = web.StreamResponse(status=status, headers=headers)
        response.content_length = len(body)
        await response.prepare(request)
        cut = any(fault.cut == "body" for fault in faults)
        drip = max(fault.drip for fault in faults)
        end = len(body) // 2 if cut else len(body)
        steps = 10 if drip else 1
        size = max(end // steps, 1)
        for start in range(0, end, size):
            if drip and not await self.pause(drip / steps):
                raise _Cut
            await response.write(body[start : min(start + size, end)])
        if cut:
            raise _Cut
        await response.write_eof()
        return response


async def _read(request: web.BaseRequest) -> bytes:
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


def _cut(request: web.BaseRequest) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _content_type(media: str) -> str:
    return f"{media}; charset=utf-8" if media.endswith("json") or media.startswith("text/") else media


def _bearer(request: web.BaseRequest) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _schema(operation: SpecOperation | None, answer: Answer) -> Schema | None:
    for response in operation.responses if operation else ():
        if response.status == answer.status:
            return response.content.get(_JSON)
    return None
