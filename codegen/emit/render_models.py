"""What the template of a models module is filled with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from codegen import naming
from codegen.emit.class_docs import ClassDocs
from codegen.emit.expressions import IMPORTS, names
from codegen.emit.parts import Class, Emitted, Field
from codegen.emit.writing import Code, code, docstring, expression, identifier, join, literal, remark


class ModelsRenderer:
    """Fills the templates of models modules."""

    def __init__(self, emitted: Emitted, home: Mapping[str, str]) -> None:
        self._emitted = emitted
        self._home = home
        self._docs = ClassDocs(emitted)

    def values(self, module: str) -> dict[str, Any]:
        """The values of a module's template."""
        inside = self._emitted.modules[module]
        classes = [self._emitted.classes[name] for name in inside]
        expressions = [field.type for item in classes for field in item.fields]
        expressions += [item.type for item in classes if item.type]
        needed = [name for name in names(expressions) if name not in inside]
        bases = {item.base for item in classes if item.base}
        return {
            "title": remark(f"{module.strip('_').replace('_', ' ').capitalize()}: models of"),
            "imports": [*_imports(classes, needed), *self._imports_of(sorted(bases - set(inside)))],
            "checking": [
                *(code(IMPORTS[name]) for name in needed if name in IMPORTS),
                *self._imports_of([name for name in needed if name not in IMPORTS and name not in bases]),
            ],
            "items": [self._item(item) for item in classes],
        }

    def _imports_of(self, classes: list[str]) -> list[Code]:
        """Imports of classes from their own modules."""
        by_home: dict[str, list[str]] = {}
        for name in classes:
            by_home.setdefault(self._home[name], []).append(name)
        return [
            code("from .{} import {}", identifier(home), join(", ", map(identifier, inside)))
            for home, inside in by_home.items()
        ]

    def _item(self, item: Class) -> dict[str, Any]:
        if item.schema.kind == "enum":
            members = [(identifier(name), literal(value)) for name, value in item.members]
            return {"kind": "enum", "name": identifier(item.name), "members": members}
        if item.schema.kind == "alias":
            return {"kind": "alias", "name": identifier(item.name), "type": literal(item.type)}
        lines = self._docs.lines(item)
        return {
            "kind": "model",
            "name": identifier(item.name),
            "base": identifier(item.base or "Model"),
            "discriminator": literal(item.discriminator or ""),
            "children": [(literal(value), literal(child)) for value, child in sorted(item.children.items())],
            "doc": docstring(lines) if lines else None,
            "fields": [_field(field) for field in item.fields],
        }


def _imports(classes: list[Class], needed: list[str]) -> list[Code]:
    """What a module imports from elsewhere than its neighbours."""
    kinds = {item.schema.kind for item in classes}
    parts = [
        *([code("UNSET")] if "Unset" in needed else []),
        *([code("OpenEnum")] if "enum" in kinds else []),
        *([code("model")] if "model" in kinds else []),
        *([code("Model")] if any(item.schema.kind == "model" and not item.base for item in classes) else []),
        *([code("field")] if any(_declaration(field)[0] for item in classes for field in item.fields) else []),
    ]
    typing = [*([code("TYPE_CHECKING")] if needed else []), *([code("TypeAlias")] if "alias" in kinds else [])]
    return [
        *([code("from typing import {}", join(", ", typing))] if typing else []),
        *([code("from veeam_async._model import {}", join(", ", parts))] if parts else []),
    ]


def _field(field: Field) -> Code:
    """A field's line in the class body."""
    named, plain = _declaration(field)
    value = code(" = field({})", join(", ", named)) if named else code(" = UNSET") if plain else code("")
    return code("{}: {}{}{}", identifier(field.name), expression(field.type), value, _comment(field))


def _declaration(field: Field) -> tuple[list[Code], bool]:
    """The arguments of `field`, none where it is not needed; then whether the field is UNSET unless given."""
    optional = not field.required and not field.rows and field.default is None
    arguments = []
    if field.default is not None:
        arguments.append(code("default={}", literal(field.default)))
    if naming.camel_case(field.name) != field.wire:
        arguments.append(code("wire={}", literal(field.wire)))
    if field.read_only:
        arguments.append(code("read_only=True"))
    if field.rows:
        arguments.append(code("rows=True"))
    if optional and arguments:
        arguments.insert(0, code("default=UNSET"))
    return arguments, optional


def _comment(field: Field) -> Code:
    """What type checkers need to know where a class narrows a field of its base."""
    if not field.narrows:
        return code("")
    ignored = "reportGeneralTypeIssues, " if field.demands and not field.default else ""
    pyright = f"# pyright: ignore[{ignored}reportIncompatibleVariableOverride]"
    return code(f"  {pyright}" if field.fits else f"  # type: ignore[assignment]  {pyright}")
