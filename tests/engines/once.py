"""The shortest use of an engine that starts everything it has: python -m tests.engines.once NAME FOLDER"""

from __future__ import annotations

import sys
from pathlib import Path

from course_lib.engines import compute, inputs, orchestrate, serve, store, stream
from course_lib.engines.registry import Engine, find
from course_lib.engines.running import call, session


def compute_once(engine: Engine, folder: Path) -> None:
    given, answer = inputs.generated(folder / "given", 1000), folder / "answer.csv"
    call(engine, "zone_hour", folder, {"trips": given.folder, "answer": answer})
    assert answer.read_bytes() == given.answer, compute.difference(given.answer, answer.read_bytes())


def orchestrate_once(engine: Engine, folder: Path) -> None:
    day = orchestrate.DAYS[0]
    gold = orchestrate.given(folder, [day])
    result = session(engine, folder, [("run", {"folder": folder, "day": day}), ("page", {"folder": folder})])
    assert result.values[0] == "completed"
    # dbt's page is a file. Where nobody was seen to listen, that nobody listens elsewhere would prove nothing.
    assert result.listened or engine.name == "dbt"
    orchestrate.expect_gold(folder, day, gold[day])


def store_once(engine: Engine, folder: Path) -> None:
    rows = store.file_of(folder / "given.parquet", store.day(1))
    table, answer = folder / "table", folder / "answer.parquet"
    made, read = {"table": table, "rows": rows}, {"table": table, "answer": answer}
    session(engine, folder, [("create", made), ("correct", made), ("read", read)])
    store.expect("the table", store.after({}, store.day(1)), answer)


def stream_once(engine: Engine, folder: Path) -> None:
    stream.from_a_time(engine, folder)


def serve_once(engine: Engine, folder: Path) -> None:
    serve.pushed(engine, folder)


ONCE = {
    "compute": compute_once, "orchestrate": orchestrate_once, "store": store_once, "stream": stream_once,
    "serve": serve_once,
}  # fmt: skip


def main(name: str, folder: str) -> None:
    engine = find(name)
    Path(folder).mkdir()
    ONCE[engine.kinds[0]](engine, Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
