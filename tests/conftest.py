"""Fixtures that tests of several modules share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.scripted import Scripted


@pytest.fixture
async def server() -> AsyncIterator[Scripted]:
    async with Scripted() as server:
        yield server
