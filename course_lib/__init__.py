"""A data pipeline for machine learning, and the course that explains it.

The floors, from the ground up; a package imports only from those above it in this list:

    errors        every error raised on purpose, one tree, with the reaction beside each name
    reference     the reference job in plain Python: the oracle of every engine
    dag           a pipeline as a graph: order, closure, critical path, capacity
    trips         the domain: canonical schema, contract as data, header registry, generator
    aggregates    the algebra: state, update, merge, finish
    storage       digests, atomic replacement, Parquet layout, publishing by pointer swap
    ingestion     trip files of every year into bronze; tables, change capture, API, topic and object store
    validation    contract checks, quality metrics, quarantine, outliers, drift; the contract in other tools
    transforms    bronze to silver to gold, one partition at a time
    features      feature tables, point-in-time joins, the Feast repository
    models        training, baselines, records
    lineage       OpenLineage events, run records
    monitoring    metrics, service levels
    plots         pictures that chapters and reports share
    reports       report.html
    flows         the Prefect flow
    engines       the same small job on fifteen engines, and the contracts that each must keep
    exercises     check, hint, progress, release; graders, mutants, the protocol between answers and tests
    grading       a class: release, collect, grade in a sandbox, feedback, statistics
    guard, doctor, cli    the `course` command

This file imports nothing, so that `import course_lib` costs nothing.
"""
