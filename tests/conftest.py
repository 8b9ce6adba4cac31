"""Fixtures that tests of several modules share."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, settings

from tests.scripted import Scripted

# Revisions that somebody added on this machine are none of the tests'.
os.environ["XDG_DATA_HOME"] = os.path.join(os.path.dirname(__file__), "no such folder")

# How long an example takes depends on the machine, and the first one of a clone waits for tables of Unicode.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


@pytest.fixture
async def server() -> AsyncIterator[Scripted]:
    async with Scripted() as server:
        yield server
