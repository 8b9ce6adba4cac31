"""Documents that somebody made up to do harm: every text of theirs may be code, a keyword, or no text at all."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

WORDS = [
    "Job", "job", "J\u043eb", "E_Job", "EJob", "model", "Model", "field", "list", "dict", "str", "int", "type", "id",
    "importlib", "annotations", "UNSET", "Unset", "REVISION", "OPERATIONS", "GROUPS", "MODULES", "Operation", "Api",
    "JobsApi", "Request", "Parameter", "OpenEnum", "TYPE_CHECKING", "TypeAlias", "Any", "datetime", "date", "Upload",
    "__init__", "__class__", "__slots__", "__getattr__", "__json__", "_private", "__mangled", "mro", "name", "value",
    "None", "True", "class", "import", "lambda", "await", "match", "self", "cls", "body", "client", "shared", "api",
    "from_dict", "to_dict", "additional_properties", "additionalProperties", "items", "keys", "a" * 300, "\u00fcml",
    "\u212a", "\u2028", "\u202e", "\ufeff", "1", "2x", "", " ", "a b", "a.b", "a/b", "a~b", "a#b", "a?b", "a%41", "{x}",
]  # fmt: skip


def texts(marker: Path) -> list[str]:
    """Texts that make the marker if anything evaluates them, in whatever a template may have put them."""
    call = f"open({str(marker)!r}, 'w')"
    other = f"__import__('pathlib').Path({str(marker)!r}).touch()"
    return [
        f'"""+str({call})+"""',
        f'"\n{call}\nx="',
        f"'+str({call})+'",
        f"\n{other}\n",
        f"\r\n    {other}\r\n",
        f"x\n@{other}\nclass A: pass",
        f"{{{{ {call} }}}}",
        f"{{% if {call} %}}{{% endif %}}",
        f"{{{other}}}",
        f"]; {call}; [",
        f"list[{call}]",
        f") or {call} or (",
        f"x: {other}",
        f"\\\n{other}\n",
        '\\"""\n' + other + '\n"""',
        "'''\n" + other + "\n'''",
        f"# \u2028{other}",
        f"x\x0c{other}",
        "\\",
        '"',
        '""""""',
        "\\N{LATIN SMALL LETTER A}",
        "\\x",
        "\\u12",
        "%s%s%s",
        "{0.__class__}",
        "\x00",
        "\x1b[2J",
    ]


class Hostile:
    """Makes documents.

    Args:
        seed: the same seed makes the same document.
        marker: the file that nothing of a document may make.
    """

    def __init__(self, seed: int, marker: Path) -> None:
        self._random = random.Random(seed)
        self._texts = texts(marker) + (["\ud83d"] if seed % 30 == 0 else [])
        self.names = [self.text() for _ in range(self._random.randint(1, 5))]

    def text(self) -> str:
        """Some text."""
        chance = self._random.random()
        if chance < 0.45:
            return self._random.choice(WORDS)
        if chance < 0.75:
            return self._random.choice(self._texts)
        return self._random.choice(WORDS) + self._random.choice([*WORDS, *self._texts])

    def _maybe(self, ordinary: str) -> str:
        return self.text() if self._random.random() < 0.3 else ordinary

    def _ref(self) -> dict[str, Any]:
        name = self._random.choice(self.names)
        escaped = name.replace("~", "~0").replace("/", "~1")
        return {"$ref": f"#/components/schemas/{escaped}"}

    def _default(self) -> Any:
        return self._random.choice([self.text(), 1, 1e400, -1, True, None, [self.text()], {"a": self.text()}, 10**40])

    def schema(self, depth: int = 0) -> dict[str, Any]:
        """Some schema."""
        some = self._random
        kind = some.choice([*range(9), 4, 10, 10, *([9] if depth == 0 else [])]) if depth < 2 else some.randrange(5)
        if kind == 0:
            return {"type": "string", "format": self._maybe("uuid"), "default": self._default()}
        if kind == 1:
            return {"type": self._maybe("integer"), "minimum": self._default(), "maximum": self._default()}
        if kind == 2:
            return self._ref()
        if kind == 3:
            return {"type": "string", "enum": [self.text() for _ in range(some.randint(1, 4))]}
        if kind == 4:
            return {"type": "string", "minLength": self._default(), "pattern": self.text(), "readOnly": True}
        if kind == 5:
            return {"type": "array", "items": self.schema(depth + 1)}
        if kind == 6:
            return {"type": "object", "additionalProperties": self.schema(depth + 1)}
        if kind == 7:
            return {"allOf": [self._ref(), self._object(depth)]}
        if kind == 8:
            return {"oneOf": [self.schema(depth + 1), self._ref()]}
        if kind == 9:
            return self._object(depth) | self._discriminator()
        return self._object(depth)

    def _object(self, depth: int) -> dict[str, Any]:
        properties = {self.text(): self.schema(depth + 1) for _ in range(self._random.randint(1, 4))}
        required = [name for name in properties if self._random.random() < 0.5]
        return {"type": "object", "required": required, "properties": properties, "x-note": self.text()}

    def _discriminator(self) -> dict[str, Any]:
        mapping = {self.text(): self._ref()["$ref"] for _ in range(self._random.randint(1, 3))}
        return {"discriminator": {"propertyName": self._maybe("type"), "mapping": mapping}}

    def _operation(self, number: int, placeholder: str) -> dict[str, Any]:
        location = self._random.choice(["query", "header"])
        content = {self._maybe("application/json"): {"schema": self.schema()}}
        parameters = [
            {"name": placeholder, "in": "path", "required": True, "schema": {"type": "string"}},
            {"name": self.text(), "in": location, "schema": self.schema()},
            {"name": self.text(), "in": "query", "content": {"application/json": {"schema": self.schema()}}},
        ]
        return {
            "operationId": self._maybe(f"Jobs_Get{number}"),
            "summary": self.text(),
            "description": self.text(),
            "tags": [self._maybe("Jobs")],
            "parameters": parameters,
            "requestBody": {"content": content},
            "responses": {"200": {"description": self.text(), "content": content}, self._maybe("404"): {}},
        }

    def document(self) -> dict[str, Any]:
        """A document."""
        paths = {}
        for number in range(self._random.randint(1, 3)):
            placeholder = self._maybe("id") if number == 2 else "id"
            path = f"/{self._maybe('jobs') if number else 'jobs'}/{number}/{{{placeholder}}}"
            paths[path] = {self._random.choice(["get", "post", "put"]): self._operation(number, placeholder)}
        made = {
            "openapi": "3.0.3",
            "info": {"title": self.text(), "version": self.text()},
            "paths": paths,
            "components": {"schemas": {name: self.schema() for name in self.names}},
        }
        if self._random.random() < 0.2:
            self._spoil(made)
        return made

    def _spoil(self, document: dict[str, Any]) -> None:
        """Put something of another kind somewhere."""
        junk: list[Any] = [None, True, 0, "", "x", [], {}, [None], {"": None}, [[]], {"$ref": 1}, {"$ref": "#/"}]
        part: Any = document
        while True:
            key = self._random.choice(list(part) if isinstance(part, dict) else range(len(part)))
            if not part[key] or not isinstance(part[key], dict | list) or self._random.random() < 0.1:
                part[key] = self._random.choice(junk)
                return
            part = part[key]
