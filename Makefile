# Rollcall: every task a person runs. `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3
PYTHON_WANTED := $(shell cat .python-version)
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export SAM_CLI_TELEMETRY := 0
# With its compiled modules kept, each of the many test processes starts sooner.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup sam browser run test quick lint types unit integration template e2e e2e-rest e2e-health e2e-input e2e-clients upgrade clients bench lock openapi format checkov presidio clean

help: ## list the targets
	@grep -hE '^[a-z0-9_-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: .venv/.ready .lambda/.ready ## build the environment in .venv

.uv/.ready: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Rollcall needs Python 3.11 or newer: set PYTHON=/path/to/python3'; exit 1; }
	$(PYTHON) -m venv .uv
	.uv/bin/python -m pip install --quiet --require-hashes --requirement requirements/uv.txt
	@touch $@

# Python 3.13 is what Lambda runs; where it cannot be had, the machine's own Python serves.
.venv/.ready: .uv/.ready requirements/dev.txt pyproject.toml
	.uv/bin/uv venv --quiet --clear --seed --no-python-downloads --python $(PYTHON_WANTED) .venv \
	  || UV_HTTP_RETRIES=0 .uv/bin/uv venv --quiet --clear --seed --python $(PYTHON_WANTED) .venv \
	  || .uv/bin/uv venv --quiet --clear --seed --no-python-downloads --python $(PYTHON) .venv
	.uv/bin/uv pip install --quiet --python $(BIN)/python --require-hashes --requirement requirements/dev.txt
	.uv/bin/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# What a local function runs in: like Lambda's own runtime, the SDK and nothing else, so that a layer which lacks
# something fails here too.
.lambda/.ready: .venv/.ready requirements/lambda.txt
	.uv/bin/uv venv --quiet --clear --no-python-downloads --python $(BIN)/python .lambda
	.uv/bin/uv pip install --quiet --python .lambda/bin/python --require-hashes --requirement requirements/lambda.txt
	@touch $@

# An older SAM CLI fails in the middle of a build, with a message about something else.
SAM_WANTED := 1.160
sam: setup ## check that SAM CLI can read template.yaml
	@found=$$(sam --version | grep -oE '[0-9.]+$$'); printf '%s\n' $(SAM_WANTED) "$$found" | sort --version-sort --check=quiet || \
	  { echo "SAM CLI $$found is too old for template.yaml, which needs $(SAM_WANTED) or newer. Run: make clean setup"; exit 1; }

run: setup sam ## start the local stack, do the main job on real data, keep serving until Ctrl-C
	@$(BIN)/rollcall run

# Three at a time on two cores, the longest first: end-to-end tests mostly wait. The tools that these targets need are
# installed before, and BROWSER_FIRST is empty then: make puts off to the end a target that waits for another recipe.
test: setup checkov browser clients ## everything that proves it: lint, types, unit, integration, template, e2e
	@$(MAKE) --no-print-directory --output-sync=recurse --jobs=3 BROWSER_FIRST= e2e-rest e2e-health integration e2e-input e2e-clients unit template types lint

# The last line is for the bodies of functions, which sqlfluff does not lint.
lint: setup ## ruff, sqlfluff and codespell
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/sqlfluff lint --disable-progress-bar sql
	@! grep -rnE --include='*.sql' '.{121}' sql || { echo 'These lines of SQL have more than 120 characters.'; exit 1; }

types: setup ## mypy, strict
	$(BIN)/mypy

quick: lint types unit ## lint, types and unit tests

# Two processes share the tests, and each takes over from the other what it has left.
TWO = --numprocesses 2 --dist worksteal
unit: setup ## tests without IO
	$(BIN)/pytest tests/unit $(TWO)

integration: setup ## tests against a real PostgreSQL
	$(BIN)/pytest tests/integration $(TWO)

template: setup sam checkov ## the template's own rules, sam validate, checkov
	$(BIN)/pytest tests/template

# The console's tests drive a real browser: Debian's, where there is none yet. Playwright's own would come from elsewhere.
browser: ## install a browser for the console's tests; without one they are skipped
	@for program in chromium google-chrome chromium-browser; do command -v $$program > /dev/null && exit 0; done; \
	if [ "$$(id -u)" -eq 0 ]; then as_root=; else as_root='sudo -n'; fi; \
	apt="$$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=1 -o Acquire::http::Timeout=20"; \
	install="$$apt install --yes --no-install-recommends chromium"; \
	$$install || { $$apt update && $$install; } \
	  || echo 'No chromium could be installed. Install a chromium or google-chrome yourself, or the console stays untested.'

BROWSER_FIRST = browser
# In four parts, each with a stack of its own, so that they can run beside each other.
INPUT = $(patsubst %,tests/e2e/test_%.py,fuzz hostile_input import stack)
HEALTH = $(patsubst %,tests/e2e/test_%.py,assignments conformance console console_faults health outage push sockets)
e2e: e2e-rest e2e-health e2e-input e2e-clients ## tests against the stack deployed on this machine

# What a part sent may stand in no log of that part's stack.
LOGS = $(addprefix tests/e2e/test_logs.py::test_,nothing_that_was_sent_is_logged database_log_quotes_no_event)

e2e-rest: setup $(BROWSER_FIRST)
	$(BIN)/pytest tests/e2e $(patsubst %,--ignore=%,$(HEALTH) $(INPUT)) --ignore=tests/e2e/clients --ignore=tests/e2e/upgrade

e2e-health: setup $(BROWSER_FIRST)
	$(BIN)/pytest $(HEALTH) $(LOGS)

e2e-input: setup # any text, hostile requests, and a year of old events
	$(BIN)/pytest $(INPUT) $(LOGS)

e2e-clients: setup $(BROWSER_FIRST) clients ## public clients, unmodified, against the deployed stack
	$(BIN)/pytest tests/e2e/clients

upgrade: setup sam ## update a stack of an older commit in place: FROM=<commit>
	ROLLCALL_UPGRADE_FROM=$(FROM) $(BIN)/pytest -v -s --timeout=1200 tests/e2e/upgrade

# node and npm came with the environment. The lock file has versions and hashes, and names no registry.
clients: tests/e2e/clients/node_modules/.ready ## install the public clients that the tests run
tests/e2e/clients/node_modules/.ready: .venv/.ready tests/e2e/clients/package-lock.json
	cd tests/e2e/clients && npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

bench: setup ## measure, side by side with the baselines
	$(BIN)/rollcall bench

checkov: .checkov/.ready ## build the scanner's environment in .checkov
.checkov/.ready: .uv/.ready requirements/checkov.txt
	.uv/bin/uv venv --quiet --clear --python .uv/bin/python .checkov
	.uv/bin/uv pip install --quiet --python .checkov/bin/python --require-hashes --requirement requirements/checkov.txt
	@touch $@

presidio: .presidio/.ready ## build what the bench compares scrubbing with, in .presidio
.presidio/.ready: .uv/.ready requirements/presidio.txt requirements/presidio-texts.txt
	.uv/bin/uv venv --quiet --clear --python .uv/bin/python .presidio
	.uv/bin/uv pip install --quiet --python .presidio/bin/python --require-hashes --requirement requirements/presidio.txt
	.uv/bin/uv pip install --quiet --python .presidio/bin/python --no-deps --require-hashes --requirement requirements/presidio-texts.txt
	@touch $@

openapi: setup ## write functions/openapi/openapi.json from the declarations of routes
	$(BIN)/python -m workbench.openapi

format: setup ## rewrite the sources in the house format
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

# The runtime already has boto3 and what it needs, so the layer leaves those out.
COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
RUNTIME_HAS = $(addprefix --no-emit-package ,botocore urllib3 python-dateutil six)
lock: .uv/.ready ## compile the pinned requirements
	cd requirements && for name in uv dev checkov presidio; do ../.uv/bin/$(COMPILE) $(UPGRADE) $$name.in -o $$name.txt; done
	cd requirements && ../.uv/bin/$(COMPILE) --no-deps $(UPGRADE) presidio-texts.in -o presidio-texts.txt
	cd requirements && ../.uv/bin/$(COMPILE) lambda.in -c dev.txt -o lambda.txt
	cd layers/dependencies && ../../.uv/bin/$(COMPILE) $(UPGRADE) requirements.in -c ../../requirements/dev.txt $(RUNTIME_HAS) -o requirements.txt

clean: ## remove environments and builds; data stays (see `rollcall reset`)
	rm -rf tests/e2e/clients/node_modules .venv .uv .lambda .checkov .presidio .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis
