"""How does Great Expectations run beside other work?

In a process of its own: it takes seconds to import, which a notebook has better uses for, and what it changes in its
interpreter stays there. The rows go in and the verdicts come out as Arrow streams through pipes; nothing is written to
disk, and the process ends with its parent's pipe, also if the parent is killed.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from course_lib.errors import StepFailed
from course_lib.trips.schema import BRONZE
from course_lib.validation.judged import EVERY_FIELD


class Running:
    """A contract that is being judged; `verdicts()` waits for it."""

    def __init__(self, bronze: pa.Table, published: frozenset[str], month: tuple[int, int] | None):
        told = json.dumps({"published": sorted(published), "month": month})
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, told],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        # A pipe holds 64 kB and the other side reads only after its imports: writing must not hold up the caller.
        self._feeder = threading.Thread(target=self._feed, args=(bronze,), daemon=True)
        self._feeder.start()
        self._found: np.ndarray | None = None

    def verdicts(self) -> np.ndarray:
        """The broken rules of each row, as bits of int32 (n rows). Raises StepFailed."""
        if self._found is None:
            self._feeder.join()
            answer, said = self._process.communicate()
            if self._process.returncode:
                last = said.decode(errors="replace").strip().splitlines()[-1:]
                raise StepFailed("Great Expectations", last[0] if last else f"ended with {self._process.returncode}")
            self._found = np.frombuffer(answer, np.int32).copy()
        return self._found

    def stop(self) -> None:
        """End the process if it still runs; its verdicts are lost."""
        self._process.kill()
        self._feeder.join()
        self._process.communicate()

    def _feed(self, bronze: pa.Table) -> None:
        pipe, self._process.stdin = self._process.stdin, None  # so that communicate() leaves it alone
        assert pipe is not None
        # If the other side dies before it has read all, its exit code says so.
        with contextlib.suppress(OSError, pa.ArrowException), pipe, pa.ipc.new_stream(pipe, bronze.schema) as writer:
            writer.write_table(bronze)


def start(bronze: pa.Table, published: frozenset[str] = EVERY_FIELD, month: tuple[int, int] | None = None) -> Running:
    """Begin to judge the rows; the arguments are those of judged.judged. Raises ValueError: columns are missing."""
    missing = set(BRONZE.names) - set(bronze.column_names)
    if missing:
        raise ValueError(f"these rows are no bronze: they have no {', '.join(sorted(missing))}")
    return Running(bronze, published, month)


def serve(told: str, rows: BinaryIO, answer: BinaryIO) -> None:
    """The other side: read the rows, judge them, write the verdicts."""
    from course_lib.validation import great_expectations_contract

    asked = json.loads(told)
    with pa.ipc.open_stream(rows) as reader:
        bronze = reader.read_all()
    month = tuple(asked["month"]) if asked["month"] else None
    found = great_expectations_contract.verdicts(bronze, frozenset(asked["published"]), month)
    answer.write(np.ascontiguousarray(found, np.int32).tobytes())


if __name__ == "__main__":
    out, sys.stdout = sys.stdout.buffer, sys.stderr  # what a library prints is no verdict
    serve(sys.argv[1], sys.stdin.buffer, out)
    out.flush()
