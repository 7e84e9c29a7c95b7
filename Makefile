# Everything starts from a machine with python3 (3.11 or newer), its venv module and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# The tests start dozens of processes: what is compiled is kept.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test test-fast test-dates explore check bench migrate migration messages lock

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

# Sets are gone through in the same order each time, since what is generated depends on it; make explore varies it.
test: setup-dev ## run every test
	@sh tests/prepare.sh
	PYTHONHASHSEED=0 $(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

# What needs no browser, process, PostgreSQL or race, and does not take seconds: tests/marking.py.
FAST := not (browser or process or postgresql or race or slow)
# Moments at which programs break: a leap day, the last minute of a year, clocks that go forward and back, two years on.
DATES := 2028-02-29T12:00:00Z 2026-12-31T23:59:30Z 2027-03-28T00:59:30Z 2027-10-31T00:59:30Z 2028-11-29T12:00:00Z
SEED := $(or $(SEED),$(shell date +%s))

test-fast: setup-dev ## run what is quick: each test with 1 case of its table (CASES=9: more)
	LATCHKEY_TEST_CASES=$(or $(CASES),1) $(BIN)/python -m pytest -n 2 --dist worksteal -p no:schemathesis -m "$(FAST)" --ignore=tests/site/test_schemathesis.py $(ARGS)

test-dates: setup-dev ## run the quick tests on other days
	for date in $(DATES); do echo "$$date"; LATCHKEY_TEST_DATE=$$date TZ=Europe/Berlin $(BIN)/python -m pytest -n 2 --dist worksteal -m "$(FAST)" $(ARGS) || exit 1; done

explore: setup-dev ## try much more, and other input each time: make explore SEED=7
	@echo "SEED=$(SEED)"
	LATCHKEY_TEST_EXPLORE=1 LATCHKEY_TEST_EFFORT=$(or $(EFFORT),8) PYTHONHASHSEED=$$(($(SEED) % 4294967295)) $(BIN)/python -m pytest -n 2 --dist loadgroup --timeout=1200 -p randomly --randomly-seed=$(SEED) --hypothesis-seed=$(SEED) tests/site/test_schemathesis.py tests/web tests/core/test_jwt.py tests/accounts/test_names.py tests/accounts/test_races.py tests/mfa/test_races.py tests/login/test_refresh_races.py $(ARGS)

check: setup-dev ## format, lint, types, layers, templates, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m tests.packages
	$(BIN)/lint-imports
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/python -m webapp --instance $$(mktemp -d) db check --models

bench: setup-dev ## measure a guarded request against a bare Flask route, and what strangers cost
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.strangers

migrate: setup ## bring the database to this version
	$(BIN)/python -m webapp db upgrade

migration: setup-dev ## write a migration from what changed in the models: make migration NAME="add notes"
	@$(BIN)/python -m webapp.cli.new_migration "$(NAME)"
	@$(BIN)/ruff format --quiet webapp/migrations/versions

messages: setup-dev ## bring the catalogues of translations up to date with the texts, and compile them
	@$(BIN)/python -m tests.messages

lock: setup-dev ## write the requirement files anew from their .in files
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements.txt requirements-dev.in -o requirements-dev.txt
