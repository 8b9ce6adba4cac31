"""The contract proof: Prism serves a document, every operation of its revision is called through the typed functions.

    python -m tests.contract.run [vbr/1.3-rev0 ...] [--vendor] [--verbose]

Serves each spec of specs/, and, where VEEAM_VENDOR_SPECS says where they are, the vendor's own OpenAPI documents of
`VENDOR_PROOFS` (`--vendor`: of all). Exit status: 0 all operations were called and none was refused because of us;
1 some were; 2 the proof could not be run (Prism is not installed).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
import time
import tomllib
import warnings
from collections import Counter
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import attrs

from codegen.ingest import catalog, documents
from codegen.ingest.walking import METHODS
from tests.contract.arguments import Arguments
from tests.contract.prism import Prism, PrismError
from veeam_async import BearerToken, Password
from veeam_async._model import Model, encode, fields
from veeam_async._operation.operation import Operation
from veeam_async.client import ApplianceClient
from veeam_async.credentials import Credentials
from veeam_async.errors import ApiError, AuthenticationError, InferredOperationWarning, VeeamError
from veeam_async.retry import RetryPolicy
from veeam_async.timeouts import Timeouts

# The vendor's documents that are proved where they are at hand; the other ones only when asked for.
VENDOR_PROOFS = ("vbr/1.3-rev0",)
CONCURRENCY = 4
CALL_SECONDS = 60.0
DOCUMENT_SECONDS = 480.0
# What Prism cannot digest may end it; it is started again for the rest.
MAX_RESTARTS = 5

Verdict = Literal[
    "answered and typed",
    "answered, with made-up errors",
    "refused by Prism's validation",
    "Prism's own fault",
    "the document's own fault",
    "not typed",
]


# Nothing to look into: Prism took the call. In spc's envelope it makes up errors, which a client has to raise.
WELL = ("answered and typed", "answered, with made-up errors")

# What Prism objects to that is no fault of the call: its words, whose fault it is, and why.
KNOWN_OBJECTIONS: tuple[tuple[str, Verdict, str], ...] = (
    (
        r"parameter \S+ must be array,null",
        "Prism's own fault",
        "it does not read a query parameter as an array where the array is nullable",
    ),
    (
        r"Invalid security scheme used",
        "the document's own fault",
        "it wants a token for the call that gives tokens",
    ),
)


@attrs.frozen
class Outcome:
    """What became of one operation.

    Attributes:
        operation_id: which one.
        verdict: how it went.
        reason: why, where it did not go well.
    """

    operation_id: str
    verdict: Verdict
    reason: str = ""


@attrs.frozen
class Report:
    """What became of a document's operations."""

    name: str
    described: int
    outcomes: tuple[Outcome, ...]
    seconds: float

    @property
    def good(self) -> bool:
        """True where every operation was called and nothing of what went wrong is our fault."""
        ours = [
            outcome for outcome in self.outcomes if outcome.verdict in ("refused by Prism's validation", "not typed")
        ]
        return len(self.outcomes) == self.described and not ours


def client_class(name: str) -> type[ApplianceClient]:
    """The generated client of a revision (product/revision)."""
    product, _, revision = name.partition("/")
    module = "v" + revision.removeprefix("v").replace(".", "_").replace("-", "_")
    found: type[ApplianceClient] = import_module(f"veeam_async.{product}.{module}.client").Client
    return found


async def prove(name: str, path: Path, title: str) -> Report:
    """Serve a document and call every operation of its revision.

    Args:
        name: product/revision, which says the client.
        path: the document that Prism serves.
        title: what the report calls it.
    """
    began = time.monotonic()
    document = documents.read(str(path)).content
    described = sum(1 for item in document["paths"].values() for method in item if method in METHODS)
    arguments = Arguments(document)
    outcomes: dict[str, Outcome] = {}
    async with asyncio.timeout(DOCUMENT_SECONDS):
        for _ in range(1 + MAX_RESTARTS):
            if await _round(name, path, arguments, outcomes):
                break
    return Report(title, described, tuple(outcomes.values()), time.monotonic() - began)


async def _round(name: str, path: Path, arguments: Arguments, outcomes: dict[str, Outcome]) -> bool:
    """Call what was not called yet: all at once, then what failed one by one. False where Prism came to an end."""
    timeouts = Timeouts(connect=10, read=CALL_SECONDS, total=CALL_SECONDS)
    made = partial(client_class(name), timeouts=timeouts, retry=RetryPolicy(attempts=1))
    async with Prism(path) as prism:
        credentials: Credentials = Password("administrator", "not-a-secret")
        try:
            async with made(prism.url, credentials) as client:
                await client.login()
        except ApiError as error:
            # Prism plays a document alone: some have no answer for a login that is JSON, as servers send it.
            if error.status != 406:
                raise
            credentials = BearerToken("a-token")
        except AuthenticationError:
            if not arguments.capitalises_grants():
                raise
            # Servers take a grant in any letter case, and Prism in the document's alone, which is not OAuth's.
            credentials = BearerToken("a-token")
        async with made(prism.url, credentials) as client:
            gate = asyncio.Semaphore(CONCURRENCY)

            async def one(operation: Operation[Any]) -> None:
                async with gate:
                    outcome = await call(client, operation, arguments)
                    if outcome.verdict in WELL:
                        outcomes[operation.operation_id] = outcome

            known_here = [operation for operation in client.operations if arguments.describes(operation)]
            await asyncio.gather(
                *(one(operation) for operation in known_here if operation.operation_id not in outcomes)
            )
            for operation in known_here:
                if operation.operation_id in outcomes:
                    continue
                if prism.ended():
                    return False
                known = len(prism.log())
                outcome = await call(client, operation, arguments)
                await asyncio.sleep(0.1)
                outcomes[operation.operation_id] = judge(outcome, prism.log()[known:], operation, ended=prism.ended())
    return True


def judge(outcome: Outcome, log: str, operation: Operation[Any], *, ended: bool) -> Outcome:
    """Whose fault it is that a call failed, by what Prism logged meanwhile.

    Args:
        outcome: what became of the call.
        log: what Prism logged meanwhile.
        operation: what was called.
        ended: whether Prism came to an end by it.
    """
    objections = re.findall(r"Violation: request\S* (.+)", log)
    for pattern, verdict, why in KNOWN_OBJECTIONS:
        if verdict == "the document's own fault" and operation.secured:
            continue
        if objections and all(re.search(pattern, text) for text in objections):
            return attrs.evolve(outcome, verdict=verdict, reason=why)
    said = " ".join(log.split())[:1500]
    reason = f"{outcome.reason} {said}".strip()
    return attrs.evolve(outcome, verdict="Prism's own fault" if ended else outcome.verdict, reason=reason)


async def call(client: ApplianceClient, operation: Operation[Any], arguments: Arguments) -> Outcome:
    """Call one operation through its bound, typed function."""
    function = getattr(getattr(client, operation.group), operation.name)
    try:
        value = (await function(**arguments.of(operation)).reply()).value
    except ApiError as error:
        if error.status < 300:
            return Outcome(operation.operation_id, "answered, with made-up errors")
        if 400 <= error.status < 500:
            return Outcome(operation.operation_id, "refused by Prism's validation", str(error))
        return Outcome(operation.operation_id, "Prism's own fault", str(error))
    except VeeamError as error:
        return Outcome(operation.operation_id, "not typed", str(error))
    except Exception as error:
        return Outcome(operation.operation_id, "not typed", f"{type(error).__name__}: {error}")
    fault = misfit(value, operation)
    return Outcome(operation.operation_id, "not typed" if fault else "answered and typed", fault)


def misfit(value: Any, operation: Operation[Any]) -> str:
    """Why a value is none of what an operation says that it gives; empty where it is."""
    models = import_module(f"{operation.revision.package}.models")
    types = [answer.type for answer in operation.responses.values()]
    try:
        read_all(value)
        if not isinstance(value, bytes):
            encode(value)
    except Exception as error:
        return f"{type(error).__name__} while reading it whole: {error}"
    if any(_fits(value, text, models) for text in types):
        return ""
    return f"{type(value).__name__} where {' or '.join(sorted({text or 'nothing' for text in types}))} was due"


def read_all(value: Any) -> None:
    """Read every field of everything in a value: models are decoded where they are looked at, not before."""
    if isinstance(value, Model):
        for name in fields(type(value)):
            read_all(getattr(value, name))
    elif isinstance(value, list):
        for part in value:
            read_all(part)
    elif isinstance(value, dict):
        for part in value.values():
            read_all(part)


def _fits(value: Any, text: str, models: Any) -> bool:
    if not text:
        return value is None
    return any(_is(value, part.strip(), models) for part in text.split(" | "))


_PLAIN: dict[str, tuple[type, ...]] = {
    "str": (str,), "int": (int,), "float": (int, float), "bool": (bool,), "bytes": (bytes,), "None": (type(None),),
}  # fmt: skip


def _is(value: Any, text: str, models: Any) -> bool:
    if text == "Any":
        return True
    if text in _PLAIN:
        return isinstance(value, _PLAIN[text])
    if text.startswith("list["):
        return isinstance(value, list) and all(_is(row, text[5:-1], models) for row in value)
    if text.startswith("dict["):
        return isinstance(value, dict)
    return isinstance(value, getattr(models, text))


def proofs(names: list[str], *, vendor: bool) -> list[tuple[str, Path, str]]:
    """What to prove: (product/revision, document, title) for the vendor's documents and for the specs."""
    book = tomllib.loads((catalog.HOME / catalog.NAME).read_text(encoding="utf-8"))["revisions"]
    chosen = names or sorted(book, key=catalog.revision_order)
    made: list[tuple[str, Path, str]] = []
    folder = os.environ.get("VEEAM_VENDOR_SPECS")
    if folder:
        made += [
            (name, Path(folder) / book[name]["source"], f"vendor's {name}")
            for name in chosen
            if vendor or name in VENDOR_PROOFS
        ]
    made += [(name, catalog.HOME / f"{name}.json", f"specs/{name}.json") for name in chosen]
    return made


def summarize(report: Report, *, verbose: bool) -> None:
    """Print what became of a document."""
    counts = Counter(outcome.verdict for outcome in report.outcomes)
    parts = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    called = f"{len(report.outcomes)} of {report.described} operations called"
    sys.stdout.write(f"{report.name}: {called}: {parts} ({report.seconds:.0f} s)\n")
    for outcome in report.outcomes:
        if verbose or outcome.verdict not in WELL:
            why = f": {outcome.reason}" if outcome.reason else ""
            sys.stdout.write(f"    {outcome.operation_id}: {outcome.verdict}{why}\n")
    sys.stdout.flush()


async def main(argv: list[str] | None = None) -> int:
    """Run the proofs, one Prism after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("revisions", nargs="*", metavar="PRODUCT/REVISION", help="default: all of specs/catalog.toml")
    parser.add_argument("--vendor", action="store_true", help="all of the vendor's documents, not only 1.3-rev0's")
    parser.add_argument("--verbose", action="store_true", help="list every operation")
    parser.add_argument("--json", type=Path, help="write the outcomes here as well")
    arguments = parser.parse_args(argv)
    # Offered by analogy; that they say so at their first call is not this proof's business.
    warnings.simplefilter("ignore", InferredOperationWarning)
    reports = []
    try:
        for name, path, title in proofs(arguments.revisions, vendor=arguments.vendor):
            report = await prove(name, path, title)
            summarize(report, verbose=arguments.verbose)
            reports.append(report)
    except PrismError as fault:
        sys.stderr.write(f"contract: {fault}\n")
        return 2
    if arguments.json:
        arguments.json.write_text(json.dumps([attrs.asdict(report) for report in reports], indent=1), encoding="utf-8")
    bad = [report.name for report in reports if not report.good]
    sys.stdout.write(
        f"contract: {len(reports)} documents" + (f", not kept: {', '.join(bad)}\n" if bad else ", all kept\n")
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
