"""How does a number read?

No rounding claims what is not so: a share that is not 0 never reads "0 %", one that is not 1 never "100 %". A missing
or impossible number reads as a dash. Digits are grouped with a comma; a narrow no-break space stands before a unit.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from typing import TypeGuard

DASH = "–"
THIN = "\u202f"  # narrow no-break space
_SCALES = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k"))


def count(number: float | None) -> str:
    """A whole number, grouped.

    >>> count(200000), count(None), count(10**21)
    ('200,000', '–', '1.0e+21')
    """
    if not known(number):
        return DASH
    return f"{round(number):,}" if abs(number) < 10**15 else _scientific(number)


def _scientific(number: float) -> str:
    try:
        return f"{float(number):.1e}"
    except OverflowError:
        digits = len(str(abs(round(number))))
        return f"{'-' if number < 0 else ''}1e+{digits - 1}"


def plural(number: int, one: str, many: str | None = None) -> str:
    """
    >>> plural(1, "row"), plural(2300, "row"), plural(0, "day")
    ('1 row', '2,300 rows', '0 days')
    """
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def percent(part: float | None, whole: float | None = 1.0) -> str:
    """`part` of `whole` in per cent, with three digits where they matter.

    >>> [percent(n, 200_000) for n in (0, 1, 5800, 191900, 199_999, 200_000)]
    ['0\u202f%', '<0.01\u202f%', '2.9\u202f%', '95.95\u202f%', '>99.99\u202f%', '100\u202f%']
    >>> percent(1, 0)
    '–'
    """
    if not known(part) or not known(whole) or not whole:
        return DASH
    share = _ratio(part, whole) * 100
    if part in (0, whole):
        return f"{share:.0f}{THIN}%"
    if 0 <= share < 0.01:
        return f"<0.01{THIN}%"
    if 99.99 < share < 100:
        return f">99.99{THIN}%"
    digits = 2 if abs(share) < 10 or 90 < share < 100 else 1 if abs(share) < 1000 else 0
    shown = f"{share:,.{digits}f}"
    if shown in ("100.0", "100.00"):  # a share near 1 that is not 1
        shown = "99.99" if share < 100 else "100.1"
    return f"{_trimmed(shown)}{THIN}%"


def _ratio(part: float, whole: float) -> float:
    try:
        return part / whole
    except OverflowError:
        return math.inf


def _trimmed(shown: str) -> str:
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def compact(number: float) -> str:
    """A number for an axis.

    >>> [compact(n) for n in (0, 0.25, 12, 1500, 2_000_000, 3.5e9, 1e30)]
    ['0', '0.25', '12', '1.5k', '2M', '3.5B', '1.0e+30']
    """
    if not known(number):
        return DASH
    if abs(number) >= 10**15:
        return _scientific(number)
    for scale, letter in _SCALES:
        if abs(number) >= scale:
            return f"{_trimmed(f'{number / scale:.2f}')}{letter}"
    return _trimmed(f"{number:.2f}") if abs(number) >= 0.01 or number == 0 else f"{number:.1g}"


def decimal(number: float | None, digits: int = 1) -> str:
    """A number with decimals, which it sheds as it grows.

    >>> decimal(31.24), decimal(3124.2), decimal(float("nan"))
    ('31.2', '3,124', '–')
    """
    if not known(number):
        return DASH
    return count(number) if abs(number) >= 999.5 else f"{number:.{digits}f}"


def seconds(number: float | None) -> str:
    """A duration.

    >>> [seconds(s).replace(THIN, " ") for s in (0, 0.0312, 4.25, 75, 4000, 100_000)]
    ['0 s', '31 ms', '4.2 s', '1 min 15 s', '1 h 6 min', '1 d 3 h']
    """
    if not known(number):
        return DASH
    if number < 0:
        return f"−{seconds(-number)}"
    if 0 < number < 1:
        return f"{number * 1000:.0f}{THIN}ms" if number >= 0.0005 else f"<1{THIN}ms"
    if number < 60:
        return f"{_trimmed(f'{number:.1f}')}{THIN}s"
    whole = round(number)
    for large, small, large_name, small_name in ((86_400, 3600, "d", "h"), (3600, 60, "h", "min"), (60, 1, "min", "s")):
        if whole >= large:
            rest = f" {whole % large // small}{THIN}{small_name}" if whole % large // small else ""
            return f"{count(whole // large)}{THIN}{large_name}{rest}"
    return f"{whole}{THIN}s"


def error_seconds(number: float | None) -> str:
    """An error in plain seconds, because errors are compared.

    >>> error_seconds(214.31).replace(THIN, " "), error_seconds(4.26).replace(THIN, " ")
    ('214 s', '4.3 s')
    """
    if not known(number):
        return DASH
    return f"{decimal(number, 1 if abs(number) < 99.95 else 0)}{THIN}s"


def listed(names: Sequence[str], most: int = 3) -> str:
    """Names in a sentence.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c", "d", "e"])
    ('a', 'a and b', 'a, b, c and 2 more')
    """
    shown = list(names[:most])
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else ""


def spoken(name: str) -> str:
    """A name from the data as words: `negative_fare` reads negative fare."""
    return printable(name, 60).replace("_", " ")


def printable(text: object, longest: int = 300) -> str:
    """`text` without what a page or a terminal would act on: control and direction marks become visible escapes.

    >>> printable("a\\x00b\\u202ecsv.exe"), printable("zu " + "lang" * 100, longest=8)
    ('a\\\\x00b\\\\u202ecsv.exe', 'zu lang…')
    """
    cut = str(text)
    cut = cut if len(cut) <= longest else cut[: longest - 1] + "…"
    return "".join(c if unicodedata.category(c) not in _ACTING else _escape(c) for c in cut)


_ACTING = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()


def known(number: float | None) -> TypeGuard[float]:
    """Is there a number? NaN and infinities are none."""
    if number is None:
        return False
    try:
        return math.isfinite(number)
    except OverflowError:  # an int that no float can hold
        return True
