"""Validators of the numbers that people configure: what makes no sense is refused when it is given, not hours later."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import attrs

# Event loops count in milliseconds; 31 years fit into every one of them.
_LONGEST = 1e9

Validator = Callable[[Any, "attrs.Attribute[Any]", Any], None]


def seconds(*, optional: bool = False, zero: bool = False) -> Validator:
    """A validator for a number of seconds.

    Args:
        optional: None is taken as well.
        zero: 0 is taken as well.
    """
    return number(optional=optional, zero=zero, most=_LONGEST, unit=" seconds")


def number(
    *, optional: bool = False, zero: bool = False, most: float = math.inf, whole: bool = False, unit: str = ""
) -> Validator:
    """A validator for a finite number above 0.

    Args:
        optional: None is taken as well.
        zero: 0 is taken as well.
        most: the largest number that is taken.
        whole: only an int is taken.
        unit: what is counted, for the message.
    """

    def validate(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        check_number(attribute.name, value, optional=optional, zero=zero, most=most, whole=whole, unit=unit)

    return validate


def check_number(name: str, value: Any, *, optional: bool, zero: bool, most: float, whole: bool, unit: str) -> None:
    """As the validator of `number`, for a value that is no attribute.

    Raises:
        TypeError: not a number.
        ValueError: nan, infinite, below 0, 0 where that is not taken, or above `most`.
    """
    if value is None and optional:
        return
    instead = "; None means no limit" if optional else ""
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        raise TypeError(f"{name} must be {'an int' if whole else 'a number'}, not {type(value).__name__}{instead}")
    if not (value >= 0 if zero else value > 0) or not value <= most or math.isinf(value):
        least = "at least 0" if zero else "more than 0"
        limit = "finite" if math.isinf(most) else f"at most {most:.0f}"
        raise ValueError(f"{name} must be {least} and {limit}{unit}, not {value!s:.40}{instead}")
