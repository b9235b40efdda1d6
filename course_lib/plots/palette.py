"""Which colours say what, on a light page, on a dark one, in print and to every eye?

One name, two colours. The pairs differ in lightness and not only in hue, so they stay apart in grey and under the
common colour blindnesses (tests/plots/test_palette.py measures both); wherever two meet, a label, a dash or a
hatch says the same again. The scale of the heat maps is one hue from the page's own ground to its opposite.

The light colour is written into the picture itself, as a fallback that a page's style sheet (`css`) overrides.
"""

from __future__ import annotations

from typing import NamedTuple


class Colour(NamedTuple):
    """One meaning: `light` is its colour on a light ground, `dark` on a dark one."""

    light: str
    dark: str


GROUND = Colour("#ffffff", "#171b21")
INK = Colour("#1a2028", "#e9edf2")
MUTED = Colour("#56616e", "#a5b0bd")
RULE = Colour("#dde2e8", "#333c47")

COLOURS: dict[str, Colour] = {
    "read": Colour("#46525f", "#b9c3cf"),
    "kept": Colour("#1d5a9e", "#7ab2ee"),
    "refused": Colour("#cf5c00", "#f0913a"),
    "repeated": Colour("#7d8894", "#8390a0"),
    "warned": Colour("#8a6a00", "#d8b545"),
    "lost": Colour("#a3123a", "#ff7d9c"),
    "model": Colour("#1d5a9e", "#7ab2ee"),
    "zone_hour": Colour("#cf5c00", "#f0913a"),
    "mean": Colour("#7d8894", "#8390a0"),
    "weekday": Colour("#1d5a9e", "#7ab2ee"),
    "weekend": Colour("#cf5c00", "#f0913a"),
    "met": Colour("#0f6b8f", "#5cb8dc"),
    "missed": Colour("#a3123a", "#ff7d9c"),
}

# From nothing to most.
HEAT = (
    Colour("#eef2f7", "#222932"),
    Colour("#d0e1f2", "#1e3a57"),
    Colour("#a6c9e6", "#20507c"),
    Colour("#6fa9d6", "#2f6aa3"),
    Colour("#3f84be", "#5490cd"),
    Colour("#1d5a9e", "#8bbcec"),
    Colour("#0a3468", "#d3e7fb"),
)


def css() -> str:
    """The style sheet that turns the colours of pictures with the page: variables, and classes to fill and stroke."""
    names = {**COLOURS, "ground": GROUND, "ink": INK, "muted": MUTED, "rule": RULE}
    names |= {f"heat{i}": colour for i, colour in enumerate(HEAT)}

    def variables(which: int) -> str:
        return "".join(f"--{name}:{colour[which]};" for name, colour in names.items())

    classes = "".join(f".f-{name}{{fill:var(--{name})}}.s-{name}{{stroke:var(--{name})}}" for name in names)
    # Not in print: paper is light.
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{variables(1)}}}}}"
    halo = ".halo{stroke:var(--ground);stroke-width:4px;stroke-linejoin:round;paint-order:stroke}"
    return f":root{{color-scheme:light dark;{variables(0)}}}\n{dark}\n{classes}{halo}\n"
