"""Pages of the site with the models and enums of a revision: fields with types and links, values, and who uses them.

The build puts them into the finished pages as HTML: so many tables would take minutes as Markdown.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from html import escape
from importlib import import_module
from typing import Any

from veeam_async import Revision
from veeam_async._model.classes import is_enum, is_model, resolve
from veeam_async._model.expressions import parse
from veeam_async._model.fields import REQUIRED, fields
from veeam_async.profiles import profile

PLACE = '<div class="models"></div>'
_NAME = re.compile(r"[A-Za-z_]\w*")
# Operations that a model names as its users; the rest is counted.
_USERS = 6


def model_page(known: Revision) -> str:
    """The page of a revision's models, where `models_html` is to take the place of `PLACE`."""
    return (
        f"# Models of {profile(known.product).title} {known.name}\n\n"
        f"`from {known.package}.models import ...` gives each of these. Fields that the document calls required are\n"
        "marked; any other may be absent. The page is long: search it in the browser for a name.\n\n"
        f"{PLACE}\n"
    )


def models_html(known: Revision) -> str:
    """The models and enums of one revision in the alphabet, each with an anchor of its own."""
    models = import_module(f"{known.package}.models")
    classes = {name: cls for name in sorted(dir(models)) if is_model(cls := _class(name, known)) or is_enum(cls)}
    used = _users(known)
    lines = []
    for name, cls in classes.items():
        lines.append(f'<h2 id="{name}">{name} <a class="headerlink" href="#{name}">¶</a></h2>')
        lines += _enum(cls) if is_enum(cls) else _model(cls, classes)
        if users := used.get(name):
            links = ", ".join(_operation(known, one) for one in users[:_USERS])
            more = f" and {len(users) - _USERS} more" if len(users) > _USERS else ""
            lines.append(f"<p>Used by {links}{more}.</p>")
    return "\n".join(lines)


def linked(type_: str, package: str, page: str = "") -> str:
    """A type expression as HTML, in which each model and enum is a link.

    Args:
        type_: the expression.
        package: of its revision.
        page: the address of the page with the models; empty on that page itself.
    """
    here = {name for name in parse(type_).classes if _is_shown(name, package)}

    def link(match: re.Match[str]) -> str:
        name = match[0]
        return f'<a href="{page}#{name}">{name}</a>' if name in here else name

    shown = re.sub(r" \| Unset\b", "", type_)
    return f"<code>{_NAME.sub(link, escape(shown, quote=False))}</code>"


def _model(cls: Any, classes: dict[str, Any]) -> Iterator[str]:
    above: tuple[type, ...] = cls.__mro__[1:]
    bases = [base.__name__ for base in above if classes.get(base.__name__) is base]
    if bases:
        yield f"<p>A {_anchor(bases[0])}.</p>"
    kinds = getattr(cls, "__children__", {})
    if kinds:
        discriminator = fields(cls).get(cls.__dict__.get("__discriminator__") or "")
        by = f" by <code>{escape(discriminator.wire)}</code>" if discriminator is not None else ""
        listed = ", ".join(f"<code>{escape(value)}</code> {_anchor(child)}" for value, child in kinds.items())
        yield f"<p>Kinds{by}: {listed}.</p>"
    own = fields(cls)
    if not own:
        yield "<p>No fields.</p>"
        return
    yield "<table><thead><tr><th>field</th><th>in JSON</th><th>type</th><th></th></tr></thead><tbody>"
    for each in own.values():
        notes = ["required"] if each.default is REQUIRED else []
        notes += ["read-only"] if each.read_only else []
        yield (
            f"<tr><td><code>{each.name}</code></td><td><code>{escape(each.wire)}</code></td>"
            f"<td>{linked(each.annotation, cls.__module__.partition('.models')[0])}</td>"
            f"<td>{', '.join(notes)}</td></tr>"
        )
    yield "</tbody></table>"


def _enum(cls: Any) -> Iterator[str]:
    values = ", ".join(f"<code>{escape(str(member.value))}</code>" for member in cls)
    yield f"<p>One of {values}.</p>"


def _users(known: Revision) -> dict[str, list[str]]:
    """The operations that take or give a model or an enum, by its name."""
    used: defaultdict[str, list[str]] = defaultdict(list)
    for operation in import_module(known.package).Client.operations:
        types = [response.type for response in operation.responses.values() if response.type]
        types += [one.type for one in operation.parameters]
        types += [operation.body.type] if operation.body is not None else []
        for name in sorted({name for type_ in types for name in parse(type_).classes}):
            used[name].append(operation.operation_id)
    return used


def _operation(known: Revision, operation_id: str) -> str:
    # The anchor is that of the heading: the same in lower case.
    return f'<a href="../../operations/{known.product}-{known.name}/#{operation_id.lower()}">{operation_id}</a>'


def _anchor(name: str) -> str:
    return f'<a href="#{name}">{name}</a>'


def _is_shown(name: str, package: str) -> bool:
    try:
        cls = resolve(name, package)
    except NameError:
        return False
    return bool(is_model(cls) or is_enum(cls))


def _class(name: str, known: Revision) -> Any:
    try:
        return resolve(name, known.package)
    except NameError:
        return None
