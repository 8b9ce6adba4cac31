"""Patches: declared corrections of single documents, each with the reason for it.

A patch file is TOML:

    [[patch]]
    pointer = "/components/schemas/SessionModel/required"
    action = "remove"
    value = "endTime"
    revisions = ["1.1-rev0", "1.2-rev1"]
    reason = "a running session has no end time"

Actions: `set` puts `value` at the pointer (which must exist, but for its last step), `delete` takes away what is there,
`add` appends `value` to the list there (made where it is absent), `remove` takes `value` out of it, `rename` gives the
last step of the pointer the name `value`. In each of them `value` may be a list for `add` and `remove`. `define` puts
`value` where a reference of any revision leads nowhere; it comes before the rules of `mend.py`, all others after them.

A step of a pointer may be `*`, which stands for every key or index there, or `[key=text]`, which stands for every part
that has this text at this key: `/paths/*/*/parameters/[name=Sort]/explode`.

`revisions` names the revisions that the patch was made for; without it, the patch is for every one of the product.
There it must change something, or ingesting stops: the document has changed, and somebody has to look. On any other
revision a patch with `revisions` is tried, and left where it does not apply: a fault usually outlives the revision that
it was found in. What it would change must be there for that; nothing new is put into a document that nobody looked at.
"""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import attrs

from codegen.faults import BadInput
from codegen.ingest import catalog
from codegen.ingest.walking import objects, resolve

ACTIONS = ("define", "set", "delete", "add", "remove", "rename")


@attrs.frozen
class Patch:
    """One correction.

    Attributes:
        pointer: JSON pointer into the spec (facts, mended).
        action: one of `ACTIONS`.
        reason: why the document is wrong there.
        value: what the action works with.
        revisions: the revisions that it was made for; empty for all.
    """

    pointer: str
    action: str
    reason: str
    value: Any = None
    revisions: tuple[str, ...] = ()


class DoesNotApply(Exception):
    """The patch finds nothing to change."""


def of_product(specs: Path, product: str) -> list[Patch]:
    """A product's patches: those of a specs directory, else those of the generator's own one."""
    for folder in (specs, catalog.HOME):
        path = folder / "patches" / f"{product}.toml"
        if path.exists():
            return read(path)
    return []


def read(path: Path) -> list[Patch]:
    """The patches of a file.

    Raises:
        BadInput: no TOML, or a patch without pointer, action or reason.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise BadInput(f"{path}: {fault}") from fault
    made = []
    for index, entry in enumerate(content.get("patch", ())):
        where = f"{path.name}: patch {index + 1}"
        unknown = set(entry) - {"pointer", "action", "reason", "value", "revisions"}
        if unknown:
            raise BadInput(f"{where}: unknown key {sorted(unknown)[0]!r}")
        for key in ("pointer", "action", "reason"):
            if not isinstance(entry.get(key), str) or not entry[key]:
                raise BadInput(f"{where}: no {key}")
        if entry["action"] not in ACTIONS:
            raise BadInput(f"{where}: unknown action {entry['action']!r} (known: {', '.join(ACTIONS)})")
        if entry["action"] != "delete" and "value" not in entry:
            raise BadInput(f"{where}: no value")
        made.append(Patch(**(entry | {"revisions": tuple(entry.get("revisions", ()))})))
    return made


def define(patches: list[Patch], document: dict[str, Any], revision: str) -> int:
    """Apply the patches that define what a revision's document refers to and lacks, in place."""
    used = {found["$ref"] for _, found in objects(document) if isinstance(found.get("$ref"), str)}
    lacking = [patch for patch in patches if patch.action == "define" and f"#{patch.pointer}" in used]
    there = {patch.pointer for patch in lacking}
    return _apply_all([_without_dead_ends(patch, document, there) for patch in lacking], document, revision)


def _without_dead_ends(patch: Patch, document: dict[str, Any], lacking: set[str]) -> Patch:
    """The patch, in which what a revision has no longer is anything."""
    value = copy.deepcopy(patch.value)
    for _, found in list(objects(value)):
        try:
            resolve(document, found)
        except BadInput:
            if found.get("$ref", "").removeprefix("#") not in lacking:
                found.clear()
    return attrs.evolve(patch, value=value)


def apply(patches: list[Patch], document: dict[str, Any], revision: str) -> int:
    """Apply all other patches that concern a revision to its spec, in place.

    Returns:
        How many applied.

    Raises:
        BadInput: one that was made for this revision changes nothing.
    """
    return _apply_all([patch for patch in patches if patch.action != "define"], document, revision)


def _apply_all(patches: list[Patch], document: dict[str, Any], revision: str) -> int:
    applied = 0
    for patch in patches:
        made_for_it = not patch.revisions or revision in patch.revisions
        try:
            if not made_for_it and patch.action != "define":
                _check_references(patch, document)
            _apply(patch, document, may_make=made_for_it)
        except DoesNotApply as fault:
            if made_for_it:
                raise BadInput(f"patch {patch.action} {patch.pointer} no longer applies: {fault}") from None
        else:
            applied += 1
    return applied


def _check_references(patch: Patch, document: dict[str, Any]) -> None:
    """A revision that nobody looked at may have renamed what a patch refers to."""
    for _, found in objects(patch.value):
        try:
            resolve(document, found)
        except BadInput as fault:
            raise DoesNotApply(str(fault)) from None


def _apply(patch: Patch, document: dict[str, Any], *, may_make: bool) -> None:
    steps = [step.replace("~1", "/").replace("~0", "~") for step in patch.pointer.split("/")[1:]]
    if not steps:
        raise DoesNotApply("an empty pointer")
    several = any(_is_pattern(step) for step in steps)
    holders: list[Any] = [document]
    for step in steps[:-1]:
        holders = [holder[key] for holder in holders for key in _keys(holder, step, may_lack=len(holders) > 1)]
    changed = 0
    for holder in holders:
        # From the end, so that what is deleted from a list moves nothing that is still to come.
        for last in reversed(_last_keys(holder, steps[-1])):
            try:
                _change(patch, holder, last, may_make)
            except DoesNotApply:
                if not several:
                    raise
            else:
                changed += 1
    if not changed:
        raise DoesNotApply("nothing there is like that")


def _is_pattern(step: str) -> bool:
    return step == "*" or (step.startswith("[") and step.endswith("]") and "=" in step)


def _keys(holder: Any, step: str, *, may_lack: bool = False) -> list[Any]:
    """The keys or indexes of an object or a list that a step stands for."""
    if not isinstance(holder, (dict, list)):
        return []
    if not _is_pattern(step):
        if may_lack and isinstance(holder, dict) and step not in holder:
            return []
        _step(holder, step)
        return [int(step) if isinstance(holder, list) else step]
    keys: list[Any] = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    if step == "*":
        return [key for key in keys if isinstance(holder[key], (dict, list))]
    name, _, text = step[1:-1].partition("=")
    return [key for key in keys if isinstance(holder[key], dict) and holder[key].get(name) == text]


def _last_keys(holder: Any, step: str) -> list[Any]:
    if _is_pattern(step):
        return _keys(holder, step)
    return [int(step) if isinstance(holder, list) and step.isdigit() else step]


def _change(patch: Patch, holder: Any, last: Any, may_make: bool) -> None:
    match patch.action:
        case "add" | "remove":
            _change_list(patch, holder, last, may_make)
        case "define":
            if not isinstance(holder, dict) or last in holder:
                raise DoesNotApply(f"there is a {last!r} already")
            holder[last] = patch.value
        case "set":
            if not isinstance(holder, dict):
                raise DoesNotApply("no object there")
            if last in holder and holder[last] == patch.value:
                raise DoesNotApply("it is so already")
            if last not in holder and not may_make:
                raise DoesNotApply(f"there is no {last!r}")
            holder[last] = patch.value
        case "delete":
            _step(holder, str(last))
            del holder[last]
        case _:
            _step(holder, str(last))
            if not isinstance(holder, dict) or patch.value in holder:
                raise DoesNotApply(f"there is a {patch.value!r} already")
            renamed = {patch.value if key == last else key: value for key, value in holder.items()}
            holder.clear()
            holder.update(renamed)


def _change_list(patch: Patch, holder: Any, last: Any, may_make: bool) -> None:
    values = patch.value if isinstance(patch.value, list) else [patch.value]
    if not isinstance(holder, dict):
        raise DoesNotApply("no object there")
    found = holder.get(last, [])
    if not isinstance(found, list):
        raise DoesNotApply("no list there")
    if patch.action == "add":
        if all(value in found for value in values):
            raise DoesNotApply("it is so already")
        if last not in holder and not may_make:
            raise DoesNotApply(f"there is no {last!r}")
        holder[last] = found + [value for value in values if value not in found]
        return
    if not any(value in found for value in values):
        raise DoesNotApply("it is so already")
    holder[last] = [value for value in found if value not in values]
    if not holder[last]:
        # OpenAPI has no empty `required`.
        del holder[last]


def _step(holder: Any, step: str) -> Any:
    if isinstance(holder, list) and step.isdigit() and int(step) < len(holder):
        return holder[int(step)]
    if isinstance(holder, dict) and step in holder:
        return holder[step]
    raise DoesNotApply(f"there is no {step!r}")
