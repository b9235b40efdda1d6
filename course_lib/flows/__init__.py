"""The Prefect flow, and what surrounds a run of it.

run          one run, from its options to what it leaves in its folder
  folder       can a run be written to this folder?
  limits       may a run hold open as many files as it needs?
  server       Prefect's API, for this run alone
    prefect_child    the program that serves it
  cluster      the Dask workers that do the work
  pipeline     from trip files to a published version
    tasks        a step as Prefect tasks on Dask workers
    changes      is every input still what was discovered?
    lineage      what each step reads and writes
  leave        the report and the metrics
progress, watch, summary    what a person sees of it
"""
