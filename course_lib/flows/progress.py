"""What does a person see while a run works?

On a terminal one bar a step; elsewhere (a log, a pipe) one plain line a step when it ends; nothing when quiet.
"""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, dataclass
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


@dataclass
class Step:
    """One step of a run as run.json lists it; `reused` tasks were done by an earlier run."""

    name: str
    seconds: float
    tasks: int
    reused: int

    as_dict = asdict


class Reporter:
    """Shows steps as they run, and remembers them; use as a context manager."""

    def __init__(self, console: Console, quiet: bool = False):
        self.steps: list[Step] = []
        self.console = console
        self._quiet = quiet
        self._lock = threading.Lock()
        self._bars = None
        if console.is_terminal and not quiet:
            self._bars = Progress(
                TextColumn("{task.description:<10}"),
                BarColumn(bar_width=32),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("[dim]{task.fields[note]}"),
                console=console,
            )

    def __enter__(self) -> Reporter:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bars:
            self._bars.stop()

    def step(self, name: str, tasks: int = 1) -> Watch:
        """A context for one step of `tasks` tasks: call `advance` as each ends."""
        return Watch(self, name, tasks, self._bars.add_task(name, total=tasks, note="") if self._bars else None)

    def _advance(self, bar: TaskID | None) -> None:
        if self._bars and bar is not None:
            self._bars.advance(bar)

    def _end(self, watch: Watch, seconds: float, failed: bool) -> None:
        if failed:
            return
        self.steps.append(Step(watch.name, round(seconds, 3), watch.tasks, watch.reused))
        note = f"{watch.reused} of {watch.tasks} done before" if watch.reused else ""
        if self._bars and watch.bar is not None:
            self._bars.update(watch.bar, completed=watch.tasks, note=note)
            self._bars.stop_task(watch.bar)
        elif not self._quiet:
            self.console.print(f"{watch.name:<10} {seconds:6.1f} s  {note}".rstrip(), highlight=False)


class Watch:
    """One step while it runs."""

    def __init__(self, reporter: Reporter, name: str, tasks: int, bar: TaskID | None):
        self.name, self.tasks, self.bar = name, tasks, bar
        self.reused = 0
        self._reporter = reporter
        self._lock = threading.Lock()
        self._started = time.monotonic()

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._reporter._end(self, time.monotonic() - self._started, failed=kind is not None)

    def advance(self, reused: bool = False) -> None:
        """One task has ended."""
        with self._lock:
            self.reused += reused
        self._reporter._advance(self.bar)
