# make demo: everything set up, a pool trained and evaluated.  make test: everything set up, everything checked.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made
UV := $(shell command -v uv 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help demo test check quick scan faults bench goldens docs env lint types layers pytest lock clean

help: ## this text
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: env ## train a momentum pool on the embedded market and evaluate it
	$(BIN)/qsim train conf=demo
	$(BIN)/qsim evaluate conf=demo --load best_test

test: env lint types layers pytest ## environment, lint, types, import layers, tests
check: test ## the same

quick: env ## one component of each kind, no processes: while one works
	$(BIN)/python -m pytest tests/unit tests/laws --quick

scan: env ## every law and vector once more, on JAX's loops instead of compiled code
	$(BIN)/python -m pytest tests/laws tests/vectors --executor=scan

faults: env ## the long fault-injection tests
	$(BIN)/python -m pytest -m long

bench: env ## speed, memory, compile and start-up times; FULL=1 all, BASE=rev against a revision, ONLY=regex some
	$(BIN)/python tests/benchmarks/speed.py $(if $(FULL),--full) $(if $(BASE),--base '$(BASE)') $(if $(ONLY),--only '$(ONLY)')

goldens: env ## write down fingerprints and JSON keys anew, where a change of them is intended
	$(BIN)/python tests/goldens/write.py

docs: env ## the manual as a site in site/, without network; a broken link is an error
	$(BIN)/python tests/metrics_page.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet --config-file deploy/mkdocs.yml

env: $(STAMP)

# One environment, pinned by the lock; made again only when the lock or the project's own declaration changes.
$(STAMP): requirements.lock pyproject.toml
ifdef UV
	test -d $(VENV) || uv venv --quiet --python '>=3.11,<3.14' $(VENV)
	uv pip install --quiet --python $(BIN)/python -r requirements.lock
	uv pip install --quiet --python $(BIN)/python --no-deps -e .
else
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "qsim needs Python 3.11 to 3.13; this is $$($(PYTHON) --version). Set PYTHON=python3.12, or install uv." >&2; exit 2; }
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.5'
	$(BIN)/python -m uv pip install --quiet --python $(BIN)/python -r requirements.lock
	$(BIN)/python -m uv pip install --quiet --python $(BIN)/python --no-deps -e .
endif
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib quantamm_cli || true  # uv writes none, and a process may not be allowed to
	@touch $@

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types:
	$(BIN)/mypy

layers:
	$(BIN)/lint-imports --no-cache

pytest quick: export PYTHONDONTWRITEBYTECODE =# test modules too are compiled once
pytest:
	$(BIN)/python -m pytest

lock: env ## pin again
	$(or $(UV),$(BIN)/python -m uv) pip compile --quiet --universal --no-emit-index-url --python-version 3.11 --generate-hashes --all-extras pyproject.toml -o requirements.lock

clean: ## remove the environment
	rm -rf $(VENV)
