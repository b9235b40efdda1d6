"""Which engine takes how long, and how much memory, for the same answer?

Side by side, one after the other, each with the same input: does it agree; seconds cold, from the start of its process
to the end, with imports and whatever it has to start; seconds warm, the same call again in the same process; the peak
memory of all its processes together; and how many lines its adapter has. Of kinds other than compute the whole contract
is timed, which is many processes, so only the cold seconds are told.
"""

from __future__ import annotations

import os
import platform
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from course_lib.engines import compute, environments, inputs, proving, watching
from course_lib.engines.inputs import Given
from course_lib.engines.registry import KINDS, Engine
from course_lib.engines.running import call
from course_lib.errors import ContractBroken, EngineFailed

if TYPE_CHECKING:
    from rich.table import Table

_BEGIN, _END = "<!-- compare: begin -->", "<!-- compare: end -->"
DRAWING = "compare.svg"  # beside the README
_BAR = 7  # characters of the longest bar
_HEADS = ("engine", "version", "kind", "agrees", "cold s", "warm s", "peak MB", "lines")


class Line(NamedTuple):
    """One engine in one of its kinds."""

    engine: str
    version: str
    kind: str
    agrees: bool | None  # None where it is not installed
    cold: float | None  # s
    warm: float | None  # s
    peak_bytes: int | None
    lines: int
    found: str
    standing: str = "runs"

    def cells(self) -> list[str]:
        """The texts of the table's columns."""
        # What is emulated agrees by what our server kept for it, which is no agreement of the engine's.
        yes = {"runs": "yes", "emulated": "emulated"}.get(self.standing, self.standing)
        says = {True: yes, False: "NO", None: "not installed"}[self.agrees]
        memory = "" if not self.peak_bytes else f"{self.peak_bytes / 1e6:,.0f}"
        times = ["" if seconds is None else f"{seconds:.1f}" for seconds in (self.cold, self.warm)]
        return [self.engine, self.version, self.kind, says, *times, memory, str(self.lines)]


def measure(
    engines: Sequence[Engine], kind: str | None, trips: int, say: Callable[[str], None] = lambda what: None
) -> list[Line]:
    """A line for every engine and kind, by kind, those that are not installed included."""
    found = []
    with proving.scratch() as folder:
        given: Given | None = None
        for engine in engines:
            for one in engine.kinds:
                if kind not in (None, one):
                    continue
                say(f"{engine.name}: {one}")
                if environments.lacks(engine):
                    found.append(_line(engine, one, None, environments.lacks(engine)))
                    continue
                place = folder / f"{engine.name}-{one}"
                place.mkdir()
                if one == "compute":
                    given = given or inputs.generated(folder / "given", trips)
                    found.append(_computed(engine, place, given))
                else:
                    found.append(_proved(engine, one, place))
    return sorted(found, key=lambda line: (KINDS.index(line.kind), line.engine))


def _computed(engine: Engine, place: Path, given: Given) -> Line:
    answers = [place / "cold.csv", place / "warm.csv"]
    try:
        asked = [{"trips": given.folder, "answer": answer} for answer in answers]
        cold = call(engine, "zone_hour", place / "once", asked[0])
        twice = call(engine, "zone_hour", place / "twice", *asked)
        for answer in answers:
            if answer.read_bytes() != given.answer:
                raise ContractBroken(engine.name, compute.difference(given.answer, answer.read_bytes()))
    except (ContractBroken, EngineFailed, OSError) as error:
        return _line(engine, "compute", False, str(error))
    return _line(engine, "compute", True, f"{given.rows:,} rows", cold.wall, twice.seconds[-1], cold.peak_bytes)


def _proved(engine: Engine, kind: str, place: Path) -> Line:
    begin = time.perf_counter()
    with watching.collecting() as peaks:
        proofs = [
            proving.proof(engine, kind, what, check, place / str(number))
            for number, (what, check) in enumerate(proving.checks(kind).items())
        ]
    seconds = time.perf_counter() - begin
    holds = all(one.holds for one in proofs)
    told = "; ".join(one.found for one in proofs if one.holds is holds)  # where one does not hold, what is wrong
    return _line(engine, kind, holds, told, seconds, peak_bytes=max(peaks, default=0))


def _line(
    engine: Engine,
    kind: str,
    agrees: bool | None,
    found: str,
    cold: float | None = None,
    warm: float | None = None,
    peak_bytes: int | None = None,
) -> Line:
    told = (agrees, cold, warm, peak_bytes, engine.lines, found, engine.standing)
    return Line(engine.title, engine.version, kind, *told)


def table(lines: Sequence[Line]) -> Table:
    """The lines for a terminal of 80 columns, with a bar for the seconds beside others of the same kind."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    drawn = Table(title="One job, everywhere", box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for head in (*_HEADS, ""):
        if head == "agrees":
            drawn.add_column(head, width=13, overflow="fold")  # where much is to be said, it is folded
        elif head != "version":  # course engines list tells it
            drawn.add_column(head, justify="right" if head in _HEADS[4:] else "left", no_wrap=True)
    last = ""
    for line in lines:
        longest = max(other.cold or 0 for other in lines if other.kind == line.kind) or 1
        bar = "█" * max(1, round(_BAR * line.cold / longest)) if line.cold else ""
        engine, _, kind, *rest = line.cells()
        drawn.add_row(engine.removeprefix("Apache "), kind if kind != last else "", *rest, bar)
        last = kind
    return drawn


def markdown(lines: Sequence[Line], trips: int) -> str:
    """The lines for the README, with the machine they were measured on."""
    rows = [" | ".join(_HEADS), " | ".join("---:" if head in _HEADS[4:] else "---" for head in _HEADS)]
    rows += [" | ".join(line.cells()) for line in lines]
    told = f"{trips:,} generated trips for those that compute; the whole contract for the others. {machine()}"
    return "\n".join([told, "", *(f"| {row} |" for row in rows)])


def keep(readme: Path, lines: Sequence[Line], trips: int) -> None:
    """Put the table into the README, between its two marks, and the drawing beside it."""
    from course_lib.engines.comparing_picture import picture
    from course_lib.storage.atomic import write_text

    drawn, old = picture(lines), readme.read_text("utf-8")
    new = f"{_BEGIN}\n{markdown(lines, trips)}\n\n![{drawn.title}.]({DRAWING})\n{_END}"
    write_text(readme.with_name(DRAWING), drawn.svg() + "\n")
    write_text(readme, re.sub(f"{_BEGIN}.*?{_END}", lambda _: new, old, flags=re.DOTALL))


def machine() -> str:
    """The kind of machine, without its name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{cores} cores, {memory:.0f} GiB, {system}."
