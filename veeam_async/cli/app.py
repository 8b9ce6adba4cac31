"""The commands with their arguments; what they do is in a module for each, imported when the command runs."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import get_completion_class

from .completion import complete_operation, complete_product, complete_revision
from .status import CommandError, ReaderGone, Status

if TYPE_CHECKING:
    from .target import Target

PATH = click.Path(path_type=Path)
POSITIVE = click.FloatRange(min=0, min_open=True)


@click.group(
    name="veeam-async",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100, "show_default": True},
    epilog="Exit status: 0 all well, 1 a part failed or needs attention, 2 failed, 3 not run, 130 interrupted.",
)
@click.version_option(package_name="veeam-async")
def app() -> None:
    """Look at Veeam appliances, one or a whole fleet: Backup & Replication, Backup for AWS, Backup for Azure."""


def run(arguments: Sequence[str]) -> int:
    """Run one command and give its exit status; every expected failure is one line on stderr."""
    from ..errors import VeeamError

    try:
        status = app.main(list(arguments), prog_name="veeam-async", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        return Status.NOT_RUN
    except click.UsageError as error:
        hint = f" (see `{error.ctx.command_path} --help`)" if error.ctx else ""
        return _say(" ".join(error.format_message().split()).rstrip(".") + hint, Status.NOT_RUN)
    except click.ClickException as error:
        return _say(error.format_message(), Status.NOT_RUN)
    except (click.Abort, KeyboardInterrupt, asyncio.CancelledError):
        return _say("interrupted", Status.INTERRUPTED)
    except CommandError as error:
        return _say(str(error), error.status)
    except ReaderGone:
        _stop_writing()
        return Status.OK
    except VeeamError as error:
        from ..fleet.config import FleetConfigError
        from .words import explain

        return _say(explain(error), Status.NOT_RUN if isinstance(error, FleetConfigError) else Status.FAILED)
    except OSError as error:  # a full disk under `> file`, a folder that is not writable
        _stop_writing()
        return _say(str(error), Status.FAILED)
    return int(status or 0)


def _stop_writing() -> None:
    # Python would complain once more when it flushes stdout at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(message: str, status: Status) -> int:
    print(f"veeam-async: {message}", file=sys.stderr)
    return status


FLEET = click.argument("fleet", metavar="FLEET.TOML", type=PATH)
HOST = click.argument("host")
WHERE = click.option(
    "--where",
    metavar="KEY=VALUE",
    multiple=True,
    help="Only appliances with this tag=, product=, revision= or name=; repeatable.",
)
CONCURRENCY = click.option(
    "--concurrency", type=click.IntRange(min=1), default=200, help="Appliances worked on at the same time."
)


def _format(*choices: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option("--format", "-f", type=click.Choice(choices), default=choices[0])


DEADLINE = click.option(
    "--deadline", metavar="SECONDS", type=POSITIVE, help="Seconds for the whole fleet; no limit where it is absent."
)


def _timeout(seconds: float) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        "--timeout",
        metavar="SECONDS",
        type=POSITIVE,
        default=seconds,
        help="Seconds for one appliance; its own `timeout` in the fleet file goes before it.",
    )


PRODUCT_OPTION = click.option(
    "--product", default="vbr", help="vbr, aws or azure.", shell_complete=lambda _c, _p, text: complete_product(text)
)


def one_appliance(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say which appliance and how to log in, as one `Target`."""
    options = [
        PRODUCT_OPTION,
        click.option("--revision", default="auto", help="API revision.", shell_complete=complete_revision),
        click.option("--fleet", metavar="FLEET.TOML", type=PATH, help="Look HOST up here, with its credentials."),
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
    ]

    @wraps(command)
    def gathered(host: str, **given: Any) -> Any:
        from .target import Target

        fields = ("product", "revision", "fleet", "username", "password_file", "password_keyring", "ca_file",
                  "fingerprint", "insecure")  # fmt: skip
        return command(Target(host, **{name: given.pop(name) for name in fields}), **given)

    decorated: Callable[..., Any] = gathered
    for option in reversed(options):
        decorated = option(decorated)
    return HOST(decorated)


@app.command()
@FLEET
@WHERE
@_format("table", "json", "jsonl")
@_timeout(30.0)
@DEADLINE
@CONCURRENCY
@click.option("--certificate-days", default=30, help="Warn when a certificate ends within so many days.")
@click.option("--license-days", default=30, help="Warn when a license ends within so many days.")
@click.option("--clock-seconds", default=300, help="Warn when a clock is off by more seconds.")
def check(
    fleet: Path, where: Sequence[str], format: str, timeout: float, deadline: float | None, concurrency: int,
    certificate_days: int, license_days: int, clock_seconds: int,
) -> int:  # fmt: skip
    """Whether each appliance of a fleet can be polled: network, certificate, login, revision, clock, license.

    Status 0: all well. 1: something will fail soon. 2: an appliance cannot be polled.
    """
    from .check import Limits, check_fleet

    limits = Limits(certificate_days, license_days, clock_seconds)
    return check_fleet(fleet, where, limits, format, timeout=timeout, deadline=deadline, concurrency=concurrency)


@app.command()
@FLEET
@click.argument(
    "rows", type=click.Choice(["jobs", "sessions", "repositories", "servers", "licenses", "protected"]), metavar="ROWS"
)
@click.option("--since", metavar="AGE|DATE", help="Sessions from so long ago on: 30m, 24h, 7d; or a date.")
@WHERE
@click.option("--watch", metavar="SECONDS", type=click.FloatRange(min=1), help="Again and again, new rows only.")
@_format("table", "json", "jsonl", "csv", "prometheus")
@click.option("--raw", is_flag=True, help="json and jsonl: with the original object of each row.")
@_timeout(60.0)
@DEADLINE
@CONCURRENCY
def poll(
    fleet: Path, rows: str, since: str | None, where: Sequence[str], watch: float | None, format: str, raw: bool,
    timeout: float, deadline: float | None, concurrency: int,
) -> int:  # fmt: skip
    """Rows of every appliance of a fleet, the same columns for all products.

    ROWS is jobs, sessions, repositories, servers, licenses or protected.

    Status 0: all appliances answered. 1: some did not, their errors are at the end. 2: none did.
    """
    from .poll import poll_fleet
    from .printing import Patience

    patience = Patience(timeout, deadline, concurrency)
    return poll_fleet(fleet, rows, since, where, format, patience, raw=raw, watch=watch)


@app.command()
@one_appliance
@click.argument("operation", shell_complete=complete_operation)
@click.option("--param", "-p", metavar="NAME=VALUE", multiple=True, help="A path or query parameter; repeatable.")
@click.option("--body", metavar="JSON|@FILE", help="The request body; @- reads stdin.")
@click.option("--all", "all_rows", is_flag=True, help="Every page of a listing, one JSON object a line.")
@click.option("--wait", "wait_for", is_flag=True, help="Wait for the work that the call started.")
@click.option("--output", "-o", type=PATH, help="File for a download.")
def call(
    target: Target, operation: str, param: Sequence[str], body: str | None, all_rows: bool, wait_for: bool,
    output: Path | None,
) -> int:  # fmt: skip
    """Call one operation of one appliance and print its answer as JSON.

    HOST is a name, an address, name:port or an origin, or a name in the --fleet file. OPERATION is an operationId;
    `veeam-async operations` finds it. Secrets come from the environment, a file, the keyring or a prompt.
    """
    from .call import call_operation

    return call_operation(target, operation, param, body, all_rows=all_rows, wait_for=wait_for, output=output)


@app.command()
@click.argument("product", shell_complete=lambda _c, _p, text: complete_product(text))
@click.argument("revision", shell_complete=complete_revision)
@click.argument("word", nargs=-1)
@_format("table", "json", "jsonl")
def operations(product: str, revision: str, word: Sequence[str], format: str) -> int:
    """Find an operation: its id, path and parameters, and the Python function.

    REVISION is such as 1.3-rev0, or auto for the newest. With several WORDs, an operation has to have each.
    """
    from .operations import list_operations

    return list_operations(product, revision, word, format)


@app.command()
@one_appliance
@click.argument("session")
@click.option("--timeout", type=POSITIVE, help="Seconds to wait at most.")
def wait(target: Target, session: str, timeout: float | None) -> int:
    """Wait for long work on an appliance, with its progress. Status 2 when it failed, with its log.

    SESSION is the id of a session, or of an operation of Backup for Azure.
    """
    from .wait import wait_for_session

    return wait_for_session(target, session, timeout)


@app.command()
@click.argument("host", nargs=-1, required=True)
@PRODUCT_OPTION
@_format("table", "json", "toml")
def fingerprint(host: Sequence[str], product: str, format: str) -> int:
    """Show the certificate that a host answers with, to compare it with the appliance's own and pin it."""
    from .fingerprint import show_fingerprints

    return show_fingerprints(host, product, format)


@app.command()
@click.argument("count", type=click.IntRange(1, 5000), required=False)
@click.option("--directory", type=PATH, default=Path("simulated"), help="Where fleet.toml and the CA go.")
@click.option("--product", multiple=True, help="vbr, aws, azure; repeatable; all of them when absent.")
@click.option("--revision", multiple=True, metavar="PRODUCT/REVISION", help="Repeatable; all when absent.")
@click.option("--tls", is_flag=True, help="HTTPS, with certificates of a throw-away CA.")
@click.option("--faults", is_flag=True, help="A third of them is broken, each in another way.")
@click.option("--seed", default=0, help="Seed of what the appliances hold.")
@click.option("--version", help="One appliance: the release that it plays, such as 13.0.1; --product says of what.")
@click.option("--host", default="127.0.0.1", help="One appliance: the address that it listens on.")
@click.option("--port", type=click.IntRange(0, 65535), help="One appliance: its port; 0 takes a free one.")
@click.option("--world", type=PATH, help="One appliance: a TOML file with what it holds.")
@click.option("--strict", is_flag=True, help="One appliance: refuse what goes beyond the document.")
@click.option("--record", type=PATH, help="One appliance: append its requests to a file, a JSON object a line.")
@click.option("--control-port", type=click.IntRange(0, 65535), help="One appliance: port for faults, world and reset.")
def simulate(
    count: int | None,
    directory: Path,
    product: Sequence[str],
    revision: Sequence[str],
    tls: bool,
    faults: bool,
    seed: int,
    **one: Any,
) -> int:
    """Run COUNT (3) simulated appliances on loopback and write a fleet.toml for them, until Ctrl-C.

    With an option for one appliance, run that one and print where it listens as JSON.
    """
    if any(one[name] not in (None, False) for name in ("version", "port", "world", "strict", "record", "control_port")):
        if count not in (None, 1):
            raise CommandError(f"COUNT {count}: these options are for one appliance")
        from .simulate_one import One, simulate_one

        wanted = One.of(product, revision, tls=tls, seed=seed, **one)
        return simulate_one(wanted)
    from .simulate import simulate_fleet

    return simulate_fleet(count or 3, directory, product, revision, tls=tls, faults=faults, seed=seed)


@app.command()
@click.option("--count", type=click.IntRange(3, 500), default=20, help="How many appliances.")
def demo(count: int) -> int:
    """Simulated appliances of all three products, polled as one fleet."""
    from .demo import run_demo

    return run_demo(count)


@app.command()
@FLEET
@click.option("--listen", metavar="ADDRESS:PORT", default="127.0.0.1:9801", help="Where to serve /metrics.")
@click.option("--every", metavar="SECONDS", type=click.FloatRange(min=1), default=60.0, help="How often to poll.")
@WHERE
def exporter(fleet: Path, listen: str, every: float, where: Sequence[str]) -> int:
    """Serve Prometheus metrics of a fleet. A scrape never waits for an appliance."""
    from .exporter import serve

    return serve(fleet, listen, every, where)


@app.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """Print the completion script of a shell: `veeam-async completion bash >> ~/.bashrc`."""
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(app, {}, "veeam-async", "_VEEAM_ASYNC_COMPLETE").source())
    return Status.OK
