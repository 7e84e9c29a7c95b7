# Needs only python3 (3.11 or newer) with its venv module, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# The tests start dozens of processes, so compiled bytecode is kept.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test test-fast lengthy test-dates explore check image bench migrate migration messages lock

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Latchkey needs Python 3.11 or newer; this is $$($(PYTHON) --version)."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv module is missing. On Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/.runs: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

# uv installs these in a tenth of the time; pip does it where uv reaches no index, because it does not read pip's settings.
$(VENV)/.checks: requirements-dev.txt requirements.txt | $(VENV)/bin/python
	@sed -n '/^uv==/,/# via/p' requirements-dev.txt > $(VENV)/uv.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt
	UV_HTTP_RETRIES=0 UV_HTTP_CONNECT_TIMEOUT=5 $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.txt \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $(VENV)/.runs $@

setup: $(VENV)/.runs ## install the packages to run it
setup-dev: $(VENV)/.checks ## install the packages for tests and checks

run: setup ## start Latchkey on http://localhost:8000
	@$(BIN)/python -m webapp serve

# A run can be repeated: tests have the same order each time, and sets too, on which generated input depends.
# ORDER chooses another one; make test-fast and make explore take a new one each time.
test: setup-dev ## run every test; in another order: ORDER=7
	@sh tests/prepare.sh
	PYTHONHASHSEED=0 $(BIN)/python -m pytest -n 2 --dist loadgroup -p randomly --randomly-seed=$(or $(ORDER),1) $(ARGS)

# Tests that need no browser, process, PostgreSQL or race, and no seconds: tests/marking.py.
FAST := not (browser or process or postgresql or race or slow)
# Dates that often break programs: a leap day, the last minute of a year, changes of daylight saving time, two years ahead.
DATES := 2028-02-29T12:00:00Z 2026-12-31T23:59:30Z 2027-03-28T00:59:30Z 2027-10-31T00:59:30Z 2028-11-29T12:00:00Z
SEED := $(or $(SEED),$(shell date +%s))

test-fast: setup-dev ## run the quick tests in a minute, with 1 case of each table (CASES=9: more)
	LATCHKEY_TEST_CASES=$(or $(CASES),1) $(BIN)/python -m pytest -n 2 --dist worksteal -p no:schemathesis -m "$(FAST) and not lengthy" --ignore=tests/site/test_schemathesis.py $(ARGS)

lengthy: setup-dev ## measure which tests test-fast leaves out, and write tests/lengthy_tests.txt
	LATCHKEY_TEST_MEASURE=1 LATCHKEY_TEST_CASES=3 $(BIN)/python -m pytest -n 0 -p no:schemathesis -m "$(FAST)" --ignore=tests/site/test_schemathesis.py

test-dates: setup-dev ## run the quick tests on other dates
	for date in $(DATES); do echo "$$date"; LATCHKEY_TEST_DATE=$$date TZ=Europe/Berlin $(BIN)/python -m pytest -n 2 --dist worksteal -m "$(FAST)" $(ARGS) || exit 1; done

explore: setup-dev ## test with more and different random input: make explore SEED=7
	@echo "SEED=$(SEED)"
	LATCHKEY_TEST_EXPLORE=1 LATCHKEY_TEST_EFFORT=$(or $(EFFORT),8) PYTHONHASHSEED=$$(($(SEED) % 4294967295)) $(BIN)/python -m pytest -n 2 --dist loadgroup --timeout=1200 -p randomly --randomly-seed=$(SEED) --hypothesis-seed=$(SEED) tests/site/test_schemathesis.py tests/web tests/core/test_jwt.py tests/accounts/test_names.py tests/accounts/test_races.py tests/mfa/test_races.py tests/login/test_refresh_races.py tests/crashes $(ARGS)

check: setup-dev ## check format, lint, types, layers, templates, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m tests.packages
	$(BIN)/lint-imports
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/python -m webapp --instance $$(mktemp -d) db check --models

image: setup-dev ## build the container image in a folder, run it there and measure it; as root, with debootstrap
	$(BIN)/python -m tests.deploy.image $(or $(FOLDER),$(shell mktemp -d))

bench: setup-dev ## measure what requests, logins to apps and checks of a proxy cost, and that no revoked credential is let in
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.anonymous_requests
	$(BIN)/python -m tests.bench.oauth
	$(BIN)/python -m tests.bench.forward_auth
	$(BIN)/python -m tests.bench.revocation

migrate: setup ## upgrade the database
	$(BIN)/python -m webapp db upgrade

migration: setup-dev ## write a migration from changes of the models: make migration NAME="add notes"
	@$(BIN)/python -m webapp.cli.new_migration "$(NAME)"
	@$(BIN)/ruff format --quiet webapp/migrations/versions

messages: setup-dev ## update and compile the translation catalogues
	@$(BIN)/python -m tests.messages

lock: setup-dev ## generate the requirement files from their .in files
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements.txt requirements-dev.in -o requirements-dev.txt
