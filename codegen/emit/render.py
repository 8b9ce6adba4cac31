"""A revision's package as text: one string for each of its files."""

from __future__ import annotations

import re
from typing import Any

from codegen import naming
from codegen.emit.expressions import IMPORTS, names
from codegen.emit.package import Class, Emitted, Field
from codegen.emit.render_api import ApiRenderer, api_class
from codegen.emit.target import Target
from codegen.emit.writing import environment, human, literal, prose, wrapped


def render(emitted: Emitted, target: Target) -> dict[str, str]:
    """The files of a revision's package.

    Args:
        emitted: what there is to write.
        target: what to call it.

    Returns:
        Path inside the package to text, not yet formatted.
    """
    return _Renderer(emitted, target).files()


def product_init(product_title: str) -> str:
    """`__init__.py` of a product's package."""
    return environment().get_template("product_init.py.jinja").render(product_title=product_title)


def _tidy(text: str) -> str:
    return re.sub(r"\n{4,}", "\n\n\n", text).rstrip("\n") + "\n"


def _comment(field: Field) -> str:
    """What type checkers have to be told where a class narrows a field of its base."""
    if not field.narrows:
        return ""
    pyright = "pyright: ignore[reportIncompatibleVariableOverride]"
    return pyright if field.fits else f"type: ignore[assignment]  # {pyright}"


class _Renderer:
    def __init__(self, emitted: Emitted, target: Target) -> None:
        self.emitted = emitted
        self.target = target
        self.home = {name: module for module, names in emitted.modules.items() for name in names}
        self.environment = environment()
        self.common = {
            "label": target.label,
            "source": f"specs/{target.label}.json",
            "product": target.product,
            "product_title": target.product_title,
            "revision": target.revision,
        }

    def files(self) -> dict[str, str]:
        modules = self.emitted.modules
        listed = [(name, self.home[name]) for name in self.emitted.classes]
        groups = [
            {
                "name": group,
                "tag": tag,
                "cls": api_class(group),
                "count": sum(f.group == group for f in self.emitted.functions),
            }
            for group, tag in self.emitted.groups.items()
        ]
        operations = [
            (function.operation.operation_id, f"{function.group}.{function.name}")
            for function in self.emitted.functions
        ]
        files = {
            "__init__.py": self._text("revision_init.py.jinja"),
            "client.py": self._text("client.py.jinja", groups=groups),
            "api/__init__.py": self._text("api_init.py.jinja", groups=list(self.emitted.groups), operations=operations),
            "models/__init__.py": self._text("models_init.py.jinja", modules=sorted(listed)),
            "models/__init__.pyi": self._text(
                "models_init.pyi.jinja",
                modules=[(module, sorted(names)) for module, names in modules.items()],
                all=sorted(self.home),
            ),
        }
        api = ApiRenderer(self.emitted, self.target, self.environment.get_template("api.py.jinja"), self.common)
        for group in self.emitted.groups:
            files[f"api/{group}.py"] = _tidy(api.render(group))
        for module, inside in modules.items():
            files[f"models/{module}.py"] = self._models(module, inside)
        return files

    def _text(self, template: str, **values: Any) -> str:
        text = self.environment.get_template(template).render(**self.common, **values)
        return _tidy(text)

    def _models(self, module: str, inside: list[str]) -> str:
        classes = [self.emitted.classes[name] for name in inside]
        kinds = {made.schema.kind for made in classes}
        bases = {made.base for made in classes if made.base}
        expressions = [field.type for made in classes for field in made.fields] + [
            made.type for made in classes if made.type
        ]
        needed = [name for name in names(expressions) if name not in inside]
        parts = []
        if "Unset" in needed:
            parts.append("UNSET")
        if "enum" in kinds:
            parts.append("OpenEnum")
        if "model" in kinds:
            parts.append("model")
            if any(made.schema.kind == "model" and not made.base for made in classes):
                parts.append("Model")
            if any(self._value(field).startswith("field(") for made in classes for field in made.fields):
                parts.append("field")
        runtime = [f"from veeam_async._model import {', '.join(parts)}"] if parts else []
        typing = ["TYPE_CHECKING"] if needed else []
        if "alias" in kinds:
            typing.append("TypeAlias")
        checking = [IMPORTS[name] for name in needed if name in IMPORTS]
        foreign: dict[str, list[str]] = {}
        for name in needed:
            if name not in IMPORTS and name not in bases:
                foreign.setdefault(self.home[name], []).append(name)
        checking += [f"from .{home} import {', '.join(found)}" for home, found in foreign.items()]
        local: dict[str, list[str]] = {}
        for base in sorted(bases - set(inside)):
            local.setdefault(self.home[base], []).append(base)
        imports = [*([f"from typing import {', '.join(typing)}"] if typing else []), *runtime]
        imports += [f"from .{home} import {', '.join(found)}" for home, found in local.items()]
        title = module.strip("_").replace("_", " ").capitalize()
        return self._text(
            "models.py.jinja",
            title=title,
            imports=imports,
            checking=checking,
            items=[self._item(made) for made in classes],
        )

    def _item(self, made: Class) -> dict[str, Any]:
        item: dict[str, Any] = {"name": made.name, "kind": made.schema.kind, "summary": self._summary(made)}
        if made.schema.kind == "enum":
            item["members"] = made.members
        elif made.schema.kind == "alias":
            item["type"] = made.type
        else:
            item |= {
                "base": made.base or "Model",
                "discriminator": made.discriminator,
                "children": sorted(made.children.items()),
            }
            item["notes"] = [
                line.strip()
                for field in made.fields
                if field.note
                for line in wrapped(f"{field.name}: ", f"{field.note}.", 8)
            ]
            item["fields"] = [
                {
                    "name": field.name,
                    "type": field.type,
                    "value": self._value(field),
                    "comment": _comment(field),
                }
                for field in made.fields
            ]
        return item

    @staticmethod
    def _value(field: Field) -> str:
        parts = []
        if field.default is not None:
            parts.append(f"default={literal(field.default)}")
        elif not field.required and not field.rows:
            parts.append("default=UNSET")
        if naming.camel_case(field.name) != field.wire:
            parts.append(f"wire={literal(field.wire)}")
        if field.read_only:
            parts.append("read_only=True")
        if field.rows:
            parts.append("rows=True")
        if parts == ["default=UNSET"]:
            return "UNSET"
        return f"field({', '.join(parts)})" if parts else ""

    def _summary(self, made: Class) -> str:
        if made.schema.kind == "enum":
            known = "known value" if len(made.members) == 1 else f"{len(made.members)} known values"
            return f"{human(made.name)}: {'one ' if len(made.members) == 1 else ''}{known}."
        if made.schema.kind == "alias":
            return f"{human(made.name)}."
        summary = human(made.name)
        if made.children:
            kinds = len(set(made.children.values()))
            summary += f": one of {kinds} kinds, told apart by `{prose(made.discriminator or '')}`"
        elif made.base:
            values = [field.default for field in made.fields if field.default is not None]
            summary += f": `{made.base}`" + (f" of type `{prose(values[0])}`" if values else "")
        return summary + "."
