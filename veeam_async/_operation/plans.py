"""The plan of each operation that is used, for all clients."""

from __future__ import annotations

import warnings
from typing import Any, Final

from ..errors import InferredOperationWarning
from ..profiles import profile
from .encoding import Plan
from .operation import Operation

_plans: Final[dict[Operation[Any], Plan]] = {}


def plan_of(operation: Operation[Any]) -> Plan:
    """All of an operation that does not change from call to call.

    An operation that no document evidences warns at its first call.
    """
    plan = _plans.get(operation)
    if plan is None:
        plan = _plans[operation] = _prepare(operation)
    return plan


def _prepare(operation: Operation[Any]) -> Plan:
    if operation.inferred:
        warnings.warn(
            f"{operation.operation_id} ({operation.method} {operation.path}) is inferred: no document evidences it",
            InferredOperationWarning,
            stacklevel=4,
        )
    plan = Plan(operation)
    # One document forgets to say that its token endpoint needs no token.
    token_path = profile(operation.revision.product).token_path
    if operation.path == token_path.replace("{revision}", operation.revision.name) and operation.method == "POST":
        plan.secured = False
    return plan
