# Plain `make` lists the targets. Everything lives in .venv, .venv-bench, deploy/kafka/libs and var; `make clean` removes them.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
LIBS := deploy/kafka/libs
BROKER ?= embedded
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --universal --generate-hashes --no-emit-index-url --no-header \
  --python-version 3.11

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: .venv/.stamp ## Build .venv from requirements.lock (Python 3.11 or newer); the command is .venv/bin/nurture

.venv/.stamp: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "found $$($(PYTHON) --version 2>&1), expected Python 3.11 or newer; run: make setup PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "found a Python that cannot make environments, expected ensurepip; Debian has it in python3-venv" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing what requirements.lock names ..."
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: lock
lock: setup ## Write the locks anew from pyproject.toml: requirements.lock (all), deploy/requirements.lock (what runs), tests/bench/requirements.lock
	@$(COMPILE) --extra demo --extra dev --output-file requirements.lock
	@$(COMPILE) --constraint requirements.lock --no-annotate --output-file deploy/requirements.lock
	@$(COMPILE) --extra bench --constraint deploy/requirements.lock --no-annotate \
	  --output-file tests/bench/requirements.lock

.PHONY: kafka
kafka: $(LIBS)/.stamp ## Resolve Apache Kafka's jars (Java 17 and Maven)

$(LIBS)/.stamp: deploy/kafka/pom.xml
	@command -v java >/dev/null || { echo "looked for java and found none: Apache Kafka needs Java 17 or newer" >&2; exit 1; }
	@command -v mvn >/dev/null || { echo "looked for mvn and found none: Maven resolves Apache Kafka's jars" >&2; exit 1; }
	@echo "resolving Apache Kafka ..."
	@rm -rf $(LIBS)
	@mvn --quiet --batch-mode -Dstyle.color=never --file deploy/kafka/pom.xml dependency:copy-dependencies
	@touch $@

.PHONY: demo
demo: setup $(if $(filter kafka,$(BROKER)),kafka) ## Run everything on this machine [ONCE=1] [BROKER=kafka] [JSON=1]
	@$(BIN)/nurture demo --broker $(BROKER) $(if $(ONCE),--once) $(if $(JSON),--json)

.PHONY: compiled
compiled: setup ## Compile what every fact passes in place, as in the image (a C compiler); `make pure` takes it back
	@echo "compiling the hot part of the core ..."
	@HATCH_BUILD_HOOKS_ENABLE=1 $(PIP) wheel --no-deps --no-build-isolation --wheel-dir var/wheels .

.PHONY: pure
pure: ## Take back what `make compiled` made: the sources decide again
	@rm -f *__mypyc*.so streams/journey/*.so

.PHONY: test
test: setup kafka pure ## Run all tests, those against a real Apache Kafka included [ARGS="-k lane"]
	@$(BIN)/pytest $(ARGS)

.PHONY: golden
golden: setup ## Write what each sample lead reads in each e-mail anew (tests/letters); the diff is to be reviewed
	@$(BIN)/python -m tests.golden

.PHONY: bench
bench: .venv-bench/.stamp kafka compiled ## Measure the engine beside its peers, on Apache Kafka [QUICK=1] [ONLY=latency] [JSON=FILE]
	@.venv-bench/bin/python -W ignore -m tests.bench.run $(if $(QUICK),--quick) $(addprefix --only ,$(ONLY)) $(if $(JSON),--json $(JSON)); \
	  status=$$?; $(MAKE) --no-print-directory pure; exit $$status

.venv-bench/.stamp: tests/bench/requirements.lock
	@test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	@echo "installing what tests/bench/requirements.lock names ..."
	@.venv-bench/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes -r $<
	@touch $@

.PHONY: chaos
chaos: setup kafka ## Break everything on a real Apache Kafka, the long way [SEED=7] [ARGS="-k storm"]
	@$(if $(ARGS),,rm -f $(or $(RESULTS),tests/chaos/RESULTS.md))
	@$(if $(SEED),NURTURE_TEST_SEED=$(SEED)) CHAOS_RESULTS=$(or $(RESULTS),tests/chaos/RESULTS.md) \
	  $(BIN)/pytest -m "" tests/chaos $(ARGS)

.PHONY: check
check: setup ## Lint, format, types, layers, generated files, Dockerfile, templates
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m schemas.generate --check
	@$(BIN)/python -m agents.reference --check
	@$(BIN)/python -m tests.manual --check
	@$(BIN)/hadolint deploy/Dockerfile
	@$(BIN)/nurture check templates
	@echo "make check: all is well"

.PHONY: clean
clean: ## Remove what was built: .venv, jars, caches, var
	@rm -rf .venv .venv-bench $(LIBS) var build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
