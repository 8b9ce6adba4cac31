"""Shell completion of products, revisions and operation names, from what the package knows."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem


def complete_product(incomplete: str) -> list[CompletionItem]:
    """The products that begin so."""
    return [CompletionItem(product) for product in ("vbr", "aws", "azure") if product.startswith(incomplete)]


def complete_revision(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The revisions of the product that was chosen, newest first."""
    from ..registry import revisions

    product = context.params.get("product") or "vbr"
    return [CompletionItem(known.name) for known in revisions() if known.product == product and
            known.name.startswith(incomplete)]  # fmt: skip


def complete_operation(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Every operationId of the chosen revision (the newest for `auto`) that begins so, in any letter case."""
    from .operations import operation_names
    from .status import CommandError

    product, revision = context.params.get("product") or "vbr", context.params.get("revision") or "auto"
    try:
        known = list(operation_names(product, revision))
    except CommandError:
        return []
    return [CompletionItem(operation_id, help=where) for operation_id, where in known
            if operation_id.lower().startswith(incomplete.lower())]  # fmt: skip
