"""How Pydantic takes and writes a row, so that a FastAPI endpoint can say `-> list[Job]`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, get_type_hints

from ..._model import OpenEnum


def row_schema(row: type[Any], names: tuple[str, ...], handler: Callable[[Any], Any]) -> Any:
    """Pydantic's core schema of a row type: instances pass as they are, and are written as `to_dict` shows them.

    Args:
        row: the row's type.
        names: its columns, `appliance` first.
        handler: Pydantic's own, for the types of the fields.
    """
    from pydantic_core import core_schema

    hints = get_type_hints(row)
    types: dict[str, Any] = {
        "appliance": str, "product": str, "revision": str, "tags": list[str], "labels": dict[str, str],
        **{name: _plain(row, name, hints) for name in names[1:]},
    }  # fmt: skip
    times = [name for name, kind in types.items() if datetime in getattr(kind, "__args__", ())]

    def write(one: Any) -> dict[str, Any]:
        return {**one.to_dict(), **{name: getattr(one, name) for name in times}}

    fields = {name: core_schema.typed_dict_field(handler(kind)) for name, kind in types.items()}
    written = core_schema.typed_dict_schema(fields, cls_name=row.__name__)
    serializer = core_schema.plain_serializer_function_ser_schema(write, return_schema=written)
    return core_schema.is_instance_schema(row, serialization=serializer)


def _plain(row: type[Any], name: str, hints: dict[str, Any]) -> Any:
    """The type of a column as it is written: words as texts."""
    hint = hints.get(name)
    if hint is None:
        hint = get_type_hints(getattr(row, name).fget)["return"]
    kinds = getattr(hint, "__args__", (hint,))
    if any(isinstance(kind, type) and issubclass(kind, OpenEnum) for kind in kinds):
        return str | None
    return hint
