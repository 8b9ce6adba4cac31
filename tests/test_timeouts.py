"""Deadlines and how they nest."""

from __future__ import annotations

import asyncio
from math import inf, nan
from typing import Any

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


async def test_tasks_inherit_it_by_default() -> None:
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


@pytest.mark.parametrize("name", ["connect", "read", "total", "logout"])
@pytest.mark.parametrize("value", [nan, inf, -inf, -1, -0.001, 0, 1e10])
def test_limits_that_make_no_sense_are_refused(name: str, value: float) -> None:
    """nan, infinity, 0, less than 0 and more than a life are no limits; the error names the limit."""
    with pytest.raises(ValueError, match=rf"^{name} must be more than 0 and at most 1000000000 seconds"):
        Timeouts(**{name: value})


@pytest.mark.parametrize("value", ["5", True, [5.0], b"5", 5j])
def test_limits_are_numbers(value: Any) -> None:
    """What is no number is refused when it is given."""
    with pytest.raises(TypeError, match=r"^read must be a number, not"):
        Timeouts(read=value)


def test_who_wants_no_limit_says_none() -> None:
    """None is no limit, and the error of an infinite one says so; leaving always has a limit."""
    assert Timeouts(connect=None, read=None, total=None).total is None
    with pytest.raises(ValueError, match="None means no limit"):
        Timeouts(total=inf)
    with pytest.raises(TypeError):
        Timeouts(logout=None)  # type: ignore[arg-type]
    assert Timeouts(connect=1e9, read=1, total=0.001).read == 1


def test_a_deadline_is_a_number() -> None:
    """What is nan bounds nothing and is refused; infinity is no deadline; one that has passed has passed."""
    with pytest.raises(ValueError, match="nan"), deadline(nan):
        pass
    with deadline(inf):
        assert remaining() is None
    with deadline(-1):
        left = remaining()
        assert left is not None and left < 0
