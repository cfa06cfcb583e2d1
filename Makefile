# Two commands matter to a newcomer: `make demo` and `make test`. Each does all its own set-up.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SERVERS := $(PYTHON) deploy/dev-servers/servers.py
BUS ?= embedded
ONCE ?=
TESTS ?=
WORKERS ?= auto
TRUTH ?= 100000

DEMO := $(BIN)/sunlight demo $(if $(ONCE),--once)

.PHONY: help venv demo test lint servers bench bench-tick bench-statistics truth clean
.DEFAULT_GOAL := help

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16
	@echo '  BUS=rabbitmq, ONCE=1 with demo; TESTS="tests/unit -k fold" with test'

venv: $(VENV)/installed ## Make the virtual environment with exactly the locked packages

$(VENV)/installed: requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Python 3.11 or later is needed: set PYTHON='; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || sh deploy/dev-servers/python-venv.sh
	@echo 'making the virtual environment in $(VENV) (once, and when the lock file changes)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

demo: venv ## Show a generated city under supervision; the console stays up until Ctrl-C
ifeq ($(BUS),rabbitmq)
	@$(SERVERS) run rabbitmq -- $(DEMO)
else
	@$(DEMO)
endif

test: venv servers lint ## Lint, check types, run every test, on private RabbitMQ and PostgreSQL too
	@echo 'testing'
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(TESTS)

lint: venv ## Check style, format and types
	@echo 'linting'
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy

servers: ## Install the Debian packages of the servers that tests start, where they are missing
	@test -n "$$SUNLIGHT_TEST_AMQP_URL" || $(SERVERS) install rabbitmq
	@test -n "$$SUNLIGHT_TEST_POSTGRES_URL" || $(SERVERS) install postgres
	@test -n "$$SUNLIGHT_TEST_MARIADB_URL" || $(SERVERS) install mariadb
	@$(SERVERS) install sftp ftp webdav smb amqp-clients

bench: venv ## Measure events per second beside their floor, on private RabbitMQ and PostgreSQL
	@$(SERVERS) run rabbitmq postgres -- $(BIN)/python benchmarks/run.py

bench-tick: venv ## Measure one tick with a million running clocks, on private PostgreSQL
	@$(SERVERS) run postgres -- $(BIN)/python benchmarks/tick.py

bench-statistics: venv ## Measure statistics over a million cases, on private PostgreSQL
	@$(SERVERS) run postgres -- $(BIN)/python benchmarks/figures.py

truth: venv ## Judge a simulated city of 100,000 cases by the pure engine against its truth (some minutes of one core)
	@rm -rf var/truth
	@$(BIN)/sunlight simulate --cases $(TRUTH) --out var/truth
	@$(BIN)/sunlight verify-truth var/truth --engine

clean: ## Remove what was made here: environment, caches, local data
	@rm -rf $(VENV) var build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
