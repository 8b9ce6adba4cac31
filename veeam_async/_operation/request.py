"""A request: what an endpoint function returns. Awaiting it sends it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Coroutine, Generator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from .._model import UNSET
from ..retry import RetryPolicy
from .operation import Operation
from .sending import NO_OPTIONS, Caller, Sender

if TYPE_CHECKING:
    from ..waiting import OnCancel, ProgressCallback
    from .reply import Reply

T_co = TypeVar("T_co", covariant=True)


class Request(Coroutine[Any, Any, T_co]):
    """A call of one operation, not sent yet. `await` sends it and gives its decoded answer.

    asyncio takes it for a coroutine: `create_task`, `TaskGroup.create_task`, `gather` and `wait_for` work. It is sent
    once; one that is dropped unsent warns.
    """

    __slots__ = ("_body", "_coroutine", "_operation", "_options", "_sender", "_used", "_values")

    def __init__(
        self, caller: Caller, operation: Operation[T_co], values: Mapping[str, Any], body: Any = UNSET
    ) -> None:
        self._sender: Sender = caller.sender
        self._operation = operation
        self._values = values
        self._body = body
        self._options = NO_OPTIONS
        self._coroutine: Coroutine[Any, Any, T_co] | None = None
        self._used = False

    @property
    def __name__(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        # What asyncio shows in the repr of a task.
        return f"{self._operation.group}.{self._operation.name}"

    def __repr__(self) -> str:
        state = "sent" if self._used else "not sent"
        return f"<{type(self).__name__} {self._operation.operation_id} to {self._sender.name}, {state}>"

    def options(
        self,
        *,
        timeout: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
        strict: bool | None = None,
    ) -> Self:
        """Set options for this request alone; returns the request itself.

        Args:
            timeout: seconds for the whole call, repeats included; None for the client's.
            retry: how the call is sent again; None for the client's policy.
            headers: further headers.
            strict: True makes an error of everything in the answer that departs from its document; None for the
                client's choice.

        Raises:
            ValueError: `timeout` is not above 0, or a header makes no sense.
        """
        self._options = self._options.changed(timeout=timeout, retry=retry, headers=headers, strict=strict)
        return self

    def _use(self) -> None:
        if self._used:
            name = self._operation.name
            raise RuntimeError(f"this request was sent already: call {name}(...) again for another one")
        self._used = True

    def _begin(self) -> Coroutine[Any, Any, T_co]:
        self._use()
        coroutine = self._coroutine = self._start()
        return coroutine

    def _start(self) -> Coroutine[Any, Any, T_co]:
        return self._sender.execute(self._operation, self._values, self._body, self._options)

    def __await__(self) -> Generator[Any, Any, T_co]:
        return self._begin().__await__()

    def send(self, value: Any, /) -> Any:
        return (self._coroutine or self._begin()).send(value)

    @overload
    def throw(self, kind: type[BaseException], value: object = None, trace: TracebackType | None = None, /) -> Any: ...
    @overload
    def throw(self, kind: BaseException, value: None = None, trace: TracebackType | None = None, /) -> Any: ...
    def throw(self, kind: Any, value: Any = None, trace: TracebackType | None = None, /) -> Any:
        error = kind if value is None else value
        return (self._coroutine or self._begin()).throw(error)

    def close(self) -> None:
        """End it without sending, or stop it where it is."""
        self._used = True
        if self._coroutine is not None:
            self._coroutine.close()

    def __del__(self) -> None:
        if not getattr(self, "_used", True):  # one that could not be made has nothing to send
            warnings.warn(
                f"{self._operation.group}.{self._operation.name}(...) made a request that was never awaited",
                RuntimeWarning,
                stacklevel=2,
                source=self,
            )

    @property
    def operation(self) -> Operation[Any]:
        """The operation that it calls."""
        return self._operation

    def repeatedly(self) -> Callable[[], Coroutine[Any, Any, T_co]]:
        """What sends it anew each time, for a request that only reads.

        Raises:
            ValueError: it may change something.
        """
        self._use()
        if not self._operation.safe:
            raise ValueError(f"{self._operation.operation_id} may change something: it is not sent again and again")
        return lambda: self._sender.execute(self._operation, self._values, self._body, self._options)

    def reply(self) -> Coroutine[Any, Any, Reply[T_co]]:
        """Send it and give the whole answer: `status`, `headers`, `body`, and the decoded `value`.

        Raises:
            ApiError: the appliance answered with an error status.
            VeeamError: there is no answer.
        """
        self._use()
        return self._sender.reply(self._operation, self._values, self._body, self._options)

    @overload
    def wait(
        self: Request[None],
        *,
        timeout: float | None = None,
        interval: float | tuple[float, float] = (1.0, 15.0),
        progress: ProgressCallback | None = None,
        on_cancel: OnCancel = "leave",
    ) -> Coroutine[Any, Any, Any]: ...
    @overload
    def wait(
        self,
        *,
        timeout: float | None = None,
        interval: float | tuple[float, float] = (1.0, 15.0),
        progress: ProgressCallback | None = None,
        on_cancel: OnCancel = "leave",
    ) -> Coroutine[Any, Any, T_co]: ...
    def wait(
        self,
        *,
        timeout: float | None = None,
        interval: float | tuple[float, float] = (1.0, 15.0),
        progress: ProgressCallback | None = None,
        on_cancel: OnCancel = "leave",
    ) -> Coroutine[Any, Any, Any]:
        """Send it and wait until the long work that it began has ended.

        What is waited for is named by the answer, or by its `Location` header.

        Args:
            timeout: seconds to wait at most, the call included; None for as long as it takes.
            interval: seconds between the first two looks and at most between two.
            progress: called after each look with a `Progress`; a plain function or a coroutine function.
            on_cancel: `stop` asks the appliance to stop the work when the wait is cancelled; `leave` lets it go on.

        Returns:
            The session, task or operation as it ended.

        Raises:
            SessionFailed: it failed or was cancelled on the appliance; carries the message and the log.
            RequestTimeout: `timeout` passed. The work goes on.
            VeeamError: the answer names no work to wait for.
        """
        from ..waiting import send_and_wait

        return send_and_wait(
            self._sender, self.reply(), timeout=timeout, interval=interval, progress=progress, on_cancel=on_cancel
        )
