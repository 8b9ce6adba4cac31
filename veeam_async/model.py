"""Models: attrs classes whose objects stay as they came until one of their fields is read.

Decoding a row makes an object of the right class and leaves its JSON object beside it: a *shell*. The first read of a
field fills all fields of that one level, by code compiled for the class once that pays, and lets the JSON object go.
Nested models are shells of their own. A poll that looks at three fields of a job never pays for the rest of it.

Any number of threads may read one object. Like a list or a dict it has no lock: what one thread sets while another
reads the object for the first time may be lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from gc import get_referents
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, TypeVar, cast, dataclass_transform, overload

import attrs

from .errors import DecodeError
from .redact import MASK
from .unset import UNSET

M = TypeVar("M", bound="type[Model]")

REQUIRED: Final = attrs.NOTHING
_SECRET = re.compile(
    r"password|passphrase|secret|token$|private_?key|accesskey$|access_key$|sharedkey|shared_key", re.I
)


class Field:
    """A field of a model.

    Attributes:
        name: the Python name.
        wire: the name in JSON.
        annotation: its type expression.
        default: what the constructor takes when the argument is left out; `REQUIRED` where it must be given.
    """

    __slots__ = ("annotation", "default", "name", "wire")

    def __init__(self, name: str, wire: str, annotation: str, default: Any) -> None:
        self.name = name
        self.wire = wire
        self.annotation = annotation
        self.default = default


class _Declaration:
    """What `field` leaves in a class body for `model` to find."""

    __slots__ = ("default", "wire")

    def __init__(self, default: Any, wire: str | None) -> None:
        self.default = default
        self.wire = wire


def field(*, default: Any = REQUIRED, wire: str | None = None) -> Any:
    """Describe a field of a model where its annotation does not say everything.

    Args:
        default: the value when the constructor's argument is left out: `UNSET`, or for a discriminator the one value
            that leads to this class. Without it the argument must be given.
        wire: the name in JSON. Without it, the Python name in camel case: `end_time` is `endTime`.
    """
    return _Declaration(default, wire)


class _FromAttrs:
    """An attribute by which attrs knows its classes, worked out when attrs or somebody else asks for it.

    Building a class by attrs takes about twenty times as long as building it plainly and eight times the memory. There
    are thousands of models, and hardly anybody asks.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type[Model]) -> Any:
        return getattr(_attrs_twin(owner), self.name)


def _attrs_twin(cls: type[Model]) -> type:
    twin: type | None = cls.__dict__.get("_twin")
    if twin is None:
        attributes: dict[str, Any] = {
            each.name: attrs.field(default=each.default, metadata={"wire": each.wire}, type=cast(Any, each.annotation))
            for each in fields(cls).values()
        }
        attributes["additional_properties"] = attrs.field(factory=dict, type=cast(Any, "dict[str, Any]"))
        twin = attrs.make_class(
            cls.__name__, attributes, kw_only=True, eq=False, order=False, repr=False, init=False, slots=True
        )
        cls._twin = twin
    return twin


@overload
def model(cls: M, /) -> M: ...
@overload
def model(*, discriminator: str | None = None, children: Mapping[str, str] | None = None) -> Callable[[M], M]: ...
@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(field,))
def model(
    cls: M | None = None, /, *, discriminator: str | None = None, children: Mapping[str, str] | None = None
) -> M | Callable[[M], M]:
    """Make a model of a class whose annotations are its fields.

    The class becomes one that attrs knows (`attrs.fields`, `attrs.evolve`, `attrs.asdict`), with slots and a
    constructor that takes keywords only.

    Args:
        cls: a subclass of `Model`.
        discriminator: the field whose value says which child an object is, by its Python or its JSON name.
        children: value of the discriminator to name of the child class in the same `models` package.
    """

    def decorate(cls: M) -> M:
        return _build(cls, discriminator, dict(children or {}))

    return decorate if cls is None else decorate(cls)


def _build(cls: M, discriminator: str | None, children: dict[str, str]) -> M:
    annotations: dict[str, str] = cls.__annotations__
    body = {key: value for key, value in cls.__dict__.items() if key not in ("__dict__", "__weakref__")}
    inherited = cls._names
    body["__slots__"] = tuple(name for name in annotations if name not in inherited)
    body["__qualname__"] = cls.__qualname__
    body["_names"] = inherited.union(annotations)
    body["_declared"] = {name: (str(annotation), body.pop(name, REQUIRED)) for name, annotation in annotations.items()}
    body["_discriminator"] = discriminator
    body["_children"] = children
    # Each class has its own, so that none runs what was compiled for its base.
    body["_fill"] = Model._fill
    body["_shallow"] = Model._shallow
    metaclass: Any = type(cls)
    return cast("M", metaclass(cls.__name__, cls.__bases__, body))


def fields(cls: type[Model]) -> dict[str, Field]:
    """The fields of a model by their Python names, those of its base first. `additional_properties` is not one."""
    known: dict[str, Field] | None = cls.__dict__.get("_fields")
    if known is None:
        from .operation import camel_case

        known = {}
        for base in reversed(cls.__mro__):
            for name, (annotation, default) in base.__dict__.get("_declared", {}).items():
                wire = None
                if isinstance(default, _Declaration):
                    wire, default = default.wire, default.default
                if wire is None:
                    wire = known[name].wire if name in known else camel_case(name)
                known[name] = Field(name, wire, annotation, default)
        cls._fields = known
    return known


def _first_read(self: Model, name: str) -> Any:
    # Only reached for a slot that holds nothing: a field of a shell, or no field at all. This is the price of the
    # first read of every object, hence written out. `__setattr__` and `__delattr__` must not be defined: either
    # makes every store to a slot five times as slow.
    if name in self._names:
        raw = self._raw
        if raw is None:
            try:
                return object.__getattribute__(self, name)  # Another thread filled it since.
            except AttributeError:
                # Somebody deleted it, which says that it shall be left out.
                setattr(self, name, {} if name == "additional_properties" else UNSET)
        elif len(get_referents(self)) != _SHELL_REFERENTS:
            # What a shell refers to tells in one call whether any slot was set since it was made.
            _fill_the_rest(self, raw)
        else:
            try:
                self._fill(raw)
            except (KeyError, TypeError) as reason:
                _fill_again(self, raw, reason)
        return getattr(self, name)
    raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)


def _fill_the_rest(shell: Model, raw: dict[str, Any]) -> None:
    """Fill the fields of a shell except those that were set since it was made."""
    kept = {}
    for name in shell._names:
        try:
            kept[name] = object.__getattribute__(shell, name)
        except AttributeError:
            continue
    try:
        shell._fill(raw)
    except (KeyError, TypeError) as reason:
        _fill_again(shell, raw, reason)
    for name, value in kept.items():
        setattr(shell, name, value)


def _fill_again(shell: Model, raw: dict[str, Any], reason: Exception) -> None:
    from .compiled import fill_again

    fill_again(shell, raw, reason)


class _Shell:
    __slots__ = ("_raw",)
    _raw: dict[str, Any] | None


@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(field,))
def _base(cls: M) -> M:
    """Let type checkers see `additional_properties` in the constructor of every model."""
    return cls


@_base
class Model(_Shell):
    """Base of all models.

    Attributes:
        additional_properties: what came with the object, or shall be sent with it, beyond the fields that the document
            of this revision lists, by its JSON name.
    """

    __slots__ = ("additional_properties",)
    if TYPE_CHECKING:
        additional_properties: dict[str, Any] = field(default=UNSET)

    __attrs_attrs__: ClassVar[Any] = _FromAttrs("__attrs_attrs__")
    __attrs_props__: ClassVar[Any] = _FromAttrs("__attrs_props__")
    _names: ClassVar[frozenset[str]] = frozenset({"additional_properties"})
    _declared: ClassVar[dict[str, tuple[str, Any]]] = {}
    _fields: ClassVar[dict[str, Field]]
    _initial: ClassVar[dict[str, Any]]
    _twin: ClassVar[type]
    _discriminator: ClassVar[str | None] = None
    _children: ClassVar[dict[str, str]] = {}

    def __init__(self, /, **values: Any) -> None:
        self._raw = None
        cls = type(self)
        extra = values.pop("additional_properties", None)
        self.additional_properties = dict(extra) if extra else {}
        initial = _initial_values(cls)
        complete = initial | values
        if len(complete) != len(initial):
            unknown = ", ".join(repr(name) for name in values if name not in initial)
            raise TypeError(f"{cls.__name__}() got an unexpected keyword argument: {unknown}")
        for name, value in complete.items():
            if value is REQUIRED:
                missing = ", ".join(repr(name) for name, value in complete.items() if value is REQUIRED)
                raise TypeError(f"{cls.__name__}() is missing required keyword arguments: {missing}")
            setattr(self, name, value)

    def __attrs_pre_init__(self) -> None:
        # For a subclass of somebody's own that attrs makes, with a constructor by attrs.
        self._raw = None
        self.additional_properties = {}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The model of a JSON object, of the child that its discriminator names where this class has children.

        Args:
            data: parsed JSON. It is copied: later changes to it do not show in the model, nor the other way round.

        Raises:
            DecodeError: `data` is no object.
        """
        from .codec import object_due
        from .compiled import encode, maker

        if not isinstance(data, Mapping):
            raise object_due(cls.__name__, data)
        try:
            copied = encode(dict(data))
        except (TypeError, ValueError) as error:
            raise DecodeError(f"no JSON object came for {cls.__name__}: {error}") from None
        return cast("Self", maker(cls)(copied))

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of this model: what `from_dict` was given, with what was changed since.

        Fields that are `UNSET` are left out, None is null. Nothing in it is shared with the model.
        """
        from .compiled import encode, json_of

        return cast("dict[str, Any]", encode(json_of(self)))

    if not TYPE_CHECKING:
        # Type checkers would take it to mean that a model has every attribute there is.
        __getattr__ = _first_read

    def _fill(self, raw: dict[str, Any]) -> None:
        """Fill all fields from a JSON object. After a few calls a function compiled for the class takes its place."""
        from .compiled import first_fills

        first_fills(self, raw)

    def _shallow(self) -> dict[str, Any]:
        """The JSON object with the values of its fields not yet encoded. Compiled for the class like `_fill`."""
        from .compiled import first_shallow

        return first_shallow(self)

    def _untouched(self) -> dict[str, Any] | None:
        """The JSON object of a shell that is still exactly what came, or None."""
        raw = self._raw
        return raw if raw is not None and len(get_referents(self)) == _SHELL_REFERENTS else None

    def _values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in fields(type(self))}

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        assert isinstance(other, Model)
        mine, theirs = self._untouched(), other._untouched()
        if mine is not None and mine == theirs:
            return True
        return self._values() == other._values() and self.additional_properties == other.additional_properties

    def __repr__(self) -> str:
        try:
            values = _masked(self._values() | {"additional_properties": self.additional_properties or UNSET})
            shown = [f"{name}={value!r}" for name, value in values.items() if value is not UNSET]
        except RecursionError:
            # The other side decides how deep it nests; showing a model must not fail over it.
            shown = ["..."]
        return f"{type(self).__name__}({', '.join(shown)})"

    def __copy__(self) -> Self:
        duplicate = object.__new__(type(self))
        duplicate.__setstate__((None, self._values(), dict(self.additional_properties)))
        return duplicate

    def __replace__(self, /, **changes: Any) -> Self:
        replaced: Self = attrs.evolve(cast("Any", self), **changes)
        return replaced

    def __getstate__(self) -> tuple[Any, Any, Any]:
        raw = self._untouched()
        if raw is not None:
            return raw, None, None
        given = {name: value for name, value in self._values().items() if value is not UNSET}
        return None, given, self.additional_properties

    def __setstate__(self, state: tuple[Any, Any, Any]) -> None:
        raw, given, extra = state
        self._raw = raw
        if raw is None:
            for name in fields(type(self)):
                setattr(self, name, given.get(name, UNSET))
            self.additional_properties = extra


def _initial_values(cls: type[Model]) -> dict[str, Any]:
    initial: dict[str, Any] | None = cls.__dict__.get("_initial")
    if initial is None:
        from .compiled import read_field

        initial = {
            each.name: each.default if each.default is REQUIRED else read_field(cls, each, each.default)
            for each in fields(cls).values()
        }
        cls._initial = initial
    return initial


def _masked(value: Any) -> Any:
    """The value with what looks like a secret by its name masked; models within mask their own."""
    if isinstance(value, dict):
        return {
            name: MASK if each and isinstance(each, str) and _SECRET.search(str(name)) else _masked(each)
            for name, each in value.items()
        }
    return [_masked(each) for each in value] if isinstance(value, list) else value


def _shell_referents() -> int:
    probe = object.__new__(Model)
    probe._raw = {}
    return len(get_referents(probe))


_SHELL_REFERENTS: Final = _shell_referents()
