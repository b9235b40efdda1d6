"""When was that, as published?

Published times are local wall times. Read are ISO dates with a space or a T, with or without seconds and fractions
of them, and the American form of the city's open data portal (10/17/2015 11:05:09 PM), also on a 24-hour clock. A
date alone is no time, and a time with a zone is not the wall time that was asked for: both are problems, and
so is a time outside the years 1900 to 2100. Times here are whole microseconds since 1970 (int64).
"""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

SECOND = 1_000_000  # microseconds
EARLIEST = -2_208_988_800 * SECOND  # 1900-01-01
LATEST = 4_133_980_800 * SECOND  # 2101-01-01, excluded

_ISO_LENGTH = 19  # 2020-10-01 00:31:19

# Forms read many at once; 'p' is the A or P of AM and PM. Everything else is read one by one.
_LAYOUTS = (
    "YYYY-MM-DD hh:mm:ss",
    "YYYY-MM-DDThh:mm:ss",
    "YYYY-MM-DD hh:mm",
    "YYYY-MM-DD hh:mm:ss.f",
    "YYYY-MM-DD hh:mm:ss.fff",
    "YYYY-MM-DD hh:mm:ss.ffffff",
    "YYYY-MM-DDThh:mm:ss.fff",
    "MM/DD/YYYY hh:mm:ss pM",
    "MM/DD/YYYY hh:mm:ss",
    "MM/DD/YYYY hh:mm",
)
_CLOCK = r"(?P<h>\d\d?):(?P<m>\d\d)(:(?P<s>\d\d)(\.(?P<f>\d+))?)?"
_ISO = re.compile(rf"(?P<Y>\d{{4}})-(?P<M>\d\d?)-(?P<D>\d\d?)[T ]{_CLOCK}")
_AMERICAN = re.compile(rf"(?P<M>\d\d?)/(?P<D>\d\d?)/(?P<Y>\d{{4}}) +{_CLOCK}( ?(?P<p>[AP])M)?", re.IGNORECASE)


def read_time(text: str) -> int | None:
    """The time that `text` tells, or None.

    >>> read_time("1970-01-01 00:00:01"), read_time("1/1/1970 12:00:01.25 AM"), read_time("1970-01-01")
    (1000000, 1250000, None)
    """
    found = _ISO.fullmatch(text) or _AMERICAN.fullmatch(text)
    if not found or not text.isascii():
        return None
    part = found.groupdict()
    hour = int(part["h"])
    if part.get("p"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if part["p"] in "pP" else 0)
    try:
        at = dt.datetime(int(part["Y"]), int(part["M"]), int(part["D"]), hour, int(part["m"]), int(part["s"] or 0))
    except ValueError:
        return None
    fraction = int((part["f"] or "0").ljust(6, "0")[:6])  # finer than microseconds: rounded down
    return int((at - dt.datetime(1970, 1, 1)) // dt.timedelta(microseconds=1)) + fraction


def read_texts(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """The times of an array of strings (n rows, outer spaces off), and where each is one."""
    lengths = pc.binary_length(texts)
    shape = pc.min_max(lengths)
    if shape["min"].as_py() == _ISO_LENGTH == shape["max"].as_py():
        try:
            seconds = texts.cast(pa.timestamp("s"))
        except pa.ArrowInvalid:
            pass  # some are no times: find out which
        else:
            return pc.fill_null(seconds.view(pa.int64()), 0).to_numpy() * SECOND, _valid(texts)
    at = np.zeros(len(texts), np.int64)
    known = np.zeros(len(texts), bool)
    widths = pc.fill_null(lengths, 0).to_numpy()
    for width in sorted({len(layout) for layout in _LAYOUTS}):
        rows = np.flatnonzero(widths == width)
        if len(rows):
            at[rows], known[rows] = _read_width(texts.take(pa.array(rows)), width)
    left = np.flatnonzero(~known & _valid(texts))
    if len(left):
        rest = texts.take(pa.array(left)).dictionary_encode()
        times = [read_time(text) for text in rest.dictionary.to_pylist()]
        which = rest.indices.to_numpy()
        at[left] = np.array([time or 0 for time in times], np.int64)[which]
        known[left] = np.array([time is not None for time in times])[which]
    return at, known


def read_stamps(stamps: pa.Array) -> np.ndarray:
    """The times of an array of timestamps without a zone, of any unit; what is finer is rounded down."""
    ticks = pc.fill_null(stamps.view(pa.int64()), 0).to_numpy()
    unit = stamps.type.unit
    if unit == "ns":
        return ticks // 1_000
    if unit == "us":
        return ticks
    scale = SECOND if unit == "s" else 1_000
    reach = LATEST // scale  # beyond it the product could wrap round to a year that looks fine
    return np.clip(ticks, -reach, reach) * scale


def _read_width(texts: pa.Array, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The times of strings that are all `width` bytes long, and where a layout of that width fits."""
    start = texts.offset
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[start : start + len(texts) + 1]
    letters = np.frombuffer(texts.buffers()[2], np.uint8)[offsets[0] : offsets[-1]].reshape(len(texts), width)
    at = np.zeros(len(texts), np.int64)
    known = np.zeros(len(texts), bool)
    for layout in _LAYOUTS:
        if len(layout) == width:
            times, fits = _read_layout(letters, layout)
            at = np.where(fits, times, at)
            known |= fits
    return at, known


def _read_layout(letters: np.ndarray, layout: str) -> tuple[np.ndarray, np.ndarray]:
    part = {name: np.zeros(len(letters), np.int64) for name in "YMDhmsf"}
    fits = np.ones(len(letters), bool)
    afternoon = None
    for position, mark in enumerate(layout):
        letter = letters[:, position]
        if layout[position:] == "M":  # the M of AM and PM
            fits &= (letter == ord("M")) | (letter == ord("m"))
        elif mark == "p":
            afternoon = (letter == ord("P")) | (letter == ord("p"))
            fits &= afternoon | (letter == ord("A")) | (letter == ord("a"))
        elif mark in part:
            fits &= (letter >= ord("0")) & (letter <= ord("9"))
            part[mark] = part[mark] * 10 + (letter.astype(np.int64) - ord("0"))
        else:
            fits &= letter == ord(mark)
    if afternoon is not None:
        fits &= (part["h"] >= 1) & (part["h"] <= 12)
        part["h"] = part["h"] % 12 + np.where(afternoon, 12, 0)
    fits &= (part["M"] >= 1) & (part["M"] <= 12) & (part["D"] >= 1) & (part["Y"] >= 1)
    fits &= (part["h"] < 24) & (part["m"] < 60) & (part["s"] < 60)
    months = np.where(fits, (part["Y"] - 1970) * 12 + part["M"] - 1, 0)
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    following = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    fits &= part["D"] <= following - first
    seconds = (first + part["D"] - 1) * 86_400 + part["h"] * 3_600 + part["m"] * 60 + part["s"]
    fraction = part["f"] * 10 ** (6 - layout.count("f")) if "f" in layout else 0
    return np.where(fits, seconds * SECOND + fraction, 0), fits


def _valid(array: pa.Array) -> np.ndarray:
    return array.is_valid().to_numpy(zero_copy_only=False)
