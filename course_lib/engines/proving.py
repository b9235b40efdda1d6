"""What did an engine prove here?"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from course_lib.engines import compute, environments, inputs
from course_lib.engines.registry import Engine
from course_lib.errors import ContractBroken, EngineFailed

Check = Callable[[Engine, Path], str]


class Proof(NamedTuple):
    """One sentence of a contract, and whether it holds."""

    kind: str
    what: str
    holds: bool
    found: str  # what was proved, or what is so instead


def checks(kind: str) -> dict[str, Check]:
    """The sentences of the contract of a kind, each with the check that proves it."""
    if importlib.util.find_spec(f"course_lib.engines.{kind}") is None:
        return {}
    return dict(importlib.import_module(f"course_lib.engines.{kind}").CHECKS)


def prove(engine: Engine, trips: int | None = None, paths: Sequence[str] = ()) -> Iterator[Proof]:
    """Run the contracts of every kind that the engine is of. Raises EngineUnavailable.

    trips, paths  for engines that compute: that many generated trips, or these files, on top of the contract's own
    """
    environments.python_of(engine)
    with scratch() as folder:
        for kind in engine.kinds:
            for number, (what, check) in enumerate(checks(kind).items()):
                yield proof(engine, kind, what, check, folder / f"{kind}-{number}")
        if trips or paths:
            what = "equal on what was asked for"
            yield proof(engine, "compute", what, partial(asked, trips=trips, paths=paths), folder / "asked")


def proof(engine: Engine, kind: str, what: str, check: Check, folder: Path) -> Proof:
    """One check in a new folder, as a proof."""
    folder.mkdir()
    try:
        return Proof(kind, what, True, check(engine, folder))
    except (ContractBroken, EngineFailed) as error:
        return Proof(kind, what, False, str(error))


def asked(engine: Engine, folder: Path, trips: int | None, paths: Sequence[str]) -> str:
    """The job on what the user asked for."""
    given = []
    if trips:
        given.append(inputs.generated(folder / "generated", trips))
    if paths:
        given.append(inputs.from_files(paths, folder / "given"))
    result = compute.agrees(engine, folder, given)
    return f"{sum(one.rows for one in given):,} rows in {sum(result.seconds):.1f} s"


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards. Its name is short: the sockets of some engines have 100 letters for theirs."""
    with tempfile.TemporaryDirectory(prefix="eng-", ignore_cleanup_errors=True) as name:
        yield Path(name)
