# What a newcomer types: `make run`, `make demo`, `make test`. Everything a target needs is set up by the target.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTHON ?= python3
# Functions start from zero hundreds of times here: without bytecode each of them would compile all that it imports.
export PYTHONDONTWRITEBYTECODE :=

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY) ## install the locked packages into .venv

$(READY): requirements.lock pyproject.toml infra/setup.sh
	@PYTHON=$(PYTHON) infra/setup.sh $(VENV)

lock: $(READY) ## resolve requirements.lock again
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 \
	  --extra ff --extra local --extra dev --no-emit-index-url --output-file requirements.lock pyproject.toml

run: $(READY) ## the whole system here, with a demonstration to play with
	$(BIN)/cutwater up

demo: $(READY) ## the demonstration without you: every step is checked
	$(BIN)/cutwater demo

lint: $(READY) ## style, types and the layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## put the code into the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: $(READY) ## the tests, under two minutes
	$(BIN)/pytest -n 2 -m "not slow and not soak"

.PHONY: help setup lock lint format test run demo

include infra/deploy.mk
-include bench/bench.mk
-include tests/tests.mk
