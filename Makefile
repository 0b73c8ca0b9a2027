# Two commands: `make demo` and `make test`. Both need only python3 (3.11+) and make, and set up the rest themselves.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo test lint types imports schema unit bench bench-check faults lock clean

help:            ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Twin Overlay needs Python 3.11 or newer; this is $$($(PYTHON) --version)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "python3 cannot make a virtual environment: install the package python3-venv and run this again" >&2; exit 1; }
	@echo "installing the locked dependencies into $(VENV) (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@echo "laying out the graph engine's classes, for quick starts (once) ..."
	-@$(BIN)/twin-overlay prepare
	@touch $@

demo: $(READY)   ## the pumping station, live: embedded graph, demo plant, server, story (ARGS=--no-story)
	@$(BIN)/twin-overlay demo $(ARGS)

test: lint types imports unit   ## everything that CI runs, but for bench-check

lint: $(READY)   ## ruff, format check included
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)  ## mypy strict
	$(BIN)/mypy

imports: $(READY) ## who may import whom
	$(BIN)/lint-imports

unit: $(READY)   ## unit, contract and end-to-end tests (ARGS="-k name" picks)
	$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

schema: $(READY) ## write schema.graphql from the code
	$(BIN)/twin-overlay schema > schema.graphql

bench: $(READY)  ## measure everything and write docs/benchmarks.md (SUITE=journal, ... picks one; --help names them)
	$(BIN)/python -m tests.bench $(SUITE)

bench-check: $(READY) ## instructions of the hot paths beside the committed counts (ARGS=--update writes those anew)
	$(BIN)/python -m tests.bench.counts $(ARGS)

faults: $(READY) ## kill, cut, fill and stop real processes for minutes (NAME=killed_server; all by default)
	$(BIN)/python -m tests.faults $(NAME)

lock: $(READY)   ## resolve pyproject.toml anew into requirements.lock
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --extra demo --group dev pyproject.toml -o requirements.lock

clean:           ## remove what these commands made
	rm -rf $(VENV) .demo .cache dist build
