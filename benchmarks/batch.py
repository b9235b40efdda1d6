"""How do the course and its peers compare on the batch job?

    python -m benchmarks.batch --trips 5_000_000 25_000_000 --peers course,duckdb,polars --repeat 3

For every size and repeat, each peer does the job in a process of its own, in another order each time. The answers
must be the same, or the run ends with exit code 1 and says where they differ. See RESULTS.md for what is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks import agreement, data, machine, meter, report
from benchmarks.job import REFUSED, TOLD

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "bench"
RESULTS = Path(__file__).parent


class Peer(NamedTuple):
    """How a peer is started."""

    module: str  # of benchmarks.peers
    options: tuple[str, ...] = ()
    python: str = sys.executable  # of the environment that holds its tool


PEERS = {
    "course": Peer("course_job"),
    "duckdb": Peer("duckdb_job"),
    "duckdb_tuned": Peer("duckdb_job", ("--tuned",)),
    "duckdb_flat": Peer("duckdb_job", ("--tuned", "--flat")),
    "polars": Peer("polars_job"),
    "polars_tuned": Peer("polars_job", ("--tuned",)),
    "polars_flat": Peer("polars_job", ("--tuned", "--flat")),
    "pandas": Peer("pandas_job"),
    "dask": Peer("dask_job"),
    # Spark joins as Peer("spark_job", python=…) with the interpreter of its engine's own environment: a peer
    # needs nothing from ours but benchmarks/job.py, which imports the standard library only.
}

DEFAULT = "course,duckdb,duckdb_tuned,polars,polars_tuned,pandas,dask"


class Died(Exception):
    """A peer ended with an error; the message holds the end of its output."""


class Declined(Exception):
    """A peer cannot do the job here; the message says why."""


def command(peer: Peer, folder: Path, out: Path, cores: int) -> list[str]:
    """The command line that has `peer` do the job."""
    module = f"benchmarks.peers.{peer.module}"
    return [peer.python, "-m", module, str(folder), str(out), "--threads", str(cores), *peer.options]


def once(name: str, found: data.Inputs, out: Path, cores: int) -> tuple[dict[str, Any], agreement.Facts]:
    """One run of the peer `name`: what it took, and what it answered in the folder `out`, made anew.

    Raises Declined, Died, Disagreement.
    """
    shutil.rmtree(out, ignore_errors=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    log = out.with_suffix(".log")
    log.unlink(missing_ok=True)
    os.sync()  # what the peer before wrote is not written back on this one's time
    used = meter.run(
        command(PEERS[name], found.folder, out, cores), log, cores, {**os.environ, "PYTHONPATH": str(ROOT)}
    )
    lines = log.read_text(errors="replace").strip().splitlines()
    if used.code == REFUSED:
        raise Declined(lines[-1] if lines else "it did not say why")
    if used.code:
        raise Died(f"{name} ended with code {used.code}; the end of {log}:\n" + "\n".join(lines[-20:]))
    facts = agreement.facts(name, out, found.rows)
    answer = sum(meter.bytes_below(out / part) for part in ("silver", "quarantine"))
    took = {
        "wall_s": round(used.wall_s, 3),
        "job_s": json.loads((out / TOLD).read_text())["seconds"],
        "cpu_s": round(used.cpu_s, 3),
        "peak_mb": round(used.peak_bytes / 1e6, 1),
        "memory": used.memory,
        "answer_mb": round((answer + (out / "zone_hours.csv").stat().st_size) / 1e6, 1),
        "written_mb": round(used.written_bytes / 1e6, 1),
    }
    return took, facts


def compare(
    peers: Sequence[str], found: data.Inputs, out: Path, repeat: int, cores: int, say: Callable[[str], None]
) -> list[dict[str, Any]]:
    """A record per run of `peers` on the same trips, kinds "batch" and "refused".

    Answers are kept in `out` until the next repeat. Raises Died, Disagreement.
    """
    records: list[dict[str, Any]] = []
    declined: set[str] = set()
    reference: tuple[str, agreement.Facts] | None = None
    shared = {"files": len(found.files), "input_mb": round(found.bytes / 1e6, 1)}
    for turn in range(repeat):
        shift = turn % len(peers)
        for name in [*peers[shift:], *peers[:shift]]:
            if name in declined:
                continue
            load = machine.load()
            try:
                took, facts = once(name, found, out / name, cores)
            except Declined as why:
                declined.add(name)
                records.append({"kind": "refused", "peer": name, "why": str(why)})
                say(f"{name}: declined: {why}")
                continue
            if reference is None:
                reference = name, facts
            elif unlike := agreement.differences(reference[1], facts):
                where = agreement.first_difference(out / reference[0], out / name)
                raise agreement.Disagreement(
                    name, [f"it disagrees with {reference[0]}", *unlike, f"zone hours: {where}"]
                )
            records.append(
                {"kind": "batch", "peer": name, "repeat": turn, **took, **shared, **facts._asdict(), "load": load}
            )
            say(
                f"{name}, round {turn + 1} of {repeat}: {took['wall_s']:.1f} s, {took['cpu_s']:.1f} s CPU, "
                f"{took['peak_mb']:,.0f} MB"
            )
    return records


def table(trips: int, records: Sequence[report.Record]) -> Table:
    """The runs of one size, for a terminal."""
    shown = Table(title=f"The batch path on {trips:,} generated trips: least (median)", title_justify="left")
    for heading in report.HEADINGS:
        shown.add_column(heading, justify="left" if heading == "peer" else "right", no_wrap=True)
    for line in report.cells(report.rows(records)):
        shown.add_row(*line)
    return shown


def terminal() -> Console:
    """Where a benchmark speaks: as wide as the terminal; wide enough for the table where there is none."""
    console = Console(soft_wrap=True)
    return console if console.is_terminal else Console(soft_wrap=True, width=140)


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch", description=__doc__.splitlines()[0])
    parser.add_argument("--trips", type=int, nargs="+", default=[5_000_000, 25_000_000])
    parser.add_argument("--peers", default=DEFAULT, help=f"of {', '.join(PEERS)}")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--data", type=Path, default=WORK / "data", help="where generated trips are kept")
    parser.add_argument("--out", type=Path, default=WORK / "out", help="where peers write; made anew by each")
    parser.add_argument("--results", type=Path, default=RESULTS, help=f"the folder of {report.PAGE}")
    chosen = parser.parse_args(given)
    chosen.peers = [name for name in chosen.peers.split(",") if name]
    if unknown := [name for name in chosen.peers if name not in PEERS]:
        parser.error(f"no such peer: {', '.join(unknown)}; choose from {', '.join(PEERS)}")
    if not chosen.peers or min(chosen.repeat, chosen.cores, *chosen.trips) < 1:
        parser.error("--peers names at least one; --trips, --repeat and --cores are at least 1")
    return chosen


def main(given: Sequence[str] | None = None) -> int:
    """Run, print and save the comparison; the exit code."""
    chosen, console = arguments(given), terminal()
    console.print(f"Before the start, {machine.load():.1f} programs wanted a core.")
    for trips in chosen.trips:
        found = data.inputs(trips, chosen.data, workers=chosen.cores)
        data.warm(found)
        out = chosen.out / str(trips)
        try:
            records = compare(chosen.peers, found, out, chosen.repeat, chosen.cores, console.print)
        except (Died, agreement.Disagreement) as error:
            console.print(f"[bold red]{type(error).__name__}[/]: {error}", highlight=False)
            console.print(f"What the peers wrote is in {out}. Nothing was saved.", highlight=False)
            return 1
        facts = machine.describe(chosen.cores)
        report.save(chosen.results, [{**record, "trips": trips, "machine": facts} for record in records])
        console.print(table(trips, records))
        shutil.rmtree(out, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
