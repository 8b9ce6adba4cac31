"""Which columns of a table fit a terminal, and how wide each is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import attrs
from rich.cells import cell_len

# Cells of a column that are reckoned with where room is short; one that wraps can do with less, and likes more.
WIDEST = 40
WRAPPED = 24
MOST = 60

# A line at its left and a space on either side.
_AROUND = 3


@attrs.define
class Need:
    """The cells that a column needs.

    Attributes:
        rank: of the column.
        narrow: the least that it is to have.
        wide: what most of its rows need.
        full: what all need.
    """

    rank: int
    narrow: int
    wide: int
    full: int


def measure(heading: str, cells: Sequence[str], *, rank: int, wrap: bool) -> Need:
    """What a column needs that has these cells."""
    lengths = sorted(map(cell_len, cells))
    longest = lengths[-1] if lengths else 0
    head = cell_len(heading)
    narrow = max(head, min(longest, WRAPPED if wrap else WIDEST))
    # A few long texts may take more lines; where most are long, that would be each row.
    usual = min(lengths[len(lengths) // 2], MOST) if wrap and lengths else 0
    return Need(rank, narrow, max(narrow, usual), max(head, longest))


def fit(columns: Mapping[str, Need], width: int) -> dict[str, int]:
    """The columns that fit, with the cells that each gets.

    The highest ranks go first, until the others have room; what is left over goes to those that need more.

    Args:
        columns: what each needs, by name, in their order.
        width: cells that the terminal has.
    """
    kept = dict(columns)

    def leave_out(needed: Callable[[Need], int], above: int) -> None:
        while _total(map(needed, kept.values())) > width and any(one.rank > above for one in kept.values()):
            del kept[max(reversed(kept), key=lambda name: kept[name].rank)]

    leave_out(lambda one: one.wide, 1)
    leave_out(lambda one: one.narrow, 0)
    roomy = _total(one.wide for one in kept.values()) <= width
    given = {name: one.wide if roomy else one.narrow for name, one in kept.items()}
    # Only where not even the most important columns fit.
    while (over := _total(given.values()) - width) > 0 and max(given.values()) > 1:
        widest = max(given, key=lambda name: given[name])
        second = max((cells for name, cells in given.items() if name != widest), default=0)
        given[widest] -= max(1, min(over, given[widest] - second))
    for name, one in kept.items():
        given[name] += min(max(width - _total(given.values()), 0), max(one.full - given[name], 0))
    return given


def _total(cells: Iterable[int]) -> int:
    return sum(one + _AROUND for one in cells) + 1
