"""What does a rule mean, and what does a row that breaks it look like?

The meaning is the contract's own. The example is a refused row where the run brought one, and else made from the
check, so a rule that is added to the contract explains itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from course_lib.plots.words import count, percent, printable, seconds, spoken
from course_lib.trips import contract
from course_lib.trips.contract import RULES


class Explained(NamedTuple):
    """One rule that rows break."""

    name: str
    rows: int
    share: str
    meaning: str
    example: str


def explained(counts: Mapping[str, int], total: int, examples: Mapping[str, str], most: int = 60) -> list[Explained]:
    """The rules with their counts as a share of `total`, the most frequent first; at most `most` of them."""
    known = {rule.name: rule for rule in RULES}
    found = []
    for name, n in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:most]:
        rule = known.get(name)
        meaning = rule.meaning if rule else f"{spoken(name)} (not in this version's contract)"
        example = examples.get(name) or (example_of(rule.check) if rule else "")
        found.append(Explained(printable(name), n, percent(n, total), meaning, printable(example, 160)))
    return found


def row_told(name: str, row: Mapping[str, Any]) -> str:
    """A refused row in the words of the rule `name`: the text that could not be read, or the values that it judges.

    row      its values by canonical name, and `raw`

    >>> row_told("negative_fare", {"fare_cents": -520, "tip_cents": 0, "raw": None})
    'fare_cents -520'
    """
    if row.get("raw"):
        return str(row["raw"])
    check = next((rule.check for rule in RULES if rule.name == name), None)
    judged = [getattr(check, part) for part in ("field", "start", "end") if hasattr(check, part)]
    judged += getattr(check, "fields", ())
    if isinstance(check, contract.Twin):
        judged.insert(0, "fare_cents")  # what tells a refund from its twin
    shown = [field for field in judged if field in row] or [field for field in row if row[field] is not None]
    return ", ".join(f"{field} {'is empty' if row[field] is None else row[field]}" for field in shown)


def example_of(check: contract.Check) -> str:
    """A row that breaks the check, in a few words; it shows the value that tips it over.

    >>> example_of(contract.Below("fare_cents", 0))
    'fare_cents is -1; allowed from 0'
    """
    match check:
        case contract.Unparseable():
            return "a line that was cut off in its middle"
        case contract.OutsideType():
            return "passengers is “two”, or pickup_at is 2020-13-01"
        case contract.RequiredNull(fields):
            return f"{fields[0]} is empty; so with {', '.join(fields[1:])}" if fields[1:] else f"{fields[0]} is empty"
        case contract.Below(name, bound):
            return f"{name} is {bound - 1:,}; allowed from {bound:,}"
        case contract.Above(name, bound):
            return f"{name} is {count(bound + 1)}; allowed up to {count(bound)}"
        case contract.Equals(name, value):
            return f"{name} is {value:,}"
        case contract.GapBelow(start, end, gap):
            return f"{end} is {seconds(gap - 1)} after {start}; allowed from {seconds(gap)}"
        case contract.GapAbove(start, end, gap):
            return f"{end} is 1 s more than {seconds(gap)} after {start}"
        case contract.AnyNull(fields):
            return f"{fields[0]} is empty, or {' or '.join(fields[1:])}" if fields[1:] else f"{fields[0]} is empty"
        case contract.AllNull(fields):
            return f"{', '.join(fields)} are all empty"
        case contract.OutsideMonth(name):
            return f"{name} is 2008-12-31 in the file of 2020-10"
        case contract.Twin(fields):
            return f"another row with equal {', '.join(fields)}"
    return ""
