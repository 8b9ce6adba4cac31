"""Pauses, budgets and Retry-After."""

from __future__ import annotations

from email.utils import formatdate
from math import inf, nan
from time import time
from typing import Any

import pytest

from veeam_async import retry
from veeam_async.retry import RetryBudget, RetryPolicy, parse_retry_after


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("0", 0), ("3", 3), (" 7 ", 7), ("1.5", 1.5), ("120", 120), ("1e2", 100)],
)
def test_retry_after_in_seconds(value: str, seconds: float) -> None:
    """Seconds are seconds."""
    assert parse_retry_after(value) == seconds


def test_retry_after_as_a_date() -> None:
    """A date is the time until then, and 0 when it has passed."""
    in_a_minute = parse_retry_after(formatdate(time() + 60, usegmt=True))
    assert in_a_minute is not None and 58 < in_a_minute <= 60
    assert parse_retry_after(formatdate(time() - 60, usegmt=True)) == 0
    assert parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        " ",
        "-1",
        "nan",
        "inf",
        "-inf",
        "soon",
        "1,5",
        "Wed, 99 Oct",
        "é",
        "0x10",
        "1 2",
        "Mon, 1 Jan 0000 00:00:00 GMT",
    ],
)
def test_retry_after_that_makes_no_sense(value: str | None) -> None:
    """Nonsense is as good as nothing."""
    assert parse_retry_after(value) in (None, 0)


def test_pauses_are_full_jitter_under_a_cap() -> None:
    """Pause n lies anywhere between 0 and the doubled back-off, never above the cap."""
    policy = RetryPolicy(backoff=1.0, backoff_cap=5.0)
    for repeat, top in ((1, 1.0), (2, 2.0), (3, 4.0), (4, 5.0), (60, 5.0), (5000, 5.0)):
        pauses = [policy.pause(repeat) for _ in range(500)]
        assert 0 <= min(pauses) < top * 0.1
        assert top * 0.9 < max(pauses) <= top


def test_pause_after_retry_after_is_at_least_that() -> None:
    """What the server asks for is waited for, spread a little behind it."""
    pauses = [RetryPolicy(backoff=0.5).pause(3, 10.0) for _ in range(200)]
    assert min(pauses) >= 10.0 and max(pauses) <= 10.5
    assert max(pauses) > 10.1


def test_budget_is_used_up_and_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeats are taken until none is left; successes and time give some back, up to the capacity."""
    now = [0.0]
    monkeypatch.setattr(retry, "monotonic", lambda: now[0])
    budget = RetryBudget(3)
    assert budget.full
    assert [budget.take() for _ in range(5)] == [True, True, True, False, False]
    assert not budget.full
    for _ in range(11):
        budget.succeeded()
    assert budget.take()
    assert not budget.take()
    now[0] += 10
    assert budget.take()
    now[0] += 1e6
    assert [budget.take() for _ in range(4)] == [True, True, True, False]
    for _ in range(100):
        budget.succeeded()
    assert budget.full


def test_widening() -> None:
    """`unsafe` is for all, for none or for those that are named."""
    assert RetryPolicy(unsafe=True).widened("X")
    assert not RetryPolicy().widened("X")
    assert RetryPolicy(unsafe={"X"}).widened("X")
    assert not RetryPolicy(unsafe={"X"}).widened("Y")


def test_the_budget_refills_with_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten seconds give back one repeat, and no fewer."""
    now = [1000.0]
    monkeypatch.setattr(retry, "monotonic", lambda: now[0])
    budget = RetryBudget(1)
    assert budget.take()
    now[0] += 9.9
    assert not budget.take()
    now[0] += 0.2
    assert budget.take()


def test_the_defaults_that_people_plan_with() -> None:
    """Four attempts, pauses from half a second up to twenty, Retry-After up to a minute, twenty repeats at once."""
    policy = RetryPolicy()
    assert (policy.attempts, policy.backoff, policy.backoff_cap) == (4, 0.5, 20)
    assert (policy.retry_after_cap, policy.budget, policy.unsafe) == (60, 20, False)


@pytest.mark.parametrize("name", ["attempts", "backoff", "backoff_cap", "retry_after_cap", "budget"])
@pytest.mark.parametrize("value", [nan, inf, -inf, -1, -0.5])
def test_numbers_that_make_no_sense_are_refused(name: str, value: float) -> None:
    """nan, infinity and less than 0 are refused when the policy is made, by name."""
    with pytest.raises((ValueError, TypeError), match=f"^{name} must be"):
        RetryPolicy(**{name: value})  # type: ignore[arg-type]


def test_the_least_that_a_policy_takes() -> None:
    """One attempt is the least; pauses and the budget may be 0."""
    assert RetryPolicy(attempts=1, backoff=0, backoff_cap=0, retry_after_cap=0, budget=0).attempts == 1
    with pytest.raises(ValueError, match="attempts"):
        RetryPolicy(attempts=0)


@pytest.mark.parametrize("value", [2.0, "4", True, None])
def test_attempts_are_counted(value: Any) -> None:
    """The number of attempts is an int."""
    with pytest.raises(TypeError, match=r"^attempts must be an int"):
        RetryPolicy(attempts=value)


@pytest.mark.parametrize("value", ["StartJob", b"StartJob", 1, None])
def test_unsafe_takes_no_single_name(value: Any) -> None:
    """A text would match each part of a name: a collection of operationIds, or True or False."""
    with pytest.raises(TypeError, match=r"^unsafe must be"):
        RetryPolicy(unsafe=value)
    assert RetryPolicy(unsafe=["StartJob"]).widened("StartJob")
