"""What follows from how an attempt ended: one pure function, so that it can be read and tested as a table."""

from enum import Enum
from typing import NamedTuple

from ..retry import SAFE_STATUSES, UNCERTAIN_STATUSES

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOST_REDIRECTS = 5


class Answered(NamedTuple):
    """An attempt that has an answer, read to its end.

    Attributes:
        status: the HTTP status.
        retry_after: seconds that the server asks to wait, or None.
        passing: True where the server says of its failure that it may pass.
    """

    status: int
    retry_after: float | None = None
    passing: bool = False


class Broken(NamedTuple):
    """An attempt without a whole answer.

    Attributes:
        sent: False where surely nothing was carried out.
        repeatable: False where sending again cannot help.
        accepted: True where a success status came before it broke: only the body is lost.
    """

    sent: bool
    repeatable: bool = True
    accepted: bool = False


class Unreadable(NamedTuple):
    """An attempt whose answer has a success status and is not what its operation answers.

    Attributes:
        incomplete: True where the body ends before what it began does: asked for again, it may be whole.
        foreign: True where something else than the appliance answered.
    """

    incomplete: bool
    foreign: bool


class Situation(NamedTuple):
    """What was so before the attempt ended.

    Attributes:
        safe: True where the call only reads, or its caller lets it be repeated as if it did.
        changes: True where the call may change something.
        replayable: True where its body can be sent once more.
        renewable: True where the token that was sent can be replaced.
        unproved: True where that token came by refresh and no call with it was answered yet.
        renewed, logged_in: True where this call had its one renewal, its one login.
        redirectable: True where a redirect may be followed: a method that is kept, not too many before.
    """

    safe: bool
    changes: bool
    replayable: bool = True
    renewable: bool = False
    unproved: bool = False
    renewed: bool = False
    logged_in: bool = False
    redirectable: bool = False


class Next(Enum):
    """What is done with the outcome of an attempt."""

    DONE = "give the answer"
    RAISE = "raise its error"
    RETRY = "send again after a pause, if attempts, time and budget are left; else raise"
    RENEW = "renew the token and send again"
    LOG_IN = "log in and send again"
    REDIRECT = "send to where it is now"


class Decision(NamedTuple):
    """What is done, and what its error says if it comes to one.

    Attributes:
        next: what is done.
        outcome_unknown: True where a change may have been carried out.
        retry_after: seconds that the pause lasts at least, or None.
    """

    next: Next
    outcome_unknown: bool = False
    retry_after: float | None = None


DONE = Decision(Next.DONE)


def decide(outcome: Answered | Broken | Unreadable, situation: Situation) -> Decision:
    """What follows from an attempt's outcome.

    A call that only reads is sent again where that can help. One that may change something is sent again only where it
    surely was not carried out: nothing was sent, 429, 503 with Retry-After, a token that was refused.
    """
    if isinstance(outcome, Answered):
        return _after_answer(outcome, situation)
    if isinstance(outcome, Broken):
        unknown = outcome.sent and situation.changes and not outcome.accepted
        again = outcome.repeatable and situation.replayable and (situation.safe or not outcome.sent)
        return Decision(Next.RETRY if again else Next.RAISE, unknown)
    again = outcome.incomplete and situation.safe and situation.replayable
    return Decision(Next.RETRY if again else Next.RAISE, outcome.foreign and situation.changes)


def _after_answer(outcome: Answered, situation: Situation) -> Decision:
    status = outcome.status
    if 200 <= status < 300:
        return DONE
    if situation.renewable and situation.replayable:
        if status == 401 and not situation.renewed:
            return Decision(Next.RENEW)
        if status == 403 and situation.unproved and not situation.logged_in:
            return Decision(Next.LOG_IN)
    if status in REDIRECTS:
        followed = situation.redirectable and situation.replayable
        return Decision(Next.REDIRECT if followed else Next.RAISE)
    if status < 200:
        # No final answer has such a status: nobody knows what was done.
        return Decision(Next.RAISE, situation.changes)
    refused = status == 429 or (status == 503 and outcome.retry_after is not None)
    unknown = situation.changes and status in UNCERTAIN_STATUSES and not refused
    if (status in SAFE_STATUSES or outcome.passing) and situation.replayable and (situation.safe or refused):
        return Decision(Next.RETRY, unknown, outcome.retry_after)
    return Decision(Next.RAISE, unknown)
