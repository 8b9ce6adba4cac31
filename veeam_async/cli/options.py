"""Options that several commands share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import click

from .completion import complete_appliance, complete_columns, complete_product, complete_revision, complete_where
from .formats import FORMATS
from .selection import Selection

Command = Callable[..., Any]
Decorator = Callable[[Command], Command]


class Seconds(click.FloatRange):
    """So many seconds: a number, which rules out nan and inf."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is no number of seconds.", param, ctx)
        return number


PATH = click.Path(path_type=Path)
POSITIVE = Seconds(min=0, min_open=True)
FROM_ONE = Seconds(min=1)

FLEET = click.argument("fleet", metavar="[FLEET.TOML]", type=PATH, required=False)
FLEET_OPTION = click.option("--fleet", metavar="FLEET.TOML", type=PATH, help="The fleet file; found by itself.")
WHERE = click.option(
    "--where",
    metavar="KEY=VALUE",
    multiple=True,
    shell_complete=complete_where,
    help="Only appliances with this tag=, product=, revision= or name=; repeatable.",
)
CONCURRENCY = click.option(
    "--concurrency", type=click.IntRange(min=1), default=200, help="Appliances worked on at the same time."
)
DEADLINE = click.option(
    "--deadline", metavar="SECONDS", type=POSITIVE, help="Seconds for the whole fleet; no limit where it is absent."
)
VERBOSE = click.option("--verbose", "-v", is_flag=True, help="Show each request and answer on stderr.")
PRODUCT = click.option(
    "--product",
    help="vbr, aws, azure, ...; of the fleet file, else vbr.",
    shell_complete=lambda _c, _p, text: complete_product(text),
)


def timeout(
    seconds: float, what: str = "Seconds for one appliance; its own `timeout` in the fleet file overrides this."
) -> Decorator:
    """`--timeout` with its default."""
    return click.option("--timeout", metavar="SECONDS", type=POSITIVE, default=seconds, help=what)


def output(*more: str, default: str = "table", only: Sequence[str] = (), rows: bool = True) -> Decorator:
    """`-o/--output`, and with `rows` what is chosen of them; the command gets one `Selection`.

    Args:
        more: formats beyond those of every listing.
        default: the format where none is asked for.
        only: these formats and no others.
        rows: True adds --columns, --sort, --limit and --query.
    """
    names = list(only) or [*FORMATS, *more]
    options: list[Decorator] = [
        click.option("--output", "-o", type=click.Choice(names), metavar="FORMAT", default=default,
                     help=f"{', '.join(names)}."),
    ]  # fmt: skip
    if rows:
        options += [
            click.option("--columns", metavar="NAME,...", shell_complete=complete_columns,
                         help="These columns, in this order."),
            click.option("--sort", metavar="NAME", shell_complete=complete_columns,
                         help="By this column; -NAME for the reverse order."),
            click.option("--limit", metavar="N", type=click.IntRange(min=1), help="So many rows at most."),
            click.option("--query", metavar="JMESPATH", help="A JMESPath expression over what -o json prints."),
        ]  # fmt: skip

    def decorate(command: Command) -> Command:
        @wraps(command)
        def gathered(output: str, **given: Any) -> Any:
            columns = given.pop("columns", None) or ""
            names = tuple(name.strip() for name in columns.split(",") if name.strip())
            chosen = {name: given.pop(name, None) for name in ("sort", "limit", "query")}
            return command(selection=Selection(output, names, **chosen), **given)

        return _decorated(gathered, options)

    return decorate


def one_appliance(command: Command) -> Command:
    """Give a command the options that say how to reach an appliance and log in, as one `Target` without its host."""
    options: list[Decorator] = [
        PRODUCT,
        click.option("--revision", help="API revision; negotiated by default.", shell_complete=complete_revision),
        click.option("--fleet", metavar="FLEET.TOML", type=PATH, help="Where HOST is a name of; found by itself."),
        click.option("--username", envvar="VEEAM_USERNAME", show_envvar=True, help="Account to log in with."),
        click.option(
            "--password-file",
            type=PATH,
            help="File whose first line is the password; else VEEAM_PASSWORD, or a prompt.",
        ),
        click.option("--password-keyring", metavar="SERVICE/USER", help="Password from the system's keyring."),
        click.option("--ca-file", type=PATH, help="PEM file of the CA that signed the certificate."),
        click.option("--fingerprint", help="SHA-256 of the certificate, see `veeam-async fingerprint`."),
        click.option("--insecure", is_flag=True, help="Do not verify the certificate."),
        click.option("--allow-http", is_flag=True, help="Take plain http to other machines as well."),
        click.option("--cache-tokens", is_flag=True, envvar="VEEAM_CACHE_TOKENS", show_envvar=True,
                     help="Keep the token for the next call, in a folder of this user alone."),
        VERBOSE,
    ]  # fmt: skip
    fields = (
        "product", "revision", "fleet", "username", "password_file", "password_keyring", "ca_file", "fingerprint",
        "insecure", "allow_http", "cache_tokens",
    )  # fmt: skip

    @wraps(command)
    def gathered(verbose: bool, **given: Any) -> Any:
        from .target import Target
        from .trace import show_event

        events = show_event if verbose else None
        return command(target=Target("", **{name: given.pop(name) for name in fields}, events=events), **given)

    return _decorated(gathered, options)


def host_argument(metavar: str) -> Decorator:
    """The words of a command that begin with an appliance."""
    return click.argument("words", nargs=-1, metavar=metavar, shell_complete=complete_appliance)


def _decorated(command: Command, options: Sequence[Decorator]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command
