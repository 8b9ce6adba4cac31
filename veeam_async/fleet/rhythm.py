"""Whether a job is silent: longer without a success than its own rhythm allows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

from .rows import Job, JobState, Result

# A run that begins later than the one before by half a pause is late; more is no rhythm.
_PATIENCE = 1.5
# With so many pauses one that is longer than all others is taken for an outage, not for the rhythm.
_MANY = 4
_GOOD = (Result.SUCCESS, Result.WARNING)


def silent(job: Job, runs: Iterable[Job], now: datetime) -> bool | None:
    """True where the last success is longer ago than one and a half times the longest pause between runs.

    Args:
        job: the job as it is now.
        runs: what is known of its runs: `last_run`, and `last_result` where it is over.
        now: the time.

    Returns:
        None where the job is disabled, and where fewer than three runs are known.
    """
    results = {run.last_run: run.last_result for run in runs if run.last_run is not None}
    starts = sorted(results)
    if job.state is JobState.DISABLED or len(starts) < 3:
        return None
    pauses = sorted((later - earlier for earlier, later in pairwise(starts)), reverse=True)
    pause: timedelta = pauses[1] if len(pauses) >= _MANY else pauses[0]
    # Without any success it is at least as long ago as the first run that is known.
    good = [start for start in starts if results[start] in _GOOD]
    return now - (good[-1] if good else starts[0]) > pause * _PATIENCE
