from itertools import pairwise

import numpy as np
import pytest

from course_lib.plots.palette import COLOURS, GROUND, HEAT, INK, MUTED, css

MODES = pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
# Pairs that stand side by side in one picture.
SIDE_BY_SIDE = [
    ("kept", "refused"),
    ("kept", "repeated"),
    ("model", "zone_hour"),
    ("weekday", "weekend"),
    ("met", "missed"),
]
# Machado, Oliveira and Fernandes (2009), severity 1.0: what deuteranopes and protanopes see, in linear RGB.
BLIND = {
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
}


def linear(colour):
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def luminance(rgb):
    return float(rgb @ [0.2126, 0.7152, 0.0722])


def contrast(a, b):
    """The ratio of WCAG 2."""
    high, low = sorted((luminance(linear(a)), luminance(linear(b))), reverse=True)
    return (high + 0.05) / (low + 0.05)


def lab(rgb):
    """CIE L*a*b* of linear RGB under D65."""
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ np.clip(rgb, 0, 1)
    f = [v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in xyz / [0.9505, 1.0, 1.089]]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@MODES
def test_text_can_be_read(mode):
    assert contrast(INK[mode], GROUND[mode]) >= 7
    assert contrast(MUTED[mode], GROUND[mode]) >= 4.5


@MODES
@pytest.mark.parametrize("name", COLOURS)
def test_every_colour_stands_off_the_page(name, mode):
    assert contrast(COLOURS[name][mode], GROUND[mode]) >= 3


@MODES
@pytest.mark.parametrize("pair", SIDE_BY_SIDE, ids="-".join)
@pytest.mark.parametrize("eyes", ["usual", *BLIND])
def test_neighbours_differ_to_every_eye(pair, mode, eyes):
    matrix = np.array(BLIND[eyes]) if eyes in BLIND else np.eye(3)
    one, other = (lab(matrix @ linear(COLOURS[name][mode])) for name in pair)

    assert np.linalg.norm(one - other) >= 20  # 2.3 can just be told apart side by side


@MODES
def test_more_is_always_further_from_the_page(mode):
    steps = [contrast(colour[mode], GROUND[mode]) for colour in HEAT]

    assert all(further / nearer >= 1.12 for nearer, further in pairwise(steps))


def test_the_style_sheet_names_every_colour_and_prints_on_light_ground():
    sheet = css()

    for name in COLOURS:
        assert f".f-{name}{{fill:var(--{name})}}" in sheet
    assert "@media screen and (prefers-color-scheme:dark)" in sheet
