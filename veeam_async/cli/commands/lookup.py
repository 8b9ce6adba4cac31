"""Commands that look things up: operations of a document, certificates, completion scripts."""

from __future__ import annotations

from collections.abc import Sequence

import click
from click.shell_completion import get_completion_class

from ..completion import complete_product, complete_revision
from ..options import PRODUCT, output
from ..selection import Selection
from ..status import Status


@click.command()
@click.argument("product", shell_complete=lambda _c, _p, text: complete_product(text))
@click.argument("revision", shell_complete=complete_revision)
@click.argument("word", nargs=-1)
@output()
def operations(product: str, revision: str, word: Sequence[str], selection: Selection) -> int:
    """Find an operation: its id, path and parameters, and the Python function.

    REVISION is such as 1.3-rev0, or auto for the newest. With several WORDs, an operation has to have each.
    """
    from ..operations import list_operations

    return list_operations(product, revision, word, selection)


@click.command()
@click.argument("host", nargs=-1, required=True)
@PRODUCT
@output("toml")
def fingerprint(host: Sequence[str], product: str | None, selection: Selection) -> int:
    """Show the certificate that a host answers with, to compare it with the appliance's own and pin it."""
    from ..fingerprint import show_fingerprints

    return show_fingerprints(host, product or "vbr", selection)


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> int:
    """Print the completion script of a shell: `veeam-async completion bash >> ~/.bashrc`."""
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(context.find_root().command, {}, "veeam-async", "_VEEAM_ASYNC_COMPLETE").source())
    return Status.OK
