# make demo: everything set up, a pool trained and evaluated.  make test: everything set up, everything checked.
# make test PYTHON=python3.13 (or a path): on that Python, in an environment of its own, .venv-3.13.
PYTHON ?= python3
VENV := .venv
ifneq ($(origin PYTHON),file)
override PYTHON := $(or $(shell bash tests/interpreter.sh '$(PYTHON)'),$(error PYTHON=$(PYTHON): no such Python on the path, known to uv, or under the versions of pyenv))
VENV := .venv-$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
endif
BIN := $(VENV)/bin
STAMP := $(VENV)/.made
UV := $(shell command -v uv 2>/dev/null)
PINNER = $(or $(UV),$(BIN)/python -m uv)

.DEFAULT_GOAL := help
.PHONY: help demo test check quick laws versions scan faults bench goldens kernels docs env lint types layers pytest lock clean

help: ## this text
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: env ## train a momentum pool on the embedded market and evaluate it
	$(BIN)/qsim train conf=demo
	$(BIN)/qsim evaluate conf=demo --load best_test

test: env lint types layers pytest ## environment, lint, types, import layers, tests
check: test ## the same

quick: env ## one component of each kind, no processes: while one works
	$(BIN)/python -m pytest tests/unit tests/laws --quick

laws: env ## every law and vector; PLUGINS=FILE: the laws of the components in a file of yours
	$(BIN)/python -m pytest tests/laws $(if $(PLUGINS),--plugins='$(PLUGINS)',tests/vectors)

versions: env ## what another Python or JAX may change: every vector, laws of compiled programs, of others a case
	$(BIN)/python -m pytest tests/laws tests/vectors --versions

scan: env ## every law and vector once more, on JAX's loops instead of compiled code
	$(BIN)/python -m pytest tests/laws tests/vectors --executor=scan

faults: env ## the long fault-injection tests
	$(BIN)/python -m pytest -m long

bench: env ## speed, memory, compile and start-up times; FULL=1 all, BASE=rev against a revision, ONLY=regex some
	$(BIN)/python tests/benchmarks/speed.py $(if $(FULL),--full) $(if $(BASE),--base '$(BASE)') $(if $(ONLY),--only '$(ONLY)')

goldens: env ## write down fingerprints and JSON keys anew, where a change of them is intended
	$(BIN)/python tests/goldens/write.py

kernels: env ## translate the kernels' Python to LLVM IR, where it has changed
	$(BIN)/python tests/translate_kernels.py

docs: env ## the manual as a site in site/, without network; a broken link is an error
	$(BIN)/python tests/metrics_page.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet --config-file deploy/mkdocs.yml

env: $(STAMP)

# Pinned by the lock; made again only when the lock or the project's own declaration changes.
$(STAMP): requirements.lock pyproject.toml
ifneq ($(and $(UV),$(filter .venv,$(VENV))),)
	test -d $(VENV) || uv venv --quiet --python '>=3.11,<3.14' $(VENV)
else
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "qsim needs Python 3.11 to 3.13; this is $$($(PYTHON) --version). Set PYTHON=python3.12, or install uv." >&2; exit 2; }
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
endif
ifndef UV
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.5'
endif
	$(PINNER) pip install --quiet --python $(BIN)/python -r requirements.lock
	$(PINNER) pip install --quiet --python $(BIN)/python --no-deps -e .
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib quantamm_cli || true  # uv writes none, and a process may not be allowed to
	@touch $@

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types:
	$(BIN)/mypy

layers:
	$(BIN)/lint-imports --no-cache

pytest quick laws versions: export PYTHONDONTWRITEBYTECODE =# test modules too are compiled once
pytest:
	$(BIN)/python -m pytest

lock: env ## pin again: what the package needs, and the extra dev
	$(PINNER) pip compile --quiet --universal --no-emit-index-url --python-version 3.11 --generate-hashes --extra dev pyproject.toml -o requirements.lock

clean: ## remove the environments
	rm -rf .venv .venv-*
