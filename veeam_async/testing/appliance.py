"""A simulated appliance: an HTTP or HTTPS server on loopback that behaves as one release of a product does."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import attrs

from .._spec import Spec, load
from .behaviour import Behaviour
from .certificates import Authority
from .faults import Faults
from .journal import Departure, Journal, Recorded
from .listener import Listener
from .product_list import product as find_product
from .responder import Responder
from .state import State
from .tokens import TokenService, User
from .versions import serve
from .world import World

PASSWORD = "simulated-Passw0rd"


class UnfiredFaultWarning(UserWarning):
    """A fault met no request: the test proved less than it meant to."""


@attrs.frozen
class _Names:
    """The names that faults of an appliance may have."""

    product: str
    documents: Sequence[str]

    def operation_ids(self) -> Iterator[str]:
        for document in self.documents:
            yield from load(self.product, document).operations

    def fields(self, pattern: str | None) -> Iterator[str]:
        for document in self.documents:
            spec = load(self.product, document)
            seen: set[str] = set()
            for operation in spec.operations.values():
                if pattern is None or fnmatchcase(operation.operation_id, pattern):
                    for response in operation.responses:
                        for schema in response.content.values():
                            yield from spec.names(schema, seen)


class SimulatedAppliance:
    """A real HTTP(S) server on loopback that knows every operation of the revisions that a release serves.

    Args:
        product: `vbr`, `aws`, `azure`, `m365`, `spc` or `one`.
        revision: the newest revision that it serves, such as `1.3-rev0`; the release's own newest where None.
        version: the release that it plays, or the beginning of one, such as `13.0.1`; where None the newest that there
            is a document of, or the one that came with `revision`.
        tls: serve HTTPS with a throw-away certificate (`ca_file`, `fingerprint`).
        seed: the same seed gives the same answers and the same world.
        port: port to listen on; 0 takes a free one, which is its own until `close`.
        validate: compare each request with the specification, answer 400 where it does not fit and say what goes
            beyond it in `departures`; costs time.
        strict: refuse what goes beyond the specification too, in place of ignoring it as servers do.
        access_lifetime: seconds that an access token is good for; None for the product's own.
        refresh_lifetime: seconds that a refresh token is good for; None for the product's own.
        name: label of the appliance, given where the product names its server.
        revisions: revisions that it serves beside those of its release.
        oldest: the oldest revision that it serves; the release's own oldest where None.
        world: the facts that it shows; one made from the seed where none is given. Several appliances may share one.
        time_scale: how much faster than the world's own pace a started session runs.
        behaviour: how it answers where real ones differ.
        host: loopback address to listen on.
        username, password: the account that `credentials` holds.
        record: keep the requests (True), count them only (False), or append each to a file, a JSON object a line.
        home: the event loop that it is to live in, where that is not the caller's; see `Background`.
        state: what it shows, shared with other appliances until something changes it; takes the place of `world`,
            `version`, `revision`, `revisions` and `oldest`.

    Attributes:
        faults: what is to go wrong; see `faults.add`.
        tokens: the OAuth server: accounts, revocation, counts of grants and of wrong passwords.
        authority: the certificate authority that is to serve several appliances; of its own where None (with `tls`).

    Raises:
        UnknownRevision: no such release, or a revision that it does not serve.

    Example:
        ```python
        async with SimulatedAppliance("vbr", version="13.0.1") as appliance:
            async with Client(appliance.url, appliance.credentials) as vbr:
                page = await vbr.jobs.get_all_jobs()
            assert appliance.count("GetAllJobs") == 1
        ```
    """

    def __init__(
        self,
        product: str = "vbr",
        revision: str | None = None,
        *,
        version: str | None = None,
        tls: bool = False,
        seed: int = 0,
        port: int = 0,
        validate: bool = True,
        strict: bool = False,
        access_lifetime: float | None = None,
        refresh_lifetime: float | None = None,
        name: str = "",
        revisions: Iterable[str] = (),
        oldest: str | None = None,
        world: World | None = None,
        time_scale: float = 60.0,
        behaviour: Behaviour | None = None,
        host: str = "127.0.0.1",
        username: str = "svc-monitor",
        password: str = PASSWORD,
        record: bool | str | Path = True,
        home: asyncio.AbstractEventLoop | None = None,
        state: State | None = None,
    ) -> None:
        self.product = find_product(product)
        self._fresh: Callable[[], State] | None = None
        if state is not None:
            shared = state
            self._fresh = lambda: shared
        else:
            served = serve(product, version, revision, revisions, oldest)
            if world is None:
                self._fresh = lambda: State(self.product, served, seed, World(seed, time_scale=time_scale))
                state = self._fresh()
            else:
                state = State(self.product, served, seed, world)
        self.served = state.served
        self.name = name or f"{product}-{seed}"
        self.host = host
        self.seed = seed
        self.tls = tls
        self.username = username
        self.password = password
        self.faults = Faults(_Names(product, list(dict.fromkeys(self.served.documents.values()))))
        self.tokens = TokenService(self.product, access_lifetime=access_lifetime, refresh_lifetime=refresh_lifetime)
        self.user = self.tokens.add(User(username, password))
        self._journal = Journal(record is not False)
        if not isinstance(record, bool):
            self._journal.write_to(record)
        self._listener = Listener(self._handle, host, port)
        self._responder = Responder(
            self.product,
            behaviour or Behaviour(),
            self.faults,
            self.tokens,
            self._journal,
            state,
            validate,
            strict,
            lambda: self.url,
            self._listener.pause,
            lambda trusted: self.change_certificate(trusted=trusted),
        )
        self.authority: Authority | None = None
        self._authority: Authority | None = None
        self._home = home

    async def _handle(self, request: Any) -> Any:
        return await self._responder.handle(request)

    # Life

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
        if kind is None:
            for fault in self.faults.unfired:
                warnings.warn(f"{self.name}: {fault} met no request", UnfiredFaultWarning, stacklevel=2)

    def _elsewhere(self) -> bool:
        return self._home is not None and asyncio.get_running_loop() is not self._home

    async def _there(self, coroutine: Coroutine[Any, Any, None]) -> None:
        assert self._home is not None
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self._home))

    async def start(self) -> None:
        """Listen; after `stop` again on the same port."""
        if self._elsewhere():
            return await self._there(self.start())
        context: ssl.SSLContext | None = None
        if self.tls:
            if self._authority is None:
                self._authority = self.authority or Authority()
            context = self._authority.context
        await self._listener.start(context)

    async def stop(self) -> None:
        """Stop listening and close every connection: to clients the appliance is down. Its port stays its own."""
        if self._elsewhere():
            return await self._there(self.stop())
        await self._listener.stop()

    async def close(self) -> None:
        """Stop for good."""
        if self._elsewhere():
            return await self._there(self.close())
        await self._listener.close()
        self._journal.close()
        if self._authority is not None and self._authority is not self.authority:
            self._authority.close()
        self._authority = None

    # What a test reads

    @property
    def port(self) -> int:
        """The port that it listens on; 0 before the first start where none was asked for."""
        return self._listener.port

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
        from veeam_async import Password

        return Password(self.username, self.password)

    @property
    def behaviour(self) -> Behaviour:
        """How it answers where real ones differ; change it at any time."""
        return self._responder.behaviour

    @property
    def world(self) -> World:
        """The facts that it shows, its own to change."""
        self._responder.own_state()
        return self._responder.state.world

    @property
    def version(self) -> str:
        """The release that it plays, such as `13.0.1`."""
        return self.served.release.version

    @property
    def revision(self) -> str:
        """The newest revision that it serves."""
        return self.served.newest

    @property
    def revisions(self) -> list[str]:
        """All revisions that it serves, the newest first."""
        return list(self.served.documents)

    @property
    def documents(self) -> Mapping[str, str]:
        """Each revision that it serves, and the revision whose document answers it: the nearest one that there is."""
        return self.served.documents

    @property
    def spec(self) -> Spec:
        """The newest revision's specification."""
        return load(self.product.name, self.served.documents[self.revision])

    @property
    def requests(self) -> deque[Recorded]:
        """The requests that came, the newest last."""
        return self._journal.requests

    @property
    def departures(self) -> deque[Departure]:
        """What clients sent beyond the specification; real servers ignore it, and so did the appliance."""
        return self._journal.departures

    @property
    def errors(self) -> list[BaseException]:
        """Exceptions inside the appliance itself; anything here is a defect of the simulation."""
        return self._journal.errors

    @property
    def counts(self) -> Mapping[str, int]:
        """How many requests there were for each operationId."""
        return self._journal.counts

    def count(self, operation_id: str) -> int:
        """How many requests there were for one operation; `login` for the token endpoint."""
        return self._journal.logins if operation_id == "login" else self._journal.counts[operation_id]

    def forget(self) -> None:
        """Forget all requests, counts and departures."""
        self._journal.clear()

    def reset(self) -> None:
        """Forget all requests, end all faults and make the world anew; a world that was handed in stays as it is."""
        self._journal.clear()
        self.faults.clear()
        if self._fresh is not None:
            self._responder.state = self._fresh()

    def add_user(self, name: str, password: str = PASSWORD, **options: Any) -> User:
        """Add an account; see `User` for the options (role, forbidden, totp_secret, recovery_codes, saml)."""
        return self.tokens.add(User(name, password, **options))

    def change_certificate(self, *, trusted: bool = True) -> None:
        """Serve another certificate to new connections: of the same authority, or of one that nobody trusts."""
        if trusted:
            self._certificates.renew()
        else:
            self._certificates.replace()
