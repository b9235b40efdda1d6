"""The batch job, one file per tool, each written as that tool's own users write today.

Every peer is a program of its own: `python -m benchmarks.peers.duckdb_job IN OUT --threads 2`. It imports only
its tool and `benchmarks.job`, so that its start-up time is its own.

The SQL and the expressions are kept in the most favourable form that was found for each tool; what was tried
and left out is said in the file.
"""
