"""`veeam-async call`: one operation of one appliance."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from rich.markup import escape

from .._running import run
from ..downloads import Download
from ..listing import Listing
from .output import json_line, json_text, put, size, stderr
from .status import CommandError, Status

if TYPE_CHECKING:
    from .._operation.operation import Operation, Parameter
    from ..client import ApplianceClient
    from .target import Target


def call_operation(
    target: Target,
    name: str,
    params: Sequence[str],
    body: str | None,
    *,
    all_rows: bool,
    wait_for: bool,
    output: Path | None,
) -> int:
    """Call it and print the answer."""
    content = _body(body)

    async def work() -> int:
        async with target.open() as client:
            operation = find_operation(client, name)
            values = parameters(operation, params)
            if content is not None:
                if operation.body is None:
                    raise CommandError(f"{operation.operation_id} takes no body")
                values["body"] = content
            request = client.call(operation.operation_id, **values)
            if all_rows:
                if not isinstance(request, Listing):
                    request.close()
                    raise CommandError(f"{operation.operation_id} is no listing: --all does not go with it")
                async for row in request:
                    put(json_line(row) + "\n")
                return Status.OK
            if output is not None:
                if not isinstance(request, Download):
                    request.close()
                    raise CommandError(f"{operation.operation_id} is no download: --output does not go with it")
                written = await request.to_file(output)
                stderr().print(f"{escape(str(output))}: {size(written)}")
                return Status.OK
            answer = await request
            if wait_for:
                from .wait import wait_with_progress

                answer = await wait_with_progress(client, answer, None)
            _print(answer)
            return Status.OK

    return run(work())


def _print(answer: Any) -> None:
    if answer is None:
        return
    if isinstance(answer, bytes):
        if sys.stdout.isatty():
            raise CommandError(f"the answer is a file of {size(len(answer))}: give --output FILE", Status.FAILED)
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()
    else:
        put((answer if isinstance(answer, str) else json_text(answer)) + "\n")


def find_operation(client: ApplianceClient, name: str) -> Operation[Any]:
    """An operation by its operationId in any letter case, or an error that names those that are like it."""
    known = {operation.operation_id: operation for operation in client.operations}
    if name in known:
        return known[name]
    lower = {operation_id.lower(): operation for operation_id, operation in known.items()}
    if name.lower() in lower:
        return lower[name.lower()]
    close = [lower[one].operation_id for one in difflib.get_close_matches(name.lower(), lower, n=3, cutoff=0.5)]
    hint = f"; did you mean {', '.join(close)}?" if close else ""
    raise CommandError(f"{client.revision.product} {client.revision.name} has no operation {name!r}{hint}")


def parameters(operation: Operation[Any], given: Sequence[str]) -> dict[str, Any]:
    """`name=value` texts as keyword arguments, by the Python or the wire name, with values of the parameter's type."""
    known = {parameter.name: parameter for parameter in operation.parameters}
    known |= {parameter.wire: parameter for parameter in operation.parameters}
    values: dict[str, Any] = {}
    for one in given:
        name, sign, value = one.partition("=")
        if not sign:
            raise CommandError(f"--param {one}: give NAME=VALUE")
        parameter = known.get(name)
        if parameter is None:
            names = ", ".join(p.name for p in operation.parameters) or "none"
            raise CommandError(f"{operation.operation_id} has no parameter {name!r}; it has {names}")
        read = _value(parameter, value)
        if parameter.array != "none":
            values.setdefault(parameter.name, []).append(read)
        elif parameter.name in values:
            raise CommandError(f"--param {name} is given twice, and it takes one value")
        else:
            values[parameter.name] = read
    missing = [p.name for p in operation.parameters if p.required and p.location == "path" and p.name not in values]
    if missing:
        raise CommandError(f"{operation.operation_id} needs --param {missing[0]}=...")
    return values


def _value(parameter: Parameter, value: str) -> Any:
    kinds = parameter.type.removeprefix("list[").removesuffix("]").replace(" ", "").split("|")
    try:
        if "bool" in kinds and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if "int" in kinds:
            return int(value)
        if "float" in kinds:
            return float(value)
    except ValueError:
        raise CommandError(f"--param {parameter.name}={value}: it is to be a number") from None
    return value


def _body(given: str | None) -> Any:
    if given is None:
        return None
    text = given
    if given == "@-":
        text = sys.stdin.read()
    elif given.startswith("@"):
        try:
            text = Path(given[1:]).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"--body {given}: {error}") from error
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise CommandError(f"--body: not JSON: {error}") from None
