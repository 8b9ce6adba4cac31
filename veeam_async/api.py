"""How an endpoint function becomes a method: `client.jobs.get_job(id)` is `api.jobs.get_job(client, id)`, typed alike.

The generated `api` modules hold plain functions and a class for each tag whose attributes are the descriptors below.
A `ParamSpec` carries the signature of each function over, so that type checkers and editors know the bound form.
"""

from __future__ import annotations

import types
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar, overload

if TYPE_CHECKING:
    import os

    from .client import ApplianceClient
    from .paging import Items
    from .streaming import Download

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
T = TypeVar("T")
Page = TypeVar("Page")
Answered = Coroutine[Any, Any, R]


class Api:
    """The operations of one tag, bound to a client.

    Attributes:
        client: the client that the calls go through.
    """

    __slots__ = ("client",)

    def __init__(self, client: ApplianceClient) -> None:
        self.client = client

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.client!r}>"


class Method(Generic[P, R]):
    """Binds an endpoint function; on the class it gives the function itself."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[Concatenate[ApplianceClient, P], Answered[R]]) -> None:
        self.function = function

    @overload
    def __get__(self, api: None, owner: type) -> Callable[Concatenate[ApplianceClient, P], Answered[R]]: ...
    @overload
    def __get__(self, api: Api, owner: type) -> Callable[P, Answered[R]]: ...
    def __get__(self, api: Api | None, owner: type) -> Callable[..., Answered[R]]:
        if api is None:
            return self.function
        # A real bound method: as fast as one written by hand, and help() and inspect.signature() know it.
        return types.MethodType(self.function, api.client)


class BoundList(Generic[P, Q, R, T, Page]):
    """A listing bound to a client: awaited it gives one page, `items()` gives every row, `pages()` every page."""

    __slots__ = ("__wrapped__", "_items", "_page")

    def __init__(
        self,
        page: Callable[P, Answered[R]],
        items: Callable[Q, Items[T, Page]],
    ) -> None:
        # inspect.signature() and help() follow __wrapped__ to the endpoint function.
        self.__wrapped__ = self._page = page
        self._items = items

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return self._page.__doc__

    @property
    def __name__(self) -> str:
        return str(getattr(self._page, "__name__", "call"))

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Answered[R]:
        """Ask for one page, as the operation is documented."""
        return self._page(*args, **kwargs)

    def items(self, *args: Q.args, **kwargs: Q.kwargs) -> Items[T, Page]:
        """Every row of every page, to be used with `async for`; see `veeam_async.paging.Items`."""
        return self._items(*args, **kwargs)

    def pages(self, *args: Q.args, **kwargs: Q.kwargs) -> AsyncIterator[Page]:
        """Every page in the operation's own page model, to be used with `async for`."""
        return self._items(*args, **kwargs).pages()

    def __repr__(self) -> str:
        return f"<listing {self.__name__}>"


class ListMethod(Generic[P, Q, R, T, Page]):
    """Binds an endpoint function that answers in pages, together with the function that walks them."""

    __slots__ = ("function", "iterate")

    def __init__(
        self,
        function: Callable[Concatenate[ApplianceClient, P], Answered[R]],
        iterate: Callable[Concatenate[ApplianceClient, Q], Items[T, Page]],
    ) -> None:
        self.function = function
        self.iterate = iterate

    @overload
    def __get__(self, api: None, owner: type) -> Callable[Concatenate[ApplianceClient, P], Answered[R]]: ...
    @overload
    def __get__(self, api: Api, owner: type) -> BoundList[P, Q, R, T, Page]: ...
    def __get__(self, api: Api | None, owner: type) -> Any:
        if api is None:
            return self.function
        client = api.client
        return BoundList(types.MethodType(self.function, client), types.MethodType(self.iterate, client))


class BoundDownload(Generic[P, R]):
    """A download bound to a client: awaited it gives the whole answer, `stream()` gives it piece by piece,
    `to_file()` puts it into a file."""

    __slots__ = ("__wrapped__", "_client", "_function")

    def __init__(
        self, function: Callable[Concatenate[ApplianceClient, P], Answered[R]], client: ApplianceClient
    ) -> None:
        self.__wrapped__ = types.MethodType(function, client)
        self._function = function
        self._client = client

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return self._function.__doc__

    @property
    def __name__(self) -> str:
        return str(getattr(self._function, "__name__", "call"))

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Answered[R]:
        """Fetch the whole answer into memory, up to the client's `max_body` bytes."""
        return self._function(self._client, *args, **kwargs)

    def stream(self, *args: P.args, **kwargs: P.kwargs) -> AbstractAsyncContextManager[Download]:
        """Open the download; takes the operation's own arguments.

        Use it as `async with client.deployment.download_kit.stream(id) as download`; the body is read as you ask
        for it.
        """
        from .streaming import open_download

        return open_download(self._client, lambda client: self._function(client, *args, **kwargs))

    async def to_file(self, path: str | os.PathLike[str], /, *args: P.args, **kwargs: P.kwargs) -> int:
        """Download into a file, whole or not at all.

        Args:
            path: where the file goes; an older file there is replaced only when the download is whole.
            *args: the operation's own arguments.
            **kwargs: the operation's own keyword arguments.

        Returns:
            The size of the file in bytes.
        """
        async with self.stream(*args, **kwargs) as download:
            return await download.save(path)

    def __repr__(self) -> str:
        return f"<download {self.__name__}>"


class DownloadMethod(Generic[P, R]):
    """Binds an endpoint function whose answer is bytes or a text file."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[Concatenate[ApplianceClient, P], Answered[R]]) -> None:
        self.function = function

    @overload
    def __get__(self, api: None, owner: type) -> Callable[Concatenate[ApplianceClient, P], Answered[R]]: ...
    @overload
    def __get__(self, api: Api, owner: type) -> BoundDownload[P, R]: ...
    def __get__(self, api: Api | None, owner: type) -> Any:
        return self.function if api is None else BoundDownload(self.function, api.client)
