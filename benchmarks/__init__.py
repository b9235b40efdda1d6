"""How fast and how small is the batch path, beside the tools a practitioner would otherwise take?

job          what every peer must do, and where it puts its answer
data         the generated trips that all of them read, made once and kept
meter        wall time, CPU time and peak memory of a process and its descendants
agreement    are two answers the same?
report       records of runs, and the page made of them
machine      what the numbers were measured on
peers/       the job in DuckDB, Polars, pandas, Dask DataFrame, and the course's own
batch        `python -m benchmarks.batch`: all peers side by side
pipeline     `python -m benchmarks.pipeline`: the whole pipeline beside its batch path
generator    `python -m benchmarks.generator`: trips per second, and flat memory
"""
