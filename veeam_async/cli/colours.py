"""Colours by what they mean, legible on light and on dark terminals alike."""

from __future__ import annotations

from rich.theme import Theme

# Fixed colours of the 256, each with a contrast of 3 to 1 or more to white, to black and what terminals use for these.
# The sixteen named ones are the terminal's choice, and none suits both: yellow on white is lost, so is blue on black.
GOOD = "color(28)"
WARNING = "color(130)"
BAD = "color(196)"
BUSY = "color(31)"
FAINT = "color(243)"

THEME = Theme(
    {
        "good": GOOD,
        "warning": WARNING,
        "bad": BAD,
        "busy": BUSY,
        "faint": FAINT,
        # rich's own for progress are made for dark terminals: a bar's empty part stands out on a light one.
        "bar.back": FAINT,
        "bar.complete": BUSY,
        "bar.finished": GOOD,
        "bar.pulse": BUSY,
        "progress.download": "none",
        "progress.elapsed": "none",
        "progress.percentage": "none",
    }
)
