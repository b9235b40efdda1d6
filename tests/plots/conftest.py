"""How to look at a drawing without eyes: parse it, and collect where its shapes lie."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from course_lib.plots.picture import Picture

_SVG = "{http://www.w3.org/2000/svg}"
_NUMBERS = re.compile(r"-?\d+(?:\.\d+)?")


def shapes(svg: str) -> tuple[tuple[float, float], list[tuple[float, float]]]:
    """The size of a drawing and every corner of its shapes; fails where the text is not XML or holds no number."""
    root = ET.fromstring(svg)  # noqa: S314  our own text
    assert root.tag == f"{_SVG}svg"
    assert root.get("aria-label")
    width, height = (float(number) for number in root.get("viewBox").split()[2:])
    corners = []
    for element in root.iter():
        kind = element.tag.removeprefix(_SVG)
        at = {key: float(value) for key, value in element.attrib.items() if _NUMBERS.fullmatch(value)}
        if kind == "rect":
            assert at["width"] >= 0
            assert at["height"] >= 0
            corners += [(at["x"], at["y"]), (at["x"] + at["width"], at["y"] + at["height"])]
        elif kind == "line":
            corners += [(at["x1"], at["y1"]), (at["x2"], at["y2"])]
        elif kind == "circle":
            corners.append((at["cx"], at["cy"]))
        elif kind == "text":
            corners.append((at["x"], at["y"]))
        elif kind in ("polyline", "polygon"):
            numbers = [float(found) for found in _NUMBERS.findall(element.get("points"))]
            corners += list(zip(numbers[::2], numbers[1::2], strict=True))
        elif kind == "path" and element.get("stroke") != "#ffffff":  # not the pattern
            numbers = [float(found) for found in _NUMBERS.findall(element.get("d"))]
            corners += list(zip(numbers[::2], numbers[1::2], strict=True))
    return (width, height), corners


def check(picture: Picture) -> None:
    """Every promise of a picture that does not depend on what it shows."""
    assert picture.title
    assert all(len(row) == len(picture.columns) for row in picture.rows)
    for size in (348, 1040):
        svg = picture.svg(size, "k")
        (width, height), corners = shapes(svg)
        assert width == size
        for x, y in corners:
            assert -1 <= x <= width + 1, f"x = {x} lies outside of {width}: {picture.title}"
            assert -1 <= y <= height + 1, f"y = {y} lies outside of {height}: {picture.title}"
    assert picture.svg(348, "k") == picture.svg(348, "k")


@pytest.fixture(scope="session")
def sound() -> Callable[[Picture], Picture]:
    """Checks a picture and gives it back."""

    def checked(picture: Picture) -> Picture:
        check(picture)
        return picture

    return checked


@pytest.fixture(scope="session")
def table() -> Callable[..., pa.Table]:
    """A zone-hour table from (hour as ISO text, zone, trips) rows."""

    def made(*rows: tuple[str, int, int]) -> pa.Table:
        hours = np.array([row[0] for row in rows], "datetime64[us]")
        return pa.table(
            {
                "hour": pa.array(hours, pa.timestamp("us")),
                "zone": pa.array([row[1] for row in rows], pa.int32()),
                "trips": pa.array([row[2] for row in rows], pa.int64()),
            }
        )

    return made
