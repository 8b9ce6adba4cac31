"""Walking a listing: every row of every page, and whether that was everything.

Servers cap the page size, end early, repeat a page for ever, shrink and grow under the reader. A walk always ends, goes
on by what came rather than by what was asked for, and says when it did not get everything.
"""

from __future__ import annotations

import asyncio
import hashlib
import warnings
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeAlias, TypeVar

import orjson

from .errors import IncompleteListing, IncompleteListingWarning, ServerError
from .unset import UNSET

if TYPE_CHECKING:
    from .client import ApplianceClient
    from .operation import Operation

T = TypeVar("T")
Page = TypeVar("Page")
X = TypeVar("X")

OnIncomplete: TypeAlias = Literal["warn", "raise", "ignore"]


class Items(Generic[T, Page]):
    """Every row of a listing, page after page, to be used with `async for`."""

    def __init__(
        self,
        client: ApplianceClient,
        operation: Operation[Any],
        values: Mapping[str, Any],
        body: Any = UNSET,
        *,
        page_size: int | None = None,
        max_items: int | None = None,
        on_incomplete: OnIncomplete = "warn",
    ) -> None:
        self._client = client

    def __aiter__(self) -> AsyncIterator[T]:
        raise NotImplementedError

    def pages(self) -> AsyncIterator[Page]:
        raise NotImplementedError
