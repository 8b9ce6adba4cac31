"""Which API revisions a release of a product serves, and which document stands in for one that we do not have."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence

import attrs

from .._spec import UnknownRevision, revisions


@attrs.frozen
class Release:
    """A release of a product.

    Attributes:
        version: as people say it, such as `13.0.1`.
        build: as the product says it, such as `13.0.1.180`.
        served: the API revisions that it serves, newest first.
    """

    version: str
    build: str
    served: tuple[str, ...]


_VBR = (
    "1.3-rev2", "1.3-rev1", "1.3-rev0", "1.2-rev1", "1.2-rev0", "1.1-rev2", "1.1-rev1", "1.1-rev0", "1.0-rev2",
    "1.0-rev1",
)  # fmt: skip
_AWS = (
    "1.9-rev0", "1.8-rev0", "1.7-rev1", "1.7-rev0", "1.6-rev0", "1.5-rev1", "1.5-rev0", "1.4-rev0", "1.3-rev0",
    "1.2-rev0", "1.1-rev0", "1.0-rev0",
)  # fmt: skip


def _from(order: Sequence[str], newest: str, oldest: str = "") -> tuple[str, ...]:
    end = order.index(oldest) + 1 if oldest else len(order)
    return tuple(order[order.index(newest) : end])


# Builds and support of VBR as the tag SectionOverview of 1.3-rev1 and 1.3-rev2 lists them: "Deprecated" is served,
# "Unsupported" is not. Azure as the same tag of v8.1 does. The others as PRODUCTS-MORE has them.
RELEASES: Mapping[str, tuple[Release, ...]] = {
    "vbr": (
        Release("13.1.0", "13.1.0.411", _from(_VBR, "1.3-rev2", "1.1-rev0")),
        Release("13.0.1", "13.0.1.180", _from(_VBR, "1.3-rev1")),
        Release("13.0.0", "13.0.0.4967", _from(_VBR, "1.3-rev0")),
        Release("12.3.1", "12.3.1.1139", _from(_VBR, "1.2-rev1")),
        Release("12.3.0", "12.3.0.310", _from(_VBR, "1.2-rev0")),
        Release("12.2.0", "12.2.0.334", _from(_VBR, "1.1-rev2")),
        Release("12.1.0", "12.1.0.2131", _from(_VBR, "1.1-rev1")),
        Release("12.0.0", "12.0.0.1420", _from(_VBR, "1.1-rev0")),
        Release("11.0.1", "11.0.1.1261", _from(_VBR, "1.0-rev2")),
        Release("11.0.0", "11.0.0.837", _from(_VBR, "1.0-rev1")),
    ),
    "aws": (
        Release("11.0", "11.0", _from(_AWS, "1.9-rev0")),
        Release("10.0", "10.0", _from(_AWS, "1.8-rev0")),
        Release("9.1", "9.1", _from(_AWS, "1.7-rev1")),
        Release("9.0", "9.0", _from(_AWS, "1.7-rev0")),
        Release("8.0", "8.0", _from(_AWS, "1.6-rev0")),
    ),
    "azure": (
        Release("8.1", "8.1", ("v8.1", "v8", "v7", "v6")),
        Release("8.0", "8.0", ("v8", "v7", "v6")),
        Release("7.0", "7.0", ("v7", "v6", "v5")),
        Release("6.0", "6.0", ("v6", "v5", "v4")),
    ),
    "m365": (
        Release("8.0", "8.0", ("v8", "v7")),
        Release("7.0", "7.0", ("v7",)),
    ),
    "spc": (
        Release("9.3", "9.3", ("3.7", "3.6.2", "3.6.1", "3.6", "3.5.1", "3.5")),
        Release("9.2", "9.2", ("3.6.2", "3.6.1", "3.6", "3.5.1", "3.5")),
        Release("9.1", "9.1", ("3.6.1", "3.6", "3.5.1", "3.5")),
        Release("9.0", "9.0", ("3.6", "3.5.1", "3.5")),
    ),
    "one": (Release("13.1", "13.1", ("2.3", "2.2", "2.1")),),
}


@attrs.frozen
class Served:
    """What one appliance serves.

    Attributes:
        release: the release that it plays.
        documents: each revision, newest first, and the revision whose document it is answered from.
    """

    release: Release
    documents: Mapping[str, str]

    @property
    def newest(self) -> str:
        """The newest revision that it serves."""
        return next(iter(self.documents))

    @property
    def substitutes(self) -> dict[str, str]:
        """The revisions without a document of their own, and which one stands in."""
        return {name: document for name, document in self.documents.items() if name != document}


def serve(
    product: str,
    version: str | None = None,
    revision: str | None = None,
    more: Iterable[str] = (),
    oldest: str | None = None,
) -> Served:
    """What an appliance of a release serves.

    Args:
        product: short name of the product.
        version: a release or the beginning of one (`13`, `13.0.1`, `13.0.1.180`); the newest that we have a document
            of where None.
        revision: the newest revision to serve, where it is not to be the release's own newest.
        more: revisions to serve beside those of the release.
        oldest: the oldest revision to serve, where it is not to be the release's own oldest.

    Raises:
        UnknownRevision: no such release, or a revision that it does not serve and that has no document.
    """
    own = [name for known, name in revisions() if known == product]
    releases = RELEASES.get(product, ())
    if version is not None:
        release = _release(product, version, releases)
        served = list(release.served)
        if revision is not None and revision not in served:
            raise UnknownRevision(f"{product} {release.version} does not serve {revision}: {', '.join(served)}")
    elif revision is not None:
        release = next((one for one in releases if one.served[0] == revision), Release(revision, revision, ()))
        if revision not in own and not any(revision in one.served for one in releases):
            raise unknown(product, revision)
        served = list(release.served) or _older(product, revision)
    else:
        candidates = [one for one in releases if one.served[0] in own]
        if not candidates and not own:
            raise unknown(product, "")
        newest = max(own, key=order) if own else ""
        release = candidates[0] if candidates else Release(newest, newest, (newest,))
        # A revision that was added to the installation is newer than any release that this table knows.
        served = list(release.served) if order(release.served[0]) >= order(newest) else [newest, *release.served]
    if revision is not None:
        served = served[served.index(revision) :] if revision in served else [revision, *served]
    names = sorted({*served, *more}, key=order, reverse=True)
    for name in more:
        if name not in own and not any(name in one.served for one in releases):
            raise unknown(product, name)
    if oldest is not None:
        if oldest not in names:
            raise UnknownRevision(f"{product} {release.version} does not serve {oldest}: {', '.join(names)}")
        names = names[: names.index(oldest) + 1]
    return Served(release, {name: nearest(product, name, own) for name in names})


def _release(product: str, version: str, releases: Sequence[Release]) -> Release:
    wanted = version.strip().lower().removeprefix("v")
    for release in releases:
        if any(f"{text}.".startswith(f"{wanted}.") for text in (release.version, release.build)):
            return release
    names = [release.version for release in releases]
    close = difflib.get_close_matches(wanted, names, 1)
    hint = f"did you mean {close[0]}? " if close else ""
    raise UnknownRevision(f"no release {version} of {product}; {hint}there are {', '.join(names) or 'none'}")


def _older(product: str, revision: str) -> list[str]:
    known = {name for release in RELEASES.get(product, ()) for name in release.served}
    return sorted({revision, *(name for name in known if order(name) < order(revision))}, key=order, reverse=True)


def unknown(product: str, revision: str) -> UnknownRevision:
    """The error for a revision that is neither listed nor documented."""
    listed = ", ".join(f"{name} {known}" for name, known in revisions()) or "none"
    return UnknownRevision(f"no specification of {product} {revision}; found: {listed}")


def order(revision: str) -> tuple[int, ...]:
    """A revision as numbers, so that newer ones are greater."""
    return tuple(int(number) for number in re.findall(r"\d{1,9}", revision))


def nearest(product: str, revision: str, documents: Iterable[str]) -> str:
    """The revision whose document stands in: the revision itself, else its nearest neighbour, the older one of two.

    Raises:
        UnknownRevision: the product has no document at all.
    """
    names = sorted({name for release in RELEASES.get(product, ()) for name in release.served} | {revision}, key=order)
    places = {name: place for place, name in enumerate(sorted({*names, *documents}, key=order))}
    candidates = sorted(documents, key=lambda name: (abs(places[name] - places[revision]), order(name)))
    if not candidates:
        raise unknown(product, revision)
    return candidates[0]
