"""The code behind models: straight-line functions, compiled for a class when its first object is read or sent."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import Enum
from importlib import import_module
from typing import Any, Final
from uuid import UUID

from .enums import OpenEnum, reader
from .model import Field, Model, fields
from .timestamps import format_timestamp, read_date, read_timestamp
from .type_expressions import Node, TypeExpression, parse
from .unset import UNSET

Read = Callable[[Any], Any]

_new: Final = object.__new__
# Objects of one class that are filled, or sent, field by field before its code is compiled. Compiling takes as long as
# some 150 objects take longer without it, and most classes are never seen that often.
_BEFORE_COMPILING: Final = 64
# Fields of a model that counts as small.
_SMALL: Final = 8
# Unknown values of a discriminator that are remembered to lead to the base class.
_REMEMBERED: Final = 256
_MODELS: Final = re.compile(r"^(.*)\.models(?:\.|$)")


# Names to classes


def package_of(cls: type[Model]) -> str:
    """The package of the revision that `cls` belongs to: its module up to `.models`, or its module."""
    match = _MODELS.match(cls.__module__)
    return match[1] if match else cls.__module__


_resolved: Final[dict[tuple[str, str], Any]] = {}


def resolve(name: str, package: str) -> Any:
    """The class of this name in the `models` of a revision's package, loaded now.

    Raises:
        NameError: there is none.
    """
    found = _resolved.get((name, package))
    if found is None:
        found = _resolved[name, package] = _load(name, package)
    return found


def _load(name: str, package: str) -> Any:
    for home in (package + ".models", package):
        try:
            module = sys.modules.get(home) or import_module(home)
        except ModuleNotFoundError as error:
            if error.name is None or not (home + ".").startswith(error.name + "."):
                raise
            continue
        found = getattr(module, name, None)
        if found is not None:
            return found
    raise NameError(f"no class {name!r} in {package}.models")


# JSON values to values of models

_makers: Final[dict[type[Model], Read]] = {}


def maker(cls: type[Model]) -> Read:
    """The function that makes a shell of a JSON object, of the child that the discriminator names.

    What is no object is given back as it is. The function keeps the object that it is given.
    """
    make = _makers.get(cls)
    if make is None:
        make = _makers[cls] = _dispatching_maker(cls) if cls.__dict__.get("_discriminator") else _plain_maker(cls)
    return make


def _plain_maker(cls: type[Model]) -> Read:
    def make(raw: Any, new: Any = _new, cls: Any = cls) -> Any:
        if raw.__class__ is not dict:
            return raw
        shell = new(cls)
        shell._raw = raw
        return shell

    return make


def discriminator_wire(cls: type[Model]) -> str | None:
    """The JSON name of the field that says which child an object is, or None where `cls` has no children."""
    name: str | None = cls.__dict__.get("_discriminator")
    if name is None:
        return None
    known = fields(cls).get(name)
    return name if known is None else known.wire


def child_of(cls: type[Model], value: Any) -> type[Model] | None:
    """The child that a value of the discriminator leads to, in whatever letter case, or None for an unknown value."""
    if not isinstance(value, str):
        return None
    children = cls._children
    name = children.get(value)
    if name is None:
        folded = value.casefold()
        name = next((child for each, child in children.items() if each.casefold() == folded), None)
    if name is None:
        return None
    child: type[Model] = resolve(name, package_of(cls))
    return child


def _dispatching_maker(cls: type[Model]) -> Read:
    wire = discriminator_wire(cls)
    classes: dict[Any, type[Model]] = {}
    # Children that have children of their own, by another field.
    bases: dict[type[Model], Read] = {}

    def first_sight(value: Any) -> type[Model]:
        found = child_of(cls, value) or cls
        if found is not cls and discriminator_wire(found) is not None:
            bases[found] = maker(found)
        if len(classes) < _REMEMBERED and (value is None or isinstance(value, str)):
            classes[value] = found
        return found

    def make(raw: Any, new: Any = _new, seen: Any = classes.get) -> Any:
        if raw.__class__ is not dict:
            return raw
        value = raw.get(wire)
        try:
            found = seen(value)
        except TypeError:
            found = cls
        found = found or first_sight(value)
        if found in bases:
            return bases[found](raw)
        shell = new(found)
        shell._raw = raw
        return shell

    return make


def reader_of(expression: TypeExpression, package: str) -> Read | None:
    """The function that turns a JSON value into a value of this type, or None where the value stays as it is.

    Nothing is loaded before the function sees a value that needs it.
    """
    if expression.is_plain:
        return None
    if len(expression.nodes) != 1:
        return _choice(expression, package)
    (node,) = expression.nodes
    return _reader_of_node(node, package)


def _reader_of_node(node: Node, package: str) -> Read | None:
    if node.name == "datetime":
        return read_timestamp
    if node.name == "date":
        return read_date
    if node.item is None:
        return _late(node.name, package) if node.is_class else None
    item = reader_of(node.item, package)
    if item is None:
        return None
    if node.name == "list":
        return lambda value: [item(each) for each in value] if value.__class__ is list else value
    return lambda value: {key: item(each) for key, each in value.items()} if value.__class__ is dict else value


def is_model(cls: Any) -> bool:
    """True for a model, False for an enum and for an alias of a plain type, which is what else a name may stand for."""
    return isinstance(cls, type) and issubclass(cls, Model)


def reader_of_class(cls: Any) -> Read:
    """The reader of what a type expression names: a model or an enum. Anything else leaves values as they are."""
    if is_model(cls):
        return maker(cls)
    return reader(cls) if isinstance(cls, type) and issubclass(cls, OpenEnum) else _unchanged


def _unchanged(value: Any) -> Any:
    return value


def _late(name: str, package: str) -> Read:
    """The reader of a class that is loaded when the first value of it is seen."""
    read: Read | None = None

    def late(value: Any) -> Any:
        nonlocal read
        if value is None or value is UNSET:
            return value
        if read is None:
            read = reader_of_class(resolve(name, package))
        return read(value)

    return late


def _choice(expression: TypeExpression, package: str) -> Read:
    """The reader of a union: by the kind of the JSON value, the first member that it can be."""

    def choose(value: Any) -> Any:
        node = choose_node(expression, value, package)
        read = None if node is None else _reader_of_node(node, package)
        return value if read is None else read(value)

    return choose


def choose_node(expression: TypeExpression, value: Any, package: str) -> Node | None:
    """The first member of a union that a JSON value can be by its kind, or None."""
    for node in expression.nodes:
        if isinstance(value, dict):
            fits = node.name == "dict" or (node.is_class and is_model(resolve(node.name, package)))
        elif isinstance(value, list):
            fits = node.name == "list"
        elif isinstance(value, str):
            fits = node.name in ("str", "datetime", "date") or (
                node.is_class and not is_model(resolve(node.name, package))
            )
        elif isinstance(value, bool):
            fits = node.name == "bool"
        else:
            fits = node.name in ("int", "float") and value is not None
        if fits or node.name == "Any":
            return node
    return None


def read_field(cls: type[Model], each: Field, value: Any) -> Any:
    """A JSON value as the value of a field of `cls`, loading what it takes."""
    read = reader_of(parse(each.annotation), package_of(cls))
    try:
        return value if read is None else read(value)
    except TypeError:
        return value


# Filling

Plan = list[tuple[str, str, Read | None]]

_plans: Final[dict[type[Model], Plan]] = {}
_first: Final[dict[type[Model], int]] = {}
# Required fields that objects of the class came without, as far as was seen.
_missing: Final[dict[type[Model], set[str]]] = {}


def _plan(cls: type[Model]) -> Plan:
    """Name, JSON name and reader of each field."""
    plan = _plans.get(cls)
    if plan is None:
        package = package_of(cls)
        plan = _plans[cls] = [
            (each.name, each.wire, reader_of(parse(each.annotation), package)) for each in fields(cls).values()
        ]
    return plan


def first_fills(shell: Model, raw: dict[str, Any]) -> None:
    """Fill a shell field by field, and have the code of its class compiled when that was done often enough."""
    cls: Any = type(shell)
    _first[cls] = count = _first.get(cls, 0) + 1
    if count > _BEFORE_COMPILING:
        cls._fill = compile_fill(cls)
        cls._fill(shell, raw)
    else:
        fill_plainly(shell, raw)


def fill_plainly(shell: Model, raw: dict[str, Any]) -> None:
    """Fill a shell field by field. It takes whatever there is, half as fast as compiled code."""
    known = 0
    plan = _plan(type(shell))
    for name, wire, read in plan:
        if wire in raw:
            known += 1
            value = raw[wire]
            if read is not None:
                try:
                    value = read(value)
                except TypeError:
                    # A list or an object where an enum is due cannot be looked up, and stays.
                    if not isinstance(value, (list, dict)):
                        raise
            setattr(shell, name, value)
        else:
            setattr(shell, name, UNSET)
    wires = () if known == len(raw) else {wire for _, wire, _ in plan}
    shell.additional_properties = {} if known == len(raw) else {key: raw[key] for key in raw if key not in wires}
    shell._raw = None


def compile_fill(cls: type[Model]) -> Callable[[Any, dict[str, Any]], None]:
    """The function that fills the fields of a shell of `cls`.

    It relies on the keys of required fields, which takes two thirds of the time. Where one turns out missing,
    `fill_again` has the function compiled anew.
    """
    package = package_of(cls)
    known = fields(cls)
    missing = _missing.get(cls, ())
    there = [each for each in known.values() if not parse(each.annotation).optional and each.name not in missing]
    space: dict[str, Any] = {"UNSET": UNSET, "known": frozenset(each.wire for each in known.values())}
    lines = []
    for number, each in enumerate(known.values()):
        got = f"raw[{each.wire!r}]" if each in there else f"raw.get({each.wire!r}, UNSET)"
        lines += _fill_line(each, got, f"read_{number}", parse(each.annotation), package, space, each in there)
    source = "\n ".join(
        [
            "def fill(self, raw):",
            *lines,
            f"self.additional_properties = {{}} if len(raw) == {len(there)} or known.issuperset(raw) else "
            "{key: raw[key] for key in raw if key not in known}",
            "self._raw = None",
        ]
    )
    exec(compile(source, f"<fill {cls.__name__}>", "exec"), space)
    fill: Callable[[Any, dict[str, Any]], None] = space["fill"]
    return fill


def _fill_line(
    each: Field, got: str, slot: str, expression: TypeExpression, package: str, space: dict[str, Any], there: bool
) -> list[str]:
    if expression.is_plain:
        return [f"self.{each.name} = {got}"]
    if len(expression.nodes) == 1:
        node = expression.nodes[0]
        if node.name == "list" and node.item is not None and len(node.item.nodes) == 1:
            _put(space, slot, node.item.nodes[0], package)
            return [
                f"value = {got}",
                f"self.{each.name} = [{slot}(each) for each in value] if value.__class__ is list else value",
            ]
        _put(space, slot, node, package)
        if node.is_class and not there:
            return [f"value = {got}", f"self.{each.name} = value if value is UNSET else {slot}(value)"]
    else:
        space[slot] = reader_of(expression, package)
    return [f"self.{each.name} = {slot}({got})"]


def _put(space: dict[str, Any], slot: str, node: Node, package: str) -> None:
    """Put the reader of a node into a function's globals; one that has to load a class gives way to the class's own."""
    if not node.is_class:
        space[slot] = _reader_of_node(node, package) or _unchanged
        return

    def late(value: Any) -> Any:
        if value is None or value is UNSET:
            return value
        cls = resolve(node.name, package)
        read = space[slot] = _filler(cls) if _is_read_with_its_holder(cls) else reader_of_class(cls)
        return read(value)

    space[slot] = late


def _is_read_with_its_holder(cls: Any) -> bool:
    """True for small models without models in them that were read about as often as what holds them.

    Filling such a one at once costs little more than making a shell of it, and a fifth of reading the shell later.
    """
    if not is_model(cls) or discriminator_wire(cls) or len(fields(cls)) > _SMALL:
        return False
    if _first.get(cls, 0) < _BEFORE_COMPILING // 2:
        return False
    package = package_of(cls)
    nodes = [node for each in fields(cls).values() for node in parse(each.annotation).nodes]
    return all(
        not is_model(_resolved.get((node.name, package))) if node.is_class else node.item is None for node in nodes
    )


def _filler(cls: Any) -> Read:
    """The function that makes an object of a class and fills it at once."""

    def make(raw: Any, new: Any = _new, cls: Any = cls) -> Any:
        if raw.__class__ is not dict:
            return raw
        filled = new(cls)
        try:
            cls._fill(filled, raw)
        except (KeyError, TypeError) as reason:
            fill_again(filled, raw, reason)
        return filled

    return make


def fill_again(shell: Model, raw: dict[str, Any], reason: Exception) -> None:
    """Fill a shell after the compiled function could not: a key is missing, or a list stands where an enum is due."""
    cls: Any = type(shell)
    missing = _missing.setdefault(cls, set())
    absent = {each.name for each in fields(cls).values() if each.wire not in raw}
    if isinstance(reason, KeyError) and not missing.issuperset(absent):
        # An appliance that leaves out one required field may leave out the others.
        missing |= absent if len(missing) < 2 else set(fields(cls))
        cls._fill = compile_fill(cls)
    fill_plainly(shell, raw)


# Values of models to JSON

_sent: Final[dict[type[Model], int]] = {}


def first_shallow(model: Model) -> dict[str, Any]:
    """The JSON object of a model, values not yet encoded. Its code is compiled when that was done often enough."""
    cls: Any = type(model)
    _sent[cls] = count = _sent.get(cls, 0) + 1
    if count > _BEFORE_COMPILING:
        cls._shallow = compile_shallow(cls)
    found = {}
    for name, wire, _ in _plan(cls):
        value = getattr(model, name)
        if value is not UNSET:
            found[wire] = value
    extra = model.additional_properties
    if extra:
        found.update([each for each in extra.items() if each[0] not in found])
    return found


def compile_shallow(cls: type[Model]) -> Callable[[Any], dict[str, Any]]:
    """The function that gives the JSON object of a model, with the values of its fields not yet encoded."""
    lines = ["def shallow(self):", "found = {}"]
    for each in fields(cls).values():
        lines += [f"value = self.{each.name}", f"if value is not UNSET: found[{each.wire!r}] = value"]
    lines += ["extra = self.additional_properties"]
    lines += ["if extra: found.update([each for each in extra.items() if each[0] not in found])", "return found"]
    space: dict[str, Any] = {"UNSET": UNSET}
    exec(compile("\n ".join(lines), f"<shallow {cls.__name__}>", "exec"), space)
    shallow: Callable[[Any], dict[str, Any]] = space["shallow"]
    return shallow


_PLAIN: Final = frozenset({str, int, float, bool, type(None)})
# How deep an object may be nested. Nothing is, but for one that contains itself.
_DEEPEST: Final = 100_000


def encode(value: Any) -> Any:
    """A value as JSON has it: models, enums, timestamps, dates and ids become what is sent, `UNSET` is left out.

    Lists and objects are copied: nothing in the result is shared with `value`.

    Raises:
        TypeError: JSON has nothing for it.
        ValueError: it contains itself.
    """
    try:
        return _encode(value)
    except RecursionError:
        return _encode_deep(value)


def _encode(value: Any) -> Any:
    kind = value.__class__
    if kind in _PLAIN:
        return value
    if kind is dict:
        return {
            key if key.__class__ is str else _key(key): each if each.__class__ in _PLAIN else _encode(each)
            for key, each in value.items()
            if each is not UNSET
        }
    if kind is list:
        return [each if each.__class__ in _PLAIN else _encode(each) for each in value if each is not UNSET]
    plainer = _plainer(value)
    return _encode(plainer) if plainer.__class__ is dict or plainer.__class__ is list else plainer


def _encode_deep(value: Any) -> Any:
    """`_encode` for what is nested deeper than Python can call."""
    whole = [value]
    pending: list[tuple[Any, Any, int]] = [(whole, 0, 0)]
    while pending:
        holder, place, depth = pending.pop()
        if depth > _DEEPEST:
            raise ValueError("the value is nested too deeply, or contains itself")
        each = holder[place]
        if each.__class__ not in (dict, list):
            each = _plainer(each)
        if each.__class__ is dict:
            each = {_key(key): inner for key, inner in each.items() if inner is not UNSET}
            pending += [(each, key, depth + 1) for key, inner in each.items() if inner.__class__ not in _PLAIN]
        elif each.__class__ is list:
            each = [inner for inner in each if inner is not UNSET]
            pending += [(each, key, depth + 1) for key, inner in enumerate(each) if inner.__class__ not in _PLAIN]
        holder[place] = each
    return whole[0]


def _plainer(value: Any) -> Any:
    """What is no plain JSON, one step closer to it: a model as the object of its fields, a timestamp as text."""
    if isinstance(value, Model):
        return json_of(value)
    if isinstance(value, OpenEnum):
        return value._value_
    if isinstance(value, Enum):
        return _plainer(value.value)
    if isinstance(value, datetime):
        return format_timestamp(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (str, UUID)):
        return str(value)
    if isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def json_of(value: Model) -> dict[str, Any]:
    """The JSON object of a model, one level of it encoded: what came where it is untouched, or else its fields."""
    raw = value._untouched()
    return value._shallow() if raw is None else raw


def _key(key: Any) -> str:
    if isinstance(key, (str, UUID)):
        return str(key)
    raise TypeError(f"a key of a JSON object must be a string, not {type(key).__name__}")
