"""Where the revisions are that a user added with `veeam-async revision add`.

~/.local/share/veeam-async/     $XDG_DATA_HOME/veeam-async where that is set
  specs/vbr/1.4-rev0.json       what a simulated appliance answers from
  packages/vbr/v1_4_rev0/       importable as veeam_async.vbr.v1_4_rev0
"""

from __future__ import annotations

import os


def folder() -> str:
    """The folder of the revisions that a user added, whether it is there or not."""
    base = os.environ.get("XDG_DATA_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(os.path.expanduser("~"), ".local", "share")
    return os.path.join(base, "veeam-async")


def packages(package: str) -> list[str]:
    """Where Python looks for the added revisions of a product.

    Args:
        package: the product's package, such as `veeam_async.vbr`. Others have no added revisions.

    Returns:
        One folder, or none.
    """
    parent, _, product = package.rpartition(".")
    if parent != "veeam_async":
        return []
    place = os.path.join(folder(), "packages", product)
    return [place] if os.path.isdir(place) else []
