"""Commands that look things up: operations of a document, certificates, examples, completion scripts."""

from __future__ import annotations

from collections.abc import Sequence

import click
from click.shell_completion import get_completion_class

from ..completion import complete_example, complete_operation, complete_product, complete_revision
from ..options import PRODUCT, output
from ..selection import Selection
from ..status import Status


class _FindByDefault(click.Group):
    """A group whose first command needs no name: `operations vbr auto license` finds."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["find", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_FindByDefault)
def operations() -> None:
    """Find operations, or show one.

    `operations vbr auto license` finds those about licenses, `operations show GetJob` shows one.
    """


@operations.command()
@click.argument("product", shell_complete=lambda _c, _p, text: complete_product(text))
@click.argument("revision", shell_complete=complete_revision)
@click.argument("word", nargs=-1)
@output()
def find(product: str, revision: str, word: Sequence[str], selection: Selection) -> int:
    """Find operations: id, path and parameters, and the Python function.

    REVISION is such as 1.3-rev0, or auto for the newest. With several WORDs, an operation has to have each.
    """
    from ..operations import list_operations

    return list_operations(product, revision, word, selection)


@operations.command("show")
@click.argument("operation", shell_complete=complete_operation)
@PRODUCT
@click.option("--revision", default="auto", help="API revision.", shell_complete=complete_revision)
@output(only=("page", "json", "skeleton"), default="page", rows=False)
def show_one(operation: str, product: str | None, revision: str, selection: Selection) -> int:
    """Show an operation: parameters, body and answer with types and enum values, and a body to begin with."""
    from ..operation_page import show_operation

    return show_operation(product or "vbr", revision, operation, selection.output)


@click.command()
@click.argument("host", nargs=-1, required=True)
@PRODUCT
@click.option("--username", envvar="VEEAM_USERNAME", default="svc-monitor", help="toml: the account of the entry.")
@output("toml")
def fingerprint(host: Sequence[str], product: str | None, username: str, selection: Selection) -> int:
    """Show the certificate of a host, to pin it.

    Compare it with the appliance's own first.

    `-o toml` prints an entry for a fleet file that takes the password from VEEAM_PASSWORD.
    """
    from ..fingerprint import show_fingerprints

    return show_fingerprints(host, product or "vbr", username, selection)


@click.command()
@click.argument("name", required=False, shell_complete=complete_example)
@output()
def example(name: str | None, selection: Selection) -> int:
    """List the programs that come with the package, or print the one with this NAME.

    `veeam-async example notify > notify.py`, or run it as it is: `python -m veeam_async.examples.notify`.
    """
    from ..example import list_examples, print_example

    return list_examples(selection) if name is None else print_example(name)


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> int:
    """Print the completion script of a shell.

    `veeam-async completion bash >> ~/.bashrc`
    """
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(context.find_root().command, {}, "veeam-async", "_VEEAM_ASYNC_COMPLETE").source())
    return Status.OK
