"""Code that makes rows straight from JSON, compiled once for each mapping table.

A table says what each field is taken from; this module writes the function that does it without a call for each field.
The source is kept where tracebacks and debuggers look for it.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from .values import INLINE, Words, moment, word

Maker = Callable[[Iterable[Any], Any, Any, list[Any]], None]
"""Appends the rows that JSON objects stand for to a list: objects, appliance, type of the objects, list."""

Convert = Callable[[Any], Any] | Words | None
"""How a value of an answer becomes a value of a row."""

_EMPTY: dict[str, Any] = {}


class Writer:
    """The body of a function that is being written: lines, and the objects that they name.

    Args:
        names: objects that the lines may name from the start.
    """

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.lines: list[str] = []
        self.names: dict[str, Any] = dict(names)
        self._getters = {"": "get"}
        self._count = 0

    def name(self, value: Any, stem: str) -> str:
        """A name in the function for an object from outside."""
        self._count += 1
        name = f"{stem}_{self._count}"
        self.names[name] = value
        return name

    def value(self, path: str) -> str:
        """An expression for the value at a path of document names."""
        parent, _, wire = path.rpartition(".")
        return f"{self._getter(parent)}({wire!r})"

    def _getter(self, path: str) -> str:
        """The name of `get` of the object at a path; what is no object has nothing in it."""
        if path not in self._getters:
            self._count += 1
            getter = self._getters[path] = f"get_{self._count}"
            self.lines.append(f"inner = {self.value(path)}")
            self.lines.append(f"{getter} = inner.get if inner.__class__ is dict else nothing")
        return self._getters[path]

    def take(self, target: str, path: str, convert: Convert) -> None:
        """Lines that set a target to the converted value at a path."""
        self.lines += [f"value = {self.value(path)}", *self._convert(target, convert)]

    def take_together(self, parent: str, takes: Sequence[tuple[str, str, Convert]]) -> None:
        """Lines that set several targets to values of one object; where that is no object all of them are None.

        Args:
            parent: path of the object.
            takes: target, name in the object and conversion of each.
        """
        self.lines += [f"inner = {self.value(parent)}", "if inner.__class__ is dict:", "    get_inner = inner.get"]
        for target, wire, convert in takes:
            self.lines.append(f"    value = get_inner({wire!r})")
            self.lines += [f"    {line}" for line in self._convert(target, convert)]
        self.lines += ["else:", f"    {' = '.join(target for target, _, _ in takes)} = None"]

    def _convert(self, target: str, convert: Convert) -> list[str]:
        """Lines that set a target to the converted `value`."""
        if convert is not moment:
            return [f"{target} = {self._converted(convert)}"]
        # What this does not expect raises, and the row is made by its rules.
        return [
            "if value.__class__ is str and value[10] == 'T':",
            "    value = from_iso(value)",
            f"    {target} = value if value.tzinfo is not None and value.year > 1 else moment(value)",
            "else:",
            f"    {target} = moment(value)",
        ]

    def _converted(self, convert: Convert) -> str:
        """An expression for the converted `value`."""
        if isinstance(convert, Words):
            function, cache = self.name(convert, "words"), self.name(convert.cache, "cache")
            return f"{cache}[value] if value.__class__ is str and value in {cache} else {function}(value)"
        convert = convert or word
        function = self.name(convert, getattr(convert, "__name__", "convert"))
        if convert in INLINE:
            return INLINE[convert].format(function)
        return f"None if value is None else {function}(value)"


def compile_maker(
    row: type, operation: str, fields: Mapping[str, Any], slots: Iterable[str], slow: Callable[..., Any]
) -> Maker:
    """Write and compile the function that makes rows by a table.

    Args:
        row: the type of the rows; its slots are set one by one.
        operation: the vendor's operationId, for the name of the source.
        fields: name in the row to a rule that can write itself (`write(writer, target)`), or is `nested`: object,
            name in it, conversion.
        slots: every field of the row beside `appliance` and what it is made of.
        slow: makes one row, called where the quick code meets a value that no rule expects.
    """
    writer = Writer({"new": object.__new__, "row_type": row, "nothing": _EMPTY.get, "slow": slow,
                     "moment": moment, "from_iso": datetime.fromisoformat})  # fmt: skip
    together: dict[str, list[tuple[str, str, Convert]]] = {}
    for slot in slots:
        rule = fields.get(slot)
        if rule is None:
            writer.lines.append(f"row.{slot} = None")
        elif (nested := rule.nested) is not None:
            parent, wire, convert = nested
            together.setdefault(parent, []).append((f"row.{slot}", wire, convert))
        else:
            rule.write(writer, f"row.{slot}")
    for parent, takes in together.items():
        writer.take_together(parent, takes)
    source = [
        "def make(objects, appliance, raw_type, rows):",
        "    append = rows.append",
        "    for raw in objects:",
        "        if raw.__class__ is not dict:",
        "            continue",
        "        try:",
        "            get = raw.get",
        "            row = new(row_type)",
        "            row.appliance = appliance",
        "            row.json = raw",
        "            row.raw_type = raw_type",
        *(f"            {line}" for line in writer.lines),
        "            if row.id is None:",
        # No document allows that, but a row that cannot be named would be lost in a watch.
        "                row.id = ''",
        "            append(row)",
        "        except Exception:",
        "            append(slow(raw, appliance, raw_type))",
        "",
    ]
    text = "\n".join(source)
    filename = f"<rows {row.__name__} of {operation}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    exec(compile(text, filename, "exec"), writer.names)  # source of ours: names of a document stand in it as literals
    maker: Maker = writer.names["make"]
    return maker
