"""COVERAGE.md of a reconstructed document: what of the API is known only by title, and how to get the whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from codegen.ingest.walking import operations

_PAGE = """\
# What specs/{product}/{revision}.json covers

Written by `python -m codegen ingest`.

No complete machine-readable document of {title} {revision} exists; this one was put together from evidence.
Each operation says where it is known from (`x-evidence`) and how much of its types (`x-typing`).

| | operations |
|---|---|
| evidenced, with method and path | {evidenced} |
| of them: request and answer known (`full`) | {full} |
| of them: known in part, or as another revision has them (`partial`) | {partial} |
| of them: path only (`untyped`) | {untyped} |
| inferred by analogy (`x-inferred`): a path that nothing evidences | {inferred} |
| known by title alone, not offered | {left} |

An inferred operation has the path, parameters, body and answers of the same-titled operation named by
`x-inferred-from`. It may not exist, or look otherwise: the appliance answers 404 or 400 then.

## The whole document

An appliance serves the document of its own release on its Swagger page, `https://HOST:{port}/swagger/`. With it the
package knows every operation:

    python -m codegen ingest https://HOST:{port}/swagger/ --product {product} --revision {revision} \\
        --replace --fingerprint SHA256
    python -m codegen emit

`--fingerprint` takes the SHA-256 fingerprint of the appliance's own certificate; leave it out where the certificate is
signed by an authority that this machine trusts. A document saved as a file (JSON or YAML) does as well. Until then any
call can be made by hand: `await client.request(method, path, ...)`.

## Known by title alone

"""


def page(
    about: dict[str, Any], product: str, revision: str, spec: dict[str, Any], left_over: list[dict[str, str]]
) -> str:
    """The text of COVERAGE.md.

    Args:
        about: the product's entry in the catalog.
        product: what the spec is of.
        revision: the same.
        spec: the spec.
        left_over: `tag`, `method` and `title` of each operation whose path is unknown.
    """
    known = [operation for _, _, operation in operations(spec)]
    evidenced = [operation for operation in known if not operation.get("x-inferred")]
    titled = [entry for entry in left_over if entry["title"]]
    typing = [operation.get("x-typing") for operation in evidenced]
    text = _PAGE.format(
        product=product,
        revision=revision,
        title=about["title"],
        port=about["port"],
        evidenced=len(evidenced),
        full=typing.count("full"),
        partial=typing.count("partial"),
        untyped=typing.count("untyped"),
        inferred=len(known) - len(evidenced),
        left=len(titled),
    )
    rows = ["| tag | method | title |", "|---|---|---|"]
    rows += [f"| {entry['tag']} | {entry['method']} | {entry['title']} |" for entry in titled]
    untitled = [f"- {entry['tag']}" for entry in left_over if not entry["title"]]
    if untitled:
        rows += ["", "## Known by the name of their tag alone", "", *untitled]
    return text + "\n".join(rows) + "\n"


def forget(path: Path, product: str, revision: str, left_over: list[dict[str, str]]) -> None:
    """Take COVERAGE.md away where the revision that it is about has come as a whole document since."""
    if not left_over and path.exists():
        with path.open(encoding="utf-8") as file:
            about = f"specs/{product}/{revision}.json " in file.readline()
        if about:
            path.unlink()
