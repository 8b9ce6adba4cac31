"""How an appliance answers where real ones differ from each other."""

from __future__ import annotations

from typing import Literal

import attrs

from .products import Shape


@attrs.define(kw_only=True)
class Behaviour:
    """How an appliance answers where real ones differ from each other; change it at any time.

    Attributes:
        revision_error: the answer to a wrong or missing revision: the product's own error with the `list` of supported
            revisions, 400 `not_implemented`, or 500 `server_error`.
        unauthorized: a 401's body: in the `product`'s shape, `empty`, or a bare JSON `string`; None for what the
            product is known to do.
        login_error: a refused login's body: in the `product`'s shape or in that of `oauth`.
        unknown_ids: an id that no list shows gives 404 (`not_found`) or a made-up object (`answer`).
        default_limit: rows in a page where the request names no number; None for the product's own choice.
        most_rows: rows in a page at most, whatever the request asks for; None for the product's own bound.
        asynchronous: calls that may answer 200 or 202 (azure, spc) answer 202 and something to poll.
        delete_lag: seconds that a deleted thing is still answered after its deletion was.
        in_use_for: seconds that credentials stay in use after the last thing that used them is gone.
        seconds_per_row: how long each row of a listing takes, counted before pages are cut: large listings are slow.
    """

    revision_error: Literal["list", "not_implemented", "server_error"] = "list"
    unauthorized: Shape | None = None
    login_error: Literal["product", "oauth"] = "product"
    unknown_ids: Literal["not_found", "answer"] = "not_found"
    default_limit: int | None = None
    most_rows: int | None = None
    asynchronous: bool = False
    delete_lag: float = 0.0
    in_use_for: float = 0.0
    seconds_per_row: float = 0.0
