# Every target keeps its environment in .venv; nothing is installed outside it, except by `make test-deps`, which says so.
PYTHON ?= python3
BIN := .venv/bin
TEST_PACKAGES := chromium chromium-driver mariadb-server-core mariadb-client-core
PYTEST_WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test check format docs bench mutations generative simulation usefulness adversary fuzz test-deps clean

help:            ## show the targets
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "GPFed needs Python 3.11 or newer: set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv .venv 2>/dev/null \
	  || { echo "Python's venv module is missing: install it (Debian: apt-get install python3-venv) and call make again"; exit 1; }
	@touch $@

.venv/hub-installed: .venv/python pyproject.toml constraints.txt
	@echo "Installing GPFed with the hub into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[hub]'
	@touch $@

.venv/dev-installed: .venv/python pyproject.toml constraints.txt
	@echo "Installing GPFed with all that its tests need into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@ .venv/hub-installed

demo: .venv/hub-installed  ## a hub and twelve synthetic practices on this machine, over real SFTP, ending with the comparison
	@$(BIN)/gpfed-hub demo $(DEMO)

test: .venv/dev-installed  ## every test that can run here; says which could not, and why
	@$(BIN)/python -m pytest -n $(PYTEST_WORKERS) -rs

check: .venv/dev-installed  ## format, lint, types, import contracts, generated documentation
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m tests.docs.generated --check

format: .venv/dev-installed  ## write the code as `make check` wants it
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

docs: .venv/dev-installed  ## write the generated pages of docs/reference
	@$(BIN)/python -m tests.docs.generated

bench: .venv/dev-installed  ## footprint of the agent and cost of a batch, beside the targets
	@$(BIN)/python -m tests.bench

mutations: .venv/dev-installed  ## take each rule of each layout away, one at a time, and write the report
	@$(BIN)/python -m tests.mutations

generative: .venv/dev-installed  ## draw searches and populations, compare every layout and engine with the evaluator, and write the report
	@$(BIN)/python -m tests.generative.language $(GENERATIVE)

simulation: .venv/dev-installed  ## two years of weekly releases of 200 searches, checked set by set, and the report
	@$(BIN)/python -m tests.simulation years

usefulness: .venv/dev-installed  ## a year of the library at three practices: what is left to read, report and picture
	@$(BIN)/python -m tests.simulation usefulness

adversary: .venv/dev-installed  ## an attacker that breeds searches and learns to guess, and the report
	@$(BIN)/python -m tests.simulation adversary

fuzz: .venv/dev-installed  ## alter proofs of the hub's log for an hour (FUZZ="--seconds 60"), and the report
	@$(BIN)/python -m tests.generative.log_proofs $(FUZZ)

test-deps:       ## Debian packages for the tests: a browser and MariaDB (asks for root)
	@echo "Installing Debian packages: $(TEST_PACKAGES)"
	@if [ "$$(id -u)" = 0 ]; then run=""; else run="sudo"; fi; \
	  $$run apt-get update -qq && $$run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(TEST_PACKAGES)

clean:           ## remove .venv and everything built
	rm -rf .venv build dist ./*.egg-info .mypy_cache .ruff_cache .hypothesis
