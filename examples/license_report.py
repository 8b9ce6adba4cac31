"""The nightly license report of a fleet, as CSV on stdout: what ends soon, or is used up, comes first.

python -m veeam_async.examples.license_report fleet.toml > licenses.csv
"""

from __future__ import annotations

import csv
import sys

from veeam_async import Fleet, run
from veeam_async.fleet import License

COLUMNS = ("appliance", "status", "edition", "licensed_to", "expires", "days_left", "instances_used", "instances")


def urgency(license: License) -> float:
    """Days left; a license without an end comes last."""
    left = license.days_left()
    return float("inf") if left is None else left


async def main(path: str) -> int:
    async with Fleet.from_toml(path) as fleet:
        rows = fleet.licenses(deadline=120)
        licenses = sorted(await rows.gather(), key=urgency)
    writer: csv.DictWriter[str] = csv.DictWriter(sys.stdout, COLUMNS, extrasaction="ignore")
    writer.writeheader()
    for license in licenses:
        left = license.days_left()
        writer.writerow(license.to_dict() | {"days_left": "" if left is None else f"{left:.0f}"})
    for answer in rows.errors:
        print(f"{answer.appliance.name}: {answer.error}", file=sys.stderr)
    for appliance in rows.lacking:
        print(f"{appliance.name}: its revision has no call for the license", file=sys.stderr)
    return 1 if rows.errors else 0


if __name__ == "__main__":
    sys.exit(run(main(sys.argv[1])))
