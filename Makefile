SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
READY := .venv/.ready
SOURCES := components policies tools tests benchmarks __main__.py
PROGRAMS := $(wildcard examples/*/__main__.py)
PYTEST := $(BIN)/python -m pytest

export NO_MKDOCS_2_WARNING := 1
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.PHONY: up down status predict test e2e e2e-wide soak bench bench-stack bench-render check lint typecheck golden schemas oracle docs help

up: $(READY) ## Bring a served model up on your cluster (KUBE_CONTEXT=...), on kind, or on the embedded cluster
	@$(BIN)/python -m tools.local up

down: $(READY) ## Take it down again; your files and what was built stay
	@$(BIN)/python -m tools.local down

status: $(READY) ## Show which endpoints serve
	@$(BIN)/python -m tools.local status

predict: $(READY) ## Ask the served models and compare with scikit-learn's own answers
	@$(BIN)/python -m tools.local predict

test: check ## Run all checks and the tests that need no cluster, no root and no network
	$(PYTEST) --numprocesses 2 --dist loadfile -m "not e2e and not wide and not soak" tests

e2e: $(READY) ## Run the whole path on the embedded cluster: needs root, and a build the first time
	$(PYTEST) -m e2e -p no:xdist tests

e2e-wide: $(READY) ## Run what takes long: the images built twice, an upgrade from KServe 0.19, 10 000 specs judged
	$(PYTEST) -m wide -p no:xdist tests
	@$(MAKE) oracle

soak: $(READY) ## Bring everything up and down SOAK_CYCLES times (10), and through the faults matrix
	$(PYTEST) -m soak -p no:xdist tests

bench: $(READY) ## Measure `up` against kubectl apply, on a stack that is up
	@$(BIN)/python -m benchmarks.up_against_kubectl

bench-stack: $(READY) ## Measure a whole `up` against kubectl apply, each on an embedded cluster just started
	@$(BIN)/python -m benchmarks.stack_against_kubectl

bench-render: $(READY) ## Measure many endpoints against plain resources, `check` of 1 000 documents, and the import
	@$(BIN)/python -m benchmarks.render_scale
	@$(BIN)/python -m benchmarks.check_documents
	@$(BIN)/python -m benchmarks.import_cost

check: lint typecheck ## Lint and type-check the code and the tests

lint: $(READY) ## Check style and format (ruff)
	$(BIN)/ruff check $(SOURCES) $(PROGRAMS)
	$(BIN)/ruff format --check $(SOURCES) $(PROGRAMS)

typecheck: $(READY) ## Check types (mypy strict, pyright strict)
	$(BIN)/mypy $(SOURCES)
	for program in $(PROGRAMS); do $(BIN)/mypy "$$program"; done # each is a module named __main__
	$(BIN)/pyright $(SOURCES) $(PROGRAMS)

golden: $(READY) ## Write tests/golden again from the examples; review the difference before you commit it
	$(PYTEST) -p no:xdist --write-golden tests/golden

schemas: $(READY) ## Write the field tables again from the CRDs of every supported KServe release
	@$(BIN)/python -m tools.schemas

oracle: $(READY) ## Judge 10 000 specs per KServe release by KServe's own code; needs Go
	ORACLE_SPECS=10000 $(PYTEST) -m e2e -p no:xdist tests/conformance

docs: $(READY) ## Build the documentation into site/
	$(BIN)/mkdocs build --strict

help: ## List the targets
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F '\t' '{ printf "%-12s %s\n", $$1, $$2 }'

$(READY): uv.lock pyproject.toml tools/environment.sh tools/uv-requirements.txt
	@tools/environment.sh
	@touch $@
