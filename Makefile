# Everything starts from a machine with python3 (3.11 or newer), its venv module and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# The tests start dozens of processes: what is compiled is kept.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test check bench migrate lock

help: ## what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Latchkey needs Python 3.11 or newer; this is $$($(PYTHON) --version)."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv module is missing. On Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/.runs: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.checks: requirements-dev.txt $(VENV)/.runs
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

setup: $(VENV)/.runs ## install what runs
setup-dev: $(VENV)/.checks ## install what checks

run: setup ## start Latchkey on http://127.0.0.1:8000
	@$(BIN)/python -m webapp serve

test: setup-dev ## run every test
	@sh tests/prepare.sh
	$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

check: setup-dev ## format, lint, types, floors, templates, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/python -m webapp --instance $$(mktemp -d) db check --models

bench: setup-dev ## measure a guarded request against a bare Flask route
	$(BIN)/python -m tests.bench

migrate: setup ## bring the database to this version
	$(BIN)/python -m webapp db upgrade

lock: setup-dev ## write the requirement files anew from their .in files
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements.txt requirements-dev.in -o requirements-dev.txt
