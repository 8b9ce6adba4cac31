"""Models: typed views of the JSON objects that came, or that are to be sent.

Reading a field looks it up in the object and converts it, setting one writes it back. A nested model or list is made at
its first read and kept, and a nested model shares the nested object: a change deep inside shows in the whole.

Any number of threads may read one object.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, cast, dataclass_transform, overload

from ..errors import DecodeError
from .additional import AdditionalProperties
from .attributes import attribute
from .base import View, object_due, view
from .classes import package_of
from .fields import REQUIRED, Field, declared, field, fields
from .introspection import ADDITIONAL, FromAttrs, Signature
from .reading import maker
from .showing import show
from .unset import UNSET
from .writing import copied, encode

M = TypeVar("M", bound="type[Model]")


@overload
def model(cls: M, /) -> M: ...
@overload
def model(*, discriminator: str | None = None, children: Mapping[str, str] | None = None) -> Callable[[M], M]: ...
@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(field,))
def model(
    cls: M | None = None, /, *, discriminator: str | None = None, children: Mapping[str, str] | None = None
) -> M | Callable[[M], M]:
    """Make a model of a class whose annotations are its fields.

    The class becomes one that attrs knows (`attrs.fields`, `attrs.evolve`, `attrs.asdict`), with a constructor that
    takes keywords only and no `__dict__`.

    Args:
        cls: a subclass of `Model`.
        discriminator: the field whose value says which child an object is, by its Python or its JSON name.
        children: value of the discriminator to name of the child class in the same `models` package.
    """

    def decorate(cls: M) -> M:
        return _build(cls, discriminator, dict(children or {}))

    return decorate if cls is None else decorate(cls)


def _build(cls: M, discriminator: str | None, children: dict[str, str]) -> M:
    package = package_of(cls)
    fields_here = declared(cls)
    body = {key: value for key, value in cls.__dict__.items() if key not in ("__dict__", "__weakref__")}
    for name, each in fields_here.items():
        body[name] = attribute(each, package)
    body["__slots__"] = ()
    body["__qualname__"] = cls.__qualname__
    body["__declared__"] = fields_here
    body["__discriminator__"] = discriminator
    body["__children__"] = children
    metaclass: Any = type(cls)
    return cast("M", metaclass(cls.__name__, cls.__bases__, body))


@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(field,))
def _base(cls: M) -> M:
    """Let type checkers see `additional_properties` in the constructor of every model."""
    return cls


@_base
class Model(View):
    """Base of all models.

    Attributes:
        additional_properties: what stands in the JSON object beyond the fields that the document of this revision
            lists, by its JSON name. Changing it changes the object.
    """

    __slots__ = ()

    __attrs_attrs__: ClassVar[Any] = FromAttrs("__attrs_attrs__")
    __attrs_props__: ClassVar[Any] = FromAttrs("__attrs_props__")
    __signature__: ClassVar[Any] = Signature()
    __declared__: ClassVar[dict[str, Field]] = {}

    if TYPE_CHECKING:
        additional_properties: MutableMapping[str, Any] = field(default=UNSET)
    else:

        @property
        def additional_properties(self) -> MutableMapping[str, Any]:
            """What stands in the JSON object beyond the fields that the document lists."""
            return AdditionalProperties(self)

        @additional_properties.setter
        def additional_properties(self, extra: Mapping[str, Any]) -> None:
            added = dict(extra)
            current = AdditionalProperties(self)
            current.clear()
            current.update(added)

    def __new__(cls, /, *args: Any, **values: Any) -> Self:
        return cast("Self", view(cls, {}))

    def __init__(self, /, **values: Any) -> None:
        extra = values.pop(ADDITIONAL, None)
        expected = fields(type(self))
        name = type(self).__name__
        if unknown := [each for each in values if each not in expected]:
            raise TypeError(f"{name}() got an unexpected keyword argument: {', '.join(map(repr, unknown))}")
        missing = []
        for each in expected.values():
            value = values.get(each.name, each.default)
            if value is REQUIRED:
                missing.append(repr(each.name))
            elif value is not UNSET:
                setattr(self, each.name, value)
        if missing:
            raise TypeError(f"{name}() is missing required keyword arguments: {', '.join(missing)}")
        if extra:
            AdditionalProperties(self).update(extra)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The model of a JSON object, of the child that its discriminator names where this class has children.

        Args:
            data: parsed JSON. It is copied: later changes to it do not show in the model, nor vice versa.

        Raises:
            DecodeError: `data` is no object.
        """
        if not isinstance(data, Mapping):
            raise object_due(cls.__name__, data)
        try:
            copied = encode(dict(data))
        except (TypeError, ValueError) as error:
            raise DecodeError(f"no JSON object came for {cls.__name__}: {error}") from None
        return cast("Self", maker(cls)(copied))

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of this model: what `from_dict` was given, with what was changed since.

        What was not changed is as it came. Fields that are `UNSET` are left out, None is null. Nothing in it is shared
        with the model.
        """
        return cast("dict[str, Any]", copied(self))

    def _values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in fields(type(self))}

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        assert isinstance(other, Model)
        # Letter case of enum values and the spelling of a timestamp make no difference.
        return len(self.__json__) == len(other.__json__) and all(
            getattr(self, name) == getattr(other, name) for name in (*fields(type(self)), ADDITIONAL)
        )

    @recursive_repr()
    def __repr__(self) -> str:
        name = type(self).__name__
        try:
            values = {name: value for name, value in self._values().items() if value is not UNSET}
            extra = dict(self.additional_properties)
            return show(name, values | ({ADDITIONAL: extra} if extra else {}))
        except RecursionError:
            # The other side decides how deep it nests; showing a model must not fail over it.
            return f"{name}(...)"

    def __copy__(self) -> Self:
        self._values()  # nested models and lists are shared, so they have to be there
        duplicate = cast("Self", view(type(self), {}))
        # A subclass of somebody's own may have a `__dict__`, and slots.
        own, slots = cast("tuple[dict[str, Any] | None, dict[str, Any]]", object.__getstate__(self))
        for name, value in (slots | {"__json__": dict(self.__json__)}).items():
            object.__setattr__(duplicate, name, value)
        if own:
            duplicate.__dict__.update(own)
        return duplicate

    def __replace__(self, /, **changes: Any) -> Self:
        duplicate = self.__copy__()
        if unknown := [name for name in changes if name != ADDITIONAL and name not in fields(type(self))]:
            raise TypeError(f"{type(self).__name__} has no field {', '.join(map(repr, unknown))}")
        for name, value in changes.items():
            setattr(duplicate, name, value)
        return duplicate
