"""Models: typed views of the JSON objects that came, or that are to be sent.

Reading a field looks it up in the object and converts it, setting one writes it back. A nested model or list is made at
its first read and kept, and a nested model shares the nested object: a change deep inside shows in the whole.

Any number of threads may read one object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from reprlib import recursive_repr
from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, cast, dataclass_transform, overload

from ..errors import DecodeError
from .attributes import attribute
from .base import View, object_due
from .classes import package_of
from .fields import ADDITIONAL, REQUIRED, FromAttrs, Signature, declared, field, fields, wires
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
        package = package_of(cls)
        own = declared(cls)
        body = {key: value for key, value in cls.__dict__.items() if key not in ("__dict__", "__weakref__")}
        body |= {name: attribute(each, package) for name, each in own.items()}
        body |= {
            "__slots__": (), "__qualname__": cls.__qualname__, "__fields__": own,
            "__discriminator__": discriminator, "__children__": dict(children or {}),
        }  # fmt: skip
        metaclass: Any = type(cls)
        made: M = metaclass(cls.__name__, cls.__bases__, body)
        _let_super_find(made, cls)
        return made

    return decorate if cls is None else decorate(cls)


def _let_super_find(made: type, cls: type) -> None:
    """Let `super()` in the methods of a class mean the class that was made of it."""
    for each in cls.__dict__.values():
        function = each.fget if isinstance(each, property) else getattr(each, "__func__", each)
        if isinstance(function, FunctionType) and "__class__" in (free := function.__code__.co_freevars):
            assert function.__closure__ is not None
            function.__closure__[free.index("__class__")].cell_contents = made


class AdditionalProperties(MutableMapping[str, Any]):
    """The keys of a model's JSON object that are no fields. What is set here is sent, what is deleted is not."""

    __slots__ = ("_fields", "_json", "_name")

    def __init__(self, model: View) -> None:
        self._json = model.__json__
        self._fields = wires(type(model))
        self._name = type(model).__name__

    def __getitem__(self, key: str) -> Any:
        if key in self._fields:
            raise KeyError(key)
        return self._json[key]

    def __setitem__(self, key: str, value: Any) -> None:
        if key in self._fields:
            raise KeyError(f"{key!r} is a field of {self._name}: set its attribute")
        self._json[key] = value

    def __delitem__(self, key: str) -> None:
        if key in self._fields:
            raise KeyError(key)
        del self._json[key]

    def __iter__(self) -> Iterator[str]:
        return iter([key for key in self._json if key not in self._fields])

    def __len__(self) -> int:
        return sum(key not in self._fields for key in self._json)

    def __repr__(self) -> str:
        return repr(dict(self))


def _replace_extra(model: View, extra: Mapping[str, Any]) -> None:
    added = dict(extra or {})  # which may be the view itself
    AdditionalProperties(model).clear()
    AdditionalProperties(model).update(added)


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

    if TYPE_CHECKING:
        additional_properties: MutableMapping[str, Any] = field(default=UNSET)
    else:
        additional_properties = property(AdditionalProperties, _replace_extra, doc="What is there beyond the fields.")

    def __new__(cls, /, *args: Any, **values: Any) -> Self:
        made = super().__new__(cls)
        made.__json__ = {}
        return made

    def __init__(self, /, **values: Any) -> None:
        extra = values.pop(ADDITIONAL, None)
        cls = type(self)
        if unknown := [name for name in values if name not in fields(cls)]:
            raise TypeError(f"{cls.__name__}() got an unexpected keyword argument: {', '.join(map(repr, unknown))}")
        values = {name: values.get(name, each.default) for name, each in fields(cls).items()}
        if missing := [name for name, value in values.items() if value is REQUIRED]:
            raise TypeError(f"{cls.__name__}() is missing required keyword arguments: {', '.join(map(repr, missing))}")
        for name, value in values.items():
            if value is not UNSET:
                setattr(self, name, value)
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
            raw = encode(dict(data))
        except (TypeError, ValueError) as error:
            raise DecodeError(f"no JSON object came for {cls.__name__}: {error}") from None
        return cast("Self", maker(cls)(raw))

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
        duplicate = object.__new__(type(self))
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
