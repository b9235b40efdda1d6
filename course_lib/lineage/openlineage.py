"""Which step read and wrote what, in events that any OpenLineage consumer understands?

One line of JSON an event (`lineage/events.ndjson`). Each step is a job, each attempt of it a run with one START and one
of COMPLETE, FAIL, ABORT under the same runId; all name the pipeline's run as their parent. Ids are derived from
the run id that is passed in, times are passed in, and datasets are named relative to the run folder, so the
same run writes the same events on every machine.

The events are built and serialised by the package's own classes. Its client is left aside: it asks the environment,
`git` and the home folder for facets and transports to add, and its file transport cannot tell a full disk.

Source: the OpenLineage object model and naming of https://openlineage.io/docs/spec, version 2-0-2 of the schema.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

import pyarrow as pa
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    error_message_run,
    input_statistics_input_dataset,
    job_type_job,
    output_statistics_output_dataset,
    parent_run,
    schema_dataset,
)
from openlineage.client.serde import Serde

from course_lib.storage.atomic import unwritable

PRODUCER = "urn:course-lib:lineage"  # a URI that says who made the event; ours has no home page
JOBS = "course"  # the namespace of job names
FILES = "file"  # the namespace of dataset names: files, here relative to the run folder
_RUNS = uuid.uuid5(uuid.NAMESPACE_URL, PRODUCER)
_ENDS = {"COMPLETE", "FAIL", "ABORT"}


@dataclass(frozen=True)
class Dataset:
    """A table or file that a step reads or writes; raises ValueError for a name that leaves the run folder."""

    name: str  # relative to the run folder, with forward slashes
    rows: int | None = None
    schema: pa.Schema | None = None

    def __post_init__(self) -> None:
        parts = PurePosixPath(self.name).parts
        if not parts or parts[0] == "/" or ".." in parts:
            raise ValueError(f"dataset {self.name!r} is not named relative to the run folder")


class Emitter:
    """Appends the events of one pipeline run to the file `path`; one writer at a time.

    run_id  any text that is the same when the run is resumed
    job     the pipeline's name; its steps are the jobs `job.step`

    Opening heals: what a killed writer left of its last line is cut off. The attempt that it left open is closed with
    ABORT when its step starts again. Every method raises OutputUnwritable where the file cannot be written; whole
    lines are kept.
    """

    def __init__(self, path: Path, run_id: str, job: str):
        self.path, self.job = path, _printable(job)
        self.pipeline = uuid.uuid5(_RUNS, run_id)
        self._attempts: dict[str, int] = {}  # job name: attempts so far
        self._open: dict[str, str] = {}  # job name: runId of the attempt that has not ended
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._remember(_heal(path))
        except OSError as error:
            raise unwritable(path, error) from error

    def begin(self, at: datetime) -> None:
        """The pipeline's own run starts; where a killed process left it open, it is said to be running again."""
        state = RunState.RUNNING if self.job in self._open else RunState.START
        self._append(self._event(state, self.job, str(self.pipeline), at))
        self._open[self.job] = str(self.pipeline)

    def end(self, at: datetime, error: BaseException | str | None = None) -> None:
        """The pipeline's own run is over: complete, or failed with `error`; ValueError if it never began."""
        self._end(self.job, RunState.COMPLETE if error is None else RunState.FAIL, at, error=error)

    def start(self, step: str, inputs: Sequence[Dataset], at: datetime) -> None:
        """A new attempt at `step` begins to read `inputs`."""
        name = self._name(step)
        if name in self._open:
            self._end(name, RunState.ABORT, at)
        attempt = self._attempts.get(name, 0) + 1
        run = str(uuid.uuid5(self.pipeline, f"{name}#{attempt}"))
        self._append(self._event(RunState.START, name, run, at, inputs))
        self._attempts[name], self._open[name] = attempt, run

    def complete(self, step: str, inputs: Sequence[Dataset], outputs: Sequence[Dataset], at: datetime) -> None:
        """The running attempt at `step` has replaced all its `outputs`; ValueError if it was never started."""
        self._end(self._name(step), RunState.COMPLETE, at, inputs, outputs)

    def fail(self, step: str, error: BaseException | str, at: datetime) -> None:
        """The running attempt at `step` died of `error`; ValueError if it was never started."""
        self._end(self._name(step), RunState.FAIL, at, error=error)

    def _name(self, step: str) -> str:
        return f"{self.job}.{_printable(step)}"

    def _end(
        self,
        name: str,
        state: RunState,
        at: datetime,
        inputs: Sequence[Dataset] = (),
        outputs: Sequence[Dataset] = (),
        error: BaseException | str | None = None,
    ) -> None:
        if name not in self._open:
            raise ValueError(f"{name} cannot be {state.value}: it was not started")
        self._append(self._event(state, name, self._open[name], at, inputs, outputs, error))
        del self._open[name]

    def _event(
        self,
        state: RunState,
        name: str,
        run: str,
        at: datetime,
        inputs: Sequence[Dataset] = (),
        outputs: Sequence[Dataset] = (),
        error: BaseException | str | None = None,
    ) -> RunEvent:
        if at.tzinfo is None:
            raise ValueError(f"the time {at} of an event has no zone: pass an aware datetime")
        kind = job_type_job.JobTypeJobFacet(
            processingType="BATCH",
            integration="COURSE",
            jobType="DAG" if name == self.job else "TASK",
            producer=PRODUCER,
        )
        facets: dict = {}
        if name != self.job:
            # The parent's runId is the pipeline's and not that of one of its attempts: a resumed run is the same run.
            facets["parent"] = parent_run.ParentRunFacet(
                run=parent_run.Run(runId=str(self.pipeline)),
                job=parent_run.Job(namespace=JOBS, name=self.job),
                producer=PRODUCER,
            )
        if error is not None:
            told = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
            facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(
                message=_printable(told), programmingLanguage="PYTHON", producer=PRODUCER
            )
        return RunEvent(
            eventType=state,
            eventTime=at.isoformat(),
            run=Run(runId=run, facets=facets),
            job=Job(namespace=JOBS, name=name, facets={"jobType": kind}),
            inputs=[_input(dataset) for dataset in inputs],
            outputs=[_output(dataset) for dataset in outputs],
            producer=PRODUCER,
        )

    def _append(self, event: RunEvent) -> None:
        line = (Serde.to_json(event) + "\n").encode()
        try:
            with self.path.open("ab", buffering=0) as file:
                size = file.seek(0, os.SEEK_END)
                try:
                    written = file.write(line)  # one call, so that a kill leaves at most one half line
                    if written != len(line):
                        file.write(line[written:])  # a full disk takes a part first and says why the second time
                    os.fsync(file.fileno())
                except OSError:
                    file.truncate(size)
                    raise
        except OSError as error:
            raise unwritable(self.path, error) from error

    def _remember(self, lines: list[bytes]) -> None:
        for line in lines:
            try:
                event = json.loads(line)
                run, name, state = event["run"], event["job"]["name"], event["eventType"]
                parent = run["facets"]["parent"]["run"]["runId"] if name != self.job else run["runId"]
            except (ValueError, KeyError, TypeError):
                continue  # not one of ours: whoever wrote it keeps it
            if parent != str(self.pipeline):
                continue
            if state in ("START", "RUNNING"):
                self._attempts[name] = self._attempts.get(name, 0) + 1
                self._open[name] = run["runId"]
            elif state in _ENDS:
                self._open.pop(name, None)


def _heal(path: Path) -> list[bytes]:
    """The whole lines of the file, after a half line at its end was cut off; none where there is no file."""
    if not path.exists():
        return []
    with path.open("r+b") as file:
        data = file.read()
        whole = data.rfind(b"\n") + 1
        if whole != len(data):
            file.truncate(whole)
            os.fsync(file.fileno())
    return data[:whole].splitlines()


def _schema(dataset: Dataset) -> dict:
    if dataset.schema is None:
        return {}
    fields = [
        schema_dataset.SchemaDatasetFacetFields(name=_printable(field.name), type=str(field.type), ordinal_position=i)
        for i, field in enumerate(dataset.schema, start=1)
    ]
    return {"schema": schema_dataset.SchemaDatasetFacet(fields=fields, producer=PRODUCER)}


def _input(dataset: Dataset) -> InputDataset:
    facets: dict = {}
    if dataset.rows is not None:
        facets["inputStatistics"] = input_statistics_input_dataset.InputStatisticsInputDatasetFacet(
            rowCount=dataset.rows, producer=PRODUCER
        )
    return InputDataset(FILES, _printable(dataset.name), facets=_schema(dataset), inputFacets=facets)


def _output(dataset: Dataset) -> OutputDataset:
    facets: dict = {}
    if dataset.rows is not None:
        facets["outputStatistics"] = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            rowCount=dataset.rows, producer=PRODUCER
        )
    return OutputDataset(FILES, _printable(dataset.name), facets=_schema(dataset), outputFacets=facets)


def _printable(text: str) -> str:
    """`text` as valid UTF-8: names of files need not be."""
    return text.encode("utf-8", "backslashreplace").decode()
