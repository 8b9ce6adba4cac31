"""What follows from an attempt, as a table: every status and every failure, safe and not, sent and not sent."""

from __future__ import annotations

import itertools

import pytest

from veeam_async._http.decide import Answered, Broken, Decision, Next, Situation, Unreadable, decide

READING = Situation(safe=True, changes=False, renewable=True, redirectable=True)
CHANGING = Situation(safe=False, changes=True, renewable=True, redirectable=True)
# A change that its caller lets be repeated as if it only read.
WIDENED = CHANGING._replace(safe=True)

# Status: what follows for a call that reads, what follows for one that changes, whether the change may have been done.
STATUSES: dict[int, tuple[Next, Next, bool]] = {
    401: (Next.RENEW, Next.RENEW, False),
    408: (Next.RETRY, Next.RAISE, True),
    429: (Next.RETRY, Next.RETRY, False),
    500: (Next.RAISE, Next.RAISE, True),
    502: (Next.RETRY, Next.RAISE, True),
    503: (Next.RETRY, Next.RAISE, True),
    504: (Next.RETRY, Next.RAISE, True),
    520: (Next.RAISE, Next.RAISE, True),
    **dict.fromkeys(range(200, 300), (Next.DONE, Next.DONE, False)),
    **dict.fromkeys((301, 302, 303, 307, 308), (Next.REDIRECT, Next.REDIRECT, False)),
    **dict.fromkeys((*range(200), 0), (Next.RAISE, Next.RAISE, True)),
}


@pytest.mark.parametrize("status", range(600))
def test_every_status(status: int) -> None:
    """Each status means one thing for a call that reads and one for a call that changes."""
    reading, changing, unknown = STATUSES.get(status, (Next.RAISE, Next.RAISE, False))
    assert decide(Answered(status), READING) == Decision(reading, outcome_unknown=False)
    after = decide(Answered(status), CHANGING)
    assert after.next is changing
    if after.next is Next.RAISE:
        assert after.outcome_unknown is unknown


@pytest.mark.parametrize("status", range(600))
def test_a_change_that_may_be_repeated(status: int) -> None:
    """It is repeated as a call that reads; where that ends, its outcome is as unknown as any change's."""
    after = decide(Answered(status), WIDENED)
    assert after.next is decide(Answered(status), READING).next
    assert after.outcome_unknown is STATUSES.get(status, (None, None, False))[2] or after.next is not Next.RAISE


@pytest.mark.parametrize("status", range(600))
def test_retry_after(status: int) -> None:
    """With Retry-After a 503 was surely not carried out; its pause is kept, whatever the status of a repeat."""
    after = decide(Answered(status, retry_after=7.0), CHANGING)
    assert (after.next is Next.RETRY) == (status in (429, 503))
    assert after.retry_after == (7.0 if after.next is Next.RETRY else None)
    if status in (429, 503):
        assert not after.outcome_unknown
    assert decide(Answered(status, retry_after=7.0), READING).next is decide(Answered(status), READING).next


@pytest.mark.parametrize("situation", [READING, CHANGING])
def test_a_body_that_is_there_only_once(situation: Situation) -> None:
    """Nothing is sent twice, neither after a refused token nor a redirect."""
    once = situation._replace(replayable=False)
    outcomes = [Answered(status) for status in range(600)] + [Broken(sent=False), Broken(sent=True)]
    assert {decide(outcome, once).next for outcome in outcomes} == {Next.DONE, Next.RAISE}


@pytest.mark.parametrize("situation", [READING, CHANGING])
def test_one_renewal_and_one_login(situation: Situation) -> None:
    """A 401 after the renewal stands; a 403 is answered by a login only for a token that never served, and once."""
    assert decide(Answered(401), situation._replace(renewed=True)).next is Next.RAISE
    assert decide(Answered(401), situation._replace(renewable=False)).next is Next.RAISE
    assert decide(Answered(403), situation).next is Next.RAISE
    unproved = situation._replace(unproved=True)
    assert decide(Answered(403), unproved).next is Next.LOG_IN
    assert decide(Answered(403), unproved._replace(logged_in=True)).next is Next.RAISE
    assert decide(Answered(403), unproved._replace(renewable=False)).next is Next.RAISE


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_have_an_end(status: int) -> None:
    """A redirect that may not be followed any more is an error."""
    assert decide(Answered(status), READING._replace(redirectable=False)).next is Next.RAISE


@pytest.mark.parametrize(("sent", "repeatable", "accepted"), list(itertools.product([False, True], repeat=3)))
def test_every_failure(sent: bool, repeatable: bool, accepted: bool) -> None:
    """A call that reads is repeated where that can help; a change only where nothing was sent."""
    outcome = Broken(sent=sent, repeatable=repeatable, accepted=accepted)
    reading, changing, widened = (decide(outcome, one) for one in (READING, CHANGING, WIDENED))
    assert reading == Decision(Next.RETRY if repeatable else Next.RAISE)
    assert changing.next is (Next.RETRY if repeatable and not sent else Next.RAISE)
    assert changing.outcome_unknown is (sent and not accepted)
    assert widened.next is reading.next
    assert widened.outcome_unknown is changing.outcome_unknown


@pytest.mark.parametrize(("incomplete", "foreign"), list(itertools.product([False, True], repeat=2)))
def test_every_answer_that_is_none(incomplete: bool, foreign: bool) -> None:
    """A cut answer to a call that reads is asked for again; of a change that somebody else answered nobody knows."""
    outcome = Unreadable(incomplete=incomplete, foreign=foreign)
    assert decide(outcome, READING) == Decision(Next.RETRY if incomplete else Next.RAISE)
    assert decide(outcome, CHANGING) == Decision(Next.RAISE, outcome_unknown=foreign)
    assert decide(outcome, WIDENED).next is (Next.RETRY if incomplete else Next.RAISE)


@pytest.mark.parametrize("status", range(300, 600))
def test_a_failure_that_says_that_it_may_pass(status: int) -> None:
    """It is repeated by calls that read, and not by a change, of which nobody knows what became."""
    outcome = Answered(status, passing=True)
    reading = decide(outcome, READING).next
    assert reading is (Next.RETRY if decide(Answered(status), READING).next is Next.RAISE else reading)
    assert decide(outcome, READING._replace(replayable=False)).next is Next.RAISE
    assert decide(outcome, CHANGING) == decide(Answered(status), CHANGING)


def test_a_call_without_a_token() -> None:
    """Where nothing is said of a token there is none to renew, and redirects are not followed."""
    plain = Situation(safe=True, changes=False)
    assert {decide(Answered(status), plain).next for status in (301, 307, 401, 403)} == {Next.RAISE}
    assert decide(Answered(502), plain).next is Next.RETRY
    assert decide(Broken(sent=True), plain).next is Next.RETRY
    assert decide(Broken(sent=True), CHANGING).outcome_unknown
