# Everything that this project does, from a fresh clone with Python 3.11 and make.
# `make` alone lists it. All packages are pinned with their hashes in requirements/.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
TESTS ?= tests
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run test check format bench efficacy fuzz soak lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

run: $(VENV)/run.stamp ## Start the demo: a careless bookshop behind the gateway
	@$(BIN)/python examples/bookshop/demo.py

# In the order of the folders: the long files are in the first ones, and no core waits at the end.
test: $(VENV)/dev.stamp ## Run all tests (TESTS=tests/unit for some)
	@bash scripts/test-tools
	@bash scripts/run-tests $(BIN)/python $(TESTS)

check: $(VENV)/dev.stamp ## Formatting, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	MYPYPATH=bench:examples/bookshop $(BIN)/mypy bench examples
	$(BIN)/lint-imports

format: $(VENV)/dev.stamp ## Format the code and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/bench.stamp ## Measure against Envoy, nginx, HAProxy; writes bench/RESULTS.md
	@bash scripts/bench-tools
	@$(BIN)/python bench/run.py --write bench/RESULTS.md

efficacy: $(VENV)/bench.stamp ## What inspection stops, against ModSecurity; writes docs/efficacy.md
	@bash scripts/bench-tools
	@PYTHONPATH=bench $(BIN)/python -m efficacy --write docs/efficacy.md

fuzz: $(VENV)/dev.stamp ## Mutated inputs for every parser and judge (MINUTES=10 each, TARGET=json,xml)
	@PYTHONPATH=src:bench $(BIN)/python -m tests.fuzz --minutes $(or $(MINUTES),10) --target $(or $(TARGET),all)

soak: $(VENV)/dev.stamp ## A million good and hostile requests (COUNT=1000000)
	@$(BIN)/python bench/soak.py --count $(or $(COUNT),1000000)

lock: $(VENV)/dev.stamp ## Pin the newest allowed versions of all packages
	@PATH="$(abspath $(BIN)):$$PATH" bash scripts/lock

clean: ## Remove the virtual environment and all caches
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One environment for all; a stamp is older than its requirements only when they have changed.
# dev.txt is run.txt and more, with the same pins, and bench.txt is dev.txt and more.
$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Vallum needs Python 3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/%.stamp: requirements/%.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/$*.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@
