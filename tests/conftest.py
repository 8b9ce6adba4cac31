"""Fixtures that tests of several modules share."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest

from tests.scripted import Scripted

# Revisions that somebody added on this machine are none of the tests'.
os.environ["XDG_DATA_HOME"] = os.path.join(os.path.dirname(__file__), "no such folder")


@pytest.fixture
async def server() -> AsyncIterator[Scripted]:
    async with Scripted() as server:
        yield server
