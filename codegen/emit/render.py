"""A revision's package as text: one string for each of its files."""

from __future__ import annotations

import re
from typing import Any

import jinja2

from codegen.emit.parts import Emitted
from codegen.emit.render_api import ApiRenderer, api_class
from codegen.emit.render_models import ModelsRenderer
from codegen.emit.target import Target
from codegen.emit.writing import Code, environment, identifier, literal, remark


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
    return environment().get_template("product_init.py.jinja").render(product_title=remark(product_title))


class _Renderer:
    def __init__(self, emitted: Emitted, target: Target) -> None:
        self.emitted = emitted
        self.target = target
        self.environment: jinja2.Environment = environment()
        self.common: dict[str, Code] = {
            "label": remark(target.label),
            "product": literal(target.product),
            "product_title": remark(target.product_title),
            "revision": remark(target.revision),
            "revision_literal": literal(target.revision),
        }

    def files(self) -> dict[str, str]:
        home = {name: module for module, names in self.emitted.modules.items() for name in names}
        files = {
            "__init__.py": self._text("revision_init.py.jinja"),
            "client.py": self._client(),
            "api/__init__.py": self._api_init(),
            "models/__init__.py": self._text(
                "models_init.py.jinja",
                modules=[(literal(name), literal(home[name])) for name in sorted(home)],
            ),
            "models/__init__.pyi": self._text(
                "models_init.pyi.jinja",
                modules=[
                    (identifier(module), [identifier(name) for name in sorted(names)])
                    for module, names in self.emitted.modules.items()
                ],
                all=[literal(name) for name in sorted(home)],
            ),
        }
        api = ApiRenderer(self.emitted, self.target)
        for group in self.emitted.groups:
            files[f"api/{group}.py"] = self._text("api.py.jinja", **api.values(group))
        models = ModelsRenderer(self.emitted, home)
        for module in self.emitted.modules:
            files[f"models/{module}.py"] = self._text("models.py.jinja", **models.values(module))
        return files

    def _client(self) -> str:
        functions = self.emitted.functions
        groups = []
        for group, tag in self.emitted.groups.items():
            count = sum(function.group == group for function in functions)
            groups.append(
                {
                    "name": identifier(group),
                    "cls": identifier(api_class(group)),
                    "doc": remark(f"{tag}: {count} operation{'' if count == 1 else 's'}."),
                }
            )
        return self._text("client.py.jinja", groups=groups)

    def _api_init(self) -> str:
        functions = self.emitted.functions
        return self._text(
            "api_init.py.jinja",
            groups=[(identifier(group), literal(group)) for group in self.emitted.groups],
            exported=[literal(group) for group in sorted(self.emitted.groups)],
            operations=[
                (literal(function.operation.operation_id), literal(f"{function.group}.{function.name}"))
                for function in functions
            ],
        )

    def _text(self, template: str, **values: Any) -> str:
        text = self.environment.get_template(template).render(**self.common, **values)
        return re.sub(r"\n{4,}", "\n\n\n", text).rstrip("\n") + "\n"
