PY ?= python3
BIN = .venv/bin

.DEFAULT_GOAL := help
.PHONY: help install demo test check bench serve

help:            ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: .venv/.installed  ## make .venv with everything pinned
.venv/.installed: pyproject.toml constraints.txt
	@$(PY) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; name one with: make PY=python3.12 …")'
	$(PY) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: install    ## two refreshes of the sample site, then how to look at the corpus
	$(BIN)/corpus demo

test: install    ## the test suite, and that it runs what there is (.venv/bin/pytest tests/ROOM for a part, faster)
	$(BIN)/pytest --cov --cov-report=term:skip-covered

check: install   ## linter and types, of the tests too
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: install   ## speed as ratios against named peers (some read pages from ../shared)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	$(BIN)/python -m benchmarks.extract speed
	$(BIN)/python -m benchmarks.structure
	$(BIN)/python -m benchmarks.normalize
	$(BIN)/python -m benchmarks.dedupe
	$(BIN)/python -m benchmarks.dedupe_quality --peers
	$(BIN)/python -m benchmarks.build pages
	$(BIN)/python -m benchmarks.build growth
	$(BIN)/python -m benchmarks.light

serve: install   ## Prefect server, deployments and a worker, until Ctrl-C
	$(BIN)/python -m flows.serve
