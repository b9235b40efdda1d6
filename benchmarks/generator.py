"""How many trips per second does the generator write, and does its memory stay flat?

    python -m benchmarks.generator --trips 5_000_000 25_000_000

Each size is generated in a process of its own, into a folder that is removed afterwards. Flat means that the peak at
the largest size is that at the smallest.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import batch, machine, meter, report
from benchmarks.data import MONTHS, SEED

SECONDS = "seconds.txt"


def child(trips: int, folder: Path, cores: int) -> None:
    """Generate, and write down how long that took after the imports."""
    from course_lib.ingestion import synthetic
    from course_lib.trips.generator import Settings

    began = time.perf_counter()
    synthetic.generate(Settings(trips=trips, seed=SEED, months=MONTHS), folder, workers=cores)
    (folder / SECONDS).write_text(str(time.perf_counter() - began))


def measured(trips: int, work: Path, cores: int) -> dict[str, Any]:
    """A record of generating `trips` below the folder `work`, kind "generator". Raises Died."""
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work) as scratch:
        folder, log = Path(scratch) / "trips", Path(scratch) / "log"
        command = [sys.executable, "-m", "benchmarks.generator", "--child", str(folder), "--trips", str(trips)]
        load = machine.load()
        env = {**os.environ, "PYTHONPATH": str(batch.ROOT)}
        used = meter.run([*command, "--cores", str(cores)], log, cores, env)
        if used.code:
            raise batch.Died(f"the generator ended with code {used.code}:\n{log.read_text(errors='replace')[-2000:]}")
        seconds = float((folder / SECONDS).read_text())
        written = meter.bytes_below(folder)
        shutil.rmtree(folder)
    return {
        "kind": "generator",
        "trips": trips,
        "seconds": round(seconds, 2),
        "trips_per_second": round(trips / seconds),
        "cpu_s": round(used.cpu_s, 2),
        "peak_mb": round(used.peak_bytes / 1e6, 1),
        "written_mb": round(written / 1e6, 1),
        "load": load,
    }


def main(given: Sequence[str] | None = None) -> int:
    """Measure, print and save; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generator", description=str(__doc__).splitlines()[0])
    parser.add_argument("--trips", type=int, nargs="+", default=[5_000_000, 25_000_000])
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--work", type=Path, default=batch.WORK, help="where the files go for the moment")
    parser.add_argument("--results", type=Path, default=batch.RESULTS, help=f"the folder of {report.PAGE}")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args(given)
    if chosen.child:
        child(chosen.trips[0], chosen.child, chosen.cores)
        return 0
    console = batch.terminal()
    for trips in chosen.trips:
        try:
            record = measured(trips, chosen.work, chosen.cores)
        except batch.Died as error:
            console.print(f"[bold red]Died[/]: {error}", highlight=False)
            return 1
        report.save(chosen.results, [{**record, "machine": machine.describe(chosen.cores)}])
        console.print(
            f"{trips:,} trips: {record['trips_per_second']:,} a second, {record['seconds']:.1f} s, "
            f"{record['peak_mb']:,.0f} MB"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
