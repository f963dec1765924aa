PY ?= python3
BIN = .venv/bin
DAY ?= $(shell date -u +%F)
DATATROVE ?= $(if $(wildcard .venv-datatrove/bin/python),--datatrove .venv-datatrove/bin/python)
PIP = $(BIN)/pip install --disable-pip-version-check --root-user-action=ignore --no-input -c constraints.txt

# $(call with_dots,COMMAND,LOG): run it, a dot every other second; what it said is shown where it failed
with_dots = $(1) >$(2) 2>&1 & pid=$$!; trap "kill $$pid" INT TERM; \
	while kill -0 $$pid 2>/dev/null; do printf .; sleep 2; done; echo; wait $$pid || { cat $(2); exit 1; }

.DEFAULT_GOAL := help
.PHONY: help install demo test check bench bench-more serve

help:            ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: .venv/.installed  ## make .venv with everything pinned
.venv/.installed: pyproject.toml constraints.txt
	@$(PY) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; name one with: make PY=python3.12 …")'
	@echo "Installing some $$(grep -c == constraints.txt) packages into .venv, once: a minute or two (log: .venv/install.log)"
	@$(PY) -m venv .venv
	@$(call with_dots,$(PIP) -e '.[dev]',.venv/install.log)
	@touch $@

demo: install    ## two refreshes of the sample site, then how to look at the corpus
	@$(BIN)/corpus demo

test: install    ## the test suite, and that it runs what there is (.venv/bin/pytest tests/ROOM for a part, faster)
	$(BIN)/pytest -n auto --dist loadscope --cov --cov-report=term:skip-covered

check: install   ## linter and types, of the tests too
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: install   ## all that is measured beside others, into benchmarks/results/ (BENCH=--quick: minutes; pages of ../shared)
	@$(PIP) --quiet -e '.[bench]'
	$(BIN)/python -m benchmarks.table --date $(DAY) $(DATATROVE) $(BENCH)

bench-more: install  ## the benchmarks that have no peer, or judge quality
	@$(PIP) --quiet -e '.[bench]'
	$(BIN)/python -m benchmarks.structure
	$(BIN)/python -m benchmarks.dedupe_quality --peers
	$(BIN)/python -m benchmarks.dedupe_quality --set variants --peers
	$(BIN)/python -m benchmarks.dedupe_quality --set notices --peers
	$(BIN)/python -m benchmarks.dedupe_work
	$(BIN)/python -m benchmarks.build rules
	$(BIN)/python -m benchmarks.storage
	$(BIN)/python -m benchmarks.damage

serve: install   ## Prefect server, deployments and a worker, until Ctrl-C
	$(BIN)/python -m flows.serve
