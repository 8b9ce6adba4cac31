"""Shards."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veeam_async.fleet.shard import shard_of

NAMES = [f"vbr{number:04}.example.com" for number in range(4000)]


def test_stable() -> None:
    """The shard of a name is the same in every process and release."""
    assert [shard_of(name, 10) for name in NAMES[:8]] == [8, 7, 7, 7, 9, 4, 1, 6]


def test_even() -> None:
    """Shards are of about equal size."""
    sizes = Counter(shard_of(name, 8) for name in NAMES)
    assert set(sizes) == set(range(8))
    assert max(sizes.values()) < 1.2 * len(NAMES) / 8


def test_few_move() -> None:
    """One shard more moves about its share of the appliances, and only to the new shard."""
    moved = [name for name in NAMES if shard_of(name, 8) != shard_of(name, 9)]
    assert all(shard_of(name, 9) == 8 for name in moved)
    assert 0.8 / 9 < len(moved) / len(NAMES) < 1.2 / 9


@given(st.text(), st.integers(1, 1000))
def test_in_range(name: str, count: int) -> None:
    """Every name has a shard from 0 to count - 1."""
    assert 0 <= shard_of(name, count) < count


def test_no_shards() -> None:
    """A count below 1 is refused."""
    with pytest.raises(ValueError, match="1 or more"):
        shard_of("a", 0)
