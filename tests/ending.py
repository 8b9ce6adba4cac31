"""The operations after which a session is another one: logins and logouts."""

from __future__ import annotations

import re
from typing import Any

from veeam_async import ApplianceClient, Operation


def session_ends(client: ApplianceClient, operation: Operation[Any]) -> bool:
    """True for the operation that gives the client's tokens, and for the one that ends them."""
    own = client.profile
    paths = [own.token_path, *([] if own.logout is None else [own.logout.path])]
    filled = {_bare(path.replace("{revision}", client.revision.name)) for path in paths}
    return _bare(operation.path) in filled


def _bare(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)
