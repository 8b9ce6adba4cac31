"""The breaker: states over a clock that the test moves."""

from __future__ import annotations

import pytest

from veeam_async.errors import AuthenticationError, ConnectError, ForbiddenError, RequestTimeout, ServerError
from veeam_async.fleet.breaker import ApplianceSkipped, Breaker, BreakerPolicy, BreakerState


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def opened(clock: Clock, **policy: float) -> Breaker:
    breaker = Breaker(BreakerPolicy(**{"failures": 2, "wait": 10, "jitter": 0, **policy}), clock)  # type: ignore[arg-type]
    for _ in range(2):
        breaker.admit("a")
        breaker.failed(ConnectError("refused"))
    return breaker


def test_opens_after_failures_in_a_row(clock: Clock) -> None:
    """The breaker opens after `failures` failures in a row and then lets nobody through."""
    breaker = opened(clock)
    assert breaker.state is BreakerState.OPEN
    with pytest.raises(ApplianceSkipped, match=r"^a: no answer 2 times in a row; asked again in 10 s$") as caught:
        breaker.admit("a")
    assert caught.value.retry_after == 10
    assert isinstance(caught.value.__cause__, ConnectError)


def test_success_in_between(clock: Clock) -> None:
    """A success between failures starts the count again."""
    breaker = Breaker(BreakerPolicy(failures=2), clock)
    for _ in range(5):
        breaker.failed(ServerError("", status=500))
        breaker.succeeded()
    assert breaker.state is BreakerState.CLOSED


def test_one_probe(clock: Clock) -> None:
    """When the wait is over one caller may probe; the others are skipped until it is back."""
    breaker = opened(clock)
    clock.now += 10
    assert breaker.state is BreakerState.HALF_OPEN
    breaker.admit("a")
    with pytest.raises(ApplianceSkipped):
        breaker.admit("a")
    breaker.succeeded()
    assert str(breaker.state) == "closed"
    breaker.admit("a")


def test_back_off_doubles(clock: Clock) -> None:
    """Each failed probe doubles the wait, up to the bound."""
    breaker = opened(clock, max_wait=35)
    waits = []
    for _ in range(4):
        assert breaker.retry_after is not None
        waits.append(breaker.retry_after)
        clock.now += breaker.retry_after
        breaker.admit("a")
        breaker.failed(RequestTimeout("late"))
    assert waits == [10, 20, 35, 35]


def test_jitter_shortens(clock: Clock) -> None:
    """Jitter shortens the wait by no more than its share."""
    for _ in range(50):
        retry_after = opened(clock, jitter=0.5).retry_after
        assert retry_after is not None
        assert 5 <= retry_after <= 10


def test_errors_of_one_call(clock: Clock) -> None:
    """A 403 or a mistake in the caller's function shows that the appliance answers: the breaker stays closed."""
    breaker = Breaker(BreakerPolicy(failures=1), clock)
    for error in (ForbiddenError("", status=403), KeyError("x")):
        breaker.failed(error)
        assert breaker.state is BreakerState.CLOSED


def test_refused_login_is_not_repeated(clock: Clock) -> None:
    """A refused login opens the breaker at once and for good, until it is reset."""
    breaker = Breaker(BreakerPolicy(), clock)
    breaker.failed(AuthenticationError("no"))
    clock.now += 1e6
    assert breaker.state is BreakerState.REFUSED
    with pytest.raises(ApplianceSkipped, match="login was refused") as caught:
        breaker.admit("a")
    assert caught.value.retry_after is None
    breaker.reset()
    breaker.admit("a")


def test_refused_login_after_a_time(clock: Clock) -> None:
    """With `retry_login` a refused login is tried once after that time, by one probe."""
    breaker = Breaker(BreakerPolicy(retry_login=3600), clock)
    breaker.failed(AuthenticationError("no"))
    assert breaker.state is BreakerState.REFUSED
    clock.now += 3600
    breaker.admit("a")
    with pytest.raises(ApplianceSkipped):
        breaker.admit("a")
    breaker.failed(AuthenticationError("no"))
    assert breaker.state is BreakerState.REFUSED


def test_abandoned_probe(clock: Clock) -> None:
    """A probe that was ended from outside, or by the deadline, gives its place to the next one."""
    breaker = opened(clock)
    clock.now += 10
    breaker.admit("a")
    breaker.abandoned()
    breaker.admit("a")
    breaker.failed(RequestTimeout("over", limit="deadline"))
    breaker.admit("a")
