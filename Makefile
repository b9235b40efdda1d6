# The commands of the course. Every one of them makes what it needs, and installs nothing the second time.
#
#   make pipeline ARGS="--trips 1000000"    passes arguments on to the command or to pytest
#   make test PYTHON=/usr/bin/python3.12    chooses the Python that the environment is made with

.DEFAULT_GOAL := help
.PHONY: help pipeline lab engines test test-full torture lint bench lock clean distclean environment environment-test \
  environment-engines

RUN := .venv/bin/
PYTEST := $(RUN)python -m pytest --durations=10 -rs
OUT := runs/latest
export PYTHON

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS='	' read -r name text; do \
	  printf '  make %-12s %s\n' "$$name" "$$text"; done

pipeline: environment  ## the whole pipeline on 200,000 generated trips, into runs/latest
	@$(RUN)course pipeline --trips 200000 --out $(OUT) $(ARGS)

lab: environment  ## your own copies of the chapters, in JupyterLab; Ctrl-C ends it
	@$(RUN)course lab $(ARGS)

engines: environment-engines  ## every engine, installed in the cache; then the contracts that they must keep
	@$(PYTEST) tests/engines $(ARGS)

test: environment-test  ## units, contracts, small sizes: at most 15 minutes on 2 cores
	@$(PYTEST) -n 2 --dist loadfile -m "not full and not torture" $(ARGS)

test-full: environment-test  ## everything at its default size
	@$(PYTEST) -n 2 --dist loadfile -m "full and not torture" $(ARGS) || sh setup/no_tests_yet.sh $$? test-full

torture: environment-test  ## long kills and large inputs
	@$(PYTEST) -m torture $(ARGS) || sh setup/no_tests_yet.sh $$? torture

lint: environment-test  ## ruff, mypy and the contracts between the floors
	@failed=; for check in "ruff check ." "ruff format --check ." "mypy" "lint-imports --no-logo"; do \
	  echo "--- $$check"; $(RUN)$$check || failed="$$failed, $$check"; \
	done; [ -z "$$failed" ] || { echo "lint failed$$failed" >&2; exit 1; }

bench: environment-test  ## the batch path beside DuckDB, Polars, pandas and Dask DataFrame
	@$(RUN)python -m benchmarks.batch $(ARGS)
	@$(RUN)python -m benchmarks.generator
	@$(RUN)python -m benchmarks.pipeline

lock: environment-test  ## resolve the *.in files anew into *.lock (needs the package index)
	@sh setup/lock.sh $(ARGS)

clean:  ## remove runs, caches and compiled files; the environment stays
	rm -rf runs build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name .venv -prune -o -name __pycache__ -type d -exec rm -rf {} +

distclean: clean  ## remove the environment too
	rm -rf .venv

environment:
	@sh setup/make.sh main

environment-test:
	@sh setup/make.sh test

environment-engines: environment-test
	@$(RUN)course engines install $(ENGINES)
