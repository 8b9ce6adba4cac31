"""Parameters and bodies from the command line, as httpie takes them: `key=value` a text, `key:=json` any value."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import orjson

from .status import CommandError

if TYPE_CHECKING:
    from .._operation.operation import Operation, Parameter

_FIELD = re.compile(r"(?P<name>[^=:\s]+(?:[^=:]*[^=:\s])?)(?P<sign>:?=)(?P<value>.*)", re.DOTALL)
_DEEPEST = 20
# More than any body of any operation; /dev/zero has no end.
_LONGEST_BODY = 64 * 1024 * 1024


def is_text(word: str) -> bool:
    """Whether an argument is text; bytes that are none stand in it as lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in word)


def is_field(word: str) -> bool:
    """Whether a word of the command line is `key=value` or `key:=json`."""
    return _FIELD.fullmatch(word) is not None


@attrs.frozen
class Input:
    """What goes into a call, as it was typed.

    Attributes:
        params: of --param.
        fields: `key=value` and `key:=json`, for parameters and the body alike.
        body: of --body.
    """

    params: Sequence[str] = ()
    fields: Sequence[str] = ()
    body: str | None = None

    def values(self, operation: Operation[Any]) -> dict[str, Any]:
        """Keyword arguments for the operation, its body among them.

        Raises:
            CommandError: something is missing, or does not belong there.
        """
        names = {name for parameter in operation.parameters for name in (parameter.name, parameter.wire)}
        params, in_body = list(self.params), []
        for word in (*self.params, *self.fields):
            if not is_text(word):
                raise CommandError(f"{word}: not UTF-8 text")
        for field in self.fields:
            match = _FIELD.fullmatch(field)
            assert match is not None
            if match["name"] in names and match["sign"] == "=":
                params.append(field)
            else:
                in_body.append((match["name"], match["sign"], match["value"]))
        body = read_body(self.body)
        if in_body:
            body = _with_fields(body, in_body, operation)
        values = parameters(operation, params)
        if body is not None:
            if operation.body is None:
                raise CommandError(f"{operation.operation_id} takes no body")
            values["body"] = body
        elif operation.body is not None and operation.body.required:
            raise CommandError(
                f"{operation.operation_id} needs a body: key=value, key:=json or --body; "
                f"see `veeam-async operations show {operation.operation_id}`"
            )
        return values


def _with_fields(body: Any, fields: Sequence[tuple[str, str, str]], operation: Operation[Any]) -> dict[str, Any]:
    if operation.body is None:
        raise CommandError(unknown_parameter(operation, fields[0][0]))
    if body is None:
        body = {}
    if not isinstance(body, dict):
        raise CommandError("key=value goes with a body that is an object")
    for name, sign, text in fields:
        value: Any = text
        if sign == ":=":
            try:
                value = orjson.loads(text)
            except orjson.JSONDecodeError as error:
                raise CommandError(f"{name}:={text}: not JSON: {error}; for a text write {name}={text}") from None
        _put(body, name, value)
    return body


def _put(body: dict[str, Any], name: str, value: Any) -> None:
    *above, last = name.split(".")
    if len(above) > _DEEPEST or not all((*above, last)):
        raise CommandError(f"{name}: give the names of properties, with a dot between them")
    place = body
    for part in above:
        inner = place.setdefault(part, {})
        if not isinstance(inner, dict):
            raise CommandError(f"{name}: {part} is no object")
        place = inner
    place[last] = value


def parameters(operation: Operation[Any], given: Sequence[str]) -> dict[str, Any]:
    """`name=value` texts as keyword arguments, by the Python or the wire name, with values of the parameter's type."""
    by_name = {parameter.wire: parameter for parameter in operation.parameters}
    by_name |= {parameter.name: parameter for parameter in operation.parameters}
    values: dict[str, Any] = {}
    for one in given:
        name, sign, value = one.partition("=")
        if not sign:
            raise CommandError(f"--param {one}: give NAME=VALUE")
        parameter = by_name.get(name)
        if parameter is None:
            raise CommandError(unknown_parameter(operation, name))
        if not value and parameter.location == "path":
            raise CommandError(f"{name}= is empty: it is a part of the path")
        read = _value(parameter, value)
        if parameter.array != "none":
            values.setdefault(parameter.name, []).append(read)
        elif parameter.name in values:
            raise CommandError(f"{name}= is given twice, and it takes one value")
        else:
            values[parameter.name] = read
    missing = [p.name for p in operation.parameters if p.required and p.location == "path" and p.name not in values]
    if missing:
        raise CommandError(f"{operation.operation_id} needs {missing[0]}=...")
    return values


def unknown_parameter(operation: Operation[Any], name: str) -> str:
    """What to say of a parameter that the operation does not have."""
    names = [parameter.name for parameter in operation.parameters]
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {close[0]}?" if close else f"it has {', '.join(names) or 'none'}"
    return f"{operation.operation_id} has no parameter {name!r}; {hint}"


def _value(parameter: Parameter, value: str) -> Any:
    kinds = parameter.type.removeprefix("list[").removesuffix("]").replace(" ", "").split("|")
    if "bool" in kinds and value.lower() in ("true", "false"):
        return value.lower() == "true"
    number: type[int] | type[float] | None = int if "int" in kinds else float if "float" in kinds else None
    if number is None:
        return value
    try:
        return number(value)
    except ValueError:
        kind = "a whole number" if number is int else "a number"
        raise CommandError(f"{parameter.name}={value[:60]}: must be {kind}") from None


def read_body(given: str | None) -> Any:
    """The JSON value of --body: as it is, of a file, or of stdin.

    Raises:
        CommandError: it cannot be read, or is no JSON.
    """
    if given is None:
        return None
    text = given
    if given.startswith("@"):
        try:
            if given == "@-":
                text = sys.stdin.read(_LONGEST_BODY + 1)
            else:
                with Path(given[1:]).open(encoding="utf-8-sig") as file:
                    text = file.read(_LONGEST_BODY + 1)
        except OSError as error:
            raise CommandError(f"--body {given}: {error.strerror or 'cannot be read'}") from None
        except ValueError:
            raise CommandError(f"--body {given}: not UTF-8 text") from None
    if len(text) > _LONGEST_BODY:
        raise CommandError(f"--body {given[:60]}: longer than {_LONGEST_BODY // 1024 // 1024} MiB")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise CommandError(f"--body: not JSON: {error}") from None
