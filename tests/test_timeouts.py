"""Deadlines and how they nest."""

from __future__ import annotations

import asyncio

import pytest

from veeam_async.timeouts import Timeouts, deadline, remaining, without_deadline


def test_limits_are_finite_by_default() -> None:
    """No limit is missing unless somebody says so."""
    limits = Timeouts()
    assert limits.connect and limits.read and limits.total and limits.logout


def test_deadlines_nest() -> None:
    """The nearest deadline counts, and each ends with its block."""
    assert remaining() is None
    with deadline(10):
        with deadline(100):
            left = remaining()
            assert left is not None and left <= 10
        with deadline(1):
            left = remaining()
            assert left is not None and left <= 1
        with deadline(None):
            left = remaining()
            assert left is not None and 1 < left <= 10
    assert remaining() is None


def test_deadline_ends_with_an_error() -> None:
    """An exception in the block ends the deadline too."""
    with pytest.raises(RuntimeError):
        with deadline(1):
            raise RuntimeError
    assert remaining() is None


async def test_tasks_inherit_it_unless_told_otherwise() -> None:
    """A task started under a deadline has it; one started in a context without has none."""

    async def left() -> float | None:
        return remaining()

    with deadline(5):
        inherited = asyncio.create_task(left())
        free = asyncio.get_running_loop().create_task(left(), context=without_deadline())
    got = await inherited
    assert got is not None and 0 < got <= 5
    assert await free is None


def test_the_defaults_that_people_plan_with() -> None:
    """Ten seconds for a connection, three minutes for a call, three seconds for the logout."""
    limits = Timeouts()
    assert (limits.connect, limits.read, limits.total, limits.logout) == (10, 180, 180, 3)
