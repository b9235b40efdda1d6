"""What does the whole pipeline cost, beside its batch path?

    python -m benchmarks.pipeline --trips 25_000_000

The same files go through `course pipeline` (features, model, audit, publishing and report included) and through the
batch path alone, each in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import agreement, batch, data, machine, meter, report
from benchmarks.job import Told


def whole(found: data.Inputs, out: Path, cores: int) -> tuple[meter.Usage, dict[str, Any]]:
    """One run of `course pipeline` on `found` in the folder `out`, made anew: what it took, and its run.json.

    Raises Died.
    """
    shutil.rmtree(out, ignore_errors=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    log = out.with_suffix(".log")
    log.unlink(missing_ok=True)
    command = [sys.executable, "-m", "course_lib.cli", "pipeline", "--input", str(found.folder)]
    command += ["--out", str(out), "--workers", str(cores), "--fresh"]
    os.sync()
    used = meter.run(command, log, cores, {**os.environ, "PYTHONPATH": str(batch.ROOT)})
    if used.code:
        end = "\n".join(log.read_text(errors="replace").strip().splitlines()[-20:])
        raise batch.Died(f"the pipeline ended with code {used.code}; the end of {log}:\n{end}")
    return used, json.loads((out / "run.json").read_text())


def measured(found: data.Inputs, trips: int, out: Path, cores: int) -> dict[str, Any]:
    """A record of both on `found`, kind "pipeline". Raises Died, Disagreement."""
    load = machine.load()
    path, facts = batch.once("course", found, out / "course", cores)
    used, run = whole(found, out / "pipeline", cores)
    unlike = [f"{name} is {run[name]} instead of {getattr(facts, name)}" for name in Told._fields
              if run[name] != getattr(facts, name)]  # fmt: skip
    if unlike:
        raise agreement.Disagreement("the pipeline", unlike)
    return {
        "kind": "pipeline",
        "trips": trips,
        "batch_path_s": path["wall_s"],
        "pipeline_s": round(used.wall_s, 2),
        "ratio": round(used.wall_s / path["wall_s"], 2),
        "batch_path_cpu_s": path["cpu_s"],
        "pipeline_cpu_s": round(used.cpu_s, 2),
        "batch_path_peak_mb": path["peak_mb"],
        "pipeline_peak_mb": round(used.peak_bytes / 1e6, 1),
        "load": load,
    }


def main(given: Sequence[str] | None = None) -> int:
    """Measure, print and save; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pipeline", description=str(__doc__).splitlines()[0])
    parser.add_argument("--trips", type=int, nargs="+", default=[25_000_000])
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--data", type=Path, default=batch.WORK / "data", help="where generated trips are kept")
    parser.add_argument("--out", type=Path, default=batch.WORK / "out", help="where both write; made anew")
    parser.add_argument("--results", type=Path, default=batch.RESULTS, help=f"the folder of {report.PAGE}")
    chosen, console = parser.parse_args(given), batch.terminal()
    for trips in chosen.trips:
        found = data.inputs(trips, chosen.data, workers=chosen.cores)
        data.warm(found)
        out = chosen.out / f"pipeline-{trips}"
        try:
            record = measured(found, trips, out, chosen.cores)
        except (batch.Died, batch.Declined, agreement.Disagreement) as error:
            console.print(f"[bold red]{type(error).__name__}[/]: {error}", highlight=False)
            return 1
        report.save(chosen.results, [{**record, "machine": machine.describe(chosen.cores)}])
        console.print(
            f"{trips:,} trips: {record['pipeline_s']:.1f} s, {record['ratio']:.1f} times the batch path's "
            f"{record['batch_path_s']:.1f} s; {record['pipeline_peak_mb']:,.0f} MB"
        )
        shutil.rmtree(out, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
