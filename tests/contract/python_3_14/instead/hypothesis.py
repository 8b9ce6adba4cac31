"""Leaves out the tests that hypothesis drives: it is compiled, and there is none for this platform."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


class _Anything:
    def __getattr__(self, name: str) -> _Anything:
        return self

    def __call__(self, *_: object, **__: object) -> _Anything:
        return self

    def __or__(self, other: object) -> _Anything:
        return self


strategies = HealthCheck = _Anything()


def given(*_: object, **__: object) -> Callable[[Any], Any]:
    return lambda function: pytest.mark.skip("hypothesis is not here")(lambda: None)


def settings(*_: object, **__: object) -> Callable[[Any], Any]:
    return lambda function: function


example = settings
