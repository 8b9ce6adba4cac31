"""The mapping tables as a page for people: `python -m veeam_async.fleet.rows.document > docs/rows.md`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from typing import Any

import attrs

from ...profiles import PRODUCTS, profile
from . import completions, lookups, sources
from .mapping import Combine, Completion, Constant, Lookup, Source, Take
from .row import Row, slots
from .types import ROW_TYPES
from .values import Words

# Operations that a line of a product's table names.
_MOST = 8

_INTRO = """\
# Rows

Written by `python -m veeam_async.fleet.rows.document` from the tables in `veeam_async/fleet/rows/`; edits are lost.

`fleet.jobs()`, `sessions()`, `repositories()`, `servers()`, `licenses()`, `protected()`, `tasks()`, `proxies()`,
`restore_points()`, `findings()` and `alarms()` give rows with the same fields for every product and revision. Sizes
are bytes, times are aware datetimes, states and results are open enums: a word that no table knows is kept as the
vendor writes it. A field is None where the product, the revision or the appliance does not say. `row.raw` is the
vendor's model, `row.json` the object as it came, `row.appliance` the appliance with the revision that it speaks, its
tags and labels.

Some fields are on no object, such as the time of a workload's newest restore point. They come from one more listing for
all rows of an appliance. It is read newest first, a day, a week, then back to the horizon (30 days by default), until
every row is complete; never with a call for each row. Some rows cannot be distinguished in it, such as two machines of
one name. Where the product has a filter, the first 50 of them on an appliance are asked for singly.

Where rows have the id of something without its name, such as that of a repository, one listing for all rows says it.

The tables below name operations and fields as the vendor's documents do, so that they can be read beside them. Where
several fields stand in one cell, separated by "or", the first one that is there counts. "Asked with" are parameters
that the fleet sends; "since" is the parameter by which the appliance filters sessions by their start.

Times without a zone are taken as UTC, the year 1 stands for never, the zero UUID for no id, a negative number for
unknown or unlimited. All products' GB and TB are taken as powers of 1024.
"""


def markdown() -> str:
    """The page."""
    return "\n".join(_lines()).rstrip() + "\n"


def _lines() -> Iterator[str]:
    yield _INTRO
    for row in ROW_TYPES:
        yield f"## {row.__name__}: `fleet.{row.source}()`"
        yield ""
        yield inspect.cleandoc(row.__doc__ or "").partition("\n")[0]
        yield ""
        yield from _fields(row)
        for product in PRODUCTS:
            yield f"### {row.__name__} of {profile(product).title}"
            yield ""
            for source in sources(product, row):
                yield from _source(source)
            for completion in completions(product, row):
                yield from _completion(completion)
            for lookup in lookups(product, row):
                yield from _lookup(lookup)
            yield from _unknown(product, row)
    yield "## Words"
    yield ""
    yield "The vendor's words, in any letter case, and the word of the row."
    yield ""
    for product in PRODUCTS:
        yield from _words(product)


def product_rows(product: str) -> Iterator[str]:
    """The rows that a product gives, as a table: what of, from which operations, and what they do not say."""
    yield "| rows | from | what they do not say |"
    yield "|---|---|---|"
    for row in ROW_TYPES:
        tables = sources(product, row)
        if not tables:
            yield f"| `{row.source}()` | nothing | |"
            continue
        more = _completing(product, row)
        names = [f"`{source.operation}`" + (f" ({source.note})" if source.note else "") for source in tables]
        shown = names if len(names) <= _MOST else [*names[: _MOST - 1], f"{len(names) - _MOST + 1} more"]
        also = f"; completed by {', '.join(f'`{one.operation}`' for one in more)}" if more else ""
        yield f"| `{row.source}()` | {', '.join(shown)}{also} | {', '.join(_unfilled(row, [*tables, *more]))} |"


def _completion(completion: Completion[Any]) -> Iterator[str]:
    keys = ", or else ".join(" and ".join(f"`{name}`" for name in names) for names in completion.keys)
    purpose = "Read for `silent`" if completion.runs_only else "Completed"
    yield f"{purpose} from one more listing, by {keys}:"
    yield ""
    yield from _source(completion.source)


def _lookup(lookup: Lookup[Any]) -> Iterator[str]:
    by = f", by `{lookup.key}`" if lookup.key is not None else ""
    yield f"Looked up in one listing for all rows{by}:"
    yield ""
    yield from _source(lookup.source)


def _unknown(product: str, row: type[Row]) -> Iterator[str]:
    """What no table of a product fills."""
    tables = [*sources(product, row), *_completing(product, row)]
    unknown = _unfilled(row, tables)
    if not tables:
        yield "There is nothing that it says of them."
        yield ""
    elif unknown:
        yield f"It does not say {', '.join(unknown)}."
        yield ""


def _completing(product: str, row: type[Row]) -> list[Source[Any]]:
    """The listings that say more of rows than their own."""
    return [*(one.source for one in completions(product, row)), *(one.source for one in lookups(product, row))]


def _unfilled(row: type[Row], tables: list[Source[Any]]) -> list[str]:
    """The fields of a row that none of some tables fills."""
    known = {name for table in tables for name in table.fields} | {"appliance", "silent", "horizon"}
    return [f"`{name}`" for name in slots(row) if name not in known]


def _fields(row: type[Row]) -> Iterator[str]:
    described = {**_described(Row), **_described(row)}
    yield "| field | meaning |"
    yield "|---|---|"
    for name in (*(field.name for field in attrs.fields(row)), *row.derived):
        yield f"| `{name}` | {described[name]} |"
    yield ""


def _described(row: type[Row]) -> dict[str, str]:
    """The entries of a docstring's Attributes section; entries may name several fields."""
    found: dict[str, str] = {}
    names: list[str] = []
    _, _, section = inspect.cleandoc(row.__doc__ or "").partition("Attributes:\n")
    for line in section.splitlines():
        if line.startswith("    ") and not line.startswith("     "):
            head, _, text = line.strip().partition(":")
            names = [name.strip() for name in head.split(",")]
            for name in names:
                found[name] = text.strip()
        elif line.strip():
            for name in names:
                found[name] += " " + line.strip()
    return found


def _source(source: Source[Any]) -> Iterator[str]:
    remarks = [source.note] if source.note else []
    if source.query:
        remarks.append("asked with " + ", ".join(f"`{name}={value}`" for name, value in source.query.items()))
    alike: dict[str, list[str]] = {}
    for revision, query in source.query_in.items():
        alike.setdefault(", ".join(f"`{name}={value}`" for name, value in query.items()), []).append(revision)
    remarks += [f"in {', '.join(names)} with {asked}" for asked, names in alike.items()]
    if source.unless:
        remarks.append(f"where there is no `{source.unless}`")
    if source.since:
        remarks.append(f"since: `{source.since}`")
    if source.owner:
        remarks.append("whose: " + ", ".join(f"`{field}`" for field in source.owner))
    yield f"`{source.operation}`" + (f" ({'; '.join(remarks)})" if remarks else "")
    yield ""
    yield "| field | from | how |"
    yield "|---|---|---|"
    for name, rule in source.fields.items():
        match rule:
            case Take():
                yield f"| `{name}` | {' or '.join(f'`{path}`' for path in rule.paths)} | {_how(rule)} |"
            case Combine():
                yield f"| `{name}` | {', '.join(f'`{path}`' for path in rule.paths)} | {rule.note} |"
            case Constant():
                yield f"| `{name}` | | always {rule.value!r} |"
    yield ""


def _how(rule: Take) -> str:
    if isinstance(rule.convert, Words):
        return "; ".join(part for part in (f"words of {rule.convert.enum.__name__}", rule.note) if part)
    return rule.note


def _words(product: str) -> Iterator[str]:
    module = sys.modules[f"{__package__}.{product}"]
    for words in (value for value in vars(module).values() if isinstance(value, Words)):
        yield f"{profile(product).title}, {words.enum.__name__}"
        yield ""
        yield "| theirs | ours |"
        yield "|---|---|"
        for theirs, ours in words.table.items():
            yield f"| {theirs} | {ours if ours is not None else 'None'} |"
        yield ""


if __name__ == "__main__":
    sys.stdout.write(markdown())
