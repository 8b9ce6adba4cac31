"""The client of one appliance: what the generated clients inherit, and all that a call goes through."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self, Unpack

from ._auth.account import Account
from ._http.building import build_transport
from ._http.origin import Origin, parse_host
from ._http.pool import Pool
from ._http.token import Token
from ._model import UNSET
from ._operation.finding import all_operations, find_operation, function_of
from ._operation.operation import Operation, Revision
from ._operation.reply import Reply
from ._operation.request import Request
from ._operation.sending import NO_OPTIONS, Api
from ._session import Session
from .credentials import Credentials
from .errors import VeeamError
from .options import ClientOptions, check_options, spelled_out
from .profiles import Profile, profile
from .retry import RetryPolicy

if TYPE_CHECKING:
    from ._auth.negotiated import Negotiation
    from .waiting import OnCancel, ProgressCallback


class _Operations:
    """`operations` on a client and on its class: every operation, in the document's order."""

    def __get__(self, client: ApplianceClient | None, owner: type[ApplianceClient]) -> tuple[Operation[Any], ...]:
        return all_operations(owner.revision)


class ApplianceClient:
    """A session with one appliance, of one API revision.

        async with Client("vbr01.example.com", Password("svc-monitor", secret)) as vbr:
            ...

    It logs in at the first call, renews its token by itself, and logs out when it is left. All calls of one event loop
    may use it at once.

    Args:
        host: a name, an address, `name:port` or a whole origin (`https://vbr01:443`, `http://127.0.0.1:8080`), with a
            path where a gateway adds one (`https://gw.example.com/veeam-7/`).
        credentials: how to log in.
        port: TCP port; None for the product's own.
        name: label of the appliance in errors, logs and events; None for the host.
        **options: `ClientOptions`, the same for `connect`, `Fleet` and `Appliance`: `tls`, `timeouts`, `retry`, `pool`,
            `token_store`, `events`, `strict`, `examine`, `max_body`, `allow_http`, `proxy`, `trust_env`, `headers`,
            `logout`.

    Attributes:
        revision: the API revision.
        profile: what is particular to the product.
        name: the appliance's label.
        origin: scheme, host and port.
        base_url: the same as text.
        negotiation: what `connect` found out; None where nothing was asked.

    Raises:
        UnsafeOriginError: plain http to another machine without `allow_http`.
        InvalidAddress: `host`, `port` or `proxy` makes no address.
        ValueError, TypeError: another argument makes no sense, or there is no such option.
    """

    revision: ClassVar[Revision]
    operations = _Operations()

    @spelled_out
    def __init__(
        self,
        host: str,
        credentials: Credentials,
        *,
        port: int | None = None,
        name: str | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        check_options(options)
        self.profile: Profile = profile(self.revision.product)
        # What repr needs, for who looks at a client that was refused.
        self.name = self.base_url = ""
        allow_http = bool(options.get("allow_http"))
        try:
            default_port = self.profile.default_port
            self.origin: Origin = parse_host(host, port=port, default_port=default_port, allow_http=allow_http)
        except VeeamError:
            host = ""  # it may hold a password, and tracebacks show variables
            raise
        self.name = name if name is not None else self.origin.host
        self.base_url = str(self.origin)
        self.negotiation: Negotiation | None = None
        pool = options.get("pool")
        self._owns_pool = pool is None
        self._pool = Pool() if pool is None else pool
        self._closed = False
        self._transport = build_transport(
            self.origin,
            name=self.name,
            pool=self._pool,
            revision=self.revision.name,
            revision_header=self.profile.revision_header,
            options=options,
        )
        self._account = Account(
            self._transport,
            self.profile,
            self.revision,
            credentials,
            origin=self.base_url,
            store=options.get("token_store"),
            logout=options.get("logout"),
        )
        self._tasks: set[asyncio.Task[Any]] = set()
        self.sender = Session(
            self._transport,
            self._account.tokens,
            self.origin,
            revision=self.revision,
            profile=self.profile,
            strict=bool(options.get("strict")),
            examine=options.get("events") is not None and options.get("examine") is not False,
            tasks=self._tasks,
        )

    def __repr__(self) -> str:
        return f"<{self.revision.product} {self.revision.name} client of {self.name} at {self.base_url}>"

    # ------------------------------------------------------------------------------------------------------ calls

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
        """Any call, described by a document or not, with the same session behind it.

        Args:
            method: GET, POST, ...
            path: from the root (`/api/v1/jobs`), or a whole URL at this appliance's origin, as links in answers are.
            query: parameters by their names in the query; lists are repeated, UNSET and None left out.
            headers: further headers.
            json: a body that is sent as JSON: a model, a dict, a list.
            data: a body as bytes, or a mapping that is sent as a form.
            safe: True where the call only reads, so that it may be repeated; None for: GET and HEAD do.

        Returns:
            The reply; `.json()` parses its body.

        Raises:
            UnsafeOriginError: `path` is at another origin.
            ApiError: the appliance answered with an error status.
            VeeamError: there is no answer.
        """
        return self.sender.request(method, path, query=query, headers=headers, json=json, data=data, safe=safe)

    def call(self, operation_id: str, *, body: Any = UNSET, **parameters: Any) -> Request[Any]:
        """A request for an operation by the vendor's operationId.

        Args:
            operation_id: as the document spells it.
            body: a model, a plain dict or list, or an upload.
            **parameters: path and query parameters by their Python names.

        Returns:
            What the typed function gives: a `Request`, `Listing` or `Download`.

        Raises:
            ValueError: this revision has no such operation; the message names those that are like it.
            TypeError: a parameter is missing, or it has no such parameter.
        """
        operation = find_operation(self.revision, operation_id)
        if body is not UNSET:
            parameters["body"] = body
        request: Request[Any] = function_of(operation)(self, **parameters)
        return request

    def wait(
        self,
        answer_or_id: Any,
        *,
        timeout: float | None = None,
        interval: float | tuple[float, float] = (1.0, 15.0),
        progress: ProgressCallback | None = None,
        on_cancel: OnCancel = "leave",
    ) -> Coroutine[Any, Any, Any]:
        """Wait until long work on the appliance has ended.

        Args:
            answer_or_id: what the call that began it answered (a session, a task, an operation, `Accepted`, anything
                with a session id in it, a list or a page of these), or the id of a session as text or UUID.
            timeout: seconds to wait for all of it, or None for as long as it takes.
            interval: seconds between the first two looks and at most between two; each pause is half as long again as
                the one before. One number for all pauses alike.
            progress: called after each look with a `Progress`. The log costs one more request for each.
            on_cancel: `stop` asks the appliance to stop the work when the wait is cancelled, and then lets the
                cancellation through; `leave` lets the work go on.

        Returns:
            The session, task or operation as it ended: a model. A list of them where the answer holds several.

        Raises:
            SessionFailed: it failed or was cancelled on the appliance; carries the message and the log. Of several the
                first one, after all have ended.
            RequestTimeout: `timeout` passed. The work goes on.
            VeeamError: the answer names no work to wait for.
            ValueError: an argument is none of what it can be, or `stop` is asked for work that cannot be stopped.
        """
        from .waiting import wait

        return wait(
            self.sender, answer_or_id, timeout=timeout, interval=interval, progress=progress, on_cancel=on_cancel
        )

    def wait_until_gone(
        self,
        request: Request[Any],
        *,
        timeout: float | None = None,
        interval: float | tuple[float, float] = (1.0, 15.0),
    ) -> Coroutine[Any, Any, None]:
        """Wait until what a request asks for is not there any more: it is sent again until the answer is 404.

        Deleting is often over before the thing is gone: `await vbr.wait_until_gone(vbr.jobs.get_job(id))`.

        Args:
            request: one that only reads.
            timeout: seconds to wait at most, or None for as long as it takes.
            interval: seconds between the first two looks and at most between two.

        Raises:
            RequestTimeout: `timeout` passed, and it is still there.
            ApiError: the appliance answered with another error.
            ValueError: the request may change something.
        """
        from .waiting import wait_until_gone

        return wait_until_gone(
            self.sender, request.repeatedly(), request.operation.operation_id, timeout=timeout, interval=interval
        )

    def with_options(
        self,
        *,
        timeout: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
        strict: bool | None = None,
    ) -> Self:
        """The same session with other defaults. Closing it closes nothing: the session is this client's.

        Args:
            timeout: seconds for a whole call, repeats included; None for as it is.
            retry: how calls are sent again; None for as it is.
            headers: headers of every request.
            strict: True makes an error of everything that departs from the document; None for as it is.

        Raises:
            ValueError: `timeout` is not above 0, or a header makes no sense.
        """
        options = NO_OPTIONS.changed(timeout=timeout, retry=retry, headers=headers, strict=strict)
        derived = object.__new__(type(self))
        # Groups that were used hold on to the session's own options.
        own = {name: value for name, value in vars(self).items() if not isinstance(value, Api)}
        vars(derived).update(own, sender=self.sender.with_options(options), _closed=True)
        return derived

    # ---------------------------------------------------------------------------------------------------- the session

    @property
    def login_credentials(self) -> Credentials:
        """How it logs in. Setting others makes the next call log in with them, at once."""
        return self._account.credentials

    @login_credentials.setter
    def login_credentials(self, credentials: Credentials) -> None:
        self._account.credentials = credentials

    def forget_refusal(self) -> None:
        """Let the next call log in again at once, where a login was refused a short time ago."""
        self._account.tokens.forget_refusal()

    @property
    def token(self) -> Token | None:
        """The token in use, with its refresh token; None before the first call. Its repr shows no secret."""
        return self._account.tokens.current

    def adopt_token(self, token: Token) -> None:
        """Use a token that the same credentials gave to another client of this appliance, which is closed."""
        self._account.adopt_token(token)

    async def login(self, *, force: bool = False) -> Token:
        """Log in now rather than at the first call.

        Args:
            force: log in even where a token is there, and where a login was refused a short time ago.

        Raises:
            AuthenticationError: the appliance refuses the credentials.
            MfaRequired: it asks for a second factor that the credentials do not have.
        """
        return await self._account.login(force=force)

    async def logout(self) -> None:
        """Log out, if there is a token. The next call logs in again.

        The Service Provider Console has no logout of one session: there it ends all tokens of the user.

        Raises:
            VeeamError: the appliance did not carry it out; the token is forgotten nevertheless.
        """
        await self._account.logout()

    async def authorization_code(self) -> str:
        """Ask for a code with which another session can log in once: `AuthorizationCode(code)`, within 60 seconds.

        Raises:
            VeeamError: this product has no call for it.
        """
        from ._auth.codes import authorization_code

        return await authorization_code(self.sender, self.profile)

    async def sign_on_url(self, username: str | None = None) -> str:
        """Where a user signs on at the identity provider, to get a SAML response (aws). No login is needed."""
        return await self._account.sign_on_url(username)

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
            await self._account.aclose()
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
