# `make demo` and `make test` work in a fresh clone: each makes its own environment.
# Nothing but Python 3.11+, make and the package registries is needed.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Hash randomisation is left on: no answer may depend on it.
.DEFAULT_GOAL := help

.PHONY: help demo test check fix bench soak golden pictures reference clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

# One environment for users and one with the tools of development; a stamp says which
# pyproject.toml each was made from, so that a change of requirements is noticed.
$(VENV)/.made: 
	@$(PYTHON) -c 'import sys; sys.exit("Chronicle needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.demo: $(VENV)/.made pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[plot]'
	@touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/.demo

demo: $(VENV)/.demo ## the main job on the bundled case, into ./demo
	$(BIN)/chronicle demo --out demo

test: $(VENV)/.dev ## all that CI checks: lint, types, layers, tests, documentation
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	tools/install-chromium
	tools/install-java
	$(BIN)/coverage erase
	$(BIN)/python -m pytest -n 2 --dist loadfile --cov=chronicle.domain --cov=chronicle.errors --cov-branch --cov-report=
	$(BIN)/python -m pytest benchmarks --benchmark-disable
	$(BIN)/coverage report --include='src/chronicle/domain/*,src/chronicle/errors.py' --fail-under=100 --show-missing
	@echo "all checks passed"

check: $(VENV)/.dev ## the inner loop: lint, types, layers, the fast tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -n 2 -m "not slow"

fix: $(VENV)/.dev ## format, and mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev ## figures as ratios against peers in one run
	$(BIN)/chronicle bench

soak: $(VENV)/.dev ## long fault and fuzz campaigns, with their counts
	$(BIN)/python tests/soak_kill.py 1000
	$(BIN)/python tests/soak_power.py 200000
	$(BIN)/python tests/soak_simulator.py 50000
	$(BIN)/python tests/soak_opens.py 1000000
	$(BIN)/python tests/soak_beside.py 100000
	$(BIN)/python tests/soak_followers.py 1000000
	$(BIN)/python tests/soak_writers.py 8 60 20
	$(BIN)/python tests/soak_postgres.py 200 5000
	$(BIN)/python tests/soak_damage.py 10000
	$(BIN)/python tests/soak_tamper.py 50000
	$(BIN)/python tests/soak_tamper.py bits 100000
	$(BIN)/python tests/soak_codec.py 1000000
	$(BIN)/python tests/soak_folds.py 1000
	$(BIN)/python tests/soak_folds.py 5000 test_questions
	$(BIN)/python tests/soak_inputs.py 10000
	$(BIN)/python tests/soak_import.py --count 100000
	$(BIN)/python tests/soak_misread.py --count 20000
	$(BIN)/python tests/soak_requests.py 50000

golden: $(VENV)/.dev ## rewrite the golden files; review the difference
	$(BIN)/python tests/golden.py
	$(BIN)/python tests/golden_scenarios.py

pictures: $(VENV)/.dev ## draw docs/pictures again, by our own commands
	$(BIN)/python docs/pictures.py

reference: $(VENV)/.dev ## write docs/reference again from --help and docstrings
	$(BIN)/python docs/reference.py

clean: ## remove what make has made
	rm -rf $(VENV) demo .coverage .pytest_cache .mypy_cache .ruff_cache
