# Run `make help` for the targets. Needs python3 >= 3.11 with venv, make and git; nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet
INSTALL := $(PIP) install --constraint constraints.txt

# A data folder beside the checkout is used when no other is named.
ifeq ($(origin NEUROSCI_DATA),undefined)
NEUROSCI_DATA := $(shell cd ../shared/data 2>/dev/null && pwd)
endif
ifneq ($(NEUROSCI_DATA),)
export NEUROSCI_DATA
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help report test docs lint bench accept clean

help:  ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

report: $(VENV)/.runtime  ## Run every analysis in its quick preset; prints the path of reports/index.html
	@$(BIN)/neurosci run --all --preset quick --output reports

test: $(VENV)/.test  ## Run the tests and the examples in the documentation, two at a time
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadscope $(ARGS)

lint: $(VENV)/.test  ## Check style, types and who imports whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/mypy

docs: $(VENV)/.docs  ## Build the documentation into docs/_build/html
	@$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo docs/_build/html/index.html

bench: $(VENV)/.bench  ## Measure against peers in turns, all or make bench NAME=psychometric_fits; JSON in bench/
	@$(BIN)/python -m benchmarks $(NAME) $(ARGS)

accept: $(VENV)/.test  ## Run one long acceptance test, resumable: make accept NAME=critical_band_paper
	@$(BIN)/python -m tests.accept $(NAME) $(ARGS)

clean:  ## Remove the environment and everything that the commands wrote
	rm -rf $(VENV) reports accept bench build dist docs/_build docs/gallery docs/api/generated
	rm -rf .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make: $(PYTHON) must be Python 3.11 or newer, got $$($(PYTHON) --version 2>&1) (install one, or name it: make PYTHON=python3.12 ...)" >&2; exit 1; }
	@echo "Setting up $(VENV); the first time takes some minutes."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(INSTALL) pip
	@touch $@

$(VENV)/.runtime: pyproject.toml constraints.txt | $(VENV)/.created
	@$(INSTALL) --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.runtime
	@$(INSTALL) --group test --group dev
	@touch $@

$(VENV)/.docs: $(VENV)/.test
	@$(INSTALL) --group docs
	@touch $@

$(VENV)/.bench: $(VENV)/.test
	@$(INSTALL) --group bench
	@touch $@
