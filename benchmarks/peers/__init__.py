"""The batch job, one file per tool, each written as that tool's own users write today.

Every peer is a program of its own: `python -m benchmarks.peers.duckdb_job IN OUT --threads 2`. It imports only
its tool and `benchmarks.job`, so that its start-up time is its own.

Each has the form that was found best among those its users would write; where a less usual form is faster still, it
is there too, as the variant `tuned`. What was tried and left out is said in the file.
"""
