"""Which list answers for the thing that a field names, judged by the words of the field and of the document's lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping

import attrs

from .._spec import Schema, Spec
from .wording import singular, words

_IDENTITY = re.compile(
    r"(?:(?P<stem>[A-Za-z].*[a-z0-9])(?:Ids?|IDs?|UIds?|Uids?|Uuids?)|ids?|uids?|instanceUids?)(?:In(?:Vbr|Vb365))?"
)
_GENERIC = frozenset({"id", "uid", "instanceuid"})
# Fields that hold the rows of a page.
_PAGES = frozenset({"", "data", "results", "items"})
NOTHING = "nothing"


@attrs.frozen
class Target:
    """A list that answers for things.

    Attributes:
        path: template of the list.
        field: the field of its rows that names them.
    """

    path: str
    field: str


class Links:
    """The lists of one revision, by the words that name their rows.

    Args:
        spec: the revision.
        key: gives the field that identifies the rows of a list, by its template; empty where none does.
        outside: fields in lower case that name what lies outside of the interface.
        more: further words to the path of the list that answers for them.

    Attributes:
        own: by the template of a list, the fields besides its key that identify its rows.
        lists: by template, each list and its key.
    """

    def __init__(
        self,
        spec: Spec,
        key: Callable[[str], str],
        outside: Collection[str] = (),
        more: Mapping[str, str] | None = None,
    ) -> None:
        self._outside = {name.lower() for name in outside}
        self._fields: dict[str, Target] = {}
        self._words: dict[str, Target] = {}
        self._numbers: set[tuple[str, str]] = set()
        self._found: dict[tuple[str, str, bool], Target | str] = {}
        self.own: dict[str, list[str]] = {}
        self.lists: dict[str, Target] = {}
        for path, schema in _lists(spec):
            self._add(spec, path, schema, key(path))
        for word, path in (more or {}).items():
            if path in self.lists:
                self._words[word] = self.lists[path]

    def _add(self, spec: Spec, path: str, schema: Schema, key: str) -> None:
        if not key:
            return
        target = self.lists[path] = Target(path, key)
        for name, entry in spec.properties(schema).items():
            if spec.resolve(entry).get("type") == "integer":
                self._numbers.add((path, name))
        last = path.rsplit("/", 1)[-1]
        reference = str(schema.get("$ref", "")).rsplit("/", 1)[-1]
        plain = singular(last)
        for word in (plain, _joined(path), reference.lower().removeprefix("rest").removesuffix("model")):
            self._words.setdefault(word, target)
        if key.lower() not in _GENERIC | {"name"}:
            self._fields.setdefault(key.lower(), target)
        for field in spec.properties(schema):
            stem = _stem(field).lower()
            if field != key and stem and stem in (plain, reference.lower(), _joined(path)):
                self.own.setdefault(path, []).append(field)
                self._fields.setdefault(field.lower(), Target(path, field))

    def target(self, field: str, holder: str = "", *, identity: bool = False) -> Target | str:
        """What answers for the thing that a field names.

        Args:
            field: its name.
            holder: the field whose object it is in.
            identity: the document says that it is a UUID.

        Returns:
            A list; `nothing` where no list answers for it; an empty text where it names no other thing.
        """
        key = (field, holder, identity)
        if key not in self._found:
            self._found[key] = self._resolve(field, holder, identity)
        return self._found[key]

    def _resolve(self, field: str, holder: str, identity: bool) -> Target | str:
        lowered = field.lower()
        if lowered in self._outside or f"{holder}.{field}".lower() in self._outside:
            return ""
        if lowered in _GENERIC:
            if holder.lower() in _PAGES:
                return ""
            return self._by_words(holder) or (NOTHING if identity else "")
        exact = self._fields.get(lowered) or self._fields.get(singular(lowered))
        if exact is not None:
            return exact
        stem = _stem(field)
        if not stem and not identity:
            return ""
        target = self._by_words(stem or field)
        if identity and isinstance(target, Target) and (target.path, target.field) in self._numbers:
            # A list whose key is a number may have a UUID besides.
            further = [own for own in self.own.get(target.path, ()) if (target.path, own) not in self._numbers]
            target = Target(target.path, further[0]) if further else ""
        return target or (NOTHING if identity else "")

    def _by_words(self, name: str) -> Target | str:
        """The list for a name by all of its words, by fewer from the left, or one whose word ends with all of them."""
        if not words(name):  # a field may be named in letters of any language, or in none
            return ""
        *first, last = words(name)
        for start in range(len(first) + 1):
            target = self._words.get("".join(first[start:]) + singular(last))
            if target is not None:
                return target
        whole = "".join(first) + singular(last)
        longer = [target for word, target in self._words.items() if first and word.endswith(whole)]
        return longer[0] if longer else ""


def _lists(spec: Spec) -> Iterator[tuple[str, Schema]]:
    """The lists of a revision, those that stand above others first."""
    found = []
    for path, methods in spec.paths.items():
        listing = spec.listing(methods["GET"]) if "GET" in methods else None
        if listing is not None and listing[1].get("$ref"):
            found.append((path.count("{"), path.count("/"), path, listing[1]))
    for _, _, path, schema in sorted(found, key=lambda entry: entry[:3]):
        yield path, schema


def _joined(path: str) -> str:
    """The last two words of a path: `restoresession` for `/restore/sessions`."""
    parts = [part for part in path.split("/") if part and not part.startswith("{")]
    return "".join(singular(part) for part in parts[-2:])


def _stem(field: str) -> str:
    found = _IDENTITY.fullmatch(field)
    return found["stem"] or "" if found else ""
