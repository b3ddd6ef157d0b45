.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
STRANGERS := $(VENV)/conformance
NODE := $(STRANGERS)/node/.ready
SPARK := $(VENV)/.spark
PEERS := $(VENV)/bench/dlt/.ready $(VENV)/bench/drt/.ready $(STRANGERS)/tap-salesforce/.ready $(STRANGERS)/meltano-tap-hubspot/.ready
# The stores force every commit to a disk: in memory the tests wait for none. A small one would fill up.
MEMORY := $(shell df -k --output=avail /dev/shm 2>/dev/null | awk 'NR == 2 && $$1 > 4000000 {print "TMPDIR=/dev/shm"}')
TAPS := $(patsubst tests/conformance/taps/%.txt,$(STRANGERS)/%/.ready,$(wildcard tests/conformance/taps/*.txt))

help:  ## Show this
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(READY): pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV) (once, about a minute)"
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --editable '.[all]' --group dev 2> $(VENV)/setup.log || { cat $(VENV)/setup.log; exit 1; }
	@touch $(READY)

$(STRANGERS)/.ready: $(READY)
	@$(BIN)/python -m pip install --quiet --editable '.[all]' --group dev --group conformance 2> $(VENV)/setup.log || { cat $(VENV)/setup.log; exit 1; }
	@mkdir -p $(STRANGERS) && touch $@

$(SPARK): pyproject.toml | $(STRANGERS)/.ready
	@echo "setting up Spark and a Java in $(VENV) (once, about a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group engines 2> $(VENV)/spark.log || { cat $(VENV)/spark.log; exit 1; }
	@touch $@

$(NODE): tests/conformance/node/package-lock.json | $(STRANGERS)/.ready
	@echo "setting up the Node clients in $(STRANGERS) (once, about a minute)"
	@mkdir -p $(@D) && cp tests/conformance/node/package.json tests/conformance/node/package-lock.json tests/conformance/node/.npmrc $(@D)
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix $(@D) --ignore-scripts --silent
	@touch $@

$(STRANGERS)/%/.ready: tests/conformance/taps/%.txt | $(READY)
	@echo "setting up $* in $(STRANGERS) (once)"
	@$(BIN)/python -m venv --without-pip $(@D)
	@$(BIN)/python -m pip --python $(@D)/bin/python install --quiet --no-compile --disable-pip-version-check --requirement $< 2> $(@D)/setup.log || { cat $(@D)/setup.log; exit 1; }
	@touch $@

$(VENV)/bench/%/.ready: bench/peers/%.txt | $(READY)
	@echo "setting up $* in $(VENV)/bench (once)"
	@$(BIN)/python -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $< 2> $(@D)/setup.log || { cat $(@D)/setup.log; exit 1; }
	@touch $@

peers: $(PEERS)  ## The programs that the bench holds us against, into .venv

clients: $(NODE) $(TAPS)  ## The clients of strangers that tests/conformance drives, into .venv

engines: $(SPARK)  ## Spark and a Java for the tests of other engines, into .venv

setup: $(READY)  ## Install everything into .venv

sfdx: $(READY)  ## Write the Salesforce source package anew, of adapters/salesforce/install.yml
	@$(BIN)/python -m cs_connector.adapters.salesforce.provisioning.package

demo: $(READY)  ## The main job against three simulated CRMs (SERVE=1 stays up)
	@$(BIN)/cs-connector demo $(if $(SERVE),--serve)

# Tests start Python again and again: each start reads what the first one compiled, also where the environment says otherwise.
suite long quick: export PYTHONDONTWRITEBYTECODE :=

test: $(READY) $(STRANGERS)/.ready  ## The suite, as strictly as possible
	@$(MAKE) --no-print-directory --jobs 2 clients engines
	@$(MAKE) --no-print-directory --jobs 2 lint suite

suite: $(READY)
	@$(MEMORY) CS_CONNECTOR_STRICT=1 $(BIN)/python -m pytest -n 2 --dist loadgroup -m "not long"

long: $(READY)  ## The tests that take too long for every change
	@$(MEMORY) $(BIN)/python -m pytest -n 2 --dist loadfile -m long tests

check: $(READY)  ## The quick part: lint, types, contracts, fast tests
	@$(MAKE) --no-print-directory --jobs 2 --output-sync lint quick

quick: $(READY)
	@$(MEMORY) $(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow" -q

cover: $(READY)  ## The fast tests once more, with the lines that they never reach
	@$(BIN)/python -m pytest -n 2 -m "not slow" -q --cov --cov-report=term:skip-covered

lint: $(READY)  ## Style, types and import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(READY) peers  ## Ratios against floors and peers; writes bench/results.json
	@$(BIN)/python -m bench

soak: $(READY)  ## The long counted runs, on from where they stopped; writes bench/soak.json
	@$(BIN)/python -m bench.soak $(if $(MINUTES),--minutes $(MINUTES))

docs: $(READY)  ## Check that every command, setting and file is documented
	@$(BIN)/python -m pytest -q tests/architecture/test_docs.py

fix: $(READY)  ## Format, and repair what can be repaired
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: help setup sfdx engines clients peers demo test long check quick suite cover lint bench soak docs fix
