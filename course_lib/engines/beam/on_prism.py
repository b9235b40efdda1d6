"""What changes when the same program runs on another runner? Where it is handed to, and nothing else.

Prism is Beam's own runner for one machine, a server in Go: it is handed the graph, and has it worked on by workers that
it calls over gRPC, as Flink and Dataflow do. Workers are what knows Python. By itself Beam would start them listening
on every network of the machine; here they are told to listen on loopback.

The server is no part of Beam's package, which would download it while the pipeline runs; engines/prism.py, one folder
up, says how it is had.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import adapter
import apache_beam as beam
import grpc
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_fn_api_pb2_grpc
from apache_beam.runners.worker.worker_pool_main import BeamFnExternalWorkerPoolServicer


def zone_hour_on_prism(trips: Path, answer: Path, prism: Path) -> None:
    """The job, on the server whose program is `prism`."""
    with workers() as address, beam.Pipeline(options=options(prism, address)) as pipeline:
        adapter.describe(pipeline, trips, answer)


def late_panes_on_prism(batches: list[dict[str, Any]], lateness: int, prism: Path) -> list[list[Any]]:
    """What a stream tells, as adapter.late_panes has it."""
    with workers() as address:
        return adapter.late_panes(batches, lateness, options(prism, address, streaming=True))


def options(prism: Path, address: str, **more: Any) -> PipelineOptions:
    """Prism from that program, with the workers at that address."""
    return PipelineOptions(
        [], runner="PrismRunner", prism_location=str(prism), environment_type="EXTERNAL", environment_config=address,
        **more,
    )  # fmt: skip


@contextmanager
def workers() -> Iterator[str]:
    """A place, on loopback, where a runner asks for workers: they are threads of this process."""
    server = grpc.server(ThreadPoolExecutor())
    port = server.add_insecure_port("127.0.0.1:0")
    pool = BeamFnExternalWorkerPoolServicer(data_buffer_time_limit_ms=-1)
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(pool, server)
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(1)
