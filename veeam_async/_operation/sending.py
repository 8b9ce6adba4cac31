"""What requests need of a client: something that sends them, with options for one of them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeVar

from .._redact import Hidden
from ..retry import RetryPolicy
from .encoding import header_value
from .operation import Operation, Revision
from .reply import Reply

if TYPE_CHECKING:
    import asyncio

    from ..profiles import Profile
    from .stream import ByteStream

T = TypeVar("T")


class Options(NamedTuple):
    """What one request, or one client, does otherwise than its client.

    Attributes:
        timeout: seconds for a whole call, or None.
        retry: how a call is sent again, or None.
        headers: further headers.
        strict: whether departures from the document are errors, or None.
    """

    timeout: float | None = None
    retry: RetryPolicy | None = None
    headers: Mapping[str, str] = Hidden()
    strict: bool | None = None

    def changed(
        self,
        *,
        timeout: float | None,
        retry: RetryPolicy | None,
        headers: Mapping[str, str] | None,
        strict: bool | None,
    ) -> Options:
        """These options with those that are given.

        Raises:
            ValueError: `timeout` is not above 0, or a header makes no sense.
        """
        if timeout is not None and not 0 < timeout < float("inf"):
            raise ValueError(f"timeout is {timeout}: it must be seconds above 0")
        added = {name: header_value(value) for name, value in (headers or {}).items()}
        return Options(
            self.timeout if timeout is None else timeout,
            self.retry if retry is None else retry,
            Hidden({**self.headers, **added}),
            self.strict if strict is None else strict,
        )

    def over(self, base: Options) -> Options:
        """These options where they are set, else those of `base`."""
        if base is NO_OPTIONS:
            return self
        if self is NO_OPTIONS:
            return base
        return base.changed(timeout=self.timeout, retry=self.retry, headers=self.headers, strict=self.strict)


NO_OPTIONS: Final = Options()


class Sender(Protocol):
    """Sends the requests of one client.

    Attributes:
        name: the appliance's label.
        revision: the API revision.
        profile: what the product does by its own rules.
    """

    @property
    def name(self) -> str: ...
    @property
    def revision(self) -> Revision: ...
    @property
    def profile(self) -> Profile: ...

    def execute(
        self, operation: Operation[T], values: Mapping[str, Any], body: Any, options: Options
    ) -> Coroutine[Any, Any, T]:
        """Send a request and decode its answer."""
        ...

    def reply(
        self, operation: Operation[T], values: Mapping[str, Any], body: Any, options: Options
    ) -> Coroutine[Any, Any, Reply[T]]:
        """As `execute`, with status, headers and body."""
        ...

    def fetch(
        self, operation: Operation[Any], values: Mapping[str, Any], body: Any, options: Options
    ) -> Coroutine[Any, Any, Reply[None]]:
        """As `reply`, without decoding."""
        ...

    def open(
        self, operation: Operation[Any], values: Mapping[str, Any], body: Any, options: Options
    ) -> Coroutine[Any, Any, ByteStream]:
        """Send a request and leave the body of its answer to be read."""
        ...

    def ask(self, method: str, path: str) -> Coroutine[Any, Any, Reply[None]]:
        """Send a call without a body to a path, or to a URL of this appliance."""
        ...

    def decoder(self, type_expression: str, label: str, options: Options = NO_OPTIONS) -> Callable[[Any], Any]:
        """What reads parsed JSON as a type of this revision."""
        ...

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task that ends with the client at the latest."""
        ...


class Caller(Protocol):
    """What an endpoint function takes first: a client, or one of its groups."""

    @property
    def sender(self) -> Sender: ...


class Api:
    """The operations of one tag, bound to a client."""

    __slots__ = ("sender",)

    def __init__(self, caller: Caller) -> None:
        self.sender: Sender = caller.sender

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.sender.name}>"
